//! Directories, profiles, storages and mappings: named rows that are read, saved against a version, and removed.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params_from_iter};

use super::cells::Cells;
use super::{By, Error, Store, audit, installation, key};
use crate::model::Kept;
use crate::model::audit::Actor;
use crate::model::name::Name;

/// A directory, a profile, a storage or a mapping. Only the store implements it.
pub trait Item: Clone + PartialEq + serde::Serialize {
    /// The word for it, which is also its table: `mapping`.
    const WORD: &'static str;
    #[doc(hidden)]
    const COLUMNS: &'static [Column];
    /// Which rows of the table `t` exist for an administrator.
    #[doc(hidden)]
    const EXISTS: &'static str = "TRUE";
    /// The column that lists are sorted by.
    #[doc(hidden)]
    const ORDER: &'static str = "name_key";

    fn name(&self) -> &Name;

    /// How messages and the audit call it: `mapping "Staff laptops"`.
    fn called(name: &Name) -> String {
        format!("{} \"{name}\"", Self::WORD)
    }

    /// The values of [`Item::COLUMNS`] in order.
    #[doc(hidden)]
    fn values(&self) -> Result<Vec<Value>, Error>;

    #[doc(hidden)]
    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error>;

    /// What refers to the row, for a message. A row that something refers to is not removed.
    #[doc(hidden)]
    fn referrers(connection: &Connection, id: i64) -> Result<Vec<String>, Error>;

    /// Inserts the first version and answers with its number.
    #[doc(hidden)]
    fn insert(&self, transaction: &Transaction<'_>, by: &By<'_>) -> Result<u64, Error> {
        insert(transaction, self, None, by)
    }

    /// Deletes the row, which nothing refers to, and what belongs to it.
    #[doc(hidden)]
    fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), Error>;
}

/// A column. A foreign key has the table of the row that the value names.
#[doc(hidden)]
#[derive(Debug)]
pub struct Column {
    name: &'static str,
    refers: Option<&'static str>,
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
    /// [`Error::ChangedBy`] when another version was saved meanwhile, [`Error::Exists`] and [`Error::Unknown`] when it
    /// does or does not exist against expectation, or when it names something that does not exist.
    pub fn save<T: Item>(&self, item: &T, expected: Option<u64>, by: &By<'_>) -> Result<u64, Error> {
        self.write(|transaction| save(transaction, item, expected, by))
    }

    /// Saves two items as [`Store::save`] does, both or neither, each with its own audit row.
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

    /// The same, and with it the sealed secret of that label.
    pub fn remove_with<T: Item>(&self, name: &Name, secret: Option<&str>, by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let what = T::called(name);
            let id = known_id::<T>(transaction, name)?;
            let referrers = T::referrers(transaction, id)?;
            if !referrers.is_empty() {
                return Err(Error::Needed { what, by: referrers });
            }
            T::delete(transaction, id)?;
            audit::append(transaction, by, &what, "removed")?;
            secret.map_or(Ok(()), |label| installation::remove_sealed(transaction, label, by))
        })
    }
}

pub(super) fn list<T: Item>(connection: &Connection) -> Result<Vec<Kept<T>>, Error> {
    let mut statement = connection.prepare_cached(&select::<T>(&format!("ORDER BY t.{}", T::ORDER)))?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(kept(row)?);
    }
    Ok(all)
}

pub(super) fn get<T: Item>(connection: &Connection, name: &Name) -> Result<Option<Kept<T>>, Error> {
    let mut statement = connection.prepare_cached(&select::<T>("AND t.name_key = ?1"))?;
    let mut rows = statement.query([key(name.as_str())])?;
    rows.next()?.map(kept).transpose()
}

/// The row's id, when there is one of that name.
pub(super) fn id_of<T: Item>(connection: &Connection, name: &Name) -> Result<Option<i64>, Error> {
    let sql = format!("SELECT t.id FROM {} t WHERE {} AND t.name_key = ?1", T::WORD, T::EXISTS);
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([key(name.as_str())], |row| row.get(0)).optional()?)
}

