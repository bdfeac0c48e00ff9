//! By which ways a controller is reached: StartTLS, a pinned key, the next address, DNS. None of them says a word too
//! early or to the wrong one.
//!
//! The servers are fake ones, so that they can do what no healthy one does; TLS is real.

mod name_server;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use imd::directory::ldap::{self, Controller, Deadlines, Discovered, discover};
use imd::directory::{self, Error};
use imd::model::check::{Check, Outcome};
use imd::model::directory::{Ldap, Source, Trust, Url};
use imd::model::job::Job;
use imd::secrets::Secret;
use name_server::NameServer;

use crate::support::server::*;

/// Long enough for a busy machine to do what it does at once.
const AMPLE: Duration = Duration::from_mins(1);
/// For servers that are meant to miss it.
const SHORT: Duration = Duration::from_millis(300);

/// The request for TLS, byte by byte (RFC 4511, 4.14.1): message 1, an ExtendedRequest with its name.
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

fn open(source: &Ldap, each: Duration) -> Result<Controller, Error> {
    let deadlines = Deadlines { connect: each, bind: each, page: each };
    Controller::open(source, Some(&Secret::new("secret")), deadlines, &Job::unwatched())
}

fn refusal(source: &Ldap) -> ldap::Error {
    match open(source, AMPLE) {
        Err(Error::Ldap(error)) => {
            assert!(!error.help().is_empty());
            error
        }
        other => panic!("{other:?}"),
    }
}

/// The same server, asked for TLS by StartTLS.
fn by_start_tls(source: Ldap) -> Ldap {
    let urls = source.urls.iter().map(|url| format!("ldap://{}:{}", url.host, url.port).parse().expect("an address"));
    Ldap { urls: urls.collect(), ..source }
}

/// Takes the request for TLS and answers with these bytes.
fn answering(answer: Vec<u8>) -> impl FnMut(&mut TcpStream) -> bool {
    move |stream| {
        let mut request = [0; START_TLS.len()];
        stream.read_exact(&mut request).expect("a request");
        assert_eq!(request, START_TLS);
        stream.write_all(&answer).is_ok()
    }
}

/// Everything that a client says without TLS to a server which answers its request for TLS so.
fn said_to(answer: Vec<u8>) -> (ldap::Error, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let source = by_start_tls(source_at(&listener));
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        answering(answer)(&mut stream);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        rest
    });
    (refusal(&source), thread.join().expect("it ends"))
}

#[test]
fn only_start_tls_is_sent_before_tls() {
    let server = Server::start_after(&Certificate::default(), 1, answering(result(1, 0x78, 0, "")), |client, _| {
        client.accept_bind();
        client.wait_for_the_end();
    });
    drop(open(&by_start_tls(server.source()), AMPLE).expect("it binds"));
    let heard = server.finish();
    assert!(heard.windows(6).any(|bytes| bytes == b"secret"), "the bind went through TLS");
}

#[test]
fn nothing_is_sent_after_refused_start_tls() {
    for code in [2, 52, 53] {
        let (error, rest) = said_to(result(1, 0x78, code, "no certificate"));
        assert!(
            matches!(error, ldap::Error::StartTlsRefused { code: found, .. } if found == u32::from(code)),
            "{error:?}"
        );
        assert!(error.to_string().contains("no certificate"), "{error}");
        assert_eq!(rest, b"");
    }
}

#[test]
fn data_after_the_start_tls_answer_is_rejected() {
    // A successful bind response, injected before TLS.
    let (error, rest) = said_to([result(1, 0x78, 0, ""), result(1, 0x61, 0, "")].concat());
    assert!(matches!(error, ldap::Error::DataBeforeTls { .. }), "{error:?}");
    assert_eq!(rest, b"");
}

#[test]
fn plain_text_during_the_handshake_is_rejected() {
    let before_tls = |stream: &mut TcpStream| {
        answering(result(1, 0x78, 0, ""))(stream);
        // The handshake has begun when its first byte is here.
        let _ = stream.peek(&mut [0]);
        let _ = stream.write_all(&result(1, 0x61, 0, ""));
        true
    };
    let server = Server::start_after(&Certificate::default(), 1, before_tls, |client, _| client.wait_for_the_end());
    let error = refusal(&by_start_tls(server.source()));
    assert!(matches!(error, ldap::Error::NotTls { .. }), "{error:?}");
    assert_eq!(server.finish(), b"");
}

