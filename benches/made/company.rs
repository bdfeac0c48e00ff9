//! A company of any size, made up: users with names as people have them, the same ones every time.
//!
//! [`state`] is a whole state of so many of them, which `imd` opens: made once below `target`, under a name that changes
//! with this file and with the migrations. Its rows are written past the store, without waiting for the disk: through
//! a sync it would take minutes. The first `imd` that opens it fills the search index, as after a migration.

#![allow(dead_code, reason = "each that includes it uses a part of it")]

use std::path::{Path, PathBuf};

use imd::directory::decode;
use imd::model::audit::Actor;
use imd::model::directory::{Directory, Source};
use imd::model::dn::Dn;
use imd::model::duration::Duration;
use imd::model::fold::folded;
use imd::model::mapping::{AccountName, Kind, Mapping};
use imd::model::name::Name;
use imd::model::profile::{Login, Profile, Storage};
use imd::model::user::{Attribute, User};
use imd::store::{By, Store};
use sha2::{Digest as _, Sha256};

const GIVEN: [&str; 32] = [
    "Jane",
    "John",
    "Åsa",
    "Björn",
    "Chloé",
    "Dániel",
    "Emma",
    "François",
    "Grace",
    "Håkon",
    "Ingrid",
    "Jürgen",
    "Karin",
    "Łukasz",
    "María",
    "Noah",
    "Olivia",
    "Peter",
    "Quentin",
    "René",
    "Sofie",
    "Thomas",
    "Ursula",
    "Viktor",
    "Wei",
    "Xenia",
    "Yusuf",
    "Zoë",
    "Anna",
    "Bert",
    "Ελένη",
    "Иван",
];
const SYLLABLES: [&str; 32] = [
    "an", "ber", "co", "da", "el", "fin", "gar", "hol", "is", "jo", "kar", "lund", "mor", "nils", "ø", "per", "quist",
    "ros", "son", "tor", "ul", "vik", "wes", "xi", "yng", "zak", "stein", "bach", "mann", "dahl", "gren", "ström",
];
const DEPARTMENTS: [&str; 10] = [
    "Sales",
    "Marketing",
    "Engineering",
    "Research",
    "Finance",
    "Human Resources",
    "Legal",
    "Operations",
    "IT Support",
    "Logistics",
];
const OFFICES: [&str; 10] =
    ["Oslo", "Bergen", "Zürich", "Genève", "London", "Paris", "Berlin", "Madrid", "Tokyo", "Austin"];

/// The number that follows `n` in a fixed shuffle: neighbours in the directory are no neighbours in an index.
pub(crate) fn shuffled(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

pub(crate) fn guid(n: u64) -> [u8; 16] {
    u128::from_be_bytes([shuffled(n).to_be_bytes(), n.to_be_bytes()].concat().try_into().expect("16")).to_be_bytes()
}

fn one<'a>(of: &[&'a str], n: u64, part: u32) -> &'a str {
    let at = (shuffled(n) >> part) % of.len() as u64;
    of[usize::try_from(at).expect("fits")]
}

pub(crate) fn given(n: u64) -> &'static str {
    one(&GIVEN, n, 0)
}

