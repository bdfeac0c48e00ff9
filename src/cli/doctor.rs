//! `imd doctor`: what is wrong or soon will be, and what to do.

use crate::engine::Engine;
use crate::model::check::{Check, Outcome};
use crate::model::job::Job;
use crate::wizard::{self, State};

use super::Failure;
use super::output::Output;

/// Exit code 3 when something was found.
pub(super) fn doctor(engine: &Engine, offline: bool, output: &Output) -> Result<(), Failure> {
    let mut checks: Vec<Check> = Vec::new();
    engine.doctor(!offline, &Job::unwatched(), &mut |check| checks.push(check))?;
    for standing in wizard::standing(engine)? {
        let name = format!("step {}", standing.step.number());
        let evidence = format!("{}: {}", standing.step.title(), standing.evidence);
        match standing.state {
            State::Done => {}
            State::Missing => checks.push(Check::warning(name, evidence, "`imd setup` opens it")),
            State::Refused => checks.push(Check::failed(name, evidence, "`imd setup` opens it")),
        }
    }
    let found = checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed | Outcome::Warning)).count();
    output.list(&checks, ["CHECK", "OUTCOME", "EVIDENCE", "WHAT TO DO"], |check| {
        let outcome = match check.outcome {
            Outcome::Running | Outcome::Skipped => "skipped",
            Outcome::Ok => "passed",
            Outcome::Warning => "warned",
            Outcome::Failed => "failed",
        };
        let help = check.help.clone().unwrap_or_default();
        [check.name.to_string(), outcome.to_owned(), check.evidence.clone(), help]
    })?;
    match found {
        0 => Ok(output.note("Nothing is wrong.")?),
        found => Err(Failure::NeedsYou {
            message: format!("{found} of {} checks ask for something", checks.len()),
            help: "each line says what to do".to_owned(),
        }),
    }
}
