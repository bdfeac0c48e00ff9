//! What a sync would change, before it changes it.

mod cause;

use jiff::Timestamp;

pub use cause::{Cause, Loss, Tripped};

use super::name::Name;
use super::text::Untrusted;
use super::user::{Attribute, Guid};

/// Why a user who matches a mapping's filter is excluded of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Excluded {
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

impl Excluded {
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

impl std::fmt::Display for Excluded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoMail => f.pad("has no mail"),
            Self::Disabled => f.pad("is disabled"),
            Self::Expired { at } => write!(f, "expired on {}", crate::model::moment::day(at)),
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
    Added,
    /// Still there, with other values.
    Updated(Vec<AttributeChange>),
    /// Leaves the cache: kept, but refused at once.
    Removed(Removal),
}

/// Why a cached user leaves: what the directory said when it was asked for their objectGUID.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
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
    Excluded(Excluded),
}

impl Removal {
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
            Self::Excluded(why) => why.code(),
        }
    }

    /// True when the directory was asked for them by objectGUID, and has to be asked again before they leave.
    pub const fn is_confirmed(&self) -> bool {
        !matches!(self, Self::MappingRemoved | Self::Undone { .. } | Self::Excluded(Excluded::DuplicateMail { .. }))
    }
}

impl std::fmt::Display for Removal {
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
            Self::Excluded(why) => why.fmt(f),
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
pub struct PlannedExcluded {
    pub guid: Guid,
    pub label: Untrusted,
    pub mapping: Name,
    pub why: Excluded,
}

/// How many of each kind. Over all mappings each user counts once; of one mapping, `matched` counts `taken` as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    pub matched: u64,
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
    pub unchanged: u64,
    pub excluded: u64,
    /// Matched by an earlier mapping, too, which decides what becomes of them.
    pub taken: u64,
}

impl Counts {
    /// Each with what it counts.
    pub fn in_words(&self) -> Vec<(u64, &'static str)> {
        let mut all = vec![
            (self.matched, "match a mapping"),
            (self.added, "added"),
            (self.updated, "updated"),
            (self.removed, "removed"),
            (self.unchanged, "stay as they are"),
            (self.excluded, "are excluded (step 3 says why)"),
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

/// A line of a plan: somebody who comes, changes or leaves, or is excluded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Line {
    Change(PlannedChange),
    Excluded(PlannedExcluded),
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
    Removed,
    Updated,
    Added,
    Excluded,
}

impl LineKind {
    /// In the order in which lines are shown: what takes something away comes first.
    pub const ALL: [Self; 4] = [Self::Removed, Self::Updated, Self::Added, Self::Excluded];

    /// The word for it: `removed`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Updated => "updated",
            Self::Added => "added",
            Self::Excluded => "excluded",
        }
    }
}

impl Counts {
    /// How many lines of a kind there are.
    pub const fn of(&self, kind: LineKind) -> u64 {
        match kind {
            LineKind::Removed => self.removed,
            LineKind::Updated => self.updated,
            LineKind::Added => self.added,
            LineKind::Excluded => self.excluded + self.taken,
        }
    }
}
