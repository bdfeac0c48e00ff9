//! What a sync would change, before it changes it.

mod cause;

use jiff::Timestamp;

pub use cause::{Cause, Loss, Tripped};

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

/// Why a cached user leaves: what the directory said when it was asked for their objectGUID.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// Still there, but no mapping's filter selects them.
    NoLongerMatches,
    /// Still there, but outside of where the mapping searches.
    MovedOut {
        to: Untrusted,
    },
    /// Deleted: the directory shows what is left of them.
    Deleted,
    /// Not found. For an account that may not see deleted users, and perhaps not every user, that is no proof of
    /// deletion.
    Gone,
    /// Found, but nothing of them can be read.
    Unreadable,
    /// The mapping that had them was removed.
    MappingRemoved,
    /// The plan that brought them was taken back.
    Undone {
        plan: i64,
    },
    LeftOut(LeftOut),
}

impl Left {
    /// The stable word for scripts and counts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoLongerMatches => "no-longer-matches",
            Self::MovedOut { .. } => "moved-out",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
            Self::Unreadable => "unreadable",
            Self::MappingRemoved => "mapping-removed",
            Self::Undone { .. } => "undone",
            Self::LeftOut(why) => why.code(),
        }
    }

    /// True when the directory was asked for them by objectGUID, and has to be asked again before they leave.
    pub const fn is_confirmed(&self) -> bool {
        !matches!(self, Self::MappingRemoved | Self::Undone { .. } | Self::LeftOut(LeftOut::DuplicateMail { .. }))
    }
}

impl std::fmt::Display for Left {
    /// To be read after the user's name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoLongerMatches => f.write_str("matches no mapping any more"),
            Self::MovedOut { to } => write!(f, "was moved out: {}", to.shown()),
            Self::Deleted => f.write_str("was deleted"),
            Self::Gone => f.write_str("is not found: deleted, or hidden from imd"),
            Self::Unreadable => f.write_str("is there, but cannot be read any more"),
            Self::MappingRemoved => f.write_str("has a mapping that was removed"),
            Self::Undone { plan } => write!(f, "was brought by plan {plan}, which is taken back"),
            Self::LeftOut(why) => why.fmt(f),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AttributeChange {
    #[serde(serialize_with = "cause::by_name")]
    pub attribute: Attribute,
    pub before: Vec<Untrusted>,
    pub after: Vec<Untrusted>,
}

/// A line of a plan, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PlannedChange {
    pub guid: Guid,
    pub label: Untrusted,
    /// Other names by which people look for the user: account, UPN, mail; of a leaver, as the cache has them.
    pub names: Vec<Untrusted>,
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

/// How many of each kind. Over all mappings each user counts once; of one mapping, `matched` counts `taken` as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    pub matched: u64,
    pub come: u64,
    pub change: u64,
    pub leave: u64,
    pub unchanged: u64,
    pub left_out: u64,
    /// Matched by an earlier mapping, too, which decides what becomes of them.
    pub taken: u64,
}

impl Counts {
    /// Each with what it counts.
    pub fn in_words(&self) -> Vec<(u64, &'static str)> {
        let mut all = vec![
            (self.matched, "match a mapping"),
            (self.come, "come"),
            (self.change, "change"),
            (self.leave, "leave"),
            (self.unchanged, "stay as they are"),
            (self.left_out, "are left out (step 3 says why)"),
        ];
        if self.taken > 0 {
            all.push((self.taken, "match a later mapping, too, which does not count"));
        }
        all
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
    /// The plan that this one takes back.
    pub undoes: Option<i64>,
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

/// A line of a plan: somebody who comes, changes or leaves, or is left out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Line {
    Change(PlannedChange),
    LeftOut(PlannedLeftOut),
}

/// Which lines of a plan are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Absent: those of every kind, leavers first.
    pub kind: Option<LineKind>,
    /// Found in a name or an address of the user, or in the name of an attribute that changes; case does not matter.
    /// Empty: everybody.
    pub search: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    Leave,
    Change,
    Come,
    LeftOut,
}

impl LineKind {
    /// In the order in which lines are shown: what takes something away comes first.
    pub const ALL: [Self; 4] = [Self::Leave, Self::Change, Self::Come, Self::LeftOut];

    /// The word for it: `leave`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::Change => "change",
            Self::Come => "come",
            Self::LeftOut => "left out",
        }
    }
}

impl Counts {
    /// How many lines of a kind there are.
    pub const fn of(&self, kind: LineKind) -> u64 {
        match kind {
            LineKind::Leave => self.leave,
            LineKind::Change => self.change,
            LineKind::Come => self.come,
            LineKind::LeftOut => self.left_out + self.taken,
        }
    }
}
