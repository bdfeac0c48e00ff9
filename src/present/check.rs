//! Checks as people read them: one line of evidence, and the next step where there is one.

use crate::model::check::{Check, Outcome};
use crate::wizard::{Standing, State};

use super::Tone;

/// How the word of an outcome is meant.
pub const fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Ok => Tone::Good,
        Outcome::Warning => Tone::Warning,
        Outcome::Failed => Tone::Problem,
        Outcome::Running | Outcome::Skipped => Tone::Plain,
    }
}

/// A step of the setup as a check; absent when it is done.
pub fn of_step(standing: &Standing) -> Option<Check> {
    let name = format!("step {}", standing.step.number());
    let evidence = format!("{}: {}", standing.step.title(), standing.evidence);
    let help = format!("complete step {}: `imd setup`", standing.step.number());
    match standing.state {
        State::Done => None,
        State::Missing => Some(Check::warning(name, evidence, help)),
        State::Refused => Some(Check::failed(name, evidence, help)),
    }
}

/// What the checks come to: `2 of 7 checks need attention`; absent when nothing was found.
pub fn findings(checks: &[Check]) -> Option<String> {
    let found = checks.iter().filter(|check| check.outcome.needs_attention()).count();
    let need = if found == 1 { "needs" } else { "need" };
    (found > 0).then(|| format!("{found} of {} checks {need} attention", checks.len()))
}
