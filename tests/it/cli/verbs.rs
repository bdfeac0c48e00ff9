//! The command line's contract: exit codes, `help:` lines, one JSON document, no terminal.

use serde_json::json;

use crate::support::company::{prepared, set_up};
use crate::support::installation::Installation;

#[test]
fn all_seven_steps_by_answers_file_over_an_ldif() {
    let imd = set_up(20);
    let status = imd.json(["status"]);
    assert_eq!(status["users"], 20);
    for step in status["steps"].as_array().unwrap() {
        assert_eq!(step["state"], "done", "{step}");
    }
    assert_eq!(imd.rows("SELECT target FROM export").len(), 3);
    assert!(imd.path("rollout/ivanti-mac/install.sh").exists(), "relative to the answers file");
    let before = imd.dump();
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    assert!(before == imd.dump(), "the second time changed something");
}

#[test]
fn a_file_names_its_neighbours_wherever_it_is_called_from() {
    let imd = prepared(5);
    let answers = imd.path("answers.toml");
    let mut command = imd.command();
    command.args(["setup", "--answers"]).arg(answers).current_dir("/");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(imd.path("rollout").exists());
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let imd = Installation::new();
    for arguments in [["frobnicate", "--quiet"], ["status", "--frobnicate"], ["token", "create"], ["--color", "pink"]] {
        let run = imd.imd(arguments);
        run.failed_with(2, []);
        assert!(run.stdout.is_empty(), "{run:#?}");
    }
    imd.imd(["devices", "revoke", "zz"]).failed_with(2, ["16 hexadecimal digits", "`imd devices revoke --help`"]);
    assert!(!imd.state().exists(), "a wrong command makes no state");
}

#[test]
fn console_without_terminal_exits_2_and_names_the_verb() {
    let imd = Installation::new();
    imd.imd(["setup"]).failed_with(2, ["terminal", "--answers"]);
    imd.imd(["demo"]).failed_with(2, ["terminal", "--answers"]);
}

#[test]
fn with_json_there_is_one_document_and_errors_are_json_too() {
    let imd = set_up(5);
    for verb in [
        ["status", "--quiet"],
        ["token", "list"],
        ["keys", "--quiet"],
        ["directory", "list"],
        ["profile", "list"],
        ["storage", "list"],
        ["mapping", "list"],
        ["sync", "list"],
        ["users", "user1"],
        ["audit", "verify"],
        ["export", "list"],
    ] {
        imd.json(verb);
    }
    let run = imd.imd(["users", "--json", "--limit", "0x"]);
    assert_eq!(run.code, 2);
    let run = imd.imd(["token", "show", "nobody", "--json"]);
    assert_eq!(run.code, 1, "{run:#?}");
    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("nobody"), "{error}");
    assert!(error["error"]["help"].as_str().unwrap().len() > 5, "{error}");
    assert!(run.stdout.is_empty());
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let imd = set_up(300);
    let script = r#""$IMD" users --limit 300 | head -1; echo "${PIPESTATUS[0]}""#;
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", script]).env("IMD", env!("CARGO_BIN_EXE_imd")).env("IMD_STATE", imd.state());
    let output = shell.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().last(), Some("0"), "{text}");
    assert!(output.stderr.is_empty(), "{:?}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_read_only_run_changes_nothing() {
    let imd = set_up(5);
    let before = imd.dump();
    imd.imd(["sync", "--read-only"]).failed_with(1, ["read-only"]);
    imd.imd(["token", "revoke", "rollout-2026", "--read-only"]).failed_with(1, ["read-only"]);
    assert!(before == imd.dump());
}

#[test]
fn a_profile_with_users_added_by_csv_is_refused() {
    let imd = set_up(5);
    imd.write("users.csv", "mail,name\nanna@corp.example.com,Anna\n");
    imd.imd(["profile", "users", "import", "users.csv", "--profile", "Laptops"]).succeeded();
    imd.imd(["setup", "--answers", "answers.toml"]).failed_with(1, ["Laptops", "CSV"]);
}

#[test]
fn a_token_that_is_revoked_is_no_longer_good_here() {
    let imd = set_up(5);
    let token = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.clone();
    imd.write_secret("token", token.trim());
    assert_eq!(imd.json(["token", "verify", "token"])["name"], json!("rollout-2026"));
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    imd.imd(["token", "verify", "token"]).failed_with(1, ["revoked"]);
}
