//! Who changed what, and when.

use super::text::Untrusted;

/// Whoever made a change: `anna` (uid 1000), the scheduler, a laptop.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Actor(pub Untrusted);

impl Actor {
    pub fn new(name: impl Into<String>) -> Self {
        Self(Untrusted::new(name))
    }
}

/// One row of the audit: written in the same transaction as the change that it tells of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    pub number: u64,
    pub at: jiff::Timestamp,
    pub actor: Actor,
    /// The verb of the command line that would do the same: `mapping edit`.
    pub verb: String,
    /// What was changed: `mapping "Staff laptops"`.
    pub subject: Untrusted,
    /// What became of it, in one line, never a secret.
    pub detail: Untrusted,
}
