//! One thing at a time: shown, made, changed and copied by verbs, with the keys of the answers file.

use serde_json::json;

use crate::support::company::{ANSWERS, ldif, set_up};
use crate::support::installation::Installation;

/// The last entries of the audit, newest first: the verb and what was changed.
fn audited(imd: &Installation, count: usize) -> Vec<String> {
    let rows =
        imd.rows(&format!("SELECT verb || ': ' || subject AS line FROM audit ORDER BY number DESC LIMIT {count}"));
    rows.iter().map(|row| row["line"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_an_answers_file_settles_can_be_settled_verb_by_verb() {
    let imd = Installation::new();
    imd.write("users.ldif", ldif(5));
    imd.imd(["directory", "add", "corp", "file=users.ldif"]).succeeded();
    imd.imd(["storage", "add", "eu-1", "location=s3://backup-eu-1", "capacity=200 TiB"]).succeeded();
    imd.imd(["profile", "add", "Laptops", "login_directory=corp", "quota=50 GiB"]).succeeded();
    let mapping = ["directory=corp", "profile=Laptops", "storage=eu-1", "department=Sales"];
    let [directory, profile, storage, department] = mapping;
    imd.imd(["mapping", "add", "Staff", directory, profile, storage, department]).succeeded();
    imd.imd(["frequency", "set", "interval=24h", "at=02:00", "time_zone=Europe/Oslo"]).succeeded();
    imd.imd(["settings", "set", "auth=kerberos,password", "devices_per_user=2"]).succeeded();
    assert_eq!(audited(&imd, 1), ["settings set: settings"]);
    // The answers file changes only the two steps that have no command.
    imd.write("answers.toml", ANSWERS);
    let before = imd.rows("SELECT * FROM mapping UNION ALL SELECT * FROM mapping");
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    assert_eq!(before, imd.rows("SELECT * FROM mapping UNION ALL SELECT * FROM mapping"));
    let settled = imd.rows(
        "SELECT subject FROM audit WHERE verb IN ('directory edit', 'profile edit', 'storage edit', 'mapping edit')",
    );
    assert!(settled.is_empty(), "{settled:?}");
    assert_eq!(imd.json(["status"])["users"], 5);
}

#[test]
fn one_thing_is_shown_whole_and_changed_by_single_keys() {
    let imd = set_up(5);
    assert_eq!(imd.json(["mapping", "show", "Staff"])["department"], "Sales");
    let shown = imd.imd(["mapping", "show", "staff"]).succeeded().stdout.clone();
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["department", "Sales"])), "{shown}");
    let said = imd.json(["mapping", "edit", "Staff", "quota=10GiB", "department="]);
    assert_eq!((&said["changed"], &said["kept"]["department"]), (&json!(true), &json!(null)));
    assert_eq!(imd.json(["mapping", "edit", "Staff", "quota=10GiB"])["changed"], false, "it says so already");
    assert_eq!(audited(&imd, 1), ["mapping edit: mapping \"Staff\""]);
    // A profile and a storage each by themselves, though step 2 asks for both.
    imd.imd(["storage", "edit", "eu-1", "capacity="]).succeeded();
    assert_eq!(imd.json(["storage", "show", "eu-1"])["capacity"], json!(null));
    imd.imd(["profile", "edit", "Laptops", "preserve_for=30d"]).succeeded();
    assert_eq!(imd.json(["profile", "show", "Laptops"])["preserve_for"], "30d");
    assert_eq!(imd.json(["storage", "show", "eu-1"])["location"], "s3://backup-eu-1");
    imd.imd(["settings", "set", "safeguard=20%"]).succeeded();
    assert_eq!(imd.json(["settings", "show"])["auth"], json!(["kerberos", "password"]), "the rest stays");
}

#[test]
fn what_cannot_be_is_said_with_its_key_and_changes_nothing() {
    let imd = set_up(5);
    let before = imd.dump();
    imd.imd(["mapping", "edit", "Staff", "quotas=1"]).failed_with(1, ["quotas", "mapping.quota"]);
    imd.imd(["mapping", "edit", "Staff", "quota=much"]).failed_with(1, ["mapping.quota", "much"]);
    imd.imd(["mapping", "edit", "Staff", "name=Crew"]).failed_with(1, ["a name cannot be changed"]);
    imd.imd(["mapping", "edit", "Staff"]).failed_with(2, ["no setting to change", "base_dn"]);
    imd.imd(["mapping", "edit", "Staff", "quota"]).failed_with(2, ["equals sign"]);
    imd.imd(["mapping", "edit", "Crew", "quota=1GiB"]).failed_with(1, ["no mapping called \"Crew\""]);
    imd.imd(["mapping", "add", "staff", "department=IT"]).failed_with(1, ["already", "imd mapping edit"]);
    imd.imd(["mapping", "show", "Crew"]).failed_with(1, ["no mapping called \"Crew\""]);
    imd.imd(["storage", "add", "eu-2"]).failed_with(1, ["storage.location", "missing"]);
    imd.imd(["profile", "edit", "Laptops", "preserve_for=1d"]).failed_with(1, ["profile.preserve_for", "30d"]);
    imd.imd(["mapping", "edit", "Staff", "department=Nowhere"]).failed_with(1, ["nothing was saved", "no users"]);
    imd.imd(["directory", "edit", "corp", "password_file=missing"]).failed_with(1, ["directory.password_file"]);
    imd.imd(["settings", "set", "auth=claimed,password"]).failed_with(1, ["settings.auth"]);
    for verb in [["mapping", "edit", "Staff", "quota=1GiB"], ["mapping", "duplicate", "Staff", "Copy"]] {
        let [one, two, three, four] = verb;
        imd.imd([one, two, three, four, "--read-only"]).failed_with(1, ["read-only"]);
    }
    assert!(before == imd.dump(), "something was changed");
    // --unchecked saves it without the checks.
    imd.imd(["mapping", "edit", "Staff", "department=Nowhere", "--unchecked"]).succeeded();
    assert_eq!(imd.json(["mapping", "show", "Staff"])["department"], "Nowhere");
}

#[test]
fn a_copy_of_a_mapping_comes_last_and_is_off() {
    let imd = set_up(5);
    imd.imd(["mapping", "duplicate", "Staff", "Copy"]).succeeded();
    assert_eq!(audited(&imd, 1), ["mapping duplicate: mapping \"Copy\""]);
    let (one, copy) = (imd.json(["mapping", "show", "Staff"]), imd.json(["mapping", "show", "Copy"]));
    assert_eq!((&copy["enabled"], &copy["version"]), (&json!(false), &json!(1)));
    for key in ["directory", "department", "profile", "storage", "account_name", "base_dn"] {
        assert_eq!(one[key], copy[key], "{key}");
    }
    let list = imd.json(["mapping", "list"]);
    assert_eq!(list["items"][1]["name"], "Copy");
    imd.imd(["mapping", "duplicate", "Staff", "Copy"]).failed_with(1, ["Copy"]);
    imd.imd(["mapping", "duplicate", "Crew", "Other"]).failed_with(1, ["no mapping called \"Crew\""]);
}

#[test]
fn the_tree_of_a_directory_is_walked_by_dn() {
    let imd = set_up(5);
    let units = imd.json(["directory", "browse", "corp"]);
    assert!(units["items"].is_array(), "{units}");
    imd.imd(["directory", "browse", "elsewhere"]).failed_with(1, ["elsewhere"]);
}
