//! How a device is recognized, and which user it belongs to.

use crate::support::laptops::{Laptop, served};

#[test]
fn repeated_request_gives_the_same_device() {
    let (imd, service, token) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    let first = (laptop.enroll(&service, &token).granted(), laptop.claim(&service, "user1@corp.example.com").granted());
    let before = imd.dump();
    let again = (laptop.enroll(&service, &token).granted(), laptop.claim(&service, "user1@corp.example.com").granted());
    assert_eq!(imd.dump(), before);
    assert_eq!(first.0["device"], again.0["device"]);
    assert_eq!(again.0["state"], "activated");
    assert_eq!(first.1["account"], again.1["account"]);
    assert_eq!(first.1["activated_at"], again.1["activated_at"]);
}

#[test]
fn credential_is_bound_to_its_device() {
    let (imd, service, token) = served(3, |answers| answers);
    let (one, other) = (Laptop::new(1), Laptop::new(2));
    for laptop in [&one, &other] {
        laptop.enroll(&service, &token).granted();
    }
    one.claim(&service, "user1@corp.example.com").granted();
    let mut copied = other.claim_request("user2@corp.example.com");
    copied["credential"] = one.key(3).into();
    let refused = service.post("/v1/claim", &copied);
    assert_eq!((refused.status, &refused.json()["error"]), (403, &"device-refused".into()));
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal WHERE reason = 'credential-taken'")["n"], 1);
    other.claim(&service, "user2@corp.example.com").granted();
}

#[test]
fn account_has_the_values_of_its_mapping() {
    let (imd, service, token) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0, "enrolling makes no account");
    let account = &laptop.claim(&service, "user1").granted()["account"];
    assert_eq!(account["profile"], "Laptops");
    assert_eq!(account["storage"], "eu-1");
    assert_eq!(account["location"], "s3://backup-eu-1");
    assert_eq!(account["quota"], 50_u64 << 30);
    assert_eq!(account["name"], "user1@corp.example.com");
    let row = imd.row(
        "SELECT a.name, a.mapping, p.name AS profile, s.name AS storage, a.quota, d.auth FROM account a
         JOIN profile p ON p.id = a.profile_id JOIN storage s ON s.id = a.storage_id
         JOIN device d ON d.account_id = a.id",
    );
    assert_eq!(row["mapping"], "Staff");
    assert_eq!(row["profile"], "Laptops");
    assert_eq!(row["auth"], "unverified");
    let reported = imd.imd(["audit", "--limit", "1"]).succeeded().stdout.clone();
    assert!(reported.contains("authentication: unverified"), "{reported}");
}

#[test]
fn reimaged_laptop_replaces_itself_without_another_use() {
    let (imd, service, token) =
        served(3, |answers| answers.replace("devices_per_user = 2", "devices_per_user = 1").replace("= 5000", "= 1"));
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    let old = laptop.claim(&service, "user1").granted()["device"].clone();
    let again = laptop.imaged_anew();
    again.enroll(&service, &token).granted();
    let new = again.claim(&service, "user1").granted()["device"].clone();
    assert_ne!(old, new);
    let states = imd.rows("SELECT id, state FROM device ORDER BY number");
    assert_eq!((&states[0]["id"], &states[0]["state"]), (&old, &"replaced".into()));
    assert_eq!((&states[1]["id"], &states[1]["state"]), (&new, &"activated".into()));
    assert_eq!(laptop.check_in(&service).granted()["state"], "replaced");
    // Another laptop is another use, of which there is none left.
    assert_eq!(Laptop::new(2).enroll(&service, &token).error(), "token-refused");
}

#[test]
fn same_host_name_does_not_merge_two_laptops() {
    let (imd, service, token) = served(3, |answers| answers);
    for number in [1, 2] {
        let laptop = Laptop { host: "LAPTOP".to_owned(), ..Laptop::new(number) };
        laptop.enroll(&service, &token).granted();
        laptop.claim(&service, "user1").granted();
    }
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 2);
}

#[test]
fn forged_hardware_ids_take_nothing() {
    let (imd, service, token) = served(3, |answers| answers.replace("= 5000", "= 2"));
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    laptop.claim(&service, "user1").granted();
    let clone = laptop.imaged_anew();
    clone.enroll(&service, &token).granted();
    clone.claim(&service, "user2").granted();
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 2);
    assert_eq!(imd.row("SELECT count(*) AS n FROM token_use")["n"], 2, "a second user's laptop is a second use");
    // Which is why a third user finds none left.
    let third = clone.imaged_anew();
    third.enroll(&service, &token).granted();
    assert_eq!(third.claim(&service, "user0").error(), "token-refused");
}

#[test]
fn activated_device_is_refused_for_other_users() {
    let (imd, service, token) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    laptop.claim(&service, "user1").granted();
    assert_eq!(laptop.claim(&service, "user2").error(), "refused");
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "device-taken");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 1);
}

#[test]
fn replace_oldest_replaces_the_oldest_laptop() {
    let (imd, service, token) =
        served(3, |answers| answers.replace(r#"at_limit = "refuse""#, r#"at_limit = "replace-oldest""#));
    for number in 1..=3 {
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token).granted();
        laptop.claim(&service, "user1").granted();
    }
    let states = imd.rows("SELECT host_name, state FROM device ORDER BY number");
    let states: Vec<_> = states.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["replaced", "activated", "activated"]);
}
