//! What a sync would change, before it changes it.

mod cause;

use jiff::Timestamp;

pub use cause::{Cause, Loss, Tripped};

use super::name::Name;
use super::text::Untrusted;
use super::user::{Attribute, Guid};

/// Why a user who matches a mapping's filter is excluded from it.
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
    /// An earlier mapping matches the user.
    TakenBy {
        mapping: Name,
    },
}

impl Excluded {
    /// What to do about it.
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
            Self::TakenBy { mapping } => write!(f, "belongs to the mapping \"{mapping}\""),
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
    /// Removed: kept in the cache, but refused at once.
    Removed(Removal),
}

/// Why a cached user is removed: what the directory answered for the objectGUID.
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
    /// Not found. A bind account that cannot read deleted users, or not all users, does not prove a deletion.
    Gone,
    /// Found, but nothing of them can be read.
    Unreadable,
    /// The mapping that had them was removed.
    MappingRemoved,
    /// The plan that added them was undone.
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

    /// True when the directory was asked for them by objectGUID, and has to be asked again before they are removed.
    pub const fn is_confirmed(&self) -> bool {
        !matches!(self, Self::MappingRemoved | Self::Undone { .. } | Self::Excluded(Excluded::DuplicateMail { .. }))
    }
}

impl std::fmt::Display for Removal {
    /// To be read after the user's name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoLongerMatches => f.write_str("no longer matches a mapping"),
            Self::MovedOut { to } => write!(f, "was moved to {}", to.shown()),
            Self::Deleted => f.write_str("was deleted"),
            Self::Gone => f.write_str("is not found: deleted, or hidden from imd"),
            Self::Unreadable => f.write_str("is in the directory, but can no longer be read"),
            Self::MappingRemoved => f.write_str("has a mapping that was removed"),
            Self::Undone { plan } => write!(f, "was added by plan {plan}, which is undone"),
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
    /// Other names by which people search for the user: account, UPN, mail; of a removed user, from the cache.
    pub names: Vec<Untrusted>,
    pub mapping: Name,
    /// The mapping that had the user before, when it is another.
    pub from: Option<Name>,
    pub change: Change,
}

/// A user whom a plan excludes, as it is shown.
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
    /// Matched by an earlier mapping, too, to which they belong.
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
            (self.unchanged, "unchanged"),
            (self.excluded, "are excluded (step 3 says why)"),
        ];
        if self.taken > 0 {
            all.push((self.taken, "also match a later mapping"));
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
    /// The plan that this one undoes.
    pub undoes: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits to be applied.
    Made,
    /// The safeguard stopped it: it needs an approval of its hash.
    Stopped {
        reasons: Vec<Tripped>,
    },
    Applied {
        at: Timestamp,
    },
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Made => "not applied",
            Self::Stopped { .. } => "stopped",
            Self::Applied { .. } => "applied",
        }
    }
}

/// A line of a plan: a user who is added, updated, removed or excluded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Line {
    Change(PlannedChange),
    Excluded(PlannedExcluded),
}

/// Which lines of a plan are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Absent: lines of all kinds, removed users first.
    pub kind: Option<LineKind>,
    /// Part of a name or an address of the user, or of the name of an updated attribute, in any case. Empty: all.
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
    /// In the order in which lines are shown: what removes something comes first.
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
