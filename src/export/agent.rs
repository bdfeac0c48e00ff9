//! Agents: what is installed on the laptops, described by a TOML file each.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Target;
use super::quote::{Grammar, is_file_name};
use crate::model::on_activation::OnActivation;

/// What is installed on the laptops, and what its installer is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Letters, digits and hyphens: `imd-activate`.
    pub id: String,
    pub title: String,
    pub publisher: String,
    /// Who issues the token that this agent takes.
    pub token: TokenFrom,
    /// What an administrator may or must fill in, in the order of the form.
    #[serde(default, rename = "property")]
    pub properties: Vec<Property>,
    #[serde(default)]
    pub windows: Option<Windows>,
    #[serde(default)]
    pub mac: Option<Unix>,
    #[serde(default)]
    pub linux: Option<Unix>,
}

/// Who issues an agent's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFrom {
    /// This program.
    Ours,
    /// The agent's own server; the administrator pastes it.
    Elsewhere,
}

/// A value that an administrator may or must fill in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Its key in `installer.properties`.
    pub key: String,
    pub label: String,
    #[serde(default)]
    pub help: String,
    #[serde(default)]
    pub kind: Kind,
    /// Used when nothing is filled in, if the property is public; else only a suggestion for the form.
    #[serde(default)]
    pub default: Option<String>,
    /// False: its vendor publishes neither name nor value, so an administrator must confirm it by filling it in.
    #[serde(default = "yes")]
    pub public: bool,
    /// The platforms (`windows`, `mac`, `linux`) or targets that cannot do without a value.
    #[serde(default)]
    pub needed_by: Vec<String>,
}

impl Property {
    /// True when `target` cannot do without a value.
    pub fn is_needed_by(&self, target: &Target) -> bool {
        self.needed_by.iter().any(|by| *by == target.id || by == target.platform.word())
    }
}

fn yes() -> bool {
    true
}

/// What a property's value must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    #[default]
    Text,
    /// Several, with commas between them; an installer's command line gets them as they are typed.
    List,
    /// The name of a public property of Windows Installer.
    MsiName,
    /// A key of a settings file.
    Key,
    FileName,
    /// A product code, with its braces.
    Guid,
    /// `https://`
    Url,
    /// 64 hexadecimal digits.
    Sha256,
    /// A path on a Mac: absolute, or below the user's home.
    MacPath,
}

impl Kind {
    /// Why `text` is no value of this kind, to be read after "it".
    pub fn objection(self, text: &str) -> Option<&'static str> {
        let first = text.chars().next();
        let word = |more: &[u8], text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
        let (fits, why) = match self {
            _ if text.chars().any(char::is_control) => (false, "holds a control character, such as a line break"),
            _ if text.len() > 2048 => (false, "is longer than 2048 bytes"),
            Self::Text => (true, ""),
            Self::List => (items(text).next().is_some(), "names nothing"),
            Self::MsiName => (
                first.is_some_and(|c| c.is_ascii_uppercase() || c == '_')
                    && word(b"_.", text)
                    && !text.contains(|c: char| c.is_ascii_lowercase())
                    && text.len() <= 72,
                "is no public property: capital letters, digits, dots and underscores, with a letter or _ first",
            ),
            Self::Key => (
                first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && word(b"_", text) && text.len() <= 72,
                "is no key of letters, digits and underscores, with a letter first",
            ),
            Self::FileName => {
                (is_file_name(text), "is no file name of letters, digits, blanks, dots, hyphens and underscores")
            }
            Self::Guid => (is_guid(text), "is no product code such as {12345678-90AB-CDEF-1234-567890ABCDEF}"),
            Self::Url => (
                url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host()),
                "is no address that starts with https://",
            ),
            Self::Sha256 => (
                text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()),
                "is no SHA-256 of 64 hexadecimal digits",
            ),
            Self::MacPath => (
                !text.is_empty()
                    && !text.ends_with('/')
                    && text.split('/').enumerate().all(|(at, part)| {
                        !matches!(part, "." | "..") && !part.starts_with('-') && (at == 0 || !part.is_empty())
                    }),
                "is no path of a file, without . and .. in it",
            ),
        };
        (!fits).then_some(why)
    }
}

/// The items of a [`Kind::List`].
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn is_guid(text: &str) -> bool {
    text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|inner| {
        inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && inner.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    })
}

/// A text of a definition: as it stands, or `property:KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Text {
    Literal(String),
    Property(String),
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        match text.strip_prefix("property:") {
            Some(key) => Self::Property(key.to_owned()),
            None => Self::Literal(text),
        }
    }
}

/// The agent's Windows installer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// The name of the .msi file.
    pub installer: Text,
    pub detection: Detection,
    /// As the .msi names it.
    #[serde(default)]
    pub version: Option<Text>,
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Parameter>,
    /// What the agent reads in the registry when its installer was told nothing.
    #[serde(default)]
    pub settings: Option<RegistrySettings>,
    /// Where the agent looks for a token that no installer handed over: a file below `%ProgramData%`.
    #[serde(default)]
    pub token_path: Option<String>,
    /// What is done as the user once the laptop is theirs.
    #[serde(default)]
    pub activation: Option<OnActivation>,
}

/// Values below one key of `HKEY_LOCAL_MACHINE`, in the 64-bit view.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySettings {
    pub key: String,
    #[serde(rename = "value")]
    pub values: Vec<Parameter>,
}

/// How a deployment tool sees that the agent is installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// The MSI's product code.
    ProductCode(Text),
    /// A value below `HKEY_LOCAL_MACHINE`, in the 64-bit view.
    Registry { key: String, value: String },
}

