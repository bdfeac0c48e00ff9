//! Agents: the applications that are installed on laptops, each defined by a TOML file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::quote::Grammar;
use super::value::{Kind, is_id};
use super::{Target, definition};
use crate::model::on_activation::OnActivation;

/// An application that is installed on laptops, and the parameters of its installer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Lower-case letters, digits and hyphens: `imd-activate`.
    pub id: String,
    pub title: String,
    pub publisher: String,
    /// Who issues the tokens that this agent accepts.
    pub token: TokenFrom,
    /// The values that an administrator fills in, in the order of the form.
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
    /// imd.
    Ours,
    /// The agent's own server; the administrator pastes the token.
    Elsewhere,
}

/// A value that an administrator fills in.
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
    /// Used if nothing is filled in and the property is public; otherwise only a suggestion in the form.
    #[serde(default)]
    pub default: Option<String>,
    /// False: the vendor publishes neither name nor value, so an administrator must fill it in to confirm it.
    #[serde(default = "yes")]
    pub public: bool,
    /// The platforms (`windows`, `mac`, `linux`) or targets that require a value.
    #[serde(default)]
    pub needed_by: Vec<String>,
}

impl Property {
    /// True if `target` requires a value.
    pub fn is_needed_by(&self, target: &Target) -> bool {
        self.needed_by.iter().any(|by| *by == target.id || by == target.platform.word())
    }
}

fn yes() -> bool {
    true
}

/// A text of a definition: literal, or `property:KEY`.
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
    /// The version in the .msi.
    #[serde(default)]
    pub version: Option<Text>,
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Parameter>,
    /// The registry values that the agent reads if its installer got no parameters.
    #[serde(default)]
    pub settings: Option<RegistrySettings>,
    /// The file below `%ProgramData%` where the agent reads a token that its installer did not get.
    #[serde(default)]
    pub token_path: Option<String>,
    /// The action after the activation, run as the user.
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

/// How a deployment tool detects that the agent is installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// The MSI's product code.
    ProductCode(Text),
    /// A value below `HKEY_LOCAL_MACHINE`, in the 64-bit view.
    Registry { key: String, value: String },
}

/// A name and a value: a property on the command line of the installer, a registry value or a preference.
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
    /// The name of the token file in the folder of the installer.
    TokenFile,
    /// The servers of the deployment, separated by semicolons.
    Servers,
    Proxy,
    /// The action after the activation; omitted if there is none.
    OnActivation,
    /// The value of a property; items of a list are separated by semicolons.
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
    /// The id of its receipt; on Linux the name of the package.
    pub package_id: String,
    #[serde(default)]
    pub package_version: Option<Text>,
    /// The address of the package; [`Self::package_sha256`] is then required.
    #[serde(default)]
    pub package_url: Option<Text>,
    #[serde(default)]
    pub package_sha256: Option<Text>,
    /// A file that contains the token and that only root can read. Absent: the settings contain the token.
    #[serde(default)]
    pub token_path: Option<String>,
    /// A file that exists if the laptop is enrolled.
    #[serde(default)]
    pub enrolled_path: Option<String>,
    pub settings: Settings,
    /// The managed preferences of a Mac that the agent reads before its settings.
    #[serde(default)]
    pub preferences: Option<Preferences>,
    /// The action after the activation, run as the user.
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

/// The owner of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The computer's: an absolute path, owned by root.
    System,
    /// The logged-on user's: a path below the home folder.
    User,
}

impl Agent {
    /// The agent that a TOML file describes.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn parse(toml: &str) -> Result<Self, String> {
        let agent: Self = definition::read(toml)?;
        if !is_id(&agent.id) {
            return Err(format!("the id {:?} must consist of lower-case letters, digits and hyphens", agent.id));
        }
        for (at, property) in agent.properties.iter().enumerate() {
            if agent.properties[..at].iter().any(|other| other.key == property.key) {
                return Err(format!("the property {:?} is defined twice", property.key));
            }
        }
        if agent.linux.as_ref().is_some_and(|linux| linux.settings.scope == Scope::User) {
            return Err("the scope of the settings on Linux must be system".to_owned());
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

    /// The actions after the activation, by platform.
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

/// The values of the administrator and the public defaults, by key; empty values are absent.
pub(super) type Values = BTreeMap<String, String>;
