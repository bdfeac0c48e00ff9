//! Why the safeguard stopped a plan: what is suspicious in it, what probably happened, and what to do about it.

use jiff::Timestamp;

use crate::model::audit::Actor;
use crate::model::name::Name;
use crate::model::text::{Untrusted, shown};
use crate::model::user::Attribute;

/// What the safeguard stopped a plan for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tripped {
    pub mapping: Name,
    pub loss: Loss,
    /// The mapping's active users before.
    pub had: u64,
    /// How many of them lose something by the plan.
    pub users: u64,
    /// How many the safeguard allows.
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
    /// Users are removed.
    Leaving,
    /// Users are removed because their accounts are disabled.
    Disabled,
    /// Users are removed who are in the directory, but whom the bind account cannot read.
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
            Loss::Everybody => write!(f, "all users of mapping \"{mapping}\" would be removed ({had})"),
            Loss::Leaving => {
                write!(f, "{of} of mapping \"{mapping}\" would be removed; the safeguard allows {allowed}")
            }
            Loss::Disabled => {
                write!(
                    f,
                    "{of} of mapping \"{mapping}\" are disabled and would be removed; the safeguard allows {allowed}"
                )
            }
            Loss::Unreadable => {
                write!(f, "{of} of mapping \"{mapping}\" would be removed although they are in the directory")
            }
            Loss::Attribute(attribute) => {
                let name = attribute.name();
                write!(f, "{of} of mapping \"{mapping}\" would lose their {name}; the safeguard allows {allowed}")
            }
        }
    }
}

/// What probably happened. Each has one remedy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The directory answered without an error and without users.
    AnswerEmpty,
    /// There is nothing at the DN that the mapping searches below.
    BaseGone { base: Untrusted },
    /// What the mapping searched below is still there, under another name.
    BaseRenamed { from: Untrusted, to: Untrusted },
    /// The users no longer have a value of it.
    AttributeMissing {
        #[serde(serialize_with = "by_name")]
        attribute: Attribute,
    },
    /// The mapping was edited after the last sync.
    MappingEdited { by: Actor, at: Timestamp },
    /// The mapping was removed.
    MappingRemoved,
    /// Another mapping matches its users now.
    TakenOver { mapping: Name },
    /// They were moved to where the mapping does not search.
    MovedAway { to: Untrusted },
    /// Their accounts were disabled.
    Disabled,
    /// They were deleted: the directory itself says so.
    Deleted,
    /// They are not found: deleted, or hidden from the bind account.
    Gone,
    /// They are found, but nothing of them can be read.
    Unreadable,
    /// They are in the directory, but no longer match the mapping.
    NoLongerMatch,
    /// They are excluded; the word is that of [`LeftOut::code`](super::LeftOut::code).
    Excluded { why: String },
    /// The plan undoes an earlier one, which added them.
    Undone { plan: i64 },
}

impl Cause {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::AnswerEmpty => {
                "check in the directory whether the OU is empty; if it is not, grant the bind account \
                                  List Contents and Read All Properties on it, and sync again"
                    .to_owned()
            }
            Self::BaseGone { .. } => {
                "correct the OU of the mapping (step 3), or grant the bind account read access to it; \
                                      if the OU was deleted on purpose, remove the mapping"
                    .to_owned()
            }
            Self::BaseRenamed { to, .. } => {
                format!("set the OU of the mapping (step 3) to \"{}\", and sync again", to.shown())
            }
            Self::AttributeMissing { attribute } => {
                let name = attribute.name();
                format!("grant the bind account read access to {name} (Read All Properties on the OU), and sync again")
            }
            Self::MappingEdited { .. } => {
                "check the mapping (step 3): if the change was intended, approve the plan".to_owned()
            }
            Self::MappingRemoved => {
                "if its users are to be removed, approve the plan; else add a mapping of that name again".to_owned()
            }
            Self::TakenOver { mapping } => {
                format!("if they belong to \"{mapping}\", approve the plan; else move it down: `imd mapping order`")
            }
            Self::MovedAway { to } => {
                format!("if they are to stay, add a mapping for \"{}\"; else approve the plan", to.shown())
            }
            Self::Disabled => "if these accounts were disabled on purpose, approve the plan".to_owned(),
            Self::Deleted => "if these users were deleted on purpose, approve the plan".to_owned(),
            Self::Gone => "check in the directory whether they were deleted: if so, approve the plan; else grant \
                           the bind account read access to them"
                .to_owned(),
            Self::Unreadable => "grant the bind account Read All Properties on them, and sync again".to_owned(),
            Self::NoLongerMatch => {
                "check a few of them in the directory; if they are to be removed, approve the plan".to_owned()
            }
            Self::Excluded { .. } => "the plan says why for each; correct them in the directory".to_owned(),
            Self::Undone { .. } => "if they are to be removed again, approve the plan".to_owned(),
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AnswerEmpty => f.write_str(
                "the directory returned no users: the OU is empty, or the bind account cannot read its content",
            ),
            Self::BaseGone { base } => {
                write!(f, "\"{}\" no longer exists, or the bind account cannot read it", base.shown())
            }
            Self::BaseRenamed { from, to } => {
                write!(f, "\"{}\" was renamed or moved: it is \"{}\" now", from.shown(), to.shown())
            }
            Self::AttributeMissing { attribute } => {
                let name = attribute.name();
                write!(f, "they no longer have a {name}: the bind account probably lost the right to read it")
            }
            Self::MappingEdited { by, at } => {
                let at = crate::model::moment::minute(at);
                write!(f, "the mapping was edited by {} at {at}, after the last sync", by.0.shown())
            }
            Self::MappingRemoved => f.write_str("the mapping was removed"),
            Self::TakenOver { mapping } => write!(f, "the mapping \"{mapping}\" matches them now"),
            Self::MovedAway { to } => {
                write!(f, "they were moved to \"{}\", where the mapping does not search", to.shown())
            }
            Self::Disabled => f.write_str("their accounts were disabled"),
            Self::Deleted => f.write_str("they were deleted from the directory"),
            Self::Gone => f.write_str("they are no longer found: deleted, or hidden from the bind account"),
            Self::Unreadable => f.write_str("the bind account lost the right to read them"),
            Self::NoLongerMatch => f.write_str("they are still in the directory, but no longer match the mapping"),
            Self::Excluded { why } => write!(f, "they are excluded now ({})", shown(why)),
            Self::Undone { plan } => write!(f, "plan {plan}, which is undone, added them"),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn by_name<S: serde::Serializer>(attribute: &Attribute, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(attribute.name())
}
