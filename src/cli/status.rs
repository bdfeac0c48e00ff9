//! `imd status` and `imd audit`.

use clap::Subcommand;

use crate::engine::{self, Engine, Verdict};
use crate::wizard::{self, State};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum AuditVerb {
    /// Check that no entry was changed or removed
    Verify,
}

pub(super) fn status(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let steps = wizard::standing(engine)?;
    let users = engine.user_count()?;
    let last = engine.last_sync()?;
    let passwords = engine.ending_passwords()?;
    let activations = engine.activations()?;
    if output.is_json() {
        let document = serde_json::json!({
            "steps": steps, "users": users, "last_sync": last, "ending_passwords": passwords,
            "activations": activations,
        });
        return Ok(output.document(&document)?);
    }
    output.list(&steps, ["STEP", "", "STATE", "WHAT"], |standing| {
        let state = match standing.state {
            State::Done => "done",
            State::Missing => "missing",
            State::Refused => "refused",
        };
        [
            standing.step.number().to_string(),
            standing.step.title().to_owned(),
            state.to_owned(),
            standing.evidence.clone(),
        ]
    })?;
    let last = last.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    output.raw(&format!("\n{users} users are cached; the directories were last read: {last}."))?;
    let engine::Standing { funnel, accounts, refused, pause } = activations;
    output.raw(&format!(
        "{} laptops wait for a log-on, {} are activated for {} accounts.",
        funnel.pending, funnel.activated, funnel.accounts
    ))?;
    if accounts.preserved > 0 {
        let due = match accounts.due {
            0 => String::new(),
            due => format!(" Of {due} the days are over: `imd accounts --due` lists them, and nothing deletes them."),
        };
        output.raw(&format!("{} accounts are preserved, as their users left.{due}", accounts.preserved))?;
    }
    if !refused.is_empty() {
        let reasons: Vec<_> = refused.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        output.raw(&format!("Refused in the last 7 days: {}.", reasons.join(", ")))?;
    }
    if let Some(pause) = pause {
        let until = pause.until.map_or_else(|| "until `imd resume`".to_owned(), |at| format!("until {at}"));
        output.raw(&format!("Activations are paused {until}, by {}.", pause.by.shown()))?;
    }
    for ending in passwords {
        let seen = ending.seen_at.strftime("%Y-%m-%d %H:%M UTC");
        let says = format!("{}: the password of {} {}", ending.directory, ending.bind, ending.says);
        let says = crate::model::text::shown(&says);
        output.raw(&format!("warning: {says} (as seen {seen}).\nhelp: set a new one there, and give it in step 1."))?;
    }
    Ok(())
}

pub(super) fn audit(engine: &Engine, verb: Option<&AuditVerb>, limit: usize, output: &Output) -> Result<(), Failure> {
    if let Some(AuditVerb::Verify) = verb {
        let verdict = engine.verify_audit()?;
        return match &verdict {
            Verdict::Whole { rows, head } => {
                Ok(output.one(&verdict, &[("audit", format!("{rows} entries, unbroken")), ("head", head.clone())])?)
            }
            Verdict::Broken { number } => {
                Err(broken(format!("entry {number} of the audit was changed, or others around it")))
            }
            Verdict::CutShort { rows, were } => Err(broken(format!("the audit has {rows} entries, and had {were}"))),
        };
    }
    Ok(output.list(&engine.audit(limit)?, ["NUMBER", "WHEN", "WHO", "VERB", "WHAT", "DETAIL"], |entry| {
        [
            entry.number.to_string(),
            entry.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            entry.actor.0.shown(),
            entry.verb.clone(),
            entry.subject.shown(),
            entry.detail.shown(),
        ]
    })?)
}

fn broken(message: String) -> Failure {
    let help = "compare it with a backup: somebody has edited the database by hand".to_owned();
    Failure::NeedsYou { message, help }
}
