//! Whether SQLite finds the database file intact.

use super::{Error, Store};

impl Store {
    /// What is wrong with the file's pages and rows; empty when intact. Reads all of it.
    pub fn damage(&self) -> Result<Vec<String>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(5)")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            let said = rows.collect::<Result<Vec<_>, _>>()?;
            Ok(said.into_iter().filter(|line| line != "ok").collect())
        })
    }
}
