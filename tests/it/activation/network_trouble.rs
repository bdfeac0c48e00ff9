//! Common network problems of a laptop: a load balancer without servers, a network with its own certificate, a session
//! without a ticket. A log-on is unattended, so it waits; an attended run fails at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData as _};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::support::laptops::served;
use crate::support::machine::Machine;
use crate::support::service::Service;

const DEADLINE: Duration = Duration::from_mins(1);
const BALANCER: &str = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\r\n\
                        <html>no server is up</html>\r\n";

/// A server with scripted answers, in order, the last one repeated.
struct Stub {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

/// Whom laptops believe.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// What RFC 7469, 2.4, hashes, written as tokens carry it.
    fn pin(&self) -> String {
        let hash = sha2::Sha256::digest(self.0.key().subject_public_key_info());
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash)
    }

    fn serve(&self, answers: Vec<String>) -> Stub {
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let chain = vec![made.der().clone(), self.0.der().clone()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stub = Stub { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = Arc::clone(&stub.asked);
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), tcp);
                // The client closed the connection.
                let Some(()) = request(&mut tls) else { continue };
                let answer = &answers[asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
                let _ = tls.write_all(answer.as_bytes()).and_then(|()| tls.flush());
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        });
        stub
    }
}

/// Reads one request to its end.
fn request(tls: &mut StreamOwned<ServerConnection, std::net::TcpStream>) -> Option<()> {
    let mut reader = BufReader::new(tls);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            return reader.read_exact(&mut vec![0; length]).ok();
        }
    }
}

fn granted() -> String {
    let body = json!({
        "device": "0123456789abcdef", "auth": "unverified", "activated_at": "2026-01-01T12:00:00Z",
        "correlation_id": "0123456789abcdef",
        "account": {
            "name": "user1@corp.example.com", "mail": "user1@corp.example.com", "user": "User 1", "profile": "Laptops",
            "storage": "eu-1", "location": "s3://eu-1",
        },
    })
    .to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A laptop that is enrolled with these servers.
fn enrolled(authority: &Authority, auth_methods: &Value, servers: &[&Stub]) -> Machine {
    let servers: Vec<_> = servers.iter().map(|stub| format!("https://{}", stub.address)).collect();
    let laptop = Machine::new();
    laptop.keep(
        "claim.json",
        &json!({
            "device": "0123456789abcdef", "claim_code": "A".repeat(43), "auth_methods": auth_methods, "servers": servers,
            "pin": authority.pin(), "state": "pending",
        }),
    );
    laptop
}

/// A run for as long as it takes, and what it says of that.
struct Waiting {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Waiting {
    fn start(laptop: &Machine, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = laptop.command("user", arguments);
        command.envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || said.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    #[track_caller]
    fn says(&self, what: &str) {
        let line = self.lines.recv_timeout(DEADLINE).expect("it waits, and says why");
        assert!(line.contains(what) && line.contains("trying again in"), "{line}");
    }

    #[track_caller]
    fn ends_with(mut self, what: &str) {
        let (sender, ended) = mpsc::channel();
        let mut output = self.child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = output.read_to_string(&mut text);
            sender.send(text)
        });
        let text = ended.recv_timeout(DEADLINE).expect("it ends");
        assert!(self.child.wait().unwrap().success() && text.contains(what), "{text}");
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn invalid_answer_tries_the_next_server() {
    let authority = Authority::new();
    let (balancer, good) = (authority.serve(vec![BALANCER.to_owned()]), authority.serve(vec![granted()]));
    let laptop = enrolled(&authority, &json!(["unverified"]), &[&balancer, &good]);
    assert!(laptop.says(&["claim"], "").contains("activated for User 1"));
    assert_eq!((balancer.asked.load(Ordering::SeqCst), good.asked.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn unattended_run_waits_for_a_load_balancer() {
    let authority = Authority::new();
    let stub = authority.serve(vec![BALANCER.to_owned(), BALANCER.to_owned(), granted()]);
    let laptop = enrolled(&authority, &json!(["unverified"]), &[&stub]);
    let at_once = laptop.command("user", &["claim"]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(at_once.stderr).unwrap();
    assert!(!at_once.status.success() && said.contains("status 502") && !said.contains("again in"), "{said}");
    let waiting = Waiting::start(&laptop, &["claim", "--log-on"], &[]);
    waiting.says("status 502");
    waiting.ends_with("activated for User 1");
}

#[test]
fn unattended_runs_wait_while_the_wrong_server_answers() {
    let (imd, service, token) = served(2, |answers| answers);
    let (enrolled, new) = (Machine::new(), Machine::new());
    enrolled.says(&["enroll"], &token);
    new.place("token", &token);
    let address = service.address;
    drop(service);
    let theirs = crate::support::laptops::company(1, |answers| {
        answers.replace("imd.corp.example.com:7443", &address.to_string())
    });
    let portal = Service::start(&theirs, address);
    // An attended run fails at once: it may not be a captive portal.
    let at_once = enrolled.command("user", &["claim"]).stdin(Stdio::null()).output().unwrap();
    assert!(String::from_utf8(at_once.stderr).unwrap().starts_with("error: "));
    let claim = Waiting::start(&enrolled, &["claim", "--log-on"], &[]);
    let tend = Waiting::start(&new, &["tend"], &[]);
    claim.says("is not the service named in the token");
    tend.says("is not the service named in the token");
    drop(portal);
    let _service = Service::start(&imd, address);
    claim.ends_with("activated for User 1");
    tend.ends_with("enrolled as device");
}

#[test]
fn unattended_log_on_waits_for_a_ticket() {
    let authority = Authority::new();
    let stub = authority.serve(vec![granted()]);
    for auth_methods in [json!(["kerberos"]), json!(["kerberos", "password"])] {
        let laptop = enrolled(&authority, &auth_methods, &[&stub]);
        let krb5 = laptop.path("krb5.conf");
        std::fs::write(&krb5, "[libdefaults]\ndefault_realm = CORP.EXAMPLE.COM\ndns_lookup_kdc = false\n").unwrap();
        let cache = format!("FILE:{}", laptop.path("tickets").display());
        let environment = [("KRB5_CONFIG", krb5.to_str().unwrap()), ("KRB5CCNAME", cache.as_str())];
        let waiting = Waiting::start(&laptop, &["claim", "--log-on"], &environment);
        // A build without Kerberos has none to wait for.
        if cfg!(feature = "kerberos") {
            waiting.says("no Kerberos ticket in this session");
        }
    }
    assert_eq!(stub.asked.load(Ordering::SeqCst), 0);
}
