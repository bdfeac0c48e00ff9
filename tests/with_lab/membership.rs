//! Nested and primary groups, and explanations with remedies that work: on a real domain controller, which is Samba.
//!
//! Each test has an OU of its own, which an administrator fills and empties with the OpenLDAP tools.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use imd::directory::ldap::{Controller, Deadlines};
use imd::directory::ldif::File;
use imd::directory::{Query, Read};
use imd::filter::Filter;
use imd::model::directory::{Ldap, Trust};
use imd::model::dn::Dn;
use imd::model::explanation::Remedy;
use imd::model::job::Job;
use imd::model::mapping::{AccountName, Kind, Mapping};
use imd::model::plan::Excluded;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, User};
use imd::secrets::Secret;
use imd::sync::{self, Explanation, Outcome};
use jiff::Timestamp;

/// A user who may be there without a password: NORMAL_ACCOUNT and PASSWD_NOTREQD.
const ENABLED: &str = "544";
const DISABLED: &str = "546";
const SECURITY_GROUP: &str = "-2147483640";

fn lab(name: &str) -> String {
    let name = format!("IMD_LAB_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/lab/up, and source its env file"))
}

fn controller() -> Controller {
    let file = lab("CA");
    let pem = std::fs::read_to_string(&file).expect("the lab's CA");
    let source = Ldap {
        urls: vec![lab("URL").parse().expect("an address")],
        trust: Trust::Ca { file: file.into(), pem },
        bind: lab("BIND"),
    };
    let password = Secret::new(lab("PASSWORD"));
    Controller::open(&source, Some(&password), Deadlines::default(), &Job::unwatched()).expect("it binds")
}

/// An OU that only one test knows; it is gone when the test ends.
struct Unit {
    dn: String,
    name: &'static str,
}

impl Unit {
    fn new(name: &'static str) -> Self {
        let unit = Self { dn: format!("OU=imd-{name},{}", lab("BASE_DN")), name };
        // What a test that was stopped has left.
        unit.clear();
        unit.add("", &[("objectClass", "organizationalUnit")]);
        unit
    }

