//! What is kept of tokens: never a token itself.

use rusqlite::{Connection, params};

use super::item::{Cells, json, number};
use super::turn::View;
use super::{By, Error, Store, audit, key};
use crate::model::audit::Actor;
use crate::model::token::{Record, State, TokenId};

impl Store {
    /// The newest first.
    pub fn tokens(&self) -> Result<Vec<Record>, Error> {
        self.read(|connection| tokens(connection, "1", []))
    }

    /// Keeps the record of a token that was minted.
    ///
    /// # Errors
    /// [`Error::Exists`] when a token of that name is still valid.
    pub fn add_token(&self, token: &Record, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let key = key(token.name.as_str());
            let same = tokens(transaction, "name_key = ?1", [key.as_str()])?;
            if same.iter().any(|other| other.state(by.at) == State::Valid) {
                return Err(Error::Exists(format!("valid token \"{}\"", token.name)));
            }
            let sql =
                "INSERT INTO token (id, name, name_key, issued_at, expires_at, max_activations, servers, created_by,
                           revoked_at, sha256, pin)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            transaction.execute(
                sql,
                params![
                    token.id.as_str(),
                    token.name.as_str(),
                    key,
                    token.issued_at.to_string(),
                    token.expires_at.map(|at| at.to_string()),
                    number(token.max_activations),
                    json(&token.servers),
                    token.created_by.0.raw(),
                    token.revoked_at.map(|at| at.to_string()),
                    token.sha256,
                    token.pin.as_ref().map(ToString::to_string),
                ],
            )?;
            let expiry = token.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
            audit::append(transaction, by, &called(token), &format!("issued; {expiry}"))
        })
    }

    /// Revokes a token; one that is revoked already stays as it was.
    pub fn revoke_token(&self, id: &TokenId, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let found = tokens(transaction, "id = ?1", [id.as_str()])?;
            let token = found.first().ok_or_else(|| Error::Unknown(format!("token {id}")))?;
            if token.revoked_at.is_some() {
                return Ok(());
            }
            let sql = "UPDATE token SET revoked_at = ?1 WHERE id = ?2";
            transaction.execute(sql, params![by.at.to_string(), id.as_str()])?;
            audit::append(transaction, by, &called(token), "revoked")
        })
    }
}

impl View<'_> {
    pub fn token(&self, id: &TokenId) -> Result<Option<Record>, Error> {
        Ok(tokens(self.0, "id = ?1", [id.as_str()])?.into_iter().next())
    }
}

fn called(token: &Record) -> String {
    format!("token \"{}\" ({})", token.name, token.id)
}

fn tokens<const N: usize>(connection: &Connection, which: &str, with: [&str; N]) -> Result<Vec<Record>, Error> {
    let sql = format!(
        "SELECT id, name, issued_at, expires_at, max_activations, servers, created_by, revoked_at, sha256, pin
         FROM token WHERE {which}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(with))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let id = cells.text()?;
        all.push(Record {
            id: TokenId::parse(&id).map_err(|_| cells.wrong())?,
            name: cells.parsed()?,
            issued_at: cells.parsed()?,
            expires_at: cells.parsed_if()?,
            max_activations: cells.number()?,
            servers: cells.json()?,
            created_by: Actor::new(cells.text()?),
            revoked_at: cells.parsed_if()?,
            sha256: cells.text()?,
            pin: cells.parsed_if()?,
        });
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.issued_at));
    Ok(all)
}
