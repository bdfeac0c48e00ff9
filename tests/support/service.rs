//! The real service on a throw-away installation, and how to ask it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use super::installation::Installation;

/// Long enough for any answer on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A free address of this machine.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub struct Service {
    child: Child,
    said: Arc<Mutex<String>>,
    pub address: SocketAddr,
    tls: Arc<ClientConfig>,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub took: Duration,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The stable word of a refusal.
    #[track_caller]
    pub fn error(&self) -> String {
        assert_ne!(self.status, 200, "{self:?}");
        self.json()["error"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn granted(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }
}

impl Service {
    /// Starts `imd serve` there and waits until it listens.
    pub fn start(imd: &Installation, address: SocketAddr) -> Self {
        Self::start_with(imd, address, &[])
    }

    pub fn start_with(imd: &Installation, address: SocketAddr, more: &[&str]) -> Self {
        let mut command = imd.command();
        command.args(["serve", "--listen", &address.to_string()]).args(more);
        Self::started(imd, address, command)
    }

    /// Starts it from a shell that has done that before.
    pub fn start_in(imd: &Installation, address: SocketAddr, before: &str) -> Self {
        let own = imd.command();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{before} && exec \"$@\""), "sh"]).arg(own.get_program());
        command.args(["serve", "--listen", &address.to_string()]).env_clear().current_dir(imd.folder());
        command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::started(imd, address, command)
    }

    fn started(imd: &Installation, address: SocketAddr, mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().expect("it says that it listens").unwrap();
        assert!(first.starts_with("listening on https://"), "{first}");
        // The rest is read at once, so that the service never waits for a reader.
        let said = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        Self { child, said, address, tls: believing(&authority(imd)) }
    }

    /// Trusts this certificate for the service.
    pub fn believing(mut self, certificate: &[u8]) -> Self {
        self.tls = believing(certificate);
        self
    }

    /// What it wrote to standard error so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// As `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits for its end, and says its exit code.
    pub fn ended(mut self) -> Option<i32> {
        let until = Instant::now() + DEADLINE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the service does not end");
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: imd\r\nConnection: close\r\n\r\n"), &[]).unwrap()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).unwrap()
    }

    /// `Err` when the service is gone in the middle of it.
    pub fn try_post(&self, path: &str, body: &Value) -> std::io::Result<Answer> {
        post_to(self.address, &self.tls, path, body)
    }

    /// A way to ask that outlives the service, for threads.
    pub fn caller(&self) -> impl Fn(&str, &Value) -> std::io::Result<Answer> + Send + Sync + Clone + 'static {
        let (address, tls) = (self.address, Arc::clone(&self.tls));
        move |path, body| post_to(address, &tls, path, body)
    }

    /// Sends a head and a body as they are.
    pub fn ask(&self, head: impl AsRef<[u8]>, body: &[u8]) -> std::io::Result<Answer> {
        ask(self.address, &self.tls, head.as_ref(), body)
    }

    /// A connection on which TLS is set up.
    pub fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        connect(self.address, &self.tls).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The certificate of the installation's authority, as it is stored.
pub fn authority(imd: &Installation) -> Vec<u8> {
    let row = imd.row("SELECT hex(certificate) AS der FROM authority");
    let hex = row["der"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn believing(certificate: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

fn connect(address: SocketAddr, tls: &Arc<ClientConfig>) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let tcp = TcpStream::connect_timeout(&address, DEADLINE)?;
    tcp.set_read_timeout(Some(DEADLINE))?;
    tcp.set_write_timeout(Some(DEADLINE))?;
    let name = ServerName::try_from(address.ip().to_string()).unwrap();
    let session = ClientConnection::new(Arc::clone(tls), name).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(session, tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn post_to(address: SocketAddr, tls: &Arc<ClientConfig>, path: &str, body: &Value) -> std::io::Result<Answer> {
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: imd\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    ask(address, tls, head.as_bytes(), body.as_bytes())
}

fn ask(address: SocketAddr, tls: &Arc<ClientConfig>, head: &[u8], body: &[u8]) -> std::io::Result<Answer> {
    let began = Instant::now();
    let mut stream = connect(address, tls)?;
    stream.write_all(head)?;
    // One that is refused by its head alone may be closed before its body is taken.
    let _ = stream.write_all(body).and_then(|()| stream.flush());
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        read?;
        return Err(std::io::Error::other(format!("no answer: {text:?}")));
    };
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap();
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Ok(Answer { status, headers: headers.collect(), body: body.to_owned(), took: began.elapsed() })
}
