//! Staging: the users that a sync reads, until every directory was read completely.
//!
//! Temporary tables on a connection of its own, in a file that SQLite unlinks as it opens it: memory stays flat, the
//! database is neither locked nor changed, and nothing is left whatever ends the process.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use sha2::{Digest, Sha256};

use super::cells::json;
use super::plan_counts::{LostAttribute, MappingChanges, lost_attributes, mapping_changes};
use super::plan_scope::Scoped;
use super::user::{Seen, save_seen};
use super::{By, Error, Store, attributes, item, key, open, pilot, plan, plan_scope, reason, write};
use crate::model::Kept;
use crate::model::hash::hex;
use crate::model::job::Job;
use crate::model::mapping::{Kind, Mapping};
use crate::model::plan::{Excluded, Removal, Summary, Tripped};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// The DN of a group, and its members.
pub(super) type Members = (String, Vec<Guid>);

/// A reading in progress. Dropping it discards it.
#[derive(Debug)]
pub struct Staging {
    store: Store,
    connection: Connection,
    scope: Vec<Scoped>,
    mappings: Vec<Mapping>,
    seen: Vec<(i64, Seen)>,
    /// The pilot group and its members, by the id of the directory.
    allowed: Vec<(i64, Option<Members>)>,
    /// Where each mapping searches and the GUID of that entry, by the id of the mapping.
    bases: Vec<(i64, String, Guid)>,
}

/// A cached user who was not in the reading and may have to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Grows from one to the next.
    pub id: i64,
    pub guid: Guid,
    /// The position of the user's mapping in [`Staging::mappings`].
    pub position: usize,
}

