//! What a user gets at the first activation: an account with a profile, a storage and a quota; and what becomes of it
//! when the user leaves.

use jiff::Timestamp;

use super::device::Given;
use super::duration::Duration;
use super::name::Name;
use super::text::Untrusted;
use super::user::Guid;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Account {
    #[serde(skip)]
    pub id: i64,
    pub directory: Name,
    pub guid: Guid,
    /// UPN or cn, as the mapping says.
    pub name: Untrusted,
    pub mail: Untrusted,
    /// The name that people read.
    pub user: String,
    #[serde(flatten)]
    pub given: Given,
    pub created_at: Timestamp,
    /// How many activated devices it has.
    pub devices: u64,
    /// Absent: in use.
    pub preserved: Option<Preserved>,
}

impl Account {
    /// How it is, in words: `in use`, `preserved, due 2027-02-01`, `removed, due now`. The store searches by the same words.
    pub fn says(&self, now: Timestamp) -> String {
        let Some(preserved) = self.preserved else { return "in use".to_owned() };
        let word = match preserved.why {
            Why::Removed => "removed",
            Why::Requested => "preserved",
        };
        if preserved.is_due(now) {
            format!("{word}, due now")
        } else {
            format!("{word}, due {}", crate::model::moment::day(preserved.until))
        }
    }
}

/// An account that is kept with all that it has, and refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Preserved {
    pub at: Timestamp,
    pub why: Why,
    /// When the days of its profile are over. Then it is due, and nothing happens until an administrator deletes it.
    pub until: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its user was removed; the account is in use again when the user is added again.
    Removed,
    /// An administrator preserved it, and has to restore it.
    Requested,
}

impl Preserved {
    pub fn new(at: Timestamp, why: Why, preserve_for: Duration) -> Self {
        Self { at, why, until: at.checked_add(preserve_for.signed()).unwrap_or(Timestamp::MAX) }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.until <= now
    }
}

/// How many accounts are preserved, and how many of them are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Kept {
    pub preserved: u64,
    pub due: u64,
}
