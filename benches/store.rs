//! The cache at size: 100,000 users decoded and stored by a whole sync, and look-ups among 1,000,000.
//!
//! The large cache is built once, below `target`, and used again by later runs; `IMD_BENCH_USERS` makes it another size.

#![allow(clippy::print_stdout, reason = "a benchmark is there to print")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use divan::Bencher;
use divan::counter::ItemsCount;
use imd::directory::{self, Group, Known, Query, Read, Root, Taker, Unit, decode};
use imd::filter::Filter;
use imd::model::audit::Actor;
use imd::model::directory::{Directory, Source};
use imd::model::dn::Dn;
use imd::model::duration::Duration;
use imd::model::found::Sort;
use imd::model::job::Job;
use imd::model::mapping::{AccountName, Kind, Mapping};
use imd::model::membership::Nested;
use imd::model::name::Name;
use imd::model::profile::{Login, Profile, Storage};
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, Guid, NameForm, User};
use imd::store::{By, Store};
use imd::sync::{self, Unopened};

fn main() {
    divan::main();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = filters.is_empty() || filters.iter().any(|filter| "look_up".contains(filter.as_str()));
    if wanted && arguments.iter().any(|argument| argument == "--bench") {
        look_up();
    }
}

const SYNCED: u64 = 100_000;

/// A directory that makes its users up, as raw values that have to be decoded.
struct MadeUp {
    users: u64,
    /// Every so many users one has another department than in the last reading; 0 for none.
    changed: u64,
}

/// The number that follows `n` in a fixed shuffle: neighbours in the directory are no neighbours in an index.
fn shuffled(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn guid(n: u64) -> [u8; 16] {
    u128::from_be_bytes([shuffled(n).to_be_bytes(), n.to_be_bytes()].concat().try_into().expect("16")).to_be_bytes()
}

fn sam(n: u64) -> String {
    format!("u{:x}-{n}", shuffled(n) & 0xffff)
}

fn dn(n: u64) -> String {
    format!("CN=Jane Doe {n},OU=Team {:x},OU=Staff,DC=corp,DC=example,DC=com", shuffled(n) & 0xff)
}

fn user(n: u64, changed: bool) -> User {
    let sam = sam(n);
    let (guid, dn, mail, alias) =
        (guid(n), dn(n), format!("{sam}@corp.example.com"), format!("smtp:jane.doe.{n}@old.example.com"));
    let (name, primary) = (format!("Jane Doe {n}"), format!("SMTP:{mail}"));
    let mut sid = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0, 0, 0, 0];
    sid[24..].copy_from_slice(&u32::try_from(n).expect("fits").to_le_bytes());
    let usn = n.to_string();
    let values: [(&str, &[u8]); 22] = [
        ("objectGUID", &guid),
        ("objectSid", &sid),
        ("cn", name.as_bytes()),
        ("sAMAccountName", sam.as_bytes()),
        ("userPrincipalName", mail.as_bytes()),
        ("mail", mail.as_bytes()),
        ("proxyAddresses", primary.as_bytes()),
        ("proxyAddresses", alias.as_bytes()),
        ("displayName", name.as_bytes()),
        ("givenName", b"Jane"),
        ("sn", b"Doe"),
        ("department", if changed { b"Research" } else { b"Sales and Marketing" }),
        ("company", b"Corp"),
        ("c", b"NO"),
        ("title", b"Senior Account Manager"),
        ("userAccountControl", b"512"),
        ("accountExpires", b"9223372036854775807"),
        ("memberOf", b"CN=Laptop Users,OU=Groups,DC=corp,DC=example,DC=com"),
        ("memberOf", b"CN=All Staff,OU=Groups,DC=corp,DC=example,DC=com"),
        ("whenCreated", b"20240901093000.0Z"),
        ("whenChanged", b"20260101120000.0Z"),
        ("uSNChanged", usn.as_bytes()),
    ];
    decode::user(&dn, values.into_iter()).expect("decodes")
}

impl Read for MadeUp {
    fn root(&mut self, _: &Job) -> Result<Root, directory::Error> {
        Ok(Root {
            naming_context: "DC=corp,DC=example,DC=com".into(),
            domain: "corp.example.com".into(),
            netbios: Some("CORP".into()),
            forest: None,
            level: None,
            host: None,
            usn: None,
            invocation_id: None,
        })
    }

    fn users(&mut self, _: &Query, _: &Job, take: &mut Taker<'_>) -> Result<u64, directory::Error> {
        for first in (0..self.users).step_by(1_000) {
            let page = first..self.users.min(first + 1_000);
            take(page.map(|n| user(n, self.changed > 0 && n.is_multiple_of(self.changed))).collect())?;
        }
        Ok(self.users)
    }

    fn units(&mut self, _: Option<&str>, _: &Job) -> Result<Vec<Unit>, directory::Error> {
        Ok(Vec::new())
    }

    fn groups(&mut self, _: &str, _: usize, _: &Job) -> Result<Vec<Group>, directory::Error> {
        Ok(Vec::new())
    }

    fn nested(&mut self, _: &Dn, _: &Job) -> Result<Nested, directory::Error> {
        Ok(Nested::default())
    }

