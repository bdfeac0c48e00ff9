//! Where each administrator left the wizard, so that it continues there after a lost session.

use rusqlite::{OptionalExtension, params};

use super::cells::Cells;
use super::{Error, Store};
use crate::model::audit::Actor;

impl Store {
    /// The step that `actor` had open last.
    pub fn wizard_at(&self, actor: &Actor) -> Result<Option<String>, Error> {
        self.read(|connection| {
            let sql = "SELECT step FROM wizard WHERE actor = ?1";
            Ok(connection.query_row(sql, [actor.0.raw()], |row| row.get(0)).optional()?)
        })
    }

    /// Stores the open step. It is not part of the configuration, so it has no audit row.
    pub fn set_wizard_at(&self, actor: &Actor, step: &str) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO wizard (actor, step) VALUES (?1, ?2)
                       ON CONFLICT (actor) DO UPDATE SET step = excluded.step";
            transaction.execute(sql, [actor.0.raw(), step])?;
            Ok(())
        })
    }

    /// What `actor` typed at a step and did not save yet.
    pub fn wizard_draft(&self, actor: &Actor, step: &str) -> Result<Option<serde_json::Value>, Error> {
        self.read(|connection| {
            let sql = "SELECT value FROM wizard_draft WHERE actor = ?1 AND step = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([actor.0.raw(), step])?;
            rows.next()?.map(|row| Cells::of(row).json()).transpose()
        })
    }

    /// The keys of what `actor` typed and did not save yet.
    pub fn wizard_drafts(&self, actor: &Actor) -> Result<Vec<String>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT step FROM wizard_draft WHERE actor = ?1")?;
            let keys = statement.query_map([actor.0.raw()], |row| row.get(0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    /// Stores what was typed at a step; `Null` deletes it. Never a secret: drafts are not sealed.
    pub fn save_wizard_draft(&self, actor: &Actor, step: &str, value: &serde_json::Value) -> Result<(), Error> {
        self.write(|transaction| {
            if value.is_null() {
                let sql = "DELETE FROM wizard_draft WHERE actor = ?1 AND step = ?2";
                transaction.execute(sql, [actor.0.raw(), step])?;
            } else {
                let sql = "INSERT INTO wizard_draft (actor, step, value) VALUES (?1, ?2, ?3)
                           ON CONFLICT (actor, step) DO UPDATE SET value = excluded.value";
                transaction.execute(sql, params![actor.0.raw(), step, value.to_string()])?;
            }
            Ok(())
        })
    }

    /// The name of what `actor` saved last at a step, else of what any administrator saved last.
    pub fn wizard_subject(&self, actor: &Actor, step: &str) -> Result<Option<String>, Error> {
        self.read(|connection| {
            let sql = "SELECT name FROM wizard_subject WHERE step = ?2 ORDER BY actor = ?1 DESC, number DESC LIMIT 1";
            Ok(connection.query_row(sql, [actor.0.raw(), step], |row| row.get(0)).optional()?)
        })
    }

    pub fn set_wizard_subject(&self, actor: &Actor, step: &str, name: &str) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO wizard_subject (actor, step, name) VALUES (?1, ?2, ?3)
                       ON CONFLICT (actor, step) DO UPDATE SET name = excluded.name";
            transaction.execute(sql, [actor.0.raw(), step, name])?;
            Ok(())
        })
    }
}
