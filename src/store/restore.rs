//! Backup and restore.
//!
//! A backup is a copy of the database at one moment, with one more table, `backup`, that says where it comes from and
//! holds the identity. The caller seals it. A restore is one rename: the copy, migrated, replaces `imd.db` with that
//! table still in it; the next process that opens it writes the identity to its file and drops the table. So there is
//! no moment at which a database and an identity that do not belong together are used.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::cells::Cells;
use super::{By, Error, Store, audit, document, open};
use crate::model::settings::{OfflineTokens, Settings};
use crate::secrets::{Identity, Secret};

/// The format of the table `backup`.
const FORMAT: i64 = 1;

/// Where a backup comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BackupOf {
    pub installation: String,
    /// The version of the `imd` that made it.
    pub program: String,
    pub made_at: Timestamp,
}

/// The result of a restore.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    pub of: BackupOf,
    /// The database that was replaced, if any.
    pub kept: Option<PathBuf>,
    /// The revocations that were carried over; absent when the replaced database was unreadable or of another
    /// installation.
    pub revoked: Option<Revoked>,
    /// Whether unknown offline tokens were accepted until now; from now on they must be imported.
    pub registered_only: bool,
}

/// How many revocations were missing in the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Revoked {
    pub tokens: u64,
    pub keys: u64,
    pub devices: u64,
    /// Preserved by an administrator.
    pub accounts: u64,
}

/// What is carried over from the replaced database, in this order. Columns are named, so that a new one is not copied
/// unnoticed.
const TOKENS_REVOKED: &str = "UPDATE main.token SET revoked_at =
    (SELECT o.revoked_at FROM replaced.token o WHERE o.id = main.token.id)
    WHERE revoked_at IS NULL AND id IN (SELECT o.id FROM replaced.token o WHERE o.revoked_at IS NOT NULL)";
/// Tokens that the backup does not have are carried over: after a restore, unknown tokens are refused.
const TOKENS_UNKNOWN: &str = "INSERT INTO main.token (id, name, name_key, issued_at, expires_at, max_activations, servers,
        created_by, revoked_at, sha256, pin, note, scope, replaced_by, overlap_until, key_id)
    SELECT id, name, name_key, issued_at, expires_at, max_activations, servers, created_by, revoked_at, sha256, pin, note,
        scope, replaced_by, overlap_until, key_id
    FROM replaced.token WHERE id NOT IN (SELECT id FROM main.token)";
const TOKENS_SUPERSEDED: &str = "UPDATE main.token SET (replaced_by, overlap_until) =
        (SELECT o.replaced_by, o.overlap_until FROM replaced.token o WHERE o.id = main.token.id)
    WHERE replaced_by IS NULL AND id IN (SELECT o.id FROM replaced.token o WHERE o.replaced_by IS NOT NULL)";
const KEYS_REVOKED: &str = "UPDATE main.signing_key SET state = 'revoked', revoked_at =
        (SELECT o.revoked_at FROM replaced.signing_key o WHERE o.kid = main.signing_key.kid)
    WHERE state <> 'revoked' AND kid IN (SELECT o.kid FROM replaced.signing_key o WHERE o.state = 'revoked')";
/// A key that is newer than the backup verifies the tokens that it signed.
const KEYS_UNKNOWN: &str = "INSERT INTO main.signing_key (kid, public, sealed_private, created_at, state, revoked_at,
        signs_for)
    SELECT kid, public, sealed_private, created_at, iif(state = 'active', 'retired', state), revoked_at, signs_for
    FROM replaced.signing_key WHERE kid NOT IN (SELECT kid FROM main.signing_key)";
/// It signs when the backup's own key was revoked.
const KEY_ACTIVE: &str = "UPDATE main.signing_key SET state = 'active'
    WHERE state = 'retired' AND kid IN (SELECT o.kid FROM replaced.signing_key o WHERE o.state = 'active')
        AND NOT EXISTS (SELECT 1 FROM main.signing_key n WHERE n.state = 'active')";
/// Matched by the key: a laptop that enrolled again after an earlier restore has another id.
const DEVICES_REVOKED: &str = "UPDATE main.device SET state = 'revoked', ended_at =
    (SELECT o.ended_at FROM replaced.device o WHERE o.key_hash = main.device.key_hash)
    WHERE state <> 'revoked' AND key_hash IN (SELECT o.key_hash FROM replaced.device o WHERE o.state = 'revoked')";
