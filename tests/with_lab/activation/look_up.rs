//! A user whom no sync has seen yet: looked up once, by the rules of a sync, and only so often.

use super::accounts::Account;
use super::proxy::Proxy;
use super::workflow::set_up;
use crate::support::controller::Controller;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, token};
use crate::support::service::{Service, free_address};

/// An installation with its controller behind a proxy, with its service and its token.
fn behind(proxy: &Proxy, controller: &Controller) -> (Installation, Service, String) {
    let address = free_address();
    let imd = set_up(controller, &format!("ldaps://{}", proxy.address), &address.to_string());
    let service = Service::start(&imd, address);
    let token = token(&imd);
    (imd, service, token)
}

fn reason(imd: &Installation) -> String {
    imd.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1")["reason"].as_str().unwrap().to_owned()
}

#[test]
fn new_hire_is_activated_before_the_next_sync() {
    let controller = Controller::of_the_lab();
    let proxy = Proxy::before(&controller.address);
    let (imd, service, token) = behind(&proxy, &controller);
    let user = Account::new(&controller, "hired-today");
    let before = imd.row("SELECT count(*) AS n FROM cached_user")["n"].clone();
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    let name = format!(r"ONE\{}", user.name);
    let wrong = laptop.password_request(&name, "wrong");
    assert_eq!(service.post("/v1/claim", &wrong).error(), "refused");
    assert_eq!(reason(&imd), "password", "the user is known by now");
    let granted = service.post("/v1/claim", &laptop.password_request(&name, &controller.user_password)).granted();
    assert_eq!(granted["account"]["profile"], "Laptops", "{granted}");
    let cached = imd.row("SELECT mapping, state FROM user WHERE sam_account_name = 'hired-today'");
    assert_eq!((&cached["mapping"], &cached["state"]), (&"Lab".into(), &"active".into()), "{cached}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM cached_user")["n"].as_i64(), before.as_i64().map(|n| n + 1));
    let reported = imd.row("SELECT actor, verb, subject FROM audit WHERE detail LIKE '%by a look-up%'");
    assert_eq!(reported["verb"], "claim", "{reported}");
    assert!(reported["actor"].as_str().unwrap().starts_with("laptop "), "{reported}");
    // What the look-up kept is what a sync would have kept: for the sync there is nothing to change.
    let plan = imd.json(["sync", "--plan"]);
    let lines = plan["changes"].as_array().unwrap().iter().filter(|line| line.to_string().contains("hired-today"));
    assert_eq!(lines.count(), 0, "{plan}");
    imd.imd(["sync", "--approve", plan["plan"]["hash"].as_str().unwrap()]).succeeded();
    for form in ["hired-today", "hired-today@one.test", r"ONE\hired-today"] {
        assert_eq!(imd.json(["users", form])["items"].as_array().unwrap().len(), 1, "{form}");
    }
}

#[test]
fn look_up_excludes_whom_a_sync_excludes() {
    let controller = Controller::of_the_lab();
    let proxy = Proxy::before(&controller.address);
    let (imd, service, token) = behind(&proxy, &controller);
    let mut elsewhere = Account::new(&controller, "hired-elsewhere");
    elsewhere.moved(&format!("CN=Users,{}", controller.base_dn));
    let disabled = Account::new(&controller, "hired-disabled");
    disabled.disable();
    let before = imd.row("SELECT count(*) AS n FROM cached_user")["n"].clone();
    let mut bodies = Vec::new();
    for (number, user) in [(1, elsewhere.name.as_str()), (2, &disabled.name), (3, "nobody-at-all")] {
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token).granted();
        proxy.connections();
        let answer = service.post("/v1/claim", &laptop.password_request(user, &controller.user_password));
        let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
        assert!(answer.took >= std::time::Duration::from_secs(1), "{user}: the minimum time");
        assert_eq!(reason(&imd), "user-unknown", "{user}");
        assert_eq!(proxy.connections(), 1, "{user}: it was asked");
        bodies.push((answer.status, answer.body.replace(&id, "ID")));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM cached_user")["n"], before);
    assert_eq!(imd.row("SELECT count(*) AS n FROM password_attempt")["n"], 0, "no password was tried");
}

#[test]
fn look_ups_are_limited_across_restarts() {
    let controller = Controller::of_the_lab();
    let proxy = Proxy::before(&controller.address);
    let (imd, service, token) = behind(&proxy, &controller);
    let laptop = Laptop::new(1);
    // Without an enrolled device the directory is not asked.
    proxy.connections();
    let unknown = service.post("/v1/claim", &laptop.password_request("nobody-0", "x"));
    assert_eq!((unknown.error().as_str(), proxy.connections()), ("device-refused", 0));
    laptop.enroll(&service, &token).granted();
    // Fewer at a time than a device may ask in a minute.
    let ask = |service: &Service, names: std::ops::Range<u32>| {
        let asking: Vec<_> = names
            .map(|number| {
                let (call, request) = (service.caller(), laptop.password_request(&format!("nobody-{number}"), "x"));
                std::thread::spawn(move || call("/v1/claim", &request).unwrap().error())
            })
            .collect();
        for thread in asking {
            let error = thread.join().unwrap();
            assert!(error == "refused" || error == "too-many", "{error}");
        }
    };
    ask(&service, 0..25);
    assert_eq!(proxy.connections(), 3);
    service.kill();
    let service = Service::start(&imd, free_address());
    proxy.connections();
    ask(&service, 25..50);
    assert_eq!(proxy.connections(), 0, "a restart does not reset the limit");
    assert_eq!(imd.row("SELECT count(*) AS n FROM look_up")["n"], 3);
}

#[test]
fn unknown_user_waits_while_directory_is_unavailable() {
    let controller = Controller::of_the_lab();
    let proxy = Proxy::before(&controller.address);
    let (imd, service, token) = behind(&proxy, &controller);
    let user = Account::new(&controller, "hired-in-the-dark");
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    let request = laptop.password_request(&user.name, &controller.user_password);
    let before = imd.row("SELECT count(*) AS n FROM cached_user")["n"].clone();
    proxy.cut();
    let answer = service.post("/v1/claim", &request);
    assert_eq!((answer.status, answer.error().as_str()), (503, "directory-unavailable"));
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(imd.row("SELECT count(*) AS n FROM cached_user")["n"], before);
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
    proxy.restore();
    service.post("/v1/claim", &request).granted();
}
