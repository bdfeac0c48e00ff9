//! What only this room can bring about: an older schema, a full disk, a hand that edits the history.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use refinery::Target;
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

#[test]
fn an_older_database_is_copied_and_brought_up_to_date() {
    let dir = folder();
    let old = open::up_to(dir.path(), Target::Version(1)).expect("opens");
    let audited = "INSERT INTO audit (number, at, actor, verb, subject, detail, hash)
                   VALUES (1, '2026-01-01T00:00:00Z', 'anna', 'setup', '', '', zeroblob(32))";
    old.execute(audited, []).expect("written");
    let kept = "INSERT INTO wizard (one, step) VALUES (1, 'mapping');
                INSERT INTO wizard_draft (step, value) VALUES ('mapping', '{}'), ('mapping/subject', '\"Staff\"')";
    old.execute_batch(kept).expect("written");
    drop(old);
    assert!(copies(dir.path()).is_empty(), "a new database needs no copy");

    let store = Store::open(dir.path()).expect("migrates");
    let anna = Actor::new("anna");
    assert_eq!(store.wizard_at(&anna).expect("read").as_deref(), Some("mapping"));
    assert_eq!(store.wizard_draft(&anna, "mapping").expect("read"), Some(serde_json::json!({})));
    assert_eq!(store.wizard_subject(&anna, "mapping").expect("read").as_deref(), Some("Staff"));
    assert_eq!(store.user_counts().expect("the cache is there now").active, 0);
    assert_eq!(copies(dir.path()), ["imd-schema-1.db"]);
    let copy = dir.path().join("imd-schema-1.db");
    assert_eq!(copy.metadata().expect("is there").permissions().mode() & 0o777, 0o600);
    let copy = rusqlite::Connection::open(copy).expect("opens");
    let step: String = copy.query_row("SELECT step FROM wizard", [], |row| row.get(0)).expect("read");
    assert_eq!(step, "mapping");
    assert!(copy.prepare("SELECT * FROM user").is_err(), "the copy is from before");

    Store::open(dir.path()).expect("opens");
    assert_eq!(copies(dir.path()).len(), 1, "nothing to migrate, nothing to copy");
}

#[test]
fn users_of_an_older_database_are_found_once_it_is_brought_up_to_date() {
    let dir = folder();
    let old = open::up_to(dir.path(), Target::Version(10)).expect("opens");
    let user = |id: i64, label: &str| {
        let key = label.to_uppercase();
        format!(
            "INSERT INTO user_values (id, attributes) VALUES ({id}, '{{\"sAMAccountName\":[\"s{id}\"]}}');
             INSERT INTO cached_user (id, directory_id, guid, state, mapping_id, version, came_at, hash, operational, label,
                 values_id)
             VALUES ({id}, 1, randomblob(16), 'active', 1, 1, '2026-01-01T00:00:00Z', zeroblob(32), zeroblob(32),
                 '{label}', {id});
             INSERT INTO user_name (form, key, user_id) VALUES ('label', '{key}', {id});"
        )
    };
    let configured =
        "INSERT INTO directory VALUES (1, 'corp', 'CORP', 'file', 'x', NULL, NULL, NULL, NULL, 1, '', '', NULL);
        INSERT INTO storage VALUES (1, 'eu', 'EU', 's3://eu', NULL, 1, '', '');
        INSERT INTO profile VALUES (1, 'L', 'L', 'active-directory', 1, NULL, 0, NULL, 1, 1, 1, '', '');
        PRAGMA foreign_keys = OFF;
        INSERT INTO mapping (id, name, name_key, kind, directory_id, account_name, profile_id, storage_id, auto_import,
            enabled, position, version, changed_at, changed_by)
        VALUES (1, 'Staff', 'STAFF', 'imd', 1, 'upn', 1, 1, 0, 1, 1, 1, '2026-01-01T00:00:00Z', 'anna');";
    old.execute_batch(&format!("{configured} {} {}", user(1, "Zoë Berg"), user(2, "Anna Berg"))).expect("written");
    drop(old);

    let store = Store::open(dir.path()).expect("migrates");
    let found = |query| {
        let page = store.users(query, Sort::default(), 0, 10).expect("read");
        page.users.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(found(None), [2, 1]);
    assert_eq!(found(Some("zoe")), [1]);
    assert_eq!(found(Some("s2")), [2]);
}

#[test]
fn a_migration_that_fails_leaves_the_old_database_and_says_where_the_copy_is() {
    let dir = folder();
    let old = open::up_to(dir.path(), Target::Version(1)).expect("opens");
    // What the second migration will want to make is there already.
    old.execute_batch("INSERT INTO wizard (one, step) VALUES (1, 'token'); CREATE TABLE user_name (x)").expect("made");
    drop(old);
    let error = Store::open(dir.path()).expect_err("cannot migrate");
    assert!(matches!(&error, Error::Migration { backup: Some(copy), .. } if copy.exists()), "{error}");
    assert!(error.help().contains("imd-schema-1.db"));
    let old = open::up_to(dir.path(), Target::Version(1)).expect("is as it was");
    let step: String = old.query_row("SELECT step FROM wizard", [], |row| row.get(0)).expect("read");
    assert_eq!(step, "token");
    assert!(old.prepare("SELECT * FROM directory_seen").is_err(), "no half of a migration stays");
}

#[test]
fn two_who_open_a_new_state_at_once_both_find_it_whole() {
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
fn a_full_disk_gives_one_clear_error_and_loses_nothing() {
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
    assert_eq!(
        error.to_string(),
        format!("no room is left on the disk that holds {}; nothing was changed", path.display())
    );
    assert!(error.help().contains("free some space"));
    let there = store.list::<Storage>().expect("can be read").into_iter().map(|one| one.value);
    assert_eq!(there.count(), usize::try_from(kept).expect("fits"), "all that was answered, and nothing else");
    assert!(matches!(store.verify_audit(), Ok(super::Verdict::Whole { rows, .. }) if rows == u64::from(kept)));

    limit("1000000");
    store.save(&storage(kept), None, &by(&actor)).expect("there is room again");
}

#[test]
fn only_one_of_two_writers_waits_and_none_is_refused() {
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
                    store.save(&storage(thread * 100 + n), None, &by(actor)).expect("is let in");
                }
            });
        }
    });
    assert_eq!(store.list::<Storage>().expect("read").len(), 100);
    assert!(matches!(store.verify_audit(), Ok(super::Verdict::Whole { rows: 100, .. })));
}

#[test]
fn of_many_who_read_at_once_a_few_connections_are_kept() {
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