/// A revoked device that the backup does not have is carried over, because its hardware stays revoked.
const DEVICES_UNKNOWN: &str = "INSERT INTO main.device (id, state, key_hash, claim_hash, hardware, host_name, serial,
        system, agent, token_id, enrolled_at, ended_at, last_seen_at)
    SELECT id, state, key_hash, claim_hash, hardware, host_name, serial, system, agent, token_id, enrolled_at, ended_at,
        last_seen_at
    FROM replaced.device o WHERE state = 'revoked' AND NOT EXISTS (SELECT 1 FROM main.device n
        WHERE n.id = o.id OR n.key_hash = o.key_hash OR n.claim_hash = o.claim_hash)";
/// Accounts that an administrator preserved.
const HELD_BACK: &str = "UPDATE main.account AS n SET preserved_at = o.preserved_at, preserved_why = 'requested'
    FROM replaced.account o JOIN replaced.directory od ON od.id = o.directory_id JOIN main.directory nd ON nd.name = od.name
    WHERE n.directory_id = nd.id AND n.guid = o.guid AND o.preserved_why = 'requested' AND n.preserved_why IS NOT 'requested'";
/// So that a restore raises neither the uses that a token has left nor the passwords that may be tried.
const USES: &str = "INSERT OR IGNORE INTO main.token_use (token_id, laptop, at)
    SELECT token_id, laptop, at FROM replaced.token_use WHERE token_id IN (SELECT id FROM main.token)";
const ATTEMPTS: &str = "INSERT INTO main.password_attempt (directory_id, guid, at)
    SELECT n.id, a.guid, a.at FROM replaced.password_attempt a
    JOIN replaced.directory o ON o.id = a.directory_id JOIN main.directory n ON n.name = o.name
    WHERE NOT EXISTS (SELECT 1 FROM main.password_attempt b
        WHERE b.directory_id = n.id AND b.guid = a.guid AND b.at = a.at)";
const PAUSE: &str = "INSERT OR IGNORE INTO main.pause (one, until, since, by)
    SELECT one, until, since, by FROM replaced.pause";

