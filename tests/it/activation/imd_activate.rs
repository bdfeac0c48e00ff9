//! `imd-activate`: its files, their permissions, and its messages.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};
use crate::support::machine::Machine;
use crate::support::service::Service;

fn started() -> (Installation, Service, String, Machine) {
    let (imd, service, token) = served(3, |answers| answers);
    (imd, service, token, Machine::new())
}

#[test]
fn laptop_enrolls_claims_and_checks_in() {
    let (imd, _service, token, laptop) = started();
    assert!(laptop.says(&["status"], "").contains("not enrolled"));
    let file = laptop.token_file(&token);
    laptop.says(&["enroll", "--token-file", &file], "");
    assert!(!laptop.path("token.txt").exists(), "the token is deleted after use");
    assert!(laptop.says(&["status"], "").contains("not activated"));
    let reported = laptop.says(&["claim"], "");
    assert!(reported.contains("User 1") && reported.contains("unverified"), "{reported}");
    assert!(laptop.says(&["status"], "").contains("activated for User 1"));
    assert!(laptop.says(&["check-in"], "").ends_with("is activated"));
    let kept = laptop.json("user/activation.json");
    assert_eq!((&kept["account"]["profile"], &kept["account"]["storage"]), (&"Laptops".into(), &"eu-1".into()));
    assert_eq!(imd.row("SELECT id FROM device WHERE state = 'activated'")["id"], kept["device"]);
    // Repeating it changes nothing.
    let before = (imd.dump(), kept);
    laptop.says(&["claim"], "");
    laptop.says(&["enroll"], &token);
    assert_eq!((imd.dump(), laptop.json("user/activation.json")), before);
}

#[test]
fn users_can_read_only_the_claim_file() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    laptop.says(&["claim"], "");
    assert_eq!((laptop.mode("system"), laptop.mode("user")), (0o755, 0o700));
    assert_eq!(laptop.mode("system/claim.json"), 0o644);
    assert_eq!(laptop.mode("system/enrollment.json"), 0o600);
    assert_eq!(laptop.mode("user/activation.json"), 0o600);
    let key = laptop.json("system/enrollment.json")["device_key"].as_str().unwrap().to_owned();
    let read = std::fs::read_to_string(laptop.path("system/claim.json")).unwrap();
    assert!(!read.contains(&key) && !read.contains(&token));
}

#[test]
fn wrong_server_gets_no_token_and_no_password() {
    let (_imd, service, token, laptop) = started();
    let address = service.address;
    drop(service);
    // Another installation answers at the token's address.
    let theirs = crate::support::laptops::company(1, |answers| {
        answers.replace("imd.corp.example.com:7443", &address.to_string())
    });
    let _impostor = Service::start(&theirs, address);
    let file = laptop.token_file(&token);
    let error = laptop.fails(&["enroll", "--token-file", &file], "");
    assert!(error.contains("is not the service named in the token"), "{error}");
    assert!(laptop.path("token.txt").exists(), "an unused token is kept");
    assert_eq!(theirs.row("SELECT count(*) AS n FROM refusal")["n"], 0);
}

#[test]
fn hook_runs_only_if_no_other_user_can_write_it() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    let hook = laptop.path("system/on-activation");
    std::fs::write(&hook, "#!/bin/sh\ncp \"$1\" \"$(dirname \"$0\")/seen\"\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(laptop.fails(&["claim"], "").contains("other users may write to it"));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    laptop.says(&["claim"], "");
    let (mut seen, kept) = (laptop.json("system/seen"), laptop.json("user/activation.json"));
    seen["hook_done"] = true.into();
    assert_eq!(seen, kept);
}

