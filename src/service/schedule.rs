//! The scheduler: a thread that runs syncs when they are due.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use super::Error;
use crate::engine::{Engine, Ran};
use crate::model::audit::Actor;
use crate::model::job::Job;

/// How often due syncs are checked.
const INTERVAL: Duration = Duration::from_secs(20);

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
                    tracing::info!(plan = summary.id, "sync finished");
                }
                Ok(Ran::Failed(error)) | Err(error) => {
                    tried = Some(engine.now());
                    tracing::warn!(%error, "scheduled sync failed");
                }
            }
            match engine.check_audit_if_due() {
                Ok(None) => {}
                Ok(Some(fault)) => tracing::error!(fault, "the audit log is damaged"),
                Err(error) => tracing::warn!(%error, "cannot verify the audit log"),
            }
            if *stopping.borrow() || !matches!(ended.recv_timeout(INTERVAL), Err(RecvTimeoutError::Timeout)) {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("schedule".to_owned()).spawn(run).map_err(Error::System)?;
    Ok(Schedule { end, job, thread })
}

impl Schedule {
    /// Cancels a running sync, which changes nothing then, and waits for the thread.
    pub(super) fn stop(self) {
        self.job.cancel();
        drop(self.end);
        let _ = self.thread.join();
    }
}
