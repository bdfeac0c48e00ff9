//! All seven steps from a file of typed lines, and what was said on the way.

use serde_json::json;

use crate::support::company;
use crate::support::installation::Installation;
use crate::support::prompts::Prompts;

const GIB: u64 = 1 << 30;

#[test]
fn prompts_walk_all_seven_steps_from_typed_lines() {
    let imd = Installation::new();
    imd.write("users.ldif", company::ldif(12));
    let mut prompts = Prompts::start(&imd, &[]);
    let mut said = prompts.type_lines(include_str!("typed.txt"), &[]);
    said += &prompts.terminal.wait_for("All seven steps are done.");
    let written = prompts.terminal.bytes();
    assert_eq!(prompts.terminal.wait_for_end(), 0);

    assert_eq!(imd.row("SELECT name, quota FROM profile"), json!({ "name": "Laptops", "quota": null }));
    assert_eq!(
        imd.row("SELECT name, department, filter, quota, sync_interval FROM mapping"),
        json!({ "name": "Staff", "department": "Sales", "filter": "(mail=*)", "quota": 50 * GIB,
                "sync_interval": 12 * 3600 })
    );
    assert_eq!(
        imd.row("SELECT value ->> 'devices_per_user' AS devices_per_user, value ->> 'at_limit' AS at_limit, value ->> 'auth' AS auth FROM document WHERE name = 'settings'"),
        json!({ "devices_per_user": 3, "at_limit": "replace-oldest", "auth": "[\"kerberos\",\"password\"]" })
    );
    assert_eq!(imd.row("SELECT count(*) AS users FROM user WHERE state = 'active'"), json!({ "users": 12 }));
    for target in ["msiexec", "configmgr", "ivanti-mac"] {
        assert!(imd.path("rollout").join(target).join("SHA256SUMS").exists(), "{target}");
    }
    assert_eq!(imd.json(["token", "verify", "rollout-2026.token"])["name"], "rollout-2026");

    // Each thing that was wrong was said at its question, and asked again.
    for words in [
        "Error: Name: Name is missing",
        "Error: Quota: a size",
        "Error: Country: a country is two letters",
        "Error: LDAP filter: at column",
        "Error: Authentication methods: ",
        "failed, ",
        "ok, users: 12 users",
        "12 users match, none excluded.",
        "The users are stored.",
        "Who can read the token of msiexec",
        "7 Installer, done: configmgr, ivanti-mac, msiexec",
    ] {
        assert!(said.contains(words), "{words:?} was not said:\n{said}");
    }
    let token = imd.read("rollout-2026.token");
    assert!(!said.contains(&token.trim()[..40]), "the token was not asked for");
    assert_no_escapes(&written);
}

/// Lines of text, and nothing that moves a cursor: a terminal that is only typed on shows it all.
#[track_caller]
fn assert_no_escapes(written: &[u8]) {
    let control = |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\r' | b'\n');
    let found: Vec<_> = written.iter().filter(control).collect();
    assert!(found.is_empty(), "{found:?} were written");
}

#[test]
fn dumb_terminal_gets_the_prompts() {
    let imd = Installation::new();
    for arguments in [&["setup"][..], &["demo"]] {
        let prompts = Prompts::start(&imd, arguments);
        prompts.wait_for("Name");
    }
    let terminal = crate::support::terminal::Terminal::start(&imd, &["setup", "--plain"], 80, 24);
    let said = terminal.wait_for_bytes(0, "the first question", |said| said.ends_with("lists: "));
    assert!(!said.contains('\x1b'), "{said}");
}

#[test]
fn without_a_terminal_the_prompts_name_the_verb_to_use() {
    let imd = Installation::new();
    imd.imd(["setup", "--plain"]).failed_with(2, ["not a terminal", "imd setup --answers FILE"]);
}

#[test]
fn it_comes_back_to_the_step_and_to_what_was_typed() {
    let imd = Installation::new();
    let mut prompts = Prompts::start(&imd, &[]);
    prompts.answer("Name, required", "half-typed");
    prompts.wait_for("Source");
    prompts.terminal.kill();
    let mut prompts = Prompts::start(&imd, &[]);
    prompts.answer("Name, * lists [half-typed]", "");
    prompts.answer("Source", ">");
    // A missing answer prevents the next step.
    prompts.answer("Next", "2");
    prompts.wait_for("Addresses, required");
    prompts.terminal.press("\x03");
    prompts.terminal.wait_for("Run `imd setup --plain` again");
    assert_eq!(prompts.terminal.wait_for_end(), 0);
}
