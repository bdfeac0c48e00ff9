//! A Samba domain controller judges our evaluation of filters: the entries that we select from an LDIF of it are those
//! that it selects itself.
//!
//! Each filter is generated from what the controller really holds, and sent as our own `Display` prints it. What Samba
//! is known to do otherwise than Windows is excluded, because there we follow Windows:
//! - `~=` is an error in Samba and equality in Windows; an 803 on text that is no number is an error in Samba.
//! - A value that its syntax does not allow is false in Samba, so that its negation selects everything; it is undefined
//!   in Windows. The same goes for rules that are not known.
//! - Samba drops the spaces at the ends of each part of a substring, and matches the beginning of a DN by text.
//! - Samba orders text by bytes taken as signed, so that `Å` comes before `A`; Windows by the rules of a language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use imd::directory::ldif::File;
use imd::directory::{Query, Read as _};
use imd::filter::{Extensible, Filter, Substrings};
use imd::model::job::Job;
use imd::model::text::Untrusted;
use imd::model::user::Attribute;

const HOW_MANY: usize = 200;
const SEED: u64 = 2849;

const INTEGERS: &[&str] = &[
    "userAccountControl",
    "groupType",
    "sAMAccountType",
    "primaryGroupID",
    "instanceType",
    "systemFlags",
    "countryCode",
    "uSNCreated",
    "uSNChanged",
    "accountExpires",
    "pwdLastSet",
];
const TIMES: &[&str] = &["whenCreated", "whenChanged"];
const BOOLEANS: &[&str] = &["isCriticalSystemObject", "showInAdvancedViewOnly"];
const DNS: &[&str] = &["manager", "directReports", "memberOf", "member", "distinguishedName", "objectCategory"];
const TEXT: &[&str] = &[
    "cn",
    "sn",
    "givenName",
    "displayName",
    "department",
    "company",
    "c",
    "co",
    "l",
    "title",
    "description",
    "mail",
    "proxyAddresses",
    "sAMAccountName",
    "userPrincipalName",
    "employeeID",
    "employeeNumber",
    "telephoneNumber",
    "mobile",
    "name",
    "ou",
    "streetAddress",
    "postalCode",
    "servicePrincipalName",
    "dNSHostName",
    "objectClass",
];
/// Text attributes with only ASCII values in this directory, which Samba and imd order alike.
const ORDERED: &[&str] =
    &["mail", "sAMAccountName", "employeeID", "employeeNumber", "department", "telephoneNumber", "c"];
const CHAINS: &[&str] = &["memberOf", "member", "manager", "directReports"];
const CATEGORIES: &[&str] =
    &["person", "User", "computer", "group", "contact", "organizationalUnit", "container", "domainDNS"];

/// Filters that administrators write.
const COMMON: &[&str] = &[
    "(&(objectCategory=person)(objectClass=user))",
    "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
    "(&(objectCategory=person)(objectClass=user)(mail=*))",
    "(&(objectCategory=person)(objectClass=user)(!(mail=*)))",
    "(&(objectClass=user)(!(department=Sales)))",
    "(&(objectClass=user)(|(accountExpires=0)(accountExpires=9223372036854775807)))",
    "(&(objectClass=user)(userAccountControl:1.2.840.113556.1.4.804:=65538))",
    "(groupType:1.2.840.113556.1.4.803:=2147483648)",
    "(groupType=2147483656)",
    "(sAMAccountType=805306368)",
    "(proxyAddresses=SMTP:*)",
    "(&(objectClass=user)(!(|(c=GB)(c=DE)))(!(title=engineer 1)))",
    "(objectSid=S-1-5-32-544)",
    r"(cn=*\28*)",
    r"(cn=*\5c*)",
    r"(cn=*\2a*)",
    "(extensionAttribute1=NoSync)",
    "(!(extensionAttribute1=NoSync))",
];

/// The controller that `tests/run` starts, asked by an administrator: an account that may not read something gets
/// neither the same file nor the same answer.
struct Samba {
    variables: BTreeMap<&'static str, String>,
}

impl Samba {
    fn find() -> Self {
        let names =
            ["IMD_LAB_URL", "IMD_LAB_CA", "IMD_LAB_ADMIN_BIND", "IMD_LAB_ADMIN_PASSWORD_FILE", "IMD_LAB_BASE_DN"];
        let variable =
            |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: start it by tests/run"));
        Self { variables: names.into_iter().map(|name| (name, variable(name))).collect() }
    }

