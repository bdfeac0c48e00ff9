//! The service's certificate: the administrator's, reloaded when its file changes, or one of the installation's authority,
//! renewed long before it expires.

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

/// How often the certificate is checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// The age at which a certificate of the installation's authority is replaced.
const RENEW: Duration = Duration::from_hours(24);

pub(super) struct Certificates {
    engine: Engine,
    files: Option<(PathBuf, PathBuf)>,
    /// Names of the service in addition to those in the tokens.
    names: Vec<String>,
    /// Locked only briefly, because every new connection waits for it.
    current: Mutex<Current>,
    /// Locked while the certificate is checked for changes.
    checking: Mutex<()>,
}

struct Current {
    shown: Shown,
    checked: Instant,
    /// The source of the certificate: the times of the files, or the names and the time of issue.
    source: CertificateSource,
}

/// The certificate of a connection and its channel binding.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) tls: TlsAcceptor,
    /// The channel binding for Kerberos tickets.
    pub(super) end_point: Arc<[u8]>,
    /// When the administrator's certificate expires; absent for one of the installation, which is renewed automatically.
    pub(super) ends: Option<jiff::Timestamp>,
}

#[derive(PartialEq, Clone)]
enum CertificateSource {
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
        let (shown, source) = load(&engine, files.as_ref(), &names)?;
        let current = Mutex::new(Current { shown, checked: Instant::now(), source });
        Ok(Self { engine, files, names, current, checking: Mutex::default() })
    }

    /// The certificate's origin, for the person who starts the service.
    pub(super) fn description(&self) -> String {
        match (&self.files, self.engine.pin()) {
            (Some((certificate, _)), _) => format!("certificate: {}", certificate.display()),
            (None, Ok(pin)) => format!("certificate: issued by this installation; pin of its authority: {pin}"),
            (None, Err(error)) => error.to_string(),
        }
    }

    /// The current certificate.
    pub(super) fn shown(&self) -> Shown {
        lock(&self.current).shown.clone()
    }

    /// The certificate for a new connection. Checks for changes run in the background, because the files' disk may not
    /// answer.
    pub(super) fn next(self: &Arc<Self>) -> Shown {
        let mut current = lock(&self.current);
        if current.checked.elapsed() >= CHECK_INTERVAL {
            // Other connections use the current certificate meanwhile.
            current.checked = Instant::now();
            let this = Arc::clone(self);
            tokio::task::spawn_blocking(move || this.reload());
        }
        current.shown.clone()
    }

    /// Checks for a changed certificate now. An unusable one is ignored: the current one stays in use.
    pub(super) fn reload(&self) {
        // Another check is running and may be blocked on a file; a second one would find nothing new.
        let _only = match self.checking.try_lock() {
            Err(TryLockError::WouldBlock) => return,
            Err(TryLockError::Poisoned(only)) => only.into_inner(),
            Ok(only) => only,
        };
        let source = {
            let mut current = lock(&self.current);
            current.checked = Instant::now();
            current.source.clone()
        };
        let is_current = match (&self.files, &source) {
            (Some(files), CertificateSource::Files(times)) => changed_at(files) == *times,
            (None, CertificateSource::Names(names, since)) => {
                since.elapsed() < RENEW && self.engine.server_names().is_ok_and(|now| now == *names)
            }
            _ => false,
        };
        if is_current {
            return;
        }
        match load(&self.engine, self.files.as_ref(), &self.names) {
            Ok((shown, source)) => {
                if self.files.is_some()
                    && let Err(error) = self.engine.shows_certificate(shown.ends)
                {
                    tracing::warn!(%error, "cannot save the expiry of the new certificate");
                }
                let mut current = lock(&self.current);
                (current.shown, current.source) = (shown, source);
            }
            Err(error) => tracing::warn!(%error, "cannot load the new certificate; the current one stays in use"),
        }
    }
}

/// A poisoned lock is safe to use: its value is only replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same certificate for all clients.
#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn load(
    engine: &Engine,
    files: Option<&(PathBuf, PathBuf)>,
    names: &[String],
) -> Result<(Shown, CertificateSource), Error> {
    let (chain, key, source, path) = if let Some(files) = files {
        // Taken before the files are read, so that a change in between is found at the next check.
        let times = changed_at(files);
        let (chain, key) = read(&files.0, &files.1)?;
        (chain, key, CertificateSource::Files(times), files.0.clone())
    } else {
        let known = engine.server_names()?;
        let leaf = engine.service_certificate(names)?;
        let chain = leaf.chain.into_iter().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf.key.to_vec()));
        (chain, key, CertificateSource::Names(known, Instant::now()), engine.state().to_owned())
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
    Ok((Shown { tls: TlsAcceptor::from(Arc::new(config)), end_point: end_point.into(), ends }, source))
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

/// This machine's host name, if it is valid in a certificate.
fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    good.then_some(name)
}
