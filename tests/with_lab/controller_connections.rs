//! A real domain controller by every way there is: StartTLS, a pinned key, its own DNS, an export by csvde; and what it
//! says of the account that reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use imd::directory::ldap::{self, Controller, Deadlines, discover};
use imd::directory::{self, Error, Query, Read};
use imd::filter::Filter;
use imd::model::check::{Check, Outcome};
use imd::model::directory::{Ldap, Source, Trust};
use imd::model::job::Job;
use imd::model::pin::Pin;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, User};
use imd::secrets::Secret;
use jiff::{SignedDuration, Timestamp};

use crate::support::another_name::port_under_another_name;
use crate::support::installation::Installation;

fn lab(name: &str) -> String {
    let name = format!("IMD_LAB_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/lab/up, and source its env file"))
}

fn source(url: &str) -> Ldap {
    let file = lab("CA");
    let pem = std::fs::read_to_string(&file).expect("the lab's CA");
    Ldap {
        urls: vec![url.parse().expect("an address")],
        trust: Trust::Ca { file: file.into(), pem },
        bind: lab("BIND"),
    }
}

fn by_start_tls() -> Ldap {
    source(&format!("ldap://{}", lab("ADDRESS")))
}

fn open(source: &Ldap) -> Result<Controller, Error> {
    Controller::open(source, Some(&Secret::new(lab("PASSWORD"))), Deadlines::default(), &Job::unwatched())
}

