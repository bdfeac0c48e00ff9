//! `imd serve`, `imd pause` and `imd resume`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;

use crate::engine::Engine;
use crate::model::Unreadable;
use crate::model::duration::Duration;

use super::output::Output;
use super::{Failure, Service};

/// Options of the service.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Listen on this address and port
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:7443")]
    pub listen: SocketAddr,
    /// Use this certificate with its intermediates (PEM); default: a certificate of this installation, pinned in tokens
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The private key of the certificate (PEM), readable only by its owner
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Trust X-Forwarded-For from this reverse proxy, which must set it to the address of the laptop; can be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub proxy: Vec<IpAddr>,
    /// Accept Kerberos tickets with the keys of HTTP/<server> in this keytab, readable only by its owner
    #[arg(long, value_name = "FILE")]
    pub keytab: Option<PathBuf>,
    /// Accept a ticket while the directory is unreachable if the last sync is at most this old
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub cache_age: Duration,
    /// Log to standard error at this level; debug includes the reason of each refusal
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: Log,
}

/// How much the service logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Log {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

pub(super) fn run(engine: &Engine, serve: &Serve, service: &Service<'_>, output: &Output) -> Result<(), Failure> {
    // The service continues if its output is closed.
    let tell = |line: &str| drop(output.note(line));
    Ok(service(engine, serve, &tell)?)
}

/// `2h`, or a time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    For(Duration),
    At(Timestamp),
}

impl FromStr for Until {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        match text.parse() {
            Ok(length) => Ok(Self::For(length)),
            Err(_) => text.parse().map(Self::At).map_err(|_| {
                Unreadable::new("a length such as \"2h\" or a time such as \"2026-11-24T18:00:00+01:00\"", text)
            }),
        }
    }
}

pub(super) fn pause(engine: &Engine, until: Option<Until>, output: &Output) -> Result<(), Failure> {
    let until = match until {
        None => None,
        Some(Until::For(length)) => engine.now().checked_add(length.signed()).ok(),
        Some(Until::At(at)) if at <= engine.now() => {
            return Err(Failure::Usage {
                message: format!("{at} has passed already"),
                help: "give a time in the future, or a duration such as 2h".to_owned(),
            });
        }
        Some(Until::At(at)) => Some(at),
    };
    engine.pause(until)?;
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "paused": engine.paused()? }))?);
    }
    Ok(output.note(&match until {
        Some(at) => format!("Activations are paused until {at}."),
        None => "Activations are paused until `imd resume`.".to_owned(),
    })?)
}

pub(super) fn resume(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let was = engine.resume()?;
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "paused": null, "was_paused": was }))?);
    }
    Ok(output.note(if was { "Activations are resumed." } else { "Activations were not paused." })?)
}
