//! One alarm over all faces: status, doctor, the console's overview and the report say the same, once each, with the same
//! next step.

use serde_json::Value;

use crate::support::company;
use crate::support::installation::{Installation, eventually};
use crate::support::laptops::{Laptop, company as set_up, served};
use crate::support::terminal::{Terminal, key};

/// What every face has to show.
struct Expected<'a> {
    kind: &'a str,
    urgency: &'a str,
    /// Parts of the message.
    message: &'a [&'a str],
    /// The next step on the command line.
    command: &'a str,
    /// The keys that the console offers for it; the command where no key does it.
    keys: &'a str,
}

/// How often `part` is in `text`, whatever the white space and the escapes of Markdown.
fn count(text: &str, part: &str) -> usize {
    let plain = |text: &str| text.replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ");
    plain(text).matches(&plain(part)).count()
}

/// The message is in one line, with the next step after it. Another table may have the same next step.
#[track_caller]
fn in_one_line(text: &str, message: &str, to_do: &str) {
    let lines: Vec<&str> = text.lines().filter(|line| count(line, message) > 0).collect();
    assert!(matches!(lines[..], [line] if count(line, message) == 1 && count(line, to_do) == 1), "{lines:?} in {text}");
}

#[track_caller]
fn all_faces_show(imd: &Installation, expected: &Expected<'_>) {
    let status = imd.json(["status"]);
    let alarms: Vec<&Value> =
        status["alarms"].as_array().unwrap().iter().filter(|alarm| alarm["kind"] == expected.kind).collect();
    let [alarm] = alarms[..] else { panic!("{} in {status}", expected.kind) };
    let (message, to_do) = (alarm["message"].as_str().unwrap(), alarm["to_do"].as_str().unwrap());
    assert_eq!(alarm["urgency"], expected.urgency, "{alarm}");
    for part in expected.message {
        assert!(message.contains(part), "{part:?} in {alarm}");
    }
    assert!(to_do.contains(expected.command), "{:?} in {alarm}", expected.command);

    let text = imd.imd(["status"]).succeeded().stdout.clone();
    let lines = format!("{}: {message}\n  to do: {to_do}\n", expected.urgency);
    assert!(text.contains(&lines), "{lines} in {text}");
    assert_eq!((count(&text, message), count(&text, to_do)), (1, 1), "{text}");

    let doctor = imd.imd(["doctor", "--offline", "--json"]);
    assert_eq!(doctor.code, 3, "{doctor:#?}");
    let document: Value = serde_json::from_str(&doctor.stdout).unwrap();
    let outcome = if expected.urgency == "now" { "failed" } else { "warning" };
    let checks: Vec<&Value> =
        document["items"].as_array().unwrap().iter().filter(|check| check["evidence"] == message).collect();
    let [check] = checks[..] else { panic!("{message} in {document}") };
    assert_eq!((&check["outcome"], &check["help"]), (&outcome.into(), &to_do.into()), "{check}");
    let doctor = imd.imd(["doctor", "--offline"]);
    doctor.failed_with(3, ["attention"]);
    assert_eq!((count(&doctor.stdout, message), count(&doctor.stdout, to_do)), (1, 1), "{}", doctor.stdout);

    assert_eq!(imd.json(["report"])["alarms"], status["alarms"]);
    let report = imd.imd(["report"]).succeeded().stdout.clone();
    in_one_line(&report, message, to_do);
    let table = imd.imd(["report", "--csv"]).succeeded().stdout.replace("\"\"", "\"");
    in_one_line(&table, message, to_do);

    let mut console = Terminal::start(imd, &[], 200, 60);
    console.wait_until("the first screen", |screen| screen.contains("as of") || screen.contains("in seven steps"));
    console.press("1");
    let screen = console.wait_until("the alarm", |screen| count(screen, message) > 0);
    assert_eq!(count(&screen, message), 1, "{screen}");
    // The next step is shown of the line that is selected.
    let number = status["alarms"].as_array().unwrap().iter().position(|other| other["kind"] == expected.kind).unwrap();
    for _ in 0..number {
        console.press(key::DOWN);
    }
    console.wait_until(&format!("To do with {}", expected.keys), |screen| {
        screen.lines().any(|line| line.contains("To do: ") && count(line, expected.keys) == 1)
    });
    console.kill();
}