pub(crate) fn surname(n: u64) -> String {
    let name = [5, 10, 15].map(|part| one(&SYLLABLES, n, part)).concat();
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Half of them are numbered, as in many a company.
pub(crate) fn sam(n: u64) -> String {
    if n.is_multiple_of(2) { format!("emp{n:07}") } else { format!("u{:x}-{n}", shuffled(n) & 0xffff) }
}

pub(crate) fn mail(n: u64) -> String {
    format!("{}@corp.example.com", sam(n))
}

pub(crate) fn alias(n: u64) -> String {
    format!("staff.{n}@old.example.com")
}

pub(crate) fn dn(n: u64) -> String {
    let (given, surname, office) = (given(n), surname(n), one(&OFFICES, n, 25));
    format!("CN={given} {surname} {n},OU={office},OU=Staff,DC=corp,DC=example,DC=com")
}

/// The attributes of a user as a directory gives them, but for the GUID, the SID and the DN.
fn texts(n: u64, changed: bool) -> [(&'static str, String); 19] {
    let (given, surname) = (given(n), surname(n));
    let own = |text: &str| text.to_owned();
    [
        ("cn", format!("{given} {surname} {n}")),
        ("sAMAccountName", sam(n)),
        ("userPrincipalName", mail(n)),
        ("mail", mail(n)),
        ("proxyAddresses", format!("SMTP:{}", mail(n))),
        ("proxyAddresses", format!("smtp:{}", alias(n))),
        ("displayName", format!("{given} {surname}")),
        ("givenName", own(given)),
        ("sn", surname),
        ("department", own(if changed { "Changed" } else { one(&DEPARTMENTS, n, 40) })),
        ("company", own("Corp")),
        ("c", own("NO")),
        ("title", own("Senior Account Manager")),
        ("userAccountControl", own("512")),
        ("accountExpires", own("9223372036854775807")),
        ("memberOf", own("CN=All Staff,OU=Groups,DC=corp,DC=example,DC=com")),
        ("whenCreated", own("20240901093000.0Z")),
        ("whenChanged", own("20260101120000.0Z")),
        ("uSNChanged", n.to_string()),
    ]
}

/// The `n`th user, decoded from what a controller would send.
pub(crate) fn user(n: u64, changed: bool) -> User {
    let (guid, dn, texts) = (guid(n), dn(n), texts(n, changed));
    let mut sid = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0, 0, 0, 0];
    sid[24..].copy_from_slice(&u32::try_from(n).expect("fits").to_le_bytes());
    let binary: [(&str, &[u8]); 2] = [("objectGUID", &guid), ("objectSid", &sid)];
    let texts = texts.iter().map(|(name, text)| (*name, text.as_bytes()));
    decode::user(&dn, binary.into_iter().chain(texts)).expect("decodes")
}

pub(crate) fn by(actor: &Actor) -> By<'_> {
    By { actor, at: "2026-03-01T12:00:00Z".parse().expect("a timestamp"), verb: "made" }
}

/// A state with everything that a sync needs, and no users.
pub(crate) fn configured(dir: &Path) -> Store {
    let store = Store::open(dir).expect("opens");
    let actor = Actor::new("made");
    let by = by(&actor);
    let name = |text: &str| Name::new(text).expect("a name");
    let corp = Directory { name: name("corp"), source: Source::File("corp.ldif".into()) };
    store.save(&corp, None, &by).expect("a directory");
    let storage = Storage { name: name("eu-1"), location: "s3://eu-1".into(), capacity: None };
    store.save(&storage, None, &by).expect("a storage");
    let profile = Profile {
        name: name("Laptops"),
        login: Login::ActiveDirectory,
        login_directory: Some(name("corp")),
        quota: None,
        max_users: 0,
        devices_per_user: None,
        inactive_after: Duration::days(60),
        preserve_for: Duration::days(90),
    };
    store.save(&profile, None, &by).expect("a profile");
    let mapping = Mapping {
        name: name("Staff"),
        kind: Kind::Imd,
        directory: name("corp"),
        base_dn: None,
        ou: None,
        group: None,
        department: None,
        country: None,
        filter: None,
        account_name: AccountName::Upn,
        profile: name("Laptops"),
        storage: name("eu-1"),
        quota: None,
        auto_import: false,
        interval: None,
        enabled: true,
    };
    store.save(&mapping, None, &by).expect("a mapping");
    store
}

