//! What an administrator says of laptops in a file decides who gets them.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};
use crate::support::machine::Machine;

const HEADING: &str = "e-mail,host name,device id,id type,user name,old device,restore\n";

/// A row that reserves a laptop by its serial number.
fn row(laptop: &Laptop, user: u32, old: &str) -> String {
    format!("user{user}@corp.example.com,{},SN{:06},serial,,{old},yes\n", laptop.host, laptop.number)
}

fn map(imd: &Installation) -> Vec<Value> {
    imd.json(["devices", "map"])["items"].as_array().unwrap().clone()
}

#[test]
fn mapped_laptop_is_activated_for_its_user_only() {
    let (imd, service, token) = served(4, |answers| answers);
    let laptop = Laptop::new(1);
    imd.write("map.csv", format!("{HEADING}{}", row(&laptop, 2, "")));
    imd.imd(["devices", "import", "map.csv"]).succeeded();
    laptop.enroll(&service, &token).granted();
    let refused = laptop.claim(&service, "user1@corp.example.com");
    assert_eq!((refused.status, refused.error().as_str()), (403, "refused"));
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "device-mapped");
    assert_eq!(map(&imd)[0]["used"], Value::Null);
    let device = laptop.claim(&service, "user2@corp.example.com").granted()["device"].clone();
    assert_eq!(map(&imd)[0]["used"]["device"], device);
    // Reimaged, it is still reserved; a laptop that is not in the map is free for all.
    let again = laptop.imaged_anew();
    again.enroll(&service, &token).granted();
    assert_eq!(again.claim(&service, "user1@corp.example.com").status, 403);
    again.claim(&service, "user2@corp.example.com").granted();
    let other = Laptop::new(3);
    other.enroll(&service, &token).granted();
    other.claim(&service, "user1@corp.example.com").granted();
    imd.imd(["devices", "unmap", "sn000001"]).succeeded();
    imd.imd(["devices", "unmap", "sn000001"]).failed_with(1, ["sn000001"]);
    assert!(map(&imd).is_empty());
}

#[test]
fn map_applies_after_enrollment_and_by_uuid() {
    let (imd, service, token) = served(4, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    let rows = "E-Mail;Device ID;Host Name\nuser2@corp.example.com;4C4C4544-0042-3510-8053-000000000001;PC-1\n";
    imd.write("excel.csv", format!("\u{feff}{rows}"));
    let imported = imd.json(["devices", "import", "excel.csv"]);
    assert_eq!((&imported["added"], &imported["bad"]), (&json!(1), &json!(0)));
    assert_eq!(map(&imd)[0]["id_type"], "uuid");
    assert_eq!(laptop.claim(&service, "user1@corp.example.com").status, 403);
    laptop.claim(&service, "user2@corp.example.com").granted();
}

#[test]
fn mapped_laptop_replaces_the_old_one() {
    let (imd, service, token) = served(4, |answers| answers.replace("devices_per_user = 2", "devices_per_user = 1"));
    let (old, new) = (Laptop::new(1), Laptop::new(2));
    let before = {
        old.enroll(&service, &token).granted();
        old.claim(&service, "user1@corp.example.com").granted()["device"].clone()
    };
    new.enroll(&service, &token).granted();
    assert_eq!(new.claim(&service, "user1@corp.example.com").status, 403, "one each");
    imd.write("map.csv", format!("{HEADING}{}", row(&new, 1, "pc-1")));
    imd.imd(["devices", "import", "map.csv"]).succeeded();
    let device = new.claim(&service, "user1@corp.example.com").granted()["device"].clone();
    assert_eq!(imd.row("SELECT id FROM device WHERE state = 'replaced'")["id"], before);
    let used = map(&imd)[0]["used"].clone();
    assert_eq!((&used["device"], &used["replaced"]), (&device, &before));
    assert_eq!(old.claim(&service, "user1@corp.example.com").error(), "device-refused");
    // A repeated request gives the same answer and replaces nothing.
    assert_eq!(new.claim(&service, "user1@corp.example.com").granted()["device"], device);

    let (imd, service, token) = served(2, |answers| answers);
    for number in 1..=2 {
        let twin = Laptop { host: "TWIN".to_owned(), ..Laptop::new(number) };
        twin.enroll(&service, &token).granted();
        twin.claim(&service, "user1@corp.example.com").granted();
    }
    let third = Laptop::new(3);
    imd.write("map.csv", format!("{HEADING}{}", row(&third, 1, "twin")));
    imd.imd(["devices", "import", "map.csv"]).succeeded();
    third.enroll(&service, &token).granted();
    assert_eq!(third.claim(&service, "user1@corp.example.com").status, 403);
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 2);
    assert_eq!(map(&imd)[0]["used"], Value::Null);
}