#[test]
fn invalid_start_tls_answer_is_an_error() {
    let notice = said_to(result(0, 0x78, 52, "going down"));
    assert!(matches!(&notice.0, ldap::Error::Notice { message, .. } if message == "going down"), "{notice:?}");
    for answer in [b"220 mail.example ESMTP\r\n".to_vec(), result(1, 0x61, 0, ""), result(2, 0x78, 0, "")] {
        let (error, rest) = said_to(answer);
        assert!(matches!(error, ldap::Error::Malformed { .. }), "{error:?}");
        assert_eq!(rest, b"");
    }
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let late = open(&by_start_tls(source_at(&silent)), SHORT);
    assert!(matches!(late, Err(Error::Ldap(ldap::Error::TimedOut { what: "answer StartTLS", .. }))), "{late:?}");
}

#[test]
fn start_tls_verifies_certificates_like_ldaps() {
    for (certificate, expected) in [
        (Certificate { ends: 2020, ..Certificate::default() }, "expired on 2020-01-01"),
        (Certificate { name: "other.example", ..Certificate::default() }, "for another name: other.example"),
        (Certificate { unknown_ca: true, ..Certificate::default() }, "issued by \"Unknown CA\""),
    ] {
        let server = Server::start_after(&certificate, 1, answering(result(1, 0x78, 0, "")), |client, _| {
            client.wait_for_the_end();
        });
        let error = refusal(&by_start_tls(server.source()));
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(server.finish(), b"", "no credentials went to a server that was not believed");
    }
}

/// A server that anybody may have set up, as far as its certificate tells.
fn wrong_certificate() -> Certificate {
    Certificate { unknown_ca: true, name: "other.example", ends: 2020, ..Certificate::default() }
}

#[test]
fn pinned_key_is_accepted_from_any_issuer() {
    for old in [false, true] {
        let server = Server::start_with(&Certificate { old, ..wrong_certificate() }, 1, |client, _| {
            client.accept_bind();
            client.wait_for_the_end();
        });
        let source = Ldap { trust: Trust::Pins(vec![server.pin()]), ..server.source() };
        drop(open(&source, AMPLE).expect("it binds"));
        assert!(!server.finish().is_empty());
    }
}

#[test]
fn other_key_is_rejected_and_both_pins_shown() {
    // A good certificate by a known authority is no excuse.
    let server = Server::start_with(&Certificate::default(), 1, |client, _| client.wait_for_the_end());
    let pinned = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let source = Ldap { trust: Trust::Pins(vec![pinned.parse().expect("a pin")]), ..server.source() };
    let error = refusal(&source).to_string();
    let seen = server.pin().to_string();
    assert!(error.contains(pinned) && error.contains(&seen) && error.contains("A test CA"), "{error}");
    assert_eq!(server.finish(), b"", "no credentials went to a server that was not believed");
}

#[test]
fn pinned_certificate_without_its_key_is_rejected() {
    for old in [false, true] {
        let borrowed = Certificate { borrowed: true, old, ..wrong_certificate() };
        let server = Server::start_with(&borrowed, 1, |client, _| client.wait_for_the_end());
        let source = Ldap { trust: Trust::Pins(vec![server.pin()]), ..server.source() };
        let error = refusal(&source);
        assert!(matches!(error, ldap::Error::Tls { .. }), "{error:?}");
        assert_eq!(server.finish(), b"", "no credentials went to a server that was not believed");
    }
}

#[test]
fn rejected_certificate_is_shown_with_its_pin() {
    let server = Server::start_with(&Certificate { unknown_ca: true, ..Certificate::default() }, 2, |client, _| {
        client.wait_for_the_end();
    });
    let error = refusal(&server.source()).to_string();
    let pin = server.pin();
    assert!(error.contains("issued by \"Unknown CA\"") && error.contains(&pin.to_string()), "{error}");
    let keys = ldap::keys(&server.source().urls, &Job::unwatched()).expect("a key");
    assert_eq!(keys.iter().map(|key| (key.pin, key.signer.as_str())).collect::<Vec<_>>(), [(pin, "Unknown CA")]);
    assert_eq!(server.finish(), b"", "no credentials went to a server that was not believed");
}

/// The lines of the checklist as they ended.
fn checked(source: Ldap) -> Vec<Check> {
    let mut all = Vec::new();
    let password = Secret::new("secret");
    let now = jiff::Timestamp::now();
    directory::check(&Source::Ldap(source), Some(&password), now, &Job::unwatched(), &mut |check| all.push(check));
    all.retain(|check| check.outcome != Outcome::Running);
    all
}

