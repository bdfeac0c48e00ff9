//! Signing keys: the public half in clear, the private half sealed.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, params};

use super::item::{Cells, json, word};
use super::{By, Error, Store, audit};
use crate::model::token::Pin;

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

/// What the tokens say that a key signs for another installation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SignsFor {
    pub issuer: String,
    /// Absent: its laptops believe the roots of their system.
    pub pin: Option<Pin>,
    pub servers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Signs new tokens.
    Active,
    /// Verifies the tokens that it signed, and signs no more.
    Retired,
    /// Neither: the tokens that it signed are refused.
    Revoked,
}

impl Store {
    /// The newest first.
    pub fn keys(&self) -> Result<Vec<StoredKey>, Error> {
        self.read(|connection| {
            let sql = "SELECT kid, public, sealed_private, created_at, state, revoked_at, issuer, pin, servers
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
                    signs_for: signs_for(&mut cells)?,
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
            let sql = "INSERT INTO signing_key (kid, public, sealed_private, created_at, state, issuer, pin, servers)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let SignedFor { issuer, pin, servers } = SignedFor::of(key);
            let created_at = key.created_at.to_string();
            let state = word(&key.state);
            transaction.execute(
                sql,
                params![key.kid, key.public, key.sealed_private, created_at, state, issuer, pin, servers],
            )?;
            let told = key.signs_for.as_ref().map(|signs| format!("; it signs for installation {}", signs.issuer));
            audit::append(transaction, by, &what, &format!("added{}", told.unwrap_or_default()))
        })
    }

    /// Refuses the tokens of a key from the next request on. False when it was revoked before.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such key.
    pub fn revoke_key(&self, kid: &str, by: &By<'_>) -> Result<bool, Error> {
        self.write(|transaction| {
            let what = format!("key {kid}");
            let state = "SELECT state FROM signing_key WHERE kid = ?1";
            let state: Option<String> = transaction.query_row(state, [kid], |row| row.get(0)).optional()?;
            match state.as_deref() {
                None => return Err(Error::Unknown(what)),
                Some("revoked") => return Ok(false),
                Some(_) => {}
            }
            let sql = "UPDATE signing_key SET state = 'revoked', revoked_at = ?1 WHERE kid = ?2";
            transaction.execute(sql, params![by.at.to_string(), kid])?;
            audit::append(transaction, by, &what, "revoked, and every token that it signed")?;
            Ok(true)
        })
    }
}

/// [`SignsFor`] as its columns hold it.
struct SignedFor<'a> {
    issuer: Option<&'a str>,
    pin: Option<&'a str>,
    servers: Option<Value>,
}

impl<'a> SignedFor<'a> {
    fn of(key: &'a StoredKey) -> Self {
        let signs = key.signs_for.as_ref();
        Self {
            issuer: signs.map(|signs| signs.issuer.as_str()),
            pin: signs.and_then(|signs| signs.pin.as_ref()).map(Pin::as_str),
            servers: signs.map(|signs| json(&signs.servers)),
        }
    }
}

fn signs_for(cells: &mut Cells<'_, '_>) -> Result<Option<SignsFor>, Error> {
    let issuer: Option<String> = cells.next()?;
    let Some(issuer) = issuer else { return Ok(None) };
    Ok(Some(SignsFor { issuer, pin: cells.parsed_if()?, servers: cells.json()? }))
}
