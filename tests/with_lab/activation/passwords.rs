//! Password checks: one bind, no lockout, and uniform refusals.

use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use super::accounts::{Account, admin, remove};
use super::proxy::Proxy;
use super::workflow::set_up;
use crate::support::controller::Controller;
use crate::support::laptops::{Laptop, token};
use crate::support::service::{Service, free_address};

#[test]
fn three_of_fifty_wrong_passwords_are_forwarded() {
    let controller = Controller::of_the_lab();
    let account = Account::new(&controller, "at-once");
    let proxy = Proxy::before(&controller.address);
    let address = free_address();
    let imd = set_up(&controller, &format!("ldaps://{}", proxy.address), &address.to_string());
    let service = Service::start(&imd, address);
    let token = token(&imd);
    let laptops: Vec<Laptop> = (0..10).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(&service, &token).granted();
    }
    proxy.connections();
    assert_eq!(service.post("/v1/claim", &laptops[0].password_request("nobody", "x")).error(), "refused");
    assert_eq!(proxy.connections(), 1, "for a user who is not cached there is one look-up, and no bind as them");
    assert_eq!(imd.row("SELECT count(*) AS n FROM password_attempt")["n"], 0);

    let together = Arc::new(Barrier::new(50));
    let asking: Vec<_> = (0..50)
        .map(|number| {
            let (call, together) = (service.caller(), Arc::clone(&together));
            let request = laptops[number % 10].password_request(&account.name, &format!("wrong {number}"));
            thread::spawn(move || {
                together.wait();
                call("/v1/claim", &request).unwrap().error()
            })
        })
        .collect();
    for thread in asking {
        assert_eq!(thread.join().unwrap(), "refused");
    }
    let tried = imd.row("SELECT count(*) AS n FROM refusal WHERE reason = 'password'")["n"].clone();
    assert_eq!(tried, 3);
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal WHERE reason = 'too-many-passwords'")["n"], 47);
    // Each bind has a connection of its own; one look at the domain's policy comes on top and binds as another.
    assert_eq!(imd.row("SELECT count(*) AS n FROM password_attempt")["n"], 3);
    assert_eq!(proxy.connections(), 4);

    service.kill();
    let service = Service::start(&imd, address);
    proxy.connections();
    let right = laptops[1].password_request(&account.name, &controller.user_password);
    assert_eq!(service.post("/v1/claim", &right).error(), "refused", "the right one does not reach it either");
    assert!(proxy.connections() <= 1, "no more than the look at the policy");
    assert_eq!(imd.row("SELECT count(*) AS n FROM password_attempt")["n"], 3);
    // The controller itself still lets the user in.
    let status = Command::new("ldapsearch")
        .args([
            "-x",
            "-H",
            &controller.url,
            "-D",
            &format!("{}@one.test", account.name),
            "-w",
            &controller.user_password,
        ])
        .args(["-s", "base", "-b", "", "currentTime"])
        .env("LDAPTLS_CACERT", &controller.ca)
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

/// A fine-grained password policy of the lab's domain for one account, removed after the test.
struct Policy(String);

