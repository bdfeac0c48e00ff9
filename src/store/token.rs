//! Tokens; never a token itself, only its hash.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::cells::{Cells, json, number};
use super::transaction::{Snapshot, WriteTransaction};
use super::{By, Error, Store, audit, key};
use crate::model::audit::Actor;
use crate::model::text::Untrusted;
use crate::model::token::{LastUse, Record, Replaced, Scope, State, TokenId};

impl Store {
    /// The newest first.
    pub fn tokens(&self) -> Result<Vec<Record>, Error> {
        self.read(|connection| tokens(connection, "1", []))
    }

    /// Stores the record of a new token.
    ///
    /// # Errors
    /// [`Error::Exists`] when a token of that name is still valid.
    pub fn add_token(&self, token: &Record, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| add(transaction, token, by))
    }

    /// Stores the record of a token that replaces another, which stays valid during the overlap.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such token, [`Error::Exists`] when it was revoked or replaced.
    pub fn supersede_token(&self, old: &TokenId, until: Timestamp, new: &Record, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let found = tokens(transaction, "t.id = ?1", [old.as_str()])?;
            let token = found.first().ok_or_else(|| Error::Unknown(format!("token {old}")))?;
            if token.revoked_at.is_some() || token.replaced.is_some() {
                return Err(Error::Exists(format!("replacement or revocation of token {old}")));
            }
            supersede(transaction, token, &Replaced { by: new.id.clone(), until }, by)?;
            add(transaction, new, by)
        })
    }

    /// Revokes a token; one that is revoked already stays as it was.
    pub fn revoke_token(&self, id: &TokenId, by: &By<'_>) -> Result<(), Error> {
        self.transaction(|transaction| {
            if transaction.snapshot().token(id)?.is_none() {
                return Err(Error::Unknown(format!("token {id}")));
            }
            transaction.revoke_token(id, by).map(|_| ())
        })
    }
}

/// What enrolling with a token is decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldToken {
    /// 0 = no limit.
    pub max_activations: u64,
    pub scope: Scope,
    /// The token or its signing key was revoked.
    pub is_revoked: bool,
    /// When its overlap with the token that replaces it ends.
    pub overlap_until: Option<Timestamp>,
}

impl Snapshot<'_> {
    pub fn token(&self, id: &TokenId) -> Result<Option<HeldToken>, Error> {
        let sql = "SELECT t.max_activations, t.scope, coalesce(t.revoked_at, k.revoked_at) IS NOT NULL,
                       t.overlap_until
                   FROM token t LEFT JOIN signing_key k ON k.kid = t.key_id WHERE t.id = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([id.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut cells = Cells::of(row);
        Ok(Some(HeldToken {
            max_activations: cells.number()?,
            scope: cells.json()?,
            is_revoked: cells.next()?,
            overlap_until: cells.parsed_if()?,
        }))
    }
}

impl WriteTransaction<'_> {
    /// Stores the record of a token that was issued on another host, whatever other tokens are called.
    pub fn record_token(&self, token: &Record, how: &str, by: &By<'_>) -> Result<(), Error> {
        insert(self.0, token)?;
        self.audit(by, &called(token), how)
    }

    /// Stores that another token replaces this one. False when its overlap already ends earlier, or there is no such
    /// token: of two ends the earlier one holds.
    pub fn supersede_token(&self, id: &TokenId, replaced: &Replaced, by: &By<'_>) -> Result<bool, Error> {
        let found = tokens(self.0, "t.id = ?1", [id.as_str()])?;
        let Some(token) = found.first() else { return Ok(false) };
        if token.replaced.as_ref().is_some_and(|known| known.until <= replaced.until) {
            return Ok(false);
        }
        supersede(self.0, token, replaced, by)?;
        Ok(true)
    }

    /// As [`Store::revoke_token`]; false when it was revoked before, or there is no such token.
    pub fn revoke_token(&self, id: &TokenId, by: &By<'_>) -> Result<bool, Error> {
        let sql = "UPDATE token SET revoked_at = ?1 WHERE id = ?2 AND revoked_at IS NULL RETURNING name";
        let name = self.0.query_row(sql, params![by.at.to_string(), id.as_str()], |row| row.get::<_, String>(0));
        let Some(name) = name.optional()? else { return Ok(false) };
        self.audit(by, &format!("token \"{name}\" ({id})"), "revoked")?;
        Ok(true)
    }
}

