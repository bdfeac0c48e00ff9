//! From a directory to the cache: read, confirm, plan, safeguard, apply; and undo.
//!
//! May import `model`, `filter`, `secrets`, `directory` and `store`. Rules: a plan is made only from a complete
//! reading; it says which users are added, updated, removed and excluded, and why; it is stored and hashed before it is
//! applied, and applying never plans again; every removal is confirmed by objectGUID first; a suspicious plan waits
//! until an administrator approves that very plan.

mod confirm;
mod explain;
mod look_up;
mod plan;
mod preview;
mod query;
mod rules;
mod undo;

use jiff::{SignedDuration, Timestamp};

pub use confirm::confirm;
pub use explain::{Explanation, Line, Outcome, Scope, explain_user};
pub use look_up::taken_by;
pub use plan::{Open, Unopened, plan};
pub use preview::{Preview, overlaps, preview};
pub use undo::undo;

use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::plan::{Cause, State, Summary, Tripped};
use crate::model::text::Untrusted;
use crate::store::{By, Store};
use crate::{directory, filter, store};
use query::Unasked;

/// For how long a plan may be applied after it was made.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(store::Error),

    #[error("the directory \"{directory}\" could not be opened: {}", why.why)]
    Unopened { directory: Name, why: Unopened },

    #[error("the directory \"{directory}\" could not be read, so nothing was changed: {source}")]
    Read { directory: Name, source: directory::Error },

    #[error("the mapping \"{mapping}\" cannot be read: {source}")]
    Filter { mapping: Name, source: filter::Error },

    /// The entry below which a mapping searches does not exist: no user was read, so none is removed.
    #[error("the mapping \"{mapping}\" finds no users, so nothing was changed: {cause}")]
    Base { mapping: Name, cause: Box<Cause> },

    #[error("{} is in the directory again and mapping \"{mapping}\" matches; nothing was applied", user.shown())]
    Back { user: Untrusted, mapping: Name },

    #[error("plan {plan} was never applied, so it cannot be undone")]
    NotApplied { plan: i64 },

    #[error("{what} changed after plan {plan} was applied, so the plan cannot be undone")]
    ChangedSince { plan: i64, what: String },

    #[error("no mapping is enabled, so there is nothing to read")]
    NothingToRead,

    #[error("the safeguard stopped plan {plan}: {}", in_words(reasons))]
    NeedsApproval { plan: i64, hash: String, reasons: Vec<Tripped> },

    #[error("the approved hash is not that of plan {plan}")]
    OtherPlan { plan: i64, hash: String },

    #[error("plan {plan} was made at {made_at} and has expired; a plan can be applied for one hour")]
    Expired { plan: i64, made_at: Timestamp },

    #[error("plan {plan} was already applied at {at}")]
    Applied { plan: i64, at: Timestamp },

    #[error("canceled; nothing was changed")]
    Canceled,
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Store(error) => error.help(),
            Self::Unopened { why, .. } => why.help.clone(),
            Self::Read { source, .. } => source.help(),
            Self::Filter { source, .. } => source.help(),
            Self::Base { cause, .. } => cause.remedy(),
            Self::NotApplied { .. } => "`imd sync list` shows which plans were applied".to_owned(),
            Self::ChangedSince { .. } => {
                "undo the later plans first, the newest first (`imd sync list`); or fix it in the directory and sync"
                    .to_owned()
            }
            Self::Back { .. } => "make a new plan, review it, and apply it: imd sync".to_owned(),
            Self::NothingToRead => "add a mapping (step 3), or enable one".to_owned(),
            Self::NeedsApproval { plan, hash, reasons } => {
                let remedy =
                    reasons.first().map_or_else(String::new, |tripped| format!("{}; ", tripped.cause.remedy()));
                format!(
                    "{remedy}`imd sync show {plan}` lists every change; `imd sync --approve {hash}` applies exactly that \
                     plan, within one hour"
                )
            }
            Self::OtherPlan { plan, hash } => {
                format!("review it with `imd sync show {plan}`; its hash is {hash}")
            }
            Self::Expired { .. } | Self::Applied { .. } => "make a new plan: imd sync".to_owned(),
            Self::Canceled => "start it again when you are ready".to_owned(),
        }
    }

    /// True when an administrator has to decide before it can continue: exit code 3.
    pub fn needs_you(&self) -> bool {
        matches!(
            self,
            Self::NeedsApproval { .. }
                | Self::OtherPlan { .. }
                | Self::Base { .. }
                | Self::Back { .. }
                | Self::Store(store::Error::Drift { .. })
        )
    }
}

/// What tripped the safeguard, each with its probable cause.
fn in_words(reasons: &[Tripped]) -> String {
    let words = reasons.iter().map(|tripped| format!("{tripped}: {}", tripped.cause));
    words.collect::<Vec<_>>().join("; ")
}

impl Error {
    /// Why a mapping's users were not asked for.
    fn unasked(mapping: &Mapping, why: Unasked) -> Self {
        match why {
            Unasked::Filter(source) => Self::Filter { mapping: mapping.name.clone(), source },
            Unasked::Read(source) => Self::unread(&mapping.directory, source),
        }
    }

    fn unread(directory: &Name, source: directory::Error) -> Self {
        match source {
            directory::Error::Canceled => Self::Canceled,
            source => Self::Read { directory: directory.clone(), source },
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Canceled => Self::Canceled,
            error => Self::Store(error),
        }
    }
}

/// Whether a plan may be applied now, and if not, why. This asks no directory; [`confirm`] does.
pub fn allowed(plan: &Summary, approval: Option<&str>, now: Timestamp) -> Result<(), Error> {
    may_apply(plan, approval, now)
}

/// Applies a stored plan in one transaction, completely or not at all. A plan that the safeguard stopped needs the
/// approval of its hash.
pub fn apply(store: &Store, plan: i64, approval: Option<&str>, by: &By<'_>, job: &Job) -> Result<Summary, Error> {
    store.apply_plan(plan, by, job, |plan| may_apply(plan, approval, by.at))
}

fn may_apply(plan: &Summary, approval: Option<&str>, now: Timestamp) -> Result<(), Error> {
    let Summary { id, made_at, hash, state, .. } = plan;
    if let State::Applied { at } = state {
        return Err(Error::Applied { plan: *id, at: *at });
    }
    if now.duration_since(*made_at) > GOOD_FOR {
        return Err(Error::Expired { plan: *id, made_at: *made_at });
    }
    match (state, approval) {
        (_, Some(approved)) if !approved.eq_ignore_ascii_case(hash) => {
            Err(Error::OtherPlan { plan: *id, hash: hash.clone() })
        }
        (State::Stopped { reasons }, None) => {
            Err(Error::NeedsApproval { plan: *id, hash: hash.clone(), reasons: reasons.clone() })
        }
        _ => Ok(()),
    }
}