impl Policy {
    fn locking_after(threshold: u32, account: &Account, base_dn: &str) -> Self {
        let name = format!("{}-policy", account.name);
        let this = Self(format!("CN={name},CN=Password Settings Container,CN=System,{base_dn}"));
        remove(&this.0);
        // Half an hour, in 100 ns.
        let ldif = format!(
            "dn: {}\nobjectClass: msDS-PasswordSettings\nmsDS-PasswordSettingsPrecedence: {threshold}\n\
             msDS-PasswordReversibleEncryptionEnabled: FALSE\nmsDS-PasswordHistoryLength: 0\n\
             msDS-PasswordComplexityEnabled: FALSE\nmsDS-MinimumPasswordLength: 0\nmsDS-MinimumPasswordAge: 0\n\
             msDS-MaximumPasswordAge: -9223372036854775808\nmsDS-LockoutThreshold: {threshold}\n\
             msDS-LockoutObservationWindow: -18000000000\nmsDS-LockoutDuration: -18000000000\n\
             msDS-PSOAppliesTo: {}\n",
            this.0, account.dn
        );
        admin("ldapadd", &[], &ldif);
        this
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

#[test]
fn half_the_lockout_threshold_is_forwarded() {
    let mut controller = Controller::of_the_lab();
    let base_dn = controller.base_dn.clone();
    let reader = (controller.bind.clone(), controller.password.clone());
    let admin = ["ADMIN_BIND", "ADMIN_PASSWORD"].map(|name| std::env::var(format!("IMD_LAB_{name}")).unwrap());
    // An account that may read the policies, and one that only sees that there is one: then a single try is safe.
    for (number, (bind, password), threshold, tried) in [
        (1, (admin[0].clone(), admin[1].clone()), 2, "1"),
        (2, (admin[0].clone(), admin[1].clone()), 5, "2"),
        (3, (admin[0].clone(), admin[1].clone()), 10, "3"),
        (4, reader, 10, "1"),
    ] {
        (controller.bind, controller.password) = (bind, password);
        let account = Account::new(&controller, &format!("own-policy-{number}"));
        let _policy = Policy::locking_after(threshold, &account, &base_dn);
        let address = free_address();
        let imd = set_up(&controller, &controller.url, &address.to_string());
        let service = Service::start(&imd, address);
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token(&imd)).granted();
        for wrong in 0..5 {
            let request = laptop.password_request(&account.name, &format!("wrong {wrong}"));
            assert_eq!(service.post("/v1/claim", &request).error(), "refused");
        }
        // The controller's own count of them; what is not there is none.
        let found = controller.ldapsearch(&account.dn, "(objectClass=user)", &["badPwdCount", "lockoutTime"]);
        let entry = found.values().next().unwrap();
        let of = |name: &str| entry.get(name).map(|values| String::from_utf8(values.first().unwrap().clone()).unwrap());
        assert_eq!(of("badpwdcount").as_deref(), Some(tried), "locked after {threshold}, read as {}", controller.bind);
        assert!(of("lockouttime").is_none_or(|at| at == "0"), "no account is locked");
    }
}

#[test]
fn unreachable_controller_makes_laptops_wait() {
    let controller = Controller::of_the_lab();
    let account = Account::new(&controller, "cut-off");
    let proxy = Proxy::before(&controller.address);
    let address = free_address();
    let imd = set_up(&controller, &format!("ldaps://{}", proxy.address), &address.to_string());
    let service = Service::start(&imd, address);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    let request = laptop.password_request(&account.name, &controller.user_password);
    proxy.cut();
    for _ in 0..5 {
        let answer = service.post("/v1/claim", &request);
        assert_eq!((answer.status, answer.error().as_str()), (503, "directory-unavailable"));
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    }
    assert_eq!(imd.row("SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM password_attempt) AS n")["n"], 0);
    proxy.restore();
    service.post("/v1/claim", &request).granted();
    assert_eq!(imd.row("SELECT state FROM device")["state"], "activated");
}

#[test]
fn disabled_user_is_refused_like_a_wrong_password() {
    let controller = Controller::of_the_lab();
    let account = Account::new(&controller, "disabled-since");
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    let service = Service::start(&imd, address);
    let token = token(&imd);
    account.disable();
    let mut seen = Vec::new();
    for (number, user, password) in [
        (1, account.name.as_str(), controller.user_password.as_str()),
        (2, "lab-user", "wrong"),
        (3, "lab-must-change", &controller.user_password),
        (4, "nobody", &controller.user_password),
        (5, "lab-user", ""),
    ] {
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token).granted();
        let answer = service.post("/v1/claim", &laptop.password_request(user, password));
        let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
        seen.push((answer.status, answer.body.replace(&id, "ID")));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let reasons: Vec<_> = imd.rows("SELECT reason, detail FROM refusal ORDER BY number");
    let details: Vec<_> = reasons.iter().map(|row| row["detail"].as_str().unwrap()).collect();
    assert!(details[0].contains("disabled"), "the administrator sees why: {details:?}");
    assert!(details[2].contains("must be changed"), "{details:?}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
}

#[test]
fn password_of_another_account_with_the_name_is_refused() {
    let controller = Controller::of_the_lab();
    let first = Account::new(&controller, "passed-on");
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    let service = Service::start(&imd, address);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    // The account is removed, and another person gets the name before the next sync.
    first.gone();
    let second = Account::new(&controller, "passed-on");
    let answer = service.post("/v1/claim", &laptop.password_request(&second.name, &controller.user_password));
    assert_eq!(answer.error(), "refused");
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "name-reassigned");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
}
