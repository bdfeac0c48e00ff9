//! What is typed at `imd-activate`, or piped into it: never echoed, never more than asked for, and the echo comes back.

use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;
use serde_json::json;

use crate::support::installation::eventually;
use crate::support::machine::Machine;
use crate::support::service::free_address;
use crate::support::terminal::{Terminal, key};

/// A laptop that needs a password, with a service that is not reachable.
fn enrolled() -> Machine {
    let laptop = Machine::new();
    laptop.keep(
        "claim.json",
        &json!({
            "device": "0123456789abcdef", "claim_code": "A".repeat(43), "auth_methods": ["password"], "state": "pending",
            "servers": [format!("https://{}", free_address())],
        }),
    );
    laptop
}

#[test]
fn echo_is_restored_after_the_password_prompt() {
    for (keys, said) in [
        (key::ctrl('c'), "no password was entered"),
        (format!("sec{}", key::ctrl('c')), "no password was entered"),
        (key::ctrl('\\'), "no password was entered"),
        (format!("{}\r", key::ctrl('z')), "no password was entered"),
        ("correct horse\r".to_owned(), "cannot reach"),
    ] {
        let laptop = enrolled();
        let program = laptop.command("user", &["claim", "--once"]);
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        command.env_clear();
        command.env("USER", "user1");
        let mut terminal = Terminal::run(command, 80, 24);
        terminal.wait_for("Password for user1:");
        eventually("a terminal without echo", || !terminal.echoes());
        terminal.press(&keys);
        terminal.wait_for(said);
        eventually("a terminal with echo", || terminal.echoes());
        assert!(!terminal.screen().contains("sec") && !terminal.screen().contains("horse"), "{}", terminal.screen());
        assert_eq!(terminal.wait_for_end(), 1, "{keys:?}");
    }
}

#[test]
fn only_the_password_line_is_read_from_a_pipe() {
    let laptop = enrolled();
    let program = laptop.command("user", &["claim", "--once", "--password-stdin"]);
    // The rest is left for the next reader: the program buffers nothing.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#""$@" 2> "$SAID"; cat"#, "sh"]).arg(program.get_program()).args(program.get_args());
    shell.env("SAID", laptop.path("said")).env("USER", "user1").stdin(Stdio::piped());
    let output = assert_cmd::Command::from_std(shell).write_stdin("correct horse\nthe rest\n").output().unwrap();
    let said = std::fs::read_to_string(laptop.path("said")).unwrap();
    assert!(said.contains("cannot reach"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the rest\n");
}
