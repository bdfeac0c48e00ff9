//! `imd token`: create, list, rotate, revoke and verify tokens.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::engine::{Believes, Engine, Error, Rotated};
use crate::model::duration::Duration;
use crate::model::moment::minute;
use crate::model::name::Name;
use crate::model::text::shown;
use crate::model::token::{Claims, Platform, Record, Request, Scope};
use crate::present::{limit, token};
use crate::secrets::Secret;
use crate::token::{PublicKey, Refusal, Trusted};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Create a token; this needs no network
    Create {
        /// The name of the token
        name: Name,
        /// Expire after this time, such as 90d; "never" also needs --never-expires
        #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = expiry)]
        expires: Expiry,
        /// Maximum activations: the number of laptops that may enroll with it; 0: no limit
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        max_activations: u64,
        /// The address at which laptops reach imd; can be repeated. Default: the servers of the imported key
        #[arg(long = "server", value_name = "URL", value_parser = server)]
        servers: Vec<String>,
        /// Let laptops trust the CAs of their system: for a service with your own certificate
        #[arg(long)]
        system_roots: bool,
        /// Confirm --expires never
        #[arg(long)]
        never_expires: bool,
        #[command(flatten)]
        limits: Limits,
        /// Keep this note with the token in imd; the token itself does not contain it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Write the token to this new file, which only you can read; default: standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List the tokens, or show all details of one
    List {
        /// The id; or the name, which selects the valid token of that name, else the newest
        token: Option<Name>,
    },
    /// Print a token again
    Show {
        /// The id; or the name, which selects the valid token of that name, else the newest
        token: Name,
        /// Write the token to this new file, which only you can read; default: standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Replace a token and rewrite its exports; both tokens are valid during the overlap
    Rotate {
        /// The id; or the name, which selects the valid token of that name, else the newest
        token: Name,
        /// How long laptops may still enroll with the replaced token
        #[arg(long, default_value_t = crate::engine::OVERLAP, value_name = "DURATION")]
        overlap: Duration,
        /// Do not rewrite the exports that contain the replaced token
        #[arg(long)]
        keep_exports: bool,
    },
    /// Refuse a token from the next request on
    Revoke {
        /// The id; or the name: with --yes, all valid tokens of that name
        token: Name,
    },
    /// Verify a token and show its content; a public key is enough
    Verify {
        /// The file that contains the token; default: standard input
        file: Option<PathBuf>,
        /// Verify with this public key, as `imd keys` prints it; can be repeated. Default: the keys of this installation
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
}

/// The scope of the token: any laptop unless an option restricts it.
#[derive(Debug, clap::Args)]
pub(super) struct Limits {
    /// Restrict activation to users of this mapping; can be repeated
    #[arg(long = "mapping", value_name = "NAME")]
    mappings: Vec<Name>,
    /// Restrict enrollment to laptops with this system: windows, mac or linux; can be repeated
    #[arg(long = "platform", value_name = "SYSTEM")]
    platforms: Vec<Platform>,
    /// Restrict enrollment to this network, such as 10.20.0.0/16; can be repeated
    #[arg(long = "network", value_name = "CIDR", value_parser = crate::model::token::network)]
    networks: Vec<ipnet::IpNet>,
    /// Accept the token only from this time on, such as 2026-12-01T06:00:00Z
    #[arg(long, value_name = "TIME")]
    not_before: Option<Timestamp>,
}

impl Limits {
    pub(super) fn scope(&self) -> Scope {
        let Self { mappings, platforms, networks, not_before } = self;
        Scope {
            mappings: mappings.clone(),
            platforms: platforms.clone(),
            networks: networks.clone(),
            not_before: *not_before,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Expiry(Option<Duration>);

fn expiry(text: &str) -> Result<Expiry, crate::model::Unreadable> {
    if text == "never" { Ok(Expiry(None)) } else { text.parse().map(|length| Expiry(Some(length))) }
}

fn server(text: &str) -> Result<String, crate::model::Unreadable> {
    crate::model::token::server(text).map(|_| text.to_owned())
}

pub(super) fn run(engine: &Engine, verb: Verb, yes: bool, output: &Output) -> Result<(), Failure> {
    match verb {
        Verb::Create {
            name,
            expires: Expiry(expires),
            max_activations,
            servers,
            system_roots,
            never_expires,
            limits,
            note,
            out,
        } => {
            if expires.is_none() != never_expires {
                return Err(Failure::Usage {
                    message: "a token without expiry needs both --expires never and --never-expires".to_owned(),
                    help: "give both, or an expiry such as --expires 3650d".to_owned(),
                });
            }
            let servers = if servers.is_empty() { engine.imported_servers()? } else { servers };
            if servers.is_empty() {
                return Err(Failure::Usage {
                    message: "--server is missing: the address at which laptops reach imd".to_owned(),
                    help: "add --server https://imd.corp.example.com:7443 with the address of your service".to_owned(),
                });
            }
            let scope = limits.scope();
            let believes = if system_roots { Believes::System } else { Believes::Authority };
            let request = Request { name, expires, max_activations, servers, scope, note };
            let minted = engine.mint_for(&request, believes)?;
            hand_over(engine, &minted.record, &minted.token, out.as_deref(), output)
        }
        Verb::List { token: None } => {
            let now = engine.now();
            Ok(output
                .list_of(&engine.tokens()?, token::COLUMNS, |record| token::Row { record: record.clone(), now })?)
        }
        Verb::List { token: Some(token) } => known(engine, &called(engine, &token)?, output),
        Verb::Rotate { token, overlap, keep_exports } => {
            rotate(engine, &called(engine, &token)?, overlap, keep_exports, output)
        }
        Verb::Show { token, out } => {
            let record = called(engine, &token)?;
            let token = engine.token_text(&record)?;
            hand_over(engine, &record, &token, out.as_deref(), output)
        }
        Verb::Revoke { token } => revoke(engine, &token, yes, output),
        Verb::Verify { file, .. } => {
            let text = read(file.as_deref())?;
            let verdict = engine.verify_token(text.expose())?;
            // A revocation is only in the state of the installation that created the token.
            if let Ok(claims) = &verdict
                && let Some(record) = engine.tokens()?.iter().find(|record| record.id == claims.id)
                && let Some(at) = record.revoked_at
            {
                return Err(Failure::Plain {
                    message: format!("the token is not valid: it was revoked on {} (token-revoked)", minute(at)),
                    help: "create another with `imd token create`".to_owned(),
                });
            }
            report(verdict, output)
        }
    }
}

fn called(engine: &Engine, name: &Name) -> Result<Record, Error> {
    engine.token_called(name)?.ok_or_else(|| Error::Unknown { what: "token", name: name.clone() })
}

/// Revokes by ID, or by a name that means one token. A name of several is refused without `--yes`: the token that replaced a
/// leaked one must not be revoked by accident.
fn revoke(engine: &Engine, name: &Name, yes: bool, output: &Output) -> Result<(), Failure> {
    let meant = engine.tokens_called(name)?;
    if let [one, .., _] = meant.as_slice()
        && !yes
    {
        let state = |record: &Record| record.state(engine.now()).word();
        let described =
            |record: &Record| format!("{} ({}, ends {})", record.id, state(record), token::ends(record.ends_at()));
        let all = meant.iter().map(described).collect::<Vec<_>>().join(" and ");
        return Err(Failure::NeedsYou {
            message: format!("{} valid tokens are named \"{name}\": {all}; none was revoked", meant.len()),
            help: format!("revoke one by its ID: `imd token revoke {}`; or all of them with --yes", one.id),
        });
    }
    let ids: Vec<_> = meant.iter().map(|record| record.id.clone()).collect();
    engine.revoke_tokens(&ids)?;
    let now: Vec<_> = engine.tokens()?.into_iter().filter(|record| ids.contains(&record.id)).collect();
    match now.as_slice() {
        [] => Err(Error::Unknown { what: "token", name: name.clone() }.into()),
        [one] => Ok(output.done(one, &format!("The token \"{}\" ({}) is revoked.", one.name, one.id))?),
        several => {
            let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let document = serde_json::json!({ "items": several });
            Ok(output.done(&document, &format!("The tokens \"{name}\" ({ids}) are revoked."))?)
        }
    }
}

/// Shows all details of a token and the exports that contain it.
fn known(engine: &Engine, record: &Record, output: &Output) -> Result<(), Failure> {
    let exports = engine.exports_with(&record.id)?;
    let document = serde_json::json!({ "record": record, "state": record.state(engine.now()), "exports": exports });
    Ok(output.facts(&document, "Token", record.name.as_str(), &token::facts(engine, record)?)?)
}

fn rotate(engine: &Engine, old: &Record, overlap: Duration, keep: bool, output: &Output) -> Result<(), Failure> {
    let Rotated { old, new } = engine.rotate_token(&old.id, overlap)?;
    let written = if keep { Vec::new() } else { engine.rewrite_exports(&old, &new.record)? };
    let left = if keep { engine.exports_with(&old.id)? } else { Vec::new() };
    let failed: Vec<_> = written.iter().filter_map(|one| Some((one, one.outcome.as_ref().err()?))).collect();
    let items: Vec<_> = written
        .iter()
        .map(|one| {
            let error = one.outcome.as_ref().err().map(ToString::to_string);
            serde_json::json!({ "target": one.target, "folder": one.folder, "error": error })
        })
        .collect();
    let document = serde_json::json!({ "new": new.record, "old": old, "written": items, "not_written": left });
    let mut lines = vec![
        ("Token", new.record.id.to_string()),
        ("Ends", token::ends(new.record.ends_at())),
        ("Replaces", old.id.to_string()),
        ("Overlap ends", token::ends(old.ends_at())),
    ];
    if let Some(used) = &old.last_use {
        lines.push(("Last used", format!("{} by {}", minute(used.at), used.host_name.shown())));
    }
    for one in written.iter().filter(|one| one.outcome.is_ok()) {
        let folder = shown(&one.folder.to_string_lossy());
        lines.push(("Written", format!("{} in {folder}", one.target)));
    }
    lines.extend(left.iter().map(|export| ("Not rewritten", token::carried(export))));
    output.one(&document, &lines)?;
    let Some((one, error)) = failed.first() else { return Ok(()) };
    let folder = shown(&one.folder.to_string_lossy());
    Err(Failure::NeedsYou {
        message: format!("{} of {} exports still carry the old token; {folder}: {error}", failed.len(), written.len()),
        help: format!("write them with `imd export TARGET --token \"{}\" --out DIR` before the overlap ends", old.name),
    })
}

/// The only place where the command line gives a token out: to a file of mode 0600, or to stdout.
fn hand_over(
    engine: &Engine,
    record: &Record,
    token: &Secret,
    out: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(path) = out {
        engine.write_token_file(path, token)?;
        return Ok(output.one(record, &[("Token", record.id.to_string()), ("File", path.display().to_string())])?);
    }
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "record": record, "token": token.expose() }))?);
    }
    Ok(output.raw(token.expose())?)
}

