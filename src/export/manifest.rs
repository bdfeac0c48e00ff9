//! `manifest.json`: what an export contains. It never holds the token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::quote::Grammar;
use crate::model::installer::TokenDelivery;
use crate::model::name::Name;
use crate::model::token::TokenId;

/// The name of the manifest in each export.
pub(super) const MANIFEST: &str = "manifest.json";

/// The name of the checksums in each export, in the format of `sha256sum`.
pub(super) const CHECKSUMS: &str = "SHA256SUMS";

/// By this word an export is known again.
pub(super) const MADE_BY: &str = "imd";

/// What is known of an export: the file `manifest.json` in its folder. It never holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `imd`.
    pub made_by: String,
    /// The version of this program.
    pub version: String,
    pub target: String,
    pub agent: String,
    pub token: ManifestToken,
    pub exposure: Vec<Exposure>,
    /// Without the manifest itself and `SHA256SUMS`.
    pub files: Vec<ManifestFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestToken {
    /// Absent for a token that was issued elsewhere.
    pub id: Option<TokenId>,
    pub name: Name,
    pub expires_at: Option<Timestamp>,
    pub travels_by: TokenDelivery,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    pub name: String,
    pub sha256: String,
    pub holds_token: bool,
    /// The language of the file.
    pub grammar: Grammar,
    /// The values that a reader of the file must find in it.
    pub carries: Vec<ManifestValue>,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestValue {
    /// Its name for people: `the proxy`.
    pub what: String,
    /// Of the value as it was before it was quoted.
    pub sha256: String,
}

/// A place where the token can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    pub place: String,
    /// By whom.
    pub readers: String,
    /// For how long.
    pub until: String,
}
