//! The thread that runs the syncs when they are due.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use super::Error;
use crate::engine::{Engine, Ran};
use crate::model::audit::Actor;
use crate::model::job::Job;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(20);

pub(super) struct Schedule {
    end: Sender<()>,
    job: Job,
    thread: JoinHandle<()>,
}

pub(super) fn start(engine: &Engine, stopping: &watch::Receiver<bool>) -> Result<Schedule, Error> {
    let engine = engine.acting_as(Actor::new("scheduler"));
    let holder = engine.correlation_id()?;
    let (end, ended) = channel();
    let job = Job::unwatched();
    let (watched, stopping) = (job.clone(), stopping.clone());
    let run = move || {
        let mut tried = None;
        loop {
            match engine.sync_if_due(&holder, tried, &watched) {
                Ok(Ran::Nothing) => {}
                Ok(Ran::Synced(summary)) => {
                    tried = Some(engine.now());
                    tracing::info!(plan = summary.id, "synced");
                }
                Ok(Ran::Failed(error)) | Err(error) => {
                    tried = Some(engine.now());
                    tracing::warn!(%error, "the sync that was due did not run to its end");
                }
            }
            match engine.check_audit_if_due() {
                Ok(None) => {}
                Ok(Some(fault)) => tracing::error!(fault, "the record of changes is not whole"),
                Err(error) => tracing::warn!(%error, "the record of changes could not be looked at"),
            }
            if *stopping.borrow() || !matches!(ended.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("schedule".to_owned()).spawn(run).map_err(Error::System)?;
    Ok(Schedule { end, job, thread })
}

impl Schedule {
    /// Stops a sync that is under way, with nothing half done, and waits for the thread.
    pub(super) fn stop(self) {
        self.job.cancel();
        drop(self.end);
        let _ = self.thread.join();
    }
}
