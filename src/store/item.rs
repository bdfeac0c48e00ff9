//! What administrators make and name, kept in rows of its own: read, saved against a version, removed.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, params_from_iter};

use super::{By, Error, Store, account, audit, forget, key, user};
use crate::model::Kept;
use crate::model::audit::Actor;
use crate::model::name::Name;

/// A directory, a profile, a storage or a mapping.
pub trait Item: Record {
    /// The word for it: `mapping`.
    const WORD: &'static str;
    fn name(&self) -> &Name;

    /// What goes by the name `name`, for messages and the audit: `mapping "Staff laptops"`.
    fn called(name: &Name) -> String {
        format!("{} \"{name}\"", Self::WORD)
    }
}

/// How a value stands in its table. Only this room implements it.
pub trait Record: Clone + PartialEq + serde::Serialize {
    #[doc(hidden)]
    const TABLE: &'static str;
    #[doc(hidden)]
    const COLUMNS: &'static [Column];
    /// The values of [`Record::COLUMNS`] in order.
    #[doc(hidden)]
    fn values(&self) -> Result<Vec<Value>, Error>;
    #[doc(hidden)]
    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error>;
}

/// A column, and for a foreign key the table whose named row it means.
#[doc(hidden)]
#[derive(Debug)]
pub struct Column {
    pub(super) name: &'static str,
    pub(super) refers: Option<&'static str>,
}

pub(super) const fn plain(name: &'static str) -> Column {
    Column { name, refers: None }
}

pub(super) const fn link(name: &'static str, refers: &'static str) -> Column {
    Column { name, refers: Some(refers) }
}

impl Store {
    /// All of them: mappings in the order of their priority, the others by name.
    pub fn list<T: Item>(&self) -> Result<Vec<Kept<T>>, Error> {
        self.read(list)
    }

    pub fn get<T: Item>(&self, name: &Name) -> Result<Option<Kept<T>>, Error> {
        self.read(|connection| get(connection, name))
    }

    /// Saves `item` against the version that was read (`None`: it must not exist yet) and answers with the new
    /// version. Saving what is already there changes nothing and leaves no audit row.
    ///
    /// # Errors
    /// [`Error::ChangedBy`] when somebody saved another version meanwhile, [`Error::Exists`] and [`Error::Unknown`]
    /// when it is or is not there against expectation, or when it names something that is not there.
    pub fn save<T: Item>(&self, item: &T, expected: Option<u64>, by: &By<'_>) -> Result<u64, Error> {
        self.write(|transaction| save(transaction, item, expected, by))
    }

    /// Saves two things as [`Store::save`] does, both or neither; `by` says who, for each.
    pub fn save_both<A: Item, B: Item>(
        &self,
        (first, first_expected, first_by): (&A, Option<u64>, &By<'_>),
        (second, second_expected, second_by): (&B, Option<u64>, &By<'_>),
    ) -> Result<(u64, u64), Error> {
        self.write(|transaction| {
            let first = save(transaction, first, first_expected, first_by)?;
            Ok((first, save(transaction, second, second_expected, second_by)?))
        })
    }

    /// Removes it, when nothing refers to it.
    ///
    /// # Errors
    /// [`Error::Needed`] names what refers to it.
    pub fn remove<T: Item>(&self, name: &Name, by: &By<'_>) -> Result<(), Error> {
        self.remove_with::<T>(name, None, by)
    }

    /// The same, and with it the secret that is sealed under that label.
    pub fn remove_with<T: Item>(&self, name: &Name, secret: Option<&str>, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let what = T::called(name);
            let id = id_of(transaction, T::TABLE, name)?.ok_or_else(|| Error::Unknown(what.clone()))?;
            let needing = needing(transaction, T::TABLE, id)?;
            if !needing.is_empty() {
                return Err(Error::Needed { what, by: needing });
            }
            if T::TABLE == "directory" {
                // Whoever has left it is forgotten with it.
                forget::all_of(transaction, id)?;
            }
            let had_users = T::TABLE == "mapping" && user::holding(transaction, "mapping_id", id)? > 0;
            for sql in removal(T::TABLE, had_users) {
                let mut statement = transaction.prepare(sql)?;
                let with: &[&dyn rusqlite::ToSql] = &[&id];
                statement.execute(&with[..statement.parameter_count()])?;
            }
            audit::append(transaction, by, &what, "removed")?;
            secret.map_or(Ok(()), |label| super::installation::remove_sealed(transaction, label, by))
        })
    }
}

pub(super) fn list<T: Item>(connection: &Connection) -> Result<Vec<Kept<T>>, Error> {
    let (present, order) = if T::TABLE == "mapping" { ("t.removed = 0", "position") } else { ("1", "name_key") };
    let mut statement = connection.prepare_cached(&select::<T>(&format!("{present} ORDER BY t.{order}")))?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(kept(row)?);
    }
    Ok(all)
}

