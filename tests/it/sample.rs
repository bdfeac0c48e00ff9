//! The bundled directory (`assets/sample.ldif`): it parses whole, holds what it is there to hold, and is what its
//! generator makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use imd::directory::ldif::File;
use imd::directory::{Query, Read as _};
use imd::filter::Filter;
use imd::model::job::Job;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, User};

const BASE: &str = "DC=corp,DC=example,DC=com";

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.ldif")
}

fn sample() -> File {
    File::open(&path()).expect("the sample opens")
}

fn users(filter: &str) -> Vec<User> {
    let query = Query { base: None, filter: filter.parse().unwrap_or_else(|error| panic!("{filter}: {error}")) };
    let mut all = Vec::new();
    let count = sample().users(&query, &Job::unwatched(), &mut |batch| {
        all.extend(batch);
        Ok(())
    });
    assert_eq!(count.expect("the sample reads"), all.len() as u64);
    all
}

fn people() -> Vec<User> {
    users(&Filter::people().to_string())
}

fn raw(user: &User, attribute: Attribute) -> &str {
    user.first(attribute).map_or("", Untrusted::raw)
}

#[test]
fn the_file_is_what_its_generator_makes() {
    let script = path().with_extension("py");
    let done = Command::new("python3").arg(&script).arg("--check").output();
    let done = done.expect("python3 is installed (Debian: apt-get install python3)");
    assert!(done.status.success(), "{}; run assets/sample.py", String::from_utf8_lossy(&done.stderr).trim());
}

#[test]
fn every_entry_parses() {
    let text = std::fs::read_to_string(path()).expect("the sample is ASCII");
    let listed = text.lines().filter(|line| line.starts_with("dn:")).count();
    assert_eq!(users("(objectGUID=*)").len(), listed);
    assert!(text.len() < 2_500_000, "{} bytes go into the binary", text.len());
}

#[test]
fn it_looks_like_a_domain() {
    let mut sample = sample();
    let job = Job::unwatched();
    let root = sample.root(&job).expect("reads");
    assert_eq!((root.naming_context.as_str(), root.domain.as_str()), (BASE, "corp.example.com"));
    assert_eq!((root.netbios.as_deref(), root.level.as_deref()), (Some("CORP"), Some("Windows Server 2016")));
    let top: Vec<String> = sample.units(None, &job).expect("reads").iter().map(|unit| unit.name.shown()).collect();
    let expected = ["Computers", "Contacts", "Devices", "Groups", "Leavers", "Service Accounts", "Staff", "Users"];
    assert_eq!(top, expected);
    let sites = sample.units(Some(&format!("OU=Staff,{BASE}")), &job).expect("reads");
    assert!(sites.len() > 12 && sites.iter().any(|unit| unit.name.raw() == "東京"), "{sites:?}");
    let countries = sample.values(Attribute::Country, None, &job).expect("reads");
    assert_eq!(countries[0].0.raw(), "NO");
}

#[test]
fn the_answers_of_the_design_find_somebody() {
    let filter = format!(
        "(&{}(memberOf:1.2.840.113556.1.4.1941:=CN=Laptop Users,OU=Groups,{BASE})(department=Sales)(c=NO)(employeeType=permanent))",
        Filter::people()
    );
    assert!(!users(&filter).is_empty());
}

#[test]
fn laptop_users_are_members_of_groups_inside_the_group() {
    let group = |name: &str| format!("CN={name},OU=Groups,{BASE}");
    let direct = users(&format!("(&(objectClass=user)(memberOf={}))", group("Laptop Users")));
    assert!(direct.is_empty(), "only groups are direct members");
    let inside = users(&format!("(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:={}))", group("Laptop Users")));
    let sites: Vec<User> = users("(&(objectClass=user)(memberOf=*))")
        .into_iter()
        .filter(|user| user.values(Attribute::MemberOf).any(|of| of.raw().starts_with("CN=Laptop Users ")))
        .collect();
    assert_eq!(inside.len(), sites.len());
    assert!(inside.len() > 800, "{}", inside.len());
    let cycle =
        |name: &str| users(&format!("(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:={}))", group(name))).len();
    assert!(cycle("Project Alder") > 10 && cycle("Project Alder") == cycle("Project Cedar"));
}

#[test]
fn it_holds_what_real_directories_hold() {
    let people = people();
    assert!((1150..1300).contains(&people.len()), "{}", people.len());
    let count = |test: &dyn Fn(&User) -> bool| people.iter().filter(|user| test(user)).count();
    let past = "2025-01-01T00:00:00Z".parse().expect("a time");
    assert!(count(&|user| user.first(Attribute::Mail).is_none()) > 50);
    assert!(count(&User::is_disabled) > 30);
    assert!(count(&|user| user.expires_at().is_some_and(|at| at < past)) > 10);
    assert!(count(&|user| user.expires_at().is_some_and(|at| at > past)) > 10);
    assert!(count(&|user| raw(user, Attribute::AccountExpires) == "0") > 5);
    assert!(count(&|user| raw(user, Attribute::DistinguishedName).contains("OU=Service Accounts")) > 20);
    assert!(users("(objectClass=computer)").len() >= 50 && users("(objectClass=contact)").len() >= 20);
    let mut mails: BTreeMap<String, u32> = BTreeMap::new();
    for user in &people {
        *mails.entry(raw(user, Attribute::Mail).to_lowercase()).or_default() += 1;
    }
    mails.remove("");
    assert_eq!(mails.values().filter(|count| **count > 1).count(), 6);
    assert!(mails.keys().all(|mail| mail.ends_with("@example.com")));
}

#[test]
fn its_names_are_in_many_scripts_and_full_of_punctuation() {
    let people = people();
    let names: String = people.iter().map(|user| raw(user, Attribute::CommonName)).collect();
    let script = |c: char| match c {
        'a'..='z' => Some("Latin"),
        'α'..='ω' => Some("Greek"),
        'а'..='я' => Some("Cyrillic"),
        'א'..='ת' => Some("Hebrew"),
        'ا'..='ي' => Some("Arabic"),
        'अ'..='ह' => Some("Devanagari"),
        '一'..='龥' => Some("Han"),
        '가'..='힣' => Some("Hangul"),
        _ => None,
    };
    assert_eq!(names.chars().filter_map(script).collect::<BTreeSet<_>>().len(), 8);
    for c in ", \" ( ) \\ + = # ; < > * ' % / |".split(' ') {
        assert!(names.contains(c), "{c}");
    }
    let hidden = |user: &&User| raw(user, Attribute::DisplayName).chars().any(imd::model::text::is_hidden);
    assert!(people.iter().filter(hidden).count() > 15);
    for bad in ["\u{1b}[", "\u{202e}", "\u{2066}", "\u{200b}", "\u{e0041}", "\n", "=cmd|"] {
        assert!(people.iter().any(|user| raw(user, Attribute::DisplayName).contains(bad)), "{bad:?}");
    }
}