    fn search(&self, filter: &str, attributes: &[&str]) -> String {
        let of = |name| self.variables[name].as_str();
        let done = Command::new("ldapsearch")
            .env("LDAPTLS_CACERT", of("IMD_LAB_CA"))
            .args(["-x", "-LLL", "-o", "nettimeout=30", "-l", "60", "-E", "pr=1000/noprompt", "-H", of("IMD_LAB_URL")])
            .args([
                "-D",
                of("IMD_LAB_ADMIN_BIND"),
                "-y",
                of("IMD_LAB_ADMIN_PASSWORD_FILE"),
                "-b",
                of("IMD_LAB_BASE_DN"),
                filter,
            ])
            .args(attributes)
            .stdin(Stdio::null())
            .output()
            .expect("ldapsearch runs");
        assert!(done.status.success(), "{filter}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("LDIF is ASCII")
    }

    /// The DNs that the controller itself selects.
    fn answer(&self, filter: &str) -> BTreeSet<String> {
        let text = self.search(filter, &["1.1"]);
        read(&text).into_iter().map(|(dn, _)| dn).collect()
    }
}

type Values = BTreeMap<String, Vec<Vec<u8>>>;

/// The entries of an LDIF text, read in the plainest way: an oracle must not share our reader.
fn read(text: &str) -> Vec<(String, Values)> {
    let unfolded = text.replace("\n ", "");
    let mut entries: Vec<(String, Values)> = Vec::new();
    for line in unfolded.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = match value.strip_prefix(": ") {
            Some(base64) => base64::prelude::BASE64_STANDARD.decode(base64).expect("base64"),
            None => value.trim_start().as_bytes().to_vec(),
        };
        if name == "dn" {
            entries.push((String::from_utf8(value).expect("UTF-8"), Values::new()));
        } else if let Some((_, values)) = entries.last_mut() {
            values.entry(name.to_owned()).or_default().push(value);
        }
    }
    for (dn, values) in &mut entries {
        values.insert("distinguishedName".to_owned(), vec![dn.clone().into_bytes()]);
    }
    entries
}

/// The DNs that we select from the file.
fn ours(file: &Path, filter: &Filter, base: &str) -> BTreeSet<String> {
    let query = Query { base: Some(base.to_owned()), filter: filter.clone() };
    let mut found = BTreeSet::new();
    let mut file = File::open(file).expect("the dump opens");
    let count = file.users(&query, &Job::unwatched(), &mut |batch| {
        found.extend(
            batch.iter().filter_map(|user| user.first(Attribute::DistinguishedName)).map(|dn| dn.raw().to_owned()),
        );
        Ok(())
    });
    let count = count.unwrap_or_else(|error| panic!("{filter}: {error}"));
    assert_eq!(count, found.len() as u64);
    found
}

#[test]
fn file_and_controller_select_the_same_users() {
    let _alone = crate::whole_domain();
    let samba = Samba::find();
    let base = samba.variables["IMD_LAB_BASE_DN"].clone();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dump.ldif");
    // Other suites bind and change things meanwhile: an answer counts when the directory was the same before and after.
    for attempt in 1.. {
        let dump = samba.search("(objectClass=*)", &["*"]);
        std::fs::write(&file, &dump).expect("written");
        let mut chance = Chance { state: SEED, entries: read(&dump) };
        let generated = (0..HOW_MANY).map(|_| chance.filter(0)).collect::<Vec<_>>();
        let common = COMMON.iter().map(|text| text.parse::<Filter>().expect("a filter"));
        let mut wrong = Vec::new();
        let mut telling = 0;
        for filter in common.chain(generated) {
            let theirs = samba.answer(&filter.to_string());
            let mine = ours(&file, &filter, &base);
            telling += usize::from(!theirs.is_empty() && theirs.len() < chance.entries.len());
            if mine != theirs {
                let only = |one: &BTreeSet<String>, other| one.difference(other).take(3).cloned().collect::<Vec<_>>();
                wrong.push(format!(
                    "{filter}\n  {} here, {} there; only here {:?}; only there {:?}",
                    mine.len(),
                    theirs.len(),
                    only(&mine, &theirs),
                    only(&theirs, &mine)
                ));
            }
        }
        if !wrong.is_empty() && samba.search("(objectClass=*)", &["*"]) != dump && attempt < 4 {
            continue;
        }
        assert!(wrong.is_empty(), "{} filters differ:\n{}", wrong.len(), wrong.join("\n"));
        assert!(telling > HOW_MANY * 2 / 3, "only {telling} filters select some but not all");
        return;
    }
}

/// Makes filters out of what the directory holds; the same ones from the same directory.
struct Chance {
    state: u64,
    entries: Vec<(String, Values)>,
}

