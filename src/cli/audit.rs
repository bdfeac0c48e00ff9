//! `imd audit`: show, verify and export the audit log.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use crate::engine::{AuditForm, Engine, Verdict};
use crate::model::audit::Asked;
use crate::model::count::{counted, grouped};
use crate::model::duration::Duration;
use crate::present::audit;

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Verify that no entry was changed or removed
    Verify,
    /// Write all entries with their hashes to a new file that only you can read, for another person to verify
    Export {
        /// Write to this new file
        file: PathBuf,
        /// Write CSV, one line per entry; default: one JSON document, which says how to verify it
        #[arg(long)]
        csv: bool,
    },
}

/// Which entries.
#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// Show only entries by actors with this prefix
    #[arg(long, value_name = "NAME", default_value = "")]
    actor: String,
    /// Show only actions with this prefix, such as "token" or "token revoke"
    #[arg(long, value_name = "VERB", default_value = "")]
    verb: String,
    /// Show only changed objects with this prefix, with or without their kind
    #[arg(long, value_name = "WHAT", default_value = "")]
    subject: String,
    /// Show entries from this time on: an age ("7d") or a time ("2026-11-24", "2026-11-24T18:00:00Z")
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Show entries before this time, in the same formats
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Show at most this many entries, newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u64,
    /// Skip this many of the newest entries
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    offset: u64,
}

/// A moment as typed on the command line.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Ago(Duration),
    At(Timestamp),
}

impl Moment {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(length) => now.checked_sub(length.signed()).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = || {
            let day: jiff::civil::Date = text.parse().ok()?;
            Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        };
        let at = || text.parse().ok().or_else(day).map(Self::At);
        let ago = text.parse().map(Self::Ago).ok();
        ago.or_else(at).ok_or_else(|| "write 7d, 2026-11-24 or 2026-11-24T18:00:00Z".to_owned())
    }
}

pub(super) fn run(engine: &Engine, verb: Option<&Verb>, filter: &Filter, output: &Output) -> Result<(), Failure> {
    match verb {
        None => list(engine, filter, output),
        Some(Verb::Verify) => verify(engine, output),
        Some(Verb::Export { file, csv }) => {
            let written = engine.export_audit(file, if *csv { AuditForm::Csv } else { AuditForm::Json })?;
            let lines = [
                ("File", written.path.display().to_string()),
                ("Entries", grouped(written.rows)),
                ("Head", written.head.clone()),
            ];
            Ok(output.one(&written, &lines)?)
        }
    }
}

fn list(engine: &Engine, filter: &Filter, output: &Output) -> Result<(), Failure> {
    let now = engine.now();
    let Filter { actor, verb, subject, since, until, limit, offset } = filter;
    let asked = Asked {
        any: String::new(),
        subjects: Vec::new(),
        actor: actor.clone(),
        verb: verb.clone(),
        subject: subject.clone(),
        since: since.map(|since| since.at(now)),
        until: until.map(|until| until.at(now)),
    };
    let page = engine.audit_page(&asked, *offset, *limit)?;
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "items": page.entries, "total": page.total }))?);
    }
    let rows: Vec<_> = page.entries.iter().map(|entry| audit::Row::new(engine, entry.clone())).collect();
    output.rows_of(&rows, audit::COLUMNS)?;
    let shown = page.entries.len() as u64;
    if shown < page.total {
        output.note(&format!(
            "{} of {} entries; --limit and --offset show others.",
            grouped(shown),
            grouped(page.total)
        ))?;
    }
    Ok(())
}

fn verify(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let verdict = engine.verify_audit()?;
    match (&verdict, verdict.fault()) {
        (Verdict::Whole { rows, head }, _) => Ok(output.one(
            &verdict,
            &[
                ("Audit", format!("{}, none changed or removed", counted(*rows, "entry", "entries"))),
                ("Head", head.clone()),
            ],
        )?),
        (_, fault) => Err(Failure::NeedsYou {
            message: fault.unwrap_or_default(),
            help: "the database was edited outside imd: compare it with a backup".to_owned(),
        }),
    }
}
