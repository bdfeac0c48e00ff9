//! The name of a configured item: a directory, a profile, a storage, a mapping, a token.

use super::Unreadable;
use super::fold::same;

/// 1 to 64 visible characters, without a leading or trailing space. Names that differ only in case are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// # Errors
    /// When `text` is empty, longer than 64 characters, or contains a hidden character.
    pub fn new(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let fits = (1..=64).contains(&text.chars().count()) && !text.chars().any(super::text::is_hidden);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unreadable::new("a name of 1 to 64 visible characters", text))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both names are the same, ignoring case.
    pub fn is_same(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        Self::new(&text)
    }
}

impl std::str::FromStr for Name {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Self::new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}
