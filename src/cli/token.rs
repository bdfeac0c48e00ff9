//! `imd token` and `imd keys`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;

use crate::engine::{Believes, Engine, Error};
use crate::model::duration::Duration;
use crate::model::name::Name;
use crate::model::token::{Claims, Record, Request};
use crate::token::{PublicKey, Refusal, Trusted};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a token; needs no network
    Create {
        /// What it is called here
        name: Name,
        /// How long it is good for, or "never"
        #[arg(long, default_value = "90d", value_parser = expiry)]
        expires: Expiry,
        /// How many laptops it may enrol; 0 is no limit
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        max_activations: u64,
        /// Where laptops reach imd; give it several times for several
        #[arg(long = "server", required = true, value_name = "URL", value_parser = server)]
        servers: Vec<String>,
        /// The laptops are to believe the roots of their system: for a service with your own certificate
        #[arg(long)]
        system_roots: bool,
        /// Write the token to this new file, readable by you alone, instead of to stdout
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List the tokens that were made here
    List,
    /// Write a token again, to stdout or to a new file that only you can read
    Show {
        name: Name,
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Refuse a token from the next request on
    Revoke { name: Name },
    /// Say whether a token is good, and what it says. Needs only a public key
    Verify {
        /// A file that holds the token; stdin when absent
        file: Option<PathBuf>,
        /// Public keys as `imd keys` prints them; this installation's when absent
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Expiry(Option<Duration>);

fn expiry(text: &str) -> Result<Expiry, crate::model::Unreadable> {
    if text == "never" { Ok(Expiry(None)) } else { text.parse().map(|length| Expiry(Some(length))) }
}

fn server(text: &str) -> Result<String, crate::model::Unreadable> {
    crate::model::token::server(text).map(|_| text.to_owned())
}

pub(super) fn run(engine: &Engine, verb: Verb, output: &Output) -> Result<(), Failure> {
    match verb {
        Verb::Create { name, expires: Expiry(expires), max_activations, servers, system_roots, out } => {
            let believes = if system_roots { Believes::System } else { Believes::Authority };
            let minted = engine.mint_for(&Request { name, expires, max_activations, servers }, believes)?;
            hand_over(engine, &minted.record, &minted.token, out.as_deref(), output)
        }
        Verb::List => {
            let (now, uses) = (engine.now(), engine.token_uses()?);
            let let_in = |token: &Record| uses.iter().find(|(id, _)| *id == token.id).map_or(0, |(_, count)| *count);
            Ok(output.list(&engine.tokens()?, ["NAME", "ID", "STATE", "EXPIRES", "LAPTOPS", "MADE BY"], |token| {
                [
                    token.name.to_string(),
                    token.id.to_string(),
                    format!("{:?}", token.state(now)).to_lowercase(),
                    day(token.expires_at),
                    format!("{} of {}", let_in(token), limit(token.max_activations)),
                    token.created_by.0.shown(),
                ]
            })?)
        }
        Verb::Show { name, out } => {
            let record = named(engine, &name)?;
            let token = engine.token_text(&record)?;
            hand_over(engine, &record, &token, out.as_deref(), output)
        }
        Verb::Revoke { name } => {
            let record = named(engine, &name)?;
            engine.revoke_token(&record.id)?;
            Ok(output.note(&format!("The token \"{name}\" ({}) is revoked.", record.id))?)
        }
        Verb::Verify { file, .. } => {
            let text = read(file.as_deref())?;
            let verdict = engine.verify_token(&text)?;
            // The key alone cannot know of a revocation; the state that minted it does.
            if let Ok(claims) = &verdict
                && let Some(at) =
                    engine.tokens()?.iter().find(|record| record.id == claims.id).and_then(|r| r.revoked_at)
            {
                return Err(Failure::Plain {
                    message: format!("the token is not good: it was revoked on {} (token-revoked)", day(Some(at))),
                    help: "make another with `imd token create`".to_owned(),
                });
            }
            report(verdict, output)
        }
    }
}

fn named(engine: &Engine, name: &Name) -> Result<Record, Error> {
    engine.token_named(name)?.ok_or_else(|| Error::Unknown { what: "token", name: name.clone() })
}

/// Only here does a token leave the program by the command line: to a file of mode 0600, or to stdout, as was asked.
fn hand_over(
    engine: &Engine,
    record: &Record,
    token: &crate::secrets::Secret,
    out: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(path) = out {
        engine.write_token_file(path, token)?;
        return Ok(output.one(record, &[("token", record.id.to_string()), ("file", path.display().to_string())])?);
    }
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "record": record, "token": token.expose() }))?);
    }
    Ok(output.raw(token.expose())?)
}

/// Verifies with the keys that are given, and no state at all.
pub(super) fn verify_with(file: Option<&Path>, keys: &[String], output: &Output) -> Result<(), Failure> {
    let keys = keys.iter().map(|key| PublicKey::parse(key).map(Trusted::key)).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|error| Failure::Usage { message: error.to_string(), help: error.help().to_owned() })?;
    report(crate::token::verify(read(file)?.trim(), &keys, Timestamp::now()), output)
}

/// Reads a token; one that is longer than any token is cut, and then refused as too long.
fn read(file: Option<&Path>) -> Result<String, Failure> {
    let longest = u64::try_from(crate::token::LONGEST).unwrap_or(u64::MAX) + 64;
    let mut text = Vec::new();
    let done = match file {
        Some(path) => std::fs::File::open(path).and_then(|file| file.take(longest).read_to_end(&mut text)),
        None => std::io::stdin().lock().take(longest).read_to_end(&mut text),
    };
    done.map_err(|error| Failure::Plain {
        message: match file {
            Some(path) => format!("{} cannot be read: {error}", path.display()),
            None => format!("standard input cannot be read: {error}"),
        },
        help: "name a file that holds the token, or pipe the token in".to_owned(),
    })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn report(verdict: Result<Claims, Refusal>, output: &Output) -> Result<(), Failure> {
    let claims = verdict.map_err(|refusal| Failure::Plain {
        message: format!("the token is not good: {refusal} ({})", refusal.code()),
        help: "make another with `imd token create`".to_owned(),
    })?;
    let document = serde_json::json!({
        "id": claims.id, "issuer": claims.issuer, "name": claims.name, "issued_at": claims.issued_at,
        "expires_at": claims.expires_at, "max_activations": claims.max_activations, "servers": claims.servers,
        "pin": claims.pin,
    });
    let lines = [
        ("token", claims.id.to_string()),
        ("name", claims.name.to_string()),
        ("issuer", claims.issuer),
        ("issued", day(Some(claims.issued_at))),
        ("expires", day(claims.expires_at)),
        ("laptops at most", limit(claims.max_activations)),
        ("servers", claims.servers.join(" ")),
    ];
    Ok(output.one(&document, &lines)?)
}

pub(super) fn keys(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let keys: Vec<_> = engine.public_keys()?.iter().map(|key| (key.id().to_owned(), key.to_string())).collect();
    let items: Vec<_> = keys.iter().map(|(id, public)| serde_json::json!({ "id": id, "public": public })).collect();
    let of = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    Ok(output.list(&items, ["KEY", "PUBLIC"], |item| [of(item, "id"), of(item, "public")])?)
}

fn day(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn limit(activations: u64) -> String {
    if activations == 0 { "no limit".to_owned() } else { activations.to_string() }
}
