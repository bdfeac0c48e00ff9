//! What a sync would change, before it changes it.

use jiff::Timestamp;

use super::name::Name;
use super::text::Untrusted;
use super::user::{Attribute, Guid};

/// Why a user who matches a mapping's filter is left out of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    NoMail,
    Disabled,
    Expired {
        at: Timestamp,
    },
    /// Another user has the same mail; neither can be tied to an account by it.
    DuplicateMail {
        mail: Untrusted,
        other: Guid,
    },
    /// A mapping that comes earlier takes the user.
    TakenBy {
        mapping: Name,
    },
}

impl LeftOut {
    /// The reason in a few words, and what to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoMail => "give the user a mail attribute in the directory",
            Self::Disabled => "enable the account in the directory",
            Self::Expired { .. } => "extend the account in the directory",
            Self::DuplicateMail { .. } => "give one of the two another mail attribute",
            Self::TakenBy { .. } => "change the order of the mappings, or narrow the earlier one",
        }
    }

    /// The stable word for scripts and counts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoMail => "no-mail",
            Self::Disabled => "disabled",
            Self::Expired { .. } => "expired",
            Self::DuplicateMail { .. } => "duplicate-mail",
            Self::TakenBy { .. } => "taken-by",
        }
    }
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoMail => f.pad("has no mail"),
            Self::Disabled => f.pad("is disabled"),
            Self::Expired { at } => write!(f, "expired on {}", at.strftime("%Y-%m-%d")),
            Self::DuplicateMail { mail, other } => write!(f, "shares the mail {} with {other}", mail.shown()),
            Self::TakenBy { mapping } => write!(f, "is taken by the mapping \"{mapping}\""),
        }
    }
}

/// One user's part in a plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// New in the cache, or back in it.
    Come,
    /// Still there, with other values.
    Change(Vec<AttributeChange>),
    /// Leaves the cache: kept, but refused at once.
    Leave(Left),
}

/// Why a cached user leaves.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// The directory no longer returns them for any mapping.
    NoLongerMatches,
    LeftOut(LeftOut),
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AttributeChange {
    #[serde(serialize_with = "by_name")]
    pub attribute: Attribute,
    pub before: Vec<Untrusted>,
    pub after: Vec<Untrusted>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn by_name<S: serde::Serializer>(attribute: &Attribute, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(attribute.name())
}

/// A line of a plan, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PlannedChange {
    pub guid: Guid,
    pub label: Untrusted,
    pub mapping: Name,
    /// The mapping that had the user before, when it is another.
    pub from: Option<Name>,
    pub change: Change,
}

/// A user whom a plan leaves out, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PlannedLeftOut {
    pub guid: Guid,
    pub label: Untrusted,
    pub mapping: Name,
    pub why: LeftOut,
}

/// How many of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    pub matched: u64,
    pub come: u64,
    pub change: u64,
    pub leave: u64,
    pub unchanged: u64,
    pub left_out: u64,
}

impl Counts {
    /// Each with what it counts.
    pub fn in_words(&self) -> [(u64, &'static str); 6] {
        [
            (self.matched, "match a mapping"),
            (self.come, "come"),
            (self.change, "change"),
            (self.leave, "leave"),
            (self.unchanged, "stay as they are"),
            (self.left_out, "are left out (step 3 says why)"),
        ]
    }
}

/// A stored plan without its lines, which may be many.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub id: i64,
    pub made_at: Timestamp,
    /// SHA-256 over every change in order, hexadecimal: what an approval names.
    pub hash: String,
    pub counts: Counts,
    pub per_mapping: Vec<(Name, Counts)>,
    pub state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits to be applied.
    Made,
    /// The fuse stopped it: it needs an approval of its hash.
    Stopped {
        reasons: Vec<Tripped>,
    },
    Applied {
        at: Timestamp,
    },
}

/// What tripped the fuse.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tripped {
    pub mapping: Name,
    pub had: u64,
    pub leaving: u64,
    pub allowed: u64,
}

impl std::fmt::Display for Tripped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { mapping, had, leaving, allowed } = self;
        if leaving >= had {
            write!(f, "mapping \"{mapping}\" would lose all of its {had} users")
        } else {
            write!(f, "{leaving} of {had} users would leave mapping \"{mapping}\"; {allowed} may without asking")
        }
    }
}