#[test]
fn checklist_lists_reachable_servers() {
    let server = Server::start(|client| {
        client.accept_bind();
    });
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    let mut source = server.source();
    let reached = format!("{}:{}", source.urls[0].host, source.urls[0].port);
    source.urls.insert(0, format!("ldaps://{closed}").parse().expect("an address"));
    let lines = checked(source);
    let port = &lines[1];
    assert_eq!((port.name.as_ref(), port.outcome), ("port answers", Outcome::Warning));
    assert!(port.evidence.contains(&reached), "{port:?}");
    assert!(port.evidence.contains(&format!("ldaps://{closed} refused the connection")), "{port:?}");
    assert_eq!((lines[2].name.as_ref(), lines[2].outcome), ("TLS", Outcome::Ok));
    assert_eq!((lines[3].name.as_ref(), lines[3].outcome), ("bind", Outcome::Ok), "one of them is enough");
}

#[test]
fn a_refused_bind_is_not_tried_again_at_the_next_server() {
    let server = Server::start(|client| {
        let request = client.request();
        client.send(&result(request.id, 0x61, 49, "80090308: LdapErr, comment: AcceptSecurityContext, data 52e, v1"));
        client.wait_for_the_end();
    });
    let next = TcpListener::bind("127.0.0.1:0").expect("a port");
    next.set_nonblocking(true).expect("a socket");
    let mut source = server.source();
    source.urls.extend(source_at(&next).urls);
    let error = refusal(&source);
    assert!(matches!(error, ldap::Error::Bind { .. }), "{error:?}");
    let connection = next.accept().expect_err("no connection");
    assert_eq!(connection.kind(), std::io::ErrorKind::WouldBlock);
}

fn found(server: &NameServer, domain: &str, site: Option<&str>) -> Result<Vec<Discovered>, Error> {
    discover(domain, site, Some(server.address()), &Job::unwatched())
}

fn urls(found: &[Discovered]) -> Vec<String> {
    found.iter().map(|one| one.url.to_string()).collect()
}

#[test]
fn controllers_are_sorted_by_site_priority_and_weight() {
    let server = NameServer::start(&[
        ("_ldap._tcp.oslo._sites.dc._msdcs.corp.test", &[(0, 100, 389, "dc7.corp.test")]),
        (
            "_ldap._tcp.dc._msdcs.corp.test",
            &[
                (10, 0, 389, "dc1.corp.test"),
                (0, 50, 389, "dc2.corp.test"),
                (0, 100, 389, "DC7.corp.test"),
                (0, 200, 1389, "dc3.corp.test"),
                (0, 0, 389, "."),
            ],
        ),
    ]);
    let all = found(&server, "Corp.Test.", None).expect("controllers");
    let expected =
        ["ldap://dc3.corp.test:1389", "ldaps://dc7.corp.test", "ldaps://dc2.corp.test", "ldaps://dc1.corp.test"];
    assert_eq!(urls(&all), expected);
    assert!(all.iter().all(|one| one.within_domain && !one.of_site));
    let near = found(&server, "corp.test", Some("oslo")).expect("controllers");
    let expected =
        ["ldaps://dc7.corp.test", "ldap://dc3.corp.test:1389", "ldaps://dc2.corp.test", "ldaps://dc1.corp.test"];
    assert_eq!(urls(&near), expected, "those of the site first, without duplicates");
    assert_eq!(near.iter().map(|one| one.of_site).collect::<Vec<_>>(), [true, false, false, false]);
}

#[test]
fn a_controller_outside_the_domain_is_marked() {
    let records = [(0, 0, 389, "dc1.corp.test"), (0, 0, 389, "dc1.evilcorp.test"), (0, 0, 389, "dc1.example")];
    let server = NameServer::start(&[("_ldap._tcp.dc._msdcs.corp.test", &records)]);
    let all = found(&server, "corp.test", None).expect("controllers");
    let within: Vec<Url> = all.into_iter().filter(|one| one.within_domain).map(|one| one.url).collect();
    assert_eq!(within, ["ldaps://dc1.corp.test".parse().expect("an address")]);
}

#[test]
fn unknown_domain_error_names_the_record() {
    let server = NameServer::start(&[]);
    let Err(Error::Ldap(error)) = found(&server, "corp.test", Some("oslo")) else { panic!("no controller") };
    assert!(matches!(error, ldap::Error::NoControllers { .. }), "{error:?}");
    assert!(error.to_string().contains("_ldap._tcp.dc._msdcs.corp.test"), "{error}");
    for wrong in ["", "corp..test", "corp test", "a/b"] {
        let Err(Error::Ldap(error)) = found(&server, wrong, None) else { panic!("{wrong:?} is no name") };
        assert!(matches!(error, ldap::Error::NoDnsName { .. }), "{error:?}");
    }
}
