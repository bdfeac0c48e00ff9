//! `imd sync`: read the directories, plan and apply; show plans and undo one.

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::job::{Job, Progress};
use crate::model::plan::{Asked, AttributeChange, Change, Line, PlannedChange, State, Summary};
use crate::model::text::{Untrusted, shown};

use super::Failure;
use super::output::Output;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Show the plan and change nothing
    #[arg(long, conflicts_with = "approve")]
    plan: bool,
    /// Apply the stored plan with this hash, exactly as it was shown
    #[arg(long, value_name = "HASH")]
    approve: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the plans, newest first
    List,
    /// Show a plan: the users who are added, updated, removed and excluded, and why
    Show {
        /// The number of the plan, as `imd sync list` shows it
        plan: i64,
    },
    /// Discard a plan that was not applied; the next sync makes a new one
    Discard {
        /// The number of the plan, as `imd sync list` shows it
        plan: i64,
    },
    /// Show a plan that undoes an applied plan; --yes applies it, as does `imd sync --approve HASH`
    Undo {
        /// The number of the plan; default: the last plan that changed something
        plan: Option<i64>,
    },
}

pub(super) fn run(engine: &Engine, arguments: Arguments, yes: bool, output: &Output) -> Result<(), Failure> {
    let job = Job::unwatched();
    let summary = match (arguments.verb, arguments.approve) {
        (Some(Verb::List), _) => return list(engine, output),
        (Some(Verb::Show { plan }), _) => return show(engine, &engine.stored_plan(plan)?, output),
        (Some(Verb::Discard { plan }), _) => {
            engine.discard_plan(plan)?;
            return Ok(output.note(&format!("Plan {plan} is discarded; nobody was changed by it."))?);
        }
        (Some(Verb::Undo { plan }), _) => {
            let plan = engine.undo(plan)?;
            show(engine, &plan, output)?;
            stopped(&plan)?;
            if !yes {
                return Err(Failure::NeedsYou {
                    message: format!("plan {} would take back plan {}", plan.id, plan.undoes.unwrap_or_default()),
                    help: format!("`imd sync --approve {}` applies it; {AGAIN}", plan.hash),
                });
            }
            let applied = engine.apply(plan.id, None, &job)?;
            return Ok(output.note(&format!("Plan {} is applied; {AGAIN}.", applied.id))?);
        }
        (None, Some(hash)) => engine.approve(&hash, &job)?,
        (None, None) => {
            let plan = engine.plan(&watched())?;
            if arguments.plan {
                show(engine, &plan, output)?;
                return stopped(&plan);
            }
            stopped(&plan)?;
            engine.apply(plan.id, None, &job)?
        }
    };
    Ok(output.one(&summary, &lines(&summary))?)
}

/// What somebody who takes a plan back has to know.
const AGAIN: &str = "the next sync reads the directory again, so mend there what made you take it back";

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
    let why: Vec<_> = reasons.iter().map(|tripped| format!("{tripped}\n  {}", tripped.cause)).collect();
    let remedy = reasons.first().map_or_else(String::new, |tripped| format!("{}\n", tripped.cause.remedy()));
    Err(Failure::NeedsYou {
        message: format!("the sync stopped before it changed anything:\n  {}", why.join("\n  ")),
        help: format!(
            "{remedy}`imd sync show {}` names everybody; `imd sync --approve {}` applies exactly that plan",
            plan.id, plan.hash
        ),
    })
}

fn state(plan: &Summary) -> String {
    match &plan.state {
        State::Made => "not applied".to_owned(),
        State::Stopped { .. } => "stopped by the fuse".to_owned(),
        State::Applied { at } => format!("applied at {}", crate::model::moment::minute(at)),
    }
}