pub(super) fn get<T: Item>(connection: &Connection, name: &Name) -> Result<Option<Kept<T>>, Error> {
    let present = if T::TABLE == "mapping" { " AND t.removed = 0" } else { "" };
    let mut statement = connection.prepare_cached(&select::<T>(&format!("t.name_key = ?1{present}")))?;
    let mut rows = statement.query([key(name.as_str())])?;
    rows.next()?.map(kept).transpose()
}

/// The row's id, when something goes by that name.
pub(super) fn id_of(connection: &Connection, table: &str, name: &Name) -> Result<Option<i64>, Error> {
    let present = if table == "mapping" { " AND removed = 0" } else { "" };
    let mut statement = connection.prepare_cached(&format!("SELECT id FROM {table} WHERE name_key = ?1{present}"))?;
    Ok(statement.query_row([key(name.as_str())], |row| row.get(0)).optional()?)
}

pub(super) fn select<T: Record>(suffix: &str) -> String {
    let columns = T::COLUMNS.iter().map(|column| match column.refers {
        None => format!(", t.{}", column.name),
        Some(table) => format!(", (SELECT r.name FROM {table} r WHERE r.id = t.{})", column.name),
    });
    let columns: String = columns.collect();
    format!("SELECT t.version, t.changed_at, t.changed_by{columns} FROM {} t WHERE {suffix}", T::TABLE)
}

pub(super) fn kept<T: Record>(row: &Row<'_>) -> Result<Kept<T>, Error> {
    let mut cells = Cells { row, at: 0 };
    Ok(Kept {
        version: cells.number()?,
        changed_at: cells.parsed()?,
        changed_by: Actor::new(cells.text()?),
        value: T::read(&mut cells)?,
    })
}

fn save<T: Item>(transaction: &Transaction<'_>, item: &T, expected: Option<u64>, by: &By<'_>) -> Result<u64, Error> {
    let what = T::called(item.name());
    let before = get::<T>(transaction, item.name())?;
    if let Some(version) = unchanged(item, expected, before.as_ref(), &what)? {
        return Ok(version);
    }
    let key = key(item.name().as_str());
    let version = match before {
        Some(_) => write(transaction, item, "name_key", &Value::Text(key), by)?,
        None => insert(transaction, item, &key, by)?,
    };
    audit::append(transaction, by, &what, &audit::difference(before.map(|kept| kept.value).as_ref(), item))?;
    Ok(version)
}

/// The version that stands when there is nothing to write; an error when `expected` is not what is there.
pub(super) fn unchanged<T: PartialEq>(
    value: &T,
    expected: Option<u64>,
    before: Option<&Kept<T>>,
    what: &str,
) -> Result<Option<u64>, Error> {
    match (before, expected) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::Unknown(what.to_owned())),
        (Some(_), None) => Err(Error::Exists(what.to_owned())),
        (Some(kept), Some(_)) if kept.value == *value => Ok(Some(kept.version)),
        (Some(kept), Some(version)) if kept.version == version => Ok(None),
        (Some(kept), Some(_)) => {
            Err(Error::ChangedBy { what: what.to_owned(), by: kept.changed_by.clone(), at: kept.changed_at })
        }
    }
}

/// Writes over the row where `key` is `is`, and answers with its new version.
pub(super) fn write<T: Record>(
    transaction: &Transaction<'_>,
    value: &T,
    key: &str,
    is: &Value,
    by: &By<'_>,
) -> Result<u64, Error> {
    let values = linked(transaction, value)?;
    let columns = T::COLUMNS.iter().enumerate().map(|(at, column)| format!(", {} = ?{}", column.name, at + 4));
    let columns: String = columns.collect();
    let sql = format!(
        "UPDATE {} SET version = version + 1, changed_at = ?1, changed_by = ?2{columns} WHERE {key} = ?3 RETURNING version",
        T::TABLE
    );
    let first = [Value::Text(by.at.to_string()), Value::Text(by.actor.0.raw().to_owned()), is.clone()];
    let mut statement = transaction.prepare_cached(&sql)?;
    let version: i64 = statement.query_row(params_from_iter(first.into_iter().chain(values)), |row| row.get(0))?;
    Ok(version.unsigned_abs())
}

fn insert<T: Item>(transaction: &Transaction<'_>, item: &T, key: &str, by: &By<'_>) -> Result<u64, Error> {
    let new = [("name_key", Value::Text(key.to_owned()))];
    if T::TABLE != "mapping" {
        return insert_with(transaction, item, new, by);
    }
    let last = "SELECT coalesce(max(position), 0) + 1 FROM mapping WHERE removed = 0";
    let position: i64 = transaction.query_row(last, [], |row| row.get(0))?;
    // A removed mapping that users still name comes back under its old id, so that they stay its users.
    let removed = "SELECT count(*) > 0 FROM mapping WHERE name_key = ?1";
    if transaction.query_row(removed, [key], |row| row.get(0))? {
        let version = write(transaction, item, "name_key", &Value::Text(key.to_owned()), by)?;
        let back = "UPDATE mapping SET removed = 0, position = ?1 WHERE name_key = ?2";
        transaction.execute(back, params![position, key])?;
        return Ok(version);
    }
    let [new] = new;
    insert_with(transaction, item, [new, ("position", Value::Integer(position))], by)
}

