//! What a decision may look at and change within one transaction.

use rusqlite::{Connection, Transaction};

use super::{By, Error, Store, audit};

/// The state at one moment, to be read.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "a connection has no useful Debug")]
pub struct View<'a>(pub(super) &'a Connection);

/// A write transaction: what it reads is so until it ends, and what it changes is kept as a whole or not at all.
#[allow(missing_debug_implementations, reason = "a transaction has no useful Debug")]
pub struct Turn<'a>(pub(super) &'a Transaction<'a>);

impl Store {
    /// Looks at the state as it is at one moment, without keeping any writer waiting.
    pub fn look<T, E: From<Error>>(&self, act: impl FnOnce(View<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut seen = None;
        self.read(|connection| {
            seen = Some(act(View(connection)));
            Ok(())
        })?;
        seen.unwrap_or_else(|| Err(Error::Cancelled.into()))
    }

    /// Changes the state in a transaction of its own.
    pub fn turn<T>(&self, act: impl FnOnce(&Turn<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.write(|transaction| act(&Turn(transaction)))
    }
}

impl<'a> Turn<'a> {
    pub(super) fn of(transaction: &'a Transaction<'a>) -> Self {
        Self(transaction)
    }

    pub fn view(&self) -> View<'a> {
        View(self.0)
    }

    /// Writes the row that tells of a change made in this turn.
    pub fn audit(&self, by: &By<'_>, subject: &str, detail: &str) -> Result<(), Error> {
        audit::append(self.0, by, subject, detail)
    }
}
