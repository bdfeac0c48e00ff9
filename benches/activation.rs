//! Laptops against the real service: enrollments and claims per second, durable, over TLS on the loopback interface, with
//! 100,000 users cached; how long the slowest wait, what a request costs in processor time, and the memory it takes.
//!
//! The service is `imd serve` in a process of its own, and each laptop's connection is a thread here that keeps it open:
//! so both sides share the machine's cores. `IMD_BENCH_CLAIMS` is how many laptops there are in each row.

#![allow(clippy::print_stdout, reason = "a benchmark is there to print")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use imd::store::Store;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const USERS: u32 = 100_000;
/// Maximum activations of each token: below the rate limit of a token per minute.
const EACH: u32 = 4_000;
const BASE: &str = "DC=corp,DC=example,DC=com";

fn main() {
    // `cargo test --benches` is no time to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let laptops = std::env::var("IMD_BENCH_CLAIMS").ok().and_then(|text| text.parse().ok()).unwrap_or(EACH).min(EACH);
    let place = Place::new();
    let mut service = place.serve();
    println!(
        "{:>11} {:<8} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "connections", "act", "a second", "p50", "p99", "max", "cpu each"
    );
    for (row, connections) in [1, 8, 16, 32, 64].into_iter().enumerate() {
        let row = u32::try_from(row).expect("fits");
        let numbers = row * EACH..row * EACH + laptops;
        let token = place.token(row);
        let enroll = |number: u32| ("/v1/enroll", enroll_request(number, &token));
        let claim = |number: u32| ("/v1/claim", claim_request(number));
        service.measure("enroll", connections, numbers.clone(), &enroll);
        service.measure("claim", connections, numbers.clone(), &claim);
        service.measure("again", connections, numbers, &claim);
    }
    println!("{}", service.memory());
}

/// A state with the users in it, and the tokens.
struct Place {
    dir: PathBuf,
    address: SocketAddr,
}

impl Place {
    fn new() -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("activation");
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).expect("a folder");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
        let place = Self { dir, address };
        std::fs::write(place.dir.join("users.ldif"), ldif()).expect("written");
        let answers = format!(
            "[directory]\nname = \"corp\"\nfile = \"users.ldif\"\n\
             [storage]\nname = \"eu-1\"\nlocation = \"s3://backup-eu-1\"\n\
             [profile]\nname = \"Laptops\"\nlogin = \"active-directory\"\nlogin_directory = \"corp\"\n\
             [mapping]\nname = \"Staff\"\ndirectory = \"corp\"\nprofile = \"Laptops\"\nstorage = \"eu-1\"\n\
             [settings]\ndevices_per_user = 2\nauth = [\"unverified\"]\n\
             [token]\nname = \"rollout-0\"\nexpires = \"90d\"\nservers = [\"https://{address}\"]\n"
        );
        std::fs::write(place.dir.join("answers.toml"), answers).expect("written");
        place.imd(&["setup", "--answers", "answers.toml"]);
        place.imd(&["sync"]);
        for row in 1..5 {
            let (name, server) = (format!("rollout-{row}"), format!("https://{address}"));
            place.imd(&["token", "create", &name, "--expires", "90d", "--server", &server]);
        }
        place
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imd"));
        command.env("IMD_STATE", self.dir.join("state")).current_dir(&self.dir).stdin(Stdio::null());
        command
    }

    fn imd(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn token(&self, row: u32) -> String {
        self.imd(&["token", "show", &format!("rollout-{row}")]).trim().to_owned()
    }

    fn serve(&self) -> Service {
        let mut command = self.command();
        command.args(["serve", "--listen", &self.address.to_string()]).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let first = lines.next().expect("a line").expect("text");
        assert!(first.starts_with("listening"), "{first}");
        thread::spawn(move || lines.for_each(drop));
        let authority = Store::open(&self.dir.join("state")).expect("opens").authority().expect("read").expect("made");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority.certificate)).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        Service { child, address: self.address, tls }
    }
}

fn ldif() -> String {
    let mut text =
        format!("version: 1\n\ndn: {BASE}\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n\n");
    for number in 0..USERS {
        let guid = STANDARD.encode([&[7; 12][..], &number.to_be_bytes()].concat());
        let written = write!(
            text,
            "dn: CN=Jane Doe {number},OU=Staff,{BASE}\nobjectClass: top\nobjectClass: person\n\
             objectClass: organizationalPerson\nobjectClass: user\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,{BASE}\n\
             cn: Jane Doe {number}\nobjectGUID:: {guid}\nsAMAccountName: user{number}\n\
             userPrincipalName: user{number}@corp.example.com\nmail: user{number}@corp.example.com\n\
             proxyAddresses: SMTP:user{number}@corp.example.com\ndisplayName: Jane Doe {number}\n\
             userAccountControl: 512\ndepartment: Sales\n\n"
        );
        written.expect("memory");
    }
    text
}

