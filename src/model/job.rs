//! How a long job reports and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Progress {
    /// What is being done: `reading users`.
    pub what: &'static str,
    pub done: u64,
    /// The number at which it will be finished, when that is known.
    pub of: Option<u64>,
    /// Where that is not known: how many it was the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
    /// Per second, over the job so far.
    pub rate: Option<f64>,
}

impl Progress {
    /// So many are done, and nothing else is known.
    pub const fn of(what: &'static str, done: u64) -> Self {
        Self { what, done, of: None, about: None, rate: None }
    }
}

/// Handed to everything that may take long: it takes the reports, and says whether to go on.
#[derive(Clone)]
pub struct Job {
    report: Arc<dyn Fn(Progress) + Send + Sync>,
    cancelled: Arc<AtomicBool>,
}

impl Job {
    pub fn new(report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { report: Arc::new(report), cancelled: Arc::default() }
    }

    /// A job that nobody watches and nobody cancels.
    pub fn unwatched() -> Self {
        Self::new(|_| {})
    }

    pub fn report(&self, progress: Progress) {
        (self.report)(progress);
    }

    /// The same job, in which so many are expected where nobody knows how many there will be.
    #[must_use]
    pub fn expecting(&self, about: Option<u64>) -> Self {
        let report = Arc::clone(&self.report);
        let told = move |progress: Progress| report(Progress { about: progress.about.or(about), ..progress });
        Self { report: Arc::new(told), cancelled: Arc::clone(&self.cancelled) }
    }

    /// Asks the job to stop; it does so at its next look, with nothing half done.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}
