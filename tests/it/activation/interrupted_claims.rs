//! A password that was sent to a controller which never answered.

use imd::model::audit::Actor;
use imd::model::directory::{Directory, Source};
use imd::store::{By, Store};

use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, company, token};
use crate::support::server::{Certificate, Server};
use crate::support::service::{Service, free_address};

/// The directory of the installation is that server from now on; whom it would have is cached already.
fn moved_to(imd: &Installation, server: &Server) {
    let store = Store::open(&imd.state()).unwrap();
    let kept = store.list::<Directory>().unwrap().remove(0);
    let directory = Directory { source: Source::Ldap(server.source()), ..kept.value };
    let by = By { actor: &Actor::new("anna"), at: jiff::Timestamp::now(), verb: "test" };
    store.save(&directory, Some(kept.version), &by).unwrap();
}

#[test]
fn unanswered_bind_counts_as_a_password_attempt() {
    let imd = company(2, |answers| answers.replace(r#"["unverified"]"#, r#"["password"]"#));
    imd.imd(["sync"]).succeeded();
    // It takes the bind, and is gone before it answers.
    let server = Server::start_with(&Certificate::default(), 1, |client, _| drop(client.request()));
    moved_to(&imd, &server);
    let service = Service::start(&imd, free_address());
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token(&imd)).granted();
    let ask = || service.post("/v1/claim", &laptop.password_request("user1", "S3cret-half-way"));
    let answer = ask();
    assert_eq!((answer.status, answer.error().as_str()), (503, "directory-unavailable"));
    let heard = server.finish();
    assert!(heard.windows(15).any(|part| part == b"S3cret-half-way"), "the password was sent");
    assert_eq!(imd.row("SELECT count(*) AS n FROM password_attempt")["n"], 1);
    // The server is closed: an attempt would fail with an unavailable directory again.
    assert_eq!(ask().error(), "refused");
    let why = imd.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1");
    assert_eq!(why["reason"], "too-many-passwords");
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 0);
}
