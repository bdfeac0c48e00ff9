//! A password is typed without echo, and the echo is back however that ends.

use std::process::Command;

use crate::support::installation::{Installation, eventually};
use crate::support::prompts::Prompts;

/// At the question for a password, with the echo off.
fn at_the_password(imd: &Installation) -> Prompts {
    let mut prompts = Prompts::start(imd, &["setup", "--plain"]);
    prompts.answer("Name", "corp");
    prompts.answer("Source", "1");
    prompts.answer("Addresses", "ldaps://127.0.0.1:9");
    prompts.answer("CA file", "");
    prompts.answer("Public-key pins", "");
    prompts.answer("Bind account", "svc@corp.example.com");
    prompts.wait_for("Password, not shown while you type");
    eventually("a terminal without echo", || !prompts.terminal.echoes());
    prompts
}

fn signal(prompts: &Prompts, name: &str) {
    let id = prompts.terminal.process_id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

#[test]
fn a_password_is_not_echoed_and_the_echo_comes_back() {
    let imd = Installation::new();
    let mut prompts = at_the_password(&imd);
    prompts.answer("Password", "correct horse");
    prompts.wait_for("Next: 1 Check");
    eventually("a terminal with echo", || prompts.terminal.echoes());
    // The kept one is not shown either when its question comes back.
    prompts.answer("Next", "<");
    prompts.wait_for("Password, not shown while you type [kept]");
    assert!(!String::from_utf8_lossy(&prompts.terminal.bytes()).contains("correct"));
    assert!(!imd.dump().contains("correct horse"), "a draft holds the password");
}

#[test]
fn the_echo_is_back_whatever_ends_the_question() {
    for (name, code) in [("INT", 0), ("TERM", 1), ("HUP", 1), ("QUIT", 1)] {
        let imd = Installation::new();
        let prompts = at_the_password(&imd);
        signal(&prompts, name);
        eventually("a terminal with echo", || prompts.terminal.echoes());
        assert_eq!(prompts.terminal.wait_for_end(), code, "{name}");
        let draft = imd.rows("SELECT value FROM wizard_draft WHERE step = 'directory'");
        assert!(draft.iter().any(|row| row.to_string().contains("svc@corp.example.com")), "{name}: {draft:?}");
    }
}

#[test]
fn a_stopped_question_gives_the_echo_back_and_is_asked_again() {
    let imd = Installation::new();
    let mut prompts = at_the_password(&imd);
    let before = prompts.terminal.written();
    signal(&prompts, "TSTP");
    eventually("a terminal with echo", || prompts.terminal.echoes());
    let stat = format!("/proc/{}/stat", prompts.terminal.process_id());
    let state = || std::fs::read_to_string(&stat).unwrap().rsplit(')').next().unwrap().trim().chars().next();
    eventually("a stopped program", || state() == Some('T'));
    signal(&prompts, "CONT");
    prompts.terminal.wait_for_bytes(before, "the question", |said| said.contains("Password, not shown"));
    eventually("a terminal without echo", || !prompts.terminal.echoes());
    prompts.answer("", "correct horse");
    prompts.wait_for("Next: 1 Check");
    assert!(!String::from_utf8_lossy(&prompts.terminal.bytes()).contains("correct"));
}
