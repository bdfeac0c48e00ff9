//! Cells of rows: read from left to right, and made from values.

use rusqlite::Row;
use rusqlite::types::Value;

use super::Error;

/// Reads the cells of a row from left to right. A cell of another type than expected means that the database is damaged.
#[doc(hidden)]
pub struct Cells<'r, 's> {
    row: &'r Row<'s>,
    at: usize,
}

impl std::fmt::Debug for Cells<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cells").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<'r, 's> Cells<'r, 's> {
    pub(super) fn of(row: &'r Row<'s>) -> Self {
        Self { row, at: 0 }
    }

    pub(super) fn next<T: rusqlite::types::FromSql>(&mut self) -> Result<T, Error> {
        let value = self.row.get(self.at)?;
        self.at += 1;
        Ok(value)
    }

    pub(super) fn skip(&mut self, cells: usize) {
        self.at += cells;
    }

    pub(super) fn text(&mut self) -> Result<String, Error> {
        self.next()
    }

    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, Error> {
        let number: i64 = self.next()?;
        T::try_from(number).map_err(|_| self.wrong())
    }

    pub(super) fn number_if<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, Error> {
        let number: Option<i64> = self.next()?;
        number.map(|number| T::try_from(number).map_err(|_| self.wrong())).transpose()
    }

    pub(super) fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, Error> {
        let text: String = self.next()?;
        text.parse().map_err(|_| self.wrong())
    }

    pub(super) fn parsed_if<T: std::str::FromStr>(&mut self) -> Result<Option<T>, Error> {
        let text: Option<String> = self.next()?;
        text.map(|text| text.parse().map_err(|_| self.wrong())).transpose()
    }

    /// A value of an enum, kept as the word that the answers file has for it.
    pub(super) fn word<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Error> {
        let text: String = self.next()?;
        serde_json::from_value(serde_json::Value::String(text)).map_err(|_| self.wrong())
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Error> {
        let text: String = self.next()?;
        serde_json::from_str(&text).map_err(|_| self.wrong())
    }

    pub(super) fn json_if<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let text: Option<String> = self.next()?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| self.wrong())).transpose()
    }

    /// The error for the cell that was just read.
    pub(super) fn wrong(&self) -> Error {
        let at = self.at.saturating_sub(1);
        rusqlite::Error::InvalidColumnType(
            at,
            self.row.as_ref().column_name(at).unwrap_or("?").to_owned(),
            rusqlite::types::Type::Text,
        )
        .into()
    }
}

pub(super) fn text(value: &(impl ToString + ?Sized)) -> Value {
    Value::Text(value.to_string())
}

pub(super) fn text_if(value: Option<&impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}

/// A number. SQLite's are signed; every limit of the model is far below theirs.
pub(super) fn number(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) fn number_if(value: Option<u64>) -> Value {
    value.map_or(Value::Null, number)
}

pub(super) fn word(value: &impl serde::Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Value::Text(word),
        _ => Value::Null,
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_string(value).map_or(Value::Null, Value::Text)
}

pub(super) fn path(value: &std::path::Path, what: &str) -> Result<Value, Error> {
    let text = value.to_str().ok_or_else(|| Error::Unfit { what: what.to_owned(), why: "its path is not UTF-8" })?;
    Ok(Value::Text(text.to_owned()))
}
