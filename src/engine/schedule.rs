//! Schedules the syncs, and decides which of several services runs them.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::frequency::Frequency;
use crate::model::job::Job;
use crate::model::plan::Summary;

use super::{Engine, Error};

/// How long a service holds the sync lease without renewing it.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// How often it renews the lease during a sync.
const LEASE_RENEWED: Duration = Duration::from_mins(3);

/// The result of a check of the schedule.
#[derive(Debug)]
pub enum Ran {
    /// Nothing is due, or another service runs the sync.
    Nothing,
    Synced(Box<Summary>),
    Failed(Error),
}

impl Engine {
    /// Runs a sync when one is due, at the shortest sync interval of the enabled mappings and the frequency. A sync
    /// reads every mapping, because priorities apply across all of them. `tried` is when this service last tried.
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
        let renew = || {
            let now = self.now();
            let until = now.checked_add(LEASE).unwrap_or(now);
            if !matches!(self.store().lease("sync", holder, now, until), Ok(Some(_))) {
                tracing::warn!("cannot renew the sync lease: another service may start a sync, too");
            }
        };
        // A user who was looked up during the sync is new in the plan but already cached; the next plan is correct.
        let again = |error: Error| if error.is_drift() { self.sync(job) } else { Err(error) };
        Ok(match while_renewing(LEASE_RENEWED, &renew, || self.sync(job).or_else(again)) {
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
        let Some(interval) = enabled.map(|mapping| mapping.interval.unwrap_or(frequency.interval)).min() else {
            return Ok(None);
        };
        let last = self.last_sync()?.max(tried);
        let Some(last) = last else { return Ok(Some(self.now())) };
        let frequency = Frequency { interval, ..frequency };
        Ok(frequency.next_runs(last, Some(last), 1).first().map(jiff::Zoned::timestamp))
    }
}

/// Runs the sync, and renews the lease in another thread: progress reports may come from within a transaction.
fn while_renewing<T>(every: Duration, renew: &(dyn Fn() + Sync), work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (working, is_done) = channel::<()>();
        scope.spawn(move || {
            while matches!(is_done.recv_timeout(every), Err(RecvTimeoutError::Timeout)) {
                renew();
            }
        });
        let done = work();
        drop(working);
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_takes_long_is_renewed_until_it_ends() {
        let (renewed, is_renewed) = channel();
        let renew = move || {
            let _ = renewed.send(());
        };
        let done = while_renewing(Duration::from_millis(1), &renew, || {
            (0..3).all(|_| is_renewed.recv_timeout(Duration::from_mins(1)).is_ok())
        });
        assert!(done, "it was renewed three times while it worked");
    }
}
