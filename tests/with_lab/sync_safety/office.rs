//! An OU of its own in the lab's domain, with forty people, and an installation that has read them once. What is
//! changed is changed by OpenLDAP's and Samba's own tools, as the administrator.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use imd::directory::Finding;
use imd::model::directory::{Ldap, Source, Trust};
use imd::model::job::Job;
use imd::model::user::Guid;
use imd::secrets::Secret;
use serde_json::Value;

use crate::support::installation::Installation;

pub(crate) const PEOPLE: u64 = 40;

pub(crate) struct Office {
    /// The OU's DN.
    pub(crate) ou: String,
    pub(crate) imd: Installation,
    name: String,
    others: std::cell::RefCell<Vec<String>>,
}

fn lab(name: &str) -> String {
    let name = format!("IMD_LAB_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run tests/lab/up, and source its env file"))
}

impl Office {
    /// Recreates the OU, fills it, and syncs.
    pub(crate) fn new(name: &str) -> Self {
        let ou = format!("OU={name},{}", lab("BASE_DN"));
        let office = Self {
            ou,
            imd: Installation::new(),
            name: name.to_lowercase().replace(' ', "-"),
            others: Vec::new().into(),
        };
        // What a run that failed has left behind.
        office.clean();
        let mut ldif = format!("dn: {}\nobjectClass: organizationalUnit\n\n", office.ou);
        (0..PEOPLE).for_each(|n| ldif.push_str(&office.person(n)));
        ldap("ldapadd", &ldif);
        office.write_answers("");
        office.imd.write_secret("bind.pw", &lab("PASSWORD"));
        office.imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
        office.imd.imd(["sync"]).succeeded();
        assert_eq!(office.active(), PEOPLE);
        office
    }

    pub(crate) fn write_answers(&self, more: &str) {
        let (url, ca, bind) = (lab("URL"), lab("CA"), lab("BIND"));
        let text = format!(
            "[directory]\nname = \"one\"\nurls = [\"{url}\"]\nca_file = \"{ca}\"\nbind = '{bind}'\n\
             password_file = \"bind.pw\"\n[storage]\nname = \"eu-1\"\nlocation = \"s3://eu-1\"\n[profile]\n\
             name = \"Laptops\"\nlogin = \"active-directory\"\nlogin_directory = \"one\"\n[mapping]\nname = \"Staff\"\n\
             directory = \"one\"\nou = \"{}\"\nprofile = \"Laptops\"\nstorage = \"eu-1\"\n{more}\n",
            self.ou
        );
        self.imd.write("answers.toml", text);
    }

    /// How many users are active in the cache, as SQLite counts them.
    pub(crate) fn active(&self) -> u64 {
        self.imd.row("SELECT count(*) AS users FROM user WHERE state = 'active'")["users"].as_u64().unwrap()
    }

    pub(crate) fn dn(&self, n: u64) -> String {
        format!("CN=Person {n:02},{}", self.ou)
    }

    pub(crate) fn mail(&self, n: u64) -> String {
        format!("{}-person{n:02}@one.test", self.name)
    }

    fn person(&self, n: u64) -> String {
        let password: Vec<u8> = "\"Only-f0r-the-Lab!\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let password = base64::engine::general_purpose::STANDARD.encode(password);
        format!(
            "dn: {}\nobjectClass: user\nsAMAccountName: {}-person{n:02}\nuserPrincipalName: {mail}\nmail: {mail}\n\
             displayName: Person {n:02}\ndepartment: Sales\nuserAccountControl: 512\nunicodePwd:: {password}\n\n",
            self.dn(n),
            self.name,
            mail = self.mail(n)
        )
    }

    pub(crate) fn add(&self, n: u64) {
        ldap("ldapadd", &self.person(n));
    }

    pub(crate) fn replace(&self, n: u64, attribute: &str, value: &str) {
        let change = format!("changetype: modify\nreplace: {attribute}\n{attribute}: {value}");
        ldap("ldapmodify", &format!("dn: {}\n{change}\n\n", self.dn(n)));
    }

    pub(crate) fn disable(&self, n: u64) {
        self.replace(n, "userAccountControl", "514");
    }

    pub(crate) fn enable(&self, n: u64) {
        self.replace(n, "userAccountControl", "512");
    }

    #[allow(clippy::unused_self, reason = "reads as what is done in the office")]
    pub(crate) fn delete(&self, dn: &str) {
        ldap("ldapmodify", &format!("dn: {dn}\nchangetype: delete\n\n"));
    }

    #[allow(clippy::unused_self, reason = "reads as what is done in the office")]
    pub(crate) fn delete_tree(&self, dn: &str) {
        delete_tree(dn);
    }