impl Store {
    /// Copies the database at one moment, while others write, to a new file of mode 0600, with the identity in it.
    pub fn copy_to(&self, path: &Path, of: &BackupOf, identity: &Secret) -> Result<(), Error> {
        let make = || -> Result<(), Error> {
            drop(new_file(path)?);
            open::another(self.dir())?.execute("VACUUM INTO ?1", [utf8(path)?])?;
            let copy = Connection::open_with_flags(path, open::FLAGS)?;
            copy.pragma_update(None, "journal_mode", "memory")?;
            copy.execute_batch(
                "CREATE TABLE backup (one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL,
                     installation TEXT NOT NULL, program TEXT NOT NULL, made_at TEXT NOT NULL,
                     identity TEXT NOT NULL, kept TEXT) STRICT",
            )?;
            let BackupOf { installation, program, made_at } = of;
            copy.execute(
                "INSERT INTO backup (one, format, installation, program, made_at, identity)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5)",
                params![FORMAT, installation, program, made_at.to_string(), identity.expose()],
            )?;
            Ok(())
        };
        make().map_err(|error| error.at(self.dir()))
    }

    /// An empty file for a database in that folder.
    pub fn new_database_file(folder: &Path) -> Result<File, Error> {
        new_file(&folder.join(open::FILE))
    }

    /// Replaces the database in `dir` by the copy `imd.db` in the folder `staged`, which is within `dir`. `backup` is
    /// the file name for errors.
    ///
    /// # Errors
    /// [`Error::Holds`] when there is a database and `over` is false; [`Error::InUse`] when another process has it
    /// open; [`Error::NotABackup`] and [`Error::NewerBackup`]. In all cases nothing was changed.
    pub fn restore(dir: &Path, staged: &Path, backup: &Path, over: bool, by: &By<'_>) -> Result<Restored, Error> {
        let _lock = open::lock_folder(dir)?;
        let file = dir.join(open::FILE);
        let there = file.metadata().is_ok_and(|metadata| metadata.len() > 0);
        if there && !over {
            return Err(Error::Holds { path: file });
        }
        let of = looked_at(staged, backup).map_err(|error| error.at(staged))?;
        let mut copy = open::up_to_date(staged, open::MIGRATIONS)?;
        // An unreadable database is kept unchanged; nothing can be carried over from it.
        let readable = there && alone(dir)?;
        let kept = there.then(|| free(dir, by.at));
        let mut merge = || -> Result<(Option<Revoked>, bool), Error> {
            copy.busy_timeout(Duration::from_secs(2))?;
            if readable {
                copy.execute("ATTACH ?1 AS replaced", [utf8(&file)?])?;
            }
            let merged = super::write(&mut copy, |transaction| {
                let same = readable
                    && transaction.query_row(
                        "SELECT (SELECT id FROM main.installation) IS (SELECT id FROM replaced.installation)",
                        [],
                        |row| row.get(0),
                    )?;
                let revoked = if same { Some(still_revoked(transaction)?) } else { None };
                let name = kept.as_deref().and_then(Path::file_stem).and_then(|stem| stem.to_str());
                transaction.execute("UPDATE backup SET kept = ?1", [name])?;
                let kept_as = name.map(|name| format!("; the old database is kept as {name}.db")).unwrap_or_default();
                let refused = revoked.map(|Revoked { tokens, keys, devices, accounts }| {
                    format!("; still revoked: {tokens} tokens, {keys} keys, {devices} devices, {accounts} accounts")
                });
                let refused = refused.unwrap_or_default();
                let detail = format!("from the backup of {} ({}){kept_as}{refused}", of.made_at, of.installation);
                audit::append(transaction, by, "installation", &detail)?;
                Ok((revoked, only_registered(transaction, by)?))
            })?;
            if readable {
                copy.execute("DETACH replaced", [])?;
            }
            one_file(&copy)?;
            Ok(merged)
        };
        let (revoked, registered_only) = merge().map_err(|error| error.at(staged))?;
        drop(copy);
        place(dir, &staged.join(open::FILE), kept.as_deref())
            .map_err(|source| Error::File { path: file.clone(), source })?;
        let mut connection = open::another(dir)?;
        finish(&mut connection, dir).map_err(|error| error.at(dir))?;
        Ok(Restored { of, kept, revoked, registered_only })
    }
}

/// Finishes a restore: writes the identity of the restored database to its file.
pub(super) fn finish(connection: &mut Connection, dir: &Path) -> Result<(), Error> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'backup'";
    if connection.query_row(there, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(());
    }
    let row = connection.query_row("SELECT identity, kept FROM backup", [], |row| {
        Ok((row.get::<_, String>(0).map(Secret::new)?, row.get::<_, Option<String>>(1)?))
    })?;
    let kept = row.1.unwrap_or_else(|| "before-restore".to_owned());
    Identity::put(dir, &row.0, &format!("{kept}-identity"))?;
    // Deleted content is overwritten, so that the identity does not stay in a free page.
    connection.pragma_update(None, "secure_delete", true)?;
    super::write(connection, |transaction| Ok(transaction.execute_batch("DROP TABLE backup")?))
}

/// Where the copy comes from, if it is a backup.
fn looked_at(staged: &Path, backup: &Path) -> Result<BackupOf, Error> {
    let none = || Error::NotABackup { path: backup.to_owned() };
    let copy = Connection::open_with_flags(staged.join(open::FILE), open::FLAGS)?;
    let newer = |_| Error::NewerBackup { path: backup.to_owned() };
    match open::version(&copy, staged) {
        Ok(Some(_)) => {}
        Err(error @ Error::Newer { .. }) => return Err(newer(error)),
        _ => return Err(none()),
    }
    let format: Option<i64> =
        copy.query_row("SELECT format FROM backup", [], |row| row.get(0)).optional().unwrap_or(None);
    match format {
        Some(FORMAT) => {}
        Some(later) if later > FORMAT => return Err(Error::NewerBackup { path: backup.to_owned() }),
        _ => return Err(none()),
    }
    let sound: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(none());
    }
    let mut statement = copy.prepare("SELECT installation, program, made_at FROM backup")?;
    let mut rows = statement.query([])?;
    let mut cells = Cells::of(rows.next()?.ok_or_else(none)?);
    Ok(BackupOf { installation: cells.text()?, program: cells.text()?, made_at: cells.parsed()? })
}

