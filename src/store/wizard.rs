//! Where the wizard was left, so that a cut SSH session comes back to the same step.

use rusqlite::OptionalExtension;

use super::item::Cells;
use super::{Error, Store};

impl Store {
    /// The step that was open last.
    pub fn wizard_at(&self) -> Result<Option<String>, Error> {
        self.read(|connection| Ok(connection.query_row("SELECT step FROM wizard", [], |row| row.get(0)).optional()?))
    }

    /// Remembers the open step. Where somebody looks is no change of the configuration, so the audit does not tell of it.
    pub fn set_wizard_at(&self, step: &str) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO wizard (one, step) VALUES (1, ?1)
                       ON CONFLICT (one) DO UPDATE SET step = excluded.step";
            transaction.execute(sql, [step])?;
            Ok(())
        })
    }

    /// What was typed at a step and not yet saved.
    pub fn wizard_draft(&self, step: &str) -> Result<Option<serde_json::Value>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT value FROM wizard_draft WHERE step = ?1")?;
            let mut rows = statement.query([step])?;
            rows.next()?.map(|row| Cells::of(row).json()).transpose()
        })
    }

    /// Keeps what was typed at a step; `Null` forgets it. Never a secret: drafts are kept in clear.
    pub fn save_wizard_draft(&self, step: &str, value: &serde_json::Value) -> Result<(), Error> {
        self.write(|transaction| {
            if value.is_null() {
                transaction.execute("DELETE FROM wizard_draft WHERE step = ?1", [step])?;
            } else {
                let sql = "INSERT INTO wizard_draft (step, value) VALUES (?1, ?2)
                           ON CONFLICT (step) DO UPDATE SET value = excluded.value";
                transaction.execute(sql, [step, &value.to_string()])?;
            }
            Ok(())
        })
    }
}
