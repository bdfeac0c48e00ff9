//! Plans as the console shows them.

use crate::engine::{Engine, Error};
use crate::model::moment::minute;
use crate::model::plan::{Asked, LineKind, State, Summary};
use crate::model::text::shown;
use crate::present::plan;
use crate::tui::message::Reply;
use crate::tui::view::{PlanPage, PlanState, PlanView};

pub(super) fn open(engine: &Engine, plan: i64) -> Result<Reply, Error> {
    Ok(Reply::Plan(Box::new(view(&engine.stored_plan(plan)?))))
}

pub(super) fn undo(engine: &Engine, plan: i64) -> Result<Reply, Error> {
    Ok(Reply::Plan(Box::new(view(&engine.undo(Some(plan))?))))
}

pub(super) fn lines(engine: &Engine, plan: i64, asked: Asked, offset: u64, limit: u64) -> Result<Reply, Error> {
    let found = engine.plan_lines(plan, &asked, offset, limit)?;
    let lines = found.lines.iter().map(plan::line).collect();
    Ok(Reply::Lines { plan, asked, page: PlanPage { offset, total: found.total, lines } })
}

/// A plan in words.
pub(super) fn view(plan: &Summary) -> PlanView {
    let (state, reasons) = match &plan.state {
        State::Made => (PlanState::Made, [].as_slice()),
        State::Stopped { reasons } => (PlanState::Stopped, reasons.as_slice()),
        State::Applied { .. } => (PlanState::Applied, [].as_slice()),
    };
    PlanView {
        id: plan.id,
        hash: plan.hash.clone(),
        heading: format!("created {}", minute(plan.made_at)),
        state,
        why: plan::reasons(plan),
        todo: reasons.first().map(|tripped| shown(&tripped.cause.remedy())),
        counts: LineKind::ALL.map(|kind| plan.counts.of(kind)),
        question: plan::question(plan),
    }
}
