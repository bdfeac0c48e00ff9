//! `imd setup --answers FILE`: what it leaves in the database, in the cache and in the exported folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::rollout::{Rollout, SERVER, TARGETS, set_up};
use crate::support::controller::{Controller, Entry};

const GIB: u64 = 1 << 30;

#[test]
fn all_seven_steps_by_answers_file_from_an_empty_state() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);

    let directory = imd.row("SELECT name, kind, urls, bind, ca_file, ca_pem FROM directory");
    assert_eq!(directory["name"], "one");
    assert_eq!(directory["kind"], "ldap");
    assert_eq!(directory["urls"], json!([controller.url]).to_string());
    assert_eq!(directory["bind"], controller.bind);
    assert_eq!(directory["ca_pem"].as_str().unwrap().trim(), fs::read_to_string(&controller.ca).unwrap().trim());

    let storage = imd.row("SELECT name, location, capacity FROM storage");
    assert_eq!(storage, json!({ "name": "eu-1", "location": "s3://backup-eu-1", "capacity": 200 * 1024 * GIB }));
    let profile = imd.row(
        "SELECT profile.name, login, directory.name AS login_directory, quota FROM profile
         JOIN directory ON directory.id = login_directory_id",
    );
    let wanted = json!({ "name": "Laptops", "login": "active-directory", "login_directory": "one", "quota": 50 * GIB });
    assert_eq!(profile, wanted);

    let mappings = imd.rows(
        "SELECT mapping.name, kind, ou, filter, mapping.quota, auto_import, storage.name AS storage FROM mapping
         JOIN storage ON storage.id = storage_id ORDER BY position",
    );
    let base = &controller.base_dn;
    assert_eq!(
        mappings,
        [
            json!({ "name": "Engineers", "kind": "imd", "ou": format!("OU=Engineering,OU=Corp,{base}"),
                    "filter": null, "quota": 100 * GIB, "auto_import": 0, "storage": "eu-1" }),
            json!({ "name": "Everybody else", "kind": "imd", "ou": format!("OU=Corp,{base}"),
                    "filter": "(!(sAMAccountName=svc-*))", "quota": null, "auto_import": 0, "storage": "eu-1" }),
        ]
    );
    assert_eq!(
        imd.row("SELECT value ->> 'interval' AS interval FROM document WHERE name = 'frequency'"),
        json!({ "interval": "12h" })
    );
    let settings = imd.row("SELECT value ->> 'devices_per_user' AS devices_per_user, value ->> 'at_limit' AS at_limit, value ->> 'auth' AS auth, value ->> 'safeguard' AS safeguard FROM document WHERE name = 'settings'");
    let auth = json!(["kerberos", "password"]).to_string();
    assert_eq!(
        settings,
        json!({ "devices_per_user": 3, "at_limit": "replace-oldest", "auth": auth, "safeguard": "15%" })
    );
    let token = imd.row("SELECT name, max_activations, servers, revoked_at FROM token");
    let servers = json!([SERVER]).to_string();
    assert_eq!(
        token,
        json!({ "name": "rollout-2026", "max_activations": 5000, "servers": servers, "revoked_at": null })
    );
    assert_eq!(
        imd.row("SELECT value ->> 'agent' AS agent, value ->> 'proxy' AS proxy FROM document WHERE name = 'installer'"),
        json!({ "agent": "imd-activate", "proxy": "none" })
    );
    let exported: BTreeSet<String> = texts(&imd.rows("SELECT target FROM export"), "target");
    assert_eq!(exported, BTreeSet::from(TARGETS.map(str::to_owned)));

    let standing = imd.json(["status"]);
    for step in standing["steps"].as_array().unwrap() {
        assert_eq!(step["state"], "done", "{step}");
    }
    imd.imd(["audit", "verify"]).succeeded();
}

#[test]
fn cache_equals_ldapsearch() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let identifiers = controller.identifiers();
    let everybody = controller.ldapsearch(
        &format!("OU=Corp,{}", controller.base_dn),
        "(&(objectCategory=person)(objectClass=user)(!(sAMAccountName=svc-*)))",
        &LISTED,
    );
    assert!(everybody.len() > 250, "the lab has about 300 people, not {}", everybody.len());

    let mut wanted: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (dn, entry) in &everybody {
        if excluded(entry, &everybody).is_none() {
            let (guid, sid) = &identifiers[dn];
            wanted.insert(guid.clone(), as_cached(dn, entry, guid, sid));
        }
    }
    let mut cached: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for row in imd.rows(CACHED_VALUES) {
        let text = |key: &str| row[key].as_str().unwrap_or_else(|| panic!("{key} of {row}")).to_owned();
        let user = cached.entry(text("guid")).or_default();
        user.entry(text("attribute")).or_default().insert(text("value"));
    }
    assert_eq!(cached.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "who is cached");
    for (guid, user) in &wanted {
        assert_eq!(&cached[guid], user, "{guid}");
    }
}

