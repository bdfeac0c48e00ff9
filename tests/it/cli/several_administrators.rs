//! Several administrators at once: no one overwrites a change of another, and each sees the changes of the others.

use std::time::Duration;

use serde_json::json;

use crate::support::company::{ANSWERS, ldif, set_up};
use crate::support::console::Console;
use crate::support::installation::Installation;
use crate::support::terminal::{Terminal, key};

/// A console at step 3, on the mapping that is there.
fn at_the_mapping(imd: &Installation, uid: &str, arguments: &[&str]) -> Console {
    let mut console = Console { terminal: Terminal::start_with(imd, arguments, &[("SUDO_UID", uid)], 80, 40) };
    console.terminal.wait_for("From the directory to the laptop");
    console.terminal.press("9");
    console.terminal.wait_for("Device map");
    console.select("3 Mapping");
    console.terminal.press(key::ENTER);
    console.is_at(3, "Mapping");
    console.terminal.wait_for("Staff");
    console
}

/// A script that narrows the mapping.
fn by_script(imd: &Installation, department: &str) {
    imd.write("other.toml", ANSWERS.replace("department = \"Sales\"", department));
    imd.imd(["setup", "--answers", "other.toml", "--yes"]).succeeded();
}

#[test]
fn one_of_three_concurrent_edits_wins_and_the_others_know() {
    let imd = set_up(6);
    let (mut anna, mut bob) = (at_the_mapping(&imd, "60001", &[]), at_the_mapping(&imd, "60002", &[]));
    anna.fill("Quota", "70 GiB");
    bob.fill("Quota", "80 GiB");
    by_script(&imd, "filter = \"(mail=*)\"\ndepartment = \"Sales\"");
    for console in [&anna, &bob] {
        let screen = console.terminal.wait_for("mapping \"Staff\" was changed by");
        assert!(screen.contains("Ctrl-Y"), "{screen}");
        let offset =
            screen.contains(" UTC") || screen.contains(" +") || screen.contains(" -0") || screen.contains(" -1");
        assert!(offset, "no offset is said: {screen}");
    }
    assert!(anna.terminal.screen().contains("70 GiB"), "what was entered is still there");

    // She does not overwrite the script, looks at what it did, and then saves.
    anna.terminal.press(&key::ctrl('n'));
    anna.terminal.wait_for("was changed by");
    assert_eq!(imd.row("SELECT quota, filter FROM mapping"), json!({ "quota": null, "filter": "(mail=*)" }));
    anna.terminal.press(&key::ctrl('y'));
    anna.terminal.wait_for("(mail=*)");
    anna.terminal.wait_while("70 GiB");
    anna.fill("Quota", "70 GiB");
    anna.next(4, "Frequency");

    // Bob gets the message again, with the name of the other administrator, and cannot overwrite the change.
    bob.terminal.press(&key::ctrl('n'));
    bob.terminal.wait_for("was changed by");
    assert!(bob.terminal.screen().contains("80 GiB"), "what was entered is still there");
    let kept = json!({ "quota": 70_u64 << 30, "filter": "(mail=*)", "version": 3 });
    assert_eq!(imd.row("SELECT quota, filter, version FROM mapping"), kept);
    anna.leave();
    bob.leave();
}

#[test]
fn a_form_in_which_nothing_was_entered_shows_what_others_saved() {
    let imd = set_up(6);
    let console = at_the_mapping(&imd, "60001", &[]);
    assert!(!console.terminal.screen().contains("(mail=*)"));
    by_script(&imd, "filter = \"(mail=*)\"\ndepartment = \"Sales\"");
    let screen = console.terminal.wait_for("(mail=*)");
    assert!(!screen.contains("was changed by"), "{screen}");
    console.leave();
}

