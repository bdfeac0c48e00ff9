//! Users from a real domain controller: what is read equals what `ldapsearch` reads, and each refusal is its own.
//!
//! `tests/lab/up` starts the controller, which is Samba; its env file says where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use base64::Engine as _;
use imd::directory::ldap::{Controller, Deadlines};
use imd::directory::{self, Error, Query, Read as _, ldap};
use imd::filter::Filter;
use imd::model::check::{Check, Outcome};
use imd::model::directory::{Ldap, Source, Trust};
use imd::model::job::Job;
use imd::model::user::{Attribute, Guid, User};
use imd::secrets::Secret;

use crate::support::another_name::under_another_name;

const PEOPLE: &str = "(&(objectCategory=person)(objectClass=user))";

fn lab(name: &str) -> String {
    let name = format!("IMD_LAB_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/lab/up, and source its env file"))
}

fn source() -> Ldap {
    let file = lab("CA");
    let pem = std::fs::read_to_string(&file).expect("the lab's CA");
    Ldap {
        urls: vec![lab("URL").parse().expect("an address")],
        trust: Trust::Ca { file: file.into(), pem },
        bind: lab("BIND"),
    }
}

fn open(source: &Ldap, password: &str) -> Result<Controller, Error> {
    Controller::open(source, Some(&Secret::new(password)), Deadlines::default(), &Job::unwatched())
}

fn reader() -> Controller {
    open(&source(), &lab("PASSWORD")).expect("the service account binds")
}

fn read(controller: &mut Controller, filter: &str) -> Vec<User> {
    let query = Query { base: None, filter: filter.parse::<Filter>().expect("a filter") };
    let mut users = Vec::new();
    let count = controller.users(&query, &Job::unwatched(), &mut |batch| {
        users.extend(batch);
        Ok(())
    });
    assert_eq!(count.expect("the read is complete"), users.len() as u64);
    users
}

/// The error of an open that has to fail.
fn refusal(source: &Ldap, password: &str) -> ldap::Error {
    match open(source, password) {
        Err(Error::Ldap(error)) => {
            assert!(!error.help().is_empty());
            error
        }
        other => panic!("{other:?}"),
    }
}

