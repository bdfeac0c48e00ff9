//! The state: what is saved is there, for everybody and for `sqlite3`; what must not be is refused.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;

use imd::model::audit::Actor;
use imd::model::directory::{Directory, Ldap, Source, Trust};
use imd::model::duration::Duration;
use imd::model::frequency::Frequency;
use imd::model::installer::{Inputs, Installer, Proxy};
use imd::model::mapping::{AccountName, Kind, Mapping};
use imd::model::name::Name;
use imd::model::profile::{Login, Profile, Storage};
use imd::model::settings::{AtLimit, AuthMethod, OfflineTokens, Settings};
use imd::model::token::{Record, Scope, TokenId};
use imd::store::{By, Error, KeyState, Store, StoredKey, Verdict};
use tempfile::TempDir;

const AT: &str = "2026-03-01T13:02:00Z";

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn by(actor: &Actor) -> By<'_> {
    By { actor, at: AT.parse().expect("a timestamp"), verb: "test" }
}

/// A folder as its owner would make it for a state.
fn folder() -> TempDir {
    let only_mine = PermissionsExt::from_mode(0o700);
    tempfile::Builder::new().permissions(only_mine).tempdir().expect("a folder")
}

fn empty() -> (TempDir, Store) {
    let dir = folder();
    let store = Store::open(dir.path()).expect("opens");
    (dir, store)
}

/// What the command line tool of SQLite itself says.
fn sqlite3(dir: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").arg(dir.join("imd.db")).arg(sql).output().expect("sqlite3 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}

fn corp() -> Directory {
    let urls = ["ldaps://dc1.corp.example.com", "ldaps://dc2.corp.example.com:3269"];
    let urls = urls.iter().map(|url| url.parse().expect("an address")).collect();
    let trust = Trust::Ca { file: "corp-ca.pem".into(), pem: "-----BEGIN CERTIFICATE-----\n".repeat(40) };
    Directory { name: name("corp"), source: Source::Ldap(Ldap { urls, trust, bind: r"CORP\svc-imd".into() }) }
}

fn storage(of: &str) -> Storage {
    Storage { name: name(of), location: "s3://backup-eu-1".into(), capacity: "200 TiB".parse().ok() }
}

fn laptops() -> Profile {
    Profile {
        name: name("Laptops"),
        login: Login::ActiveDirectory,
        login_directory: Some(name("corp")),
        quota: "50 GiB".parse().ok(),
        max_users: 0,
        devices_per_user: Some(2),
        inactive_after: Duration::days(60),
        preserve_for: Duration::days(90),
    }
}

fn mapping(of: &str) -> Mapping {
    Mapping {
        name: name(of),
        kind: Kind::Imd,
        directory: name("corp"),
        base_dn: Some("DC=corp,DC=example,DC=com".into()),
        ou: None,
        group: None,
        department: Some("O'Brien; DROP TABLE mapping".into()),
        country: Some("NO".into()),
        filter: Some("(employeeType=permanent)".into()),
        account_name: AccountName::Upn,
        profile: name("Laptops"),
        storage: name("eu-1"),
        quota: None,
        auto_import: false,
        interval: Some(Duration::hours(12)),
        enabled: true,
    }
}

fn configured() -> (TempDir, Store) {
    let (dir, store) = empty();
    let anna = Actor::new("anna");
    store.save(&corp(), None, &by(&anna)).expect("a directory");
    store.save(&storage("eu-1"), None, &by(&anna)).expect("a storage");
    store.save(&laptops(), None, &by(&anna)).expect("a profile");
    store.save(&mapping("Staff"), None, &by(&anna)).expect("a mapping");
    (dir, store)
}

