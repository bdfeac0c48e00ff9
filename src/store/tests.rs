//! What only this module can set up: an older schema, a full disk, an edited audit.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;

use super::{By, Error, Store, lock, open};
use crate::model::audit::Actor;
use crate::model::found::Sort;
use crate::model::name::Name;
use crate::model::profile::Storage;

fn folder() -> TempDir {
    tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o700)).tempdir().expect("a folder")
}

fn by(actor: &Actor) -> By<'_> {
    By { actor, at: Timestamp::UNIX_EPOCH, verb: "test" }
}

fn storage(n: u32) -> Storage {
    Storage { name: Name::new(&format!("s{n}")).expect("a name"), location: "x".repeat(5_000), capacity: None }
}

fn copies(dir: &Path) -> Vec<String> {
    let files = std::fs::read_dir(dir).expect("a folder").map(|file| file.expect("a file").file_name());
    let mut names: Vec<_> = files.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.starts_with("imd-schema-"));
    names.sort();
    names
}

/// The real migrations and a made later one.
fn with_second(sql: &'static str) -> Vec<(&'static str, &'static str)> {
    [open::MIGRATIONS, &[("V2__made", sql)]].concat()
}

#[test]
fn later_migration_is_applied_to_a_backed_up_database() {
    let dir = folder();
    let actor = Actor::new("anna");
    let old = Store::open(dir.path()).expect("opens");
    old.save(&storage(0), None, &by(&actor)).expect("saved");
    drop(old);
    assert!(copies(dir.path()).is_empty(), "a new database needs no backup");

    let migrations = with_second("CREATE TABLE made (x TEXT) STRICT; INSERT INTO made VALUES ('here')");
    let store = Store::open_with(dir.path(), &migrations).expect("migrates");
    let made: String =
        store.read(|connection| Ok(connection.query_row("SELECT x FROM made", [], |row| row.get(0))?)).expect("read");
    assert_eq!(made, "here");
    assert_eq!(store.list::<Storage>().expect("read").len(), 1, "what was saved is still there");
    assert!(matches!(store.verify_audit(), Ok(super::Verdict::Whole { rows: 1, .. })));

    assert_eq!(copies(dir.path()), ["imd-schema-1.db"]);
    let copy = dir.path().join("imd-schema-1.db");
    assert_eq!(copy.metadata().expect("exists").permissions().mode() & 0o777, 0o600);
    let copy = rusqlite::Connection::open(copy).expect("opens");
    let saved: String = copy.query_row("SELECT name FROM storage", [], |row| row.get(0)).expect("read");
    assert_eq!(saved, "s0");
    assert!(copy.prepare("SELECT * FROM made").is_err(), "the backup was made before the migration");

    Store::open_with(dir.path(), &migrations).expect("opens");
    assert_eq!(copies(dir.path()).len(), 1, "no migration, no backup");
    assert!(matches!(Store::open(dir.path()), Err(Error::Newer { found: 2, known: 1, .. })));
}

#[test]
fn emptied_search_index_is_filled_at_the_next_start() {
    let dir = folder();
    let user = |id: i64, label: &str| {
        let key = label.to_uppercase();
        format!(
            "INSERT INTO user_values (id, attributes) VALUES ({id}, '{{\"sAMAccountName\":[\"s{id}\"]}}');
             INSERT INTO cached_user (id, directory_id, guid, state, mapping_id, version, added_at, hash, operational,
                 label, values_id)
             VALUES ({id}, 1, randomblob(16), 'active', 1, 1, '2026-01-01T00:00:00Z', zeroblob(32), zeroblob(32),
                 '{label}', {id});
             INSERT INTO user_name (form, key, user_id) VALUES ('label', '{key}', {id});"
        )
    };
    let configured = "INSERT INTO directory (id, name, name_key, kind, file, version, changed_at, changed_by)
            VALUES (1, 'corp', 'CORP', 'file', 'x', 1, '', '');
        INSERT INTO storage (id, name, name_key, location, version, changed_at, changed_by)
            VALUES (1, 'eu', 'EU', 's3://eu', 1, '', '');
        INSERT INTO profile (id, name, name_key, login, max_users, inactive_after, preserve_for, version, changed_at,
            changed_by) VALUES (1, 'L', 'L', 'active-directory', 0, 1, 1, 1, '', '');
        INSERT INTO mapping (id, name, name_key, kind, directory_id, account_name, profile_id, storage_id, auto_import,
            enabled, position, version, changed_at, changed_by)
        VALUES (1, 'Staff', 'STAFF', 'imd', 1, 'upn', 1, 1, 0, 1, 1, 1, '2026-01-01T00:00:00Z', 'anna');";
    let sql = format!("{configured} {} {}", user(1, "Zoë Berg"), user(2, "Anna Berg"));
    let old = Store::open(dir.path()).expect("opens");
    old.write(|transaction| Ok(transaction.execute_batch(&sql)?)).expect("written");
    let found = |store: &Store, query| {
        let page = store.users(query, Sort::default(), 0, 10).expect("read");
        page.users.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&old, Some("zoe")), [0; 0], "not indexed yet");
    drop(old);

    // A migration that changes what is indexed empties the index.
    let emptied = "DELETE FROM user_index; INSERT INTO user_words (user_words) VALUES ('delete-all')";
    let store = Store::open_with(dir.path(), &with_second(emptied)).expect("migrates");
    assert_eq!(found(&store, None), [2, 1]);
    assert_eq!(found(&store, Some("zoe")), [1]);
    assert_eq!(found(&store, Some("s2")), [2]);
}