    pub(crate) fn rename(&self, dn: &str, rdn: &str) {
        if dn == self.ou {
            self.others.borrow_mut().push(format!("{rdn},{}", lab("BASE_DN")));
        }
        ldap("ldapmodify", &format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n\n"));
    }

    #[allow(clippy::unused_self, reason = "reads as what is done in the office")]
    pub(crate) fn move_to(&self, dn: &str, ou: &str) {
        let rdn = dn.split(',').next().unwrap();
        ldap(
            "ldapmodify",
            &format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\nnewsuperior: {ou}\n\n"),
        );
    }

    /// Another, empty OU next to this one.
    pub(crate) fn another_ou(&self, name: &str) -> String {
        let dn = format!("OU={} {name},{}", self.name, lab("BASE_DN"));
        delete_tree(&dn);
        ldap("ldapadd", &format!("dn: {dn}\nobjectClass: organizationalUnit\n\n"));
        self.others.borrow_mut().push(dn.clone());
        dn
    }

    /// Adds an access control entry to the OU alone; `{sid}` in it is the account that reads.
    pub(crate) fn deny_on_ou(&self, ace: &str) {
        deny(std::slice::from_ref(&self.ou), ace);
    }

    /// The same for each of its people. (Who may read a mail is written on each user; what the OU hands down comes
    /// after it.)
    pub(crate) fn deny_on_people(&self, ace: &str) {
        deny(&(0..PEOPLE).map(|n| self.dn(n)).collect::<Vec<_>>(), ace);
    }

    /// What an administrator's account sees of a cached user.
    pub(crate) fn found_by_the_administrator(&self) -> Finding {
        let row = self.imd.row("SELECT hex(guid) AS guid FROM cached_user LIMIT 1");
        let hex = row["guid"].as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap();
        let guid = Guid(std::array::from_fn(byte));
        let pem = std::fs::read_to_string(lab("CA")).unwrap();
        let source = Ldap {
            urls: vec![lab("URL").parse().unwrap()],
            trust: Trust::Ca { file: lab("CA").into(), pem },
            bind: lab("ADMIN_BIND"),
        };
        let (password, job) = (Secret::new(lab("ADMIN_PASSWORD")), Job::unwatched());
        let mut read = imd::directory::open(&Source::Ldap(source), Some(&password), &job).unwrap();
        read.find(&[guid], None, &job).unwrap().remove(0)
    }

    /// Takes away the OU, under whatever name it is now.
    fn clean(&self) {
        delete_tree(&self.ou);
        let filter = format!("(sAMAccountName={}-person*)", self.name);
        let (_, found, _) = output("ldapsearch", &["-LLL", "-b", &lab("BASE_DN"), &filter, "1.1"], "");
        for dn in found.lines().filter_map(|line| line.strip_prefix("dn: ")) {
            delete_tree(dn);
        }
        if let Some(ou) = found
            .lines()
            .find_map(|line| line.strip_prefix("dn: ")?.split_once(','))
            .filter(|ou| ou.1.starts_with("OU="))
        {
            delete_tree(ou.1);
        }
        self.others.borrow().iter().for_each(|dn| delete_tree(dn));
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clean();
        }
    }
}

/// Adds entries as Samba's own tool does, all in one transaction.
const ADD_ACE: &str = r#"
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils
folder, account, ace = sys.argv[1:4]
lp = LoadParm()
lp.load(folder + "/etc/smb.conf")
samdb = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=lp)
found = samdb.search(base=samdb.domain_dn(), expression=f"(sAMAccountName={account})", attrs=["objectSid"])
sid = samdb.schema_format_value("objectSid", found[0]["objectSid"][0]).decode()
samdb.transaction_start()
for dn in sys.argv[4:]:
    SDUtils(samdb).dacl_add_ace(dn, ace.replace("{sid}", sid))
samdb.transaction_commit()
"#;

fn deny(dns: &[String], ace: &str) {
    let account = lab("BIND");
    let account = account.split('@').next().unwrap();
    let output = Command::new("timeout")
        .args(["60", "/usr/bin/python3", "-c", ADD_ACE, &lab("DC"), account, ace])
        .args(dns)
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A change of a plan: `removed person00: gone`.
pub(crate) fn in_short(line: &Value) -> String {
    let label = line["label"].as_str().unwrap();
    let who = label.strip_prefix("Person ").map_or(label.to_owned(), |number| format!("person{number}"));
    match &line["change"] {
        Value::String(added) => format!("{added} {who}"),
        change if change.get("removed").is_some() => {
            let why = &change["removed"];
            let why = why.get("excluded").unwrap_or(why);
            let word = why.as_str().map(str::to_owned).or_else(|| why.as_object()?.keys().next().cloned());
            format!("removed {who}: {}", word.unwrap_or_default())
        }
        change => {
            let names =
                change["updated"].as_array().unwrap().iter().map(|change| change["attribute"].as_str().unwrap());
            format!("updated {who}: {}", names.collect::<Vec<_>>().join(" "))
        }
    }
}

fn delete_tree(dn: &str) {
    // 1.2.840.113556.1.4.805: the whole subtree. That it is not there is fine.
    let args = ["-e", "!1.2.840.113556.1.4.805"];
    let _ = output("ldapmodify", &args, &format!("dn: {dn}\nchangetype: delete\n\n"));
}

#[track_caller]
fn ldap(tool: &str, ldif: &str) {
    run(tool, &[], ldif);
}

#[track_caller]
fn run(tool: &str, arguments: &[&str], input: &str) -> String {
    let (success, stdout, stderr) = output(tool, arguments, input);
    assert!(success, "{tool}: {stderr}");
    stdout
}

fn output(tool: &str, arguments: &[&str], input: &str) -> (bool, String, String) {
    let mut child = Command::new("timeout")
        .args(["120", tool, "-x", "-H", &lab("URL"), "-D", &lab("ADMIN_BIND"), "-y", &lab("ADMIN_PASSWORD_FILE")])
        .args(["-o", "ldif-wrap=no"])
        .args(arguments)
        .env("LDAPTLS_CACERT", lab("CA"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool runs");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.success(), text(output.stdout), text(output.stderr))
}
