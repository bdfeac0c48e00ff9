//! Who may connect, for how long, and how much may be said; and what is in the way of starting.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use imd::engine::{Asker, Engine, Options};
use imd::protocol::Code;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::support::laptops::{Laptop, company, served, token};
use crate::support::service::{Service, free_address};

#[test]
fn invalid_requests_get_errors_and_health_stays_ok() {
    let (imd, service, _token) = served(2, |answers| answers);
    let post = |path: &str, body: &[u8]| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: imd\r\nContent-Length: {}\r\n\r\n", body.len());
        service.ask(format!("{}\r\nConnection: close\r\n\r\n", head.trim_end()), body).unwrap()
    };
    for body in [&b""[..], b"{", b"[]", b"null", b"{\"token\": 1}", &[0xff; 100], b"{\"claim_code\": \"x\"}"] {
        for path in ["/v1/enroll", "/v1/claim", "/v1/check-in"] {
            let answer = post(path, body);
            assert_eq!((answer.status, answer.error().as_str()), (400, "malformed"), "{path} {body:?}");
        }
    }
    let large = vec![b' '; 128 * 1024 + 1];
    assert_eq!(post("/v1/claim", &large).error(), "too-large");
    assert_eq!(post("/v1/nothing", b"{}").error(), "not-found");
    assert_eq!(post("/v1/health", b"{}").error(), "method-not-allowed");
    let answer = service.get("/v1/claim");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    // Not HTTP at all, inside TLS and instead of it.
    let mut stream = service.connect();
    stream.write_all(&[0; 512]).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    let mut tcp = TcpStream::connect(service.address).unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = tcp.read_to_end(&mut Vec::new());
    // Headers without end.
    let mut stream = service.connect();
    let _ = stream.write_all(b"GET /v1/health HTTP/1.1\r\n");
    let line = format!("X-More: {}\r\n", "x".repeat(1_000));
    while stream.write_all(line.as_bytes()).and_then(|()| stream.flush()).is_ok() {}
    assert_eq!(service.get("/v1/health").granted()["status"], "ok");
    assert_eq!(imd.row("SELECT count(*) AS n FROM refusal")["n"], 0, "what is no request is kept nowhere");
}

#[test]
fn slow_connections_are_closed_and_others_answered() {
    let (_imd, service, token) = served(2, |answers| answers);
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let idle: Vec<_> = (0..2_000).map(|_| TcpStream::connect(service.address).unwrap()).collect();
    let mut slow = service.connect();
    slow.write_all(b"POST /v1/claim HTTP/1.1\r\nHost: ").unwrap();
    slow.flush().unwrap();
    let mut kept = service.connect();
    kept.write_all(b"GET /v1/health HTTP/1.1\r\nHost: imd\r\n\r\n").unwrap();
    assert_eq!(service.get("/v1/health").granted()["status"], "ok");
    Laptop::new(1).enroll(&service, &token).granted();
    // Each read ends because the service closes: under its own deadline, not under this test's.
    let closed = |stream: &mut dyn std::io::Read| {
        let mut bytes = Vec::new();
        match stream.read_to_end(&mut bytes) {
            Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
            Ok(_) => true,
        }
    };
    assert!(closed(&mut slow), "headers that never end");
    assert!(closed(&mut kept), "a connection that asks for nothing more");
    for mut stream in idle {
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        assert!(closed(&mut stream), "a connection that never says anything");
    }
    assert_eq!(service.get("/v1/health").granted()["status"], "ok");
}

#[test]
fn endless_body_times_out_and_closes_connection() {
    let (_imd, service, _token) = served(1, |answers| answers);
    let mut slow = service.connect();
    slow.write_all(b"POST /v1/claim HTTP/1.1\r\nHost: imd\r\nContent-Length: 100\r\n\r\n{").unwrap();
    slow.flush().unwrap();
    let mut answer = Vec::new();
    // Under the service's own deadline, not under this test's.
    let _ = slow.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"timeout\""), "{answer}");
}

