//! Directories, storages, profiles and mappings in their tables.

use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{Connection, Transaction};

use super::cells::{Cells, json, number, number_if, path, text, text_if, word};
use super::item::{Column, Item, link, plain};
use super::{By, Error, Store, account, audit, forget, item, key, user};
use crate::model::directory::{Directory, Ldap, Source, Trust};
use crate::model::duration::Duration;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::profile::{Profile, Storage};
use crate::model::size::Size;

impl Item for Directory {
    const WORD: &'static str = "directory";
    const COLUMNS: &'static [Column] = &[
        plain("name"),
        plain("kind"),
        plain("file"),
        plain("urls"),
        plain("bind"),
        plain("ca_file"),
        plain("ca_pem"),
        plain("pins"),
    ];

    fn name(&self) -> &Name {
        &self.name
    }

    fn values(&self) -> Result<Vec<Value>, Error> {
        let what = Self::called(&self.name);
        let mut values = vec![text(&self.name)];
        match &self.source {
            Source::File(file) => {
                values.extend([text("file"), path(file, &what)?]);
                values.extend([const { Value::Null }; 5]);
            }
            Source::Ldap(Ldap { urls, trust, bind }) => {
                values.extend([text("ldap"), Value::Null, json(urls), text(bind)]);
                values.extend(match trust {
                    Trust::System => [Value::Null, Value::Null, Value::Null],
                    Trust::Ca { file, pem } => [path(file, &what)?, text(pem), Value::Null],
                    Trust::Pins(pins) => [Value::Null, Value::Null, json(pins)],
                });
            }
        }
        Ok(values)
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        let name = cells.parsed()?;
        let kind = cells.text()?;
        let file: Option<String> = cells.next()?;
        let urls = cells.json_if()?;
        let bind: Option<String> = cells.next()?;
        let ca_file: Option<String> = cells.next()?;
        let pem: Option<String> = cells.next()?;
        let pins = cells.json_if()?;
        let source = if kind == "file" {
            Source::File(PathBuf::from(file.unwrap_or_default()))
        } else {
            let trust = match (ca_file, pem, pins) {
                (_, _, Some(pins)) => Trust::Pins(pins),
                (Some(file), Some(pem), None) => Trust::Ca { file: PathBuf::from(file), pem },
                _ => Trust::System,
            };
            Source::Ldap(Ldap { urls: urls.unwrap_or_default(), trust, bind: bind.unwrap_or_default() })
        };
        Ok(Self { name, source })
    }

    fn referrers(connection: &Connection, id: i64) -> Result<Vec<String>, Error> {
        let mappings = "SELECT name FROM mapping WHERE directory_id = ?1 AND removed = 0 ORDER BY position";
        let profiles = "SELECT name FROM profile WHERE login_directory_id = ?1 ORDER BY name_key";
        let mut all = called(connection, Mapping::WORD, mappings, id)?;
        all.extend(called(connection, Profile::WORD, profiles, id)?);
        let users = user::active(connection, id)?;
        all.extend((users > 0).then(|| format!("{users} active users")));
        all.extend(accounts(connection, "directory_id", id)?);
        Ok(all)
    }

    /// Its removed users and mappings go with it.
    fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), Error> {
        forget::all_of(transaction, id)?;
        for sql in [
            "DELETE FROM user_count WHERE mapping_id IN (SELECT id FROM mapping WHERE directory_id = ?1)",
            "DELETE FROM mapping WHERE directory_id = ?1 AND removed",
            "DELETE FROM directory WHERE id = ?1",
        ] {
            transaction.execute(sql, [id])?;
        }
        Ok(())
    }
}

impl Item for Storage {
    const WORD: &'static str = "storage";
    const COLUMNS: &'static [Column] = &[plain("name"), plain("location"), plain("capacity")];