/// A folder below `target`: a disk, not the memory that `/tmp` may be.
pub(crate) fn below_target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The folder of a state with so many users. It is everybody's: copy it before anything is changed in it.
pub(crate) fn state(users: u64) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update(include_str!("company.rs"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/migrations");
    let files = std::fs::read_dir(folder).expect("the migrations").map(|file| file.expect("a file").path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    for file in files {
        hash.update(std::fs::read(file).expect("a migration"));
    }
    let hash = imd::model::hash::hex(&hash.finalize()[..6]);
    let dir = below_target(&format!("company-of-{users}-{hash}"));
    // Two that want it at once: the second waits for the first.
    std::fs::create_dir_all(below_target("")).expect("a folder");
    let turn = std::fs::File::create(below_target(&format!("company-of-{users}.turn"))).expect("a file");
    turn.lock().expect("waits");
    if !dir.exists() {
        let draft = below_target(&format!("company-of-{users}.draft"));
        let _ = std::fs::remove_dir_all(&draft);
        drop(configured(&draft));
        fill(&draft.join("imd.db"), users);
        drop(Store::open(&draft).expect("fills the index"));
        std::fs::rename(&draft, &dir).expect("named");
    }
    dir
}

fn fill(database: &Path, users: u64) {
    let mut connection = rusqlite::Connection::open(database).expect("opens");
    let quick = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;
                 PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;";
    connection.execute_batch(quick).expect("set up");
    let transaction = connection.transaction().expect("begins");
    let run = |sql: &str| transaction.execute_batch(sql).expect("done");
    run("CREATE TEMP TABLE named (form TEXT, key TEXT, user_id INTEGER);
         INSERT INTO directory_read (directory_id, at, naming_context, domain, netbios, netbios_key)
         SELECT id, '2026-03-01T12:00:00Z', 'DC=corp,DC=example,DC=com', 'corp.example.com', 'CORP', 'CORP' FROM directory;
         INSERT INTO plan (made_at, made_by, hash, state, reasons, applied_at, applied_by)
         VALUES ('2026-03-01T12:00:00Z', 'made', '00', 'applied', '[]', '2026-03-01T12:00:00Z', 'made');");
    {
        let prepare = |sql: &str| transaction.prepare(sql).expect("prepared");
        let mut values = prepare("INSERT INTO user_values (id, attributes) VALUES (?1, ?2)");
        let mut cached = prepare(
            "INSERT INTO cached_user (id, directory_id, guid, state, mapping_id, version, added_at, hash, operational,
                 label, values_id)
             VALUES (?1, 1, ?2, 'active', 1, 1, '2026-03-01T12:00:00Z', zeroblob(32), zeroblob(32), ?3, ?1)",
        );
        let mut insert = prepare("INSERT INTO named (form, key, user_id) VALUES (?1, ?2, ?3)");
        let key = |text: &str| folded(text).collect::<String>();
        for n in 0..users {
            let id = i64::try_from(n + 1).expect("fits");
            let user = user(n, false);
            let mut json = serde_json::Map::new();
            for &attribute in Attribute::ALL {
                let all: Vec<_> = user.values(attribute).map(|value| value.raw().into()).collect();
                if !all.is_empty() {
                    json.insert(attribute.name().to_owned(), serde_json::Value::Array(all));
                }
            }
            // In the order of the attributes, as the store writes them.
            let texts = Attribute::ALL.iter().filter_map(|attribute| {
                let value = json.get(attribute.name())?;
                Some(format!("\"{}\":{value}", attribute.name()))
            });
            let text = format!("{{{}}}", texts.collect::<Vec<_>>().join(","));
            values.execute((id, text)).expect("written");
            cached.execute((id, guid(n), user.label())).expect("written");
            let names = [
                ("label", key(&user.label())),
                ("sam", key(&sam(n))),
                ("upn", key(&mail(n))),
                ("alias", key(&alias(n))),
                ("dn", Dn::key_of(&dn(n)).expect("a DN")),
            ];
            for (form, key) in names {
                insert.execute((form, key, id)).expect("written");
            }
        }
    }
    run("INSERT INTO user_name (form, key, user_id) SELECT form, key, user_id FROM named ORDER BY 1, 2, 3;
         DROP TABLE named;
         INSERT INTO user_count SELECT mapping_id, state, count(*) FROM cached_user GROUP BY mapping_id, state;");
    transaction.commit().expect("kept");
    connection.pragma_update(None, "journal_mode", "wal").expect("as it was");
}
