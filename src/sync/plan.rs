//! Reads every mapping's users and stores what a sync would change.

use std::sync::mpsc::{SyncSender, sync_channel};

use super::{Error, confirm, query, rules};
use crate::directory::{self, Read, TakerFailed};
use crate::filter::Filter;
use crate::model::job::{Job, Progress};
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::plan::{Cause, Summary};
use crate::model::settings::Settings;
use crate::model::text::Untrusted;
use crate::model::user::{Guid, User};
use crate::store::{By, Seen, Staging, Store};

/// Opens the directory of that name.
pub type Open<'a> = dyn FnMut(&Name) -> Result<Box<dyn Read>, Unopened> + 'a;

/// Why a directory could not be opened, in the words of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    pub why: String,
    /// What to do next.
    pub help: String,
}

impl From<directory::Error> for Unopened {
    fn from(error: directory::Error) -> Self {
        Self { why: error.to_string(), help: error.help() }
    }
}

/// Reads the users of every enabled mapping for mass deployment and stores what would change as a plan.
///
/// Nothing is changed, and no plan is stored, unless every directory was read completely. The plan removes users of the
/// mappings that were read and of removed mappings; users of a disabled mapping stay. Each user who was not in the
/// reading is looked up by objectGUID to learn why.
///
/// # Errors
/// [`Error::Base`] when the entry below which a mapping searches does not exist: no plan is made.
pub fn plan(store: &Store, open: &mut Open<'_>, by: &By<'_>, job: &Job) -> Result<Summary, Error> {
    let settings = store.document::<Settings>()?.map(|kept| kept.value).unwrap_or_default();
    let mut staging = store.stage()?;
    let mappings = staging.mappings().to_vec();
    if mappings.is_empty() && !staging.has_leftovers() {
        return Err(Error::NothingToRead);
    }
    // A wrong filter is an error before any directory is opened.
    for mapping in &mappings {
        Filter::of_mapping(mapping, &[]).map_err(|source| Error::Filter { mapping: mapping.name.clone(), source })?;
    }
    let mut bases = Bases { store, found: Vec::new(), changed: Vec::new() };
    let pilot_group = settings.pilot_group.as_deref();
    let reading = job.expecting(before(store)?);
    let mut readings =
        staged(&mut staging, by, |send| read_all(&mappings, pilot_group, open, &mut bases, by, &reading, &send))?;
    for Reading { first, seen, read, .. } in &mut readings {
        confirm::missing(&mut staging, read.as_mut(), (*first, &seen.naming_context), job)?;
    }
    for Reading { first, seen, allowed, .. } in readings {
        staging.saw(first, seen);
        staging.allowed(first, pilot_group.map(str::to_owned).zip(allowed));
    }
    for (position, base, guid) in &bases.found {
        staging.searched(*position, base, *guid);
    }
    if job.is_canceled() {
        return Err(Error::Canceled);
    }
    job.report(Progress::of("comparing with the cache", 0));
    let changed = |mapping: &Mapping| {
        let of = bases.changed.iter().find(|(name, _)| *name == mapping.name);
        of.map(|(_, cause)| cause.clone())
    };
    Ok(staging.finish(by, job, |tallies| rules::tripped(settings.safeguard, &mappings, tallies, &changed))?)
}

/// How many users the last sync read: the best estimate of how many there are now.
fn before(store: &Store) -> Result<Option<u64>, crate::store::Error> {
    let last = store.plans(LOOKED_AT)?.into_iter().find(|plan| plan.undoes.is_none());
    Ok(last.map(|plan| plan.counts.matched))
}

/// How many plans are searched for the last sync: few of them are undos.
const LOOKED_AT: usize = 20;

/// A directory that was read.
struct Reading {
    /// The position of its first mapping.
    first: usize,
    seen: Seen,
    /// The members of the pilot group; absent without one.
    allowed: Option<Vec<Guid>>,
    /// Still open, to look up missing users.
    read: Box<dyn Read>,
}

/// Where mappings search: the present entry, and the one at the last reading.
struct Bases<'a> {
    store: &'a Store,
    /// By position.
    found: Vec<(usize, String, Guid)>,
    /// Mappings with a base that is another entry under the same name.
    changed: Vec<(Name, Cause)>,
}