    fn members(&mut self, _: &Dn, _: &Job) -> Result<Option<u64>, directory::Error> {
        Ok(None)
    }

    fn known(&mut self, _: &Dn, _: &Filter, _: &Job) -> Result<Option<Known>, directory::Error> {
        Ok(None)
    }

    fn values(&mut self, _: Attribute, _: Option<&str>, _: &Job) -> Result<Vec<(Untrusted, u64)>, directory::Error> {
        Ok(Vec::new())
    }
}

fn configured(dir: &Path) -> Store {
    let store = Store::open(dir).expect("opens");
    let actor = Actor::new("bench");
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
        every: None,
        enabled: true,
    };
    store.save(&mapping, None, &by).expect("a mapping");
    store
}

fn by(actor: &Actor) -> By<'_> {
    By { actor, at: "2026-03-01T12:00:00Z".parse().expect("a timestamp"), verb: "bench" }
}

fn sync(store: &Store, users: u64, changed: u64) {
    let actor = Actor::new("bench");
    let job = Job::unwatched();
    let mut open = |_: &Name| Ok::<_, Unopened>(Box::new(MadeUp { users, changed }) as Box<dyn Read>);
    let plan = sync::plan(store, &mut open, &by(&actor), &job).expect("a plan");
    sync::apply(store, plan.id, None, &by(&actor), &job).expect("applies");
}

/// Where the benchmarks keep their state, beside what cargo builds: a disk, not the memory that `/tmp` may be.
fn below_target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn fresh(name: &str) -> Store {
    let dir = below_target(name);
    let _ = std::fs::remove_dir_all(&dir);
    configured(&dir)
}

#[divan::bench]
fn decode_100_000_users(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(SYNCED)).bench(|| {
        for n in 0..SYNCED {
            divan::black_box(user(n, false));
        }
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn sync_100_000_new_users(bencher: Bencher<'_, '_>) {
    let counted = bencher.counter(ItemsCount::new(SYNCED));
    counted.with_inputs(|| fresh("sync-new")).bench_values(|store| sync(&store, SYNCED, 0));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn sync_100_000_unchanged_users(bencher: Bencher<'_, '_>) {
    let store = fresh("sync-unchanged");
    sync(&store, SYNCED, 0);
    bencher.counter(ItemsCount::new(SYNCED)).bench(|| sync(&store, SYNCED, 0));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn sync_100_000_users_of_whom_1_percent_changed(bencher: Bencher<'_, '_>) {
    let store = fresh("sync-changed");
    sync(&store, SYNCED, 0);
    let mut changed = 0;
    bencher.counter(ItemsCount::new(SYNCED)).bench_local(|| {
        changed = 100 - changed;
        sync(&store, SYNCED, changed);
    });
}

/// The large cache, and how many users it has.
fn large() -> (Store, u64) {
    let users = std::env::var("IMD_BENCH_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let dir = below_target(&format!("cache-of-{users}"));
    let built = Store::open(&dir).is_ok_and(|store| store.user_counts().is_ok_and(|counts| counts.active == users));
    if !built {
        let _ = std::fs::remove_dir_all(&dir);
        sync(&configured(&dir), users, 0);
    }
    (Store::open(&dir).expect("opens"), users)
}

/// Look-ups by each form of a name. The budget is a 99th percentile, which divan does not tell.
fn look_up() {
    const TIMES: u64 = 20_000;
    let (store, users) = large();
    println!("\nlook_up in {users} users    p50        p99        p99.9");
    for form in ["GUID", "DOMAIN\\user", "UPN", "alias", "DN", "sAMAccountName", "nobody"] {
        let mut took: Vec<_> = (0..TIMES)
            .map(|n| {
                let who = shuffled(n) % users;
                let name = match form {
                    "GUID" => NameForm::Guid(Guid(guid(who))),
                    "DOMAIN\\user" => NameForm::DownLevel { domain: "corp".into(), sam: sam(who).to_uppercase() },
                    "UPN" => NameForm::AtSign(format!("{}@CORP.example.com", sam(who))),
                    "alias" => NameForm::AtSign(format!("Jane.Doe.{who}@old.example.com")),
                    "DN" => NameForm::Dn(dn(who)),
                    "sAMAccountName" => NameForm::Bare(sam(who)),
                    _ => NameForm::AtSign(format!("nobody-{who}@corp.example.com")),
                };
                let begin = Instant::now();
                let found = store.find_user(&name).expect("read").len();
                let took = begin.elapsed();
                assert_eq!(found, usize::from(form != "nobody"), "{name:?}");
                took
            })
            .collect();
        took.sort_unstable();
        let percentile = |thousandth: usize| took[took.len() * thousandth / 1_000];
        println!("{form:26} {:<10.1?} {:<10.1?} {:<10.1?}", percentile(500), percentile(990), percentile(999));
    }
}

#[divan::bench(args = ["", "doe 99", "nobody at all"], sample_count = 5, sample_size = 1)]
fn first_page(bencher: Bencher<'_, '_>, query: &str) {
    let (store, _) = large();
    bencher.bench_local(|| store.users(Some(query), Sort::default(), 0, 50).expect("read"));
}