/// Each record's attributes as `ldapsearch` prints them: name in lower case, values as bytes.
fn ldapsearch(arguments: &[&str]) -> Vec<BTreeMap<String, BTreeSet<Vec<u8>>>> {
    let output = Command::new("ldapsearch")
        .args(["-x", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=100/noprompt", "-y", &lab("PASSWORD_FILE")])
        .args(["-H", &lab("URL"), "-D", &lab("BIND")])
        .args(arguments)
        .env("LDAPTLS_CACERT", lab("CA"))
        .output()
        .expect("ldapsearch runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("LDIF is ASCII");
    let mut records = Vec::new();
    for record in text.split("\n\n") {
        let mut values: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for line in record.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.split_once(':').expect("name: value");
            let value = match value.strip_prefix(": ") {
                Some(encoded) => base64::engine::general_purpose::STANDARD.decode(encoded).expect("base64"),
                None => value.strip_prefix(' ').unwrap_or(value).as_bytes().to_vec(),
            };
            values.entry(name.to_lowercase()).or_default().insert(value);
        }
        if values.contains_key("dn") {
            records.push(values);
        }
    }
    records
}

/// A SID as Windows prints it, written here a second time on purpose.
fn sid(bytes: &[u8]) -> String {
    let parts = bytes[8..].chunks(4).map(|part| u32::from_le_bytes(part.try_into().expect("four bytes")).to_string());
    [format!("S-{}-{}", bytes[0], bytes[7])].into_iter().chain(parts).collect::<Vec<_>>().join("-")
}

#[test]
fn every_attribute_of_every_user_equals_what_ldapsearch_returns() {
    let names: Vec<_> = Attribute::ALL.iter().map(|attribute| attribute.name()).collect();
    let base = lab("BASE_DN");
    let expected = ldapsearch(&[&["-b", &base, PEOPLE], &names[..]].concat());
    let users = read(&mut reader(), PEOPLE);
    assert!(users.len() > 300, "{} users", users.len());
    let mut users: BTreeMap<Guid, User> = users.into_iter().map(|user| (user.guid, user)).collect();
    assert_eq!(users.len(), expected.len());
    for record in expected {
        let guid = Guid(record["objectguid"].first().expect("a GUID").as_slice().try_into().expect("16 bytes"));
        let user = users.remove(&guid).expect("the same users");
        for attribute in Attribute::ALL {
            let found: BTreeSet<Vec<u8>> = user.values(*attribute).map(|value| value.raw().into()).collect();
            let theirs = match (attribute, record.get(&attribute.name().to_lowercase())) {
                (_, None) => BTreeSet::new(),
                (Attribute::ObjectGuid, Some(_)) => BTreeSet::from([guid.to_string().into_bytes()]),
                (Attribute::ObjectSid, Some(sids)) => sids.iter().map(|bytes| sid(bytes).into_bytes()).collect(),
                (_, Some(values)) => values.clone(),
            };
            assert_eq!(found, theirs, "{} of {guid}", attribute.name());
        }
    }
    assert!(users.is_empty());
}

#[test]
fn root_describes_the_directory() {
    let root = reader().root(&Job::unwatched()).expect("the rootDSE");
    assert_eq!(root.naming_context, lab("BASE_DN"));
    assert_eq!(root.domain, "one.test");
    assert_eq!(root.netbios.as_deref(), Some("ONE"));
    assert_eq!(root.forest.as_deref(), Some("one.test"));
    assert_eq!(root.level.as_deref(), Some("Windows Server 2008 R2"));
    assert_eq!(root.host.as_deref(), Some("dc1.one.test"));
    assert!(root.usn.is_some_and(|usn| usn > 0));
    let settings =
        "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=one,DC=test";
    let expected = ldapsearch(&["-b", settings, "-s", "base", "invocationId"]);
    let bytes = expected[0]["invocationid"].first().expect("one").as_slice();
    assert_eq!(root.invocation_id, Some(Guid(bytes.try_into().expect("16 bytes")).to_string()));
}

#[test]
fn ou_tree_is_read_by_level() {
    let mut reader = reader();
    let names = |units: Vec<directory::Unit>| -> Vec<(String, bool)> {
        units.into_iter().map(|unit| (unit.name.raw().to_owned(), unit.has_children)).collect()
    };
    let top = names(reader.units(None, &Job::unwatched()).expect("the first level"));
    assert!(top.contains(&("Corp".to_owned(), true)), "{top:?}");
    assert!(top.contains(&("Lab".to_owned(), false)), "{top:?}");
    assert!(!top.iter().any(|(name, _)| name == "System"), "{top:?}");
    let corp = names(reader.units(Some("OU=Corp,DC=one,DC=test"), &Job::unwatched()).expect("the second level"));
    assert_eq!(corp.len(), 15);
    assert!(corp.is_sorted() && corp.contains(&("R&D".to_owned(), false)), "{corp:?}");
    let nowhere = reader.units(Some("OU=Nowhere,DC=one,DC=test"), &Job::unwatched());
    assert!(matches!(nowhere, Err(Error::Ldap(ldap::Error::Search { code: 32, .. }))), "{nowhere:?}");
    assert!(reader.units(None, &Job::unwatched()).is_ok(), "a wrong DN is no reason to give the session up");
}

#[test]
fn groups_and_values_equal_the_directorys() {
    let mut reader = reader();
    let groups = reader.groups("dept ", 3, &Job::unwatched()).expect("groups");
    let names: Vec<_> = groups.iter().map(|group| group.name.raw()).collect();
    assert_eq!(names, ["Dept Engineering", "Dept Finance", "Dept Human Resources"]);
    let values = reader.values(Attribute::Country, Some("OU=Corp,DC=one,DC=test"), &Job::unwatched()).expect("values");
    let values: Vec<_> = values.iter().map(|(value, users)| (value.raw(), *users)).collect();
    assert_eq!(values, [("BR", 50), ("DE", 50), ("FR", 50), ("GB", 50), ("JP", 50), ("US", 50)]);
}

#[test]
fn a_dn_and_a_down_level_name_bind_as_well() {
    for bind in ["ONE\\svc-imd", "CN=svc-imd,OU=Lab,DC=one,DC=test"] {
        let source = Ldap { bind: bind.to_owned(), ..source() };
        assert!(open(&source, &lab("PASSWORD")).is_ok(), "{bind}");
    }
}

#[test]
fn refused_bind_has_its_reason() {
    let as_user = |name: &str| Ldap { bind: format!("{name}@one.test"), ..source() };
    let password = lab("USER_PASSWORD");
    for (name, password, code, words) in [
        ("svc-imd", "wrong", "52e", "the name or the password is wrong"),
        ("nobody", "wrong", "52e", "the name or the password is wrong"),
        ("lab-disabled", password.as_str(), "533", "the account is disabled"),
        ("lab-expired", password.as_str(), "701", "the account has expired"),
        ("lab-must-change", password.as_str(), "773", "must be changed first"),
    ] {
        let error = refusal(&as_user(name), password);
        let ldap::Error::Bind { why, .. } = &error else { panic!("{error:?}") };
        assert_eq!(why.code, code);
        let text = error.to_string();
        assert!(text.contains(words) && text.contains(code) && text.contains(name), "{text}");
    }
}

#[test]
fn certificate_of_unknown_ca_is_rejected() {
    let error = refusal(&Ldap { trust: Trust::System, ..source() }, &lab("PASSWORD"));
    let ldap::Error::UnknownAuthority { signer, .. } = &error else { panic!("{error:?}") };
    assert_eq!(signer, "IMD lab CA");
    assert!(error.to_string().contains("issued by \"IMD lab CA\""), "{error}");
}

#[test]
fn certificate_for_another_name_is_rejected() {
    let source = Ldap { urls: vec![under_another_name(&lab("ADDRESS")).parse().expect("an address")], ..source() };
    let error = refusal(&source, &lab("PASSWORD"));
    let ldap::Error::WrongName { names, .. } = &error else { panic!("{error:?}") };
    assert_eq!(names, &["dc1.one.test".to_owned(), "one.test".to_owned(), lab("ADDRESS")]);
    assert!(error.help().contains("ldaps://dc1.one.test"), "{}", error.help());
}

#[test]
fn port_without_tls_differs_from_closed_port() {
    let at = |port: u16| Ldap { urls: vec![format!("{}:{port}", lab("URL")).parse().expect("an address")], ..source() };
    let error = refusal(&at(389), &lab("PASSWORD"));
    assert!(matches!(error, ldap::Error::NotTls { .. } | ldap::Error::ClosedInHandshake { .. }), "{error:?}");
    let error = refusal(&at(1), &lab("PASSWORD"));
    assert!(matches!(error, ldap::Error::Refused { .. }), "{error:?}");
}

#[test]
fn next_server_is_used_when_the_first_is_down() {
    let mut source = source();
    source.urls.insert(0, format!("{}:1", lab("URL")).parse().expect("an address"));
    assert!(open(&source, &lab("PASSWORD")).is_ok());
}

fn checked(source: Ldap, password: &str, now: jiff::Timestamp) -> (Vec<Check>, Vec<Check>) {
    let mut all = Vec::new();
    let password = Secret::new(password);
    directory::check(&Source::Ldap(source), Some(&password), now, &Job::unwatched(), &mut |check| all.push(check));
    let (running, done): (Vec<_>, Vec<_>) = all.into_iter().partition(|check| check.outcome == Outcome::Running);
    (running, done)
}

/// The lines of the checklist.
const NAMES: [&str; 11] = [
    "name resolves",
    "port answers",
    "TLS",
    "bind",
    "rootDSE",
    "clock",
    "base DN",
    "password",
    "rights",
    "users",
    "mail",
];

#[test]
fn checklist_of_a_good_directory_passes() {
    let (running, done) = checked(source(), &lab("PASSWORD"), jiff::Timestamp::now());
    let names: Vec<_> = done.iter().map(|check| check.name.to_string()).collect();
    assert_eq!(names, NAMES);
    assert_eq!(running.iter().map(|check| check.name.to_string()).collect::<Vec<_>>(), names);
    let (mail, others) = done.split_last().expect("eleven");
    assert!(others.iter().all(|check| check.outcome == Outcome::Ok), "{done:#?}");
    assert!(done[2].evidence.starts_with("TLS 1.3, issued by \"IMD lab CA\", valid until 20"), "{}", done[2].evidence);
    assert!(done[4].evidence.starts_with("domain one.test (ONE), forest one.test, Windows"), "{}", done[4].evidence);
    // Of 300 people every tenth has no mail; nor have Administrator, Guest, krbtgt, ten service accounts and svc-imd.
    let without = ldapsearch(&["-b", &lab("BASE_DN"), "(&(objectCategory=person)(objectClass=user)(!(mail=*)))", "dn"]);
    assert_eq!(mail.outcome, Outcome::Warning);
    assert_eq!(mail.list.len(), without.len());
    assert!(mail.evidence.starts_with(&without.len().to_string()), "{}", mail.evidence);
}

#[test]
fn checklist_skips_lines_after_a_failure() {
    let (_, done) = checked(source(), "wrong", jiff::Timestamp::now());
    let outcomes: Vec<_> = done.iter().map(|check| check.outcome).collect();
    let (passed, rest) = outcomes.split_at(3);
    assert_eq!(passed, [Outcome::Ok; 3]);
    assert_eq!(rest[0], Outcome::Failed);
    assert_eq!(rest[1..], [Outcome::Skipped; 7]);
    assert!(done[3].evidence.contains("52e") && done[3].help.is_some(), "{:?}", done[3]);
}

#[test]
fn clock_difference_is_reported() {
    let late = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(20 * 60 + 30);
    let (_, done) = checked(source(), &lab("PASSWORD"), late);
    assert_eq!(done[5].outcome, Outcome::Warning);
    assert!(done[5].evidence.contains("20 min ahead"), "{}", done[5].evidence);
}

#[test]
fn failing_receiver_ends_the_read() {
    let mut reader = reader();
    let query = Query { base: None, filter: PEOPLE.parse().expect("a filter") };
    let read = reader.users(&query, &Job::unwatched(), &mut |_| Err(directory::TakerFailed));
    assert!(matches!(read, Err(Error::Taker(_))), "{read:?}");
    assert!(reader.root(&Job::unwatched()).is_ok(), "it opens a new session");
}

#[test]
fn a_canceled_job_reads_nothing_more() {
    let mut reader = reader();
    let job = Job::unwatched();
    job.cancel();
    let query = Query { base: None, filter: PEOPLE.parse().expect("a filter") };
    let read = reader.users(&query, &job, &mut |_| Ok(()));
    assert!(matches!(read, Err(Error::Canceled)), "{read:?}");
}