fn lines(summary: &Summary) -> Vec<(&'static str, String)> {
    let counts = summary.counts;
    let mut lines = vec![("plan", summary.id.to_string())];
    lines.extend(summary.undoes.map(|plan| ("takes back", format!("plan {plan}"))));
    lines.extend([
        ("matched", counts.matched.to_string()),
        ("added", counts.added.to_string()),
        ("updated", counts.updated.to_string()),
        ("removed", counts.removed.to_string()),
        ("excluded", counts.excluded.to_string()),
    ]);
    lines.extend((counts.taken > 0).then(|| ("match again", format!("{}, in a later mapping", counts.taken))));
    lines.extend([("state", state(summary)), ("hash", summary.hash.clone())]);
    lines
}

fn list(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let columns = ["PLAN", "MADE", "MATCHED", "COME", "CHANGE", "LEAVE", "LEFT OUT", "STATE"];
    Ok(output.list(&engine.plans(50)?, columns, |plan| {
        let counts = plan.counts;
        let back = plan.undoes.map(|of| format!(", takes back {of}")).unwrap_or_default();
        [
            plan.id.to_string(),
            crate::model::moment::minute(plan.made_at),
            counts.matched.to_string(),
            counts.added.to_string(),
            counts.updated.to_string(),
            counts.removed.to_string(),
            counts.excluded.to_string(),
            format!("{}{back}", state(plan)),
        ]
    })?)
}

/// The plan with its number, its hash and what comes next, then line by line: a page at a time, because a plan may have
/// a hundred thousand lines.
fn show(engine: &Engine, plan: &Summary, output: &Output) -> Result<(), Failure> {
    const PAGE: u64 = 1_000;
    let page = |offset: u64| engine.plan_lines(plan.id, &Asked::default(), offset, PAGE);
    if output.is_json() {
        let (mut changes, mut excluded, mut offset) = (Vec::new(), Vec::new(), 0);
        loop {
            let lines = page(offset)?.lines;
            if lines.is_empty() {
                break;
            }
            offset += lines.len() as u64;
            for line in lines {
                match line {
                    Line::Change(line) => changes.push(line),
                    Line::Excluded(line) => excluded.push(line),
                }
            }
        }
        let document =
            serde_json::json!({ "plan": plan, "next": next(plan), "changes": changes, "excluded": excluded });
        return Ok(output.document(&document)?);
    }
    output.one(plan, &lines(plan))?;
    output.raw("")?;
    let mut offset = 0;
    loop {
        let lines = page(offset)?.lines;
        if lines.is_empty() {
            break;
        }
        offset += lines.len() as u64;
        let row = |line: &Line| match line {
            Line::Change(line) => [line.label.shown(), line.mapping.to_string(), in_words(line)],
            Line::Excluded(line) => [line.label.shown(), line.mapping.to_string(), format!("excluded: {}", line.why)],
        };
        output.list(&lines, ["USER", "MAPPING", "WHAT"], row)?;
    }
    Ok(output.note(&next(plan))?)
}

/// What can be done with the plan now.
fn next(plan: &Summary) -> String {
    match &plan.state {
        State::Applied { .. } => format!("`imd sync undo {}` makes a plan that takes it back.", plan.id),
        State::Stopped { .. } | State::Made => format!(
            "`imd sync --approve {}` applies exactly this plan, within an hour of {}.",
            plan.hash,
            plan.made_at.strftime("%H:%M UTC")
        ),
    }
}

fn in_words(planned: &PlannedChange) -> String {
    let from = planned.from.as_ref().map(|from| format!("from mapping \"{from}\""));
    match &planned.change {
        Change::Added => "comes".to_owned(),
        Change::Removed(why) => format!("leaves: {why}"),
        Change::Updated(changes) => {
            let values = |values: &[Untrusted]| match values {
                [] => "nothing".to_owned(),
                values => values.iter().map(Untrusted::shown).collect::<Vec<_>>().join(", "),
            };
            let one = |change: &AttributeChange| {
                let name = change.attribute.name();
                format!("{name}: {} -> {}", shown(&values(&change.before)), shown(&values(&change.after)))
            };
            from.into_iter().chain(changes.iter().map(one)).collect::<Vec<_>>().join("; ")
        }
    }
}
