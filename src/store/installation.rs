//! What the installation is called, and the secrets that it keeps sealed.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{By, Error, Store, audit};

impl Store {
    /// Gives the installation its id, once and for all. A later call with another id changes nothing.
    pub fn initialize(&self, id: &str, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO installation (one, id, created_at) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING";
            if transaction.execute(sql, params![id, by.at.to_string()])? == 0 {
                return Ok(());
            }
            audit::append(transaction, by, "installation", &format!("created as {id}"))
        })
    }

    /// `None` until [`Store::initialize`].
    pub fn installation_id(&self) -> Result<Option<String>, Error> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT id FROM installation", [], |row| row.get(0)).optional()?)
        })
    }

    /// A sealed secret by its label.
    pub fn sealed(&self, label: &str) -> Result<Option<Vec<u8>>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT sealed FROM sealed_secret WHERE label = ?1")?;
            Ok(statement.query_row([label], |row| row.get(0)).optional()?)
        })
    }

    /// Keeps a secret that the caller has sealed. The audit says that it was set, and nothing more.
    pub fn save_sealed(&self, label: &str, sealed: &[u8], by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO sealed_secret (label, sealed, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (label) DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at,
                           changed_by = excluded.changed_by";
            transaction.execute(sql, params![label, sealed, by.at.to_string(), by.actor.0.raw()])?;
            audit::append(transaction, by, &format!("secret \"{label}\""), "set")
        })
    }
}

/// Forgets a sealed secret; one that is not there is no error.
pub(super) fn remove_sealed(transaction: &Transaction<'_>, label: &str, by: &By<'_>) -> Result<(), Error> {
    match transaction.execute("DELETE FROM sealed_secret WHERE label = ?1", [label])? {
        0 => Ok(()),
        _ => audit::append(transaction, by, &format!("secret \"{label}\""), "removed"),
    }
}
