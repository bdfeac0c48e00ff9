//! How a search for users is sorted, and how many it found.

use super::count::grouped;

/// What users are sorted by; equal ones are sorted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortKey {
    /// The name that people read.
    #[default]
    Name,
    /// The UPN, else the sAMAccountName.
    Account,
    Mail,
    Department,
    /// When they were first added to the cache.
    Added,
}

impl SortKey {
    pub const ALL: [Self; 5] = [Self::Name, Self::Account, Self::Mail, Self::Department, Self::Added];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Account => "account",
            Self::Mail => "mail",
            Self::Department => "department",
            Self::Added => "added",
        }
    }
}

impl std::str::FromStr for SortKey {
    type Err = super::Unreadable;

    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        let found = Self::ALL.into_iter().find(|key| key.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| super::Unreadable::new("name, account, mail, department or added", text))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Sort {
    pub const fn by(key: SortKey) -> Self {
        Self { key, descending: false }
    }
}

/// How many there are in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Total {
    pub count: u64,
    /// There are more than `count`; they were not counted.
    pub more: bool,
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.more { write!(f, "more than {}", grouped(self.count)) } else { f.write_str(&grouped(self.count)) }
    }
}