impl Chance {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("a small number")
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A value that some entry has in the attribute; people are asked more often than the rest.
    fn value(&mut self, attribute: &str) -> Vec<u8> {
        for _ in 0..2000 {
            let at = self.below(self.entries.len());
            if let Some(values) = self.entries[at].1.get(attribute) {
                let values = values.clone();
                return values[self.below(values.len())].clone();
            }
        }
        panic!("no user has {attribute}")
    }

    fn filter(&mut self, depth: usize) -> Filter {
        let nest = if depth < 3 { 6 } else { 0 };
        match self.below(16 + nest) {
            16 | 17 => Filter::Not(Box::new(self.filter(depth + 1))),
            18 | 19 => Filter::And(self.list(depth)),
            20 | 21 => Filter::Or(self.list(depth)),
            leaf => self.leaf(leaf),
        }
    }

    fn list(&mut self, depth: usize) -> Vec<Filter> {
        (0..2 + self.below(3)).map(|_| self.filter(depth + 1)).collect()
    }

    fn leaf(&mut self, kind: usize) -> Filter {
        match kind {
            0..=2 => {
                let (name, value) = self.text();
                Filter::Equal(self.spelt(name), value)
            }
            3..=5 => self.substrings(),
            6 => {
                let all = [INTEGERS, TIMES, DNS, TEXT, &["objectGUID", "objectSid", "nosuchattribute"]].concat();
                let name = self.of(&all);
                Filter::Present(self.spelt(name))
            }
            7 => self.order(),
            8 => {
                let name = self.of(INTEGERS);
                let value = self.value(name);
                Filter::Equal(name.to_owned(), value)
            }
            9 => self.bits(),
            10 | 11 => self.chain(),
            12 => self.dn(),
            13 => {
                let name = self.of(CATEGORIES);
                Filter::Equal("objectCategory".to_owned(), name.as_bytes().to_vec())
            }
            14 => self.identifier(),
            _ => {
                let (name, value) = self.text();
                let dn = self.below(2) == 0;
                Filter::Extensible(Extensible { attribute: Some(name.to_owned()), dn, rule: None, value })
            }
        }
    }

    /// The name of an attribute in another case.
    fn spelt(&mut self, name: &str) -> String {
        if self.below(3) == 0 { name.to_uppercase() } else { name.to_owned() }
    }

    fn text(&mut self) -> (&'static str, Vec<u8>) {
        let name = self.of(TEXT);
        let value = String::from_utf8(self.value(name)).expect("text");
        let value = match self.below(6) {
            0 => self.recased(&value),
            1 => format!("  {} ", value.replace(' ', "   ")),
            2 => format!("{value}x"),
            _ => value,
        };
        (name, value.into_bytes())
    }

    /// Some characters in the other case, where the other case is one character.
    fn recased(&mut self, value: &str) -> String {
        let turn = |c: char| match (c.to_uppercase().count(), c.to_lowercase().count()) {
            (1, 1) if c.is_lowercase() => c.to_uppercase().next().unwrap_or(c),
            (1, 1) => c.to_lowercase().next().unwrap_or(c),
            _ => c,
        };
        value.chars().map(|c| if self.below(2) == 0 { turn(c) } else { c }).collect()
    }

    fn substrings(&mut self) -> Filter {
        let (name, value) = if self.below(6) == 0 {
            let name = self.of(INTEGERS);
            let value = String::from_utf8(self.value(name)).expect("a number");
            // Samba reads each piece as a number, so none may begin with a sign or a nought.
            (name, value.replace('-', "").replace('0', "1"))
        } else {
            let name = self.of(TEXT);
            (name, String::from_utf8(self.value(name)).expect("text"))
        };
        let value = if self.below(3) == 0 { self.recased(&value) } else { value };
        let chars: Vec<char> = value.chars().collect();
        let mut parts: Vec<Option<Vec<u8>>> = Vec::new();
        let mut at = 0;
        for _ in 0..3 {
            let from = at + self.below(chars.len() - at + 1);
            let to = (from + 1 + self.below(5)).min(chars.len());
            let part: String = chars[from.min(to)..to].iter().collect();
            parts.push(Some(part.trim().as_bytes().to_vec()).filter(|part| !part.is_empty()));
            at = to;
        }
        let (first, last) = (self.below(2) == 0, self.below(2) == 0);
        let begin: String = chars.iter().take(1 + self.below(4)).collect();
        let end: String = chars.iter().skip(chars.len().saturating_sub(1 + self.below(4))).collect();
        let end_of = |wanted: bool, text: String| {
            Some(text.trim().as_bytes().to_vec()).filter(|part| wanted && !part.is_empty())
        };
        let count = 1 + self.below(2);
        let mut substrings = Substrings {
            first: end_of(first, begin),
            middle: parts.into_iter().flatten().take(count).collect(),
            last: end_of(last, end),
        };
        if self.below(2) == 0 && (substrings.first.is_some() || substrings.last.is_some()) {
            substrings.middle.clear();
        }
        if substrings == Substrings::default() {
            Filter::Present(name.to_owned())
        } else {
            Filter::Substrings(name.to_owned(), substrings)
        }
    }

