//! `imd doctor`: checks of the host, the alarms of the deployment, and the steps that are not complete.

use crate::engine::Engine;
use crate::model::check::Check;
use crate::model::job::Job;
use crate::present::{alarm, check};
use crate::wizard;

use super::Failure;
use super::output::Output;

/// Exit code 3 when something was found.
pub(super) fn doctor(engine: &Engine, offline: bool, output: &Output) -> Result<(), Failure> {
    let mut checks: Vec<Check> = Vec::new();
    let overview = engine.doctor(!offline, &Job::unwatched(), &mut |check| checks.push(check))?;
    checks.extend(alarm::all(&overview).iter().map(alarm::Shown::to_check));
    checks.extend(wizard::standing(engine)?.iter().filter_map(check::of_step));
    output.list(&checks, ["CHECK", "OUTCOME", "EVIDENCE", "WHAT TO DO"], |check| {
        let help = check.help.clone().unwrap_or_default();
        [check.name.to_string(), check.outcome.word().to_owned(), check.evidence.clone(), help]
    })?;
    match check::findings(&checks) {
        None => Ok(output.note("Nothing was found.")?),
        Some(message) => Err(Failure::NeedsYou {
            message,
            help: "the column WHAT TO DO has the next step for each check".to_owned(),
        }),
    }
}
