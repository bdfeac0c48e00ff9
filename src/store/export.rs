//! The exports that were written: when, for which target, to which folder, with which token.

use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::params;

use super::cells::{Cells, json, path};
use super::{By, Error, Store, audit};
use crate::model::audit::Actor;
use crate::model::installer::Inputs;
use crate::model::token::TokenId;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Export {
    /// Its number for commands.
    pub id: i64,
    pub at: Timestamp,
    pub target: String,
    pub folder: PathBuf,
    /// Absent for a token that the agent's own product issued.
    pub token: Option<TokenId>,
    pub by: Actor,
    /// Absent when unknown.
    #[serde(skip)]
    pub inputs: Option<Inputs>,
}

impl Store {
    /// The newest first.
    pub fn exports(&self) -> Result<Vec<Export>, Error> {
        self.read(|connection| {
            let sql = "SELECT id, at, target, folder, token_id, exported_by, inputs FROM export ORDER BY id DESC";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                all.push(Export {
                    id: cells.next()?,
                    at: cells.parsed()?,
                    target: cells.text()?,
                    folder: PathBuf::from(cells.text()?),
                    token: cells.parsed_if()?,
                    by: Actor::new(cells.text()?),
                    inputs: cells.json_if()?,
                });
            }
            Ok(all)
        })
    }

    /// Notes that an export was written: when and by whom is what `by` says.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is no such token.
    pub fn add_export(
        &self,
        target: &str,
        folder: &std::path::Path,
        token: Option<&TokenId>,
        inputs: &Inputs,
        by: &By<'_>,
    ) -> Result<(), Error> {
        self.write(|transaction| {
            if let Some(token) = token {
                let known = "SELECT count(*) > 0 FROM token WHERE id = ?1";
                if !transaction.query_row(known, [token.as_str()], |row| row.get::<_, bool>(0))? {
                    return Err(Error::Unknown(format!("token {token}")));
                }
            }
            let what = format!("export for {target}");
            let folder = path(folder, &what)?;
            let sql = "INSERT INTO export (at, target, folder, token_id, exported_by, inputs)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            transaction.execute(
                sql,
                params![by.at.to_string(), target, folder, token.map(TokenId::as_str), by.actor.0.raw(), json(inputs)],
            )?;
            let folder = if let rusqlite::types::Value::Text(folder) = &folder { folder } else { "" };
            let token = token.map_or_else(|| "a token issued elsewhere".to_owned(), |token| format!("token {token}"));
            audit::append(transaction, by, &what, &format!("written to {folder} with {token}"))
        })
    }
}
