//! A fake LDAPS server with hand-made answers.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use imd::model::directory::{Ldap, Trust};
use imd::model::pin::Pin;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData as _, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS12;
use rustls::{DEFAULT_VERSIONS, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

static OLD: &[&SupportedProtocolVersion] = &[&TLS12];

/// What is particular about a server's certificate.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) name: &'static str,
    pub(crate) begins: i32,
    pub(crate) ends: i32,
    /// It is issued by a CA that the client does not trust.
    pub(crate) unknown_ca: bool,
    /// The server does not hold its key, but another one.
    pub(crate) borrowed: bool,
    /// The server supports only TLS 1.2, which verifies the key in another message.
    pub(crate) old: bool,
}

impl Default for Certificate {
    fn default() -> Self {
        Self { name: "127.0.0.1", begins: 2000, ends: 2090, unknown_ca: false, borrowed: false, old: false }
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

pub(crate) struct Server {
    source: Ldap,
    pin: Pin,
    thread: JoinHandle<Vec<u8>>,
}

/// Presents one certificate, with any signing key.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl Server {
    /// Serves one client as `script` says.
    pub(crate) fn start(script: impl FnOnce(&mut Client) + Send + 'static) -> Self {
        let mut script = Some(script);
        Self::start_with(&Certificate::default(), 1, move |client, _| script.take().expect("one client")(client))
    }

    /// Serves clients one after another; `script` gets the number of clients before.
    pub(crate) fn start_with(
        certificate: &Certificate,
        clients: usize,
        script: impl FnMut(&mut Client, usize) + Send + 'static,
    ) -> Self {
        Self::start_after(certificate, clients, |_| true, script)
    }

    /// The same after something was said without TLS; `before_tls` tells whether TLS follows at all.
    pub(crate) fn start_after(
        certificate: &Certificate,
        clients: usize,
        mut before_tls: impl FnMut(&mut TcpStream) -> bool + Send + 'static,
        mut script: impl FnMut(&mut Client, usize) + Send + 'static,
    ) -> Self {
        let known = authority("A test CA");
        let stranger = authority("Unknown CA");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([certificate.name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(certificate.begins, 1, 1);
        params.not_after = date_time_ymd(certificate.ends, 1, 1);
        let issuer = if certificate.unknown_ca { &stranger } else { &known };
        let leaf = params.signed_by(&key, issuer).expect("a certificate");
        let pin = Pin::of_key(&key.subject_public_key_info());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let signing = if certificate.borrowed { KeyPair::generate().expect("a key") } else { key };
        let signing = PrivateKeyDer::Pkcs8(signing.serialize_der().into());
        let signing = provider.key_provider.load_private_key(signing).expect("a usable key");
        let shown = CertifiedKey::new(vec![leaf.into()], signing);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(if certificate.old { OLD } else { DEFAULT_VERSIONS })
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Shown(Arc::new(shown))));
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let trust = Trust::Ca { file: "test-ca.pem".into(), pem: known.pem() };
        let source = Ldap { trust, ..source_at(&listener) };
        let thread = std::thread::spawn(move || {
            let mut heard = Vec::new();
            for before in 0..clients {
                let (mut stream, _) = listener.accept().expect("a client");
                stream.set_nodelay(true).expect("a socket");
                if !before_tls(&mut stream) {
                    continue;
                }
                let tls = ServerConnection::new(Arc::clone(&config)).expect("a server");
                let mut client = Client { stream: StreamOwned::new(tls, stream), heard: Vec::new() };
                script(&mut client, before);
                heard.append(&mut client.heard);
            }
            heard
        });
        Self { source, pin, thread }
    }

    /// The pin of the key in its certificate.
    pub(crate) fn pin(&self) -> Pin {
        self.pin
    }

    /// How to reach it.
    pub(crate) fn source(&self) -> Ldap {
        self.source.clone()
    }

    /// Everything that its clients said inside TLS; what failed in its script fails here.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.thread.join().unwrap_or_else(|failed| std::panic::resume_unwind(failed))
    }
}

/// A source without a server.
pub(crate) fn fixed_source() -> Ldap {
    Ldap {
        urls: Vec::new(),
        trust: Trust::Ca { file: "test-ca.pem".into(), pem: authority("A test CA").pem() },
        bind: "svc@x.test".to_owned(),
    }
}

/// How to reach what listens there.
pub(crate) fn source_at(listener: &TcpListener) -> Ldap {
    let address = listener.local_addr().expect("an address");
    Ldap { urls: vec![format!("ldaps://{address}").parse().expect("an address")], ..fixed_source() }
}

/// The other end of a session.
pub(crate) struct Client {
    stream: StreamOwned<ServerConnection, TcpStream>,
    heard: Vec<u8>,
}

