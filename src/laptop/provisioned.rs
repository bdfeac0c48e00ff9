//! Provisioned values: the token, servers and proxy that an installer, an export or an MDM puts on the laptop.
//!
//! The locations are those in `assets/agents/imd-activate.toml`, which `imd export` uses:
//!
//! ```text
//! Linux     /etc/imd-activate/{token,settings}
//! Mac       managed preferences imd.activate, then /Library/Application Support/imd-activate/{token,settings}
//! Windows   %ProgramData%\imd-activate\token, then HKLM\SOFTWARE\imd\activate
//! ```
//!
//! The first location in a line has priority, separately for each value. Servers and proxy override those of the token and
//! the environment; the server's certificate must still match the token's pin.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Error, files};
use crate::secrets::{Secret, read_secret_file};

/// The provisioned values.
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "it holds a token")]
pub struct Provisioned {
    pub token: Option<Token>,
    pub settings: Settings,
}

/// The administrator's settings; empty where not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pub servers: Vec<String>,
    /// `none`, `system` or an address.
    pub proxy: Option<String>,
    /// The encoded activation hook of the agent's definition.
    pub on_activation: Option<String>,
}

/// A token and its location.
#[allow(missing_debug_implementations, reason = "it holds a token")]
pub struct Token {
    pub secret: Secret,
    location: Location,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Location {
    File(PathBuf),
    #[cfg(windows)]
    Registry(&'static str),
    /// Managed preferences, which imd-activate cannot delete.
    Managed,
}

impl Token {
    /// Whether it stays in place after it was used.
    pub fn is_permanent(&self) -> bool {
        self.location == Location::Managed
    }

    /// Deletes it from its location.
    pub fn delete(&self) -> Result<(), Error> {
        match &self.location {
            Location::File(path) => files::remove(path),
            #[cfg(windows)]
            Location::Registry(key) => registry::delete(key),
            Location::Managed => Ok(()),
        }
    }
}

impl Settings {
    /// These settings, with those of `other` where none are set.
    fn or(self, other: Self) -> Self {
        Self {
            servers: if self.servers.is_empty() { other.servers } else { self.servers },
            proxy: self.proxy.or(other.proxy),
            on_activation: self.on_activation.or(other.on_activation),
        }
    }
}

/// Reads the values below `root`: `/`, except in tests.
#[cfg(unix)]
pub fn read(root: &Path) -> Result<Provisioned, Error> {
    if cfg!(target_os = "macos") {
        let managed = managed(Path::new("/usr/bin/defaults"), &root.join("Library/Managed Preferences/imd.activate"));
        Ok(merge(managed, in_folder(&root.join("Library/Application Support/imd-activate"))?))
    } else {
        in_folder(&root.join("etc/imd-activate"))
    }
}

/// The file has priority over the registry: only the system can read it.
#[cfg(windows)]
pub fn read(_root: &Path) -> Result<Provisioned, Error> {
    let token = file_token(&token_file())?;
    Ok(merge(Provisioned { token, settings: Settings::default() }, registry::read()))
}

/// Where the token is on Windows.
#[cfg(windows)]
fn token_file() -> PathBuf {
    program_data().join("token")
}

/// The system's folder on Windows.
#[cfg(windows)]
pub fn program_data() -> PathBuf {
    PathBuf::from(std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into())).join("imd-activate")
}

/// Copies a token to where [`read`] looks for it. The source file is kept.
#[cfg(windows)]
pub fn put_token(source: &Path) -> Result<(), Error> {
    let token = read_secret_file(source)?;
    let folder = program_data();
    files::folder(&folder, files::Readers::Everybody)?;
    super::acl::protect(&folder)?;
    files::put(&token_file(), token.expose().trim().as_bytes(), files::Readers::Owner)
}

fn merge(first: Provisioned, second: Provisioned) -> Provisioned {
    Provisioned { token: first.token.or(second.token), settings: first.settings.or(second.settings) }
}

#[cfg(unix)]
fn in_folder(folder: &Path) -> Result<Provisioned, Error> {
    let path = folder.join("settings");
    let settings = match std::fs::read_to_string(&path) {
        Ok(text) => parse_settings(&text).map_err(|why| Error::Settings { path, why })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::default(),
        Err(error) => return Err(files::failed("read", &path)(error)),
    };
    Ok(Provisioned { token: file_token(&folder.join("token"))?, settings })
}

fn file_token(path: &Path) -> Result<Option<Token>, Error> {
    match path.try_exists() {
        Ok(false) => Ok(None),
        Ok(true) => {
            Ok(Some(Token { secret: trimmed(&read_secret_file(path)?), location: Location::File(path.to_owned()) }))
        }
        Err(error) => Err(files::failed("read", path)(error)),
    }
}

/// Identifies a token without revealing it.
pub(super) fn hash(token: &Secret) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose().trim()))
}

fn trimmed(secret: &Secret) -> Secret {
    Secret::new(secret.expose().trim())
}