impl Bases<'_> {
    /// Checks the entry below which the mapping at `position` searches.
    ///
    /// # Errors
    /// [`Error::Base`] when it does not exist.
    fn look(&mut self, position: usize, mapping: &Mapping, read: &mut dyn Read, job: &Job) -> Result<(), Error> {
        let Some(base) = mapping.search_base() else { return Ok(()) };
        let failed = |source| Error::unread(&mapping.directory, source);
        let place = read.place(base, job).map_err(failed)?;
        let before = self.store.searched(&mapping.name)?.filter(|(seen, _)| seen == base).map(|(_, guid)| guid);
        let guid = place.as_ref().and_then(|place| place.guid);
        if place.is_some() && (before.is_none() || guid.is_none() || before == guid) {
            self.found.extend(guid.map(|guid| (position, base.to_owned(), guid)));
            return Ok(());
        }
        let now = before.map(|guid| read.place_of(guid, job)).transpose().map_err(failed)?.flatten();
        let cause = match now {
            Some(now) => Cause::BaseRenamed { from: Untrusted::new(base), to: now.dn },
            None => Cause::BaseGone { base: Untrusted::new(base) },
        };
        if place.is_none() {
            return Err(Error::Base { mapping: mapping.name.clone(), cause: Box::new(cause) });
        }
        // Another entry has that name now.
        self.found.extend(guid.map(|guid| (position, base.to_owned(), guid)));
        self.changed.push((mapping.name.clone(), cause));
        Ok(())
    }
}

/// Users whom a mapping matches, between the reading and the storing thread.
type Batch = (usize, Vec<User>);

/// Stores what `read` sends on a thread of its own, so that the next page is read meanwhile. An error there stops the
/// reading and is the one that is returned.
fn staged<T>(
    staging: &mut Staging,
    by: &By<'_>,
    read: impl FnOnce(SyncSender<Batch>) -> Result<T, Error>,
) -> Result<T, Error> {
    let now = by.at;
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Batch>(4);
        let stage = scope.spawn(move || -> Result<(), crate::store::Error> {
            for (position, users) in receive {
                staging.take(position, &users, |user| rules::own_reason(user, now))?;
            }
            Ok(())
        });
        let read = read(send);
        match stage.join() {
            Ok(Ok(())) => read,
            Ok(Err(error)) => Err(error.into()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Reads directory by directory, and in each mapping by mapping in the order of priority.
fn read_all(
    mappings: &[Mapping],
    pilot_group: Option<&str>,
    open: &mut Open<'_>,
    bases: &mut Bases<'_>,
    by: &By<'_>,
    job: &Job,
    send: &SyncSender<Batch>,
) -> Result<Vec<Reading>, Error> {
    let (mut readings, mut done) = (Vec::new(), 0);
    for (first, mapping) in mappings.iter().enumerate() {
        let name = &mapping.directory;
        if mappings[..first].iter().any(|mapping| mapping.directory == *name) {
            continue;
        }
        let failed = |source| Error::unread(name, source);
        let mut reader = open(name).map_err(|why| Error::Unopened { directory: name.clone(), why })?;
        let root = reader.root(job).map_err(failed)?;
        let directory::Root { naming_context, domain, netbios, .. } = root;
        let seen = Seen { at: by.at, naming_context, domain, netbios };
        let of_this = mappings.iter().enumerate().skip(first).filter(|(_, mapping)| mapping.directory == *name);
        for (position, mapping) in of_this {
            bases.look(position, mapping, reader.as_mut(), job)?;
            let asked = query::of_mapping(reader.as_mut(), mapping, job);
            let asked = asked.map_err(|why| Error::unasked(mapping, why))?;
            let mut take = |users: Vec<User>| {
                done += u64::try_from(users.len()).unwrap_or(0);
                job.report(Progress::of("reading users", done));
                send.send((position, users)).map_err(|_| TakerFailed)
            };
            reader.users(&asked.query, job, &mut take).map_err(failed)?;
        }
        let allowed = pilot_group.map(|group| query::members(reader.as_mut(), group, mapping, job)).transpose();
        let allowed = allowed.map_err(|why| Error::unasked(mapping, why))?;
        readings.push(Reading { first, seen, allowed, read: reader });
    }
    Ok(readings)
}
