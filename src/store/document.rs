//! What exists once: the sync frequency, the settings and the installer. Each is one JSON document, so that a new field
//! needs no change here: a document without it gets the field's default.

use rusqlite::{Connection, Transaction, params};
use serde::de::DeserializeOwned;

use super::cells::Cells;
use super::item::unchanged;
use super::{By, Error, Store, audit};
use crate::model::Kept;
use crate::model::audit::Actor;
use crate::model::frequency::Frequency;
use crate::model::installer::Installer;
use crate::model::settings::Settings;

/// Frequency, settings, or the installer.
pub trait Document: Clone + PartialEq + serde::Serialize + DeserializeOwned {
    /// Its name in the table and in messages: `installer`.
    const NAME: &'static str;
}

impl Document for Frequency {
    const NAME: &'static str = "frequency";
}

impl Document for Settings {
    const NAME: &'static str = "settings";
}

impl Document for Installer {
    const NAME: &'static str = "installer";
}

impl Store {
    pub fn document<T: Document>(&self) -> Result<Option<Kept<T>>, Error> {
        self.read(get)
    }

    /// Saves it against the version that was read (`None`: it must not exist yet), as [`Store::save`] does.
    pub fn save_document<T: Document>(&self, value: &T, expected: Option<u64>, by: &By<'_>) -> Result<u64, Error> {
        self.write(|transaction| save(transaction, value, expected, by))
    }
}

pub(super) fn get<T: Document>(connection: &Connection) -> Result<Option<Kept<T>>, Error> {
    let sql = "SELECT version, changed_at, changed_by, value FROM document WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([T::NAME])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::of(row);
    Ok(Some(Kept {
        version: cells.number()?,
        changed_at: cells.parsed()?,
        changed_by: Actor::new(cells.text()?),
        value: cells.json()?,
    }))
}

pub(super) fn save<T: Document>(
    transaction: &Transaction<'_>,
    value: &T,
    expected: Option<u64>,
    by: &By<'_>,
) -> Result<u64, Error> {
    let before = get::<T>(transaction)?;
    // Two administrators who both save a first version did not see each other's.
    if let (Some(kept), None) = (&before, expected)
        && kept.value != *value
    {
        return Err(Error::ChangedBy { what: T::NAME.into(), by: kept.changed_by.clone(), at: kept.changed_at });
    }
    let expected = expected.or(before.as_ref().map(|kept| kept.version));
    if let Some(version) = unchanged(value, expected, before.as_ref(), T::NAME)? {
        return Ok(version);
    }
    let json = serde_json::to_string(value)
        .map_err(|_| Error::Unfit { what: T::NAME.to_owned(), why: "its path is not UTF-8" })?;
    let sql = "INSERT INTO document (name, value, version, changed_at, changed_by) VALUES (?1, ?2, 1, ?3, ?4)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = version + 1,
                   changed_at = excluded.changed_at, changed_by = excluded.changed_by
               RETURNING version";
    let row = params![T::NAME, json, by.at.to_string(), by.actor.0.raw()];
    let version: i64 = transaction.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    audit::append(transaction, by, T::NAME, &audit::difference(before.map(|kept| kept.value).as_ref(), value))?;
    Ok(version.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that is added later has no value in the documents that were saved before.
    #[test]
    fn missing_field_reads_as_its_default() {
        assert_eq!(serde_json::from_str::<Settings>("{}").expect("reads"), Settings::default());
        assert_eq!(serde_json::from_str::<Frequency>("{}").expect("reads"), Frequency::default());
        assert_eq!(serde_json::from_str::<Installer>("{}").expect("reads"), Installer::default());
    }
}
