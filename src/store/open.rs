//! Opening the database: its permissions, whether it is one of `imd` and of which version, its migrations, its settings.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use refinery::{Migration, Runner};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::Error;

/// The database's name in the state directory.
pub(super) const FILE: &str = "imd.db";

/// "imdS", which the first migration sets.
const APPLICATION_ID: i64 = 0x696d_6453;

/// 3.7.0 to 3.51.2 can corrupt a write-ahead log that several processes write.
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "3.51.3");

/// Migrations in order: their names (`V1__state`) and their SQL.
pub(super) type Migrations = [(&'static str, &'static str)];

pub(super) const MIGRATIONS: &Migrations = &[("V1__state", include_str!("../../assets/migrations/V1__state.sql"))];

/// Locks the state folder until the file is dropped. A process that opens or replaces the database waits for it.
pub(super) fn lock_folder(dir: &Path) -> Result<File, Error> {
    let folder = File::open(dir).map_err(|source| Error::File { path: dir.to_owned(), source })?;
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|source| Error::File { path: dir.to_owned(), source: source.into() })?;
    Ok(folder)
}

/// A connection to the database in `dir`, which is created or migrated first. The caller has locked the folder.
pub(super) fn up_to_date(dir: &Path, migrations: &Migrations) -> Result<Connection, Error> {
    if rusqlite::version_number() < OLDEST_SQLITE.0 {
        return Err(Error::Sqlite { found: rusqlite::version(), wanted: OLDEST_SQLITE.1 });
    }
    private(dir)?;
    let migrations = parsed(migrations, dir)?;
    let known = latest(&migrations);
    // Looked at before the connection is set up, which writes to the database.
    let found = Connection::open_with_flags(dir.join(FILE), FLAGS)
        .map_err(Error::from)
        .and_then(|connection| schema(&connection, dir, known))
        .map_err(|error| error.at(dir))?;
    let mut connection = another(dir)?;
    if found != Some(known) {
        let backup = found.map(|version| copy(&connection, dir, version)).transpose();
        let backup = backup.map_err(|error| error.at(dir))?;
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        let runner = Runner::new(&migrations).set_grouped(true);
        runner.run(&mut connection).map_err(|error| failed(dir, &error, backup))?;
        connection.set_transaction_behavior(TransactionBehavior::Deferred);
    }
    Ok(connection)
}

pub(super) const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// One more connection to a database that is up to date.
pub(super) fn another(dir: &Path) -> Result<Connection, Error> {
    let connect = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(dir.join(FILE), FLAGS)?;
        connection.busy_timeout(Duration::from_secs(15))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A large sync leaves a large log; the next writer truncates it to this size.
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cache_size", -8_192)?;
        // Otherwise a join is planned again each time a parameter is bound, which costs more than the query.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    connect().map_err(|source| Error::of(source, dir))
}

/// Creates the folder for its owner only, or checks that it is.
pub(super) fn private_folder(dir: &Path) -> Result<(), Error> {
    if !dir.exists() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source| Error::File { path: dir.to_owned(), source })?;
    }
    narrow(dir, 0o700)
}

/// The same for the database file.
fn private(dir: &Path) -> Result<(), Error> {
    private_folder(dir)?;
    let file = dir.join(FILE);
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&file);
    made.map_err(|source| Error::File { path: file.clone(), source })?;
    for suffix in ["", "-wal", "-shm"] {
        let file = dir.join(format!("{FILE}{suffix}"));
        if file.exists() {
            narrow(&file, 0o600)?;
        }
    }
    Ok(())
}

fn narrow(path: &Path, wanted: u32) -> Result<(), Error> {
    let metadata = path.metadata().map_err(|source| Error::File { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & !wanted == 0 { Ok(()) } else { Err(Error::TooWide { path: path.to_owned(), mode, wanted }) }
}

fn latest(migrations: &[Migration]) -> i64 {
    migrations.iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

fn parsed(migrations: &Migrations, dir: &Path) -> Result<Vec<Migration>, Error> {
    let all = migrations.iter().map(|(name, sql)| Migration::unapplied(name, sql));
    all.collect::<Result<_, _>>().map_err(|error| failed(dir, &error, None))
}

fn failed(dir: &Path, error: &refinery::Error, backup: Option<PathBuf>) -> Error {
    let path = dir.join(FILE);
    match error.kind() {
        refinery::error::Kind::Connection(_, source) if is_full(source.as_ref()) => Error::Full { path },
        _ => Error::Migration { path, why: error.to_string(), backup },
    }
}

fn is_full(source: &(dyn std::error::Error + 'static)) -> bool {
    let source = source.downcast_ref::<rusqlite::Error>();
    source.and_then(rusqlite::Error::sqlite_error_code) == Some(rusqlite::ErrorCode::DiskFull)
}

/// The version of the schema, no later than this `imd` knows; `None` when the database is empty.
pub(super) fn version(connection: &Connection, dir: &Path) -> Result<Option<i64>, Error> {
    schema(connection, dir, latest(&parsed(MIGRATIONS, dir)?))
}

/// The version of the schema; `None` when the database is empty.
fn schema(connection: &Connection, dir: &Path, known: i64) -> Result<Option<i64>, Error> {
    let path = dir.join(FILE);
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let empty = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
    if id != APPLICATION_ID {
        return if empty { Ok(None) } else { Err(Error::NotOurs { path }) };
    }
    let version = "SELECT max(version) FROM refinery_schema_history";
    match connection.query_row(version, [], |row| row.get::<_, Option<i64>>(0))? {
        Some(found) if found > known => Err(Error::Newer { path, found, known }),
        found => Ok(found),
    }
}

/// Copies the database before a migration, in the same folder.
fn copy(connection: &Connection, dir: &Path, version: i64) -> Result<PathBuf, Error> {
    let free = |n: &u32| {
        let suffix = if *n == 0 { String::new() } else { format!("-{n}") };
        dir.join(format!("imd-schema-{version}{suffix}.db"))
    };
    let path = (0..u32::MAX).map(|n| free(&n)).find(|path| !path.exists()).unwrap_or_else(|| free(&0));
    // SQLite writes into the empty file, so the copy is never readable by others.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    made.map_err(|source| Error::File { path: path.clone(), source })?;
    let name = path.to_str().ok_or_else(|| Error::Unfit {
        what: path.display().to_string(),
        why: "the state directory's name is not UTF-8",
    })?;
    connection.execute("VACUUM INTO ?1", [name])?;
    Ok(path)
}
