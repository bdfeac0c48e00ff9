//! The console and the command line show the same of each thing: by one word for each state, in one format of time.

use imd::engine::{Engine, Options};
use imd::model::user::Attribute;
use imd::present::{Fact, Kind};
use imd::tui::listing::{self, Asked, Row};

use crate::support::company;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};

/// The words of all states: a state of an account may say until when, after a comma.
const STATES: [&str; 22] = [
    "active",
    "removed",
    "pending",
    "activated",
    "replaced",
    "released",
    "revoked",
    "in use",
    "preserved",
    "valid",
    "overused",
    "expired",
    "retired",
    "overwritten",
    "missing",
    "external",
    "not applied",
    "stopped",
    "applied",
    "on",
    "off",
    "",
];

/// A company with something in every list.
fn everything() -> Installation {
    let (imd, service, token) = served(6, |answers| answers);
    let laptops: Vec<_> = (1..=4).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(&service, &token).granted();
    }
    laptops[0].claim(&service, "user1").granted();
    laptops[1].claim(&service, "user2").granted();
    assert_eq!(laptops[2].claim(&service, "nobody").error(), "refused");
    let device = imd.json(["devices", "PC-4"])["items"][0]["id"].as_str().unwrap().to_owned();
    imd.imd(["devices", "revoke", &device]).succeeded();
    imd.write("map.csv", "e-mail,host name,device id,id type,user name,old device,restore\nuser5@corp.example.com,PC-5,SN000005,serial,,,\n");
    imd.imd(["devices", "import", "map.csv"]).succeeded();
    // User 2 is removed, and the account is preserved.
    let ldif = company::ldif(6);
    let at = ldif.find("dn: CN=User 2,").unwrap();
    let end = at + ldif[at..].find("\n\n").unwrap() + 2;
    imd.write("users.ldif", format!("{}{}", &ldif[..at], &ldif[end..]));
    imd.imd(["sync"]).succeeded();
    imd.imd(["export", "msiexec", "--token", "rollout-2026", "--out", "rollout"]).succeeded();
    imd.imd(["token", "rotate", "rollout-2026"]).succeeded();
    imd
}

fn printed(imd: &Installation, verb: &[&str]) -> String {
    let output = imd.command().args(verb).output().unwrap();
    assert!(output.status.success(), "{verb:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn rows(engine: &Engine, kind: Kind) -> Vec<Row> {
    let asked = Asked { kind, search: String::new(), order: 0 };
    listing::rows(engine, &asked, 0, 20).unwrap().rows
}

/// Whether each time in the text is `2026-11-24 13:02 UTC` or a day.
fn times_are_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_day = |at: usize| {
        bytes[at..at + 10].iter().enumerate().all(|(n, byte)| match n {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    (0..bytes.len().saturating_sub(9)).filter(|at| is_day(*at)).all(|at| {
        let rest = &text[at + 10..];
        let is_time = rest.len() > 3 && rest.starts_with(' ') && rest.as_bytes()[1].is_ascii_digit();
        !rest.starts_with('T') && (!is_time || rest[6..].starts_with(" UTC"))
    })
}

fn check(kind: Kind, facts: &[Fact]) {
    for fact in facts {
        let is_sentence_case = fact.label.chars().next().is_none_or(char::is_uppercase);
        assert!(is_sentence_case || Attribute::of_name(&fact.label).is_some(), "{kind:?}: {fact:?}");
        assert!(times_are_plain(&fact.text), "{kind:?}: {fact:?}");
        assert!(!fact.text.contains("Some("), "{kind:?}: {fact:?}");
    }
}

#[test]
fn console_and_command_line_show_the_same() {
    let imd = everything();
    let options = Options { read_only: true, ..Options::of_host(imd.state()) };
    let engine = Engine::open(options).unwrap();
    for kind in Kind::ALL {
        let rows = rows(&engine, kind);
        assert!(!rows.is_empty(), "{kind:?} has no entry");
        let verb: Vec<_> = kind.listed_by().split(' ').collect();
        let table = printed(&imd, &verb);
        let head = table.lines().next().unwrap_or_default().to_owned();
        for row in &rows {
            for (heading, cell) in kind.columns().iter().zip(&row.cells) {
                let place = format!("{kind:?} {}: {cell}", heading.title);
                if heading.title == "State" {
                    let word = cell.split(',').next().unwrap_or_default();
                    assert!(STATES.contains(&word), "{place}");
                }
                assert!(times_are_plain(cell), "{place}");
                let is_listed = head.contains(&heading.title.to_uppercase());
                assert!(is_listed || heading.extra, "{place}: not in {head}");
                assert!(!is_listed || table.contains(cell.trim()), "{place}: not in\n{table}");
            }
            if kind == Kind::Syncs {
                continue;
            }
            let detail = listing::detail(&engine, kind, &row.id).unwrap();
            check(kind, &detail.lines);
            let shown_by = match kind {
                Kind::Tokens => "token list",
                _ if kind.spec().shown_by.is_some() => kind.shown_by(),
                _ => continue,
            };
            let mut verb: Vec<_> = shown_by.split(' ').collect();
            verb.push(&row.id);
            let shown = printed(&imd, &verb);
            for fact in &detail.lines {
                let line = format!("{} {}", fact.label, fact.text);
                let wanted: Vec<_> = line.split_whitespace().collect();
                let is_there = shown.lines().any(|line| line.split_whitespace().eq(wanted.iter().copied()));
                assert!(is_there, "`imd {shown_by}` does not show {line:?}:\n{shown}");
            }
        }
    }
}