    fn name(&self) -> &Name {
        &self.name
    }

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![text(&self.name), text(&self.location), number_if(self.capacity.map(Size::as_bytes))])
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        Ok(Self { name: cells.parsed()?, location: cells.text()?, capacity: cells.number_if()?.map(Size::bytes) })
    }

    fn referrers(connection: &Connection, id: i64) -> Result<Vec<String>, Error> {
        let mappings = "SELECT name FROM mapping WHERE storage_id = ?1 ORDER BY position";
        let mut all = called(connection, Mapping::WORD, mappings, id)?;
        all.extend(accounts(connection, "storage_id", id)?);
        Ok(all)
    }

    fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), Error> {
        transaction.execute("DELETE FROM storage WHERE id = ?1", [id])?;
        Ok(())
    }
}

impl Item for Profile {
    const WORD: &'static str = "profile";
    const COLUMNS: &'static [Column] = &[
        plain("name"),
        plain("login"),
        link("login_directory_id", "directory"),
        plain("quota"),
        plain("max_users"),
        plain("devices_per_user"),
        plain("inactive_after"),
        plain("preserve_for"),
    ];

    fn name(&self) -> &Name {
        &self.name
    }

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            text(&self.name),
            word(&self.login),
            text_if(self.login_directory.as_ref()),
            number_if(self.quota.map(Size::as_bytes)),
            number(self.max_users.into()),
            number_if(self.devices_per_user.map(u64::from)),
            number(self.inactive_after.as_seconds()),
            number(self.preserve_for.as_seconds()),
        ])
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            name: cells.parsed()?,
            login: cells.word()?,
            login_directory: cells.parsed_if()?,
            quota: cells.number_if()?.map(Size::bytes),
            max_users: cells.number()?,
            devices_per_user: cells.number_if()?,
            inactive_after: Duration::seconds(cells.number()?),
            preserve_for: Duration::seconds(cells.number()?),
        })
    }

    fn referrers(connection: &Connection, id: i64) -> Result<Vec<String>, Error> {
        let mappings = "SELECT name FROM mapping WHERE profile_id = ?1 ORDER BY position";
        let mut all = called(connection, Mapping::WORD, mappings, id)?;
        all.extend(accounts(connection, "profile_id", id)?);
        Ok(all)
    }

    fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), Error> {
        transaction.execute("DELETE FROM profile_user WHERE profile_id = ?1", [id])?;
        transaction.execute("DELETE FROM profile WHERE id = ?1", [id])?;
        Ok(())
    }
}