    /// One of the OpenLDAP tools, as an administrator.
    fn tool(tool: &str, arguments: &[&str], input: &str) -> (bool, String) {
        let mut child = Command::new(tool)
            .args(["-x", "-H", &lab("URL"), "-D", &lab("ADMIN_BIND"), "-y", &lab("ADMIN_PASSWORD_FILE")])
            .args(arguments)
            .env("LDAPTLS_CACERT", lab("CA"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text.into_owned())
    }

    fn modify(ldif: &str) {
        let (done, said) = Self::tool("ldapmodify", &[], ldif);
        assert!(done, "{ldif}\n{said}");
    }

    /// Users are removed before groups: Samba does not remove a primary group of a user.
    fn clear(&self) {
        for filter in ["(objectClass=user)", "(objectClass=group)", "(objectClass=container)", "(ou=imd-*)"] {
            let (_, found) =
                Self::tool("ldapsearch", &["-LLL", "-o", "ldif-wrap=no", "-b", &self.dn, filter, "1.1"], "");
            let names: Vec<_> = found.lines().filter_map(|line| line.strip_prefix("dn: ")).collect();
            let _ = Self::tool("ldapdelete", &["-c"], &(names.join("\n") + "\n"));
        }
    }

    /// A group "crowd" of so many contacts, or with 0 nothing and no OU: by a script, since over LDAP it takes minutes.
    fn crowd(&self, count: u32) -> bool {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/crowd.py");
        let output = Command::new(script).args([&lab("DC"), &self.dn, &count.to_string()]).output().expect("it runs");
        output.status.success()
    }

    /// The DN of what is called `name` here.
    fn dn(&self, name: &str) -> String {
        if name.is_empty() { self.dn.clone() } else { format!("CN={name},{}", self.dn) }
    }

    fn add(&self, name: &str, values: &[(&str, &str)]) {
        let mut ldif = format!("dn: {}\nchangetype: add\n", self.dn(name));
        for (attribute, value) in values {
            let _ = writeln!(ldif, "{attribute}: {value}");
        }
        Self::modify(&ldif);
    }

    fn user(&self, name: &str, more: &[(&str, &str)]) {
        let (account, mail) = (format!("{}-{name}", self.name), format!("{name}@{}.test", self.name));
        let mut values = vec![("objectClass", "user"), ("sAMAccountName", account.as_str())];
        if !more.iter().any(|(attribute, _)| *attribute == "userAccountControl") {
            values.push(("userAccountControl", ENABLED));
        }
        if !more.iter().any(|(attribute, _)| *attribute == "mail") {
            values.push(("mail", &mail));
        }
        values.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.add(name, &values);
    }

    fn group(&self, name: &str, members: &[&str]) {
        let account = format!("{}-{name}", self.name);
        let members: Vec<String> = members.iter().map(|member| self.dn(member)).collect();
        let mut values = vec![("objectClass", "group"), ("sAMAccountName", &account), ("groupType", SECURITY_GROUP)];
        values.extend(members.iter().map(|member| ("member", member.as_str())));
        self.add(name, &values);
    }

    fn change(&self, name: &str, how: &str, attribute: &str, value: &str) {
        let dn = self.dn(name);
        let value = if value.is_empty() { String::new() } else { format!("{attribute}: {value}\n") };
        Self::modify(&format!("dn: {dn}\nchangetype: modify\n{how}: {attribute}\n{value}-\n"));
    }

    /// Makes a group the primary group of a user who is a member of it.
    fn has_primary(&self, user: &str, group: &str) {
        let nested =
            controller().nested(&self.dn(group).parse().expect("a DN"), &Job::unwatched()).expect("it answers");
        let sid = nested.group.and_then(|group| group.sid).expect("a group has a SID");
        let (_, id) = sid.in_domain().expect("of this domain");
        self.change(user, "replace", "primaryGroupID", &id.to_string());
    }

    /// A mapping of everybody below the OU.
    fn mapping(&self) -> Mapping {
        let name = |text: &str| text.parse().expect("a name");
        Mapping {
            name: name("Laptops"),
            kind: Kind::Imd,
            directory: name("corp"),
            base_dn: None,
            ou: Some(self.dn.clone()),
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
        }
    }

    /// The whole directory as an LDIF that `ldapsearch` wrote.
    fn exported(&self) -> File {
        let arguments = ["-LLL", "-E", "pr=1000/noprompt", "-b", &lab("BASE_DN"), "(objectClass=*)", "*"];
        let (done, text) = Self::tool("ldapsearch", &arguments, "");
        assert!(done && text.contains(&self.dn("")), "{}", text.len());
        File::of_bytes(text.into_bytes())
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.clear();
    }
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().expect("a timestamp")
}

/// The names of those whom a mapping takes.
fn taken(read: &mut dyn Read, mapping: &Mapping) -> BTreeSet<String> {
    let preview = sync::preview(read, mapping, &[], now(), 1000, &Job::unwatched()).expect("it is read");
    assert_eq!(preview.matched, preview.takes, "{:?}", preview.excluded);
    preview.sample.iter().map(|user| user.first(Attribute::CommonName).expect("a name").raw().to_owned()).collect()
}

fn found(read: &mut dyn Read, name: &str) -> User {
    let filter = Filter::Equal("cn".to_owned(), name.as_bytes().to_vec());
    let mut users = Vec::new();
    let count = read.users(&Query { base: None, filter }, &Job::unwatched(), &mut |batch| {
        users.extend(batch);
        Ok(())
    });
    assert_eq!(count.expect("it is read"), 1, "{name}");
    users.remove(0)
}

fn explained(read: &mut dyn Read, name: &str, mapping: &Mapping) -> Explanation {
    let user = found(read, name);
    let mut all = sync::explain_user(read, &user, std::slice::from_ref(mapping), now(), &Job::unwatched());
    let one = all.as_mut().expect("it is explained").remove(0);
    assert!(!one.directory_differs, "{:?}", one.lines());
    one
}

/// The groups through which a user is in the mapping's group, and whether the first is the primary group.
fn way(explanation: &Explanation) -> Option<(bool, String)> {
    let path = explanation.filter.parts.iter().find_map(|part| part.path.as_ref())?;
    let name = |dn: &Untrusted| dn.raw().parse::<Dn>().expect("a DN").name().to_owned();
    Some((path.primary, path.groups.iter().map(name).collect::<Vec<_>>().join(" ")))
}

#[test]
fn group_includes_nested_cyclic_and_primary_members() {
    let _alone = crate::whole_domain();
    let unit = Unit::new("nested");
    for user in ["ann", "deep", "prime", "primedeep", "outside"] {
        unit.user(user, &[]);
    }
    // one holds two holds three ... holds five, and five holds one.
    unit.group("five", &["deep"]);
    unit.group("four", &["five", "primedeep"]);
    unit.group("three", &["four"]);
    unit.group("two", &["three"]);
    unit.group("one", &["two", "ann", "prime"]);
    unit.change("five", "add", "member", &unit.dn("one"));
    unit.has_primary("prime", "one");
    unit.has_primary("primedeep", "four");
    let mapping = Mapping { group: Some(unit.dn("one")), ..unit.mapping() };
    let (mut live, mut file) = (controller(), unit.exported());
    let mut readers: [(&str, &mut dyn Read); 2] = [("LDAP", &mut live), ("LDIF", &mut file)];
    for (which, read) in &mut readers {
        let names = ["ann", "deep", "prime", "primedeep"].map(str::to_owned);
        assert_eq!(taken(*read, &mapping), BTreeSet::from(names), "{which}");
        for (user, expected) in [
            ("ann", Some((false, "one"))),
            ("deep", Some((false, "five four three two one"))),
            ("prime", Some((true, "one"))),
            ("primedeep", Some((true, "four three two one"))),
            ("outside", None),
        ] {
            let explanation = explained(*read, user, &mapping);
            let expected = expected.map(|(primary, way)| (primary, way.to_owned()));
            assert_eq!(explanation.outcome == Outcome::Takes, expected.is_some(), "{which}: {user}");
            assert_eq!(way(&explanation), expected, "{which}: {user}");
        }
    }
    // The controller's own in-chain rule knows no primary groups: that is why the search has more than it.
    let bare = Mapping { filter: Some(Filter::in_chain("memberOf", &unit.dn("one")).to_string()), ..unit.mapping() };
    assert_eq!(taken(&mut live, &bare), BTreeSet::from(["ann".to_owned(), "deep".to_owned()]));
}

#[test]
fn group_of_2000_members_is_read_in_ranges() {
    let _alone = crate::whole_domain();
    let unit = Unit { dn: format!("OU=imd-crowd,{}", lab("BASE_DN")), name: "crowd" };
    unit.crowd(0);
    unit.add("", &[("objectClass", "organizationalUnit")]);
    assert!(unit.crowd(2000), "the script does it");
    // The controller hands out ranges when it is asked for them.
    let (_, first) = Unit::tool("ldapsearch", &["-LLL", "-b", &unit.dn("crowd"), "cn=*", "member;range=0-1499"], "");
    assert!(first.contains("member;range=0-1499:"), "{first:.200}");
    let group = unit.dn("crowd").parse().expect("a DN");
    assert_eq!(controller().members(&group, &Job::unwatched()).expect("they are counted"), Some(2000));
    assert_eq!(unit.exported().members(&group, &Job::unwatched()).expect("they are counted"), Some(2000));
    let missing = unit.dn("nobody").parse().expect("a DN");
    assert_eq!(controller().members(&missing, &Job::unwatched()).expect("it answers"), None);
    assert!(unit.crowd(0), "nothing is left behind");
}

#[test]
fn applied_remedies_make_the_user_match() {
    let _alone = crate::whole_domain();
    let unit = Unit::new("remedy");
    unit.add("sales", &[("objectClass", "container")]);
    unit.group("group", &[]);
    unit.user("nomail", &[("mail", "")]);
    unit.user("disabled", &[("userAccountControl", DISABLED)]);
    unit.user("notin", &[]);
    unit.user("elsewhere", &[]);
    unit.user("clause", &[("department", "Marketing")]);
    let all = unit.mapping();
    let in_group = Mapping { group: Some(unit.dn("group")), ..all.clone() };
    let below = Mapping { ou: Some(unit.dn("sales")), ..all.clone() };
    let clause = Mapping { filter: Some("(&(department=Sales)(!(c=NO)))".to_owned()), ..all.clone() };
    let no_longer = Mapping { filter: Some("(!(department=Sales))".to_owned()), ..all.clone() };
    for (user, mapping, reported) in [
        ("nomail", &all, "give the user a mail attribute in the directory".to_owned()),
        ("disabled", &all, "enable the account in the directory".to_owned()),
        ("notin", &in_group, format!("add the user to the group {}", unit.dn("group"))),
        ("elsewhere", &below, format!("move the user below {}, or widen the mapping", unit.dn("sales"))),
        ("clause", &clause, "in the directory, set department to \"Sales\"".to_owned()),
        ("clause", &no_longer, "in the directory, change department from \"Sales\"".to_owned()),
    ] {
        let before = explained(&mut controller(), user, mapping);
        assert_ne!(before.outcome, Outcome::Takes, "{user}");
        let remedy = before.remedy.expect("there is something to do");
        assert_eq!(remedy.to_string(), reported, "{user}");
        let dn = found(&mut controller(), user).first(Attribute::DistinguishedName).expect("a DN").raw().to_owned();
        assert_eq!(dn, unit.dn(user), "not moved by another test");
        match remedy {
            Remedy::Fix { why: Excluded::NoMail } => unit.change(user, "replace", "mail", "new@remedy.test"),
            Remedy::EnableAccount => unit.change(user, "replace", "userAccountControl", ENABLED),
            Remedy::Give { attribute, value } => unit.change(user, "replace", &attribute, value.raw()),
            Remedy::Take { attribute, value } => unit.change(user, "delete", &attribute, value.raw()),
            Remedy::Join { group } => {
                Unit::modify(&format!("dn: {}\nchangetype: modify\nadd: member\nmember: {dn}\n-\n", group.raw()));
            }
            Remedy::Move { below } => Unit::modify(&format!(
                "dn: {dn}\nchangetype: modrdn\nnewrdn: CN={user}\ndeleteoldrdn: 1\nnewsuperior: {}\n",
                below.raw()
            )),
            other => panic!("{user}: {other:?}"),
        }
        let after = explained(&mut controller(), user, mapping);
        assert_eq!((after.outcome, after.remedy), (Outcome::Takes, None), "{user}: {reported}");
    }
}

#[test]
fn shared_mail_and_earlier_mapping_are_reported() {
    let _alone = crate::whole_domain();
    let unit = Unit::new("others");
    unit.user("first", &[("mail", "same@others.test")]);
    unit.user("second", &[("mail", "SAME@others.test")]);
    unit.user("third", &[]);
    let earlier = Mapping { name: "Earlier".parse().expect("a name"), ..unit.mapping() };
    let mappings = [earlier, unit.mapping()];
    let mut live = controller();
    let explain = |read: &mut Controller, name: &str| {
        let user = found(read, name);
        let all = sync::explain_user(read, &user, &mappings, now(), &Job::unwatched()).expect("it is explained");
        all.into_iter().map(|one| one.outcome).collect::<Vec<_>>()
    };
    let second = found(&mut live, "second").guid;
    let twin = Excluded::DuplicateMail { mail: "same@others.test".into(), other: second };
    assert_eq!(explain(&mut live, "first"), [Outcome::Excluded(twin.clone()), Outcome::Excluded(twin)]);
    let taken = Excluded::TakenBy { mapping: "Earlier".parse().expect("a name") };
    assert_eq!(explain(&mut live, "third"), [Outcome::Takes, Outcome::Excluded(taken)]);
}
