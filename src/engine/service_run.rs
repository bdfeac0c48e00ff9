//! What the service says of itself while it runs, for those who look at the state meanwhile or afterwards.

use jiff::Timestamp;

use crate::model::overview::{Failed, ServiceSeen};
use crate::store::ServiceLock;

use super::{Engine, Error};

/// How often all of the audit is looked at while a service runs.
const AUDIT_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

impl Engine {
    /// Says that a service runs, until what is returned is dropped. `certificate_ends` is of the administrator's own
    /// certificate.
    pub fn serving(&self, address: &str, certificate_ends: Option<Timestamp>) -> Result<ServiceLock, Error> {
        let at = self.by("serve")?.at;
        let seen = ServiceSeen { started_at: at, address: address.to_owned(), certificate_ends, stopped_at: None };
        Ok(self.store().serve(&seen)?)
    }

    /// Says that the service was stopped as it should be.
    pub fn stopped_serving(&self) -> Result<(), Error> {
        Ok(self.store().service_stopped(self.by("serve")?.at)?)
    }

    /// Says when the administrator's certificate ends that is shown from now on.
    pub fn shows_certificate(&self, ends: Option<Timestamp>) -> Result<(), Error> {
        self.by("serve")?;
        Ok(self.store().save_certificate_end(ends)?)
    }

    /// When what laptops believe ends: the administrator's certificate, or the authority.
    pub(super) fn certificate_ends(&self, seen: Option<&ServiceSeen>) -> Result<Option<Timestamp>, Error> {
        if let Some(ends) = seen.and_then(|seen| seen.certificate_ends) {
            return Ok(Some(ends));
        }
        Ok(self.store().authority()?.and_then(|authority| certificate_end(&authority.certificate)))
    }

    /// Keeps why a sync failed that nobody was there to see; one that waits for an approval, or was stopped on purpose,
    /// has not failed.
    pub(super) fn note_failed_sync(&self, error: &Error) -> Result<(), Error> {
        if error.needs_you() || error.is_cancelled() {
            return Ok(());
        }
        let at = self.by("sync")?.at;
        Ok(self.store().save_failed_sync(&Failed::new(at, &error.to_string(), &error.help()))?)
    }

    /// Looks at all of the audit when that was not done for a day; says what is wrong with it.
    pub fn check_audit_if_due(&self) -> Result<Option<String>, Error> {
        let now = self.now();
        match self.store().audit_checked_at()? {
            Some(at) if now.duration_since(at).abs() < AUDIT_EVERY => Ok(None),
            _ => Ok(self.verify_audit()?.fault()),
        }
    }
}

/// When a certificate (DER) ends.
pub fn certificate_end(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
