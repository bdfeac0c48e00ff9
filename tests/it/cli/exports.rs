//! `imd setup --export`: what is set up, as the answers file that would set it up again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::company::{ANSWERS, BASE, prepared};
use crate::support::installation::Installation;

/// What was set up, without what belongs to one installation or to one moment.
fn set_up(imd: &Installation) -> Vec<serde_json::Value> {
    [
        "SELECT name, kind FROM directory",
        "SELECT name, login, login_directory_id, quota, max_users, devices_per_user FROM profile ORDER BY name",
        "SELECT name, location, capacity FROM storage ORDER BY name",
        "SELECT m.name, m.kind, base_dn, ou, group_dn, department, country, filter, account_name, p.name AS profile,
                s.name AS storage, m.quota, sync_interval, position FROM mapping m JOIN profile p ON p.id = m.profile_id
                JOIN storage s ON s.id = m.storage_id ORDER BY position",
        "SELECT value FROM document WHERE name IN ('frequency', 'settings') ORDER BY name",
        "SELECT name, max_activations, servers FROM token",
    ]
    .iter()
    .flat_map(|query| imd.rows(query))
    .collect()
}

/// Two profiles, three storages, three mappings, some of it hard to write down.
fn answers() -> String {
    let more = r#"
[[storage]]
name = "eu 2"
location = 's3://with "quotes" and \back'
[[storage]]
name = "2026"
location = "s3://second"
[[storage]]
name = "third"
location = "s3://third"
capacity = "3 TiB"

[[profile]]
name = "Laptops"
login_directory = "corp"
quota = "50 GiB"
[[profile]]
name = "Kiosks"
login_directory = "corp"
devices_per_user = 5
max_users = 7

[[mapping]]
name = "Sales first"
filter = """(|(department=Sales)
  (title=*))"""
department = "Sales"
profile = "Laptops"
storage = "eu 2"
interval = "12h"
[[mapping]]
name = "Then Kiosks"
filter = "(mail=*)"
profile = "Kiosks"
storage = "2026"
account_name = "cn"
"#;
    let base: String = ANSWERS
        .split("\n\n")
        .filter(|table| !["[storage]", "[profile]", "[mapping]"].iter().any(|name| table.contains(name)))
        .collect::<Vec<_>>()
        .join("\n\n");
    base.replace("[frequency]", &format!("{more}\n[frequency]"))
}

fn exported() -> Installation {
    let imd = prepared(8);
    imd.write("answers.toml", answers());
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd.imd(["setup", "--export", "out.toml"]).succeeded();
    imd
}

#[test]
fn an_exported_answers_file_changes_nothing_where_it_came_from() {
    let imd = exported();
    assert_eq!(fs::metadata(imd.path("out.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    // On what each step opens next is no part of what is set up.
    let kept = || {
        let dump = imd.dump();
        dump.lines().filter(|line| !line.contains("INTO wizard_subject")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = kept();
    let run = imd.imd(["setup", "--answers", "out.toml"]);
    run.succeeded();
    assert!(run.stderr.contains("No changes."), "{run:#?}");
    assert_eq!(before, kept());
}

#[test]
fn an_exported_answers_file_gives_the_same_from_an_empty_state() {
    let imd = exported();
    let other = Installation::new();
    let there = |text: String| text.replace(imd.folder().to_str().unwrap(), other.folder().to_str().unwrap());
    other.write("out.toml", there(imd.read("out.toml")));
    other.write("users.ldif", imd.read("users.ldif"));
    other.imd(["setup", "--answers", "out.toml"]).succeeded();
    let (was, is) = (set_up(&imd), set_up(&other));
    assert!(was.len() >= 11, "not everything was looked at: {was:?}");
    assert_eq!(was, is);
    other.imd(["setup", "--export", "again.toml"]).succeeded();
    assert_eq!(there(imd.read("out.toml")), other.read("again.toml"));
}

#[test]
fn older_answers_show_their_changes_and_need_a_yes() {
    let imd = exported();
    let was = set_up(&imd);
    // Narrowed since, in another order, and with a limit that there was not.
    let newer = imd.read("out.toml").replacen("base_dn = \"\"", &format!("base_dn = \"{BASE}\""), 1);
    let newer = newer.replace("devices_per_user = 5", "devices_per_user = 6");
    imd.write("newer.toml", newer);
    imd.imd(["setup", "--answers", "newer.toml", "--yes"]).succeeded();
    imd.imd(["mapping", "order", "Then Kiosks", "Sales first", "--yes"]).succeeded();
    assert_ne!(was, set_up(&imd));
    let between = imd.dump();
    imd.imd(["setup", "--answers", "out.toml"]).failed_with(
        3,
        [
            "Base DN: DC=corp,DC=example,DC=com -> (none)",
            "Devices per user: 6 -> 5",
            "mapping order: Sales first, Then Kiosks",
            "--yes",
        ],
    );
    assert!(between == imd.dump(), "it was changed unasked");
    imd.imd(["setup", "--answers", "out.toml", "--yes"]).succeeded();
    assert_eq!(was, set_up(&imd));
}

#[test]
fn an_export_writes_over_a_file_only_when_asked() {
    let imd = exported();
    imd.write("out.toml", "somebody's notes");
    imd.imd(["setup", "--export", "out.toml"]).failed_with(3, ["out.toml", "already exists", "--yes"]);
    assert_eq!(imd.read("out.toml"), "somebody's notes");
    let document = imd.json(["setup", "--export", "out.toml", "--yes"]);
    assert_eq!(document, json!({ "file": "out.toml", "secret_files": [] }));
    assert!(imd.read("out.toml").contains("[[mapping]]"));
    assert_eq!(fs::metadata(imd.path("out.toml")).unwrap().permissions().mode() & 0o777, 0o600);
}
