//! Why a user is or is not activated, as the real binary explains it over a file. Preview, plan and cache must agree.

use std::fmt::Write as _;

use crate::support::company::{ANSWERS, BASE};
use crate::support::installation::Installation;

const GROUP: &str = "CN=Laptop Users,OU=Groups,DC=corp,DC=example,DC=com";

/// A user with the given primary group. An empty mail means that the user has none.
fn user(base: &str, domain: &str, name: &str, primary: u32, mail: &str) -> String {
    let mut text = String::new();
    let number = name.bytes().fold(u64::from(primary), |sum, byte| sum * 31 + u64::from(byte));
    write!(
        text,
        "dn: CN={name},OU=Staff,{base}\nobjectClass: top\nobjectClass: person\nobjectClass: user\n\
         objectCategory: CN=Person,CN=Schema,CN=Configuration,{base}\ncn: {name}\nsAMAccountName: {name}\n\
         objectGUID: 00000000-0000-0000-0000-{number:012x}\nobjectSid: {domain}-{number}\n\
         userAccountControl: 512\nprimaryGroupID: {primary}\ndepartment: Sales\n"
    )
    .unwrap();
    if !mail.is_empty() {
        writeln!(text, "mail: {mail}").unwrap();
    }
    text + "\n"
}

fn group(name: &str, id: u32, members: &[&str]) -> String {
    let mut text = format!("dn: CN={name},OU=Groups,{BASE}\nobjectClass: top\nobjectClass: group\ncn: {name}\n");
    writeln!(text, "objectSid: S-1-5-21-1-2-3-{id}").unwrap();
    for member in members {
        writeln!(text, "member: {member}").unwrap();
    }
    text + "\n"
}

/// ann is in a group inside "Laptop Users", bob has that group as primary group, cleo is in neither, dora has no mail.
fn company() -> String {
    let domain = "S-1-5-21-1-2-3";
    [
        format!("version: 1\n\ndn: {BASE}\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n\n"),
        group("Laptop Users", 1104, &[&format!("CN=Team,OU=Groups,{BASE}"), &format!("CN=dora,OU=Staff,{BASE}")]),
        group("Team", 1105, &[&format!("CN=ann,OU=Staff,{BASE}"), GROUP]),
        user(BASE, domain, "ann", 513, "ann@corp.example.com"),
        user(BASE, domain, "bob", 1105, "bob@corp.example.com"),
        user(BASE, domain, "cleo", 513, "cleo@corp.example.com"),
        user(BASE, domain, "dora", 513, ""),
    ]
    .concat()
}

fn set_up() -> Installation {
    let imd = Installation::new();
    imd.write("users.ldif", company());
    imd.write("answers.toml", ANSWERS.replace("department = \"Sales\"", &format!("group = \"{GROUP}\"")));
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd
}

#[test]
fn an_id_that_no_refusal_has_is_told_as_such() {
    let imd = set_up();
    let run = imd.imd(["explain", "0123456789abcdef"]);
    run.failed_with(1, ["no refusal has the id 0123456789abcdef"]);
    assert!(!run.stderr.contains("UPN"), "{run:?}");
    imd.imd(["explain", "0123456789abcde"]).failed_with(3, ["UPN"]);
}

#[test]
fn primary_group_members_are_treated_alike_everywhere() {
    let imd = set_up();
    let preview = imd.json(["mapping", "preview", "Staff"]);
    assert_eq!((&preview["takes"], &preview["matched"]), (&2.into(), &3.into()), "{preview}");
    let cached: Vec<_> = imd.json(["users"])["items"].as_array().unwrap().clone();
    let mut cached: Vec<_> = cached.iter().map(|one| one["user"]["cn"].as_str().unwrap()).collect();
    cached.sort_unstable();
    assert_eq!(cached, ["ann", "bob"]);

    let told = imd.imd(["mapping", "explain", "bob"]).succeeded().stdout.clone();
    assert!(told.contains("\"Staff\" takes the user"), "{told}");
    assert!(told.contains("by primary group: Team > Laptop Users"), "{told}");
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(
        lines.contains(&"true the group, or a group inside it, is the primary group".split(' ').collect()),
        "{told}"
    );
    let told = imd.imd(["mapping", "explain", "ann@corp.example.com"]).succeeded().stdout.clone();
    assert!(told.contains("through: Team > Laptop Users"), "{told}");

    let run = imd.imd(["mapping", "explain", "cleo", "--mapping", "Staff"]);
    run.failed_with(3, ["\"Staff\" does not match the user", &format!("help: add the user to the group {GROUP}")]);
    let run = imd.imd(["mapping", "explain", "dora", "--json"]);
    assert_eq!(run.code, 3, "{run:#?}");
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["mappings"][0]["outcome"]["excluded"], "no-mail");
    assert_eq!(told["mappings"][0]["filter"]["verdict"], "true");
    assert_eq!(told["mappings"][0]["remedy"]["do"], "fix");
}