/// Checks that no other process has the database open, and merges its write-ahead log. False when it cannot be read.
fn alone(dir: &Path) -> Result<bool, Error> {
    let opened = open::up_to_date(dir, open::MIGRATIONS).and_then(|connection| {
        connection.busy_timeout(Duration::from_secs(2))?;
        one_file(&connection).map_err(|error| error.at(dir))
    });
    match opened {
        Ok(()) => Ok(true),
        Err(Error::Busy { .. }) => Err(Error::InUse { path: dir.join(open::FILE) }),
        Err(Error::NotOurs { .. } | Error::Damaged { .. } | Error::Migration { .. } | Error::Database { .. }) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Leaves write-ahead mode, which is possible only while no other process has the database open.
fn one_file(connection: &Connection) -> Result<(), Error> {
    let busy = || Error::Busy { path: PathBuf::new() };
    let mode: String = connection.query_row("PRAGMA journal_mode = delete", [], |row| row.get(0))?;
    if mode == "delete" { Ok(()) } else { Err(busy()) }
}

fn still_revoked(transaction: &Transaction<'_>) -> Result<Revoked, Error> {
    let run = |sql: &str| transaction.execute(sql, []).map(|rows| rows as u64);
    let known = run(TOKENS_REVOKED)?;
    let unknown = "SELECT count(*) FROM replaced.token WHERE revoked_at IS NOT NULL
                       AND id NOT IN (SELECT id FROM main.token)";
    let tokens = known + transaction.query_row(unknown, [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    run(TOKENS_UNKNOWN)?;
    run(TOKENS_SUPERSEDED)?;
    let keys = run(KEYS_REVOKED)?;
    run(KEYS_UNKNOWN)?;
    run(KEY_ACTIVE)?;
    let devices = run(DEVICES_REVOKED)? + run(DEVICES_UNKNOWN)?;
    let accounts = run(HELD_BACK)?;
    run(USES)?;
    run(ATTEMPTS)?;
    run(PAUSE)?;
    Ok(Revoked { tokens, keys, devices, accounts })
}

/// Refuses unknown offline tokens from now on: one that was revoked after the backup was made may be among them.
/// Returns whether they were accepted until now.
fn only_registered(transaction: &Transaction<'_>, by: &By<'_>) -> Result<bool, Error> {
    let kept = document::get::<Settings>(transaction)?;
    let version = kept.as_ref().map(|kept| kept.version);
    let settings = kept.map(|kept| kept.value).unwrap_or_default();
    if settings.offline_tokens == OfflineTokens::RequireImport {
        return Ok(false);
    }
    document::save(transaction, &Settings { offline_tokens: OfflineTokens::RequireImport, ..settings }, version, by)?;
    Ok(true)
}

/// Moves the copy into place and renames the database that it replaces; at each moment one of them is there.
fn place(dir: &Path, copy: &Path, kept: Option<&Path>) -> std::io::Result<()> {
    let file = dir.join(open::FILE);
    File::open(copy)?.sync_all()?;
    if let Some(kept) = kept {
        fs::hard_link(&file, kept)?;
        // Only a database that could not be opened still has these.
        for suffix in ["-wal", "-shm"] {
            let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
            match fs::rename(with(&file), with(kept)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    fs::rename(copy, &file)?;
    File::open(dir)?.sync_all()
}

/// A free name for the replaced database.
fn free(dir: &Path, at: Timestamp) -> PathBuf {
    let stem = format!("imd-replaced-{}", at.strftime("%Y%m%dT%H%M%SZ"));
    let called = |n: u32| dir.join(if n == 0 { format!("{stem}.db") } else { format!("{stem}-{n}.db") });
    (0..u32::MAX).map(called).find(|path| !path.exists()).unwrap_or_else(|| called(0))
}

fn new_file(path: &Path) -> Result<File, Error> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|source| Error::File { path: path.to_owned(), source })
}

fn utf8(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| Error::Unfit {
        what: path.display().to_string(),
        why: "the state directory's name is not UTF-8",
    })
}
