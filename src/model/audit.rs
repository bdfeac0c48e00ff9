//! Who changed what, and when.

use super::text::Untrusted;

/// The actor of a change: `anna` (uid 1000), the scheduler, a laptop.
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

/// Which rows are asked for: those for which all of it is so. Case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// How the actor, the verb or what was changed begins; empty: whatever it was.
    pub any: String,
    /// Besides [`Self::any`], what was changed or the laptop that did it, whole: `device 0011223344556677`.
    pub subjects: Vec<String>,
    /// How the actor begins; empty: any actor.
    pub actor: String,
    /// How the verb begins: `token` is `token create`, too.
    pub verb: String,
    /// How what was changed begins, with or without the word for its kind: `mapping`, `mapping "Staff`, `Staff`.
    pub subject: String,
    /// From then on.
    pub since: Option<jiff::Timestamp>,
    /// Before then.
    pub until: Option<jiff::Timestamp>,
}

/// Some of the rows that were asked for, the newest first, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub total: u64,
}

/// A row exactly as it was written, with the hash that ties it to the row before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub number: u64,
    /// When, who, by which verb, what and how: the cells that the hash covers, in their order.
    pub cells: [String; 5],
    pub hash: [u8; 32],
}
