//! Targets: deployment tools, each defined by a folder with `target.toml` and templates.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::manifest::Exposure;
use super::quote::{Grammar, Refused, refused};
use super::templates::shared;
use super::value::is_id;
use super::{Error, TokenDelivery, definition};

/// A deployment tool and the files that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Lower-case letters, digits and hyphens: `msiexec`. It is also the name of the exported folder.
    pub id: String,
    pub title: String,
    pub platform: Platform,
    pub(super) settings: Option<SettingsBy>,
    pub(super) parts: Vec<Part>,
    pub(super) files: Vec<FileTemplate>,
    pub(super) exposure: Vec<ExposureRule>,
    /// The templates by their file names.
    pub(super) templates: BTreeMap<String, String>,
}

/// The operating system of the laptops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    Windows,
    Mac,
    Linux,
    /// The files contain only settings, and no installation.
    Any,
}

impl Platform {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Mac => "mac",
            Self::Linux => "linux",
            Self::Any => "any",
        }
    }

    /// The name for people, after the word "for".
    pub const fn title(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Mac => "Mac",
            Self::Linux => "Linux",
            Self::Any => "any platform",
        }
    }
}

/// How a target that runs no installer passes settings to the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SettingsBy {
    /// The registry of Windows.
    Registry,
    /// The managed preferences of a Mac.
    Preferences,
}

impl SettingsBy {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Registry => "settings in the registry",
            Self::Preferences => "managed preferences",
        }
    }
}

/// A text for one program inside a text for another: rendered first, then quoted as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) template: String,
    pub(super) grammar: Grammar,
    /// The tool replaces `%NAME%` and has no escape for it.
    #[serde(default)]
    pub(super) expands_percent: bool,
    /// The code page in which it will be read is unknown.
    #[serde(default)]
    pub(super) ascii: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTemplate {
    /// Itself a template, with the grammar `name`.
    pub(super) name: String,
    pub(super) template: String,
    pub(super) grammar: Grammar,
    #[serde(default)]
    pub(super) expands_percent: bool,
    /// Use Windows line endings.
    #[serde(default)]
    pub(super) crlf: bool,
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// Write the file only if the token is carried this way.
    #[serde(default)]
    pub(super) when: Option<TokenDelivery>,
}

/// The character encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Encoding {
    #[default]
    Utf8,
    /// With a byte order mark.
    Utf8Bom,
    /// UTF-16, little-endian, with a byte order mark.
    Utf16Bom,
    /// Other characters are refused.
    Ascii,
}

impl Encoding {
    pub(super) fn bytes(self, text: &str) -> Vec<u8> {
        const MARK: char = '\u{feff}';
        match self {
            Self::Utf8 | Self::Ascii => text.as_bytes().to_vec(),
            Self::Utf8Bom => format!("{MARK}{text}").into_bytes(),
            Self::Utf16Bom => format!("{MARK}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExposureRule {
    pub(super) place: String,
    pub(super) readers: String,
    pub(super) until: String,
    #[serde(default)]
    pub(super) when: Option<TokenDelivery>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    id: String,
    title: String,
    platform: Platform,
    #[serde(default)]
    settings: Option<SettingsBy>,
    #[serde(default, rename = "part")]
    parts: Vec<Part>,
    #[serde(rename = "file")]
    files: Vec<FileTemplate>,
    #[serde(rename = "exposure")]
    exposure: Vec<ExposureRule>,
}

const README: &str = "README.md";

impl Target {
    /// The error for a value that a quoting filter refused; absent when the template itself is wrong.
    pub(super) fn refusal(&self, error: &minijinja::Error) -> Option<Error> {
        let Refused { label, why } = refused(error)?;
        Some(Error::Refused { target: self.id.clone(), what: label.clone(), why })
    }

    /// Where the token can be read if it is carried this way.
    pub(super) fn exposure(&self, way: TokenDelivery) -> Vec<Exposure> {
        let rules = self.exposure.iter().filter(|rule| rule.when.is_none_or(|when| when == way));
        rules
            .map(|rule| Exposure {
                place: rule.place.clone(),
                readers: rule.readers.clone(),
                until: rule.until.clone(),
            })
            .collect()
    }

    /// Reads a target from `target.toml` and its templates.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn parse(toml: &str, templates: BTreeMap<String, String>) -> Result<Self, String> {
        let Definition { id, title, platform, settings, parts, files, exposure } = definition::read(toml)?;
        if !is_id(&id) {
            return Err(format!("the id {id:?} must consist of lower-case letters, digits and hyphens"));
        }
        let named = parts.iter().map(|part| &part.template).chain(files.iter().map(|file| &file.template));
        if let Some(name) = named.into_iter().find(|name| !templates.contains_key(*name) && shared(name).is_none()) {
            return Err(format!("there is no template {name:?} in its folder"));
        }
        // Administrators must find instructions, and where the token can be read.
        if !files.iter().any(|file| file.name == README && file.when.is_none()) {
            return Err(format!("it has no file {README}"));
        }
        for way in [TokenDelivery::File, TokenDelivery::Inline] {
            if !exposure.iter().any(|rule| rule.when.is_none_or(|when| when == way)) {
                return Err(format!("it has no [[exposure]] for a token that is carried by {}", way.word()));
            }
        }
        Ok(Self { id, title, platform, settings, parts, files, exposure, templates })
    }
}
