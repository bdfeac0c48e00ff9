//! Looking up one user before the next sync: which mapping would take them, if any.

use jiff::Timestamp;

use super::{Error, Outcome, explain_user};
use crate::directory::Read;
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::user::User;

/// The mapping that would take a user of the directory that `read` reads. `mappings` are those of that directory that a
/// sync would read, in the order of priority; search, filter and guidelines are those of a sync.
pub fn taken_by(
    read: &mut dyn Read,
    user: &User,
    mappings: &[Mapping],
    now: Timestamp,
    job: &Job,
) -> Result<Option<Name>, Error> {
    let explained = explain_user(read, user, mappings, now, job)?;
    Ok(explained.into_iter().find(|one| one.outcome == Outcome::Takes).map(|one| one.mapping))
}
