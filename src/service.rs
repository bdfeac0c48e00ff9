//! The HTTPS service for laptops, and the scheduler of the syncs. Each request is one call of the engine.
//!
//! May import `wizard`, `engine` and everything below. The engine decides; this module limits connections, times and sizes,
//! and makes all refusals that concern a person look alike.
//!
//! ```text
//! listen ─> connection ─> TLS ─> request ─> answer          (connection: limits;  certificate: selection, renewal)
//!             4,096 at most      128 KiB     1 s step       (answer: routes;  metrics: counters)
//!             10 s each wait     30 s                       (schedule: the syncs)
//! ```
//!
//! Rules: RFC 9110, RFC 9112; `assets/openapi.yaml` describes the requests.

mod answer;
mod certificate;
mod connection;
mod log;
mod metrics;
mod schedule;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};

use crate::engine::{self, Engine};
use certificate::Certificates;
pub use log::Verbosity;
use metrics::Metrics;

/// The default address.
pub const LISTEN: &str = "0.0.0.0:7443";

/// The maximum number of open connections; further ones wait in the backlog.
const CONNECTIONS: usize = 4_096;
/// Open files for other purposes: each call of the engine may read the database (two files) while it queries a directory.
const OTHER_FILES: u64 = 3 * CALLS as u64;
/// The maximum number of concurrent engine calls: twice as many as may query a directory, so that a directory that does
/// not answer does not block other requests.
const CALLS: usize = 128;
/// The maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How long running requests may take after the service is asked to stop.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    /// The administrator's certificate chain and its key, PEM; absent: a certificate of the installation's authority.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The keytab for Kerberos tickets; absent: Kerberos is off.
    pub keytab: Option<PathBuf>,
    /// The maximum age of the cache for a ticket while the directory is not available.
    pub cache_age: jiff::SignedDuration,
    /// The log level.
    pub log: Verbosity,
    /// The trusted proxies: their X-Forwarded-For is used.
    pub proxies: Vec<IpAddr>,
}

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error("cannot listen on {0}: another program uses the port")]
    Taken(SocketAddr),
    #[error("cannot listen on {address}: {why}")]
    Listen { address: SocketAddr, why: io::Error },
    #[error("cannot read {}: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
    #[error("the private key {} is readable by other users (mode {mode:03o})", path.display())]
    TooWide { path: PathBuf, mode: u32 },
    #[error("{} contains no {what} in PEM format", path.display())]
    Nothing { path: PathBuf, what: &'static str },
    #[error("cannot use the certificate in {}: {why}", path.display())]
    Certificate { path: PathBuf, why: String },
    #[error("the service cannot start: {0}")]
    System(io::Error),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Engine(error) => error.help(),
            Self::Taken(_) => {
                "stop that program (`ss -ltnp` lists it), or choose another port with --listen".to_owned()
            }
            Self::Listen { .. } => {
                "give an address of this machine, such as --listen 0.0.0.0:7443; ports below 1024 need root".to_owned()
            }
            Self::File { .. } => "check the path and its permissions".to_owned(),
            Self::TooWide { path, .. } => format!("run: chmod 600 {}", path.display()),
            Self::Nothing { what, .. } => format!("give a file with a line -----BEGIN {}-----", what.to_uppercase()),
            Self::Certificate { .. } => "give the certificate with its intermediates, and its private key".to_owned(),
            Self::System(_) => "check this machine's limits (open files, memory, threads)".to_owned(),
        }
    }
}

/// State shared by all connections.
struct Shared {
    engine: Engine,
    /// IPv4-mapped IPv6 addresses are converted to IPv4.
    proxies: Vec<IpAddr>,
    metrics: Metrics,
    certificates: Arc<Certificates>,
}

