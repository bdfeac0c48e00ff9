//! Undoing an applied plan, by a plan of its own.

use super::{Error, rules};
use crate::model::mapping::Mapping;
use crate::model::plan::{Cause, State, Summary};
use crate::model::settings::Settings;
use crate::store::{self, By, Store};

/// Stores a plan that restores the cache from before `plan` was applied. Nothing is changed yet: it is applied, and
/// stopped by the safeguard, like any other.
///
/// Added users are removed (and kept, like all removed ones), updated users get back their values and mapping, removed
/// users are added again.
///
/// # Errors
/// [`Error::ChangedSince`] names a user who changed after `plan`; [`Error::NotApplied`].
pub fn undo(store: &Store, plan: i64, by: &By<'_>) -> Result<Summary, Error> {
    let of = store.plan(plan)?.ok_or_else(|| store::Error::Unknown(format!("plan {plan}")))?;
    if !matches!(of.state, State::Applied { .. }) {
        return Err(Error::NotApplied { plan });
    }
    let settings = store.document::<Settings>()?.map(|kept| kept.value).unwrap_or_default();
    let mappings: Vec<Mapping> = store.list()?.into_iter().map(|kept| kept.value).collect();
    let undone = |_: &Mapping| Some(Cause::Undone { plan });
    let made = store.plan_undo(plan, by, |tallies| rules::tripped(settings.safeguard, &mappings, tallies, &undone));
    made.map_err(|error| match error {
        store::Error::Drift { what } => Error::ChangedSince { plan, what },
        error => error.into(),
    })
}
