//! Which users get which profile, storage and quota (step 3).

use super::duration::Duration;
use super::name::Name;
use super::size::Size;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mapping {
    pub name: Name,
    pub kind: Kind,
    pub directory: Name,
    /// Absent: the directory's own naming context.
    pub base_dn: Option<String>,
    /// Absent: every organizational unit below the base.
    pub ou: Option<String>,
    /// The DN of a group; members of groups inside it count ([MS-ADTS] 3.1.1.3.4.4.3, in-chain).
    pub group: Option<String>,
    pub department: Option<String>,
    /// The attribute `c`: ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// RFC 4515 text that is and-ed with the above.
    pub filter: Option<String>,
    pub account_name: AccountName,
    pub profile: Name,
    pub storage: Name,
    pub quota: Option<Size>,
    /// Must be off for mass deployment: the first activation creates the account.
    pub auto_import: bool,
    /// Overrides the frequency's interval.
    pub interval: Option<Duration>,
    /// A disabled mapping matches no users and changes none.
    pub enabled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// For integrated mass deployment.
    Imd,
    /// Made to import users; step 3 refuses to reuse it.
    Import,
}

/// The attribute that is the account name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountName {
    Upn,
    Cn,
}

/// Why a mapping cannot be used for mass deployment: the guidelines of step 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("it was made for importing users")]
    ImportMapping,
    #[error("it imports new users by itself (auto import is on)")]
    AutoImport,
}

impl Mapping {
    pub fn unfit(&self) -> Vec<Unfit> {
        let mut reasons = Vec::new();
        if self.kind == Kind::Import {
            reasons.push(Unfit::ImportMapping);
        }
        if self.auto_import {
            reasons.push(Unfit::AutoImport);
        }
        reasons
    }

    /// The DN below which users are searched: the OU if set, otherwise the base DN if set.
    pub fn search_base(&self) -> Option<&str> {
        self.ou.as_deref().or(self.base_dn.as_deref())
    }
}
