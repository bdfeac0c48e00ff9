//! Signing keys: the public half in clear, the private half sealed.

use jiff::Timestamp;
use rusqlite::params;

use super::item::{Cells, word};
use super::{By, Error, Store, audit};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    pub kid: String,
    pub public: Vec<u8>,
    pub sealed_private: Vec<u8>,
    pub created_at: Timestamp,
    pub state: KeyState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Signs new tokens.
    Active,
    /// Verifies the tokens that it signed, and signs no more.
    Retired,
}

impl Store {
    /// The newest first.
    pub fn keys(&self) -> Result<Vec<StoredKey>, Error> {
        self.read(|connection| {
            let sql = "SELECT kid, public, sealed_private, created_at, state FROM signing_key";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                keys.push(StoredKey {
                    kid: cells.text()?,
                    public: cells.next()?,
                    sealed_private: cells.next()?,
                    created_at: cells.parsed()?,
                    state: cells.word()?,
                });
            }
            keys.sort_by_key(|one| std::cmp::Reverse(one.created_at));
            Ok(keys)
        })
    }

    /// Adds a key; an active one retires those before it.
    pub fn add_key(&self, key: &StoredKey, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let what = format!("key {}", key.kid);
            let there = "SELECT count(*) > 0 FROM signing_key WHERE kid = ?1";
            if transaction.query_row(there, [&key.kid], |row| row.get(0))? {
                return Err(Error::Exists(what));
            }
            if key.state == KeyState::Active {
                transaction.execute("UPDATE signing_key SET state = 'retired' WHERE state = 'active'", [])?;
            }
            let sql = "INSERT INTO signing_key (kid, public, sealed_private, created_at, state)
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            let created_at = key.created_at.to_string();
            let state = word(&key.state);
            transaction.execute(sql, params![key.kid, key.public, key.sealed_private, created_at, state])?;
            audit::append(transaction, by, &what, "added")
        })
    }
}
