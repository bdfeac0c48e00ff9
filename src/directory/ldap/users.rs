//! Reads users page by page: one thread reads and decodes while the calling thread processes the pages before.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use super::connect::Session;
use super::connection::{OwnedEntry, Watch};
use super::request::{Scope, Search};
use super::{Controller, PAGE};
use crate::directory::decode::{self, Undecodable, Why};
use crate::directory::{Error, Taker, TakerFailed};
use crate::model::job::Job;
use crate::model::user::{Attribute, User};

/// The names of all attributes that imd reads.
pub(super) fn every_attribute() -> Vec<&'static str> {
    // The entry itself has the DN.
    Attribute::ALL.iter().filter(|attribute| **attribute != Attribute::DistinguishedName).map(|a| a.name()).collect()
}

impl Controller {
    /// Passes the users below `base` that match `filter` to `take`, with these attributes, in batches of a page.
    pub(super) fn read_users(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        job: &Job,
        take: &mut Taker<'_>,
    ) -> Result<u64, Error> {
        // Opens a session, so that the reader below has one.
        self.with(job, async |_, _| Ok(()))?;
        let (mut session, _) = self.session.take().expect("with() keeps the session of work that succeeds");
        let driver = &self.driver;
        let search = Search { base, scope: Scope::Subtree, filter, attributes, size_limit: 0 };
        let closed = AtomicBool::new(false);
        let watch = Watch { job, closed: Some(&closed) };
        // One page is queued, one is processed and one is read, so memory use does not depend on the directory's size.
        let (sender, receiver) = sync_channel::<Vec<User>>(1);
        let (read, taken) = thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let read = driver.block_on(pages(&mut session, &search, watch, &sender));
                (read, session)
            });
            let mut taken = Ok(0);
            for batch in receiver {
                let users = batch.len() as u64;
                match (take(batch), &mut taken) {
                    (Ok(()), Ok(count)) => *count += users,
                    (failed, _) => {
                        taken = Err(failed.err().unwrap_or(TakerFailed));
                        break;
                    }
                }
            }
            closed.store(true, Ordering::Relaxed);
            (reader.join().unwrap_or_else(|panic| resume_unwind(panic)), taken)
        });
        let count = taken?;
        let (read, session) = read;
        read?;
        self.session = Some((session, Instant::now()));
        Ok(count)
    }
}

/// Reads every page. Requests the next page before it passes on the current one.
async fn pages(
    session: &mut Session,
    search: &Search<'_>,
    watch: Watch<'_>,
    taker: &SyncSender<Vec<User>>,
) -> Result<(), Error> {
    let mut asked = session.ask_page(search, PAGE, &[], watch).await?;
    loop {
        let mut users = Vec::with_capacity(PAGE as usize);
        let mut cut = Vec::new();
        let cookie = session
            .page(&asked, watch, |entry| {
                match decode::user(entry.dn, entry.values.iter().copied()) {
                    Ok(user) => users.push(user),
                    Err(Undecodable { why: Why::Cut(_), .. }) => cut.push(OwnedEntry::from(entry)),
                    Err(error) => return Err(error.into()),
                }
                Ok(())
            })
            .await?;
        for entry in cut {
            users.push(completed(session, entry, watch).await?);
        }
        let more = match &cookie {
            Some(cookie) => Some(session.ask_page(search, PAGE, cookie, watch).await?),
            None => None,
        };
        if !users.is_empty() {
            taker.send(users).map_err(|_| TakerFailed)?;
        }
        match more {
            Some(next) => asked = next,
            None => return Ok(()),
        }
    }
}

/// Decodes an entry after fetching the remaining values of attributes that the server sent in ranges.
pub(super) async fn completed(session: &mut Session, mut entry: OwnedEntry, watch: Watch<'_>) -> Result<User, Error> {
    // Values that are still missing are an error of the decoder.
    session.complete(&mut entry, watch).await?;
    let values = entry.values.iter().map(|(description, value)| (description.as_str(), value.as_slice()));
    Ok(decode::user(&entry.dn, values)?)
}
