//! The cached users: found by any name form, counted, read one by one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::cells::Cells;
use super::item::id_of;
use super::name::dn_key;
use super::{Error, Store, attributes, key, reason};
use crate::model::directory::Directory;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::plan::Removal;
use crate::model::user::{Guid, NameForm, User};

/// A user as the cache has them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CachedUser {
    /// Stays the same for as long as the user is cached, whatever the directory renames.
    pub id: i64,
    pub directory: Name,
    /// The user's mapping; of a removed user, the last one.
    pub mapping: Name,
    pub state: UserState,
    pub added_at: Timestamp,
    pub user: User,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserState {
    Active,
    /// Kept in the cache, but refused.
    Removed {
        at: Timestamp,
        why: Removal,
    },
}

impl UserState {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Removed { .. } => "removed",
        }
    }
}

/// How many users are cached.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct UserCounts {
    pub active: u64,
    pub removed: u64,
    /// The active users of each mapping, in the order of priority.
    pub per_mapping: Vec<(Name, u64)>,
}

/// What a directory reported about itself when it was read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    pub at: Timestamp,
    /// `DC=corp,DC=example,DC=com`
    pub naming_context: String,
    /// `corp.example.com`
    pub domain: String,
    /// `CORP`
    pub netbios: Option<String>,
}

impl Store {
    /// The users of that name, active or removed. Several when two directories use the name, or when an address is one
    /// user's UPN and another's mail or alias: UPN first, then mail, then alias.
    pub fn find_user(&self, name: &NameForm) -> Result<Vec<CachedUser>, Error> {
        self.read(|connection| find(connection, name))
    }

    pub fn user_counts(&self) -> Result<UserCounts, Error> {
        self.read(|connection| {
            let sql = "SELECT m.name, u.state, u.users FROM user_count u JOIN mapping m ON m.id = u.mapping_id
                       ORDER BY m.removed, m.position";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut counts = UserCounts::default();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                let (mapping, state, count): (_, _, u64) = (cells.parsed()?, cells.text()?, cells.number()?);
                if state == "active" {
                    counts.active += count;
                    counts.per_mapping.push((mapping, count));
                } else {
                    counts.removed += count;
                }
            }
            Ok(counts)
        })
    }

    /// What a directory reported about itself at the last sync.
    pub fn seen(&self, directory: &Name) -> Result<Option<Seen>, Error> {
        self.read(|connection| {
            let Some(id) = id_of::<Directory>(connection, directory)? else { return Ok(None) };
            let sql = "SELECT at, naming_context, domain, netbios FROM directory_read WHERE directory_id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([id])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let mut cells = Cells::of(row);
            Ok(Some(Seen {
                at: cells.parsed()?,
                naming_context: cells.text()?,
                domain: cells.text()?,
                netbios: cells.next()?,
            }))
        })
    }
}

impl Store {
    /// The DN below which a mapping searched when it was last read, and the GUID of that entry.
    pub fn searched(&self, mapping: &Name) -> Result<Option<(String, Guid)>, Error> {
        self.read(|connection| {
            let Some(id) = id_of::<Mapping>(connection, mapping)? else { return Ok(None) };
            let sql = "SELECT dn, guid FROM mapping_base WHERE mapping_id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([id], |row| Ok((row.get(0)?, Guid(row.get(1)?)))).optional()?)
        })
    }
}

pub(super) fn save_seen(transaction: &Transaction<'_>, directory: i64, seen: &Seen) -> Result<(), Error> {
    let sql = "INSERT INTO directory_read (directory_id, at, naming_context, domain, netbios, netbios_key)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (directory_id) DO UPDATE SET at = excluded.at, naming_context = excluded.naming_context,
                   domain = excluded.domain, netbios = excluded.netbios, netbios_key = excluded.netbios_key";
    let netbios_key = seen.netbios.as_deref().map(key);
    let at = seen.at.to_string();
    transaction.execute(sql, params![directory, at, seen.naming_context, seen.domain, seen.netbios, netbios_key])?;
    Ok(())
}

