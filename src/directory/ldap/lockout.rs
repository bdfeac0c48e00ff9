//! The lockout policy of an account: the domain's policy ([MS-ADA1] 2.347 lockoutThreshold, 2.346 lockOutObservationWindow)
//! and the fine-grained policy of the user ([MS-ADTS] 3.1.1.4.5.36 msDS-ResultantPSO; [MS-ADA2] 2.376
//! msDS-LockoutThreshold, 2.375 msDS-LockoutObservationWindow).

use std::time::Duration;

use super::Controller;
use super::connection::OwnedEntry;
use super::request::{Scope, Search};
use super::root::ANYTHING;
use crate::directory::{Error, Lockout};
use crate::model::job::Job;
use crate::model::user::Guid;

impl Controller {
    /// The stricter of the domain's policy and the user's fine-grained policy. `None` when one of them applies but cannot be
    /// read.
    pub(in crate::directory) fn lockout(&mut self, guid: Guid, job: &Job) -> Result<Option<Lockout>, Error> {
        let domain = self.base(None, job)?;
        self.with(job, async |session, watch| {
            let search =
                |base, attributes| Search { base, scope: Scope::Base, filter: ANYTHING, attributes, size_limit: 0 };
            let of_domain = ["lockoutThreshold", "lockOutObservationWindow"];
            let found = session.readable(&search(&domain, &of_domain), watch).await?;
            let domain = found.and_then(|entry| policy(&entry, of_domain));
            let user = format!("<GUID={guid}>");
            let user = session.readable(&search(&user, &["msDS-ResultantPSO"]), watch).await?;
            let Some(policy_dn) = user.as_ref().and_then(|entry| entry.text("msDS-ResultantPSO")) else {
                return Ok(domain);
            };
            let of_policy = ["msDS-LockoutThreshold", "msDS-LockoutObservationWindow"];
            let found = session.readable(&search(policy_dn, &of_policy), watch).await?;
            let fine_grained = found.and_then(|entry| policy(&entry, of_policy));
            Ok(domain.zip(fine_grained).map(|(domain, fine_grained)| domain.stricter(fine_grained)))
        })
    }
}

fn policy(entry: &OwnedEntry, [threshold, window]: [&str; 2]) -> Option<Lockout> {
    let threshold = entry.text(threshold)?.parse().ok()?;
    // An interval is a negative number of 100 ns units; the minimum means forever.
    let window: i64 = entry.text(window)?.parse().ok()?;
    Some(Lockout { threshold, window: Duration::from_secs(window.unsigned_abs() / 10_000_000) })
}
