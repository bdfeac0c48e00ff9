//! `imd status`: the steps of the setup, the rollout in numbers, and the alarms.

use crate::engine::Engine;
use crate::model::count::grouped;
use crate::present::{alarm, overview};
use crate::wizard;

use super::Failure;
use super::output::Output;

pub(super) fn status(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let steps = wizard::standing(engine)?;
    let overview = engine.overview()?;
    let alarms = alarm::all(&overview);
    if output.is_json() {
        let document = serde_json::json!({
            "steps": steps, "users": engine.user_count()?, "last_sync": engine.last_sync()?,
            "activations": engine.activations()?, "overview": overview, "alarms": alarms,
        });
        return Ok(output.document(&document)?);
    }
    output.list(&steps, ["STEP", "", "STATE", "EVIDENCE"], |standing| {
        [
            standing.step.number().to_string(),
            standing.step.title().to_owned(),
            standing.state.word().to_owned(),
            standing.evidence.clone(),
        ]
    })?;
    output.raw("")?;
    output.rows(&overview::stages(&overview), ["STAGE", "NOW", "TODAY"], |stage| {
        [stage.label.to_owned(), grouped(stage.count), stage.of_today()]
    })?;
    for group in overview::groups(&overview) {
        output.raw(&format!("\n{}:", group.heading))?;
        for fact in group.facts {
            output.raw(&format!("  {}: {}", fact.label, fact.text))?;
        }
    }
    output.raw(&format!("\n{}", alarm::summary(&alarms).0))?;
    for alarm in &alarms {
        output.raw(&format!(
            "{}: {}\n  to do: {}",
            alarm.urgency.word(),
            alarm.message,
            alarm.to_do.with_commands()
        ))?;
    }
    Ok(())
}
