//! Signing keys: the public half in clear, the private half sealed.

use jiff::Timestamp;
use rusqlite::params;

use super::cells::{Cells, json, word};
use super::transaction::WriteTransaction;
use super::{By, Error, Store, audit};
use crate::model::token::{Pin, Scope};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    pub kid: String,
    pub public: Vec<u8>,
    pub sealed_private: Vec<u8>,
    pub created_at: Timestamp,
    pub state: KeyState,
    pub revoked_at: Option<Timestamp>,
    /// Of a key that signs for another installation.
    pub signs_for: Option<SignsFor>,
}

/// The contents of the tokens that a key signs for another installation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SignsFor {
    pub issuer: String,
    /// Absent: laptops trust the roots of their system.
    pub pin: Option<Pin>,
    pub servers: Vec<String>,
    /// The widest scope of those tokens.
    pub scope: Scope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Signs new tokens.
    Active,
    /// Verifies the tokens that it signed; signs no new ones.
    Retired,
    /// Neither signs nor verifies: its tokens are refused.
    Revoked,
}

impl KeyState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

impl Store {
    /// The newest first.
    pub fn keys(&self) -> Result<Vec<StoredKey>, Error> {
        self.read(|connection| {
            let sql = "SELECT kid, public, sealed_private, created_at, state, revoked_at, signs_for
                       FROM signing_key";
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
                    revoked_at: cells.parsed_if()?,
                    signs_for: cells.json_if()?,
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
            let sql = "INSERT INTO signing_key (kid, public, sealed_private, created_at, state, signs_for)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let signs_for = key.signs_for.as_ref().map(json);
            let created_at = key.created_at.to_string();
            let state = word(&key.state);
            transaction.execute(sql, params![key.kid, key.public, key.sealed_private, created_at, state, signs_for])?;
            let signs = key.signs_for.as_ref().map(|signs| format!("; signs for installation {}", signs.issuer));
            audit::append(transaction, by, &what, &format!("added{}", signs.unwrap_or_default()))
        })
    }

    /// Refuses the tokens of a key from the next request on. False when it was revoked before.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such key.
    pub fn revoke_key(&self, kid: &str, by: &By<'_>) -> Result<bool, Error> {
        self.transaction(|transaction| {
            let known = "SELECT count(*) > 0 FROM signing_key WHERE kid = ?1";
            if !transaction.0.query_row(known, [kid], |row| row.get::<_, bool>(0))? {
                return Err(Error::Unknown(format!("key {kid}")));
            }
            transaction.revoke_key(kid, by)
        })
    }
}

impl WriteTransaction<'_> {
    /// As [`Store::revoke_key`]; false also when there is no such key.
    pub fn revoke_key(&self, kid: &str, by: &By<'_>) -> Result<bool, Error> {
        let sql = "UPDATE signing_key SET state = 'revoked', revoked_at = ?1 WHERE kid = ?2 AND state <> 'revoked'";
        if self.0.execute(sql, params![by.at.to_string(), kid])? == 0 {
            return Ok(false);
        }
        self.audit(by, &format!("key {kid}"), "revoked, with every token that it signed")?;
        Ok(true)
    }
}