#[test]
fn saved_values_are_read_by_imd_and_sqlite3() {
    let (dir, store) = configured();
    let file = Directory { name: name("Übung"), source: Source::File("/srv/Benutzer übung.ldif".into()) };
    store.save(&file, None, &by(&Actor::new("anna"))).expect("saved");

    let again = Store::open(dir.path()).expect("opens again");
    let directories: Vec<_> = again.list::<Directory>().expect("a list").into_iter().map(|kept| kept.value).collect();
    assert_eq!(directories, [corp(), file]);
    assert_eq!(again.get::<Profile>(&name("LAPTOPS")).expect("read").expect("there").value, laptops());
    assert_eq!(again.get::<Storage>(&name("eu-1")).expect("read").expect("there").value, storage("eu-1"));
    let kept = again.get::<Mapping>(&name("staff")).expect("read").expect("there");
    assert_eq!((kept.version, kept.changed_by, kept.changed_at.to_string().as_str()), (1, Actor::new("anna"), AT));
    assert_eq!(kept.value, mapping("Staff"));

    let sql =
        "SELECT m.name, d.name, p.name, s.name, m.department, m.sync_interval, p.quota, d.bind, json_extract(d.urls, '$[1]')
               FROM mapping m JOIN directory d ON d.id = directory_id JOIN profile p ON p.id = profile_id
               JOIN storage s ON s.id = storage_id";
    assert_eq!(
        sqlite3(dir.path(), sql),
        r"Staff|corp|Laptops|eu-1|O'Brien; DROP TABLE mapping|43200|53687091200|CORP\svc-imd|ldaps://dc2.corp.example.com:3269"
    );
    assert_eq!(sqlite3(dir.path(), "PRAGMA integrity_check; PRAGMA foreign_key_check; PRAGMA journal_mode"), "ok\nwal");
    let loose = "SELECT group_concat(name) FROM pragma_table_list
                 WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'";
    assert_eq!(sqlite3(dir.path(), loose), "refinery_schema_history", "every table of ours is STRICT");
}

#[test]
fn panicking_change_is_rolled_back_alone() {
    let (dir, store) = empty();
    let queue = store.queue().expect("a thread");
    let anna = Actor::new("anna");
    let row = |subject: &'static str, panics: bool| {
        let anna = anna.clone();
        queue.run(move |transaction| {
            transaction.audit(&by(&anna), subject, "")?;
            assert!(!panics, "as it was meant to");
            Ok::<_, Error>(())
        })
    };
    let error = row("lost", true).expect_err("it panicked");
    assert!(matches!(error, Error::Uncommitted { .. }), "{error}");
    for subject in ["first", "second"] {
        row(subject, false).expect("the thread lives");
    }
    assert_eq!(sqlite3(dir.path(), "SELECT group_concat(subject) FROM audit"), "first,second");
}

#[test]
fn documents_are_saved_and_versioned() {
    let (_dir, store) = empty();
    let anna = Actor::new("anna");
    let frequency = Frequency {
        interval: Duration::hours(6),
        at: Some("02:30".parse().expect("a time")),
        time_zone: Some("Europe/Oslo".into()),
    };
    let settings = Settings {
        devices_per_user: 3,
        at_limit: AtLimit::ReplaceOldest,
        auth: vec![AuthMethod::Kerberos, AuthMethod::Password],
        safeguard: "7%".parse().expect("a fuse"),
        offline_tokens: OfflineTokens::RequireImport,
        pilot_group: Some("CN=Pilot,DC=corp,DC=example,DC=com".to_owned()),
        daily_activation_limit: 50,
    };
    let installer = Installer {
        agent: "imd-activate".into(),
        targets: vec!["msiexec".into(), "configmgr".into()],
        token: Some(name("rollout-2026")),
        proxy: Proxy::Url("http://proxy:8080".into()),
        token_delivery: imd::model::installer::TokenDelivery::Inline,
        folder: "rollout".into(),
        properties: [("MSI".to_owned(), "imd activate.msi".to_owned())].into(),
    };
    assert!(store.document::<Frequency>().expect("read").is_none());
    assert_eq!(store.save_document(&frequency, None, &by(&anna)).expect("saved"), 1);
    assert_eq!(store.save_document(&settings, None, &by(&anna)).expect("saved"), 1);
    assert_eq!(store.save_document(&installer, None, &by(&anna)).expect("saved"), 1);
    assert_eq!(store.document::<Frequency>().expect("read").expect("there").value, frequency);
    assert_eq!(store.document::<Settings>().expect("read").expect("there").value, settings);
    assert_eq!(store.document::<Installer>().expect("read").expect("there").value, installer);

    let other = Settings { devices_per_user: 4, ..settings.clone() };
    let bert = Actor::new("bert");
    let first = store.save_document(&other, None, &by(&bert)).expect_err("anna was first");
    assert!(matches!(first, Error::ChangedBy { by, .. } if by == anna));
    assert_eq!(store.save_document(&other, Some(1), &by(&bert)).expect("saved"), 2);
}

