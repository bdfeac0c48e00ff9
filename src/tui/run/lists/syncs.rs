//! The plans of the last syncs.

use super::{Source, done, minute, page, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::plan::{State, Summary};
use crate::present::Tone;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};
use crate::tui::message::JobEvent;
use crate::tui::run::work;

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
        let text = format!("Discard plan {plan}? Nobody was changed by it; the next sync makes its own.");
        Ok((act == Act::Discard).then(|| yes_or_no(text)))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let plan = doing.id.as_deref().and_then(|id| id.parse().ok());
        if let (Act::Discard, Some(plan)) = (doing.act, plan) {
            engine.discard_plan(plan)?;
            return Ok(done(format!("Plan {plan} is discarded.")));
        }
        let made = engine.undo(plan)?.id;
        let said = done(format!("Plan {made} takes it back; nothing has changed yet. Enter opens it."));
        Ok(said.into_iter().map(|fact| fact.leading(Place::Entry(Kind::Syncs, made.to_string()))).collect())
    }
}

/// Plans, and applies what the fuse lets through.
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
    let (state, tone) = match &plan.state {
        State::Made => ("not applied", Tone::Plain),
        State::Stopped { .. } => ("stopped", Tone::Warning),
        State::Applied { .. } => ("applied", Tone::Good),
    };
    let counts = plan.counts;
    let (leave, change, come) = (grouped(counts.removed), grouped(counts.updated), grouped(counts.added));
    let back = plan.undoes.map(|of| format!("; takes back {of}")).unwrap_or_default();
    Row {
        id: plan.id.to_string(),
        cells: vec![
            plan.id.to_string(),
            state.to_owned(),
            minute(plan.made_at),
            format!("{leave} leave, {change} change, {come} come{back}"),
        ],
        tone,
        acts: vec![if matches!(plan.state, State::Applied { .. }) { Act::Undo } else { Act::Discard }],
    }
}
