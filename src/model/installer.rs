//! The agent that is installed on laptops, and the deployment tools (step 7).

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
    /// The name of the token that laptops present; absent for an agent with a token of another server.
    pub token: Option<super::name::Name>,
    pub proxy: Proxy,
    /// How the token is carried if the target supports both ways.
    pub token_delivery: TokenDelivery,
    /// The folder that the exports are written to.
    pub folder: PathBuf,
    /// The values of the agent's properties, by the keys of the agent definition.
    pub properties: BTreeMap<String, String>,
}

/// The values that an export was made from, besides its target, token and folder. None is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Inputs {
    pub agent: String,
    pub proxy: Proxy,
    pub properties: BTreeMap<String, String>,
    pub token_delivery: TokenDelivery,
}

/// How an export carries the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenDelivery {
    /// In its own file, so that it appears in no process list, event or installer log.
    #[default]
    File,
    /// Among the other values: on the command line, or in the settings.
    Inline,
}

impl TokenDelivery {
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Inline => "inline",
        }
    }
}

impl std::str::FromStr for TokenDelivery {
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