#[test]
fn connections_are_limited_and_the_next_waits() {
    let imd = company(1, |answers| answers);
    // Four more than are kept for everything else.
    let service = Service::start_in(&imd, free_address(), "ulimit -n 388");
    crate::support::installation::eventually("it says so", || {
        service.said().contains("at most 4 connections at a time")
    });
    let mut kept: Vec<_> = (0..4).map(|_| service.connect()).collect();
    let (tell, reported) = std::sync::mpsc::channel();
    let address = service.address;
    let next = std::thread::spawn(move || {
        let mut tcp = TcpStream::connect(address).unwrap();
        // Not TLS: the service closes the connection.
        tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
        tell.send(()).unwrap();
    });
    // However often the four are answered, the fifth is not even taken.
    for _ in 0..20 {
        for stream in &mut kept {
            stream.write_all(b"GET /v1/health HTTP/1.1\r\nHost: imd\r\n\r\n").unwrap();
            stream.flush().unwrap();
            let mut head = [0; 12];
            stream.read_exact(&mut head).unwrap();
            assert_eq!(&head, b"HTTP/1.1 200");
            while !head.ends_with(b"}") {
                head.rotate_left(1);
                stream.read_exact(&mut head[11..]).unwrap();
            }
        }
        assert!(reported.try_recv().is_err(), "one more than there may be is served");
    }
    drop(kept);
    reported.recv_timeout(Duration::from_mins(1)).unwrap();
    next.join().unwrap();
}

