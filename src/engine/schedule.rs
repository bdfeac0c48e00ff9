//! When the directories are read without anybody asking, and by which of several services.

use jiff::{SignedDuration, Timestamp};

use crate::model::frequency::Frequency;
use crate::model::job::Job;
use crate::model::plan::Summary;

use super::{Engine, Error};

/// For how long a service keeps the right to sync without asking for it again.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// What came of a look at the clock.
#[derive(Debug)]
pub enum Ran {
    /// Nothing is due, or another service sees to it.
    Nothing,
    Synced(Box<Summary>),
    Failed(Error),
}

impl Engine {
    /// Syncs when one is due: at the shortest interval that an enabled mapping or the frequency asks for. A sync reads
    /// every mapping, as priorities are among all of them. `tried` is when this service last tried.
    pub fn sync_if_due(&self, holder: &str, tried: Option<Timestamp>, job: &Job) -> Result<Ran, Error> {
        let now = self.now();
        let Some(due) = self.next_sync(tried)? else { return Ok(Ran::Nothing) };
        if due > now || self.is_read_only() {
            return Ok(Ran::Nothing);
        }
        let until = now.checked_add(LEASE).unwrap_or(now);
        if self.store().lease("sync", holder, now, until)?.is_none() {
            return Ok(Ran::Nothing);
        }
        // A user who was looked up meanwhile is in the plan as new and in the cache as known: the next plan knows.
        let again = |error: Error| if error.is_drift() { self.sync(job) } else { Err(error) };
        Ok(match self.sync(job).or_else(again) {
            Ok(summary) => Ran::Synced(Box::new(summary)),
            Err(error) => {
                self.note_failed_sync(&error)?;
                Ran::Failed(error)
            }
        })
    }

    /// When the next sync is due; at once when there has been none. `None` when there is no mapping to read.
    pub fn next_sync(&self, tried: Option<Timestamp>) -> Result<Option<Timestamp>, Error> {
        let frequency = self.frequency()?.map(|kept| kept.value).unwrap_or_default();
        let enabled = self.mappings()?.into_iter().map(|kept| kept.value).filter(|mapping| mapping.enabled);
        let Some(every) = enabled.map(|mapping| mapping.every.unwrap_or(frequency.every)).min() else {
            return Ok(None);
        };
        let last = self.last_sync()?.max(tried);
        let Some(last) = last else { return Ok(Some(self.now())) };
        let frequency = Frequency { every, ..frequency };
        Ok(frequency.next_runs(last, Some(last), 1).first().map(jiff::Zoned::timestamp))
    }
}