#[test]
fn the_first_mapping_that_matches_takes_the_user() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let corp = format!("OU=Corp,{}", controller.base_dn);
    let everybody = controller.ldapsearch(
        &corp,
        "(&(objectCategory=person)(objectClass=user)(!(sAMAccountName=svc-*)))",
        &["mail", "userAccountControl", "accountExpires"],
    );
    let fit = everybody.iter().filter(|(_, entry)| excluded(entry, &everybody).is_none());
    let (engineers, others): (Vec<_>, Vec<_>) =
        fit.partition(|(dn, _)| dn.ends_with(&format!(",OU=Engineering,{corp}")));
    let counted = imd.rows(CACHED_PER_MAPPING);
    let count = |mapping: &str| counted.iter().find(|row| row["mapping"] == mapping).map(|row| row["users"].clone());
    assert_eq!(count("Engineers"), Some(json!(engineers.len())), "{counted:?}");
    assert_eq!(count("Everybody else"), Some(json!(others.len())), "{counted:?}");
}

#[test]
fn excluded_users_are_listed_with_reasons() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let identifiers = controller.identifiers();
    let everybody = controller.ldapsearch(
        &format!("OU=Corp,{}", controller.base_dn),
        "(&(objectCategory=person)(objectClass=user)(!(sAMAccountName=svc-*)))",
        &["mail", "userAccountControl", "accountExpires"],
    );
    let wanted: BTreeSet<(String, &str)> = everybody
        .iter()
        .filter_map(|(dn, entry)| Some((identifiers[dn].0.clone(), excluded(entry, &everybody)?)))
        .collect();
    let reasons: BTreeSet<&str> = wanted.iter().map(|(_, why)| *why).collect();
    assert!(reasons.len() >= 3, "the lab has users to leave out for several reasons: {reasons:?}");

    let plan = imd.json(["sync", "list"])["items"][0]["id"].to_string();
    let shown = imd.json(["sync", "show", &plan]);
    let said: BTreeSet<(String, String)> = shown["excluded"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["guid"].as_str().unwrap().to_owned(), reason(&line["why"])))
        .filter(|(_, why)| why != "taken-by")
        .collect();
    assert_eq!(said, wanted.into_iter().map(|(guid, why)| (guid, why.to_owned())).collect());
}

#[test]
fn the_exports_are_whole_and_carry_the_token_and_the_servers() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let token = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned();
    for target in TARGETS {
        let folder = imd.path("rollout").join(target);
        assert!(folder.join("README.md").exists(), "{target}");
        let sums = Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder).output();
        let sums = sums.unwrap();
        assert!(sums.status.success(), "{target}: {sums:?}");
        let listed = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        let mut whole = String::new();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(name == "SHA256SUMS" || listed.contains(&name), "{target}: {name} has no checksum");
            whole.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
        }
        assert!(whole.contains(&token), "{target} carries the token");
        assert!(whole.contains(SERVER), "{target} carries the server");
    }
    let script = imd.path("rollout/ivanti-mac/install.sh");
    assert!(Command::new("dash").arg("-n").arg(script).status().unwrap().success());
}

#[test]
fn the_token_is_verified_with_the_public_key_alone() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let token = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned();
    let key = imd.json(["keys"])["items"][0]["public"].as_str().unwrap().to_owned();

    let elsewhere = crate::support::installation::Installation::new();
    elsewhere.write("token", &token);
    let claims = elsewhere.json(["token", "verify", "token", "--key", &key]);
    assert_eq!(claims["name"], "rollout-2026");
    assert_eq!(claims["servers"], json!([SERVER]));
    assert_eq!(claims["max_activations"], 5000);
    assert!(!elsewhere.state().exists(), "verifying needs no state and makes none");

    // The last character of a signature carries bits that are cut off, so an earlier one is changed.
    let (at, _) = token.char_indices().nth(60).unwrap();
    let other = if &token[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
    elsewhere.imd_with_input(["token", "verify", "--key", &key], &forged).failed_with(1, ["not valid"]);
}

#[test]
fn applying_the_same_file_twice_changes_nothing() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let (database, files) = (imd.dump(), exported(&imd));
    imd.imd(["setup", "--answers", "rollout.toml"]).succeeded();
    assert!(database == imd.dump(), "the database changed:\n{}", first_difference(&database, &imd.dump()));
    assert_eq!(files, exported(&imd));
}

#[test]
fn other_answers_file_shows_its_changes_first() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let before = imd.dump();
    let other = Rollout { devices_per_user: 4, ..Rollout::on(&controller) };
    other.write(&imd);
    imd.imd(["setup", "--answers", "rollout.toml"]).failed_with(3, ["would change", "3 -> 4", "--yes"]);
    assert!(before == imd.dump(), "asking changed the database:\n{}", first_difference(&before, &imd.dump()));

    imd.imd(["setup", "--answers", "rollout.toml", "--yes"]).succeeded();
    assert_eq!(
        imd.row("SELECT value ->> 'devices_per_user' AS devices_per_user FROM document WHERE name = 'settings'"),
        json!({ "devices_per_user": 4 })
    );
}