/// A value and its name: a property on the installer's command line, a value of the registry, a preference.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: Text,
    pub value: Source,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Source {
    /// The token itself, on the command line.
    Token,
    /// The name of the token's file, which lies beside the installer.
    TokenFile,
    /// The deployment's servers, with semicolons between them.
    Servers,
    Proxy,
    /// What is done on activation; excluded where nothing is.
    OnActivation,
    /// A property's value; a list with semicolons between its items.
    Property(String),
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "token" => Self::Token,
            "token-file" => Self::TokenFile,
            "servers" => Self::Servers,
            "proxy" => Self::Proxy,
            "on-activation" => Self::OnActivation,
            other => match other.strip_prefix("property:") {
                Some(key) => Self::Property(key.to_owned()),
                None => {
                    return Err(format!(
                        "{other:?} is none of token, token-file, servers, proxy, on-activation and property:KEY"
                    ));
                }
            },
        })
    }
}

/// The agent's installer for Macs or for Linux.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unix {
    /// The name of the .pkg file; on Linux of the .deb or .rpm file.
    pub installer: Text,
    /// The id of its receipt; on Linux the package's name.
    pub package_id: String,
    #[serde(default)]
    pub package_version: Option<Text>,
    /// Where the package can be fetched, and what it must then be.
    #[serde(default)]
    pub package_url: Option<Text>,
    #[serde(default)]
    pub package_sha256: Option<Text>,
    /// A file that root alone may read and that holds the token. Absent: the settings hold it.
    #[serde(default)]
    pub token_path: Option<String>,
    /// A file that is there once the laptop is enrolled, and not before.
    #[serde(default)]
    pub enrolled_path: Option<String>,
    pub settings: Settings,
    /// What the agent reads in a Mac's managed preferences, before its settings.
    #[serde(default)]
    pub preferences: Option<Preferences>,
    /// What is done as the user once the laptop is theirs.
    #[serde(default)]
    pub activation: Option<OnActivation>,
}

/// Managed preferences of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    pub domain: String,
    #[serde(rename = "value")]
    pub values: Vec<Parameter>,
}

/// The settings file that the agent reads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub path: Text,
    pub scope: Scope,
    pub grammar: Grammar,
    pub template: String,
}

/// Whose settings they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The computer's: an absolute path, owned by root.
    System,
    /// Those of the user who sits at the computer: a path below the home folder.
    User,
}

impl Agent {
    /// The agent that a TOML file describes.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub(super) fn parse(toml: &str) -> Result<Self, String> {
        let agent: Self = toml::from_str(toml).map_err(|error| error.to_string())?;
        if !is_id(&agent.id) {
            return Err(format!("the id {:?} is not of small letters, digits and hyphens", agent.id));
        }
        for (at, property) in agent.properties.iter().enumerate() {
            if agent.properties[..at].iter().any(|other| other.key == property.key) {
                return Err(format!("the property {:?} is there twice", property.key));
            }
        }
        if agent.linux.as_ref().is_some_and(|linux| linux.settings.scope == Scope::User) {
            return Err("the settings on Linux cannot be those of a user".to_owned());
        }
        for (platform, activation) in agent.activations() {
            if let Some(why) = activation.and_then(OnActivation::objection) {
                return Err(format!("[{platform}.activation] {why}"));
            }
        }
        if let Some(key) = agent.asked_for().find(|key| agent.property(key).is_none()) {
            return Err(format!("there is no property {key:?}"));
        }
        Ok(agent)
    }

    /// What is done once the laptop is its user's, by the words of the platforms.
    pub fn activations(&self) -> [(&'static str, Option<&OnActivation>); 3] {
        [
            ("windows", self.windows.as_ref().and_then(|windows| windows.activation.as_ref())),
            ("mac", self.mac.as_ref().and_then(|mac| mac.activation.as_ref())),
            ("linux", self.linux.as_ref().and_then(|linux| linux.activation.as_ref())),
        ]
    }

    pub fn property(&self, key: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.key == key)
    }

    /// The keys of the properties that the definition refers to.
    fn asked_for(&self) -> impl Iterator<Item = &str> {
        let mut texts: Vec<&Text> = Vec::new();
        let mut keys: Vec<&str> = Vec::new();
        if let Some(windows) = &self.windows {
            texts.push(&windows.installer);
            texts.extend(&windows.version);
            if let Detection::ProductCode(code) = &windows.detection {
                texts.push(code);
            }
            let settings = windows.settings.iter().flat_map(|settings| &settings.values);
            for parameter in windows.parameters.iter().chain(settings) {
                texts.push(&parameter.name);
                if let Source::Property(key) = &parameter.value {
                    keys.push(key);
                }
            }
        }
        for unix in self.mac.iter().chain(&self.linux) {
            texts.extend([&unix.installer, &unix.settings.path]);
            texts.extend(unix.package_url.iter().chain(&unix.package_sha256).chain(&unix.package_version));
            for value in unix.preferences.iter().flat_map(|preferences| &preferences.values) {
                texts.push(&value.name);
                if let Source::Property(key) = &value.value {
                    keys.push(key);
                }
            }
        }
        let named = texts.into_iter().filter_map(|text| match text {
            Text::Property(key) => Some(key.as_str()),
            Text::Literal(_) => None,
        });
        named.chain(keys)
    }
}

/// An id of an agent or a target: it is also a folder's name.
pub(super) fn is_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
}

/// The administrator's values, completed with the defaults that need no confirmation, by key; absent where empty.
pub(super) type Values = BTreeMap<String, String>;
