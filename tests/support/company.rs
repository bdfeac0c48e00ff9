//! A small company as an LDIF file, and an answers file over it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::installation::Installation;

pub const BASE: &str = "DC=corp,DC=example,DC=com";

/// An export of `count` users: `user0`, `user1` and so on, with a mail each.
pub fn ldif(count: u32) -> String {
    let mut text =
        format!("version: 1\n\ndn: {BASE}\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n\n");
    for number in 0..count {
        let guid = STANDARD.encode([&[7; 12][..], &number.to_be_bytes()].concat());
        write!(
            text,
            "dn: CN=User {number},OU=Staff,{BASE}\nobjectClass: top\nobjectClass: person\n\
             objectClass: organizationalPerson\nobjectClass: user\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,{BASE}\n\
             cn: User {number}\nobjectGUID:: {guid}\nsAMAccountName: user{number}\n\
             userPrincipalName: user{number}@corp.example.com\nmail: user{number}@corp.example.com\n\
             userAccountControl: 512\ndepartment: Sales\n\n"
        )
        .unwrap();
    }
    text
}

/// Answers for all seven steps over `users.ldif`.
pub const ANSWERS: &str = r#"
[directory]
name = "corp"
file = "users.ldif"

[storage]
name = "eu-1"
location = "s3://backup-eu-1"
capacity = "200 TiB"

[profile]
name = "Laptops"
login = "active-directory"
login_directory = "corp"
quota = "50 GiB"

[mapping]
name = "Staff"
directory = "corp"
profile = "Laptops"
storage = "eu-1"
department = "Sales"

[frequency]
interval = "24h"
at = "02:00"
time_zone = "Europe/Oslo"

[settings]
devices_per_user = 2
at_limit = "refuse"
auth = ["kerberos", "password"]
safeguard = "10%"

[token]
name = "rollout-2026"
expires = "90d"
max_activations = 5000
servers = ["https://imd.corp.example.com:7443"]

[installer]
agent = "imd-activate"
targets = ["msiexec", "configmgr", "ivanti-mac"]
proxy = "system"
properties.mac-package-url = "https://repo.corp.example.com/imd-activate.pkg"
properties.mac-package-sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
folder = "rollout"
"#;

/// An installation with the files of a company of `count`, nothing of it applied.
pub fn prepared(count: u32) -> Installation {
    let imd = Installation::new();
    imd.write("users.ldif", ldif(count));
    imd.write("answers.toml", ANSWERS);
    imd
}

/// The same with the answers applied.
pub fn set_up(count: u32) -> Installation {
    let imd = prepared(count);
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd
}
