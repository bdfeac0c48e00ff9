//! Several mappings and several directories: who goes where is said before it is changed, and one name in two domains
//! is two people.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::installation::Installation;

/// A domain's export: people by account, each with a title.
fn domain(name: &str, people: &[(&str, &str)]) -> String {
    let base = format!("DC={name},DC=example");
    let mut text = format!("dn: {base}\nobjectClass: domainDNS\n\n");
    for (n, (account, title)) in people.iter().enumerate() {
        let _ = writeln!(
            text,
            "dn: CN={account},{base}\nobjectClass: user\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,{base}\ncn: {account}\nsAMAccountName: {account}\n\
             userPrincipalName: {account}@{name}.example\nmail: {account}@{name}.example\n\
             displayName: {account} of {name}\ntitle: {title}\nuserAccountControl: 512\n\
             objectGUID: {:08x}-0000-4000-8000-{:012x}\n",
            name.len() * 1000 + n,
            u64::from(name.as_bytes()[0])
        );
    }
    text
}

/// Two mappings of one directory: the board, then everybody.
fn company() -> Installation {
    let imd = Installation::new();
    let people = [("anna", "Board"), ("bert", "Board"), ("cleo", "Clerk"), ("dora", "Clerk"), ("jdoe", "Clerk")];
    imd.write("corp.ldif", domain("corp", &people));
    imd.write(
        "answers.toml",
        r#"
        [directory]
        name = "corp"
        file = "corp.ldif"
        [storage]
        name = "eu-1"
        location = "s3://eu-1"
        [profile]
        name = "Laptops"
        login = "active-directory"
        login_directory = "corp"
        quota = "50 GiB"
        [[mapping]]
        name = "Board"
        directory = "corp"
        filter = "(title=Board)"
        profile = "Laptops"
        storage = "eu-1"
        quota = "100 GiB"
        [[mapping]]
        name = "Everybody"
        directory = "corp"
        profile = "Laptops"
        storage = "eu-1"
        "#,
    );
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd.imd(["sync"]).succeeded();
    imd
}

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn another_order_says_who_gets_what_before_it_is_saved() {
    let imd = company();
    let run = imd.imd(["mapping", "order", "Everybody", "Board"]);
    run.failed_with(3, ["2 users would move to another mapping", "nothing was changed"]);
    assert!(run.stdout.contains("quota 100 GiB -> 50 GiB"), "{run:#?}");
    assert_eq!(names(&imd.json(["mapping", "list"])), ["Board", "Everybody"]);
    let effect = imd.json(["mapping", "order", "Everybody", "Board", "--yes"])["effect"]["moves"][0].clone();
    assert_eq!((&effect["from"], &effect["to"], &effect["users"]), (&json!("Board"), &json!("Everybody"), &json!(2)));
    assert_eq!(effect["gets"], json!([{ "what": "quota", "before": "100 GiB", "after": "50 GiB" }]));
    assert_eq!(names(&imd.json(["mapping", "list"])), ["Everybody", "Board"]);
    // What it said is what the plan then does.
    imd.imd(["sync"])
        .failed_with(3, ["all users of mapping \"Board\" would be removed (2)", "\"Everybody\" matches them now"]);
    let moved = imd.json(["sync", "list"])["items"][0]["counts"]["updated"].clone();
    assert_eq!(moved, effect["users"]);
    // Back again: the reading knows it in whatever order the mappings are.
    imd.imd(["mapping", "order", "Board"]).failed_with(3, ["2 users"]);
    imd.imd(["mapping", "order", "Everybody"]).succeeded();
    imd.imd(["mapping", "order", "Nobody"]).failed_with(1, ["no mapping called \"Nobody\""]);
}

