//! What an administrator looks at all day, over 1,000,000 cached users with an account, a laptop and a use of the token
//! each, 100,000 refusals and an audit of 1,000,000 entries.
//!
//! The state is made once, below `target`, by `sqlite3`, with every trigger at work; `IMD_BENCH_USERS` makes another size.

#![allow(clippy::print_stdout, reason = "a benchmark is there to print")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use imd::engine::{Engine, Options};
use imd::model::audit::{Actor, Asked};
use imd::model::report::Since;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let engine = large();
    row("overview", 50, || assert!(engine.overview().expect("read").stages.cached > 0));
    row("report of 30 days", 5, || assert_eq!(engine.report(Since::Days(30)).expect("read").days.len(), 30));
    let asked = |actor: &str, verb: &str, subject: &str| Asked {
        actor: actor.to_owned(),
        verb: verb.to_owned(),
        subject: subject.to_owned(),
        ..Asked::default()
    };
    let pages = [
        ("audit: the newest", asked("", "", ""), 0),
        ("audit: the oldest", asked("", "", ""), u64::MAX),
        ("audit: half of all, by who", asked("scheduler", "", ""), 0),
        ("audit: half of all, its end", asked("scheduler", "", ""), u64::MAX),
        ("audit: a hundredth, by what", asked("", "token", ""), 0),
        ("audit: ten, by the name", asked("", "", "user77777"), 0),
        ("audit: all, by the kind", asked("", "", "account"), 0),
        ("audit: who and what", asked("anna", "token", ""), 0),
    ];
    for (what, asked, offset) in pages {
        let total = engine.audit_page(&asked, 0, 1).expect("a page").total;
        let offset = offset.min(total.saturating_sub(50));
        row(&format!("{what} ({total})"), 20, || {
            assert!(!engine.audit_page(&asked, offset, 50).expect("a page").entries.is_empty());
        });
    }
}

fn row(what: &str, times: usize, act: impl Fn()) {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let begin = Instant::now();
            act();
            begin.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{what:38} median {:<10.1?} slowest {:<10.1?}", took[times / 2], took[times - 1]);
}

fn large() -> Engine {
    let users = std::env::var("IMD_BENCH_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000_u64);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("day-of-{users}"));
    let open = || {
        let options = Options { actor: Actor::new("bench"), read_only: true, ..Options::of_host(&dir) };
        Engine::open(options).expect("opens")
    };
    if dir.exists() && open().overview().expect("read").stages.cached == users {
        return open();
    }
    let _ = std::fs::remove_dir_all(&dir);
    drop(Engine::open(Options { actor: Actor::new("bench"), ..Options::of_host(&dir) }).expect("opens"));
    let begin = Instant::now();
    let sql = SQL.replace("?users", &users.to_string());
    let ran = Command::new("sqlite3").arg("-bail").arg(dir.join("imd.db")).arg(sql).status().expect("sqlite3 runs");
    assert!(ran.success());
    println!("made in {:.0?}", begin.elapsed());
    open()
}

const SQL: &str = "
PRAGMA synchronous = off; PRAGMA journal_mode = off; PRAGMA cache_size = -200000; PRAGMA foreign_keys = off;
CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?users) SELECT i FROM n;
INSERT INTO directory (id, name, name_key, kind, file, version, changed_at, changed_by)
    VALUES (1, 'corp', 'corp', 'file', 'users.ldif', 1, '2026-01-01T00:00:00Z', 'x');
INSERT INTO storage VALUES (1, 'eu-1', 'eu-1', 's3://eu-1', 1125899906842624, 1, '2026-01-01T00:00:00Z', 'x');
INSERT INTO profile VALUES (1, 'Laptops', 'laptops', 'active-directory', 1, 53687091200, 0, NULL, 5184000, 7776000, 1,
    '2026-01-01T00:00:00Z', 'x');
INSERT INTO mapping SELECT i, 'm' || i, 'm' || i, i, 0, 'imd', 1, NULL, NULL, NULL, NULL, NULL, NULL, 'upn', 1, 1, NULL, 0,
    NULL, 1, 1, '2026-01-01T00:00:00Z', 'x' FROM n WHERE i <= 10;
INSERT INTO token (id, name, name_key, issued_at, max_activations, servers, created_by, sha256)
    VALUES ('0123456789abcdef', 'rollout', 'rollout', '2026-01-01T00:00:00Z', 2000000, '[]', 'x', 'x');
INSERT INTO user_values (id, attributes) SELECT i, '{}' FROM n;
INSERT INTO cached_user SELECT row_number() OVER (), 1, g, 'active', 1 + i % 10, 1, '2026-01-01T00:00:00Z', NULL, NULL, NULL,
    zeroblob(32), zeroblob(32), 'User ' || i, i FROM (SELECT i, randomblob(16) AS g FROM n ORDER BY g);
INSERT INTO account (id, directory_id, guid, name, mail, label, mapping, profile_id, storage_id, quota, created_at, changed_at)
    SELECT values_id, 1, guid, 'user' || id, 'user' || id, label, 'm1', 1, 1, 53687091200, added_at, added_at FROM cached_user
    ORDER BY values_id;
INSERT INTO device (number, id, state, key_hash, claim_hash, credential_hash, host_name, serial, system, agent, token_id,
        enrolled_at, account_id, activated_at, proof, last_seen_at)
    SELECT i, printf('%016x', i), iif(i % 10, 'activated', 'pending'), randomblob(32), randomblob(32), randomblob(32),
        'PC-' || i, 'S' || i, 'windows', 'x', '0123456789abcdef', printf('2026-%02d-%02dT08:00:00Z', 1 + i % 11, 1 + i % 28),
        iif(i % 10, i, NULL), iif(i % 10, '2026-11-20T08:00:00Z', NULL), iif(i % 10, 'password', NULL),
        '2026-11-20T08:00:00Z' FROM n;
INSERT INTO token_use SELECT '0123456789abcdef', randomblob(32), '2026-11-20T08:00:00Z' FROM n;
INSERT INTO refusal (at, correlation, act, reason, detail, device, peer)
    SELECT printf('2026-11-%02dT08:00:00Z', 10 + i % 15), 'c' || i, 'claim', 'r' || (i % 7), 'x', printf('%016x', i * 10), 'p'
    FROM n WHERE i <= 100000;
INSERT INTO user_count SELECT mapping_id, state, count(*) FROM cached_user GROUP BY 1, 2;
INSERT INTO audit (at, actor, verb, subject, detail, hash)
    SELECT printf('2026-%02d-%02dT08:00:00Z', 1 + i * 11 / ?users, 1 + i % 28), iif(i % 2, 'scheduler', iif(i % 3, 'anna', 'olav')),
        iif(i % 100, iif(i % 2, 'sync', 'accounts preserve'), 'token create'), 'account user' || (i / 10), 'x', randomblob(32)
    FROM n;
";
