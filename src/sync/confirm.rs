//! Whoever would leave is asked for by objectGUID first: when the plan is made, to say why, and again before it is
//! applied, because somebody may be back by then.
//!
//! Not being found proves nothing by itself: to an account that may not see deleted users, or not every user, those
//! who are hidden look like those who were deleted ([MS-ADTS] 3.1.1.4.5, and the tombstones' own container).

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

/// How many users are asked for at a time.
const BATCH: usize = 500;

/// Says of each user whom the reading of a directory did not give why, and keeps it for the plan. `context` is the
/// directory's naming context, `first` the position of one of its mappings.
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
        staging.found(&found)?;
        done += batch.len() as u64;
        job.report(Progress::of("asking for those who are missing", done));
    }
}

fn where_is(user: &User, base: &str) -> Removal {
    match user.first(Attribute::DistinguishedName) {
        Some(dn) if !is_below(dn.raw(), base) => Removal::MovedOut { to: dn.clone() },
        _ => Removal::NoLongerMatches,
    }
}

/// What is no DN is below nothing, and everything is below a base that is none.
fn is_below(dn: &str, base: &str) -> bool {
    let Some(base) = Dn::key_of(base) else { return true };
    Dn::key_of(dn).is_some_and(|key| Dn::is_key_at_or_below(&key, &base))
}

/// Makes sure, before a plan is applied, that whoever it lets go has not come back since it was made.
///
/// # Errors
/// [`Error::Back`] names the first who has; nothing is changed.
pub fn confirm(store: &Store, open: &mut Open<'_>, plan: &Summary, now: Timestamp, job: &Job) -> Result<(), Error> {
    let mut after = 0;
    let mut readers: BTreeMap<Name, Box<dyn Read>> = BTreeMap::new();
    loop {
        let batch = store.plan_removals(plan.id, after, BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.line;
        let mut by_mapping: BTreeMap<Name, Vec<PlannedRemoval>> = BTreeMap::new();
        for leaver in batch.into_iter().filter(|leaver| leaver.why.is_confirmed()) {
            by_mapping.entry(leaver.mapping.clone()).or_default().push(leaver);
        }
        for (name, leavers) in by_mapping {
            // Applying finds out whether the mapping was changed; one that is gone is a change.
            let Some(mapping) = store.get::<Mapping>(&name)?.map(|kept| kept.value) else { continue };
            if !readers.contains_key(&mapping.directory) {
                let opened = open(&mapping.directory);
                let unopened = |why| Error::Unopened { directory: mapping.directory.clone(), why };
                readers.insert(mapping.directory.clone(), opened.map_err(unopened)?);
            }
            let Some(read) = readers.get_mut(&mapping.directory) else { continue };
            is_gone(read.as_mut(), &mapping, &leavers, now, job)?;
        }
    }
}

fn is_gone(
    read: &mut dyn Read,
    mapping: &Mapping,
    leavers: &[PlannedRemoval],
    now: Timestamp,
    job: &Job,
) -> Result<(), Error> {
    let asked = query::of_mapping(read, mapping, job).map_err(|why| Error::unasked(mapping, why))?;
    let guids: Vec<Guid> = leavers.iter().map(|leaver| leaver.guid).collect();
    let findings = read
        .find(&guids, Some(&asked.query.filter), job)
        .map_err(|source| Error::unread(&mapping.directory, source))?;
    for (leaver, finding) in leavers.iter().zip(findings) {
        let Finding::There(user) = finding else { continue };
        let dn = user.first(Attribute::DistinguishedName).map(|dn| dn.raw().to_owned()).unwrap_or_default();
        let inside = mapping.search_base().is_none_or(|base| is_below(&dn, base));
        if inside && own_reason(&user, now).is_none() {
            return Err(Error::Back { user: leaver.label.clone(), mapping: mapping.name.clone() });
        }
    }
    Ok(())
}