/// A request: its message id and all of its bytes.
pub(crate) struct Request {
    pub(crate) id: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Client {
    /// The next request.
    pub(crate) fn request(&mut self) -> Request {
        self.next_request().expect("a request")
    }

    /// The next request, unless the client has gone.
    pub(crate) fn next_request(&mut self) -> Option<Request> {
        let bytes = self.next().ok()?;
        // SEQUENCE { INTEGER, ... }
        let at = if bytes[1] < 0x80 { 2 } else { 2 + usize::from(bytes[1] & 0x7f) };
        let [0x02, length, id @ ..] = &bytes[at..] else { panic!("no message id") };
        let id = id[..usize::from(*length)].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        Some(Request { id, bytes })
    }

    fn next(&mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; 2];
        self.stream.read_exact(&mut bytes)?;
        let mut length = usize::from(bytes[1]);
        if length >= 0x80 {
            let mut digits = vec![0; length & 0x7f];
            self.stream.read_exact(&mut digits)?;
            length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            bytes.append(&mut digits);
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        bytes.append(&mut body);
        self.heard.extend(&bytes);
        Ok(bytes)
    }

    pub(crate) fn accept_bind(&mut self) {
        let request = self.request();
        self.send(&result(request.id, 0x61, 0, ""));
    }

    /// Sends bytes; a client that has gone is not this side's concern.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes);
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Lets go of the connection while something lies unread, so that the other side sees a reset.
    pub(crate) fn reset_after_next_request(&mut self) {
        // Not a byte of it is taken.
        let _ = self.stream.sock.peek(&mut [0]);
    }

    /// Says no more, and listens until the client has gone.
    pub(crate) fn wait_for_the_end(&mut self) {
        while self.next().is_ok() {}
    }
}

/// A tag, a length and what it holds.
pub(crate) fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    [&[tag, 0x84][..], &length, &body].concat()
}

/// A message with an operation and perhaps controls.
pub(crate) fn message(id: u32, rest: &[u8]) -> Vec<u8> {
    // A leading zero keeps it positive; a client has to take that, too.
    value(0x30, &[&value(0x02, &[&[0], &id.to_be_bytes()]), rest])
}

/// A result with the tag of its operation.
pub(crate) fn result(id: u32, operation: u8, code: u8, said: &str) -> Vec<u8> {
    message(id, &result_of(operation, code, said))
}

fn result_of(operation: u8, code: u8, said: &str) -> Vec<u8> {
    value(operation, &[&value(0x0a, &[&[code]]), &value(4, &[]), &value(4, &[said.as_bytes()])])
}

/// The end of a page, with the cookie of the next.
pub(crate) fn page_end(id: u32, code: u8, cookie: &str) -> Vec<u8> {
    let paging = value(0x30, &[&value(0x02, &[&[0]]), &value(4, &[cookie.as_bytes()])]);
    let control = value(0x30, &[&value(4, &[b"1.2.840.113556.1.4.319"]), &value(4, &[&paging])]);
    message(id, &[result_of(0x65, code, ""), value(0xa0, &[&control])].concat())
}

/// A user with a GUID and cn from a number.
pub(crate) fn user(id: u32, number: u32) -> Vec<u8> {
    entry(id, number, &[])
}

/// A user with more attributes than [`user`] has.
pub(crate) fn entry(id: u32, number: u32, more: &[(&str, Vec<&str>)]) -> Vec<u8> {
    let mut guid = [0; 16];
    guid[..4].copy_from_slice(&number.to_be_bytes());
    entry_of(id, number, &[attribute("objectGUID", &[&guid]), attributes(more)].concat())
}

/// What a server answers when asked for some attributes of a user that are not the GUID.
pub(crate) fn entry_without_guid(id: u32, number: u32, more: &[(&str, Vec<&str>)]) -> Vec<u8> {
    entry_of(id, number, &attributes(more))
}

fn entry_of(id: u32, number: u32, attributes: &[u8]) -> Vec<u8> {
    let name = format!("u{number}");
    let attributes = [attribute("cn", &[name.as_bytes()]), attributes.to_vec()].concat();
    message(id, &value(0x64, &[&value(4, &[format!("CN={name},DC=x").as_bytes()]), &value(0x30, &[&attributes])]))
}

fn attributes(list: &[(&str, Vec<&str>)]) -> Vec<u8> {
    list.iter()
        .flat_map(|(name, values)| attribute(name, &values.iter().map(|value| value.as_bytes()).collect::<Vec<_>>()))
        .collect()
}

fn attribute(name: &str, values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|one| value(4, &[one])).collect();
    value(0x30, &[&value(4, &[name.as_bytes()]), &value(0x31, &[&values])])
}
