//! The service's authority, refusals, the pause, and leases.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::cells::{Cells, word};
use super::transaction::{Snapshot, WriteTransaction};
use super::{By, Error, Store, audit};
use crate::model::refusal::Refusal;
use crate::model::text::Untrusted;

/// How many refusals are kept.
const REFUSALS: i64 = 100_000;

/// The installation's own certificate authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// DER.
    pub certificate: Vec<u8>,
    pub pin: String,
    pub sealed_key: Vec<u8>,
    pub created_at: Timestamp,
}

/// A pause of enrollments and activations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Pause {
    pub since: Timestamp,
    /// Absent: until an administrator resumes.
    pub until: Option<Timestamp>,
    pub by: Untrusted,
}

impl Store {
    pub fn authority(&self) -> Result<Option<Authority>, Error> {
        self.read(|connection| {
            let sql = "SELECT certificate, pin, sealed_key, created_at FROM authority";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let mut cells = Cells::of(row);
            Ok(Some(Authority {
                certificate: cells.next()?,
                pin: cells.text()?,
                sealed_key: cells.next()?,
                created_at: cells.parsed()?,
            }))
        })
    }

    /// Stores the authority, unless there is one: tokens carry the pin of the first.
    pub fn add_authority(&self, authority: &Authority, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO authority (one, certificate, pin, sealed_key, created_at) VALUES (1, ?1, ?2, ?3, ?4)
                       ON CONFLICT DO NOTHING";
            let Authority { certificate, pin, sealed_key, created_at } = authority;
            if transaction.execute(sql, params![certificate, pin, sealed_key, created_at.to_string()])? == 0 {
                return Ok(());
            }
            audit::append(transaction, by, "authority", &format!("created; pin {pin}"))
        })
    }

    /// Refusals, the newest first: all, or those with that correlation id or of that device.
    pub fn refusals(&self, of: Option<&str>, limit: u64) -> Result<Vec<Refusal>, Error> {
        self.read(|connection| {
            let sql = "SELECT at, correlation, act, reason, detail, device, user, peer FROM refusal
                       WHERE ?1 IS NULL OR correlation = ?1 OR device = ?1 ORDER BY number DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![of, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                all.push(Refusal {
                    at: cells.parsed()?,
                    correlation: cells.text()?,
                    act: cells.word()?,
                    reason: cells.text()?,
                    detail: Untrusted::new(cells.text()?),
                    device: cells.parsed_if()?,
                    user: cells.next::<Option<String>>()?.map(Untrusted::new),
                    peer: cells.text()?,
                });
            }
            Ok(all)
        })
    }

    pub fn pause(&self, until: Option<Timestamp>, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO pause (one, until, since, by) VALUES (1, ?1, ?2, ?3)
                       ON CONFLICT (one) DO UPDATE SET until = excluded.until, since = excluded.since, by = excluded.by";
            let until = until.map(|until| until.to_string());
            transaction.execute(sql, params![until, by.at.to_string(), by.actor.0.raw()])?;
            let detail = until.map_or_else(|| "paused".to_owned(), |until| format!("paused until {until}"));
            audit::append(transaction, by, "activations", &detail)
        })
    }

    /// False when nothing was paused.
    pub fn resume(&self, by: &By<'_>) -> Result<bool, Error> {
        self.write(|transaction| {
            if transaction.execute("DELETE FROM pause", [])? == 0 {
                return Ok(false);
            }
            audit::append(transaction, by, "activations", "resumed").map(|()| true)
        })
    }

    /// Acquires or renews the lease of `what` until then. `None`: another process holds it.
    pub fn lease(&self, what: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<Option<u64>, Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO lease (what, holder, fence, until) VALUES (?1, ?2, 1, ?4)
                       ON CONFLICT (what) DO UPDATE SET until = excluded.until, holder = excluded.holder,
                           fence = lease.fence + (lease.holder <> excluded.holder)
                       WHERE lease.holder = excluded.holder OR unixepoch(lease.until) <= unixepoch(?3)
                       RETURNING fence";
            let row = params![what, holder, now.to_string(), until.to_string()];
            let fence: Option<i64> = transaction.query_row(sql, row, |row| row.get(0)).optional()?;
            Ok(fence.map(i64::unsigned_abs))
        })
    }
}

impl Snapshot<'_> {
    /// The pause, when there is one now.
    pub fn pause(&self, now: Timestamp) -> Result<Option<Pause>, Error> {
        let mut statement = self.0.prepare_cached("SELECT since, until, by FROM pause")?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut cells = Cells::of(row);
        let pause = Pause { since: cells.parsed()?, until: cells.parsed_if()?, by: Untrusted::new(cells.text()?) };
        Ok(Some(pause).filter(|pause| pause.until.is_none_or(|until| until > now)))
    }
}

impl WriteTransaction<'_> {
    /// Stores a refusal, and deletes the oldest ones over the limit.
    pub fn refuse(&self, refusal: &Refusal) -> Result<(), Error> {
        let sql = "INSERT INTO refusal (at, correlation, act, reason, detail, device, user, peer)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Refusal { at, correlation, act, reason, detail, device, user, peer } = refusal;
        self.0.prepare_cached(sql)?.execute(params![
            at.to_string(),
            correlation,
            word(act),
            reason,
            detail.raw(),
            device.as_ref().map(crate::model::device::DeviceId::as_str),
            user.as_ref().map(Untrusted::raw),
            peer,
        ])?;
        let old = self.0.last_insert_rowid() - REFUSALS;
        self.0.prepare_cached("DELETE FROM refusal WHERE number <= ?1")?.execute([old])?;
        Ok(())
    }
}
