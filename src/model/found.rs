//! How a search for users is sorted, and how many it found.

/// What users are sorted by; who is equal in it comes by name.
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
    /// When they first came into the cache.
    Came,
}

impl SortKey {
    pub const ALL: [Self; 5] = [Self::Name, Self::Account, Self::Mail, Self::Department, Self::Came];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Account => "account",
            Self::Mail => "mail",
            Self::Department => "department",
            Self::Came => "came",
        }
    }
}

impl std::str::FromStr for SortKey {
    type Err = super::Unreadable;

    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        let found = Self::ALL.into_iter().find(|key| key.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| super::Unreadable::new("name, account, mail, department or came", text))
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
    /// There are more than `count`; how many, nobody counted.
    pub more: bool,
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.more { write!(f, "more than {}", self.count) } else { write!(f, "{}", self.count) }
    }
}
