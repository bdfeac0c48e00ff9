//! `imd-activate` itself: what it keeps, who may read it, and what it says.

use std::os::unix::fs::PermissionsExt as _;

use super::installation::Installation;
use super::laptops::served;
use super::machine::Machine;
use super::service::Service;

fn started() -> (Installation, Service, String, Machine) {
    let (imd, service, token) = served(3, |answers| answers);
    (imd, service, token, Machine::new())
}

#[test]
fn a_laptop_enrols_is_claimed_and_checks_in_and_says_what_it_waits_for() {
    let (imd, _service, token, laptop) = started();
    assert!(laptop.says(&["status"], "").contains("not enrolled"));
    let file = laptop.token_file(&token);
    laptop.says(&["enrol", "--token-file", &file], "");
    assert!(!laptop.path("token.txt").exists(), "the token is deleted once it was used");
    assert!(laptop.says(&["status"], "").contains("waits for its user"));
    let told = laptop.says(&["claim"], "");
    assert!(told.contains("User 1") && told.contains("on the name alone"), "{told}");
    assert!(laptop.says(&["status"], "").contains("activated for User 1"));
    assert!(laptop.says(&["check-in"], "").ends_with("is activated"));
    let kept = laptop.json("user/activation.json");
    assert_eq!((&kept["account"]["profile"], &kept["account"]["storage"]), (&"Laptops".into(), &"eu-1".into()));
    assert_eq!(imd.row("SELECT id FROM device WHERE state = 'activated'")["id"], kept["device"]);
    // The same once more is the same.
    let before = (imd.dump(), kept);
    laptop.says(&["claim"], "");
    laptop.says(&["enrol"], &token);
    assert_eq!((imd.dump(), laptop.json("user/activation.json")), before);
}

#[test]
fn users_may_read_the_claim_code_and_nothing_else_of_the_system() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enrol"], &token);
    laptop.says(&["claim"], "");
    assert_eq!((laptop.mode("system"), laptop.mode("user")), (0o755, 0o700));
    assert_eq!(laptop.mode("system/claim.json"), 0o644);
    assert_eq!(laptop.mode("system/enrolment.json"), 0o600);
    assert_eq!(laptop.mode("user/activation.json"), 0o600);
    let key = laptop.json("system/enrolment.json")["device_key"].as_str().unwrap().to_owned();
    let read = std::fs::read_to_string(laptop.path("system/claim.json")).unwrap();
    assert!(!read.contains(&key) && !read.contains(&token));
}

#[test]
fn a_server_that_is_not_the_one_of_the_token_hears_no_token_and_no_password() {
    let (_imd, service, token, laptop) = started();
    let address = service.address;
    drop(service);
    // Another installation answers where the token's was.
    let theirs =
        super::laptops::company(1, |answers| answers.replace("imd.corp.example.com:7443", &address.to_string()));
    let _impostor = Service::start(&theirs, address);
    let file = laptop.token_file(&token);
    let error = laptop.fails(&["enrol", "--token-file", &file], "");
    assert!(error.contains("is not the service that the token names"), "{error}");
    assert!(laptop.path("token.txt").exists(), "a token that was not used is kept");
    assert_eq!(theirs.row("SELECT count(*) AS n FROM refusal")["n"], 0);
}

#[test]
fn the_agents_hook_runs_after_the_activation_and_only_when_nobody_else_could_have_written_it() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enrol"], &token);
    let hook = laptop.path("system/on-activation");
    std::fs::write(&hook, "#!/bin/sh\ncp \"$1\" \"$(dirname \"$0\")/seen\"\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(laptop.fails(&["claim"], "").contains("others may write to it"));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    laptop.says(&["claim"], "");
    assert_eq!(laptop.json("system/seen"), laptop.json("user/activation.json"));
}

#[test]
fn a_freed_laptop_enrols_anew_with_a_token() {
    let (imd, _service, token, laptop) = started();
    laptop.says(&["enrol"], &token);
    let device = laptop.json("system/enrolment.json")["device"].as_str().unwrap().to_owned();
    imd.imd(["devices", "free", &device]).succeeded();
    assert!(laptop.fails(&["claim"], "").contains("help: enrol again with a token"));
    laptop.says(&["check-in"], "");
    assert!(laptop.says(&["status"], "").contains("is freed"));
    laptop.says(&["enrol"], &token);
    assert_ne!(laptop.json("system/enrolment.json")["device"], *device);
    laptop.says(&["claim"], "");
}

#[test]
fn a_token_that_was_placed_lets_a_laptop_in_by_the_servers_that_were_placed_and_is_deleted() {
    let (imd, service, _token, laptop) = started();
    assert_eq!(laptop.says(&["tend"], ""), "not enrolled: no token was placed here");
    assert!(laptop.fails(&["claim", "--log-on"], "").contains("not enrolled yet"));
    // This token names a server that is not there; the setting names the one that is.
    imd.imd(["token", "create", "moved", "--server", "https://imd.invalid:7443"]).succeeded();
    let token = imd.imd(["token", "show", "moved"]).succeeded().stdout.clone();
    laptop.place("token", token.trim());
    assert!(laptop.fails(&["tend"], "").contains("imd.invalid"));
    assert!(laptop.path("root/etc/imd-activate/token").exists(), "a token that was not used is kept");
    laptop.place("settings", &format!("server=https://{}\nproxy=none", service.address));
    assert!(laptop.says(&["tend"], "").starts_with("enrolled as device"));
    assert!(!laptop.path("root/etc/imd-activate/token").exists(), "the token is deleted once it was used");
    // Users may not read the settings, and find what they need in the claim code.
    assert_eq!(laptop.json("system/claim.json")["proxy"], "none");
    assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    assert_eq!(imd.row("SELECT state FROM device")["state"], "activated");
    let before = imd.dump();
    assert!(laptop.says(&["claim", "--log-on"], "").contains("activated for User 1"));
    assert!(laptop.says(&["tend"], "").starts_with("nothing to do until"));
    assert_eq!(imd.dump(), before);
}

#[test]
fn a_laptop_checks_in_when_its_week_is_over_and_after_its_clock_was_put_back() {
    let (imd, _service, token, laptop) = started();
    laptop.place("token", &token);
    laptop.says(&["tend"], "");
    for due in ["2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let mut kept = laptop.json("system/enrolment.json");
        kept["next_check_in"] = due.into();
        std::fs::write(laptop.path("system/enrolment.json"), kept.to_string()).unwrap();
        imd.sqlite(&[], "UPDATE device SET last_seen_at = '2001-01-01T00:00:00Z'");
        assert!(laptop.says(&["tend"], "").ends_with("is pending"), "{due}");
        assert_ne!(imd.row("SELECT last_seen_at FROM device")["last_seen_at"], "2001-01-01T00:00:00Z");
        let next: jiff::Timestamp =
            laptop.json("system/enrolment.json")["next_check_in"].as_str().unwrap().parse().unwrap();
        let days = (next - jiff::Timestamp::now()).total(jiff::Unit::Hour).unwrap() / 24.0;
        assert!((6.4..7.6).contains(&days), "{days}");
    }
}