    fn order(&mut self) -> Filter {
        let name = self.of(&[INTEGERS, TIMES, ORDERED].concat());
        let value = self.value(name);
        if self.below(2) == 0 {
            Filter::AtLeast(name.to_owned(), value)
        } else {
            Filter::AtMost(name.to_owned(), value)
        }
    }

    fn bits(&mut self) -> Filter {
        let name = self.of(&["userAccountControl", "groupType", "sAMAccountType", "systemFlags", "primaryGroupID"]);
        let value = match self.below(3) {
            0 => self.value(name),
            1 => (1_u64 << self.below(32)).to_string().into_bytes(),
            _ => (self.next() & 0x1_0222).to_string().into_bytes(),
        };
        let rule = self.of(&[imd::filter::BIT_AND, imd::filter::BIT_OR]);
        let attribute = Some(self.spelt(name));
        Filter::Extensible(Extensible { attribute, dn: false, rule: Some(rule.to_owned()), value })
    }

    fn chain(&mut self) -> Filter {
        let name = self.of(CHAINS);
        let to = String::from_utf8(self.value(name)).expect("a DN");
        let to = self.respelt(&to);
        Filter::in_chain(name, &to)
    }

    fn dn(&mut self) -> Filter {
        let name = self.of(DNS);
        let value = String::from_utf8(self.value(name)).expect("a DN");
        Filter::Equal(name.to_owned(), self.respelt(&value).into_bytes())
    }

    /// The same DN, written otherwise.
    fn respelt(&mut self, dn: &str) -> String {
        match self.below(5) {
            0 => self.recased(dn),
            1 => dn.replace(",OU=", ", ou=").replace(",DC=", " , dc="),
            2 => dn.replace("\\,", "\\2C").replace("\\+", "\\2b"),
            _ => dn.to_owned(),
        }
    }

    fn identifier(&mut self) -> Filter {
        let which = self.below(4);
        let boolean = self.of(BOOLEANS);
        let (name, value) = match which {
            0 => ("objectGUID", self.value("objectGUID")),
            1 => {
                let bytes = self.value("objectGUID");
                let guid = imd::model::user::Guid(bytes.try_into().expect("16 bytes"));
                ("objectGUID", guid.to_string().into_bytes())
            }
            2 => ("objectSid", self.value("objectSid")),
            _ if self.below(2) == 0 => {
                let time = self.of(TIMES);
                (time, self.value(time))
            }
            _ => (boolean, if self.below(2) == 0 { b"TRUE".to_vec() } else { b"FALSE".to_vec() }),
        };
        Filter::Equal(name.to_owned(), value)
    }
}

#[test]
fn dumped_users_equal_the_controllers() {
    let _alone = crate::whole_domain();
    let samba = Samba::find();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("users.ldif");
    let people = Filter::people().to_string();
    let text = samba.search(&people, &["*"]);
    std::fs::write(&path, &text).expect("written");
    let query = Query { base: None, filter: Filter::people() };
    let mut count = 0;
    let entries: BTreeMap<String, Values> = read(&text).into_iter().collect();
    let mut file = File::open(&path).expect("opens");
    let read = file.users(&query, &Job::unwatched(), &mut |batch| {
        for user in batch {
            let dn = user.first(Attribute::DistinguishedName).map(Untrusted::raw).unwrap_or_default().to_owned();
            for attribute in Attribute::ALL {
                if matches!(attribute, Attribute::ObjectGuid | Attribute::ObjectSid) {
                    continue;
                }
                let mine: BTreeSet<Vec<u8>> =
                    user.values(*attribute).map(|value| value.raw().as_bytes().to_vec()).collect();
                let theirs: BTreeSet<Vec<u8>> =
                    entries[&dn].get(attribute.name()).cloned().unwrap_or_default().into_iter().collect();
                assert_eq!(mine, theirs, "{dn} {}", attribute.name());
            }
            count += 1;
        }
        Ok(())
    });
    assert_eq!(read.expect("reads"), count);
    assert_eq!(count, entries.len() as u64);
}
