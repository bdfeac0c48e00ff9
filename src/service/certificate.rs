//! Which certificate the service shows: the administrator's, read anew when its file changes, or one of the
//! installation's own authority, renewed long before it ends.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::{Error, Options};
use crate::engine::Engine;

/// How often it is looked whether the certificate has to change.
const LOOK: Duration = Duration::from_secs(5);
/// After which one of our own is replaced.
const RENEW: Duration = Duration::from_hours(24);

pub(super) struct Certificates {
    engine: Engine,
    files: Option<(PathBuf, PathBuf)>,
    /// By which names the service may be reached beside those in the tokens.
    names: Vec<String>,
    /// Held for a moment only: every new connection waits for it.
    current: Mutex<Current>,
    /// Held by the one who looks whether it has to change.
    looking: Mutex<()>,
}

struct Current {
    shown: Shown,
    looked: Instant,
    /// What the certificate was made from: the files as they were, or the names and since when.
    of: Of,
}

/// What a connection shows, and what binds a ticket to it.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) tls: TlsAcceptor,
    /// The channel binding of a connection on which it was shown.
    pub(super) end_point: Arc<[u8]>,
    /// When the administrator's own ends; of ours, nobody has to see to it.
    pub(super) ends: Option<jiff::Timestamp>,
}

#[derive(PartialEq, Clone)]
enum Of {
    Files([Option<SystemTime>; 2]),
    Names(Vec<String>, Instant),
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Certificates {
    pub(super) fn open(engine: Engine, options: &Options) -> Result<Self, Error> {
        let files = options.certificate.clone();
        let mut names = vec!["localhost".to_owned()];
        let address = options.listen.ip();
        if !address.is_unspecified() {
            names.push(address.to_string());
        }
        names.extend(host_name());
        let (shown, of) = made(&engine, files.as_ref(), &names)?;
        let current = Mutex::new(Current { shown, looked: Instant::now(), of });
        Ok(Self { engine, files, names, current, looking: Mutex::default() })
    }

    /// Whose certificate it is, for whoever starts the service.
    pub(super) fn told(&self) -> String {
        match (&self.files, self.engine.pin()) {
            (Some((certificate, _)), _) => format!("with the certificate in {}", certificate.display()),
            (None, Ok(pin)) => format!("with a certificate of this installation; its authority's pin is {pin}"),
            (None, Err(error)) => error.to_string(),
        }
    }

    /// What is shown now.
    pub(super) fn shown(&self) -> Shown {
        lock(&self.current).shown.clone()
    }

    /// What the next connection is to show. Whether that has to change is looked at beside it: files may lie on a disk
    /// that does not answer.
    pub(super) fn next(self: &Arc<Self>) -> Shown {
        let mut current = lock(&self.current);
        if current.looked.elapsed() >= LOOK {
            // The others go on with what there is.
            current.looked = Instant::now();
            let this = Arc::clone(self);
            tokio::task::spawn_blocking(move || this.reload());
        }
        current.shown.clone()
    }

    /// Looks at once whether the certificate has to change. What cannot be used is not taken: the one before goes on.
    pub(super) fn reload(&self) {
        // Whoever looks already may wait for a file: more that wait for it would see no more.
        let _only = match self.looking.try_lock() {
            Err(TryLockError::WouldBlock) => return,
            Err(TryLockError::Poisoned(only)) => only.into_inner(),
            Ok(only) => only,
        };
        let of = {
            let mut current = lock(&self.current);
            current.looked = Instant::now();
            current.of.clone()
        };
        let is_so = match (&self.files, &of) {
            (Some(files), Of::Files(times)) => changed_at(files) == *times,
            (None, Of::Names(names, since)) => {
                since.elapsed() < RENEW && self.engine.server_names().is_ok_and(|now| now == *names)
            }
            _ => false,
        };
        if is_so {
            return;
        }
        match made(&self.engine, self.files.as_ref(), &self.names) {
            Ok((shown, of)) => {
                if self.files.is_some()
                    && let Err(error) = self.engine.shows_certificate(shown.ends)
                {
                    tracing::warn!(%error, "when the new certificate ends could not be kept");
                }
                let mut current = lock(&self.current);
                (current.shown, current.of) = (shown, of);
            }
            Err(error) => tracing::warn!(%error, "the certificate that was shown before goes on being shown"),
        }
    }
}

/// What a thread that panicked held is still whole: it is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One certificate for all.
#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn made(engine: &Engine, files: Option<&(PathBuf, PathBuf)>, names: &[String]) -> Result<(Shown, Of), Error> {
    let (chain, key, of, path) = if let Some(files) = files {
        // Looked at before they are read: a change in between is seen the next time.
        let times = changed_at(files);
        let (chain, key) = read(&files.0, &files.1)?;
        (chain, key, Of::Files(times), files.0.clone())
    } else {
        let known = engine.server_names()?;
        let leaf = engine.service_certificate(names)?;
        let chain = leaf.chain.into_iter().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf.key.to_vec()));
        (chain, key, Of::Names(known, Instant::now()), engine.state().to_owned())
    };
    let unusable = |error: rustls::Error| Error::Certificate { path: path.clone(), why: error.to_string() };
    let ends = files.and(chain.first()).and_then(|leaf| crate::engine::certificate_end(leaf));
    let end_point = crate::kerberos::end_point(chain.first().map_or(&[], |leaf: &CertificateDer<'_>| leaf.as_ref()));
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(unusable)?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::System(io::Error::other(error)))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Only(Arc::new(key))));
    Ok((Shown { tls: TlsAcceptor::from(Arc::new(config)), end_point: end_point.into(), ends }, of))
}

fn read(certificate: &Path, key: &Path) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let file = |path: &Path| std::fs::read(path).map_err(|why| Error::File { path: path.to_owned(), why });
    let pem = file(certificate)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    if chain.is_empty() {
        return Err(Error::Nothing { path: certificate.to_owned(), what: "certificate" });
    }
    let metadata = key.metadata().map_err(|why| Error::File { path: key.to_owned(), why })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 != 0 {
        return Err(Error::TooWide { path: key.to_owned(), mode });
    }
    let pem = zeroize::Zeroizing::new(file(key)?);
    let nothing = |_| Error::Nothing { path: key.to_owned(), what: "private key" };
    Ok((chain, PrivateKeyDer::from_pem_slice(&pem).map_err(nothing)?))
}

fn changed_at((certificate, key): &(PathBuf, PathBuf)) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|path| path.metadata().and_then(|metadata| metadata.modified()).ok())
}

/// This machine's own name, where it is one that a certificate can carry.
fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    good.then_some(name)
}