/// A key of the laptop with that number.
fn key(number: u32, what: u8) -> String {
    let mut bytes = [what; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn enroll_request(number: u32, token: &str) -> String {
    let (device_key, claim_code) = (key(number, 1), key(number, 2));
    format!(
        "{{\"token\":\"{token}\",\"device_key\":\"{device_key}\",\"claim_code\":\"{claim_code}\",\
         \"laptop\":{{\"host_name\":\"PC-{number}\",\"system\":\"linux\",\"agent\":\"bench 1\",\
         \"uuid\":\"4c4c4544-0042-3510-8053-{number:012x}\",\"serial\":\"SN{number:06}\"}}}}"
    )
}

fn claim_request(number: u32) -> String {
    let (claim_code, credential) = (key(number, 2), key(number, 3));
    // Neighbours among the laptops are no neighbours in the cache.
    let user = number.wrapping_mul(7_919) % USERS;
    format!(
        "{{\"claim_code\":\"{claim_code}\",\"credential\":\"{credential}\",\
         \"auth\":{{\"method\":\"unverified\",\"user\":\"user{user}@corp.example.com\"}}}}"
    )
}

struct Service {
    child: Child,
    address: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Service {
    /// Sends a request for each number over so many connections, as fast as they are answered, and prints a row.
    fn measure(
        &mut self,
        act: &str,
        connections: usize,
        numbers: std::ops::Range<u32>,
        request: &(dyn Fn(u32) -> (&'static str, String) + Sync),
    ) {
        let count = numbers.len();
        let next = AtomicU32::new(numbers.start);
        let together = Barrier::new(connections + 1);
        let work = || {
            let mut connection = Connection::open(self.address, &self.tls);
            together.wait();
            let mut took = Vec::with_capacity(count);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= numbers.end {
                    return took;
                }
                let (path, body) = request(number);
                let began = Instant::now();
                connection.post(path, &body);
                took.push(began.elapsed());
            }
        };
        let (mut took, lasted, busy) = thread::scope(|scope| {
            let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
            together.wait();
            let (began, before) = (Instant::now(), self.processor());
            let took: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().expect("answered")).collect();
            (took, began.elapsed(), self.processor().saturating_sub(before))
        });
        took.sort_unstable();
        let percentile = |hundredth: usize| took[(took.len() * hundredth / 100).min(took.len() - 1)];
        let each = u32::try_from(count).expect("fits");
        println!(
            "{connections:>11} {act:<8} {:>9.0} {:>9.1?} {:>9.1?} {:>9.1?} {:>11.0?}",
            f64::from(each) / lasted.as_secs_f64(),
            percentile(50),
            percentile(99),
            percentile(100),
            busy / each,
        );
    }

    /// How long the service has kept processors busy, from the two times in /proc (ticks of 10 ms).
    fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks =
            after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum::<u64>();
        Duration::from_millis(ticks * 10)
    }

    /// What the service holds in memory, now and at most.
    fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let lines = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A laptop's connection, kept open from one request to the next.
struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    read: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr, tls: &Arc<ClientConfig>) -> Self {
        let tcp = TcpStream::connect(address).expect("connects");
        tcp.set_nodelay(true).expect("set");
        let name = ServerName::try_from(address.ip().to_string()).expect("a name");
        let session = ClientConnection::new(Arc::clone(tls), name).expect("TLS");
        let mut stream = StreamOwned::new(session, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).expect("TLS");
        }
        Self { stream, read: Vec::new() }
    }

    fn post(&mut self, path: &str, body: &str) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: imd\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).and_then(|()| self.stream.flush()).expect("sent");
        self.read.clear();
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more();
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{path}: {}", String::from_utf8_lossy(&self.read));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let whole = end + length.parse::<usize>().expect("a number");
        while self.read.len() < whole {
            self.more();
        }
    }

    fn more(&mut self) {
        let mut bytes = [0; 4_096];
        let read = self.stream.read(&mut bytes).expect("answered");
        assert!(read > 0, "the service closed the connection");
        self.read.extend_from_slice(&bytes[..read]);
    }
}
