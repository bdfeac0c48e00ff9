//! Targets: the deployment tools, described by a folder each: `target.toml` and the templates that it names.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TokenBy;
use super::agent::is_id;
use super::quote::Grammar;

/// A deployment tool, and the files that it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Small letters, digits and hyphens: `msiexec`. It is also the name of the exported folder.
    pub id: String,
    pub title: String,
    pub platform: Platform,
    pub(super) parts: Vec<Part>,
    pub(super) files: Vec<FileTemplate>,
    pub(super) exposure: Vec<ExposureRule>,
    /// The templates by their file names.
    pub(super) templates: BTreeMap<String, String>,
}

/// What the laptops run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    Windows,
    Mac,
}

impl Platform {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Mac => "mac",
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
    /// Written with this byte order mark and these line ends.
    #[serde(default)]
    pub(super) bom: bool,
    #[serde(default)]
    pub(super) crlf: bool,
    /// Written only when the token travels this way.
    #[serde(default)]
    pub(super) when: Option<TokenBy>,
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
        let Definition { id, title, platform, parts, files, exposure } =
            toml::from_str(toml).map_err(|error| error.to_string())?;
        if !is_id(&id) {
            return Err(format!("the id {id:?} is not of small letters, digits and hyphens"));
        }
        let named = parts.iter().map(|part| &part.template).chain(files.iter().map(|file| &file.template));
        if let Some(name) = named.into_iter().find(|name| !templates.contains_key(*name)) {
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
        Ok(Self { id, title, platform, parts, files, exposure, templates })
    }
}