/// Inserts a first version, with the columns `more` that are not the value's own.
pub(super) fn insert_with<T: Record, const N: usize>(
    transaction: &Transaction<'_>,
    value: &T,
    more: [(&str, Value); N],
    by: &By<'_>,
) -> Result<u64, Error> {
    let values = linked(transaction, value)?;
    let (names, more): (Vec<_>, Vec<_>) = more.into_iter().unzip();
    let names = names.into_iter().chain(T::COLUMNS.iter().map(|column| column.name));
    let names: Vec<_> = names.collect();
    let marks: Vec<_> = (0..names.len()).map(|at| format!("?{}", at + 3)).collect();
    let sql = format!(
        "INSERT INTO {} (version, changed_at, changed_by, {}) VALUES (1, ?1, ?2, {})",
        T::TABLE,
        names.join(", "),
        marks.join(", ")
    );
    let first = [Value::Text(by.at.to_string()), Value::Text(by.actor.0.raw().to_owned())];
    transaction.prepare_cached(&sql)?.execute(params_from_iter(first.into_iter().chain(more).chain(values)))?;
    Ok(1)
}

/// The value's columns, with the ids of the rows that it names.
fn linked<T: Record>(transaction: &Transaction<'_>, value: &T) -> Result<Vec<Value>, Error> {
    let mut values = value.values()?;
    for (column, cell) in T::COLUMNS.iter().zip(&mut values) {
        if let (Some(table), Value::Text(name)) = (column.refers, &*cell) {
            let unknown = || Error::Unknown(format!("{table} \"{}\"", crate::model::text::shown(name)));
            let name = Name::new(name).map_err(|_| unknown())?;
            *cell = Value::Integer(id_of(transaction, table, &name)?.ok_or_else(unknown)?);
        }
    }
    Ok(values)
}

/// What refers to a row, in words.
fn needing(transaction: &Transaction<'_>, table: &str, id: i64) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    for sql in match table {
        "directory" => &[
            "SELECT 'mapping \"' || name || '\"' FROM mapping WHERE directory_id = ?1 AND removed = 0 ORDER BY position",
            "SELECT 'profile \"' || name || '\"' FROM profile WHERE login_directory_id = ?1 ORDER BY name_key",
        ][..],
        "profile" => &["SELECT 'mapping \"' || name || '\"' FROM mapping WHERE profile_id = ?1 ORDER BY position"],
        "storage" => &["SELECT 'mapping \"' || name || '\"' FROM mapping WHERE storage_id = ?1 ORDER BY position"],
        _ => &[],
    } {
        let mut statement = transaction.prepare_cached(sql)?;
        let names = statement.query_map([id], |row| row.get(0))?;
        for name in names {
            all.push(name?);
        }
    }
    if table == "directory" {
        let users = user::active(transaction, id)?;
        all.extend((users > 0).then(|| format!("{users} active users")));
    }
    if table != "mapping" {
        let accounts = account::holding(transaction, &format!("{table}_id"), id)?;
        all.extend((accounts > 0).then(|| format!("{accounts} accounts")));
    }
    Ok(all)
}

fn removal(table: &str, had_users: bool) -> &'static [&'static str] {
    match table {
        // The next sync finds its users without a mapping, and says so before they leave.
        "mapping" if had_users => &[
            "UPDATE mapping SET removed = 1, profile_id = NULL, storage_id = NULL, version = version + 1 WHERE id = ?1",
        ],
        "directory" => &[
            "DELETE FROM user_tally WHERE mapping_id IN (SELECT id FROM mapping WHERE directory_id = ?1)",
            "DELETE FROM mapping WHERE directory_id = ?1 AND removed",
            "DELETE FROM directory WHERE id = ?1",
        ],
        "profile" => &["DELETE FROM profile_user WHERE profile_id = ?1", "DELETE FROM profile WHERE id = ?1"],
        "storage" => &["DELETE FROM storage WHERE id = ?1"],
        _ => &["DELETE FROM mapping WHERE id = ?1"],
    }
}

/// Reads a row's cells from left to right; a cell that is not what it should be is damage.
#[doc(hidden)]
pub struct Cells<'r, 's> {
    pub(super) row: &'r Row<'s>,
    pub(super) at: usize,
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

    /// The cell that was just read is not what the schema promises.
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

/// Cells on their way into a row.
pub(super) fn text(value: &(impl ToString + ?Sized)) -> Value {
    Value::Text(value.to_string())
}

pub(super) fn text_if(value: Option<&impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}

/// A number; SQLite's are signed, and every limit of the model is far below.
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
