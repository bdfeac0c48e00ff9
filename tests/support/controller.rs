//! The lab's domain controller, as `tests/lab/up` describes it, and what others than `imd` read from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The controller's address, accounts and files.
pub struct Controller {
    pub url: String,
    pub address: String,
    pub ca: PathBuf,
    pub base_dn: String,
    pub bind: String,
    pub password: String,
    /// The password of the accounts that cannot bind, such as lab-disabled.
    pub user_password: String,
    folder: PathBuf,
}

/// Attributes by their name in lower case, each with its values.
pub type Entry = BTreeMap<String, BTreeSet<Vec<u8>>>;

impl Controller {
    pub fn of_the_lab() -> Self {
        let variable = |name: &str| {
            let name = format!("IMD_LAB_{name}");
            std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: tests/lab/up && . .lab/env"))
        };
        Self {
            url: variable("URL"),
            address: variable("ADDRESS"),
            ca: variable("CA").into(),
            base_dn: variable("BASE_DN"),
            bind: variable("BIND"),
            password: variable("PASSWORD"),
            user_password: variable("USER_PASSWORD"),
            folder: variable("DC").into(),
        }
    }

    /// Where Samba keeps its files.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// What `ldapsearch` finds below `base`, by DN.
    pub fn ldapsearch(&self, base: &str, filter: &str, attributes: &[&str]) -> BTreeMap<String, Entry> {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, &self.password).unwrap();
        let output = Command::new("timeout")
            .args(["60", "ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=500/noprompt"])
            .args(["-H", &self.url, "-D", &self.bind, "-b", base])
            .arg("-y")
            .arg(&password)
            .arg(filter)
            .args(attributes)
            .env("LDAPTLS_CACERT", &self.ca)
            .output()
            .expect("ldapsearch runs");
        assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
        entries(&String::from_utf8(output.stdout).expect("LDIF is ASCII"))
    }

    /// How Samba itself prints the GUID and the SID of each user, by DN: read from its database file, not over LDAP.
    pub fn identifiers(&self) -> BTreeMap<String, (String, String)> {
        let output = Command::new("ldbsearch")
            .arg("-H")
            .arg(self.folder.join("private/sam.ldb"))
            .args(["(objectClass=user)", "objectGUID", "objectSid"])
            .output()
            .expect("ldbsearch runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let one = |entry: &Entry, name: &str| String::from_utf8(entry[name].first().unwrap().clone()).unwrap();
        let found = entries(&text).into_iter().filter(|(_, entry)| entry.contains_key("objectsid"));
        found.map(|(dn, entry)| (dn, (one(&entry, "objectguid"), one(&entry, "objectsid")))).collect()
    }
}

/// Entries of an LDIF with lines that are not folded, or folded as in RFC 2849.
fn entries(ldif: &str) -> BTreeMap<String, Entry> {
    let unfolded = ldif.replace("\n ", "");
    let mut found = BTreeMap::new();
    for block in unfolded.split("\n\n") {
        let mut dn = None;
        let mut entry = Entry::new();
        for line in block.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = match value.strip_prefix(':') {
                Some(encoded) => STANDARD.decode(encoded.trim()).expect("base64"),
                None => value.strip_prefix(' ').unwrap_or(value).as_bytes().to_vec(),
            };
            if name == "dn" {
                dn = Some(String::from_utf8(value).expect("a DN is UTF-8"));
            } else {
                entry.entry(name.to_ascii_lowercase()).or_default().insert(value);
            }
        }
        if let Some(dn) = dn {
            found.insert(dn, entry);
        }
    }
    found
}
