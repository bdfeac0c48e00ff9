//! What there is one of: frequency, settings and the installer.

use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{Connection, Transaction};

use super::item::{Cells, Column, Record, insert_with, json, kept, number, path, plain, select, text};
use super::item::{text_if, unchanged, word, write};
use super::{By, Error, Store, audit};
use crate::model::Kept;
use crate::model::duration::Duration;
use crate::model::frequency::Frequency;
use crate::model::installer::Installer;
use crate::model::settings::Settings;

/// Frequency, settings, or the installer.
pub trait Single: Record {
    /// The words for it: `installer`.
    const WORD: &'static str;
}

impl Store {
    pub fn get_one<T: Single>(&self) -> Result<Option<Kept<T>>, Error> {
        self.read(get_one)
    }

    /// Saves it against the version that was read (`None`: it must not exist yet), as [`Store::save`] does.
    pub fn save_one<T: Single>(&self, value: &T, expected: Option<u64>, by: &By<'_>) -> Result<u64, Error> {
        self.write(|transaction| save_one(transaction, value, expected, by))
    }
}

pub(super) fn get_one<T: Single>(connection: &Connection) -> Result<Option<Kept<T>>, Error> {
    let mut statement = connection.prepare_cached(&select::<T>("t.one = 1"))?;
    let mut rows = statement.query([])?;
    rows.next()?.map(kept).transpose()
}

pub(super) fn save_one<T: Single>(
    transaction: &Transaction<'_>,
    value: &T,
    expected: Option<u64>,
    by: &By<'_>,
) -> Result<u64, Error> {
    let before = get_one::<T>(transaction)?;
    // Nobody chose a name here: two who save a first version did not see each other's.
    if let (Some(kept), None) = (&before, expected)
        && kept.value != *value
    {
        return Err(Error::ChangedBy { what: T::WORD.into(), by: kept.changed_by.clone(), at: kept.changed_at });
    }
    let expected = expected.or(before.as_ref().map(|kept| kept.version));
    if let Some(version) = unchanged(value, expected, before.as_ref(), T::WORD)? {
        return Ok(version);
    }
    let one = Value::Integer(1);
    let version = match before {
        Some(_) => write(transaction, value, "one", &one, by)?,
        None => insert_with(transaction, value, [("one", one)], by)?,
    };
    audit::append(transaction, by, T::WORD, &audit::difference(before.map(|kept| kept.value).as_ref(), value))?;
    Ok(version)
}

impl Single for Frequency {
    const WORD: &'static str = "frequency";
}

impl Record for Frequency {
    const TABLE: &'static str = "frequency";
    const COLUMNS: &'static [Column] = &[plain("every"), plain("at"), plain("tz")];

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![number(self.every.as_seconds()), text_if(self.at.as_ref()), text_if(self.tz.as_ref())])
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        Ok(Self { every: Duration::seconds(cells.number()?), at: cells.parsed_if()?, tz: cells.next()? })
    }
}

impl Single for Settings {
    const WORD: &'static str = "settings";
}

impl Record for Settings {
    const TABLE: &'static str = "settings";
    const COLUMNS: &'static [Column] = &[
        plain("devices_per_user"),
        plain("at_limit"),
        plain("auth"),
        plain("safeguard"),
        plain("offline_tokens"),
        plain("pilot_group"),
        plain("daily_activation_limit"),
    ];

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            number(self.devices_per_user.into()),
            word(&self.at_limit),
            json(&self.auth),
            text(&self.safeguard),
            word(&self.offline_tokens),
            text_if(self.pilot_group.as_ref()),
            number(self.daily_activation_limit.into()),
        ])
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            devices_per_user: cells.number()?,
            at_limit: cells.word()?,
            auth: cells.json()?,
            safeguard: cells.parsed()?,
            offline_tokens: cells.word()?,
            pilot_group: cells.next()?,
            daily_activation_limit: cells.number()?,
        })
    }
}

impl Single for Installer {
    const WORD: &'static str = "installer";
}

impl Record for Installer {
    const TABLE: &'static str = "installer";
    const COLUMNS: &'static [Column] = &[
        plain("agent"),
        plain("targets"),
        plain("token"),
        plain("proxy"),
        plain("token_by"),
        plain("out"),
        plain("properties"),
    ];

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            text(&self.agent),
            json(&self.targets),
            text_if(self.token.as_ref()),
            text(&self.proxy),
            word(&self.token_by),
            path(&self.out, Self::WORD)?,
            json(&self.properties),
        ])
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            agent: cells.text()?,
            targets: cells.json()?,
            token: cells.parsed_if()?,
            proxy: cells.parsed()?,
            token_by: cells.word()?,
            out: PathBuf::from(cells.text()?),
            properties: cells.json()?,
        })
    }
}