#[test]
fn a_user_is_found_by_every_form_of_the_name() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let corp = format!("OU=Corp,{}", controller.base_dn);
    let attributes = ["sAMAccountName", "userPrincipalName", "mail", "proxyAddresses", "userAccountControl"];
    let found = controller.ldapsearch(&corp, "(sAMAccountName=u000000)", &attributes);
    let (dn, entry) = found.iter().next().unwrap();
    let one = |name: &str| text(entry[name].first().unwrap());
    let alias = entry["proxyaddresses"].iter().map(|value| text(value)).find(|value| value.starts_with("smtp:"));
    let guid = &controller.identifiers()[dn].0;
    let down_level = format!("ONE\\{}", one("samaccountname"));
    let forms = [
        down_level.to_lowercase(),
        down_level,
        one("userprincipalname"),
        one("mail").to_uppercase(),
        alias.unwrap()["smtp:".len()..].to_owned(),
        guid.clone(),
    ];
    for form in forms {
        let found = imd.json(["users", &form]);
        let items = found["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{form}: {found}");
        assert!(items[0].to_string().contains(guid.as_str()), "{form}: {found}");
    }
}

/// The values of every cached user, one a row; the GUID as [MS-DTYP] 2.3.4 prints it.
const CACHED_VALUES: &str = "
    SELECT lower(substr(h, 7, 2) || substr(h, 5, 2) || substr(h, 3, 2) || substr(h, 1, 2) || '-' ||
                 substr(h, 11, 2) || substr(h, 9, 2) || '-' || substr(h, 15, 2) || substr(h, 13, 2) || '-' ||
                 substr(h, 17, 4) || '-' || substr(h, 21)) AS guid,
           attribute.key AS attribute, value.value AS value
    FROM (SELECT hex(guid) AS h, attributes FROM user WHERE state = 'active') AS cached,
         json_each(cached.attributes) AS attribute, json_each(attribute.value) AS value";

const CACHED_PER_MAPPING: &str = "SELECT mapping, count(*) AS users FROM user WHERE state = 'active' GROUP BY mapping";

/// The attributes that issue and README list; objectGUID and objectSid are read from Samba's own database.
const LISTED: [&str; 26] = [
    "cn",
    "sAMAccountName",
    "userPrincipalName",
    "mail",
    "proxyAddresses",
    "displayName",
    "givenName",
    "sn",
    "department",
    "company",
    "c",
    "co",
    "title",
    "employeeID",
    "employeeNumber",
    "employeeType",
    "manager",
    "userAccountControl",
    "accountExpires",
    "pwdLastSet",
    "lastLogonTimestamp",
    "primaryGroupID",
    "memberOf",
    "whenCreated",
    "whenChanged",
    "uSNChanged",
];

/// Why a user is not taken, as the workflow defines it; worked out here from the directory's own answer.
pub(super) fn excluded(entry: &Entry, everybody: &BTreeMap<String, Entry>) -> Option<&'static str> {
    const NEVER: u64 = 0x7FFF_FFFF_FFFF_FFFF;
    let number = |name: &str| entry.get(name).map_or(0, |values| text(values.first().unwrap()).parse::<u64>().unwrap());
    let mail = |entry: &Entry| entry.get("mail").map(|values| text(values.first().unwrap()).to_lowercase());
    let expires = number("accountexpires");
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap() * 10_000_000 + 116_444_736_000_000_000;
    if number("useraccountcontrol") & 2 != 0 {
        Some("disabled")
    } else if expires != 0 && expires != NEVER && expires < now {
        Some("expired")
    } else if mail(entry).is_none() {
        Some("no-mail")
    } else if everybody.values().filter(|other| mail(other) == mail(entry)).count() > 1 {
        Some("duplicate-mail")
    } else {
        None
    }
}

fn as_cached(dn: &str, entry: &Entry, guid: &str, sid: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut user: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in LISTED {
        if let Some(values) = entry.get(&name.to_ascii_lowercase()) {
            user.insert(name.to_owned(), values.iter().map(|value| text(value)).collect());
        }
    }
    user.insert("distinguishedName".to_owned(), BTreeSet::from([dn.to_owned()]));
    user.insert("objectGUID".to_owned(), BTreeSet::from([guid.to_owned()]));
    user.insert("objectSid".to_owned(), BTreeSet::from([sid.to_owned()]));
    user
}

/// `"no-mail"`, or the one key of `{"expired": {...}}`.
fn reason(why: &Value) -> String {
    match why {
        Value::String(word) => word.clone(),
        Value::Object(one) => one.keys().next().unwrap().clone(),
        other => panic!("{other}"),
    }
}

fn exported(imd: &crate::support::installation::Installation) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    imd.files().into_iter().filter(|(path, _)| path.starts_with(imd.path("rollout"))).collect()
}

fn first_difference(before: &str, after: &str) -> String {
    let pair = before.lines().zip(after.lines()).find(|(before, after)| before != after);
    pair.map_or_else(|| "one is longer".to_owned(), |(before, after)| format!("- {before}\n+ {after}"))
}

fn texts(rows: &[Value], key: &str) -> BTreeSet<String> {
    rows.iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

fn text(value: &[u8]) -> String {
    String::from_utf8(value.to_vec()).expect("the lab's text is UTF-8")
}