/// Reads lines `server=URL`, `proxy=...` and `on_activation=...`, as the agent's template writes them.
#[cfg(unix)]
fn parse_settings(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some(("server", server)) => settings.servers.push(server.to_owned()),
            Some(("proxy", proxy)) if !proxy.is_empty() => settings.proxy = Some(proxy.to_owned()),
            Some(("proxy", _)) => {}
            Some(("on_activation", text)) => settings.on_activation = Some(text.to_owned()),
            _ => return Err(format!("line {}: expected server=..., proxy=... or on_activation=...", at + 1)),
        }
    }
    Ok(settings)
}

/// The managed preferences of a Mac, read with `defaults`.
#[cfg(unix)]
fn managed(defaults: &Path, domain: &Path) -> Provisioned {
    let of = |name: &str| {
        let output = std::process::Command::new(defaults).arg("read").arg(domain).arg(name).output().ok()?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let token = of("Token").map(|text| Token { secret: Secret::new(text), location: Location::Managed });
    let (servers, proxy, on_activation) = (servers(of("Servers").as_deref()), of("Proxy"), of("OnActivation"));
    Provisioned { token, settings: Settings { servers, proxy, on_activation } }
}

/// Addresses separated by semicolons.
fn servers(text: Option<&str>) -> Vec<String> {
    let all = text.unwrap_or_default().split(';').map(str::trim);
    all.filter(|server| !server.is_empty()).map(str::to_owned).collect()
}

/// The registry; a 64-bit program sees the 64-bit view.
#[cfg(windows)]
mod registry {
    use windows_registry::LOCAL_MACHINE;

    use super::{Error, Location, Provisioned, Secret, Settings, Token, servers};

    const KEY: &str = r"SOFTWARE\imd\activate";
    /// Where the installer puts the token of its command line; only SYSTEM and administrators may read it.
    const STAGED: &str = r"SOFTWARE\imd\activate\staged";

    pub(super) fn read() -> Provisioned {
        let of = |key: &str, name: &str| {
            let value = LOCAL_MACHINE.open(key).and_then(|key| key.get_string(name)).ok()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let token = [STAGED, KEY].into_iter().find_map(|key| {
            let secret = Secret::new(of(key, "Token")?);
            Some(Token { secret, location: Location::Registry(key) })
        });
        let settings = Settings {
            servers: servers(of(KEY, "Servers").as_deref()),
            proxy: of(KEY, "Proxy"),
            on_activation: of(KEY, "OnActivation"),
        };
        Provisioned { token, settings }
    }

    pub(super) fn delete(key: &'static str) -> Result<(), Error> {
        let opened = LOCAL_MACHINE.options().read().write().open(key);
        opened.and_then(|key| key.remove_value("Token")).map_err(|error| Error::Registry { key, why: error.message() })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn settings_are_parsed_line_by_line() {
        let settings = parse_settings(
            "server=https://a:7443\nserver=https://b\n\n# a note\n  #proxy=http://old\nproxy=http://p:3128\n",
        )
        .unwrap();
        assert_eq!(settings.servers, ["https://a:7443", "https://b"]);
        assert_eq!(settings.proxy.as_deref(), Some("http://p:3128"));
        assert_eq!(parse_settings("proxy=\n").unwrap(), Settings::default());
        assert_eq!(
            parse_settings("proxy=none\nserv=x").unwrap_err(),
            "line 2: expected server=..., proxy=... or on_activation=..."
        );
    }

    #[test]
    fn managed_preferences_override_the_files_value_by_value() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("agent");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("settings"), "server=https://file\nproxy=none\n").unwrap();
        let token = folder.join("token");
        std::fs::write(&token, "imd1_file\n").unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        // Replaces the Mac's `defaults`; only the servers are set.
        let defaults = root.path().join("defaults");
        let script = "#!/bin/sh\n[ \"$1/$3\" = read/Servers ] && [ \"${2##*/}\" = imd.activate ] && echo 'https://a; https://b' && exit\n\
                      echo 'The domain/default pair does not exist' >&2\nexit 1\n";
        std::fs::write(&defaults, script).unwrap();
        std::fs::set_permissions(&defaults, std::fs::Permissions::from_mode(0o755)).unwrap();
        let managed = managed(&defaults, Path::new("/Library/Managed Preferences/imd.activate"));
        let provisioned = merge(managed, in_folder(&folder).unwrap());
        assert_eq!(provisioned.settings.servers, ["https://a", "https://b"]);
        assert_eq!(provisioned.settings.proxy.as_deref(), Some("none"));
        let found = provisioned.token.unwrap();
        assert!(found.secret.expose() == "imd1_file" && !found.is_permanent());
        found.delete().unwrap();
        assert!(!token.exists());
    }

    #[test]
    fn token_readable_by_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "imd1_x").unwrap();
        std::fs::set_permissions(folder.path().join("token"), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(in_folder(folder.path()).is_err_and(|error| error.to_string().contains("other users can access")));
        assert!(in_folder(&folder.path().join("absent")).is_ok_and(|provisioned| provisioned.token.is_none()));
    }
}
