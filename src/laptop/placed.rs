//! What an installer, an export or an MDM puts where this program looks for it: the token, the servers, the proxy.
//!
//! The places are those that `assets/agents/imd-activate.toml` declares, so that what `imd export` writes is what is
//! found here:
//!
//! ```text
//! Linux     /etc/imd-activate/{token,settings}
//! Mac       managed preferences imd.activate, then /Library/Application Support/imd-activate/{token,settings}
//! Windows   %ProgramData%\imd-activate\token, then HKLM\SOFTWARE\imd\activate
//! ```
//!
//! What stands first in a line wins, for each of the three by itself. Servers and proxy win over what the token and the
//! environment say; a server still has to be the one whose pin the token carries.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Error, files};
use crate::secrets::{Secret, read_secret_file};

/// What was found.
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "it holds a token")]
pub struct Placed {
    pub token: Option<Token>,
    pub settings: Settings,
}

/// Where to ask, as an administrator wants it; empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pub servers: Vec<String>,
    /// `none`, `system` or an address.
    pub proxy: Option<String>,
    /// What the agent's definition wants done on activation, as it travels.
    pub on_activation: Option<String>,
}

/// A token, and where it lies.
#[allow(missing_debug_implementations, reason = "it holds a token")]
pub struct Token {
    pub secret: Secret,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    #[cfg(windows)]
    Registry(&'static str),
    /// Not ours to delete.
    Managed,
}

impl Token {
    /// Whether it stays when it has been used.
    pub fn stays(&self) -> bool {
        self.place == Place::Managed
    }

    /// Deletes it where it lies.
    pub fn forget(&self) -> Result<(), Error> {
        match &self.place {
            Place::File(path) => files::remove(path),
            #[cfg(windows)]
            Place::Registry(key) => registry::forget(key),
            Place::Managed => Ok(()),
        }
    }
}

impl Settings {
    /// What this says, and where it says nothing what `other` does.
    fn or(self, other: Self) -> Self {
        Self {
            servers: if self.servers.is_empty() { other.servers } else { self.servers },
            proxy: self.proxy.or(other.proxy),
            on_activation: self.on_activation.or(other.on_activation),
        }
    }
}

/// Reads what was put below `root`, which is `/` but for a test.
#[cfg(unix)]
pub fn read(root: &Path) -> Result<Placed, Error> {
    if cfg!(target_os = "macos") {
        let managed = managed(Path::new("/usr/bin/defaults"), &root.join("Library/Managed Preferences/imd.activate"));
        Ok(over(managed, in_folder(&root.join("Library/Application Support/imd-activate"))?))
    } else {
        in_folder(&root.join("etc/imd-activate"))
    }
}

/// The file before the registry: it is the one that only the system can read.
#[cfg(windows)]
pub fn read(_root: &Path) -> Result<Placed, Error> {
    let token = file_token(&token_file())?;
    Ok(over(Placed { token, settings: Settings::default() }, registry::read()))
}

/// Where a token is put on Windows.
#[cfg(windows)]
fn token_file() -> PathBuf {
    program_data().join("token")
}

/// The system's folder on Windows.
#[cfg(windows)]
pub fn program_data() -> PathBuf {
    PathBuf::from(std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into())).join("imd-activate")
}

/// Copies a token to where [`read`] finds it. Its source is left as it is: it is not the laptop's.
#[cfg(windows)]
pub fn put_token(source: &Path) -> Result<(), Error> {
    let token = read_secret_file(source)?;
    let folder = program_data();
    files::folder(&folder, files::Readers::Everybody)?;
    super::acl::protect(&folder)?;
    files::put(&token_file(), token.expose().trim().as_bytes(), files::Readers::Owner)
}

fn over(first: Placed, second: Placed) -> Placed {
    Placed { token: first.token.or(second.token), settings: first.settings.or(second.settings) }
}

#[cfg(unix)]
fn in_folder(folder: &Path) -> Result<Placed, Error> {
    let path = folder.join("settings");
    let settings = match std::fs::read_to_string(&path) {
        Ok(text) => plain(&text).map_err(|why| Error::Settings { path, why })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::default(),
        Err(error) => return Err(files::failed("read", &path)(error)),
    };
    Ok(Placed { token: file_token(&folder.join("token"))?, settings })
}

fn file_token(path: &Path) -> Result<Option<Token>, Error> {
    match path.try_exists() {
        Ok(false) => Ok(None),
        Ok(true) => Ok(Some(Token { secret: trimmed(&read_secret_file(path)?), place: Place::File(path.to_owned()) })),
        Err(error) => Err(files::failed("read", path)(error)),
    }
}

/// Tells one token from another, and nothing of either.
pub(super) fn hash(token: &Secret) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose().trim()))
}

fn trimmed(secret: &Secret) -> Secret {
    Secret::new(secret.expose().trim())
}