#[test]
fn overlaps_are_counted_in_the_list_and_in_the_preview() {
    let imd = company();
    let run = imd.imd(["mapping", "list"]);
    assert!(run.succeeded().stdout.contains("2 by Everybody"), "{run:#?}");
    let preview = imd.json(["mapping", "preview", "Board"]);
    assert_eq!(preview["also"], json!([["Everybody", 2]]));
    let run = imd.imd(["mapping", "preview", "Board"]);
    assert!(run.stderr.contains("2 of these also match the later mapping \"Everybody\""), "{run:#?}");
    assert_eq!(imd.json(["mapping", "preview", "Everybody"])["also"], json!([]));
}

#[test]
fn disabled_mapping_stays_disabled_after_a_save() {
    let imd = company();
    imd.imd(["mapping", "disable", "Board"]).succeeded();
    let answers = imd.read("answers.toml").replace("100 GiB", "200 GiB");
    imd.write("answers.toml", answers);
    imd.imd(["setup", "--answers", "answers.toml", "--yes"]).succeeded();
    let board = imd.json(["mapping", "list"])["items"][0].clone();
    assert_eq!((&board["enabled"], board["quota"].to_string().contains("200")), (&json!(false), true), "{board}");
    imd.imd(["mapping", "enable", "board"]).succeeded();
    assert_eq!(imd.json(["mapping", "list"])["items"][0]["enabled"], true);
}

#[test]
fn one_name_in_two_domains_is_two_people() {
    let imd = company();
    imd.write("lab.ldif", domain("lab", &[("jdoe", "Clerk"), ("zoe", "Clerk")]));
    imd.write(
        "lab.toml",
        "[directory]\nname = \"lab\"\nfile = \"lab.ldif\"\n[mapping]\nname = \"Lab\"\ndirectory = \"lab\"\n\
         profile = \"Laptops\"\nstorage = \"eu-1\"\n",
    );
    imd.imd(["setup", "--answers", "lab.toml"]).succeeded();
    imd.imd(["sync"]).succeeded();
    let directories = |query: &str| -> Vec<String> {
        let found = imd.json(["users", query]);
        let all = found["items"].as_array().unwrap().iter();
        all.map(|user| user["directory"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(directories("JDoe"), ["corp", "lab"]);
    let run = imd.imd(["users", "jdoe"]);
    assert!(run.succeeded().stderr.contains("2 users are called \"jdoe\""), "{run:#?}");
    for (query, directory) in [(r"CORP\jdoe", "corp"), (r"lab\JDOE", "lab"), ("jdoe@lab.example", "lab")] {
        assert_eq!(directories(query), [directory], "{query}");
        let run = imd.imd(["users", query]);
        assert!(!run.succeeded().stderr.contains("are called"), "{run:#?}");
    }
    // Each is changed on their own.
    imd.write("lab.ldif", domain("lab", &[("jdoe", "Chief"), ("zoe", "Clerk")]));
    imd.imd(["sync"]).succeeded();
    let title = |query: &str| imd.json(["users", query])["items"][0]["user"]["title"].clone();
    assert_eq!((title(r"CORP\jdoe"), title(r"LAB\jdoe")), (json!("Clerk"), json!("Chief")));
}

#[test]
fn directory_can_be_removed_after_its_users() {
    let imd = company();
    imd.imd(["directory", "remove", "corp"]).failed_with(1, ["mapping \"Board\"", "5 active users"]);
    for mapping in ["Board", "Everybody"] {
        imd.imd(["mapping", "remove", mapping]).succeeded();
    }
    imd.imd(["profile", "remove", "Laptops"]).succeeded();
    imd.imd(["directory", "remove", "corp"]).failed_with(1, ["5 active users"]);
    imd.imd(["sync"]).failed_with(3, ["the mapping was removed"]);
    let hash = imd.json(["sync", "list"])["items"][0]["hash"].as_str().unwrap().to_owned();
    imd.imd(["sync", "--approve", &hash]).succeeded();
    imd.imd(["directory", "remove", "corp"]).succeeded();
    let left = "SELECT (SELECT count(*) FROM cached_user) + (SELECT count(*) FROM user_name) AS left";
    assert_eq!(imd.row(left)["left"], 0);
}
