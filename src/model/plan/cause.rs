//! Why the fuse stopped a plan: what is suspicious in it, what probably happened, and what to do about it.

use jiff::Timestamp;

use crate::model::audit::Actor;
use crate::model::name::Name;
use crate::model::text::{Untrusted, shown};
use crate::model::user::Attribute;

/// What tripped the fuse.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tripped {
    pub mapping: Name,
    pub loss: Loss,
    /// The mapping's active users before.
    pub had: u64,
    /// How many of them the plan takes something from.
    pub users: u64,
    /// How many it may without asking.
    pub allowed: u64,
    /// What probably happened.
    pub cause: Cause,
}

/// What a plan takes away from the users of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The mapping had users and would have none.
    Everybody,
    /// Users leave.
    Leaving,
    /// Users leave because their accounts are disabled.
    Disabled,
    /// Users leave who are there, but whom the account that reads cannot read.
    Unreadable,
    /// Users stay, but lose every value of an attribute that most of the mapping's users had.
    #[serde(serialize_with = "by_name")]
    Attribute(Attribute),
}

impl std::fmt::Display for Tripped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { mapping, loss, had, users, allowed, .. } = self;
        let of = format!("{users} of {had} users");
        match loss {
            Loss::Everybody => write!(f, "mapping \"{mapping}\" would lose all of its {had} users"),
            Loss::Leaving => write!(f, "{of} would leave mapping \"{mapping}\"; {allowed} may without asking"),
            Loss::Disabled => {
                write!(
                    f,
                    "{of} of mapping \"{mapping}\" are disabled now and would leave; {allowed} may without asking"
                )
            }
            Loss::Unreadable => write!(f, "{of} of mapping \"{mapping}\" would leave, though they are there"),
            Loss::Attribute(attribute) => {
                let name = attribute.name();
                write!(f, "{of} of mapping \"{mapping}\" would lose their {name}; {allowed} may without asking")
            }
        }
    }
}

/// What probably happened. Each has one remedy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The directory answered without an error and with nobody.
    AnswerEmpty,
    /// There is nothing at the DN that the mapping searches below.
    BaseGone { base: Untrusted },
    /// What the mapping searched below is still there, under another name.
    BaseRenamed { from: Untrusted, to: Untrusted },
    /// Those whom it concerns have no value of it any more.
    AttributeMissing {
        #[serde(serialize_with = "by_name")]
        attribute: Attribute,
    },
    /// The mapping was edited after the last sync.
    MappingEdited { by: Actor, at: Timestamp },
    /// The mapping was removed.
    MappingRemoved,
    /// Another mapping takes its users now.
    TakenOver { mapping: Name },
    /// They were moved to where the mapping does not look.
    MovedAway { to: Untrusted },
    /// Somebody disabled them.
    Disabled,
    /// They were deleted: the directory itself says so.
    Deleted,
    /// They are not found: deleted, or hidden from the account that reads.
    Gone,
    /// They are found, but nothing of them can be read.
    Unreadable,
    /// They are there, but are not what the mapping asks for.
    NoLongerMatch,
    /// They are excluded for a reason of their own; the word is that of [`LeftOut::code`](super::LeftOut::code).
    Excluded { why: String },
    /// It takes back an earlier plan, which had brought them.
    Undone { plan: i64 },
}

impl Cause {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::AnswerEmpty => "see in the directory whether the OU is empty; if it is not, give the account that \
                                  reads List Contents and Read All Properties on it, and sync again"
                .to_owned(),
            Self::BaseGone { .. } => "correct the OU of the mapping (step 3), or let the account that reads see it; \
                                      if it was given up, remove the mapping"
                .to_owned(),
            Self::BaseRenamed { to, .. } => {
                format!("set the OU of the mapping (step 3) to \"{}\", and sync again", to.shown())
            }
            Self::AttributeMissing { attribute } => {
                let name = attribute.name();
                format!("let the account that reads read {name} again (Read All Properties on the OU), and sync again")
            }
            Self::MappingEdited { .. } => {
                "look at the mapping (step 3): if it says what is meant, approve the plan".to_owned()
            }
            Self::MappingRemoved => {
                "if its users are to leave, approve the plan; else make a mapping of that name again".to_owned()
            }
            Self::TakenOver { mapping } => {
                format!("if \"{mapping}\" is to have them, approve the plan; else put it later: `imd mapping order`")
            }
            Self::MovedAway { to } => {
                format!("if they are to stay, make a mapping for \"{}\"; else approve the plan", to.shown())
            }
            Self::Disabled => "if these accounts are meant to be disabled, approve the plan".to_owned(),
            Self::Deleted => "if these users are meant to be deleted, approve the plan".to_owned(),
            Self::Gone => "see in the directory whether they were deleted: if so, approve the plan; else let the \
                           account that reads see them"
                .to_owned(),
            Self::Unreadable => "give the account that reads Read All Properties on them, and sync again".to_owned(),
            Self::NoLongerMatch => {
                "look at a few of them in the directory; if they are to go, approve the plan".to_owned()
            }
            Self::Excluded { .. } => "look at the plan, which says why for each; mend them in the directory".to_owned(),
            Self::Undone { .. } => "if they are to leave again, approve the plan".to_owned(),
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AnswerEmpty => f.write_str(
                "the directory answered with nobody: the OU was emptied, or the account that reads may not see into it",
            ),
            Self::BaseGone { base } => {
                write!(f, "\"{}\" is not there any more, or the account that reads may not see it", base.shown())
            }
            Self::BaseRenamed { from, to } => {
                write!(f, "\"{}\" was renamed or moved: it is \"{}\" now", from.shown(), to.shown())
            }
            Self::AttributeMissing { attribute } => {
                let name = attribute.name();
                write!(f, "they have no {name} any more: probably the account that reads lost the right to see it")
            }
            Self::MappingEdited { by, at } => {
                let at = crate::model::moment::minute(at);
                write!(f, "the mapping was edited by {} at {at}, after the last sync", by.0.shown())
            }
            Self::MappingRemoved => f.write_str("the mapping was removed"),
            Self::TakenOver { mapping } => write!(f, "the mapping \"{mapping}\" takes them now"),
            Self::MovedAway { to } => {
                write!(f, "they were moved to \"{}\", where the mapping does not look", to.shown())
            }
            Self::Disabled => f.write_str("somebody disabled their accounts"),
            Self::Deleted => f.write_str("they were deleted from the directory"),
            Self::Gone => f.write_str("they are not found any more: deleted, or hidden from the account that reads"),
            Self::Unreadable => f.write_str("the account that reads lost the right to read them"),
            Self::NoLongerMatch => f.write_str("they are still there, but not what the mapping asks for"),
            Self::Excluded { why } => write!(f, "they are excluded now ({})", shown(why)),
            Self::Undone { plan } => write!(f, "plan {plan}, which is taken back, had brought them"),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn by_name<S: serde::Serializer>(attribute: &Attribute, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(attribute.name())
}
