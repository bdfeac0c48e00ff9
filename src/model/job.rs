//! Progress and cancellation of a long job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The progress of a job.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Progress {
    /// The current task: `reading users`.
    pub what: &'static str,
    pub done: u64,
    /// The total, if known.
    pub of: Option<u64>,
    /// The total of the last run, when this total is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
    /// Items per second so far.
    pub rate: Option<f64>,
}

impl Progress {
    /// Progress without a total.
    pub const fn of(what: &'static str, done: u64) -> Self {
        Self { what, done, of: None, about: None, rate: None }
    }
}

/// A handle of a long task: receives progress and signals cancellation.
#[derive(Clone)]
pub struct Job {
    report: Arc<dyn Fn(Progress) + Send + Sync>,
    canceled: Arc<AtomicBool>,
}

impl Job {
    pub fn new(report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { report: Arc::new(report), canceled: Arc::default() }
    }

    /// A job without progress reports.
    pub fn unwatched() -> Self {
        Self::new(|_| {})
    }

    pub fn report(&self, progress: Progress) {
        (self.report)(progress);
    }

    /// The same job with an estimated total for reports without one.
    #[must_use]
    pub fn expecting(&self, about: Option<u64>) -> Self {
        let report = Arc::clone(&self.report);
        let estimated = move |progress: Progress| report(Progress { about: progress.about.or(about), ..progress });
        Self { report: Arc::new(estimated), canceled: Arc::clone(&self.canceled) }
    }

    /// Asks the job to stop, which it does at its next check, without partial changes.
    pub fn cancel(&self) {
        self.canceled.store(true, Ordering::Relaxed);
    }

    pub fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("canceled", &self.is_canceled()).finish_non_exhaustive()
    }
}
