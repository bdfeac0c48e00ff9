//! Whether a service runs on this state, and the last scheduled sync that failed.
//!
//! A service holds a lock on a file in the state folder while its process lives, so the answer is true at the moment of
//! asking, and needs no clock and no writes.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use rustix::fs::{FlockOperation, flock};

use super::cells::Cells;
use super::{Error, Store};
use crate::model::overview::{Failed, ServiceSeen};

const LOCK: &str = "service.lock";

/// Held by a running service.
#[derive(Debug)]
pub struct ServiceLock {
    _lock: File,
}

impl Store {
    /// Marks the service as running and stores its address and certificate.
    pub fn serve(&self, seen: &ServiceSeen) -> Result<ServiceLock, Error> {
        let path = self.dir().join(LOCK);
        let file = |source| Error::File { path: path.clone(), source };
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(file)?;
        // Several services may run on one state: each holds a shared lock. Asking takes it exclusively for a moment.
        flock(&lock, FlockOperation::LockShared).map_err(|source| file(source.into()))?;
        self.saw_service(seen)?;
        Ok(ServiceLock { _lock: lock })
    }

    /// Stores when a service was stopped.
    pub fn service_stopped(&self, at: Timestamp) -> Result<(), Error> {
        self.write(|transaction| {
            transaction.execute("UPDATE service_run SET stopped_at = ?1", [at.to_string()])?;
            Ok(())
        })
    }

    /// Stores when the administrator's certificate expires.
    pub fn save_certificate_end(&self, ends: Option<Timestamp>) -> Result<(), Error> {
        self.write(|transaction| {
            let ends = ends.map(|ends| ends.to_string());
            transaction.execute("UPDATE service_run SET certificate_ends = ?1", [ends])?;
            Ok(())
        })
    }

    /// Stores the service's address, certificate and times.
    fn saw_service(&self, seen: &ServiceSeen) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT OR REPLACE INTO service_run (one, started_at, address, certificate_ends, stopped_at)
                       VALUES (1, ?1, ?2, ?3, ?4)";
            let ServiceSeen { started_at, address, certificate_ends, stopped_at } = seen;
            let time = |at: &Option<Timestamp>| at.map(|at| at.to_string());
            let row = params![started_at.to_string(), address, time(certificate_ends), time(stopped_at)];
            transaction.execute(sql, row)?;
            Ok(())
        })
    }

    /// Whether a service runs on this state now.
    pub fn is_served(&self) -> bool {
        let lock = OpenOptions::new().read(true).open(self.dir().join(LOCK));
        lock.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err())
    }

    /// Stores why a scheduled sync failed.
    pub fn save_failed_sync(&self, failed: &Failed) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT OR REPLACE INTO failed_sync (one, at, why, help) VALUES (1, ?1, ?2, ?3)";
            transaction.execute(sql, params![failed.at.to_string(), failed.why.raw(), failed.help.raw()])?;
            Ok(())
        })
    }
}

pub(super) fn service_seen(connection: &Connection) -> Result<Option<ServiceSeen>, Error> {
    let sql = "SELECT started_at, address, certificate_ends, stopped_at FROM service_run";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::of(row);
    Ok(Some(ServiceSeen {
        started_at: cells.parsed()?,
        address: cells.text()?,
        certificate_ends: cells.parsed_if()?,
        stopped_at: cells.parsed_if()?,
    }))
}

pub(super) fn failed_sync(connection: &Connection) -> Result<Option<Failed>, Error> {
    let mut statement = connection.prepare_cached("SELECT at, why, help FROM failed_sync")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::of(row);
    Ok(Some(Failed::new(cells.parsed()?, &cells.text()?, &cells.text()?)))
}
