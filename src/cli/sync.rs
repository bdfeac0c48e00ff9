//! `imd sync`: read the directories, plan, and apply.

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::job::{Job, Progress};
use crate::model::plan::{Change, Left, PlannedChange, State, Summary};

use super::Failure;
use super::output::Output;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Make the plan and show it; change nothing
    #[arg(long, conflicts_with = "approve")]
    plan: bool,
    /// Apply the stored plan of this hash exactly as it was shown
    #[arg(long, value_name = "HASH")]
    approve: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the plans, newest first
    List,
    /// Show the changes of a plan
    Show { plan: i64 },
}

pub(super) fn run(engine: &Engine, arguments: Arguments, output: &Output) -> Result<(), Failure> {
    let job = Job::unwatched();
    let summary = match (arguments.verb, arguments.approve) {
        (Some(Verb::List), _) => return list(engine, output),
        (Some(Verb::Show { plan }), _) => return show(engine, plan, output),
        (None, Some(hash)) => engine.approve(&hash, &job)?,
        (None, None) => {
            let plan = engine.plan(&watched())?;
            if arguments.plan {
                show(engine, plan.id, output)?;
                return stopped(&plan);
            }
            stopped(&plan)?;
            engine.apply(plan.id, None, &job)?
        }
    };
    Ok(output.one(&summary, &lines(&summary))?)
}

/// On a terminal the count goes by on one line of stderr.
fn watched() -> Job {
    use std::io::{IsTerminal as _, Write as _};
    let shown = std::io::stderr().is_terminal();
    Job::new(move |Progress { what, done, rate, .. }| {
        if shown {
            let rate = rate.map(|rate| format!(", {rate:.0}/s")).unwrap_or_default();
            let _ = write!(std::io::stderr().lock(), "\r{what}: {done}{rate}\x1b[K\r");
        }
    })
}

/// A plan that the fuse stopped needs somebody to look at it: exit code 3.
fn stopped(plan: &Summary) -> Result<(), Failure> {
    let State::Stopped { reasons } = &plan.state else { return Ok(()) };
    let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
    Err(Failure::NeedsYou {
        message: format!("the sync stopped before it changed anything: {}", reasons.join("; ")),
        help: format!(
            "look at `imd sync show {}`; when it is right, `imd sync --approve {}` applies exactly that plan",
            plan.id, plan.hash
        ),
    })
}

fn lines(summary: &Summary) -> Vec<(&'static str, String)> {
    let counts = summary.counts;
    let state = match &summary.state {
        State::Made => "not applied".to_owned(),
        State::Stopped { .. } => "stopped by the fuse".to_owned(),
        State::Applied { at } => format!("applied at {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
    };
    vec![
        ("plan", summary.id.to_string()),
        ("matched", counts.matched.to_string()),
        ("come", counts.come.to_string()),
        ("change", counts.change.to_string()),
        ("leave", counts.leave.to_string()),
        ("left out", counts.left_out.to_string()),
        ("state", state),
        ("hash", summary.hash.clone()),
    ]
}

fn list(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let columns = ["PLAN", "MADE", "MATCHED", "COME", "CHANGE", "LEAVE", "LEFT OUT", "STATE"];
    Ok(output.list(&engine.plans(50)?, columns, |plan| {
        let state = lines(plan).into_iter().find(|(label, _)| *label == "state").map(|(_, state)| state);
        let counts = plan.counts;
        [
            plan.id.to_string(),
            plan.made_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            counts.matched.to_string(),
            counts.come.to_string(),
            counts.change.to_string(),
            counts.leave.to_string(),
            counts.left_out.to_string(),
            state.unwrap_or_default(),
        ]
    })?)
}

fn show(engine: &Engine, plan: i64, output: &Output) -> Result<(), Failure> {
    const PAGE: u64 = 1_000;
    let (mut changes, mut left_out) = (Vec::new(), Vec::new());
    loop {
        let page = engine.planned_changes(plan, changes.len() as u64, PAGE)?;
        let more = page.len() as u64 == PAGE;
        changes.extend(page);
        if !more {
            break;
        }
    }
    loop {
        let page = engine.planned_left_out(plan, left_out.len() as u64, PAGE)?;
        let more = page.len() as u64 == PAGE;
        left_out.extend(page);
        if !more {
            break;
        }
    }
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "changes": changes, "left_out": left_out }))?);
    }
    let changes: Vec<_> = changes.iter().collect();
    output.list(&changes, ["USER", "MAPPING", "CHANGE"], |change| {
        [change.label.shown(), change.mapping.to_string(), in_words(change)]
    })?;
    if !left_out.is_empty() {
        output.raw("")?;
        output.list(&left_out, ["USER", "MAPPING", "LEFT OUT BECAUSE IT"], |left| {
            [left.label.shown(), left.mapping.to_string(), left.why.to_string()]
        })?;
    }
    Ok(())
}

fn in_words(planned: &PlannedChange) -> String {
    match &planned.change {
        Change::Come => "comes".to_owned(),
        Change::Leave(Left::NoLongerMatches) => "leaves: no mapping matches any more".to_owned(),
        Change::Leave(Left::LeftOut(why)) => format!("leaves: {why}"),
        Change::Change(changes) => {
            let values = |values: &[crate::model::text::Untrusted]| {
                values.iter().map(crate::model::text::Untrusted::shown).collect::<Vec<_>>().join(", ")
            };
            let one = |change: &crate::model::plan::AttributeChange| {
                format!("{}: {} -> {}", change.attribute.name(), values(&change.before), values(&change.after))
            };
            changes.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    }
}
