//! The effect of the order of mappings on users whom several of them match.

use jiff::Timestamp;

use super::name::Name;
use super::text::Untrusted;

/// Users whom an earlier mapping takes and a later one matches, too.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Overlap {
    pub taken_by: Name,
    pub also_matched_by: Name,
    pub users: u64,
}

/// What another order of the mappings would change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reordered {
    /// When the directories were last read.
    pub read_at: Timestamp,
    /// Users who would move from one mapping to another, most first. Empty: none.
    pub moves: Vec<Move>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Move {
    pub from: Name,
    pub to: Name,
    pub users: u64,
    /// Some of them.
    pub sample: Vec<Untrusted>,
    /// What they would get instead.
    pub gets: Vec<Difference>,
}

/// Something that differs between two mappings: `quota`, `50 GiB`, `100 GiB`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    pub what: &'static str,
    pub before: String,
    pub after: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} -> {}", self.what, self.before, self.after)
    }
}
