//! The cache at size: 100,000 users decoded and stored by a whole sync, and look-ups among 1,000,000.
//!
//! The large cache is made once, below `target`; `IMD_BENCH_USERS` makes it another size.

#![allow(clippy::print_stdout, reason = "a benchmark is there to print")]

#[path = "made/company.rs"]
mod company;

use std::time::Instant;

use company::{alias, below_target, by, configured, dn, guid, sam, shuffled, user};
use divan::Bencher;
use divan::counter::ItemsCount;
use imd::directory::{self, Group, Known, Query, Read, Root, Taker, Unit};
use imd::filter::Filter;
use imd::model::audit::Actor;
use imd::model::dn::Dn;
use imd::model::job::Job;
use imd::model::membership::Nested;
use imd::model::name::Name;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, Guid, NameForm, User};
use imd::store::Store;
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
#[derive(Clone, Copy)]
struct MadeUp {
    users: u64,
    /// Every so many users one has another department than in the last reading; 0 for none.
    changed: u64,
    /// The number of additional users with names that all sort between the same two.
    external: u64,
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
        take((self.users..self.users + self.external).map(external).collect())?;
        Ok(self.users + self.external)
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

/// One of a department that names everybody alike.
fn external(n: u64) -> User {
    let text = |attribute, text: String| (attribute, Untrusted::new(text));
    let values = vec![
        text(Attribute::DistinguishedName, format!("CN=x{n},OU=External,DC=corp,DC=example,DC=com")),
        text(Attribute::DisplayName, format!("Ext {n:06}")),
        text(Attribute::SamAccountName, format!("x{n:06}")),
        text(Attribute::Mail, format!("x{n:06}@corp.example.com")),
        text(Attribute::UserAccountControl, "512".to_owned()),
    ];
    User::new(Guid(guid(n)), values)
}

fn sync(store: &Store, users: u64, changed: u64) {
    sync_all(store, MadeUp { users, changed, external: 0 });
}

fn sync_all(store: &Store, all: MadeUp) {
    let actor = Actor::new("bench");
    let job = Job::unwatched();
    let mut open = |_: &Name| Ok::<_, Unopened>(Box::new(all) as Box<dyn Read>);
    let plan = sync::plan(store, &mut open, &by(&actor), &job).expect("a plan");
    sync::apply(store, plan.id, None, &by(&actor), &job).expect("applies");
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

#[divan::bench(sample_count = 3, sample_size = 1)]
fn sync_10_000_new_users_between_two_of_100_000(bencher: Bencher<'_, '_>) {
    let counted = bencher.counter(ItemsCount::new(SYNCED));
    counted
        .with_inputs(|| {
            let store = fresh("sync-between");
            sync(&store, SYNCED, 0);
            store
        })
        .bench_values(|store| sync_all(&store, MadeUp { users: SYNCED, changed: 0, external: 10_000 }));
}

/// The large cache, and how many users it has.
fn large() -> (Store, u64) {
    let users = std::env::var("IMD_BENCH_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    (Store::open(&company::state(users)).expect("opens"), users)
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
                    "alias" => NameForm::AtSign(alias(who).to_uppercase()),
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
