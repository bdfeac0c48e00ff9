//! What is installed on the laptops, and by which deployment tools (step 7).

use std::collections::BTreeMap;
use std::path::PathBuf;

/// An administrator's choice of agent, targets and values.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Installer {
    /// The id of an agent definition: `imd-activate`.
    pub agent: String,
    /// The ids of targets: `msiexec`.
    pub targets: Vec<String>,
    /// The name of the token that the laptops present; absent for an agent whose token is issued elsewhere.
    pub token: Option<super::name::Name>,
    pub proxy: Proxy,
    /// How the token travels, where a target can do either.
    pub token_by: TokenBy,
    /// The folder that the exports are written to.
    pub out: PathBuf,
    /// Values for the agent's own properties, by their key in the agent definition.
    pub properties: BTreeMap<String, String>,
}

/// What an export was made from, besides its target, its token and its folder. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Inputs {
    pub agent: String,
    pub proxy: Proxy,
    pub properties: BTreeMap<String, String>,
    /// Absent: by file.
    #[serde(default)]
    pub token_by: TokenBy,
}

/// How the token travels to the laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenBy {
    /// In a file of its own, so that no process list, event or installer log shows it.
    #[default]
    File,
    /// Among the other values: on the command line, or in the settings.
    Inline,
}

impl TokenBy {
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Inline => "inline",
        }
    }
}

impl std::str::FromStr for TokenBy {
    type Err = super::Unreadable;
    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        let found = [Self::File, Self::Inline].into_iter().find(|way| way.word() == text);
        found.ok_or_else(|| super::Unreadable::new("file or inline", text))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Proxy {
    None,
    #[default]
    System,
    Url(String),
}

impl std::str::FromStr for Proxy {
    type Err = super::Unreadable;
    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        match text.trim() {
            "none" => Ok(Self::None),
            "system" => Ok(Self::System),
            text => match url::Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none() => {
                    Ok(Self::Url(text.to_owned()))
                }
                _ => Err(super::Unreadable::new(
                    "\"none\", \"system\" or an address such as \"http://proxy:8080\"",
                    text,
                )),
            },
        }
    }
}

impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::System => f.pad("system"),
            Self::Url(url) => f.pad(url),
        }
    }
}

impl TryFrom<String> for Proxy {
    type Error = super::Unreadable;
    fn try_from(text: String) -> Result<Self, super::Unreadable> {
        text.parse()
    }
}

impl From<Proxy> for String {
    fn from(proxy: Proxy) -> Self {
        proxy.to_string()
    }
}
