//! What an administrator stops is stopped at the next request.

use crate::support::laptops::{Laptop, served};

#[test]
fn revoked_token_stops_enrolling_and_activating() {
    let (imd, service, token) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    imd.imd(["token", "revoke", "rollout-2026"]).succeeded();
    assert_eq!(Laptop::new(2).enroll(&service, &token).error(), "token-refused");
    assert_eq!(laptop.claim(&service, "user1").error(), "token-refused");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
}

#[test]
fn revoked_hardware_is_refused_until_released() {
    let (imd, service, token) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    let device = laptop.enroll(&service, &token).granted()["device"].as_str().unwrap().to_owned();
    laptop.claim(&service, "user1").granted();
    imd.imd(["devices", "revoke", &device]).succeeded();
    assert_eq!(laptop.claim(&service, "user1").error(), "device-refused");
    assert_eq!(laptop.imaged_anew().enroll(&service, &token).error(), "device-refused");
    assert_eq!(laptop.check_in(&service).granted()["state"], "revoked");
    imd.imd(["devices", "release", &device]).succeeded();
    let again = laptop.imaged_anew();
    again.enroll(&service, &token).granted();
    again.claim(&service, "user1").granted();
    let listed = imd.json(["devices", "user 1"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
}

#[test]
fn paused_service_answers_retry_after() {
    let (imd, service, token) = served(3, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    imd.imd(["pause", "--until", "2h"]).succeeded();
    let answer = laptop.claim(&service, "user1");
    assert_eq!((answer.status, answer.error().as_str()), (503, "paused"));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((6_000..=7_200).contains(&wait), "{wait}");
    assert_eq!(Laptop::new(2).enroll(&service, &token).error(), "paused");
    assert_eq!(service.get("/v1/health").granted()["status"], "paused");
    assert_eq!(imd.row("SELECT count(*) AS n FROM device")["n"], 1);
    imd.imd(["resume"]).succeeded();
    laptop.claim(&service, "user1").granted();
    assert_eq!(service.get("/v1/health").granted()["status"], "ok");
}

#[test]
fn funnel_counts_laptops_and_users() {
    let (imd, service, token) = served(5, |answers| answers);
    for number in 1..=3 {
        Laptop::new(number).enroll(&service, &token).granted();
    }
    Laptop::new(1).claim(&service, "user1").granted();
    Laptop::new(2).claim(&service, "nobody").error();
    let status = imd.json(["status"]);
    let activations = &status["activations"];
    let funnel = &activations["funnel"];
    assert_eq!((&funnel["cached"], &funnel["accounts"]), (&5.into(), &1.into()), "{status}");
    assert_eq!((&funnel["pending"], &funnel["activated"]), (&2.into(), &1.into()), "{status}");
    assert_eq!(activations["refused"], serde_json::json!([["user-unknown", 1]]), "{status}");
    let metrics = service.get("/metrics").body;
    for line in [
        r#"imd_devices{state="pending"} 2"#,
        r#"imd_devices{state="activated"} 1"#,
        r#"imd_requests_total{route="/v1/claim",outcome="refused"} 1"#,
        "imd_cached_users 5",
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line} is not in\n{metrics}");
    }
}
