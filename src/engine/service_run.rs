//! Records the state of the service, for the overview.

use jiff::Timestamp;

use crate::model::overview::{Failed, ServiceSeen};
use crate::store::ServiceLock;

use super::{Engine, Error};

/// How often a running service checks the whole audit log.
const AUDIT_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

impl Engine {
    /// Records that a service runs, until the result is dropped. `certificate_ends` is the expiry of the
    /// administrator's own certificate.
    pub fn serving(&self, address: &str, certificate_ends: Option<Timestamp>) -> Result<ServiceLock, Error> {
        let at = self.by("serve")?.at;
        let seen = ServiceSeen { started_at: at, address: address.to_owned(), certificate_ends, stopped_at: None };
        Ok(self.store().serve(&seen)?)
    }

    /// Records that the service was stopped normally.
    pub fn stopped_serving(&self) -> Result<(), Error> {
        Ok(self.store().service_stopped(self.by("serve")?.at)?)
    }

    /// Records the expiry of a reloaded administrator's certificate.
    pub fn shows_certificate(&self, ends: Option<Timestamp>) -> Result<(), Error> {
        self.by("serve")?;
        Ok(self.store().save_certificate_end(ends)?)
    }

    /// When the certificate that laptops trust expires: the administrator's, or that of the authority.
    pub(super) fn certificate_ends(&self, seen: Option<&ServiceSeen>) -> Result<Option<Timestamp>, Error> {
        if let Some(ends) = seen.and_then(|seen| seen.certificate_ends) {
            return Ok(Some(ends));
        }
        Ok(self.store().authority()?.and_then(|authority| certificate_end(&authority.certificate)))
    }

    /// Records why a scheduled sync failed. A sync that waits for approval or was canceled has not failed.
    pub(super) fn note_failed_sync(&self, error: &Error) -> Result<(), Error> {
        if error.needs_you() || error.is_canceled() {
            return Ok(());
        }
        let at = self.by("sync")?.at;
        Ok(self.store().save_failed_sync(&Failed::new(at, &error.to_string(), &error.help()))?)
    }

    /// Checks the whole audit log if the last check is more than a day old; returns what is wrong with it.
    pub fn check_audit_if_due(&self) -> Result<Option<String>, Error> {
        let now = self.now();
        match self.store().audit_checked_at()? {
            Some(at) if now.duration_since(at).abs() < AUDIT_EVERY => Ok(None),
            _ => Ok(self.verify_audit()?.fault()),
        }
    }
}

/// When a certificate (DER) expires.
pub fn certificate_end(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