/// Verifies with the given keys, without a state.
pub(super) fn verify_with(file: Option<&Path>, keys: &[String], output: &Output) -> Result<(), Failure> {
    let keys = keys.iter().map(|key| PublicKey::parse(key).map(Trusted::key)).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|error| Failure::Usage { message: error.to_string(), help: error.help().to_owned() })?;
    report(crate::engine::verify_with(&keys, &read(file)?), output)
}

/// Reads a token. Longer text is cut, and then refused as too long.
fn read(file: Option<&Path>) -> Result<Secret, Failure> {
    let longest = u64::try_from(crate::token::LONGEST).unwrap_or(u64::MAX) + 64;
    let mut text = Zeroizing::new(Vec::new());
    let done = match file {
        Some(path) => std::fs::File::open(path).and_then(|file| file.take(longest).read_to_end(&mut text)),
        None => std::io::stdin().lock().take(longest).read_to_end(&mut text),
    };
    done.map_err(|error| Failure::Plain {
        message: match file {
            Some(path) => format!("{} cannot be read: {error}", path.display()),
            None => format!("standard input cannot be read: {error}"),
        },
        help: "name a file with the token, or pipe the token in".to_owned(),
    })?;
    Ok(Secret::new(String::from_utf8_lossy(&text)))
}

fn report(verdict: Result<Claims, Refusal>, output: &Output) -> Result<(), Failure> {
    let claims = verdict.map_err(|refusal| Failure::Plain {
        message: format!("the token is not valid: {refusal} ({})", refusal.code()),
        help: "create another with `imd token create`".to_owned(),
    })?;
    let document = serde_json::json!({
        "id": claims.id, "issuer": claims.issuer, "name": claims.name, "issued_at": claims.issued_at,
        "expires_at": claims.expires_at, "max_activations": claims.max_activations, "servers": claims.servers,
        "pin": claims.pin, "scope": claims.scope,
    });
    let mut lines = vec![
        ("Token", claims.id.to_string()),
        ("Name", claims.name.to_string()),
        ("Issuer", claims.issuer),
        ("Created", minute(claims.issued_at)),
        ("Ends", token::ends(claims.expires_at)),
        ("Maximum activations", limit(claims.max_activations)),
        ("Servers", claims.servers.join(" ")),
    ];
    lines.extend(claims.scope.parts().into_iter().map(|part| ("Restricted to", part)));
    Ok(output.one(&document, &lines)?)
}