/// The row's id; an error that names what does not exist.
pub(super) fn known_id<T: Item>(connection: &Connection, name: &Name) -> Result<i64, Error> {
    id_of::<T>(connection, name)?.ok_or_else(|| Error::Unknown(T::called(name)))
}

fn select<T: Item>(suffix: &str) -> String {
    let columns = T::COLUMNS.iter().map(|column| match column.refers {
        None => format!(", t.{}", column.name),
        Some(table) => format!(", (SELECT r.name FROM {table} r WHERE r.id = t.{})", column.name),
    });
    let columns: String = columns.collect();
    format!("SELECT t.version, t.changed_at, t.changed_by{columns} FROM {} t WHERE {} {suffix}", T::WORD, T::EXISTS)
}

fn kept<T: Item>(row: &Row<'_>) -> Result<Kept<T>, Error> {
    let mut cells = Cells::of(row);
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
    let version = if before.is_some() { update(transaction, item, by)? } else { item.insert(transaction, by)? };
    audit::append(transaction, by, &what, &audit::difference(before.map(|kept| kept.value).as_ref(), item))?;
    Ok(version)
}

/// The present version when there is nothing to write; an error when it is not the `expected` one.
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

/// Writes over the row of that name, and answers with its new version.
pub(super) fn update<T: Item>(transaction: &Transaction<'_>, item: &T, by: &By<'_>) -> Result<u64, Error> {
    let values = linked(transaction, item)?;
    let columns = T::COLUMNS.iter().enumerate().map(|(at, column)| format!(", {} = ?{}", column.name, at + 4));
    let columns: String = columns.collect();
    let sql = format!(
        "UPDATE {} SET version = version + 1, changed_at = ?1, changed_by = ?2{columns} WHERE name_key = ?3
         RETURNING version",
        T::WORD
    );
    let first = [by.at.to_string(), by.actor.0.raw().to_owned(), key(item.name().as_str())].map(Value::Text);
    let mut statement = transaction.prepare_cached(&sql)?;
    let version: i64 = statement.query_row(params_from_iter(first.into_iter().chain(values)), |row| row.get(0))?;
    Ok(version.unsigned_abs())
}

/// Inserts a first version, with a column `more` that is not one of the item's own.
pub(super) fn insert<T: Item>(
    transaction: &Transaction<'_>,
    item: &T,
    more: Option<(&str, Value)>,
    by: &By<'_>,
) -> Result<u64, Error> {
    let values = linked(transaction, item)?;
    let (more, more_value) = more.unzip();
    let names: Vec<_> = more.into_iter().chain(T::COLUMNS.iter().map(|column| column.name)).collect();
    let marks: Vec<_> = (0..names.len()).map(|at| format!("?{}", at + 4)).collect();
    let sql = format!(
        "INSERT INTO {} (version, changed_at, changed_by, name_key, {}) VALUES (1, ?1, ?2, ?3, {})",
        T::WORD,
        names.join(", "),
        marks.join(", ")
    );
    let first = [by.at.to_string(), by.actor.0.raw().to_owned(), key(item.name().as_str())].map(Value::Text);
    transaction.prepare_cached(&sql)?.execute(params_from_iter(first.into_iter().chain(more_value).chain(values)))?;
    Ok(1)
}

/// The item's values, with the ids of the rows that it names.
fn linked<T: Item>(transaction: &Transaction<'_>, item: &T) -> Result<Vec<Value>, Error> {
    let mut values = item.values()?;
    for (column, cell) in T::COLUMNS.iter().zip(&mut values) {
        if let (Some(table), Value::Text(name)) = (column.refers, &*cell) {
            let mut statement = transaction.prepare_cached(&format!("SELECT id FROM {table} WHERE name_key = ?1"))?;
            let id: Option<i64> = statement.query_row([key(name)], |row| row.get(0)).optional()?;
            let unknown = || Error::Unknown(format!("{table} \"{}\"", crate::model::text::shown(name)));
            *cell = Value::Integer(id.ok_or_else(unknown)?);
        }
    }
    Ok(values)
}
