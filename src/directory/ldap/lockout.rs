//! When a domain locks an account ([MS-ADA1] 2.347 lockoutThreshold, [MS-ADA1] 2.346 lockOutObservationWindow).

use super::Controller;
use super::request::{Scope, Search};
use super::root::ANYTHING;
use crate::directory::{Error, Lockout};
use crate::model::job::Job;

impl Controller {
    /// What the domain's own policy says. A fine-grained policy may be stricter for some; those are not read.
    pub(in crate::directory) fn lockout(&mut self, job: &Job) -> Result<Option<Lockout>, Error> {
        let domain = self.base(None, job)?;
        let search = Search {
            base: &domain,
            scope: Scope::Base,
            filter: ANYTHING,
            attributes: &["lockoutThreshold", "lockOutObservationWindow"],
            size_limit: 0,
        };
        let entry = self.with(job, async |session, watch| session.readable(&search, watch).await)?;
        Ok(entry.and_then(|entry| {
            let threshold = entry.text("lockoutThreshold")?.parse().ok()?;
            // A span of time is a negative number of 100 ns; the smallest one means for ever.
            let window: i64 = entry.text("lockOutObservationWindow")?.parse().ok()?;
            Some(Lockout { threshold, window: std::time::Duration::from_secs(window.unsigned_abs() / 10_000_000) })
        }))
    }
}
