//! Taking an applied plan back: a plan of its own, made from what that plan kept.

use super::{Error, rules};
use crate::model::mapping::Mapping;
use crate::model::plan::{Cause, State, Summary};
use crate::model::settings::Settings;
use crate::store::{self, By, Store};

/// Stores a plan that puts the cache back to what it was before `plan` was applied. Nothing is changed yet: it is
/// applied, and stopped by the fuse, like any other.
///
/// Whoever came leaves (they are kept, as all who left are), whoever changed gets back the values and the mapping
/// from before, whoever left comes back.
///
/// # Errors
/// [`Error::ChangedSince`] names who was changed after `plan`; [`Error::NotApplied`].
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