#[test]
fn failed_hook_runs_again_until_it_succeeds() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    let hook = laptop.path("system/on-activation");
    let write = |script: &str| {
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let runs = || std::fs::read_to_string(laptop.path("system/runs")).unwrap().lines().count();
    write(r#"echo once >> "$(dirname "$0")/runs"; exit 7"#);
    assert!(laptop.fails(&["claim", "--log-on"], "").contains("exit status: 7"));
    assert!(laptop.says(&["status"], "").contains("activated for User 1"));
    assert!(laptop.fails(&["claim", "--log-on"], "").contains("run again at each log-on"));
    assert_eq!(runs(), 2);
    write(r#"echo "$IMD_ACCOUNT $IMD_PROFILE $IMD_RESTORE" >> "$(dirname "$0")/runs""#);
    for _ in 0..2 {
        assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    }
    assert_eq!(runs(), 3);
    let seen = std::fs::read_to_string(laptop.path("system/runs")).unwrap();
    assert_eq!(seen.lines().last(), Some("user1@corp.example.com Laptops no"));
    // An explicit claim runs the hook again.
    laptop.says(&["claim"], "");
    assert_eq!(runs(), 4);
}

#[test]
fn refused_token_changes_nothing_on_a_working_laptop() {
    let (imd, service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    let kept = || (laptop.json("system/enrollment.json"), laptop.json("system/claim.json"));
    let before = kept();
    // A revoked token of another installation, and a token with servers that do not answer.
    let address = crate::support::service::free_address();
    let there = crate::support::laptops::company(1, |answers| {
        answers.replace("imd.corp.example.com:7443", &address.to_string())
    });
    let theirs = crate::support::laptops::token(&there);
    there.imd(["token", "revoke", "rollout-2026"]).succeeded();
    let _there = Service::start(&there, address);
    assert!(laptop.fails(&["enroll"], &theirs).contains("token is not accepted"));
    assert_eq!(kept(), before);
    imd.imd(["token", "create", "moved", "--server", "https://imd.invalid:7443"]).succeeded();
    let moved = imd.imd(["token", "show", "moved"]).succeeded().stdout.clone();
    assert!(laptop.fails(&["enroll"], moved.trim()).contains("imd.invalid"));
    assert_eq!(kept(), before);
    // A refused provisioned token is reported, and the laptop still checks in with its service.
    laptop.place("token", &theirs);
    let mut due = before.0.clone();
    due["next_check_in"] = "2001-01-01T00:00:00Z".into();
    std::fs::write(laptop.path("system/enrollment.json"), due.to_string()).unwrap();
    imd.sqlite(&[], "UPDATE device SET last_seen_at = '2001-01-01T00:00:00Z'");
    assert!(laptop.fails(&["tend"], "").contains("token is not accepted"));
    assert_ne!(imd.row("SELECT last_seen_at FROM device")["last_seen_at"], "2001-01-01T00:00:00Z");
    assert_ne!(kept().0["next_check_in"], "2001-01-01T00:00:00Z");
    assert_eq!(kept().0["servers"], before.0["servers"]);
    drop(service);
}

#[test]
fn refused_enrollment_keeps_the_next_keys() {
    let (imd, service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    let device = laptop.json("system/enrollment.json")["device"].clone();
    // The service refuses the revoked hardware, and the laptop's files do not change.
    imd.imd(["devices", "revoke", device.as_str().unwrap()]).succeeded();
    assert!(laptop.fails(&["enroll"], &token).contains("unknown or no longer in use"));
    let kept = laptop.json("system/enrollment.json");
    assert_eq!(kept["device"], device);
    imd.imd(["devices", "release", device.as_str().unwrap()]).succeeded();
    laptop.says(&["enroll"], &token);
    let now = laptop.json("system/enrollment.json");
    assert_eq!(now["device_key"], kept["next"]["device_key"], "as it was stored before it was sent");
    assert!(now["device"] != device && now["next"].is_null());
    drop(service);
}

#[test]
fn changed_authentication_methods_are_tried_at_once() {
    let (imd, service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    assert_eq!(laptop.json("system/claim.json")["auth_methods"], serde_json::json!(["unverified"]));
    imd.imd(["settings", "set", "auth=password"]).succeeded();
    // There is no directory here; a refusal shows that the password was sent.
    let refused = laptop.fails(&["claim"], "a password\n");
    assert!(!refused.contains("authentication method"), "{refused}");
    assert_eq!(laptop.fails(&["claim"], "").lines().next(), Some("error: no password was entered"));
    let reasons = imd.rows("SELECT reason FROM refusal ORDER BY number");
    assert_eq!(reasons[0]["reason"], "auth-not-accepted");
    assert_ne!(reasons[1]["reason"], "auth-not-accepted");
    laptop.says(&["check-in"], "");
    assert_eq!(laptop.json("system/claim.json")["auth_methods"], serde_json::json!(["password"]));
    // Only a valid claim code gets the list of methods.
    let (known, unknown) = (Laptop::new(7), Laptop::new(8));
    known.enroll(&service, &token).granted();
    let reported = known.claim(&service, "user1@corp.example.com");
    assert_eq!(
        (reported.error().as_str(), &reported.json()["auth_methods"]),
        ("auth-not-accepted", &serde_json::json!(["password"]))
    );
    let mut nothing = unknown.claim_request("user1@corp.example.com");
    nothing["auth"]["password"] = "more than a name".into();
    let reported = service.post("/v1/claim", &nothing);
    assert_eq!(
        (reported.error().as_str(), &reported.json()["auth_methods"]),
        ("auth-not-accepted", &serde_json::Value::Null)
    );
    // A service without a keytab does not accept tickets, even if step 5 does.
    imd.imd(["settings", "set", "auth=kerberos,password"]).succeeded();
    assert_eq!(known.claim(&service, "user1@corp.example.com").json()["auth_methods"], serde_json::json!(["password"]));
}

#[test]
fn log_on_reports_revoked_released_and_other_users_devices() {
    let (imd, _service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    laptop.says(&["claim"], "");
    let device = laptop.json("user/activation.json")["device"].as_str().unwrap().to_owned();
    laptop.says(&["check-in"], "");
    // Another user is not prompted, and the service is not asked.
    let reported = laptop.as_another("user2", &["claim", "--log-on"], "");
    let said = String::from_utf8(reported.stdout).unwrap();
    assert!(reported.status.success() && said.contains("another user") && said.lines().count() == 1, "{said}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal")["n"], 0);
    // Another user's attempt is refused, and their next log-on is quiet.
    assert!(!laptop.as_another("user2", &["claim"], "").status.success());
    assert!(laptop.as_another("user2", &["claim", "--log-on"], "").status.success());
    assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    for (verb, state) in [("revoke", "revoked"), ("release", "released")] {
        imd.imd(["devices", verb, &device]).succeeded();
        laptop.says(&["check-in"], "");
        // A user cannot read the system's file.
        let (of_system, away) = (laptop.path("system/enrollment.json"), laptop.path("enrollment.away"));
        std::fs::rename(&of_system, &away).unwrap();
        assert!(laptop.says(&["status"], "").contains(&format!("is {state}")));
        let reported = laptop.fails(&["claim", "--log-on"], "");
        assert!(reported.contains(&format!("is {state}")) && reported.contains("enroll --token-file"), "{reported}");
        std::fs::rename(&away, &of_system).unwrap();
    }
    // With a token it can be activated again.
    laptop.says(&["enroll"], &token);
    assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    assert_ne!(laptop.json("user/activation.json")["device"], *device);
}

#[test]
fn released_laptop_enrolls_again_with_a_token() {
    let (imd, _service, token, laptop) = started();
    laptop.says(&["enroll"], &token);
    let device = laptop.json("system/enrollment.json")["device"].as_str().unwrap().to_owned();
    imd.imd(["devices", "release", &device]).succeeded();
    assert!(laptop.fails(&["claim"], "").contains("help: enroll again with a token"));
    laptop.says(&["check-in"], "");
    assert!(laptop.says(&["status"], "").contains("is released"));
    laptop.says(&["enroll"], &token);
    assert_ne!(laptop.json("system/enrollment.json")["device"], *device);
    laptop.says(&["claim"], "");
}

#[test]
fn provisioned_token_and_servers_enroll_the_laptop() {
    let (imd, service, _token, laptop) = started();
    assert_eq!(laptop.says(&["tend"], ""), "not enrolled: no token was provisioned");
    assert!(laptop.fails(&["claim", "--log-on"], "").contains("not enrolled yet"));
    // The token has an unreachable server; the setting has the right one.
    imd.imd(["token", "create", "moved", "--server", "https://imd.invalid:7443"]).succeeded();
    let token = imd.imd(["token", "show", "moved"]).succeeded().stdout.clone();
    laptop.place("token", token.trim());
    assert!(laptop.fails(&["tend"], "").contains("imd.invalid"));
    assert!(laptop.path("root/etc/imd-activate/token").exists(), "an unused token is kept");
    laptop.place("settings", &format!("server=https://{}\nproxy=none", service.address));
    assert!(laptop.says(&["tend"], "").starts_with("enrolled as device"));
    assert!(!laptop.path("root/etc/imd-activate/token").exists(), "the token is deleted after use");
    // Users cannot read the settings; they get the values from the claim file.
    assert_eq!(laptop.json("system/claim.json")["proxy"], "none");
    assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    assert_eq!(imd.row("SELECT state FROM device")["state"], "activated");
    let before = imd.dump();
    assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    assert!(laptop.says(&["tend"], "").starts_with("next check-in after"));
    assert_eq!(imd.dump(), before);
}

#[test]
fn check_in_is_weekly_even_if_the_clock_was_set_back() {
    let (imd, _service, token, laptop) = started();
    laptop.place("token", &token);
    laptop.says(&["tend"], "");
    let days = || {
        let next = laptop.json("system/enrollment.json")["next_check_in"].as_str().unwrap().to_owned();
        let next: jiff::Timestamp = next.parse().unwrap();
        (next - jiff::Timestamp::now()).total(jiff::Unit::Hour).unwrap() / 24.0
    };
    assert!((0.8..1.2).contains(&days()), "daily while pending: {}", days());
    laptop.says(&["claim"], "");
    for due in ["2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let mut kept = laptop.json("system/enrollment.json");
        kept["next_check_in"] = due.into();
        std::fs::write(laptop.path("system/enrollment.json"), kept.to_string()).unwrap();
        imd.sqlite(&[], "UPDATE device SET last_seen_at = '2001-01-01T00:00:00Z'");
        assert!(laptop.says(&["tend"], "").ends_with("is activated"), "{due}");
        assert_ne!(imd.row("SELECT last_seen_at FROM device")["last_seen_at"], "2001-01-01T00:00:00Z");
        assert!((6.4..7.6).contains(&days()), "{}", days());
    }
}
