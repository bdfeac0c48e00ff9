//! Rate limits per device and token.

use std::sync::Arc;

use imd::engine::{Asker, Denial, Engine, Options};
use imd::protocol::Code;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, company, served, token};

/// The service's engine, a quarter past a minute that never ends.
struct Api(Engine);

impl Api {
    fn of(imd: &Installation) -> Self {
        let minute = Timestamp::now().as_second().div_euclid(60) * 60;
        let now = Timestamp::from_second(minute + 15).unwrap();
        Self(Engine::open(Options { clock: Arc::new(move || now), ..Options::of_host(imd.state()) }).unwrap())
    }

    fn asker() -> Asker {
        Asker { peer: Some([127, 0, 0, 1].into()), correlation: "0123456789abcdef".to_owned(), end_point: None }
    }

    fn enroll(&self, request: Value) -> Result<(), Denial> {
        self.0.enroll(&serde_json::from_value(request).unwrap(), &Self::asker()).map(drop)
    }

    fn claim(&self, request: Value) -> Result<(), Denial> {
        self.0.claim(&serde_json::from_value(request).unwrap(), &Self::asker()).map(drop)
    }

    fn check_in(&self, key: &str) -> Result<(), Denial> {
        let request = json!({ "device_key": key, "agent": "test 1" });
        self.0.check_in(&serde_json::from_value(request).unwrap(), &Self::asker()).map(drop)
    }
}

const WAIT: Result<(), Denial> = Err(Denial { code: Code::TooMany, retry_after: Some(45), auth_methods: Vec::new() });

/// A paused service answers at once; requests are counted even so.
fn paused(imd: &Installation) -> Result<(), Denial> {
    imd.imd(["pause"]).succeeded();
    Err(Denial::of(Code::Paused))
}

#[test]
fn enrollments_are_limited_per_token() {
    let imd = company(1, |answers| answers);
    let token = token(&imd);
    let other = imd.imd(["token", "create", "other", "--server", "https://imd.corp.example.com:7443"]);
    let other = other.succeeded().stdout.trim().to_owned();
    let denied = paused(&imd);
    let api = Api::of(&imd);
    let laptop = Laptop::new(1);
    for _ in 0..6_000 {
        assert_eq!(api.enroll(laptop.enroll_request(&token)), denied);
    }
    assert_eq!(api.enroll(laptop.enroll_request(&token)), WAIT);
    assert_eq!(api.enroll(laptop.enroll_request(&other)), denied);
}

#[test]
fn claims_are_limited_per_device() {
    let imd = company(1, |answers| answers);
    let token = token(&imd);
    let api = Api::of(&imd);
    let laptops = [Laptop::new(1), Laptop::new(2)];
    for laptop in &laptops {
        api.enroll(laptop.enroll_request(&token)).unwrap();
    }
    let denied = paused(&imd);
    for _ in 0..30 {
        assert_eq!(api.claim(laptops[0].claim_request("user0")), denied);
    }
    assert_eq!(api.claim(laptops[0].claim_request("user0")), WAIT);
    assert_eq!(api.claim(laptops[1].claim_request("user0")), denied);
}

#[test]
fn password_attempts_are_limited_per_token() {
    let imd = company(1, |answers| answers.replace(r#"["unverified"]"#, r#"["password"]"#));
    let token = token(&imd);
    let other = imd.imd(["token", "create", "other", "--server", "https://imd.corp.example.com:7443"]);
    let other = other.succeeded().stdout.trim().to_owned();
    let api = Api::of(&imd);
    let last = Laptop::new(100);
    for laptop in (0..21).map(Laptop::new) {
        api.enroll(laptop.enroll_request(&token)).unwrap();
    }
    api.enroll(last.enroll_request(&other)).unwrap();
    let denied = paused(&imd);
    for number in 0..600 {
        // No laptop of these asks more often than it may.
        let request = Laptop::new(number / 30).password_request(&format!("user{number}"), "Spring2026");
        assert_eq!(api.claim(request), denied, "{number}");
    }
    assert_eq!(api.claim(Laptop::new(20).password_request("user600", "Spring2026")), WAIT);
    assert_eq!(
        api.claim(Laptop::new(20).claim_request("user600")),
        denied,
        "what is no password is not counted as one"
    );
    assert_eq!(api.claim(last.password_request("user600", "Spring2026")), denied, "nor is another token's");
}

#[test]
fn check_ins_are_limited_and_unknown_keys_leave_few_rows() {
    let imd = company(1, |answers| answers);
    let token = token(&imd);
    let api = Api::of(&imd);
    let laptop = Laptop::new(0);
    api.enroll(laptop.enroll_request(&token)).unwrap();
    for _ in 0..10 {
        assert_eq!(api.check_in(&laptop.key(1)), Ok(()));
    }
    assert_eq!(api.check_in(&laptop.key(1)), WAIT);
    // Unknown keys and invalid tokens get their reason, up to a limit.
    let unknown = Err(Denial::of(Code::DeviceRefused));
    for number in 1..=20 {
        let laptop = Laptop::new(number);
        assert_eq!(api.check_in(&laptop.key(1)), unknown);
        assert_eq!(api.claim(laptop.claim_request("user0")), unknown);
        assert_eq!(api.enroll(laptop.enroll_request("v4.public.none")), Err(Denial::of(Code::TokenRefused)));
    }
    let laptop = Laptop::new(21);
    assert_eq!(api.check_in(&laptop.key(1)), WAIT);
    assert_eq!(api.claim(laptop.claim_request("user0")), WAIT);
    assert_eq!(api.enroll(laptop.enroll_request("v4.public.none")), WAIT);
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal")["n"], 60);
    // Requests with a valid token or device key are not affected.
    api.enroll(laptop.enroll_request(&token)).unwrap();
    assert_eq!(api.check_in(&laptop.key(1)), Ok(()));
    assert_eq!(api.claim(laptop.claim_request("nobody")), Err(Denial::of(Code::Refused)));
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal")["n"], 61, "and what was wrong with it is kept");
}

#[test]
fn rate_limit_answers_429_with_retry_after() {
    let (_imd, service, token) = served(1, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    // At most ten in each of two minutes, whenever the minute ends.
    let answer = (0..21).map(|_| laptop.check_in(&service)).find(|answer| answer.status != 200).unwrap();
    assert_eq!((answer.status, answer.error().as_str()), (429, "too-many"));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}
