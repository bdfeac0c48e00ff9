//! `imd doctor`: what is well says so, and what is wrong is named with what to do.

use std::fs;

use crate::support::company::set_up;
use crate::support::installation::Installation;

/// The outcome of a check, and the evidence for it.
fn check(imd: &Installation, name: &str) -> (String, String) {
    let run = imd.imd(["doctor", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let checks = document["items"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {document}"));
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    let asks = checks.iter().any(|check| check["outcome"] == "failed" || check["outcome"] == "warning");
    assert_eq!(run.code, if asks { 3 } else { 0 }, "{document}");
    // Whatever asks for something says for what.
    for check in checks.iter().filter(|check| check["outcome"] == "failed" || check["outcome"] == "warning") {
        assert!(check["help"].as_str().is_some_and(|help| help.len() > 5), "{check}");
    }
    (text("outcome"), text("evidence"))
}

#[test]
fn where_all_is_well_the_doctor_says_so_and_changes_nothing() {
    let imd = set_up(5);
    let before = imd.dump();
    let run = imd.imd(["doctor", "--read-only"]);
    run.succeeded();
    assert!(run.stderr.contains("Nothing is wrong."), "{run:#?}");
    assert!(before == imd.dump(), "it was changed");
    for name in ["state", "database", "audit", "clock", "directory corp", "sync", "plan", "tokens", "exports"] {
        assert_eq!(check(&imd, name).0, "ok", "{name}");
    }
    // That the audit was looked at is noted, for the overview; nothing else is.
    let kept = |dump: String| {
        dump.lines().filter(|line| !line.contains("INTO audit_check")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(kept(before), kept(imd.dump()));
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let imd = set_up(5);
    fs::rename(imd.path("users.ldif"), imd.path("gone.ldif")).unwrap();
    let (outcome, evidence) = check(&imd, "directory corp");
    assert!(outcome == "failed" && evidence.contains("users.ldif"), "{evidence}");
    fs::rename(imd.path("gone.ldif"), imd.path("users.ldif")).unwrap();

    imd.imd(["token", "create", "short", "--server", "https://imd.example.com", "--expires", "2d"]).succeeded();
    let (outcome, evidence) = check(&imd, "tokens");
    assert!(outcome == "warning" && evidence.contains("\"short\" ends"), "{evidence}");
    imd.imd(["token", "revoke", "short"]).succeeded();
    assert_eq!(check(&imd, "tokens").0, "ok");
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    assert_eq!(check(&imd, "tokens").0, "failed");
    let (outcome, evidence) = check(&imd, "exports");
    assert!(outcome == "warning" && evidence.starts_with("3 of 3 "), "{evidence}");
    fs::remove_dir_all(imd.path("rollout")).unwrap();
    assert_eq!(check(&imd, "exports").0, "skipped", "what was taken away carries no token");

    imd.imd(["pause"]).succeeded();
    assert_eq!(check(&imd, "activations").0, "warning");

    // As if nobody had read the directory for two days, and somebody had edited the audit.
    imd.sqlite(&[], "UPDATE plan SET made_at = '2020-01-01T00:00:00Z', applied_at = '2020-01-01T00:00:00Z'");
    assert_eq!(check(&imd, "sync").0, "failed");
    imd.sqlite(&[], "DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'nothing' WHERE number = 2");
    assert_eq!(check(&imd, "audit").0, "failed");
    imd.sqlite(&[], "UPDATE audit SET at = '2099-01-01T00:00:00Z' WHERE number = (SELECT max(number) FROM audit)");
    assert_eq!(check(&imd, "clock").0, "failed");
}

#[test]
fn a_plan_that_waits_is_a_finding() {
    let imd = set_up(20);
    imd.write("users.ldif", crate::support::company::ldif(5));
    imd.imd(["sync"]).failed_with(3, ["the safeguard allows"]);
    assert_eq!(check(&imd, "plan").0, "failed");
}

#[test]
fn offline_no_directory_is_asked() {
    let imd = set_up(5);
    fs::remove_file(imd.path("users.ldif")).unwrap();
    imd.imd(["doctor", "--offline"]).succeeded();
}
