//! Who changed what, and when.

use super::text::Untrusted;

/// The author of a change: `anna` (uid 1000), the scheduler, a laptop.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Actor(pub Untrusted);

impl Actor {
    pub fn new(name: impl Into<String>) -> Self {
        Self(Untrusted::new(name))
    }
}

/// One entry of the audit log, written in the same transaction as its change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    pub number: u64,
    pub at: jiff::Timestamp,
    pub actor: Actor,
    /// The equivalent verb of the command line: `mapping edit`.
    pub verb: String,
    /// The changed object: `mapping "Staff laptops"`.
    pub subject: Untrusted,
    /// The change in one line, without secrets.
    pub detail: Untrusted,
}

/// A search for entries that meet all of these conditions, in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The start of the actor, verb or subject; empty: any.
    pub any: String,
    /// As an alternative to [`Self::any`], the whole subject or laptop: `device 0011223344556677`.
    pub subjects: Vec<String>,
    /// The start of the actor; empty: any.
    pub actor: String,
    /// The start of the verb: `token` matches `token create`, too.
    pub verb: String,
    /// The start of the subject, with or without its kind: `mapping`, `mapping "Staff`, `Staff`.
    pub subject: String,
    /// At this time or later.
    pub since: Option<jiff::Timestamp>,
    /// Before this time.
    pub until: Option<jiff::Timestamp>,
}

/// Some of the matching entries, newest first, and how many match in total.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub total: u64,
}

/// An entry exactly as it was written, with the hash that chains it to the previous one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub number: u64,
    /// Time, actor, verb, subject and detail: the cells that the hash covers, in order.
    pub cells: [String; 5],
    pub hash: [u8; 32],
}
