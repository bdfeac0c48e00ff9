//! The face for laptops: HTTPS in, one call of the engine, JSON out; and the clock that runs the syncs.
//!
//! May import `wizard`, `engine` and everything below. Nothing is decided here; what is here is the door: who may
//! connect, for how long, how much may be said, and that every refusal of a person looks like every other.
//!
//! ```text
//! listen ─> connection ─> TLS ─> request ─> answer          (connection: limits;  certificate: which one, renewed)
//!             4,096 at most      128 KiB     1 s floor      (answer: the routes;  metrics: what was answered)
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

/// Where the service listens when nobody says.
pub const LISTEN: &str = "0.0.0.0:7443";

/// How many connections are served at a time; the next wait to be taken.
const CONNECTIONS: usize = 4_096;
/// Files that are open for something else: the database, the directories that are asked, what is listened on.
/// Each call of the engine may be reading the database (two files) while a directory is asked.
const OTHER_FILES: u64 = 3 * CALLS as u64;
/// How many calls of the engine run at a time: twice as many as may ask a directory, so that one that does not answer
/// holds up nobody else.
const CALLS: usize = 128;
/// How many connections may wait to be taken.
const BACKLOG: u32 = 1_024;
/// For how long requests that are under way may go on when the service is told to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    /// The administrator's certificate chain and its key, PEM; absent: one of the installation's own authority.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The keytab by which Kerberos tickets are taken; absent: none are.
    pub keytab: Option<PathBuf>,
    /// How old the cache may be when a ticket comes while the directory cannot be asked.
    pub cache_age: jiff::SignedDuration,
    /// How much is written to standard error while it runs.
    pub log: Verbosity,
    /// Whose word on where a request came from is believed (X-Forwarded-For).
    pub proxies: Vec<IpAddr>,
}

/// Why the service does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error("{0} is taken: another program listens there")]
    Taken(SocketAddr),
    #[error("{address} cannot be listened on: {why}")]
    Listen { address: SocketAddr, why: io::Error },
    #[error("{} cannot be read: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
    #[error("{} may be read by others (mode {mode:03o}), and it is a private key", path.display())]
    TooWide { path: PathBuf, mode: u32 },
    #[error("{} holds no {what} in PEM form", path.display())]
    Nothing { path: PathBuf, what: &'static str },
    #[error("the certificate in {} cannot be used: {why}", path.display())]
    Certificate { path: PathBuf, why: String },
    #[error("the service cannot start: {0}")]
    System(io::Error),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Engine(error) => error.help(),
            Self::Taken(_) => "stop it (`ss -ltnp` shows which it is), or choose another port with --listen".to_owned(),
            Self::Listen { .. } => {
                "give an address of this machine, such as --listen 0.0.0.0:7443; ports below 1024 need root".to_owned()
            }
            Self::File { .. } => "check the path and its permissions".to_owned(),
            Self::TooWide { path, .. } => format!("run: chmod 600 {}", path.display()),
            Self::Nothing { what, .. } => format!("give a file with a line -----BEGIN {}-----", what.to_uppercase()),
            Self::Certificate { .. } => {
                "give the certificate with its intermediates, and the key that belongs to it".to_owned()
            }
            Self::System(_) => "check this machine's limits (open files, memory, threads)".to_owned(),
        }
    }
}

/// What every connection shares.
struct Shared {
    engine: Engine,
    /// Each as IPv4 where it is one in IPv6 clothes.
    proxies: Vec<IpAddr>,
    metrics: Metrics,
    certificates: Arc<Certificates>,
}

/// Serves until the process is told to stop (SIGTERM, SIGINT); SIGHUP reads the administrator's certificate anew. `tell`
/// takes lines for whoever started it.
pub fn run(engine: &Engine, options: &Options, tell: &dyn Fn(&str)) -> Result<(), Error> {
    if engine.is_read_only() {
        return Err(engine::Error::ReadOnly.into());
    }
    if let Some(keytab) = &options.keytab {
        // First of all: the process may be started anew for it.
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
    // Kept before it is said: whoever looks at the state then sees that it runs.
    let serving = engine.serving(&address.to_string(), certificates.shown().ends)?;
    tell(&format!("listening on https://{address}"));
    tell(&certificates.told());
    if connections < CONNECTIONS {
        tell(&format!(
            "at most {connections} connections at a time instead of {CONNECTIONS}: this process may open too few files; \
             LimitNOFILE={} in its unit, or ulimit -n, lets it",
            CONNECTIONS as u64 + OTHER_FILES
        ));
    }
    if engine.lacks_keytab()? {
        tell("step 5 accepts Kerberos, and no ticket can be taken without --keytab");
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
    runtime.shutdown_timeout(FAREWELL);
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
    // A service that is restarted need not wait for its predecessor's connections to be forgotten.
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
                // Out of files, or a connection that was gone before it was taken: the next may do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    // What is under way ends by itself, within its own deadlines.
    let all = u32::try_from(connections).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(FAREWELL, places.acquire_many(all)).await;
}

/// Returns once the service is told to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Whoever would tell is gone: nobody can stop it any more, so it stops.
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
                // Beside it, so that a file that cannot be read does not keep the service from being stopped.
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

/// Each connection is an open file, and the usual soft limit is 1,024. How many there may be; `None` is no limit.
fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where that is refused, fewer connections are taken at a time.
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// How many connections so many open files allow.
fn connections(files: Option<u64>) -> usize {
    let files = files.map_or(CONNECTIONS as u64, |files| files.saturating_sub(OTHER_FILES));
    usize::try_from(files).unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_connections_are_taken_as_there_may_be_open_files() {
        for (files, most) in [(None, 4_096), (Some(1_048_576), 4_096), (Some(1_024), 640), (Some(100), 1)] {
            assert_eq!(connections(files), most, "{files:?}");
        }
    }
}
