//! The explanation why a user is or is not activated: a chain of conditions, and a remedy for the one that fails.

use super::plan::Excluded;
use super::text::{Untrusted, shown};

/// One change, in the directory or in a mapping, that makes a condition true.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Remedy {
    /// Set an attribute of the user to this value.
    Give {
        attribute: String,
        value: Untrusted,
    },
    /// Set an attribute of the user to a value of this kind, or to any value when it is empty.
    GiveLike {
        attribute: String,
        like: String,
    },
    /// Remove a value from an attribute of the user.
    Take {
        attribute: String,
        value: Untrusted,
    },
    /// Clear an attribute of the user.
    Clear {
        attribute: String,
    },
    EnableAccount,
    /// Add the user to a group directly.
    Join {
        group: Untrusted,
    },
    /// Remove the user from a group.
    Leave {
        group: Untrusted,
    },
    /// Move the user to an OU.
    Move {
        below: Untrusted,
    },
    /// Fix the reason for which the user is excluded.
    Fix {
        why: Excluded,
    },
    /// No change of the user makes the clause true.
    ChangeFilter {
        clause: String,
    },
    /// The mapping is disabled.
    EnableMapping,
}

impl std::fmt::Display for Remedy {
    /// Safe to show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Give { attribute, value } => {
                write!(f, "in the directory, set {} to \"{}\"", shown(attribute), value.shown())
            }
            Self::GiveLike { attribute, like } if like.is_empty() => {
                write!(f, "in the directory, give {} a value", shown(attribute))
            }
            Self::GiveLike { attribute, like } => {
                write!(f, "in the directory, set {} to a value {}", shown(attribute), shown(like))
            }
            Self::Take { attribute, value } => {
                write!(f, "in the directory, change {} from \"{}\"", shown(attribute), value.shown())
            }
            Self::Clear { attribute } => write!(f, "in the directory, clear {}", shown(attribute)),
            Self::EnableAccount => f.write_str("enable the account in the directory"),
            Self::Join { group } => write!(f, "add the user to the group {}", group.shown()),
            Self::Leave { group } => write!(f, "remove the user from the group {}", group.shown()),
            Self::Move { below } => write!(f, "move the user below {}, or widen the mapping", below.shown()),
            Self::Fix { why } => f.write_str(why.remedy()),
            Self::ChangeFilter { clause } => {
                write!(f, "change the mapping: no change of the user makes {} true", shown(clause))
            }
            Self::EnableMapping => f.write_str("enable the mapping, if it should be used"),
        }
    }
}

/// The conditions of an activation, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A laptop's request, by its correlation id.
    Request,
    /// A registered directory has exactly one user of that name.
    Directory,
    /// A mapping selects the user.
    Mapping,
    /// The user is in the cache.
    Cache,
    /// A valid token exists.
    Token,
    /// The pilot group includes the user, and the daily activation limit is not reached.
    Pilot,
    /// A laptop is enrolled for the user.
    Enrolled,
    /// The laptop's requests were granted.
    Attempts,
    /// The device limit is not reached.
    Limit,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Request => "request",
            Self::Directory => "directory",
            Self::Mapping => "mapping",
            Self::Cache => "cache",
            Self::Token => "token",
            Self::Pilot => "pilot",
            Self::Enrolled => "enrolled",
            Self::Attempts => "attempts",
            Self::Limit => "limit",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    /// Not an error; it has not happened yet.
    Pending,
    Failed,
}

/// A condition in the chain. Its texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Link {
    pub part: Part,
    pub state: State,
    /// The observed facts.
    pub evidence: String,
    /// What to do next, if known.
    pub remedy: Option<String>,
}

impl Link {
    pub fn ok(part: Part, evidence: impl Into<String>) -> Self {
        Self { part, state: State::Ok, evidence: evidence.into(), remedy: None }
    }

    pub fn pending(part: Part, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, state: State::Pending, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }

    pub fn failed(part: Part, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, state: State::Failed, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }
}

/// The conditions in order, up to the first that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Chain {
    pub links: Vec<Link>,
}

impl Chain {
    /// The link with the next step: the last that failed, else the last.
    pub fn deciding(&self) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.state == State::Failed).or(self.links.last())
    }

    /// Adds a link; true when the next condition can be checked.
    pub fn add(&mut self, link: Link) -> bool {
        let ok = link.state == State::Ok;
        self.links.push(link);
        ok
    }
}