#[test]
fn stale_version_is_not_saved() {
    let (_dir, store) = configured();
    let (anna, bert) = (Actor::new("anna"), Actor::new("bert"));
    let annas = Profile { max_users: 10, ..laptops() };
    assert_eq!(store.save(&annas, Some(1), &by(&anna)).expect("saved"), 2);

    let error = store.save(&Profile { max_users: 20, ..laptops() }, Some(1), &by(&bert)).expect_err("an old version");
    let at = imd::model::moment::minute("2026-03-01T13:02:00Z".parse::<jiff::Timestamp>().expect("a timestamp"));
    assert!([" UTC", ":00", ":30", ":45"].iter().any(|end| at.ends_with(end)), "UTC or an offset: {at}");
    assert_eq!(error.to_string(), format!("profile \"Laptops\" was changed by anna at {at}"));
    assert!(error.help().contains("reload"));
    assert_eq!(store.get::<Profile>(&name("Laptops")).expect("read").expect("there").value, annas);
    assert!(matches!(store.save(&annas, None, &by(&bert)), Err(Error::Exists(_))));
    let unknown = Profile { name: name("Desktops"), ..laptops() };
    assert!(matches!(store.save(&unknown, Some(1), &by(&bert)), Err(Error::Unknown(_))));
}

#[test]
fn racing_saves_have_one_winner_each_round() {
    const ROUNDS: u32 = 40;
    let (dir, store) = configured();
    let barrier = Barrier::new(2);
    let wins: u32 = std::thread::scope(|scope| {
        let racer = |actor: &'static str, store: Store| {
            let barrier = &barrier;
            scope.spawn(move || {
                let actor = Actor::new(actor);
                let mut wins = 0;
                for round in 0..ROUNDS {
                    let kept = store.get::<Profile>(&name("Laptops")).expect("read").expect("there");
                    barrier.wait();
                    let devices_per_user = Some(round + if actor.0.raw() == "anna" { 1_000 } else { 2_000 });
                    let mine = Profile { devices_per_user, ..kept.value };
                    match store.save(&mine, Some(kept.version), &by(&actor)) {
                        Ok(version) => {
                            assert_eq!(version, kept.version + 1);
                            wins += 1;
                        }
                        Err(Error::ChangedBy { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                    barrier.wait();
                }
                wins
            })
        };
        let one = racer("anna", Store::open(dir.path()).expect("opens"));
        let other = racer("bert", Store::open(dir.path()).expect("opens"));
        one.join().expect("ends") + other.join().expect("ends")
    });
    assert_eq!(wins, ROUNDS);
    assert_eq!(store.get::<Profile>(&name("Laptops")).expect("read").expect("there").version, u64::from(ROUNDS) + 1);
    assert!(matches!(store.verify_audit(), Ok(Verdict::Whole { rows, .. }) if rows == 4 + u64::from(ROUNDS)));
}

#[test]
fn saving_the_same_value_changes_nothing() {
    let (dir, store) = configured();
    let before = sqlite3(dir.path(), ".dump");
    assert_eq!(store.save(&mapping("Staff"), Some(1), &by(&Actor::new("bert"))).expect("saved"), 1);
    assert_eq!(store.save(&corp(), Some(1), &by(&Actor::new("bert"))).expect("saved"), 1);
    assert_eq!(sqlite3(dir.path(), ".dump"), before);
}

#[test]
fn names_that_differ_in_case_are_one_name() {
    let (_dir, store) = configured();
    let anna = Actor::new("anna");
    assert!(matches!(store.save(&mapping("STAFF"), None, &by(&anna)), Err(Error::Exists(_))));
    store.save(&storage("Münster"), None, &by(&anna)).expect("saved");
    assert!(matches!(store.save(&storage("MÜNSTER"), None, &by(&anna)), Err(Error::Exists(_))));
}

#[test]
fn item_in_use_is_not_removed() {
    let (_dir, store) = configured();
    let anna = Actor::new("anna");
    let needed = |error: Error| match error {
        Error::Needed { by, .. } => by,
        other => panic!("{other}"),
    };
    let error = store.remove::<Directory>(&name("corp"), &by(&anna)).expect_err("is needed");
    assert_eq!(needed(error), ["mapping \"Staff\"", "profile \"Laptops\""]);
    let error = store.remove::<Storage>(&name("eu-1"), &by(&anna)).expect_err("is needed");
    assert_eq!(needed(error), ["mapping \"Staff\""]);

    store.remove::<Mapping>(&name("staff"), &by(&anna)).expect("nothing needs it");
    store.remove::<Profile>(&name("Laptops"), &by(&anna)).expect("nothing needs it now");
    store.remove::<Directory>(&name("corp"), &by(&anna)).expect("nothing needs it now");
    assert!(store.list::<Mapping>().expect("a list").is_empty());
    assert!(matches!(store.remove::<Mapping>(&name("staff"), &by(&anna)), Err(Error::Unknown(_))));
    let error = store.save(&mapping("Staff"), None, &by(&anna)).expect_err("its directory is gone");
    assert_eq!(error.to_string(), "there is no directory \"corp\"");
}

#[test]
fn mappings_keep_the_order_that_they_are_given() {
    let (_dir, store) = configured();
    let anna = Actor::new("anna");
    for new in ["Board", "All"] {
        store.save(&mapping(new), None, &by(&anna)).expect("saved");
    }
    let order = || {
        let all = store.list::<Mapping>().expect("a list");
        all.into_iter().map(|kept| kept.value.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(order(), ["Staff", "Board", "All"]);
    store.order_mappings(&[name("board")], &by(&anna)).expect("ordered");
    assert_eq!(order(), ["Board", "Staff", "All"]);
    let rows = store.audit(100, None).expect("the audit").len();
    store.order_mappings(&[name("Board"), name("Staff"), name("All")], &by(&anna)).expect("as it is");
    assert_eq!(store.audit(100, None).expect("the audit").len(), rows);
    assert!(matches!(store.order_mappings(&[name("None")], &by(&anna)), Err(Error::Unknown(_))));
}

#[test]
fn mapping_order_conflict_is_detected() {
    let (_dir, store) = configured();
    let anna = Actor::new("anna");
    for new in ["Board", "All"] {
        store.save(&mapping(new), None, &by(&anna)).expect("saved");
    }
    let seen = [name("Staff"), name("Board"), name("All")];
    let wanted = [name("All"), name("Staff"), name("Board")];
    let order = || {
        let all = store.list::<Mapping>().expect("a list");
        all.into_iter().map(|kept| kept.value.name).collect::<Vec<_>>()
    };
    // Another administrator was first.
    store.order_mappings(&[name("Board")], &by(&anna)).expect("ordered");
    let theirs = order();
    assert!(matches!(store.reorder_mappings(&seen, &wanted, &by(&anna)), Err(Error::OtherOrder)));
    assert_eq!(order(), theirs);
    store.reorder_mappings(&theirs, &wanted, &by(&anna)).expect("nobody was");
    assert_eq!(order(), wanted);
    // A mapping that was added since is a change, too.
    store.save(&mapping("New"), None, &by(&anna)).expect("saved");
    assert!(matches!(store.reorder_mappings(&wanted, &seen, &by(&anna)), Err(Error::OtherOrder)));
}

#[test]
fn audit_names_actor_subject_and_change() {
    let (_dir, store) = configured();
    let bert = Actor::new("bert\u{1b}[2J");
    let changed = Profile { quota: "80 GiB".parse().ok(), devices_per_user: None, ..laptops() };
    let by = By { verb: "profile edit", ..by(&bert) };
    store.save(&changed, Some(1), &by).expect("saved");
    let newest = &store.audit(1, None).expect("the audit")[0];
    assert_eq!((newest.number, &newest.actor, newest.verb.as_str()), (5, &bert, "profile edit"));
    assert_eq!(newest.subject.raw(), "profile \"Laptops\"");
    assert_eq!(newest.detail.raw(), "quota: \"50 GiB\" -> \"80 GiB\"; devices_per_user: 2 -> none");
    let older: Vec<_> = store.audit(2, Some(5)).expect("the audit").iter().map(|entry| entry.number).collect();
    assert_eq!(older, [4, 3]);
}

#[test]
fn edited_audit_is_detected() {
    let (dir, store) = configured();
    assert!(matches!(store.verify_audit(), Ok(Verdict::Whole { rows: 4, .. })));
    for sql in ["UPDATE audit SET actor = 'x' WHERE number = 2", "DELETE FROM audit WHERE number = 2"] {
        let output = Command::new("sqlite3").arg(dir.path().join("imd.db")).arg(sql).output().expect("sqlite3 runs");
        assert!(!output.status.success(), "{sql}");
    }
    assert!(matches!(store.verify_audit(), Ok(Verdict::Whole { .. })));

    let without = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;";
    sqlite3(dir.path(), &format!("{without} DELETE FROM audit WHERE number = 4"));
    assert_eq!(store.verify_audit().expect("verified"), Verdict::CutShort { rows: 3, were: 4 });
    sqlite3(dir.path(), "UPDATE audit SET actor = 'bert' WHERE number = 2");
    assert_eq!(store.verify_audit().expect("verified"), Verdict::Broken { number: 2 });
    sqlite3(dir.path(), "DELETE FROM audit WHERE number = 2");
    assert_eq!(store.verify_audit().expect("verified"), Verdict::Broken { number: 3 });
}

#[test]
fn drafts_secrets_and_keys_survive_a_lost_session() {
    let (dir, store) = empty();
    let anna = Actor::new("anna");
    assert_eq!(store.installation_id().expect("read"), None);
    store.initialize("imd-7f3a", &by(&anna)).expect("initialized");
    store.initialize("another", &by(&anna)).expect("stays");
    store.set_wizard_at(&anna, "mapping").expect("set");
    store.save_wizard_draft(&anna, "mapping", &serde_json::json!({"ou": "OU=Å"})).expect("saved");
    store.save_sealed("directory:corp", &[0, 255, 1], &by(&anna)).expect("sealed");
    let key = |kid: &str, at: &str, state| StoredKey {
        kid: kid.into(),
        public: vec![1; 32],
        sealed_private: vec![2; 80],
        created_at: at.parse().expect("a timestamp"),
        state,
        revoked_at: None,
        signs_for: None,
    };
    store.add_key(&key("k1", "2026-01-01T00:00:00Z", KeyState::Active), &by(&anna)).expect("added");
    store.add_key(&key("k2", "2026-01-02T00:00:00.5Z", KeyState::Active), &by(&anna)).expect("added");

    let again = Store::open(dir.path()).expect("opens again");
    assert_eq!(again.installation_id().expect("read").as_deref(), Some("imd-7f3a"));
    assert_eq!(again.wizard_at(&anna).expect("read").as_deref(), Some("mapping"));
    assert_eq!(again.wizard_draft(&anna, "mapping").expect("read"), Some(serde_json::json!({"ou": "OU=Å"})));
    assert_eq!(again.wizard_draft(&anna, "token").expect("read"), None);
    assert_eq!(again.sealed("directory:corp").expect("read"), Some(vec![0, 255, 1]));
    let keys = again.keys().expect("keys");
    assert_eq!(keys[0], key("k2", "2026-01-02T00:00:00.5Z", KeyState::Active));
    assert_eq!(keys[1], key("k1", "2026-01-01T00:00:00Z", KeyState::Retired));
    assert!(matches!(again.add_key(&keys[0], &by(&anna)), Err(Error::Exists(_))));
    store.save_wizard_draft(&anna, "mapping", &serde_json::Value::Null).expect("forgotten");
    assert_eq!(again.wizard_draft(&anna, "mapping").expect("read"), None);
}

#[test]
fn drafts_of_two_administrators_are_separate() {
    let (dir, store) = empty();
    let (anna, bob) = (Actor::new("anna"), Actor::new("bob"));
    let typed = |what: &str| serde_json::json!({ "ou": what });
    store.save_wizard_draft(&anna, "mapping", &typed("anna's")).expect("saved");
    store.save_wizard_draft(&bob, "mapping", &typed("bob's")).expect("saved");
    store.set_wizard_at(&anna, "mapping").expect("set");
    store.set_wizard_at(&bob, "token").expect("set");
    let again = Store::open(dir.path()).expect("opens again");
    assert_eq!(again.wizard_draft(&anna, "mapping").expect("read"), Some(typed("anna's")));
    assert_eq!(again.wizard_draft(&bob, "mapping").expect("read"), Some(typed("bob's")));
    assert_eq!(again.wizard_at(&anna).expect("read").as_deref(), Some("mapping"));
    assert_eq!(again.wizard_at(&bob).expect("read").as_deref(), Some("token"));

    // A step opens on what oneself saved last, and else on what the others did.
    store.set_wizard_subject(&anna, "mapping", "Staff").expect("set");
    assert_eq!(again.wizard_subject(&bob, "mapping").expect("read").as_deref(), Some("Staff"));
    store.set_wizard_subject(&bob, "mapping", "Guests").expect("set");
    assert_eq!(again.wizard_subject(&anna, "mapping").expect("read").as_deref(), Some("Staff"));
    assert_eq!(again.wizard_subject(&Actor::new("carla"), "mapping").expect("read").as_deref(), Some("Guests"));
}

fn token(id: u64, of: &str) -> Record {
    Record {
        id: TokenId::from_bytes(id.to_be_bytes()),
        name: name(of),
        issued_at: AT.parse().expect("a timestamp"),
        expires_at: "2026-06-01T00:00:00Z".parse().ok(),
        max_activations: 5_000,
        servers: vec!["https://imd:7443".into()],
        created_by: Actor::new("anna"),
        revoked_at: None,
        sha256: "ab".repeat(32),
        pin: None,
        note: None,
        scope: Scope::default(),
        replaced: None,
        key: None,
        uses: 0,
        last_use: None,
    }
}

#[test]
fn token_name_is_free_after_its_token_ends() {
    let (dir, store) = empty();
    let anna = Actor::new("anna");
    store.add_token(&token(1, "rollout"), &by(&anna)).expect("added");
    assert!(matches!(store.add_token(&token(2, "Rollout"), &by(&anna)), Err(Error::Exists(_))));
    store.revoke_token(&token(1, "x").id, &by(&anna)).expect("revoked");
    store.add_token(&token(2, "Rollout"), &by(&anna)).expect("the name is free");
    let later = By { at: "2026-06-01T00:00:00Z".parse().expect("a timestamp"), ..by(&anna) };
    store.add_token(&token(3, "rollout"), &later).expect("the second has expired");
    let tokens = store.tokens().expect("tokens");
    assert_eq!(tokens.len(), 3);
    assert_eq!(tokens.iter().find(|t| t.id == token(2, "x").id), Some(&token(2, "Rollout")));
    assert!(matches!(store.revoke_token(&token(9, "x").id, &by(&anna)), Err(Error::Unknown(_))));

    let inputs = Inputs { agent: "imd-activate".to_owned(), ..Inputs::default() };
    store.add_export("msiexec", Path::new("rollout"), Some(&tokens[0].id), &inputs, &by(&anna)).expect("noted");
    assert!(matches!(
        store.add_export("msiexec", Path::new("rollout"), Some(&token(9, "x").id), &inputs, &by(&anna)),
        Err(Error::Unknown(_))
    ));
    let exports = store.exports().expect("exports");
    assert_eq!((exports.len(), exports[0].target.as_str(), &exports[0].by), (1, "msiexec", &anna));
    assert_eq!(sqlite3(dir.path(), "SELECT target, folder FROM export"), "msiexec|rollout");
}

#[test]
fn users_added_by_csv_are_counted_once_each() {
    let (_dir, store) = configured();
    let anna = Actor::new("anna");
    let users = |mails: &[&str]| mails.iter().map(|mail| ((*mail).to_owned(), "Jane".to_owned())).collect();
    let laptops = name("laptops");
    assert_eq!(store.users_by_csv(&laptops).expect("counted"), 0);
    let added = store.import_profile_users(&laptops, users(&["a@x.example", "A@X.example", "b@x.example"]), &by(&anna));
    assert_eq!(added.expect("imported"), 2);
    assert_eq!(store.users_by_csv(&laptops).expect("counted"), 2);
    assert_eq!(store.import_profile_users(&laptops, users(&["b@x.example"]), &by(&anna)).expect("imported"), 0);
    assert!(matches!(store.import_profile_users(&name("None"), users(&[]), &by(&anna)), Err(Error::Unknown(_))));
}

#[test]
fn the_state_is_for_its_owner_only() {
    let parent = folder();
    let dir = parent.path().join("state/of/imd");
    let store = Store::open(&dir).expect("opens");
    store.set_wizard_at(&Actor::new("anna"), "token").expect("writes");
    let mode = |path: &Path| path.metadata().expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in std::fs::read_dir(&dir).expect("a folder") {
        let path = file.expect("a file").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }

    for (path, wide, right) in [(dir.clone(), 0o750, "700"), (dir.join("imd.db"), 0o644, "600")] {
        let before = mode(&path);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(wide)).expect("chmod");
        let error = Store::open(&dir).expect_err("others may read it");
        assert!(matches!(error, Error::TooWide { mode, .. } if mode == wide));
        assert_eq!(error.help(), format!("run: chmod {right} {}", path.display()));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(before)).expect("chmod");
    }
    Store::open(&dir).expect("opens again");
}

#[test]
fn database_of_a_newer_imd_is_refused() {
    let (dir, store) = configured();
    drop(store);
    sqlite3(
        dir.path(),
        "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1');
         CREATE TABLE of_the_future (x)",
    );
    let before = sqlite3(dir.path(), ".dump");
    let error = Store::open(dir.path()).expect_err("is newer");
    assert!(matches!(error, Error::Newer { found: 99, .. }));
    assert!(error.help().contains("newer imd"));
    assert_eq!(sqlite3(dir.path(), ".dump"), before);
}

#[test]
fn foreign_database_is_refused() {
    let dir = folder();
    sqlite3(dir.path(), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    let file = dir.path().join("imd.db");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("chmod");
    let before = std::fs::read(&file).expect("read");
    assert!(matches!(Store::open(dir.path()), Err(Error::NotOurs { .. })));
    assert!(std::fs::read(&file).expect("read") == before, "not a byte of it was changed");

    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.path().join(format!("imd.db{suffix}")));
    }
    std::fs::write(&file, "not a database at all, but long enough to be looked at as if it were one ".repeat(20))
        .expect("written");
    assert!(matches!(Store::open(dir.path()), Err(Error::NotOurs { .. })));
}

#[test]
fn reading_does_not_wait_for_a_long_write() {
    let (dir, store) = configured();
    let mut cli = Command::new("sqlite3")
        .arg(dir.path().join("imd.db"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3 runs");
    let mut stdin = cli.stdin.take().expect("piped");
    let mut line = String::new();
    {
        use std::io::{BufRead, Write};
        stdin.write_all(b"BEGIN IMMEDIATE; UPDATE storage SET version = 7; SELECT 'writing';\n").expect("asked");
        std::io::BufReader::new(cli.stdout.as_mut().expect("piped")).read_line(&mut line).expect("answered");
    }
    assert_eq!(line.trim(), "writing");
    assert_eq!(store.get::<Storage>(&name("eu-1")).expect("read").expect("there").version, 1);
    drop(stdin);
    cli.wait().expect("ends");
}