#[test]
fn failed_migration_keeps_the_database_and_names_the_backup() {
    let dir = folder();
    let actor = Actor::new("anna");
    let old = Store::open(dir.path()).expect("opens");
    old.save(&storage(0), None, &by(&actor)).expect("saved");
    drop(old);
    let migrations = with_second("CREATE TABLE made (x); CREATE TABLE storage (x)");
    let error = Store::open_with(dir.path(), &migrations).expect_err("the table exists");
    assert!(matches!(&error, Error::Migration { backup: Some(copy), .. } if copy.exists()), "{error}");
    assert!(error.help().contains("imd-schema-1.db"));
    let store = Store::open(dir.path()).expect("still opens");
    assert_eq!(store.list::<Storage>().expect("read").len(), 1);
    let made = store.read(|connection| Ok(connection.prepare("SELECT * FROM made").is_ok()));
    assert!(!made.expect("read"), "no half of a migration stays");
}

#[test]
fn two_processes_can_create_the_state_at_once() {
    let dir = folder();
    let state = dir.path().join("state");
    std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Store::open(&state).map(|store| store.installation_id()))).collect();
        for one in all {
            assert!(matches!(one.join().expect("ends"), Ok(Ok(None))));
        }
    });
}

#[test]
fn full_disk_is_one_error_and_loses_nothing() {
    let dir = folder();
    let store = Store::open(dir.path()).expect("opens");
    let actor = Actor::new("anna");
    store.save(&storage(0), None, &by(&actor)).expect("there is room");
    let limit = |pages: &str| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        lock(&store.0.writer).query_row(&sql, [], |row| row.get::<_, i64>(0)).expect("limited")
    };
    limit("1");
    let (error, kept) = (1..100)
        .find_map(|n| store.save(&storage(n), None, &by(&actor)).err().map(|error| (error, n)))
        .expect("it does not fit");
    let path = dir.path().join("imd.db");
    assert!(matches!(&error, Error::Full { path: full } if *full == path), "{error}");
    assert_eq!(error.to_string(), format!("the disk that holds {} is full; nothing was changed", path.display()));
    assert!(error.help().contains("free some space"));
    let there = store.list::<Storage>().expect("can be read").into_iter().map(|one| one.value);
    assert_eq!(there.count(), usize::try_from(kept).expect("fits"), "all that was answered, and nothing else");
    assert!(matches!(store.verify_audit(), Ok(super::Verdict::Whole { rows, .. }) if rows == u64::from(kept)));

    limit("1000000");
    store.save(&storage(kept), None, &by(&actor)).expect("there is room again");
}

#[test]
fn concurrent_writers_wait_and_succeed() {
    let dir = folder();
    let store = Store::open(dir.path()).expect("opens");
    let actor = Actor::new("anna");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            // Half of them share a store, half have one of their own, as another process would.
            let store = if thread % 2 == 0 { store.clone() } else { Store::open(dir.path()).expect("opens") };
            let actor = &actor;
            scope.spawn(move || {
                for n in 0..25 {
                    store.save(&storage(thread * 100 + n), None, &by(actor)).expect("is saved");
                }
            });
        }
    });
    assert_eq!(store.list::<Storage>().expect("read").len(), 100);
    assert!(matches!(store.verify_audit(), Ok(super::Verdict::Whole { rows: 100, .. })));
}

#[test]
fn sixteen_idle_connections_are_kept() {
    let dir = folder();
    let store = Store::open(dir.path()).expect("opens");
    let together = std::sync::Barrier::new(40);
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                let read = store.read(|_| {
                    together.wait();
                    Ok(())
                });
                read.expect("reads");
            });
        }
    });
    assert_eq!(lock(&store.0.idle).len(), 16);
}
