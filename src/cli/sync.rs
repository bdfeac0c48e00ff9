//! `imd sync`: read the directories, plan and apply; show plans and undo one.

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::job::{Job, Progress};
use crate::model::moment::minute;
use crate::model::plan::{Asked, Line, State, Summary};
use crate::present::plan;

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
            return Ok(output.note(&format!("Plan {plan} discarded; it changed no user."))?);
        }
        (Some(Verb::Undo { plan }), _) => {
            let plan = engine.undo(plan)?;
            show(engine, &plan, output)?;
            stopped(&plan)?;
            if !yes {
                return Err(Failure::NeedsYou {
                    message: format!("plan {} would undo plan {}", plan.id, plan.undoes.unwrap_or_default()),
                    help: format!("`imd sync --approve {}` applies it; {AGAIN}", plan.hash),
                });
            }
            let applied = engine.apply(plan.id, None, &job)?;
            return Ok(output.note(&format!("Plan {} applied; {AGAIN}.", applied.id))?);
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
    Ok(output.facts(&summary, "Plan", &summary.id.to_string(), &plan::facts(&summary))?)
}

/// What an administrator who undoes a plan has to know.
const AGAIN: &str = "the next sync reads the directory again, so correct the cause there first";

/// Shows the progress on one line of stderr, if that is a terminal.
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

/// Fails with exit code 3 for a plan that the safeguard stopped: an administrator has to look at it.
fn stopped(plan: &Summary) -> Result<(), Failure> {
    let State::Stopped { reasons } = &plan.state else { return Ok(()) };
    let why: Vec<_> = reasons.iter().map(|tripped| format!("{tripped}\n  {}", tripped.cause)).collect();
    let remedy = reasons.first().map_or_else(String::new, |tripped| format!("{}\n", tripped.cause.remedy()));
    Err(Failure::NeedsYou {
        message: format!("the sync stopped before it changed anything:\n  {}", why.join("\n  ")),
        help: format!(
            "{remedy}`imd sync show {}` lists the users; `imd sync --approve {}` applies exactly that plan",
            plan.id, plan.hash
        ),
    })
}

fn list(engine: &Engine, output: &Output) -> Result<(), Failure> {
    Ok(output.list_of(&engine.plans(50)?, plan::COLUMNS, Clone::clone)?)
}

/// Shows a plan, then its lines a page at a time: a plan may have a hundred thousand.
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
    output.facts(plan, "Plan", &plan.id.to_string(), &plan::facts(plan))?;
    output.raw("")?;
    let mut offset = 0;
    loop {
        let lines = page(offset)?.lines;
        if lines.is_empty() {
            break;
        }
        offset += lines.len() as u64;
        let row = |line: &Line| {
            let mapping = match line {
                Line::Change(line) => line.mapping.to_string(),
                Line::Excluded(line) => line.mapping.to_string(),
            };
            let line = plan::line(line);
            [line.who, mapping, line.kind.word().to_owned(), line.what]
        };
        output.list(&lines, ["USER", "MAPPING", "CHANGE", "DETAIL"], row)?;
    }
    Ok(output.note(&next(plan))?)
}

/// The next step with a plan.
fn next(plan: &Summary) -> String {
    match &plan.state {
        State::Applied { .. } => format!("`imd sync undo {}` makes a plan that undoes it.", plan.id),
        State::Stopped { .. } | State::Made => format!(
            "`imd sync --approve {}` applies exactly this plan, within an hour of {}.",
            plan.hash,
            minute(plan.made_at)
        ),
    }
}