const USER: &str = "SELECT u.id, d.name, m.name, u.state, u.added_at, u.removed_at, u.removed_why, u.removed_detail, u.guid,
                        v.attributes
                    FROM cached_user u JOIN user_values v ON v.id = u.values_id JOIN directory d ON d.id = u.directory_id JOIN mapping m ON m.id = u.mapping_id";

pub(super) fn find(connection: &Connection, name: &NameForm) -> Result<Vec<CachedUser>, Error> {
    let by_name = "SELECT user_id FROM user_name WHERE form = ?1 AND key = ?2";
    match name {
        NameForm::Guid(guid) => {
            // The index starts with the directory, of which there are few.
            let sql = format!("{USER} WHERE u.directory_id IN (SELECT id FROM directory) AND u.guid = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([guid.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(cached(row)?);
            }
            Ok(found)
        }
        NameForm::DownLevel { domain, sam } => {
            let sql = "SELECT n.user_id FROM user_name n JOIN cached_user u ON u.id = n.user_id
                       JOIN directory_read s ON s.directory_id = u.directory_id
                       WHERE n.form = 'sam' AND n.key = ?1 AND s.netbios_key = ?2";
            by_ids(connection, sql, [key(sam), key(domain)])
        }
        NameForm::AtSign(address) => {
            let address = key(address);
            let mut found: Vec<CachedUser> = Vec::new();
            for form in ["upn", "mail", "alias"] {
                for user in by_ids(connection, by_name, [form, &address])? {
                    if !found.iter().any(|other| other.id == user.id) {
                        found.push(user);
                    }
                }
            }
            Ok(found)
        }
        NameForm::Dn(dn) => by_ids(connection, by_name, ["dn", &dn_key(dn)]),
        NameForm::Bare(sam) => by_ids(connection, by_name, ["sam", &key(sam)]),
    }
}

pub(super) fn of_id(connection: &Connection, id: i64) -> Result<Option<CachedUser>, Error> {
    Ok(by_ids(connection, "SELECT ?1", [id])?.pop())
}

/// Reads the users by the ids that a statement selects, in its order.
pub(super) fn by_ids(
    connection: &Connection,
    sql: &str,
    with: impl rusqlite::Params,
) -> Result<Vec<CachedUser>, Error> {
    let mut ids = connection.prepare_cached(sql)?;
    let mut user = connection.prepare_cached(&format!("{USER} WHERE u.id = ?1"))?;
    let mut ids = ids.query(with)?;
    let mut found = Vec::new();
    while let Some(row) = ids.next()? {
        let id: i64 = row.get(0)?;
        if let Some(row) = user.query([id])?.next()? {
            found.push(cached(row)?);
        }
    }
    Ok(found)
}

fn cached(row: &Row<'_>) -> Result<CachedUser, Error> {
    let mut cells = Cells::of(row);
    let (id, directory, mapping) = (cells.next()?, cells.parsed()?, cells.parsed()?);
    let state = cells.text()?;
    let added_at = cells.parsed()?;
    let removed_at = cells.parsed_if()?;
    let state = if let ("removed", Some(at)) = (state.as_str(), removed_at) {
        UserState::Removed { at, why: reason::read_left(&mut cells)? }
    } else {
        cells.skip(2);
        UserState::Active
    };
    let guid = Guid(cells.next()?);
    let json = cells.text()?;
    let user = attributes::user(guid, &json).ok_or_else(|| cells.wrong())?;
    Ok(CachedUser { id, directory, mapping, state, added_at, user })
}

/// How many active users of a directory are cached.
pub(super) fn active(connection: &Connection, directory: i64) -> Result<u64, Error> {
    let sql = "SELECT count(*) FROM cached_user WHERE directory_id = ?1 AND state = 'active'";
    let count: i64 = connection.prepare_cached(sql)?.query_row([directory], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// How many users refer to a mapping or a directory.
pub(super) fn holding(connection: &Connection, column: &str, id: i64) -> Result<u64, Error> {
    let sql = format!("SELECT count(*) FROM cached_user WHERE {column} = ?1");
    let count: Option<i64> = connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0).unsigned_abs())
}