fn kinds(imd: &Installation) -> Vec<String> {
    let status = imd.json(["status"]);
    status["alarms"].as_array().unwrap().iter().map(|alarm| alarm["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_pause_without_end() {
    let (imd, _service, _) = served(3, |answers| answers);
    assert!(kinds(&imd).is_empty());
    imd.imd(["doctor"]).succeeded();
    imd.imd(["pause"]).succeeded();
    all_faces_show(
        &imd,
        &Expected {
            kind: "paused",
            urgency: "now",
            message: &["activations are paused until an administrator resumes them, by "],
            command: "`imd resume`",
            keys: "resume activations: 5, then P",
        },
    );
    imd.imd(["resume"]).succeeded();
    assert!(kinds(&imd).is_empty());
}

#[test]
fn a_pause_with_an_end() {
    let (imd, _service, _) = served(3, |answers| answers);
    imd.imd(["pause", "--until", "2h"]).succeeded();
    all_faces_show(
        &imd,
        &Expected {
            kind: "paused",
            urgency: "note",
            message: &["activations are paused until 2", ", by "],
            command: "`imd resume`",
            keys: "resume activations: 5, then P",
        },
    );
}

#[test]
fn a_failed_sync() {
    let (imd, _service, _) = served(3, |answers| answers);
    // Due at once, and the file is missing.
    std::fs::remove_file(imd.path("users.ldif")).unwrap();
    imd.sqlite(&[], "UPDATE plan SET made_at = '2026-01-01T00:00:00Z'");
    eventually("the failed sync", || kinds(&imd) == ["sync-failed"]);
    all_faces_show(
        &imd,
        &Expected {
            kind: "sync-failed",
            urgency: "now",
            message: &["the sync at ", " failed: ", "users.ldif"],
            command: "",
            keys: "To do: ",
        },
    );
}

/// Most users are missing from the file: the safeguard stops the plan.
fn stopped(imd: &Installation) -> String {
    imd.write("users.ldif", company::ldif(4));
    imd.imd(["sync"]).failed_with(3, ["36"]);
    imd.row("SELECT id FROM plan WHERE state = 'stopped'")["id"].to_string()
}

#[test]
fn a_stopped_plan_that_can_be_approved() {
    let (imd, _service, _) = served(40, |answers| answers);
    let plan = stopped(&imd);
    all_faces_show(
        &imd,
        &Expected {
            kind: "plan-stopped",
            urgency: "now",
            message: &[&format!("the safeguard stopped plan {plan}, which removes 36 users")],
            command: &format!("approve or discard it: `imd sync show {plan}`"),
            keys: "approve or discard it: 4, then Enter",
        },
    );
}

#[test]
fn a_stopped_plan_that_is_too_old() {
    let (imd, _service, _) = served(40, |answers| answers);
    let plan = stopped(&imd);
    let hash = imd.row("SELECT hash FROM plan WHERE state = 'stopped'")["hash"].as_str().unwrap().to_owned();
    imd.sqlite(&[], "UPDATE plan SET made_at = '2026-01-01T00:00:00Z' WHERE state = 'stopped'");
    all_faces_show(
        &imd,
        &Expected {
            kind: "plan-stopped",
            urgency: "now",
            message: &[&format!("the safeguard stopped plan {plan}"), "could be approved until 2026-01-01 01:00 UTC"],
            command: "`imd sync --plan`",
            keys: "for a new plan: 4, then r",
        },
    );
    // No face advises to approve it, which is refused.
    assert!(!imd.imd(["doctor", "--offline"]).stdout.contains("approve or discard"));
    assert_ne!(imd.imd(["sync", "--approve", &hash]).code, 0);
}

#[test]
fn a_late_sync() {
    let imd = set_up(3, |answers| answers);
    imd.imd(["sync"]).succeeded();
    imd.sqlite(&[], "UPDATE plan SET made_at = '2026-01-01T00:00:00Z', applied_at = '2026-01-01T00:00:00Z'");
    all_faces_show(
        &imd,
        &Expected {
            kind: "sync-late",
            urgency: "now",
            message: &["the sync that was due at 2026-01-0"],
            command: "sync now: `imd sync`",
            keys: "sync now: 4, then r",
        },
    );
    imd.imd(["sync"]).succeeded();
    assert_eq!(kinds(&imd), ["service-down"]);
}

#[test]
fn a_password_that_ends() {
    let (imd, _service, _) = served(3, |answers| answers);
    imd.write_secret("password", "Spring2026\n");
    let add = ["directory", "add", "branch", "--unchecked", "urls=ldaps://127.0.0.1:1", "bind=svc@branch.test"];
    let mut command = imd.command();
    assert!(command.args(add).arg("password_file=password").status().unwrap().success());
    imd.sqlite(
        &[],
        "INSERT INTO bind_account SELECT id, '2026-01-01T00:00:00Z', bind, 'at',
             strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+7 days', '+1 hour') FROM directory WHERE name = 'branch'",
    );
    all_faces_show(
        &imd,
        &Expected {
            kind: "password-ends",
            urgency: "soon",
            message: &["the password of svc@branch.test expires on ", "in 7 days"],
            command: "`imd directory edit \"branch\" password_file=FILE`",
            keys: "9, then Directories, then e",
        },
    );
}

#[test]
fn an_expired_token_in_an_export() {
    let (imd, _service, _) = served(3, |answers| answers);
    let (issued, expires) = ("'now', '-90 days'", "'now', '-1 hour'");
    let time = |of| format!("strftime('%Y-%m-%dT%H:%M:%SZ', {of})");
    imd.sqlite(&[], &format!("UPDATE token SET issued_at = {}, expires_at = {}", time(issued), time(expires)));
    all_faces_show(
        &imd,
        &Expected {
            kind: "token-dead",
            urgency: "now",
            message: &["the token rollout-2026 has expired, and 3 exports carry it"],
            command: "replace the token: `imd token rotate \"rollout-2026\"`",
            keys: "replace the token: 6, then r",
        },
    );
    imd.imd(["token", "rotate", "rollout-2026"]).succeeded();
    assert!(kinds(&imd).is_empty(), "{:?}", kinds(&imd));
}

#[test]
fn a_revoked_token_in_an_export() {
    let (imd, _service, _) = served(3, |answers| answers);
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    all_faces_show(
        &imd,
        &Expected {
            kind: "token-dead",
            urgency: "now",
            message: &["the token rollout-2026 was revoked, and 3 exports carry it"],
            command: "create a token of the same name (`imd token create \"rollout-2026\"`)",
            keys: "create a token of the same name (6, then n), then rewrite the export (7, then r)",
        },
    );
    assert_eq!(kinds(&imd), ["token-dead"], "that no token is valid has the same next step");
    imd.imd(["token", "create", "rollout-2026", "--server", "https://imd.example.com"]).succeeded();
    all_faces_show(
        &imd,
        &Expected {
            kind: "token-dead",
            urgency: "now",
            message: &["the token rollout-2026 was revoked, and 3 exports carry it"],
            command: "rewrite the export with the new token: `imd export rewrite ",
            keys: "rewrite the export with the new token: 7, then r",
        },
    );
    for export in imd.rows("SELECT id FROM export") {
        imd.imd(["export", "rewrite", &export["id"].to_string()]).succeeded();
    }
    assert!(kinds(&imd).is_empty(), "{:?}", kinds(&imd));
}

#[test]
fn a_token_that_is_used_up() {
    let (imd, service, token) = served(3, |answers| answers.replace("max_activations = 5000", "max_activations = 1"));
    Laptop::new(1).enroll(&service, &token).granted();
    all_faces_show(
        &imd,
        &Expected {
            kind: "token-used-up",
            urgency: "now",
            message: &["the token rollout-2026 has reached its maximum of 1 activation"],
            command: "`imd token rotate \"rollout-2026\"`",
            keys: "6, then r",
        },
    );
}

#[test]
fn no_valid_token() {
    let (imd, _service, _) = served(3, |answers| answers);
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    std::fs::remove_dir_all(imd.path("rollout")).unwrap();
    all_faces_show(
        &imd,
        &Expected {
            kind: "no-token",
            urgency: "now",
            message: &["no token is valid: no laptop can enroll"],
            command: "`imd token create NAME`",
            keys: "create a token: 6, then n",
        },
    );
}

#[test]
fn a_full_storage() {
    let (imd, _service, _) = served(3, |answers| answers);
    imd.sqlite(&[], "UPDATE storage SET capacity = 107374182400");
    all_faces_show(
        &imd,
        &Expected {
            kind: "storage-full",
            urgency: "soon",
            message: &["the quotas on the storage eu-1 add up to 150 GiB of 100 GiB"],
            command: "enlarge the storage (`imd storage edit \"eu-1\"`)",
            keys: "enlarge the storage (9, then Storages, then e)",
        },
    );
}

#[test]
fn a_stopped_service() {
    let (imd, service, _) = served(3, |answers| answers);
    service.signal("-TERM");
    assert_eq!(service.ended(), Some(0));
    all_faces_show(
        &imd,
        &Expected {
            kind: "service-down",
            urgency: "now",
            message: &["the service was stopped at ", "laptops get no answer"],
            command: "start the service: `imd serve`",
            keys: "start the service: `imd serve`",
        },
    );
}

#[test]
fn a_changed_audit_log() {
    let (imd, _service, _) = served(3, |answers| answers);
    imd.sqlite(&[], "DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'x' WHERE number = 3");
    all_faces_show(
        &imd,
        &Expected {
            kind: "audit-broken",
            urgency: "now",
            message: &["the audit log was changed outside imd: ", "entry 3"],
            command: "`imd audit verify`",
            keys: "8, then v",
        },
    );
}

#[test]
fn a_refused_log_on() {
    let (imd, service, token) = served(3, |answers| answers);
    Laptop::new(1).enroll(&service, &token).granted();
    Laptop::new(1).claim(&service, "nobody").error();
    all_faces_show(
        &imd,
        &Expected {
            kind: "refused",
            urgency: "soon",
            message: &["1 laptop is waiting after a refused log-on"],
            command: "`imd explain USER` says which mapping excludes the user",
            keys: "`imd explain USER` says which mapping excludes the user",
        },
    );
}
