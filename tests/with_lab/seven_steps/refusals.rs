//! What the directory or its certificate refuses: each its own clear error, and nothing is lost by it.

use std::process::Command;

use super::rollout::{Rollout, set_up};
use crate::support::another_name::under_another_name;
use crate::support::controller::Controller;
use crate::support::installation::{Installation, Run};

/// Sets up by a rollout that is spoilt, and says what came of it. Nothing of it may stay.
fn refused(rollout: &Rollout) -> Run {
    let imd = Installation::new();
    rollout.write(&imd);
    let run = imd.imd(["setup", "--answers", "rollout.toml"]);
    for table in ["directory", "profile", "storage", "mapping", "token", "export", "sealed_secret"] {
        assert!(imd.rows(&format!("SELECT 1 FROM {table}")).is_empty(), "{table} holds something: {run:#?}");
    }
    assert!(!imd.path("rollout").exists(), "nothing was exported");
    run
}

#[test]
fn certificate_of_another_ca_is_reported() {
    let controller = Controller::of_the_lab();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("other-ca.pem");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args([
            "-subj",
            "/CN=Another CA",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(&ca)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let run = refused(&Rollout { ca: ca.display().to_string(), ..Rollout::on(&controller) });
    // It names the one who did sign it.
    run.failed_with(1, ["TLS", "IMD lab CA", "not trusted"]);
}

#[test]
fn certificate_for_another_name_is_reported() {
    let controller = Controller::of_the_lab();
    let url = under_another_name(&controller.address);
    let run = refused(&Rollout { url, ..Rollout::on(&controller) });
    // It names both: what was asked for, and what the certificate is good for.
    run.failed_with(1, ["TLS", "localhost", "dc1.one.test"]);
}

#[test]
fn wrong_password_is_reported() {
    let controller = Controller::of_the_lab();
    let rollout = Rollout { password: "not-the-password".to_owned(), ..Rollout::on(&controller) };
    let run = refused(&rollout);
    run.failed_with(1, ["bind", "52e"]);
    assert!(!format!("{run:?}").contains("not-the-password"));
}

#[test]
fn disabled_account_is_reported() {
    let controller = Controller::of_the_lab();
    let mut rollout = Rollout::on(&controller);
    "lab-disabled@one.test".clone_into(&mut rollout.bind);
    rollout.password.clone_from(&controller.user_password);
    refused(&rollout).failed_with(1, ["bind", "533", "disabled"]);
}

#[test]
fn expired_account_differs_from_expired_password() {
    let controller = Controller::of_the_lab();
    for (account, code) in [("lab-expired", "701"), ("lab-must-change", "773")] {
        let mut rollout = Rollout::on(&controller);
        rollout.bind = format!("{account}@one.test");
        rollout.password.clone_from(&controller.user_password);
        refused(&rollout).failed_with(1, ["bind", code]);
    }
}

#[test]
fn an_empty_password_never_reaches_the_network() {
    let controller = Controller::of_the_lab();
    // A closed port: a connection attempt would give another error.
    let rollout =
        Rollout { password: String::new(), url: "ldaps://127.0.0.1:1".to_owned(), ..Rollout::on(&controller) };
    let run = refused(&rollout);
    run.failed_with(1, ["empty"]);
}

#[test]
fn closed_port_is_reported() {
    let controller = Controller::of_the_lab();
    let rollout = Rollout { url: "ldaps://127.0.0.1:1".to_owned(), ..Rollout::on(&controller) };
    refused(&rollout).failed_with(1, ["127.0.0.1", "port"]);
}

#[test]
fn missing_base_dn_keeps_the_cache() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let users = imd.json(["status"])["users"].clone();
    assert!(users.as_u64().unwrap() > 200, "{users}");
    let gone = Rollout { base: "DC=gone,DC=test".to_owned(), ..Rollout::on(&controller) };
    gone.write(&imd);
    let run = imd.imd(["setup", "--answers", "rollout.toml", "--yes"]);
    run.failed_with(1, ["Corp,DC=gone,DC=test"]);
    assert_eq!(imd.json(["status"])["users"], users);
}

#[test]
fn unreachable_controller_keeps_the_cache() {
    let controller = Controller::of_the_lab();
    let imd = set_up(&controller);
    let users = imd.json(["status"])["users"].clone();
    // The same installation, but nothing answers any more where the controller was.
    imd.sqlite(&[], "UPDATE directory SET urls = '[\"ldaps://127.0.0.1:1\"]'");
    imd.imd(["sync"]).failed_with(1, ["127.0.0.1"]);
    assert_eq!(imd.json(["status"])["users"], users);
}

#[test]
fn each_bind_name_form_works() {
    let controller = Controller::of_the_lab();
    let name = controller.bind.split('@').next().unwrap().to_owned();
    let dn = format!("CN={name},OU=Lab,{}", controller.base_dn);
    for bind in [format!("ONE\\{name}"), dn] {
        let imd = Installation::new();
        Rollout { bind, ..Rollout::on(&controller) }.write(&imd);
        imd.imd(["setup", "--answers", "rollout.toml"]).succeeded();
    }
}
