//! `imd doctor`: the checks of the host, and the alarms (`operations::alarms` has each of them).

use std::fs;

use crate::support::company::set_up;
use crate::support::installation::Installation;
use crate::support::laptops::served;

/// The outcome of a check, and the evidence for it.
fn check(imd: &Installation, name: &str) -> (String, String) {
    let run = imd.imd(["doctor", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let checks = document["items"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {document}"));
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    let asks = checks.iter().any(|check| check["outcome"] == "failed" || check["outcome"] == "warning");
    assert_eq!(run.code, if asks { 3 } else { 0 }, "{document}");
    // A finding says what to do.
    for check in checks.iter().filter(|check| check["outcome"] == "failed" || check["outcome"] == "warning") {
        assert!(check["help"].as_str().is_some_and(|help| help.len() > 5), "{check}");
    }
    (text("outcome"), text("evidence"))
}

#[test]
fn a_healthy_deployment_has_no_findings_and_is_not_changed() {
    let (imd, _service, _) = served(5, |answers| answers);
    // The running service stores its lease, its run and its check of the audit log at any time.
    let kept = || {
        let own = ["INTO audit_check", "INTO lease", "INTO service_run"];
        let dump = imd.dump();
        dump.lines().filter(|line| !own.iter().any(|table| line.contains(table))).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = kept();
    let run = imd.imd(["doctor", "--read-only"]);
    run.succeeded();
    assert!(run.stderr.contains("Nothing was found."), "{run:#?}");
    assert_eq!(before, kept());
    for name in ["state", "database", "audit log", "clock", "directory corp"] {
        assert_eq!(check(&imd, name).0, "ok", "{name}");
    }
    assert_eq!(before, kept());
}

#[test]
fn each_finding_says_what_to_do() {
    let imd = set_up(5);
    fs::rename(imd.path("users.ldif"), imd.path("gone.ldif")).unwrap();
    let (outcome, evidence) = check(&imd, "directory corp");
    assert!(outcome == "failed" && evidence.contains("users.ldif"), "{evidence}");
    fs::rename(imd.path("gone.ldif"), imd.path("users.ldif")).unwrap();

    imd.imd(["token", "create", "short", "--server", "https://imd.example.com", "--expires", "2d"]).succeeded();
    let (outcome, evidence) = check(&imd, "token short");
    assert!(outcome == "warning" && evidence.contains("short expires on"), "{evidence}");
    imd.imd(["token", "revoke", "short"]).succeeded();
    assert!(!imd.imd(["doctor"]).stdout.contains("token short"));
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    let (outcome, evidence) = check(&imd, "token rollout-2026");
    assert!(outcome == "failed" && evidence.contains("3 exports carry it"), "{evidence}");
    fs::remove_dir_all(imd.path("rollout")).unwrap();
    assert_eq!(check(&imd, "tokens").0, "failed", "a deleted folder carries no token, and none is valid");
    assert!(!imd.imd(["doctor"]).stdout.contains("exports carry it"));

    // A change outside imd, and a clock that is behind.
    imd.sqlite(&[], "DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'nothing' WHERE number = 2");
    assert_eq!(check(&imd, "audit log").0, "failed");
    imd.sqlite(&[], "UPDATE audit SET at = '2099-01-01T00:00:00Z' WHERE number = (SELECT max(number) FROM audit)");
    assert_eq!(check(&imd, "clock").0, "failed");
}

#[test]
fn offline_no_directory_is_checked() {
    let (imd, _service, _) = served(5, |answers| answers);
    fs::remove_file(imd.path("users.ldif")).unwrap();
    imd.imd(["doctor", "--offline"]).succeeded();
    assert_eq!(check(&imd, "directory corp").0, "failed");
}