/// Lines `server=URL`, `proxy=...` and `on_activation=...`, as the agent's template writes them.
#[cfg(unix)]
fn plain(text: &str) -> Result<Settings, String> {
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
            _ => return Err(format!("line {} is none of server=..., proxy=... and on_activation=...", at + 1)),
        }
    }
    Ok(settings)
}

/// The managed preferences of a Mac, read by its own program.
#[cfg(unix)]
fn managed(defaults: &Path, domain: &Path) -> Placed {
    let of = |name: &str| {
        let output = std::process::Command::new(defaults).arg("read").arg(domain).arg(name).output().ok()?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let token = of("Token").map(|text| Token { secret: Secret::new(text), place: Place::Managed });
    let (servers, proxy, on_activation) = (servers(of("Servers").as_deref()), of("Proxy"), of("OnActivation"));
    Placed { token, settings: Settings { servers, proxy, on_activation } }
}

/// Addresses with semicolons between them.
fn servers(text: Option<&str>) -> Vec<String> {
    let all = text.unwrap_or_default().split(';').map(str::trim);
    all.filter(|server| !server.is_empty()).map(str::to_owned).collect()
}

/// Windows' registry, in the 64-bit view because this is a 64-bit program.
#[cfg(windows)]
mod registry {
    use windows_registry::LOCAL_MACHINE;

    use super::{Error, Place, Placed, Secret, Settings, Token, servers};

    const KEY: &str = r"SOFTWARE\imd\activate";
    /// Where the installer puts a token that it was told; only SYSTEM and administrators may read it.
    const STAGED: &str = r"SOFTWARE\imd\activate\staged";

    pub(super) fn read() -> Placed {
        let of = |key: &str, name: &str| {
            let value = LOCAL_MACHINE.open(key).and_then(|key| key.get_string(name)).ok()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let token = [STAGED, KEY].into_iter().find_map(|key| {
            let secret = Secret::new(of(key, "Token")?);
            Some(Token { secret, place: Place::Registry(key) })
        });
        let settings = Settings {
            servers: servers(of(KEY, "Servers").as_deref()),
            proxy: of(KEY, "Proxy"),
            on_activation: of(KEY, "OnActivation"),
        };
        Placed { token, settings }
    }

    pub(super) fn forget(key: &'static str) -> Result<(), Error> {
        let opened = LOCAL_MACHINE.options().read().write().open(key);
        opened.and_then(|key| key.remove_value("Token")).map_err(|error| Error::Registry { key, why: error.message() })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn settings_are_lines_of_servers_and_a_proxy() {
        let settings =
            plain("server=https://a:7443\nserver=https://b\n\n# a note\n  #proxy=http://old\nproxy=http://p:3128\n")
                .unwrap();
        assert_eq!(settings.servers, ["https://a:7443", "https://b"]);
        assert_eq!(settings.proxy.as_deref(), Some("http://p:3128"));
        assert_eq!(plain("proxy=\n").unwrap(), Settings::default());
        assert_eq!(
            plain("proxy=none\nserv=x").unwrap_err(),
            "line 2 is none of server=..., proxy=... and on_activation=..."
        );
    }

    #[test]
    fn managed_preferences_win_over_the_files_each_by_itself() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("agent");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("settings"), "server=https://file\nproxy=none\n").unwrap();
        let token = folder.join("token");
        std::fs::write(&token, "imd1_file\n").unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        // Stands for the Mac's program: it has the servers and nothing else.
        let defaults = root.path().join("defaults");
        let script = "#!/bin/sh\n[ \"$1/$3\" = read/Servers ] && [ \"${2##*/}\" = imd.activate ] && echo 'https://a; https://b' && exit\n\
                      echo 'The domain/default pair does not exist' >&2\nexit 1\n";
        std::fs::write(&defaults, script).unwrap();
        std::fs::set_permissions(&defaults, std::fs::Permissions::from_mode(0o755)).unwrap();
        let managed = managed(&defaults, Path::new("/Library/Managed Preferences/imd.activate"));
        let placed = over(managed, in_folder(&folder).unwrap());
        assert_eq!(placed.settings.servers, ["https://a", "https://b"]);
        assert_eq!(placed.settings.proxy.as_deref(), Some("none"));
        let found = placed.token.unwrap();
        assert!(found.secret.expose() == "imd1_file" && !found.stays());
        found.forget().unwrap();
        assert!(!token.exists());
    }

    #[test]
    fn a_token_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "imd1_x").unwrap();
        std::fs::set_permissions(folder.path().join("token"), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(in_folder(folder.path()).is_err_and(|error| error.to_string().contains("may be used by others")));
        assert!(in_folder(&folder.path().join("absent")).is_ok_and(|placed| placed.token.is_none()));
    }
}
