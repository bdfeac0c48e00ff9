//! Notices that another connection wrote to the database: another console, a script, another part of this program.

use rusqlite::Connection;

use super::{Error, Store, open};

/// Compares a number of SQLite that changes when another connection commits
/// (<https://www.sqlite.org/pragma.html#pragma_data_version>). It reads no table and locks nothing for long.
pub struct Watch {
    store: Store,
    connection: Connection,
    seen: i64,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Store {
    /// Starts watching: later writes are noticed.
    pub fn watch(&self) -> Result<Watch, Error> {
        let connection = open::another(self.dir())?;
        let mut watch = Watch { store: self.clone(), connection, seen: 0 };
        watch.changed()?;
        Ok(watch)
    }
}

impl Watch {
    /// True when another connection wrote since the last call.
    pub fn changed(&mut self) -> Result<bool, Error> {
        let now = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0));
        let now: i64 = now.map_err(|error| Error::of(error, self.store.dir()))?;
        Ok(std::mem::replace(&mut self.seen, now) != now)
    }
}