fn refusal(source: &Ldap) -> ldap::Error {
    match open(source) {
        Err(Error::Ldap(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The people of the invented company, by GUID: other suites add and remove people elsewhere.
fn people(reader: &mut dyn Read) -> Vec<User> {
    let query = Query { base: Some(format!("OU=Corp,{}", lab("BASE_DN"))), filter: Filter::people() };
    let mut users = Vec::new();
    let read = reader.users(&query, &Job::unwatched(), &mut |batch| {
        users.extend(batch);
        Ok(())
    });
    assert_eq!(read.expect("complete"), users.len() as u64);
    users.sort_by_key(|user| user.guid);
    users
}

#[test]
fn start_tls_reads_the_same_users_as_ldaps() {
    let by_start_tls = people(&mut open(&by_start_tls()).expect("it binds"));
    let by_ldaps = people(&mut open(&source(&lab("URL"))).expect("it binds"));
    assert!(by_ldaps.len() >= 300, "{}", by_ldaps.len());
    assert_eq!(by_start_tls, by_ldaps);
}

#[test]
fn start_tls_rejects_foreign_certificates() {
    let error = refusal(&Ldap { trust: Trust::System, ..by_start_tls() });
    assert!(matches!(&error, ldap::Error::UnknownAuthority { signer, .. } if signer == "IMD lab CA"), "{error:?}");
    let port = port_under_another_name(&format!("{}:389", lab("ADDRESS")));
    let error = refusal(&source(&format!("ldap://localhost:{port}")));
    assert!(matches!(error, ldap::Error::WrongName { .. }), "{error:?}");
    assert!(error.help().contains("ldap://dc1.one.test"), "{}", error.help());
}

/// The pin of the controller's key, as openssl works it out from what the controller shows.
fn pin_by_openssl() -> String {
    let script = "openssl s_client -connect \"$1:636\" </dev/null 2>/dev/null | openssl x509 -noout -pubkey |
        openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64";
    let output = Command::new("sh").args(["-c", script, "sh", &lab("ADDRESS")]).output().expect("sh runs");
    format!("sha256/{}", String::from_utf8(output.stdout).expect("base64").trim())
}

#[test]
fn shown_pin_equals_openssls_and_is_accepted() {
    let text = pin_by_openssl();
    let pin: Pin = text.parse().expect("a pin");
    let error = refusal(&Ldap { trust: Trust::System, ..source(&lab("URL")) });
    assert!(error.to_string().contains(&text), "{error}");
    let port = port_under_another_name(&format!("{}:389", lab("ADDRESS")));
    for url in [lab("URL"), format!("ldap://{}", lab("ADDRESS")), format!("ldap://localhost:{port}")] {
        let pinned = |pin| Ldap { trust: Trust::Pins(vec![pin]), ..source(&url) };
        assert!(open(&pinned(pin)).is_ok(), "{url}");
        let error = refusal(&pinned(Pin::of_key(b"another")));
        assert!(matches!(&error, ldap::Error::OtherKey(other) if other.seen == pin), "{error:?}");
    }
}

#[test]
fn controller_is_found_in_dns() {
    let dns = format!("{}:53", lab("ADDRESS")).parse().expect("an address");
    for (site, of_site) in [(None, false), (Some("Default-First-Site-Name"), true), (Some("nowhere"), false)] {
        let found = discover("ONE.test", site, Some(dns), &Job::unwatched()).expect("controllers");
        let [only] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(only.url.to_string(), "ldaps://dc1.one.test");
        assert_eq!((only.of_site, only.within_domain), (of_site, true));
    }
    let unknown = discover("two.test", None, Some(dns), &Job::unwatched());
    assert!(
        matches!(unknown, Err(Error::Ldap(ldap::Error::NoControllers { .. } | ldap::Error::Dns { .. }))),
        "{unknown:?}"
    );
}

/// How the lines of the checklist ended for an account of the lab.
fn checked(account: &str, now: Timestamp) -> Vec<Check> {
    let source = Ldap { bind: format!("{account}@one.test"), ..source(&lab("URL")) };
    let password = if account == "svc-imd" { lab("PASSWORD") } else { lab("USER_PASSWORD") };
    let mut all = Vec::new();
    let (source, password) = (Source::Ldap(source), Secret::new(password));
    directory::check(&source, Some(&password), now, &Job::unwatched(), &mut |check| all.push(check));
    all.retain(|check| check.outcome != Outcome::Running);
    all
}

fn line<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name}: {checks:#?}"))
}

fn ldapsearch(arguments: &[&str]) -> String {
    let output = Command::new("ldapsearch")
        .args(["-x", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=1000/noprompt", "-y", &lab("PASSWORD_FILE")])
        .args(["-H", &lab("URL"), "-D", &lab("BIND")])
        .args(arguments)
        .env("LDAPTLS_CACERT", lab("CA"))
        .output()
        .expect("ldapsearch runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("LDIF is ASCII")
}

/// When the password of svc-expiring ends, as the controller says it to `ldapsearch`.
fn end_of_password() -> Timestamp {
    let dn = format!("CN=svc-expiring,OU=Lab,{}", lab("BASE_DN"));
    let text = ldapsearch(&["-b", &dn, "-s", "base", "msDS-UserPasswordExpiryTimeComputed"]);
    let ticks = text.lines().find_map(|line| line.strip_prefix("msDS-UserPasswordExpiryTimeComputed: "));
    let ticks: i64 = ticks.expect("the controller works it out").parse().expect("a number");
    // From 100 ns since 1601 to seconds since 1970.
    Timestamp::from_second(ticks / 10_000_000 - 11_644_473_600).expect("a time")
}

#[test]
fn checklist_warns_before_the_password_expires() {
    let end = end_of_password();
    let day = end.strftime("%Y-%m-%d").to_string();
    let before = |days: i64| end - SignedDuration::from_hours(24 * days) - SignedDuration::from_mins(1);
    for (now, outcome, words) in [
        (before(14), Outcome::Ok, format!("expires on {day}, in 14 days")),
        (before(13), Outcome::Warning, format!("expires on {day}, in 13 days")),
        (before(1), Outcome::Warning, format!("expires on {day}, in 1 day")),
        (before(0), Outcome::Failed, format!("expires on {day}, within a day")),
        (end + SignedDuration::from_mins(1), Outcome::Failed, format!("expired on {day}")),
    ] {
        let checks = checked("svc-expiring", now);
        let password = line(&checks, "password");
        assert_eq!((password.outcome, &password.evidence), (outcome, &words));
        assert_eq!(password.help.is_some(), outcome != Outcome::Ok);
    }
    let checks = checked("svc-imd", Timestamp::now());
    assert_eq!(line(&checks, "password").evidence, "never expires", "the policy of the lab's domain");
}

#[test]
fn status_warns_before_the_password_expires() {
    let imd = Installation::new();
    imd.write_secret("bind.pw", &lab("USER_PASSWORD"));
    let (url, ca, base) = (lab("URL"), lab("CA"), lab("BASE_DN"));
    let answers = format!(
        r#"
            [directory]
            name = "corp"
            urls = ["{url}"]
            ca_file = "{ca}"
            bind = "svc-expiring@one.test"
            password_file = "bind.pw"
            [storage]
            name = "eu-1"
            location = "s3://backup-eu-1"
            [profile]
            name = "Laptops"
            login = "active-directory"
            login_directory = "corp"
            [mapping]
            name = "Sales"
            directory = "corp"
            ou = "OU=Corp,{base}"
            department = "Sales"
            profile = "Laptops"
            storage = "eu-1"
        "#
    );
    imd.write("answers.toml", answers);
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd.imd(["sync"]).succeeded();
    let seen = imd.row("SELECT bind, password, password_expires FROM bind_account");
    assert_eq!((&seen["bind"], &seen["password"]), (&"svc-expiring@one.test".into(), &"at".into()));
    assert_eq!(seen["password_expires"], end_of_password().to_string());
    assert!(!imd.imd(["status"]).succeeded().stdout.contains("the password of"), "ten years are long");
    let end = Timestamp::now() + SignedDuration::from_hours(7 * 24 + 1);
    let words = format!("expires on {}, in 7 days", end.strftime("%Y-%m-%d"));
    imd.sqlite(&[], &format!("UPDATE bind_account SET password_expires = '{end}'"));
    let status = imd.imd(["status"]);
    let warning = format!("soon: the password of svc-expiring@one.test {words}");
    assert!(status.succeeded().stdout.contains(&warning), "{status:#?}");
    let status = imd.json(["status"]);
    assert_eq!(status["overview"]["passwords"][0]["days"], 7);
    // A check keeps that it has found another end, but not when nothing may be changed.
    let before = imd.dump();
    imd.imd(["--read-only", "directory", "test", "corp"]).succeeded();
    assert!(before == imd.dump(), "it wrote");
    imd.imd(["directory", "test", "corp"]).succeeded();
    assert_eq!(imd.row("SELECT password_expires FROM bind_account")["password_expires"], end_of_password().to_string());
}

#[test]
fn checklist_lists_unneeded_rights() {
    let checks = checked("svc-powerful", Timestamp::now());
    let rights = line(&checks, "rights");
    assert_eq!(rights.outcome, Outcome::Warning);
    // Account Operators by way of Lab Helpers, Administrators by way of Domain Admins.
    let groups = "Account Operators, Administrators, Domain Admins";
    assert!(rights.evidence.ends_with(&format!("member of {groups}")), "{rights:?}");
    assert!(rights.help.as_ref().is_some_and(|help| help.contains("remove it")), "{rights:?}");
    let checks = checked("svc-imd", Timestamp::now());
    assert_eq!(
        (line(&checks, "rights").outcome, line(&checks, "rights").evidence.as_str()),
        (Outcome::Ok, "read only")
    );
}

/// The same entries as csvde would write them, by a program that shares nothing with the one under test.
fn csvde(options: &[&str]) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/with_lab/controller_connections/csvde.py");
    let ldif = ldapsearch(&["-b", &lab("BASE_DN"), "(objectClass=*)", "*"]);
    let mut python = Command::new("python3");
    python.arg(script).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().expect("python3 runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(ldif.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it ends").expect("it was written");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn csvde_export_equals_the_controllers_users() {
    let over_ldap = people(&mut open(&source(&lab("URL"))).expect("it binds"));
    assert!(over_ldap.len() >= 300, "{}", over_ldap.len());
    let folder = tempfile::tempdir().expect("a folder");
    for (options, name) in [(&[][..], "users.csv"), (&["-u"], "unicode.txt")] {
        let path = folder.path().join(name);
        std::fs::write(&path, csvde(options)).expect("written");
        let mut file = directory::open(&Source::File(path), None, &Job::unwatched()).expect("it opens");
        let root = file.root(&Job::unwatched()).expect("a domain");
        assert_eq!((root.naming_context.as_str(), root.domain.as_str()), (lab("BASE_DN").as_str(), "one.test"));
        let from_file = people(file.as_mut());
        assert_eq!(from_file.len(), over_ldap.len(), "{name}");
        for (mine, theirs) in from_file.iter().zip(&over_ldap) {
            assert_eq!(mine.guid, theirs.guid);
            for attribute in Attribute::ALL {
                let values = |user: &User| {
                    let mut all: Vec<_> = user.values(*attribute).map(Untrusted::raw).map(str::to_owned).collect();
                    all.sort();
                    all
                };
                assert_eq!(values(mine), values(theirs), "{name}: {} of {}", attribute.name(), mine.guid);
            }
        }
    }
}

#[test]
fn truncated_csvde_export_is_an_error() {
    let whole = csvde(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("users.csv");
    std::fs::write(&path, &whole[..whole.len() * 2 / 3]).expect("written");
    let mut file = directory::open(&Source::File(path), None, &Job::unwatched()).expect("it opens");
    let query = Query { base: None, filter: Filter::people() };
    let read = file.users(&query, &Job::unwatched(), &mut |_| Ok(()));
    let Err(Error::Ldif(error)) = read else { panic!("{read:?}") };
    assert!(matches!(error.what, directory::ldif::What::CutOff), "{error}");
}
