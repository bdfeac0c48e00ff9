//! Why a user is or is not activated: the links of a chain, and what would mend the first that is broken.

use super::plan::Excluded;
use super::text::{Untrusted, shown};

/// One change that would make a condition true: in the directory, or in a mapping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Remedy {
    /// Give an attribute of the user this value.
    Give {
        attribute: String,
        value: Untrusted,
    },
    /// Give an attribute of the user a value of this kind; none in particular when it is empty.
    GiveLike {
        attribute: String,
        like: String,
    },
    /// Take a value away from an attribute of the user.
    Take {
        attribute: String,
        value: Untrusted,
    },
    /// Leave an attribute of the user without a value.
    Clear {
        attribute: String,
    },
    EnableAccount,
    /// Put the user into a group, directly.
    Join {
        group: Untrusted,
    },
    /// Take the user out of a group.
    Leave {
        group: Untrusted,
    },
    /// Move the user below an OU.
    Move {
        below: Untrusted,
    },
    /// Mend what a guideline asks for.
    Mend {
        why: Excluded,
    },
    /// No change of the user makes the clause true.
    ChangeFilter {
        clause: String,
    },
    /// The mapping is not read.
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
            Self::Leave { group } => write!(f, "take the user out of the group {}", group.shown()),
            Self::Move { below } => write!(f, "move the user below {}, or widen the mapping", below.shown()),
            Self::Mend { why } => f.write_str(why.remedy()),
            Self::ChangeFilter { clause } => {
                write!(f, "change the mapping: no change of the user makes {} true", shown(clause))
            }
            Self::EnableMapping => f.write_str("enable the mapping, if it is meant to be read"),
        }
    }
}

/// What has to be in order, one after another, before a user is activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What a laptop asked, by the correlation id that it was told.
    Request,
    /// One user of that name is in a registered directory.
    Directory,
    /// A mapping takes the user.
    Mapping,
    /// The cache has the user.
    Cache,
    /// Laptops can present a valid token.
    Token,
    /// A pilot includes the user, and its day is not full.
    Pilot,
    /// A laptop of the user has asked.
    Enrolled,
    /// What the laptop asked was granted.
    Attempts,
    /// The user may have another laptop.
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
    Whole,
    /// Nothing is wrong; it has not happened yet.
    Open,
    Broken,
}

/// A link of the chain. Its texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Link {
    pub part: Part,
    pub state: State,
    /// What was seen.
    pub evidence: String,
    /// What to do next, where that is clear.
    pub remedy: Option<String>,
}

impl Link {
    pub fn whole(part: Part, evidence: impl Into<String>) -> Self {
        Self { part, state: State::Whole, evidence: evidence.into(), remedy: None }
    }

    pub fn open(part: Part, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, state: State::Open, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }

    pub fn broken(part: Part, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, state: State::Broken, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }
}

/// The links in their order, up to the first that is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Chain {
    pub links: Vec<Link>,
}

impl Chain {
    /// The link that says what to do: the last that is broken, else the last.
    pub fn deciding(&self) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.state == State::Broken).or(self.links.last())
    }

    /// Adds a link; true when the next one may be looked at.
    pub fn add(&mut self, link: Link) -> bool {
        let whole = link.state == State::Whole;
        self.links.push(link);
        whole
    }
}