fn supersede(transaction: &Transaction<'_>, token: &Record, replaced: &Replaced, by: &By<'_>) -> Result<(), Error> {
    let Replaced { by: replacement, until } = replaced;
    let sql = "UPDATE token SET replaced_by = ?1, overlap_until = ?2 WHERE id = ?3";
    transaction.execute(sql, params![replacement.as_str(), until.to_string(), token.id.as_str()])?;
    audit::append(transaction, by, &called(token), &format!("replaced by {replacement}; overlap until {until}"))
}

fn called(token: &Record) -> String {
    format!("token \"{}\" ({})", token.name, token.id)
}

fn add(transaction: &Transaction<'_>, token: &Record, by: &By<'_>) -> Result<(), Error> {
    let key = key(token.name.as_str());
    let same = tokens(transaction, "t.name_key = ?1", [key.as_str()])?;
    if same.iter().any(|other| other.state(by.at) == State::Valid) {
        return Err(Error::Exists(format!("valid token \"{}\"", token.name)));
    }
    insert(transaction, token)?;
    let expiry = token.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
    let scope = token.scope.parts().iter().fold(String::new(), |told, part| told + "; " + part);
    audit::append(transaction, by, &called(token), &format!("issued; {expiry}{scope}"))
}

fn insert(connection: &Connection, token: &Record) -> Result<(), Error> {
    let sql = "INSERT INTO token (id, name, name_key, issued_at, expires_at, max_activations, servers, created_by,
                   revoked_at, sha256, pin, note, scope, key_id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    connection.execute(
        sql,
        params![
            token.id.as_str(),
            token.name.as_str(),
            key(token.name.as_str()),
            token.issued_at.to_string(),
            token.expires_at.map(|at| at.to_string()),
            number(token.max_activations),
            json(&token.servers),
            token.created_by.0.raw(),
            token.revoked_at.map(|at| at.to_string()),
            token.sha256,
            token.pin.as_ref().map(ToString::to_string),
            token.note.as_ref().map(Untrusted::raw),
            json(&token.scope),
            token.key,
        ],
    )?;
    Ok(())
}

fn tokens<const N: usize>(connection: &Connection, which: &str, with: [&str; N]) -> Result<Vec<Record>, Error> {
    let sql = format!(
        "SELECT t.id, t.name, t.note, t.issued_at, t.expires_at, t.max_activations, t.servers, t.pin, t.scope,
             t.created_by, coalesce(t.revoked_at, k.revoked_at), t.replaced_by, t.overlap_until, t.key_id, t.sha256,
             t.uses, d.enrolled_at, d.id, d.host_name
         FROM token t LEFT JOIN signing_key k ON k.kid = t.key_id
         LEFT JOIN device d ON d.number = (SELECT max(number) FROM device WHERE token_id = t.id) WHERE {which}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(with))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    // Times of issue are whole seconds, so a token and its replacement may have the same time.
    all.sort_by_key(|one| std::cmp::Reverse((one.issued_at, one.replaced.is_none())));
    Ok(all)
}

fn read(row: &Row<'_>) -> Result<Record, Error> {
    let mut cells = Cells::of(row);
    // In the order of the columns.
    Ok(Record {
        id: cells.parsed()?,
        name: cells.parsed()?,
        note: cells.next::<Option<String>>()?.map(Untrusted::new),
        issued_at: cells.parsed()?,
        expires_at: cells.parsed_if()?,
        max_activations: cells.number()?,
        servers: cells.json()?,
        pin: cells.parsed_if()?,
        scope: cells.json()?,
        created_by: Actor::new(cells.text()?),
        revoked_at: cells.parsed_if()?,
        replaced: match (cells.parsed_if()?, cells.parsed_if()?) {
            (Some(by), Some(until)) => Some(Replaced { by, until }),
            _ => None,
        },
        key: cells.next()?,
        sha256: cells.text()?,
        uses: cells.number()?,
        last_use: match cells.parsed_if()? {
            Some(at) => Some(LastUse { at, device: cells.parsed()?, host_name: Untrusted::new(cells.text()?) }),
            None => None,
        },
    })
}
