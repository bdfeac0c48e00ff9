//! `imd status`: how far the setup is, how the rollout is, and what needs somebody.

use crate::engine::{self, Engine};
use crate::model::alarm::Alarm;
use crate::model::overview::Overview;
use crate::wizard::{self, State};

use super::Failure;
use super::output::Output;

pub(super) fn status(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let steps = wizard::standing(engine)?;
    let users = engine.user_count()?;
    let last = engine.last_sync()?;
    let passwords = engine.ending_passwords()?;
    let activations = engine.activations()?;
    let overview = engine.overview()?;
    if output.is_json() {
        let document = serde_json::json!({
            "steps": steps, "users": users, "last_sync": last, "ending_passwords": passwords,
            "activations": activations, "overview": overview,
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
    let last = last.map_or_else(|| "never".to_owned(), crate::model::moment::minute);
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
        let seen = crate::model::moment::minute(ending.seen_at);
        let says = format!("{}: the password of {} {}", ending.directory, ending.bind, ending.says);
        let says = crate::model::text::shown(&says);
        output.raw(&format!("warning: {says} (as seen {seen}).\nhelp: set a new one there, and give it in step 1."))?;
    }
    stages(&overview, output)?;
    alarms(&overview.alarms, output)
}

fn stages(overview: &Overview, output: &Output) -> Result<(), Failure> {
    let today = overview.days.last();
    let rows = [
        ("matched", overview.stages.matched, String::new()),
        ("excluded", overview.stages.excluded, "`imd report` says why".to_owned()),
        (
            "cached",
            overview.stages.cached,
            today.map(|day| format!("{} came, {} left", day.came, day.left)).unwrap_or_default(),
        ),
        ("waiting", overview.stages.waiting, today.map(|day| format!("{} enrolled", day.enrolled)).unwrap_or_default()),
        (
            "refused",
            overview.stages.refused,
            today.map(|day| format!("{} requests refused", day.refused)).unwrap_or_default(),
        ),
        ("over limit", overview.stages.over_limit, String::new()),
        (
            "activated",
            overview.stages.activated,
            today.map(|day| format!("{} activated", day.activated)).unwrap_or_default(),
        ),
    ];
    output.raw("")?;
    Ok(output.rows(&rows, ["STAGE", "NOW", "TODAY"], |(stage, count, today)| {
        [(*stage).to_owned(), count.to_string(), today.clone()]
    })?)
}

fn alarms(alarms: &[Alarm], output: &Output) -> Result<(), Failure> {
    output.raw("")?;
    if alarms.is_empty() {
        return Ok(output.raw("Nothing needs you.")?);
    }
    for alarm in alarms {
        output.raw(&format!("{}: {}\n  to do: {}", alarm.urgency.word(), alarm.happened, alarm.to_do))?;
    }
    Ok(())
}
