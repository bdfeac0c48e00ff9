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

/// How to serve.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:7443")]
    pub listen: SocketAddr,
    /// Your own certificate with its intermediates, PEM; absent: one of this installation, which tokens vouch for
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The key of your certificate, PEM, readable by its owner alone
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// The address of a proxy in front, whose X-Forwarded-For is believed: it has to say there who asks; give it
    /// several times for several
    #[arg(long, value_name = "ADDRESS")]
    pub proxy: Vec<IpAddr>,
    /// The keys of HTTP/<server>, by which Kerberos tickets of laptops are taken; readable by its owner alone
    #[arg(long, value_name = "FILE")]
    pub keytab: Option<PathBuf>,
    /// How old the cached users may be when a ticket comes while the directory cannot be asked
    #[arg(long, value_name = "LENGTH", default_value = "24h")]
    pub cache_age: Duration,
    /// How much to log on standard error: `debug` says of each refusal why
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
    // Nobody may be left to read them: then the service goes on without.
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
                help: "give a time to come, or a length such as 2h".to_owned(),
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
    Ok(output.note(if was { "Activations go on." } else { "Activations were not paused." })?)
}
