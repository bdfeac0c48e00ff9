//! What a decision can read and change within one transaction.

use rusqlite::{Connection, Transaction};

use super::{By, Error, Store, audit};

/// The state at one moment, for reading.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "a connection has no useful Debug")]
pub struct Snapshot<'a>(pub(super) &'a Connection);

/// A write transaction: what it reads does not change until it ends, and its changes are committed together or not at
/// all.
#[allow(missing_debug_implementations, reason = "a transaction has no useful Debug")]
pub struct WriteTransaction<'a>(pub(super) &'a Transaction<'a>);

impl Store {
    /// Reads the state at one moment, without blocking a writer.
    pub fn snapshot<T, E: From<Error>>(&self, act: impl FnOnce(Snapshot<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut seen = None;
        self.read(|connection| {
            seen = Some(act(Snapshot(connection)));
            Ok(())
        })?;
        seen.unwrap_or_else(|| Err(Error::Canceled.into()))
    }

    /// Changes the state in a transaction of its own.
    pub fn transaction<T>(&self, act: impl FnOnce(&WriteTransaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.write(|transaction| act(&WriteTransaction(transaction)))
    }
}

impl<'a> WriteTransaction<'a> {
    pub(super) fn of(transaction: &'a Transaction<'a>) -> Self {
        Self(transaction)
    }

    pub fn snapshot(&self) -> Snapshot<'a> {
        Snapshot(self.0)
    }

    /// Writes the audit row of a change in this transaction.
    pub fn audit(&self, by: &By<'_>, subject: &str, detail: &str) -> Result<(), Error> {
        audit::append(self.0, by, subject, detail)
    }
}