impl Item for Mapping {
    const WORD: &'static str = "mapping";
    const COLUMNS: &'static [Column] = &[
        plain("name"),
        plain("kind"),
        link("directory_id", "directory"),
        plain("base_dn"),
        plain("ou"),
        plain("group_dn"),
        plain("department"),
        plain("country"),
        plain("filter"),
        plain("account_name"),
        link("profile_id", "profile"),
        link("storage_id", "storage"),
        plain("quota"),
        plain("auto_import"),
        plain("sync_interval"),
        plain("enabled"),
    ];

    const EXISTS: &'static str = "t.removed = 0";
    const ORDER: &'static str = "position";

    fn name(&self) -> &Name {
        &self.name
    }

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(vec![
            text(&self.name),
            word(&self.kind),
            text(&self.directory),
            text_if(self.base_dn.as_ref()),
            text_if(self.ou.as_ref()),
            text_if(self.group.as_ref()),
            text_if(self.department.as_ref()),
            text_if(self.country.as_ref()),
            text_if(self.filter.as_ref()),
            word(&self.account_name),
            text(&self.profile),
            text(&self.storage),
            number_if(self.quota.map(Size::as_bytes)),
            number(self.auto_import.into()),
            number_if(self.interval.map(Duration::as_seconds)),
            number(self.enabled.into()),
        ])
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            name: cells.parsed()?,
            kind: cells.word()?,
            directory: cells.parsed()?,
            base_dn: cells.next()?,
            ou: cells.next()?,
            group: cells.next()?,
            department: cells.next()?,
            country: cells.next()?,
            filter: cells.next()?,
            account_name: cells.word()?,
            profile: cells.parsed()?,
            storage: cells.parsed()?,
            quota: cells.number_if()?.map(Size::bytes),
            auto_import: cells.next()?,
            interval: cells.number_if()?.map(Duration::seconds),
            enabled: cells.next()?,
        })
    }

    fn referrers(_: &Connection, _: i64) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// It gets the lowest priority. A removed mapping of that name that users still refer to is used again under its old
    /// id, so that they stay its users.
    fn insert(&self, transaction: &Transaction<'_>, by: &By<'_>) -> Result<u64, Error> {
        let last = "SELECT coalesce(max(position), 0) + 1 FROM mapping WHERE removed = 0";
        let position: i64 = transaction.query_row(last, [], |row| row.get(0))?;
        let key = key(self.name.as_str());
        let removed = "SELECT count(*) > 0 FROM mapping WHERE name_key = ?1";
        if transaction.query_row(removed, [&key], |row| row.get(0))? {
            let version = item::update(transaction, self, by)?;
            let sql = "UPDATE mapping SET removed = 0, position = ?1 WHERE name_key = ?2";
            transaction.execute(sql, (position, key))?;
            return Ok(version);
        }
        item::insert(transaction, self, Some(("position", Value::Integer(position))), by)
    }

    /// While users still refer to it, it is only marked. The next sync finds them without a mapping and plans their
    /// removal.
    fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), Error> {
        let sql = if user::holding(transaction, "mapping_id", id)? > 0 {
            "UPDATE mapping SET removed = 1, profile_id = NULL, storage_id = NULL, version = version + 1 WHERE id = ?1"
        } else {
            "DELETE FROM mapping WHERE id = ?1"
        };
        transaction.execute(sql, [id])?;
        Ok(())
    }
}

/// The rows of a query for names, as messages call them.
fn called(connection: &Connection, word: &str, sql: &str, id: i64) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([id], |row| Ok(format!("{word} \"{}\"", row.get::<_, String>(0)?)))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn accounts(connection: &Connection, column: &str, id: i64) -> Result<Option<String>, Error> {
    let accounts = account::holding(connection, column, id)?;
    Ok((accounts > 0).then(|| format!("{accounts} accounts")))
}

impl Store {
    /// Puts the mappings in this order of priority, the first one first; one that is not named keeps its place after
    /// those that are.
    pub fn order_mappings(&self, names: &[Name], by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| order_mappings(transaction, names, by))
    }

    /// The same, when the mappings are still those and still in the order `from`; else an error, and nothing changes.
    pub fn reorder_mappings(&self, from: &[Name], names: &[Name], by: &By<'_>) -> Result<(), Error> {
        self.write(|transaction| {
            let now = order(transaction)?.into_iter().map(|(_, name)| name);
            if !now.eq(from.iter().map(Name::as_str)) {
                return Err(Error::OtherOrder);
            }
            order_mappings(transaction, names, by)
        })
    }
}

/// The mappings in their order.
fn order(transaction: &Transaction<'_>) -> Result<Vec<(i64, String)>, Error> {
    let sql = "SELECT id, name FROM mapping WHERE removed = 0 ORDER BY position";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn order_mappings(transaction: &Transaction<'_>, names: &[Name], by: &By<'_>) -> Result<(), Error> {
    let before = order(transaction)?;
    let mut first = Vec::with_capacity(names.len());
    for name in names {
        let id = item::id_of::<Mapping>(transaction, name)?;
        first.push(id.ok_or_else(|| Error::Unknown(Mapping::called(name)))?);
    }
    let rest = before.iter().map(|(id, _)| *id).filter(|id| !first.contains(id));
    for (position, id) in first.iter().copied().chain(rest).enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        transaction.execute("UPDATE mapping SET position = ?1 + 1 WHERE id = ?2", (position, id))?;
    }
    let after = order(transaction)?;
    if after == before {
        return Ok(());
    }
    let names = after.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ");
    audit::append(transaction, by, "mappings", &format!("order: {names}"))
}