#[test]
fn hook_gets_the_old_laptop_from_the_map() {
    let (imd, service, token) = served(4, |answers| answers);
    let old = Laptop::new(1);
    old.enroll(&service, &token).granted();
    let before = old.claim(&service, "user1@corp.example.com").granted();
    for nothing in ["restore", "old_device", "replaced"] {
        assert!(before.get(nothing).is_none(), "not set: {before}");
    }
    let laptop = Machine::new();
    let map = format!("{HEADING}user1@corp.example.com,new,5B5S7N2,serial,,pc-1,yes\n");
    imd.write("map.csv", map);
    imd.imd(["devices", "import", "map.csv"]).succeeded();
    laptop.says(&["enroll"], &token);
    let hook = laptop.path("system/on-activation");
    let script = "#!/bin/sh\necho \"$IMD_RESTORE,$IMD_OLD_DEVICE,$IMD_REPLACED\" > \"$(dirname \"$0\")/seen\"\n";
    std::fs::write(&hook, script).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    laptop.says(&["claim"], "");
    let seen = std::fs::read_to_string(laptop.path("system/seen")).unwrap();
    assert_eq!(seen.trim(), format!("yes,pc-1,{}", before["device"].as_str().unwrap()));
    let kept = laptop.json("user/activation.json");
    assert_eq!(
        (&kept["restore"], &kept["old_device"], &kept["replaced"]),
        (&json!(true), &json!("pc-1"), &before["device"])
    );
    // A repeated request gets the same answer.
    laptop.says(&["claim"], "");
    assert_eq!(laptop.json("user/activation.json"), kept);
    // A row of the map does not apply to a laptop that was activated before.
    let row = "user2@corp.example.com,,SN000003,serial,,pc-9,yes\n";
    let other = Laptop::new(3);
    other.enroll(&service, &token).granted();
    other.claim(&service, "user2@corp.example.com").granted();
    imd.write("map.csv", format!("{HEADING}{row}"));
    imd.imd(["devices", "import", "map.csv"]).succeeded();
    assert!(other.claim(&service, "user2@corp.example.com").granted().get("restore").is_none());
}

#[test]
fn bad_rows_are_returned_with_reasons() {
    let (imd, service, token) = served(4, |answers| answers);
    let theirs = Laptop::new(9);
    theirs.enroll(&service, &token).granted();
    theirs.claim(&service, "user3@corp.example.com").granted();
    let bad = "nobody@corp.example.com,PC-2,SN000002,serial,,,no\n\
               user1@corp.example.com,PC-3,,serial,,,no\n\
               user1@corp.example.com,PC-4,PC-4,host name,,,no\n\
               user1@corp.example.com,=cmd|' /C calc'!A0,SN000005,serial,user2,,no\n\
               user1@corp.example.com,PC-6,To Be Filled By O.E.M.,serial,,,no\n\
               user1@corp.example.com,PC-9,SN000009,serial,,,no\n\
               user1@corp.example.com,PC-1,SN000001,,,,perhaps\n\
               user2@corp.example.com,PC-1,sn000001,,,,no\n";
    imd.write("map.csv", format!("{HEADING}{}{bad}", row(&Laptop::new(1), 1, "")));
    let run = imd.imd(["devices", "import", "map.csv", "--json"]);
    assert_eq!(run.code, 3, "{run:?}");
    let imported: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&imported["added"], &imported["bad"]), (&json!(1), &json!(8)), "{imported}");
    assert!(run.stderr.contains("map.errors.csv"), "{run:?}");
    let errors = imd.read("map.errors.csv");
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines[0], "e-mail,host name,device id,id type,user name,old device,restore,error");
    for (line, wrong) in lines[1..].iter().zip([
        "no cached user",
        "device id is missing",
        "host names repeat",
        "different users",
        "not a valid serial",
        "is activated for User 3",
        "yes or no",
        "already in row 2",
    ]) {
        assert!(line.contains(wrong), "{line} does not say {wrong}");
    }
    assert!(lines[4].contains(",'=cmd|"), "no spreadsheet takes it for a formula: {}", lines[4]);
    // Again: what was theirs in is recognized, and nothing is written over.
    let run = imd.imd(["devices", "import", "map.csv", "--json"]);
    let imported: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&imported["added"], &imported["unchanged"], &imported["bad"]), (&json!(0), &json!(1), &json!(8)));
    assert_eq!(imd.read("map.errors.csv"), errors);
    assert_eq!(imd.read("map.errors-2.csv"), errors);
    // After a correction, the file with the invalid rows can be imported.
    let fixed = errors.replace("nobody@", "user2@").lines().take(2).collect::<Vec<_>>().join("\n");
    imd.write("map.errors.csv", fixed);
    let imported = imd.json(["devices", "import", "map.errors.csv"]);
    assert_eq!((&imported["added"], &imported["bad"]), (&json!(1), &json!(0)));
    // A laptop that was activated stays its user's, and another row about it changes nothing.
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    laptop.claim(&service, "user1@corp.example.com").granted();
    let again = imd.json(["devices", "import", "map.errors.csv"]);
    assert_eq!(again["unchanged"], 1);
    imd.write("map.csv", format!("{HEADING}{}", row(&laptop, 1, "another")));
    assert_eq!(imd.json(["devices", "import", "map.csv"])["used"], 1);
    assert_eq!(map(&imd).iter().filter(|row| !row["used"].is_null()).count(), 1);
}

#[test]
fn invalid_map_changes_nothing() {
    let (imd, _service, _token) = served(2, |answers| answers);
    imd.write("columns.csv", "e-mail,device id,color\nuser1@corp.example.com,SN000001,red\n");
    imd.imd(["devices", "import", "columns.csv"]).failed_with(1, ["color", "host name"]);
    imd.write("short.csv", "e-mail,host name\nuser1@corp.example.com,PC-1\n");
    imd.imd(["devices", "import", "short.csv"]).failed_with(1, ["device id"]);
    imd.write("uneven.csv", format!("{HEADING}{}user2@corp.example.com\n", row(&Laptop::new(1), 1, "")));
    imd.imd(["devices", "import", "uneven.csv"]).failed_with(1, ["line: 3"]);
    // As root no folder is closed to anybody; a name that is too long is.
    let long = format!("{}.csv", "m".repeat(250));
    imd.write(&long, format!("{HEADING}{}nobody@corp.example.com,,SN000002,,,,\n", row(&Laptop::new(1), 1, "")));
    imd.imd(["devices", "import", &long]).failed_with(1, ["cannot write"]);
    assert!(map(&imd).is_empty());
    imd.imd(["devices", "import", "nothing.csv"]).failed_with(1, ["nothing.csv"]);
}
