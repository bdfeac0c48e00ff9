//! From an address to a bound session, in the stages of the checklist in step 1.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::connection::{Connection, Deadline, Watch};
use super::error::Error;
use super::{Deadlines, Driver, tls};
use crate::directory::Error as DirectoryError;
use crate::model::directory::{Ldap, Security, Trust, Url};
use crate::model::job::Job;
use crate::model::pin::Pin;
use crate::model::text;
use crate::model::user::NameForm;
use crate::secrets::Secret;

/// A session with a domain controller.
pub(super) type Session = Connection<TlsStream<TcpStream>>;

/// The longest password, in bytes. Windows accepts 256 characters.
const LONGEST_PASSWORD: usize = 1024;

/// Checks the bind name and password before anything is sent.
///
/// A bind with a name and no password succeeds anonymously (RFC 4513, 5.1.2), and some servers truncate a password at NUL;
/// both are rejected here.
pub(super) fn credentials<'a>(source: &'a Ldap, password: Option<&'a Secret>) -> Result<(&'a str, &'a Secret), Error> {
    let name = source.bind.trim();
    let shown = || text::shown(name);
    if matches!(NameForm::of(name), NameForm::Bare(_) | NameForm::Guid(_)) {
        return Err(Error::BindName { bind: shown() });
    }
    let password = password.filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Error::NoPassword { bind: shown() })?;
    let unusable = |why| Error::UnusablePassword { bind: shown(), why };
    if password.expose().contains('\0') {
        return Err(unusable("contains a NUL character"));
    }
    if password.expose().len() > LONGEST_PASSWORD {
        return Err(unusable("is longer than 1,024 bytes"));
    }
    Ok((name, password))
}

/// Resolves a server's name.
pub(super) async fn resolve(
    url: &Url,
    deadlines: Deadlines,
    watch: Watch<'_>,
) -> Result<Vec<SocketAddr>, DirectoryError> {
    let server = url.to_string();
    let deadline = Deadline::of(&server, "resolve", deadlines.connect);
    let host = url.host.trim_matches(['[', ']']);
    let found = watch.until(deadline, tokio::net::lookup_host((host, url.port))).await?;
    let unknown = |why: String| Error::Resolve { host: host.to_owned(), why: text::shown(&why) };
    let addresses: Vec<_> = found.map_err(|error| unknown(error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(unknown("it has no address".to_owned()).into());
    }
    Ok(addresses)
}

/// Connects to the first address that accepts a connection.
pub(super) async fn reach(
    url: &Url,
    addresses: &[SocketAddr],
    deadlines: Deadlines,
    watch: Watch<'_>,
) -> Result<TcpStream, DirectoryError> {
    let server = url.to_string();
    let mut last = Error::Unreachable { server: server.clone(), why: "it has no address".to_owned() };
    for address in addresses {
        let deadline = Deadline::of(&server, "answer", deadlines.connect);
        last = match watch.until(deadline, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are small. A failure only makes them slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Error::Refused { server: server.clone() }
            }
            Ok(Err(error)) => Error::Unreachable { server: server.clone(), why: error.to_string() },
            Err(DirectoryError::Ldap(error)) => error,
            Err(canceled) => return Err(canceled),
        };
    }
    Err(last.into())
}

/// Starts TLS on a connection. Before TLS nothing but a StartTLS request is sent.
pub(super) async fn secure(
    tcp: TcpStream,
    url: &Url,
    trust: &Trust,
    deadlines: Deadlines,
    watch: Watch<'_>,
) -> Result<(Session, tls::Facts), DirectoryError> {
    let server = url.to_string();
    let tcp = match url.security {
        Security::Tls => tcp,
        Security::StartTls => Connection::over(tcp, server.clone(), deadlines).start_tls(watch).await?,
    };
    let deadline = Deadline::of(&server, "set up TLS", deadlines.connect);
    let (stream, facts) = watch.until(deadline, tls::handshake(tcp, url, trust)).await??;
    Ok((Connection::over(stream, server, deadlines), facts))
}

/// A bound session with the first reachable server.
///
/// A refused bind is not tried on the next server: it has the same account, and a second attempt counts towards lockout.
pub(super) async fn open(
    source: &Ldap,
    password: Option<&Secret>,
    deadlines: Deadlines,
    watch: Watch<'_>,
) -> Result<Session, DirectoryError> {
    let (name, password) = credentials(source, password)?;
    let mut failures = Vec::new();
    for url in &source.urls {
        let reached = async {
            let addresses = resolve(url, deadlines, watch).await?;
            let tcp = reach(url, &addresses, deadlines, watch).await?;
            secure(tcp, url, &source.trust, deadlines, watch).await
        };
        match reached.await {
            Ok((mut session, _)) => {
                session.bind(name, password, watch).await?;
                return Ok(session);
            }
            Err(DirectoryError::Ldap(failure)) => failures.push(failure),
            Err(canceled) => return Err(canceled),
        }
    }
    Err(all(failures).into())
}

/// The public key of a server and the issuer of its certificate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ServerKey {
    pub url: Url,
    pub pin: Pin,
    pub signer: String,
}

/// The keys of the servers that answer, for comparison. They are not verified, and no credentials are sent.
///
/// # Errors
/// When no server presents a key.
pub fn keys(urls: &[Url], job: &Job) -> Result<Vec<ServerKey>, DirectoryError> {
    let (deadlines, watch) = (Deadlines::default(), Watch::over(job));
    let no_pins = Trust::Pins(Vec::new());
    Driver::new()?.block_on(async {
        let (mut keys, mut failures) = (Vec::new(), Vec::new());
        for url in urls {
            let presented = async {
                let addresses = resolve(url, deadlines, watch).await?;
                let tcp = reach(url, &addresses, deadlines, watch).await?;
                secure(tcp, url, &no_pins, deadlines, watch).await
            };
            match presented.await {
                // Without pins every key is rejected, and the error contains it.
                Err(DirectoryError::Ldap(Error::OtherKey(other))) => {
                    keys.push(ServerKey { url: url.clone(), pin: other.seen, signer: other.signer });
                }
                Err(DirectoryError::Ldap(failure)) => failures.push(failure),
                Err(canceled) => return Err(canceled),
                Ok(_) => {}
            }
        }
        if keys.is_empty() { Err(all(failures).into()) } else { Ok(keys) }
    })
}

/// Combines several errors.
pub(super) fn all(mut failures: Vec<Error>) -> Error {
    match failures.pop() {
        Some(only) if failures.is_empty() => only,
        Some(last) => {
            failures.push(last);
            Error::All(failures)
        }
        None => Error::All(failures),
    }
}
