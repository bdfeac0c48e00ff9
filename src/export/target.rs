//! Targets: the deployment tools, described by a folder each: `target.toml` and the templates that it names.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TokenBy;
use super::agent::is_id;
use super::library::shared;
use super::quote::Grammar;

/// A deployment tool, and the files that it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Small letters, digits and hyphens: `msiexec`. It is also the name of the exported folder.
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

/// What the laptops run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    Windows,
    Mac,
    Linux,
    /// The files say what is to be known, and nothing of how it is installed.
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

    /// The same for people, to be read after "for".
    pub const fn title(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Mac => "Mac",
            Self::Linux => "Linux",
            Self::Any => "any platform",
        }
    }
}

/// How a target that runs no installer tells the agent what it must know.
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

/// Text for one program inside the text for another: rendered first, then quoted as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) template: String,
    pub(super) grammar: Grammar,
    /// The tool replaces `%NAME%` in it and has no way to escape it.
    #[serde(default)]
    pub(super) expands_percent: bool,
    /// Nobody knows in which code page it will be read.
    #[serde(default)]
    pub(super) ascii: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTemplate {
    /// A template too, of the grammar `name`.
    pub(super) name: String,
    pub(super) template: String,
    pub(super) grammar: Grammar,
    #[serde(default)]
    pub(super) expands_percent: bool,
    /// Written with the line ends of Windows.
    #[serde(default)]
    pub(super) crlf: bool,
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// Written only when the token travels this way.
    #[serde(default)]
    pub(super) when: Option<TokenBy>,
}

/// How the letters of a file become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Encoding {
    #[default]
    Utf8,
    /// With a byte order mark.
    Utf8Bom,
    /// UTF-16, the lower byte first, with a byte order mark.
    Utf16Bom,
    /// Other letters are refused.
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
    pub(super) when: Option<TokenBy>,
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

/// The names that an export always has.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const CHECKSUMS: &str = "SHA256SUMS";
const README: &str = "README.md";

impl Target {
    /// The target that a `target.toml` and its templates describe.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(super) fn parse(toml: &str, templates: BTreeMap<String, String>) -> Result<Self, String> {
        let Definition { id, title, platform, settings, parts, files, exposure } =
            toml::from_str(toml).map_err(|error| error.to_string())?;
        if !is_id(&id) {
            return Err(format!("the id {id:?} is not of small letters, digits and hyphens"));
        }
        let named = parts.iter().map(|part| &part.template).chain(files.iter().map(|file| &file.template));
        if let Some(name) = named.into_iter().find(|name| !templates.contains_key(*name) && shared(name).is_none()) {
            return Err(format!("there is no template {name:?} beside it"));
        }
        // Whoever opens the folder must find what to do, and where the token can be read.
        if !files.iter().any(|file| file.name == README && file.when.is_none()) {
            return Err(format!("it writes no {README}"));
        }
        for way in [TokenBy::File, TokenBy::Inline] {
            if !exposure.iter().any(|rule| rule.when.is_none_or(|when| when == way)) {
                return Err(format!("it does not say where the token can be read when it travels by {}", way.word()));
            }
        }
        Ok(Self { id, title, platform, settings, parts, files, exposure, templates })
    }
}
