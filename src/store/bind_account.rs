//! What a directory reported about the account that reads it, when it was last asked.

use rusqlite::params;

use super::cells::Cells;
use super::item::id_of;
use super::{Error, Store};
use crate::model::directory::{AccountSeen, Directory, Expiry};
use crate::model::name::Name;

impl Store {
    /// Replaces what was reported before. An observation is no decision, so it has no audit row. For an unknown
    /// directory nothing is stored.
    pub fn save_account_seen(&self, directory: &Name, seen: &AccountSeen) -> Result<(), Error> {
        self.write(|transaction| {
            let Some(id) = id_of::<Directory>(transaction, directory)? else { return Ok(()) };
            let (kind, end) = match seen.password {
                None => (None, None),
                Some(Expiry::Never) => (Some("never"), None),
                Some(Expiry::At(end)) => (Some("at"), Some(end.to_string())),
            };
            let sql = "INSERT INTO bind_account (directory_id, at, bind, password, password_expires)
                       VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (directory_id) DO UPDATE SET at = excluded.at, bind = excluded.bind,
                           password = excluded.password, password_expires = excluded.password_expires";
            transaction.execute(sql, params![id, seen.at.to_string(), seen.bind, kind, end])?;
            Ok(())
        })
    }

    pub fn account_seen(&self, directory: &Name) -> Result<Option<AccountSeen>, Error> {
        self.read(|connection| {
            let Some(id) = id_of::<Directory>(connection, directory)? else { return Ok(None) };
            let sql = "SELECT at, bind, password, password_expires FROM bind_account WHERE directory_id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([id])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let mut cells = Cells::of(row);
            let (at, bind, kind) = (cells.parsed()?, cells.text()?, cells.next::<Option<String>>()?);
            let password = match kind.as_deref() {
                None => None,
                Some("at") => Some(Expiry::At(cells.parsed()?)),
                Some(_) => Some(Expiry::Never),
            };
            Ok(Some(AccountSeen { at, bind, password }))
        })
    }
}