/// Serves until SIGTERM or SIGINT; SIGHUP reloads the administrator's certificate. `tell` prints a line for the person who
/// started it.
pub fn run(engine: &Engine, options: &Options, tell: &dyn Fn(&str)) -> Result<(), Error> {
    if engine.is_read_only() {
        return Err(engine::Error::ReadOnly.into());
    }
    if let Some(keytab) = &options.keytab {
        // First, because it may restart the process.
        engine.take_tickets(keytab, options.cache_age)?;
    }
    log::start(engine, options.log);
    let connections = connections(raise_open_files());
    let certificates = Arc::new(Certificates::open(engine.clone(), options)?);
    let (tell_stop, stopping) = watch::channel(false);
    let signals = signals(Arc::clone(&certificates), tell_stop)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().max_blocking_threads(CALLS).build().map_err(Error::System)?;
    let listener = runtime.block_on(async { listen(options.listen) })?;
    let address = listener.local_addr().map_err(Error::System)?;
    // Recorded before it is announced, so that the state shows a running service from then on.
    let serving = engine.serving(&address.to_string(), certificates.shown().ends)?;
    tell(&format!("listening on https://{address}"));
    tell(&certificates.description());
    if connections < CONNECTIONS {
        tell(&format!(
            "warning: at most {connections} connections at a time instead of {CONNECTIONS}, because of the limit on open \
             files; set LimitNOFILE={} in the unit, or ulimit -n",
            CONNECTIONS as u64 + OTHER_FILES
        ));
    }
    if engine.lacks_keytab()? {
        tell("warning: step 5 accepts Kerberos, but tickets cannot be verified without --keytab");
    }
    let schedule = schedule::start(engine, &stopping)?;
    let shared = Arc::new(Shared {
        engine: engine.clone(),
        proxies: options.proxies.iter().map(IpAddr::to_canonical).collect(),
        metrics: Metrics::default(),
        certificates,
    });
    runtime.block_on(accept(listener, connections, shared, stopping));
    schedule.stop();
    signals.close();
    runtime.shutdown_timeout(SHUTDOWN);
    engine.stopped_serving()?;
    drop(serving);
    tell("stopped");
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let failed = |why: io::Error| match why.kind() {
        io::ErrorKind::AddrInUse => Error::Taken(address),
        _ => Error::Listen { address, why },
    };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(failed)?;
    // A restarted service can bind at once, while connections of the previous one are in TIME_WAIT.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    socket.listen(BACKLOG).map_err(failed)
}

async fn accept(listener: TcpListener, connections: usize, shared: Arc<Shared>, mut stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(connections));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok(place) = place else { return };
        tokio::select! {
            () = stopped(&mut stopping) => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let one = connection::serve(Arc::clone(&shared), tcp, peer, stopping.clone());
                    tokio::spawn(async move {
                        one.await;
                        drop(place);
                    });
                }
                // Out of files, or the connection was closed before it was accepted.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    // Running requests end within their own deadlines.
    let all = u32::try_from(connections).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(SHUTDOWN, places.acquire_many(all)).await;
}

/// Returns once the service is asked to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Without the signal thread nothing could stop the service, so a closed channel stops it, too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn signals(
    certificates: Arc<Certificates>,
    tell_stop: watch::Sender<bool>,
) -> Result<signal_hook::iterator::Handle, Error> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(Error::System)?;
    let handle = signals.handle();
    let wait = move || {
        for signal in &mut signals {
            if signal == SIGHUP {
                // On a separate thread, so that a blocked read does not delay SIGTERM.
                let certificates = Arc::clone(&certificates);
                std::thread::spawn(move || certificates.reload());
            } else {
                let _ = tell_stop.send(true);
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map_err(Error::System)?;
    Ok(handle)
}

/// Raises the soft limit on open files, which is usually 1,024, and returns it; `None` is no limit.
fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // If this fails, fewer connections are accepted.
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// The number of connections that a limit on open files allows.
fn connections(files: Option<u64>) -> usize {
    let files = files.map_or(CONNECTIONS as u64, |files| files.saturating_sub(OTHER_FILES));
    usize::try_from(files).unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_limited_by_open_files() {
        for (files, most) in [(None, 4_096), (Some(1_048_576), 4_096), (Some(1_024), 640), (Some(100), 1)] {
            assert_eq!(connections(files), most, "{files:?}");
        }
    }
}