#[test]
fn the_prompts_do_not_overwrite_either_and_say_who_was_first() {
    let imd = set_up(6);
    let mut prompts = crate::support::prompts::Prompts::start(&imd, &["setup", "--plain"]);
    prompts.answer("Step to open", "3");
    prompts.answer("Mapping", "");
    prompts.answer("Base DN", "");
    prompts.answer("OU", "OU=Staff,DC=corp,DC=example,DC=com");
    prompts.answer("Group", ">");
    by_script(&imd, "filter = \"(mail=*)\"\ndepartment = \"Sales\"");
    prompts.answer("Next", "Continue");
    let said = prompts.answer("Nothing was overwritten: 1 Reload it", "1");
    assert!(said.contains("Error: mapping \"Staff\" was changed by"), "{said}");
    prompts.answer("Next", "Continue");
    prompts.wait_for("Sync interval");
    assert_eq!(imd.row("SELECT ou, filter FROM mapping"), json!({ "ou": null, "filter": "(mail=*)" }));
}

#[test]
fn a_read_only_console_says_so_and_writes_nothing_at_all() {
    let imd = set_up(6);
    let before = imd.dump();
    let mut console = at_the_mapping(&imd, "60001", &["--read-only"]);
    assert!(console.terminal.screen().contains("read-only"));
    console.fill("Quota", "70 GiB");
    console.terminal.press(key::TAB);
    console.next(4, "Frequency");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("This console is read-only.");
    console.leave();
    assert!(before == imd.dump(), "it wrote");
}

#[test]
fn read_only_prompts_say_so_and_write_nothing_at_all() {
    let imd = set_up(6);
    let before = imd.dump();
    let mut prompts = crate::support::prompts::Prompts::start(&imd, &["--read-only", "setup", "--plain"]);
    let said = prompts.answer("Step to open", "3");
    assert!(said.contains("Read-only: you can view everything and change nothing."), "{said}");
    prompts.answer("Mapping", "");
    prompts.answer("Base DN", "");
    prompts.answer("OU", "OU=Staff,DC=corp,DC=example,DC=com");
    prompts.answer("Group", ">");
    prompts.answer("Next", "Continue");
    let said = prompts.wait_for("Sync interval");
    assert!(said.contains("Read-only: nothing was saved."), "{said}");
    assert!(before == imd.dump(), "it wrote");
}

#[test]
fn no_verb_changes_anything_when_read_only() {
    let imd = set_up(20);
    imd.write("users.ldif", ldif(4));
    imd.imd(["sync"]).failed_with(3, ["--approve"]);
    let plans = imd.json(["sync", "list"]);
    let hash = plans["items"][0]["hash"].as_str().expect("the stopped plan is the newest").to_owned();
    imd.write("other.toml", ANSWERS.replace("quota = \"50 GiB\"", "quota = \"60 GiB\""));
    let before = imd.dump();
    for verb in [
        "sync",
        "sync --plan",
        &format!("sync --approve {hash}"),
        "sync undo",
        &format!("sync discard {}", plans["items"][0]["id"]),
        "setup --answers other.toml --yes",
        "mapping disable Staff",
        "mapping order Staff",
        "mapping remove Staff",
        "profile remove Laptops",
        "storage remove eu-1",
        "directory remove corp",
        "token create more --server https://imd.corp.example.com:7443",
        "token revoke rollout-2026",
        "export msiexec --token rollout-2026 --out elsewhere",
        "export rewrite 1",
        "pause",
        "resume",
        "devices revoke 0123456789abcdef",
        "devices release 0123456789abcdef",
        "devices import users.ldif",
        "devices unmap SN000001",
        "serve --listen 127.0.0.1:0",
    ] {
        let mut command = imd.command();
        command.arg("--read-only").args(verb.split(' '));
        let output = assert_cmd::Command::from_std(command).timeout(Duration::from_mins(1)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("is read-only"), "{verb}: {output:?}");
        assert!(before == imd.dump(), "{verb} wrote");
    }
    assert!(!imd.path("elsewhere").exists());
    imd.imd(["--read-only", "mapping", "preview", "Staff"]).succeeded();
    imd.imd(["--read-only", "audit", "verify"]).succeeded();
    imd.imd(["--read-only", "status"]).succeeded();
    imd.imd(["--read-only", "report"]).succeeded();
    assert!(before == imd.dump(), "looking wrote");
}