#[test]
fn used_port_and_missing_key_are_errors() {
    let imd = company(1, |answers| answers);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    imd.imd(["serve", "--listen", &address]).failed_with(1, [&address, "cannot listen", "--listen"]);
    imd.write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    imd.imd(["serve", "--cert", "cert.pem"]).failed_with(2, ["--key"]);
    imd.write("key.pem", "");
    imd.imd(["serve", "--cert", "cert.pem", "--key", "key.pem"]).failed_with(1, ["key.pem", "readable by other users"]);
    std::fs::set_permissions(imd.path("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    imd.imd(["serve", "--cert", "cert.pem", "--key", "key.pem"]).failed_with(1, ["key.pem", "no private key"]);
    let (certificate, key) = own_certificate();
    imd.write("cert.pem", certificate);
    imd.write_secret("key.pem", &own_certificate().1);
    imd.imd(["serve", "--cert", "cert.pem", "--key", "key.pem"]).failed_with(1, ["cert.pem"]);
    drop(key);
}

#[test]
fn service_without_setup_fails_and_creates_nothing() {
    let imd = crate::support::installation::Installation::new();
    // A service that took it for set up would find its port taken, and end as well.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let state = imd.state().display().to_string();
    let refused = || {
        imd.imd(["serve", "--listen", &address])
            .failed_with(1, ["nothing is set up in", &state, "imd setup", "IMD_STATE"]);
    };
    refused();
    assert!(!imd.state().exists(), "nothing was made");
    // Reading does not create a state.
    imd.imd(["status"]).succeeded();
    refused();
    assert_eq!(imd.row("SELECT count(*) AS n FROM authority")["n"], 0);
}

fn own_certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn administrators_certificate_is_reloaded() {
    let imd = company(1, |answers| answers);
    let authority = |imd: &crate::support::installation::Installation| {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        imd.write_secret("key.pem", &made.signing_key.serialize_pem());
        imd.write("cert.pem", made.cert.pem());
        made.cert.der().to_vec()
    };
    let first = authority(&imd);
    let arguments = ["--cert", "cert.pem", "--key", "key.pem"];
    let service = Service::start_with(&imd, free_address(), &arguments).believing(&first);
    service.get("/v1/health").granted();
    let second = authority(&imd);
    service.signal("-HUP");
    let service = service.believing(&second);
    crate::support::installation::eventually("the new certificate", || {
        service.ask("GET /v1/health HTTP/1.1\r\nHost: imd\r\nConnection: close\r\n\r\n", &[]).is_ok()
    });
    // One that cannot be used changes nothing.
    imd.write("cert.pem", "nothing");
    service.signal("-HUP");
    service.get("/v1/health").granted();
    service.signal("-TERM");
    assert_eq!(service.ended(), Some(0));
}

#[test]
fn unreadable_certificate_keeps_the_current_one() {
    let imd = company(1, |answers| answers);
    let (certificate, key) = own_certificate();
    imd.write_secret("key.pem", &key);
    imd.write("cert.pem", &certificate);
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let arguments = ["--cert", "cert.pem", "--key", "key.pem"];
    let service = Service::start_with(&imd, free_address(), &arguments).believing(&der);
    // A disk that does not answer: opening a FIFO waits for its writer.
    std::fs::remove_file(imd.path("cert.pem")).unwrap();
    let fifo = imd.path("cert.pem");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    service.signal("-HUP");
    let write = || rustix::fs::open(&fifo, rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK, mode);
    let end = std::cell::RefCell::new(None);
    crate::support::installation::eventually("it reads the certificate", || {
        *end.borrow_mut() = write().ok();
        end.borrow().is_some()
    });
    service.get("/v1/health").granted();
    service.signal("-HUP");
    service.get("/v1/health").granted();
    service.signal("-TERM");
    assert_eq!(service.ended(), Some(0), "nor is it kept from ending");
}

#[test]
fn own_certificate_is_renewed_and_pin_stays() {
    let (imd, service, _token) = served(1, |answers| answers);
    let pin = imd.row("SELECT pin FROM authority");
    let shown = |service: &Service| {
        service.get("/v1/health").granted();
        service.connect().conn.peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown(&service);
    let address = service.address;
    service.signal("-TERM");
    assert_eq!(service.ended(), Some(0), "it ends in order");
    let service = Service::start(&imd, address);
    assert_ne!(shown(&service), first);
    assert_eq!(imd.row("SELECT pin FROM authority"), pin);
}

#[test]
fn clock_set_back_a_day_refuses_new_tokens() {
    let imd = company(1, |answers| answers);
    let token = token(&imd);
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let engine = Engine::open(Options { clock: Arc::new(move || yesterday), ..Options::of_host(imd.state()) }).unwrap();
    let request = serde_json::from_value(Laptop::new(1).enroll_request(&token)).unwrap();
    let asker =
        Asker { peer: Some([127, 0, 0, 1].into()), correlation: "0123456789abcdef".to_owned(), end_point: None };
    assert_eq!(engine.enroll(&request, &asker).unwrap_err().code, Code::TokenRefused);
    assert_eq!(imd.row("SELECT reason FROM refusal")["reason"], "token-not-yet-valid");
    assert_eq!(imd.row("SELECT (SELECT count(*) FROM device) + (SELECT count(*) FROM token_use) AS n")["n"], 0);
}

#[test]
fn one_of_two_services_runs_the_syncs() {
    let (imd, service, _token) = served(1, |answers| answers);
    let other = Service::start(&imd, free_address());
    other.get("/v1/health").granted();
    service.get("/v1/health").granted();
    let by_itself = "SELECT count(*) AS n FROM plan WHERE applied_by = 'scheduler'";
    assert_eq!(imd.row(by_itself)["n"], 0, "none is due");
    // An interval that has passed long ago, by the clock of a service that starts now.
    imd.sqlite(&[], "UPDATE plan SET made_at = '2026-01-01T00:00:00Z', applied_at = '2026-01-01T00:00:00Z'");
    let third = Service::start(&imd, free_address());
    crate::support::installation::eventually("the sync that is due", || imd.row(by_itself)["n"] == 1);
    assert_eq!(imd.row("SELECT count(*) AS n, max(fence) AS fence FROM lease WHERE what = 'sync'")["n"], 1);
    drop((service, other, third));
}

#[test]
fn log_follows_its_level_and_has_no_secret() {
    let imd = company(2, |answers| answers.replace(r#"["unverified"]"#, r#"["password"]"#));
    imd.imd(["sync"]).succeeded();
    let token = token(&imd);
    // A sync is due, and what it would read is gone.
    imd.sqlite(&[], "UPDATE plan SET made_at = '2026-01-01T00:00:00Z', applied_at = '2026-01-01T00:00:00Z'");
    std::fs::remove_file(imd.path("users.ldif")).unwrap();
    let loud = Service::start_with(&imd, free_address(), &["--log", "debug"]);
    let laptop = Laptop::new(1);
    laptop.enroll(&loud, &token).granted();
    let hostile = "nobody\u{1b}]0;owned\u{7}\nforged";
    let answer = loud.post("/v1/claim", &laptop.password_request(hostile, "S3cret-in-the-log"));
    let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
    crate::support::installation::eventually("its lines", || {
        let said = loud.said();
        said.contains(" warn scheduled sync failed error=") && said.contains(&id)
    });
    let said = loud.said();
    let line = said.lines().find(|line| line.contains(&id)).unwrap();
    assert!(line.contains(" debug refused ") && line.contains("reason=user-unknown"), "{line}");
    for secret in ["S3cret-in-the-log", token.as_str(), &laptop.key(1), &laptop.key(2), &laptop.key(3)] {
        assert!(!said.contains(secret), "{said}");
    }
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    drop(loud);
    let quiet = Service::start_with(&imd, free_address(), &["--log", "off"]);
    assert_eq!(quiet.post("/v1/claim", &laptop.password_request("nobody", "x")).error(), "refused");
    quiet.signal("-TERM");
    crate::support::installation::eventually("its end", || quiet.said().contains("stopped"));
    assert!(!quiet.said().contains("refused") && !quiet.said().contains(" warn "), "{}", quiet.said());
}