const TABLES: &str = "
    PRAGMA temp.journal_mode = OFF;
    PRAGMA temp.cache_size = -8192;
    CREATE TEMP TABLE staged_mapping (
        position     INTEGER PRIMARY KEY,
        id           INTEGER NOT NULL,
        name         TEXT NOT NULL,
        removed      INTEGER NOT NULL
    );
    CREATE TEMP TABLE staged (
        id           INTEGER PRIMARY KEY,
        directory_id INTEGER NOT NULL,
        guid         BLOB NOT NULL,
        position     INTEGER NOT NULL,
        mail_key     TEXT,
        why          TEXT,
        why_detail   TEXT,
        hash         BLOB NOT NULL,
        operational  BLOB NOT NULL,
        label        TEXT NOT NULL,
        attributes   TEXT NOT NULL,
        UNIQUE (directory_id, guid)
    ) STRICT;
    CREATE TEMP TABLE also_matched (
        position     INTEGER NOT NULL,
        staged_id    INTEGER NOT NULL,
        PRIMARY KEY (position, staged_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TEMP TABLE confirmed (
        user_id      INTEGER PRIMARY KEY,
        why          TEXT NOT NULL,
        why_detail   TEXT,
        attributes   TEXT
    ) STRICT;
    CREATE TEMP TABLE duplicate (staged_id INTEGER PRIMARY KEY, other BLOB NOT NULL) STRICT;";

impl Store {
    /// Begins a reading for the mappings that are enabled for mass deployment.
    pub fn stage(&self) -> Result<Staging, Error> {
        let (scope, mappings) = self.read(|connection| {
            let all: Vec<Kept<Mapping>> = item::list(connection)?;
            let all = all.into_iter().map(|kept| kept.value);
            let mappings: Vec<_> = all.filter(|mapping| mapping.enabled && mapping.kind == Kind::Imd).collect();
            Ok((plan_scope::scope(connection)?, mappings))
        })?;
        let connection = open::another(self.dir())?;
        let begin = || -> Result<(), Error> {
            connection.execute_batch(TABLES)?;
            let sql = "INSERT INTO staged_mapping (position, id, name, removed) VALUES (?1, ?2, ?3, ?4)";
            let mut insert = connection.prepare(sql)?;
            for scoped in &scope {
                insert.execute(params![scoped.position, scoped.id, scoped.name, scoped.removed])?;
            }
            Ok(())
        };
        begin().map_err(|error| temporary(error, self.dir()))?;
        Ok(Staging {
            store: self.clone(),
            connection,
            scope,
            mappings,
            seen: Vec::new(),
            allowed: Vec::new(),
            bases: Vec::new(),
        })
    }
}

impl Staging {
    /// The mappings to read, in the order of their priority.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// True when a removed mapping still has users, whom this plan removes.
    pub fn has_leftovers(&self) -> bool {
        self.scope.len() > self.mappings.len()
    }

    /// Stores what the directory of the mapping at `position` reported about itself.
    pub fn saw(&mut self, position: usize, seen: Seen) {
        if let Some(scoped) = self.scope.get(position) {
            self.seen.push((scoped.directory, seen));
        }
    }

    /// Stores the members of the pilot group in the directory of the mapping at `position`.
    pub fn allowed(&mut self, position: usize, members: Option<Members>) {
        if let Some(scoped) = self.scope.get(position) {
            self.allowed.push((scoped.directory, members));
        }
    }

    /// Stores the GUID of the entry below which the mapping at `position` searches.
    pub fn searched(&mut self, position: usize, base: &str, guid: Guid) {
        if let Some(scoped) = self.scope.get(position) {
            self.bases.push((scoped.id, base.to_owned(), guid));
        }
    }

    /// The cached users of the directory of the mapping at `position` who were not in the reading, after the user
    /// `after`, at most `limit`. To be called when all of that directory was read.
    pub fn missing(&self, position: usize, after: i64, limit: usize) -> Result<Vec<Missing>, Error> {
        let Some(scoped) = self.scope.get(position) else { return Ok(Vec::new()) };
        let find = || -> Result<Vec<Missing>, Error> {
            let sql = "SELECT u.id, u.guid, m.position FROM cached_user u JOIN staged_mapping m ON m.id = u.mapping_id
                       LEFT JOIN staged s ON s.directory_id = u.directory_id AND s.guid = u.guid
                       WHERE u.directory_id = ?1 AND u.id > ?2 AND u.state = 'active' AND NOT m.removed AND s.id IS NULL
                       ORDER BY u.id LIMIT ?3";
            let mut statement = self.connection.prepare_cached(sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![scoped.directory, after, limit], |row| {
                let position: i64 = row.get(2)?;
                Ok(Missing {
                    id: row.get(0)?,
                    guid: Guid(row.get(1)?),
                    position: usize::try_from(position).unwrap_or_default(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        find().map_err(|error| temporary(error, self.store.dir()))
    }

    /// Stores why users of [`Staging::missing`] are missing, and the values of those who were found.
    pub fn confirmed(&mut self, users: &[(i64, Removal, Option<User>)]) -> Result<(), Error> {
        let mut take = || -> Result<(), Error> {
            let transaction = self.connection.transaction()?;
            {
                let sql = "INSERT INTO confirmed (user_id, why, why_detail, attributes) VALUES (?1, ?2, ?3, ?4)";
                let mut insert = transaction.prepare_cached(sql)?;
                for (id, why, user) in users {
                    let (code, detail) = reason::left_cells(why);
                    insert.execute(params![id, code, detail, user.as_ref().map(attributes::json)])?;
                }
            }
            transaction.commit()?;
            Ok(())
        };
        take().map_err(|error| temporary(error, self.store.dir()))
    }

    /// Stores users whom the mapping at `position` of [`Staging::mappings`] matches. Mappings are read in order, and a
    /// user stays with the first one that matches, with the values read then. `why` returns the user's own reason to be
    /// excluded, if any.
    pub fn take(
        &mut self,
        position: usize,
        users: &[User],
        why: impl Fn(&User) -> Option<Excluded>,
    ) -> Result<(), Error> {
        let Some(scoped) = self.scope.get(position) else { return Ok(()) };
        let position = scoped.position;
        let mut take = || -> Result<(), Error> {
            let transaction = self.connection.transaction()?;
            {
                let sql = "INSERT INTO staged (directory_id, guid, position, mail_key, why, why_detail, hash,
                               operational, label, attributes)
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";
                let mut insert = transaction.prepare_cached(sql)?;
                let sql = "INSERT INTO also_matched (position, staged_id)
                           SELECT ?1, id FROM staged WHERE directory_id = ?2 AND guid = ?3 AND position <> ?1
                           ON CONFLICT DO NOTHING";
                let mut again = transaction.prepare_cached(sql)?;
                for user in users {
                    let why = why(user);
                    let (code, detail) = why.as_ref().map(reason::excluded_cells).unzip();
                    let mail = user.first(Attribute::Mail).map(|mail| key(mail.raw()));
                    let staged = params![
                        scoped.directory,
                        user.guid.0,
                        position,
                        mail,
                        code,
                        detail.flatten(),
                        attributes::hash(user, false),
                        attributes::hash(user, true),
                        user.label(),
                        attributes::json(user)
                    ];
                    if insert.execute(staged)? == 0 {
                        again.execute(params![position, scoped.directory, user.guid.0])?;
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        };
        take().map_err(|error| temporary(error, self.store.dir()))
    }

    /// Compares the reading with the cache and stores the plan. `safeguard` returns what is suspicious in it.
    ///
    /// # Errors
    /// [`Error::Drift`] when the mappings were changed since the reading began.
    pub fn finish(
        mut self,
        by: &By<'_>,
        job: &Job,
        safeguard: impl FnOnce(&[MappingChanges]) -> Vec<Tripped>,
    ) -> Result<Summary, Error> {
        let Self { scope, seen, allowed, bases, connection, .. } = &mut self;
        let id = write(connection, |transaction| {
            if plan_scope::scope(transaction)? != *scope {
                return Err(Error::Drift { what: "the mappings".to_owned() });
            }
            exclude_duplicates(transaction)?;
            prune(transaction, by.at)?;
            let sql = "INSERT INTO plan (made_at, made_by, hash, state, reasons) VALUES (?1, ?2, '', 'made', '[]')";
            transaction.execute(sql, params![by.at.to_string(), by.actor.0.raw()])?;
            let plan = transaction.last_insert_rowid();
            let used = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'user_values'";
            let used: i64 = transaction.query_row(used, [], |row| row.get(0))?;
            for sql in [EXCLUDED, REMOVED, ADDED, VALUES] {
                if job.is_canceled() {
                    return Err(Error::Canceled);
                }
                let mut statement = transaction.prepare(sql)?;
                let with: &[&dyn rusqlite::ToSql] = &[&plan, &used];
                statement.execute(&with[..statement.parameter_count()])?;
            }
            for (directory, seen) in seen.iter() {
                save_seen(transaction, *directory, seen)?;
            }
            for (directory, members) in allowed.iter() {
                pilot::save_members(transaction, *directory, members.as_ref())?;
            }
            for (mapping, base, guid) in bases.iter() {
                let sql = "INSERT INTO mapping_base (mapping_id, dn, guid) VALUES (?1, ?2, ?3)
                           ON CONFLICT (mapping_id) DO UPDATE SET dn = excluded.dn, guid = excluded.guid";
                transaction.execute(sql, params![mapping, base, guid.0])?;
            }
            for scoped in scope.iter_mut() {
                scoped.matched = matched(transaction, scoped.position)?;
            }
            let lost = lost_attributes(transaction, plan)?;
            settle(transaction, plan, scope, lost, safeguard)?;
            Ok(plan)
        });
        let id = id.map_err(|error| error.at(self.store.dir()))?;
        drop(self.connection);
        self.store.plan(id)?.ok_or_else(|| Error::Unknown(format!("plan {id}")))
    }
}

/// Completes a plan: its counts, the verdict of the safeguard, and its hash.
pub(super) fn settle(
    transaction: &Transaction<'_>,
    plan: i64,
    scope: &[Scoped],
    lost: HashMap<i64, Vec<LostAttribute>>,
    safeguard: impl FnOnce(&[MappingChanges]) -> Vec<Tripped>,
) -> Result<(), Error> {
    let changes = mapping_changes(transaction, plan, scope, lost)?;
    let reasons = safeguard(&changes);
    let state = if reasons.is_empty() { "made" } else { "stopped" };
    let sql = "UPDATE plan SET hash = ?2, state = ?3, reasons = ?4 WHERE id = ?1";
    let reasons: Vec<reason::Reason> = reasons.into_iter().map(reason::Reason::from).collect();
    transaction.execute(sql, params![plan, hash(transaction, plan)?, state, json(&reasons)])?;
    Ok(())
}

/// A full disk here is the one that holds temporary files.
fn temporary(error: Error, dir: &std::path::Path) -> Error {
    match error.at(dir) {
        Error::Full { .. } => {
            let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().find_map(std::env::var_os);
            Error::Full { path: named.unwrap_or_else(|| "/var/tmp".into()).into() }
        }
        other => other,
    }
}

/// How many users the mapping at `position` matches, including those who belong to an earlier one.
fn matched(transaction: &Transaction<'_>, position: i64) -> Result<u64, Error> {
    let sql = "SELECT (SELECT count(*) FROM staged WHERE position = ?1)
                   + (SELECT count(*) FROM also_matched WHERE position = ?1)";
    let count: i64 = transaction.prepare_cached(sql)?.query_row([position], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Excludes users of one directory who share a mail and have no other reason to be excluded.
fn exclude_duplicates(transaction: &Transaction<'_>) -> Result<(), Error> {
    let find = "INSERT INTO duplicate (staged_id, other)
                SELECT id, other FROM (
                    SELECT id, coalesce(lag(guid) OVER same, lead(guid) OVER same) AS other
                    FROM staged WHERE why IS NULL
                    WINDOW same AS (PARTITION BY directory_id, mail_key ORDER BY id)
                ) WHERE other IS NOT NULL";
    transaction.execute(find, [])?;
    let sql = "SELECT t.staged_id, t.other, s.attributes ->> '$.mail[0]'
               FROM duplicate t JOIN staged s ON s.id = t.staged_id";
    let mut twice = transaction.prepare(sql)?;
    let mut mark = transaction.prepare("UPDATE staged SET why = ?2, why_detail = ?3 WHERE id = ?1")?;
    let mut rows = twice.query([])?;
    while let Some(row) = rows.next()? {
        let (id, other, mail): (i64, [u8; 16], Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mail = Untrusted::new(mail.unwrap_or_default());
        let (code, detail) = reason::excluded_cells(&Excluded::DuplicateMail { mail, other: Guid(other) });
        mark.execute(params![id, code, detail])?;
    }
    Ok(())
}

/// Deletes expired plans with the values that they brought, and all but the last thirty applied plans with the values
/// that they replaced.
pub(super) fn prune(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), Error> {
    let yesterday = now.checked_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(now).to_string();
    let stale = "SELECT id FROM plan WHERE state <> 'applied' AND made_at < ?1";
    let old = "SELECT id FROM plan WHERE state = 'applied' ORDER BY id DESC LIMIT -1 OFFSET 30";
    for (which, values) in [(stale, "after_id"), (old, "before_id")] {
        let mut plans = transaction.prepare(which)?;
        let with: &[&dyn rusqlite::ToSql] = if which == stale { &[&yesterday] } else { &[] };
        let plans = plans.query_map(with, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        for plan in plans {
            plan::delete(transaction, plan, values)?;
        }
    }
    Ok(())
}

const EXCLUDED: &str = "
    INSERT INTO plan_excluded (plan_id, directory_id, guid, mapping, label, why, why_detail)
    SELECT ?1, directory_id, guid, m.name, label, why, why_detail
    FROM staged JOIN staged_mapping m USING (position) WHERE why IS NOT NULL
    UNION ALL
    SELECT ?1, s.directory_id, s.guid, m.name, s.label, coalesce(s.why, 'taken-by'),
        iif(s.why IS NULL, first.name, s.why_detail)
    FROM also_matched a JOIN staged s ON s.id = a.staged_id
    JOIN staged_mapping m ON m.position = a.position JOIN staged_mapping first ON first.position = s.position";

const REMOVED: &str = "
    INSERT INTO plan_change (plan_id, kind, directory_id, guid, user_id, user_version, mapping_id, mapping, label, why,
        why_detail, hash)
    SELECT ?1, 'removed', u.directory_id, u.guid, u.id, u.version, u.mapping_id, m.name, u.label,
        coalesce(s.why, iif(m.removed, 'mapping-removed', coalesce(f.why, 'gone'))),
        iif(s.why IS NULL, f.why_detail, s.why_detail), u.hash
    FROM cached_user u JOIN staged_mapping m ON m.id = u.mapping_id
    LEFT JOIN staged s ON s.directory_id = u.directory_id AND s.guid = u.guid
    LEFT JOIN confirmed f ON f.user_id = u.id
    WHERE u.state = 'active' AND (s.id IS NULL OR s.why IS NOT NULL)
    ORDER BY u.id";

const ADDED: &str = "
    INSERT INTO plan_change (plan_id, kind, directory_id, guid, user_id, user_version, mapping_id, mapping,
        from_mapping, label, hash, operational, before_id, after_id)
    SELECT ?1,
        CASE WHEN u.id IS NULL OR u.state = 'removed' THEN 'added'
             WHEN u.hash <> s.hash OR u.mapping_id <> m.id THEN 'updated'
             ELSE 'refresh' END,
        s.directory_id, s.guid, u.id, u.version, m.id, m.name,
        (SELECT name FROM mapping WHERE id = u.mapping_id AND u.mapping_id <> m.id AND u.state = 'active'),
        s.label, s.hash, s.operational, u.values_id,
        s.id + ?2
    FROM staged s CROSS JOIN staged_mapping m ON m.position = s.position
    LEFT JOIN cached_user u ON u.directory_id = s.directory_id AND u.guid = s.guid
    WHERE s.why IS NULL AND (u.id IS NULL OR u.state = 'removed' OR u.hash <> s.hash OR u.mapping_id <> m.id
        OR u.operational <> s.operational)
    ORDER BY s.id";

/// The values of added and updated users, under the ids that [`ADDED`] assigned.
const VALUES: &str = "
    INSERT INTO user_values (id, attributes)
    SELECT c.after_id, s.attributes
    FROM plan_change c
    CROSS JOIN staged s ON s.id = c.after_id - ?2
    WHERE c.plan_id = ?1 AND c.after_id IS NOT NULL
    ORDER BY c.id";

/// SHA-256 over every change in order, hexadecimal. A refresh of operational attributes is no change.
fn hash(transaction: &Transaction<'_>, plan: i64) -> Result<String, Error> {
    let sql = "SELECT kind, directory_id, guid, user_version, mapping_id, why, why_detail, hash FROM plan_change
               WHERE plan_id = ?1 AND kind <> 'refresh' ORDER BY id";
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([plan])?;
    let mut hash = Sha256::new();
    while let Some(row) = rows.next()? {
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for column in 0..8 {
            match row.get_ref(column)? {
                rusqlite::types::ValueRef::Integer(number) => part(&number.to_be_bytes()),
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => part(bytes),
                _ => part(&[]),
            }
        }
    }
    Ok(hex(&hash.finalize()))
}
