//! The plans of the last syncs.

use super::{Source, done, page, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::job::Job;
use crate::model::plan::{State, Summary};
use crate::present::plan::{COLUMNS, tone};
use crate::present::{Act, Fact, Kind, Place, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows};
use crate::tui::message::JobEvent;
use crate::tui::run::work;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Syncs,
    title: "Syncs",
    reached: Reached::Key('4'),
    columns: &headings(COLUMNS),
    empty: "There was no sync yet. r runs the first one; step 4 sets the interval (9, then 4 Frequency).",
    about: "Each sync is a plan first. A plan that the safeguard stopped waits here for you.",
    help: include_str!("../../../../assets/help/syncs.txt"),
    acts: &[Act::Sync],
    listed_by: "sync list",
    shown_by: Some("sync show"),
    verbs: &[(Act::Sync, "sync"), (Act::Undo, "sync undo"), (Act::Discard, "sync discard")],
    ..ListSpec::PLAIN
};

pub(super) struct Syncs;

/// How far back the list goes.
const PLANS: usize = 1_000;

impl Source for Syncs {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let rows = engine.plans(PLANS)?.into_iter().map(|plan| row(&plan));
        Ok(page(rows, asked, offset, limit))
    }

    /// A plan has a screen of its own.
    fn detail(&self, _: &Engine, _: &str) -> Result<Detail, Error> {
        Ok(Detail::default())
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let plan = id.unwrap_or_default();
        let text = format!("Discard plan {plan}? It changed no user; the next sync makes a new one.");
        Ok((act == Act::Discard).then(|| yes_or_no(text)))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let plan = doing.id.as_deref().and_then(|id| id.parse().ok());
        if let (Act::Discard, Some(plan)) = (doing.act, plan) {
            engine.discard_plan(plan)?;
            return Ok(done(format!("Plan {plan} was discarded.")));
        }
        let made = engine.undo(plan)?.id;
        let said = done(format!("Plan {made} would undo it; nothing is changed yet. Enter opens it."));
        Ok(said.into_iter().map(|fact| fact.leading(Place::Entry(Kind::Syncs, made.to_string()))).collect())
    }
}

/// Plans, and applies the plan unless the safeguard stops it.
pub(super) fn sync(engine: &Engine, job: &Job) -> Result<JobEvent, Error> {
    let plan = engine.plan(job)?;
    if let State::Stopped { .. } = plan.state {
        return Ok(JobEvent::Stopped(plan.id));
    }
    let report = work::synced(&engine.apply(plan.id, None, job)?);
    let lines = report.lines.into_iter().map(|(tone, text)| Fact::new("", text).toned(tone)).collect();
    Ok(JobEvent::Done(lines))
}

fn row(plan: &Summary) -> Row {
    let act = if matches!(plan.state, State::Applied { .. }) { Act::Undo } else { Act::Discard };
    super::row(plan.id.to_string(), COLUMNS, plan, tone(&plan.state), vec![act])
}