#[test]
fn the_chain_stops_at_the_first_broken_link_with_one_remedy() {
    let imd = set_up();
    let links = |name: &str, code: i32| {
        let run = imd.imd(["explain", name, "--json"]);
        assert_eq!(run.code, code, "{run:#?}");
        let chain: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let links = chain["links"].as_array().unwrap().iter();
        let told = |link: &serde_json::Value| (link["part"].as_str().unwrap().to_owned(), link["state"].clone());
        let links: Vec<_> = links.map(told).collect();
        let names: Vec<_> = links.iter().map(|(part, _)| part.clone()).collect();
        (names.join(" "), links.last().unwrap().1.as_str().unwrap().to_owned())
    };
    let chain = |parts: &str, state: &str| (parts.to_owned(), state.to_owned());
    assert_eq!(links("nobody", 3), chain("directory", "failed"));
    assert_eq!(links("cleo", 3), chain("directory mapping", "failed"));
    assert_eq!(links("bob", 0), chain("directory mapping cache token enrolled", "pending"));
    let told = imd.imd(["explain", "bob"]);
    told.succeeded();
    assert!(told.stdout.contains("no laptop of this user has been seen yet"), "{told:#?}");

    imd.write("users.ldif", company() + &user(BASE, "S-1-5-21-1-2-3", "eve", 1104, "eve@corp.example.com"));
    assert_eq!(links("eve", 3), chain("directory mapping cache", "failed"));
    imd.imd(["explain", "eve"]).failed_with(3, ["broken at the cache", "help: run `imd sync`"]);
    imd.imd(["sync"]).succeeded();
    assert_eq!(links("eve", 0), chain("directory mapping cache token enrolled", "pending"));

    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    assert_eq!(links("eve", 3), chain("directory mapping cache token", "failed"));
    std::fs::remove_file(imd.path("users.ldif")).unwrap();
    assert_eq!(links("eve", 3), chain("directory", "failed"));
}

#[test]
fn one_name_in_two_directories_is_told_and_never_guessed() {
    let imd = Installation::new();
    let other = "DC=sub,DC=example,DC=com";
    let second = [
        format!("version: 1\n\ndn: {other}\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n\n"),
        user(other, "S-1-5-21-4-5-6", "ann", 513, "ann@sub.example.com"),
    ];
    imd.write("users.ldif", company());
    imd.write("sub.ldif", second.concat());
    let two =
        "[[directory]]\nname = \"corp\"\nfile = \"users.ldif\"\n\n[[directory]]\nname = \"sub\"\nfile = \"sub.ldif\"\n";
    let answers = ANSWERS.replace("[directory]\nname = \"corp\"\nfile = \"users.ldif\"\n", two);
    imd.write("answers.toml", answers);
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    for verb in [&["explain", "ann"][..], &["mapping", "explain", "ann"]] {
        let mut command = imd.command();
        let output = command.args(verb).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        for who in
            ["CN=ann,OU=Staff,DC=corp,DC=example,DC=com (corp)", "CN=ann,OU=Staff,DC=sub,DC=example,DC=com (sub)"]
        {
            assert!(told.contains(who), "{told}");
        }
    }
    let corp = "\"Staff\" takes the user";
    assert!(imd.imd(["mapping", "explain", "CORP\\ann"]).succeeded().stdout.contains(corp));
    assert!(imd.imd(["mapping", "explain", "ann", "--directory", "corp"]).succeeded().stdout.contains(corp));
    imd.imd(["mapping", "explain", "SUB\\ann"]).failed_with(3, ["no mapping reads the directory \"sub\""]);
    imd.imd(["mapping", "explain", "NOWHERE\\ann"]).failed_with(1, ["no user is named NOWHERE\\ann in corp, sub"]);
    imd.imd(["explain", "ann", "--directory", "elsewhere"]).failed_with(1, ["elsewhere"]);
}
