//! Confirming removals by objectGUID: when the plan is made, to learn why, and again before it is applied, because a
//! user may be back by then.
//!
//! A user who is not found may still exist: an account that cannot see deleted users, or not every user, cannot tell
//! hidden users from deleted ones ([MS-ADTS] 3.1.1.4.5, and the container of tombstones).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rules::own_reason;
use super::{Error, Open, query};
use crate::directory::{Finding, Read};
use crate::model::dn::Dn;
use crate::model::job::{Job, Progress};
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::plan::{Removal, Summary};
use crate::model::user::{Attribute, Guid, User};
use crate::store::{PlannedRemoval, Staging, Store};

/// How many users are looked up at a time.
const BATCH: usize = 500;

/// Looks up each user who was not in the reading of a directory, and stores why. `context` is the directory's naming
/// context, `first` the position of one of its mappings.
pub(super) fn missing(
    staging: &mut Staging,
    read: &mut dyn Read,
    (first, context): (usize, &str),
    job: &Job,
) -> Result<(), Error> {
    let (mut after, mut done) = (0, 0);
    loop {
        let batch = staging.missing(first, after, BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id;
        let guids: Vec<Guid> = batch.iter().map(|user| user.guid).collect();
        let name = staging.mappings()[first].directory.clone();
        let findings = read.find(&guids, None, job).map_err(|source| Error::unread(&name, source))?;
        let mut found = Vec::with_capacity(batch.len());
        for (user, finding) in batch.iter().zip(findings) {
            let (why, user_now) = match finding {
                Finding::There(now) => {
                    let base = staging.mappings().get(user.position).and_then(Mapping::search_base);
                    (where_is(&now, base.unwrap_or(context)), Some(*now))
                }
                Finding::Unreadable => (Removal::Unreadable, None),
                Finding::Deleted => (Removal::Deleted, None),
                Finding::Absent => (Removal::Gone, None),
            };
            found.push((user.id, why, user_now));
        }
        staging.confirmed(&found)?;
        done += batch.len() as u64;
        job.report(Progress::of("looking up missing users", done));
    }
}

fn where_is(user: &User, base: &str) -> Removal {
    match user.first(Attribute::DistinguishedName) {
        Some(dn) if !is_below(dn.raw(), base) => Removal::MovedOut { to: dn.clone() },
        _ => Removal::NoLongerMatches,
    }
}

/// An invalid DN is below nothing; everything is below an invalid base.
fn is_below(dn: &str, base: &str) -> bool {
    let Some(base) = Dn::key_of(base) else { return true };
    Dn::key_of(dn).is_some_and(|key| Dn::is_key_at_or_below(&key, &base))
}

/// Checks, before a plan is applied, that no user whom it removes is back since it was made.
///
/// # Errors
/// [`Error::Back`] names the first who is; nothing is changed.
pub fn confirm(store: &Store, open: &mut Open<'_>, plan: &Summary, now: Timestamp, job: &Job) -> Result<(), Error> {
    let mut after = 0;
    let mut readers: BTreeMap<Name, Box<dyn Read>> = BTreeMap::new();
    loop {
        let batch = store.plan_removals(plan.id, after, BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.line;
        let mut by_mapping: BTreeMap<Name, Vec<PlannedRemoval>> = BTreeMap::new();
        for removal in batch.into_iter().filter(|removal| removal.why.is_confirmed()) {
            by_mapping.entry(removal.mapping.clone()).or_default().push(removal);
        }
        for (name, removals) in by_mapping {
            // Applying checks whether the mapping was changed or removed.
            let Some(mapping) = store.get::<Mapping>(&name)?.map(|kept| kept.value) else { continue };
            if !readers.contains_key(&mapping.directory) {
                let opened = open(&mapping.directory);
                let unopened = |why| Error::Unopened { directory: mapping.directory.clone(), why };
                readers.insert(mapping.directory.clone(), opened.map_err(unopened)?);
            }
            let Some(read) = readers.get_mut(&mapping.directory) else { continue };
            none_is_back(read.as_mut(), &mapping, &removals, now, job)?;
        }
    }
}

fn none_is_back(
    read: &mut dyn Read,
    mapping: &Mapping,
    removals: &[PlannedRemoval],
    now: Timestamp,
    job: &Job,
) -> Result<(), Error> {
    let asked = query::of_mapping(read, mapping, job).map_err(|why| Error::unasked(mapping, why))?;
    let guids: Vec<Guid> = removals.iter().map(|removal| removal.guid).collect();
    let findings = read
        .find(&guids, Some(&asked.query.filter), job)
        .map_err(|source| Error::unread(&mapping.directory, source))?;
    for (removal, finding) in removals.iter().zip(findings) {
        let Finding::There(user) = finding else { continue };
        let dn = user.first(Attribute::DistinguishedName).map(|dn| dn.raw().to_owned()).unwrap_or_default();
        let inside = mapping.search_base().is_none_or(|base| is_below(&dn, base));
        if inside && own_reason(&user, now).is_none() {
            return Err(Error::Back { user: removal.label.clone(), mapping: mapping.name.clone() });
        }
    }
    Ok(())
}
