//! Plans in words that can be drawn.

use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::plan::{Asked, AttributeChange, Change, Line, LineKind, PlannedChange, State, Summary};
use crate::model::text::{Untrusted, shown};
use crate::present::Tone;
use crate::tui::message::Reply;
use crate::tui::view::{PlanLine, PlanPage, PlanState, PlanView};

pub(super) fn open(engine: &Engine, plan: i64) -> Result<Reply, Error> {
    Ok(Reply::Plan(Box::new(view(&engine.stored_plan(plan)?))))
}

pub(super) fn undo(engine: &Engine, plan: i64) -> Result<Reply, Error> {
    Ok(Reply::Plan(Box::new(view(&engine.undo(Some(plan))?))))
}

pub(super) fn lines(engine: &Engine, plan: i64, asked: Asked, offset: u64, limit: u64) -> Result<Reply, Error> {
    let found = engine.plan_lines(plan, &asked, offset, limit)?;
    let lines = found.lines.iter().map(line).collect();
    Ok(Reply::Lines { plan, asked, page: PlanPage { offset, total: found.total, lines } })
}

/// A plan in words.
pub(super) fn view(plan: &Summary) -> PlanView {
    let counts = plan.counts;
    let made = crate::model::moment::minute(plan.made_at);
    let state = match &plan.state {
        State::Made => PlanState::Made,
        State::Stopped { .. } => PlanState::Stopped,
        State::Applied { .. } => PlanState::Applied,
    };
    let mut why = Vec::new();
    if let Some(of) = plan.undoes {
        why.push((Tone::Plain, format!("It takes back plan {of}.")));
    }
    let mut todo = None;
    match &plan.state {
        State::Stopped { reasons } => {
            for tripped in reasons {
                why.push((Tone::Warning, shown(&tripped.to_string())));
                why.push((Tone::Plain, format!("  {}", shown(&tripped.cause.to_string()))));
            }
            todo = reasons.first().map(|tripped| shown(&tripped.cause.remedy()));
        }
        State::Applied { at } => why.push((Tone::Plain, format!("Applied at {}.", crate::model::moment::minute(at)))),
        State::Made => {}
    }
    let (come, change, leave) = (grouped(counts.added), grouped(counts.updated), grouped(counts.removed));
    let leaving = match counts.removed {
        0 => "Nobody leaves; ".to_owned(),
        1 => "1 user leaves and is refused at once; ".to_owned(),
        _ => format!("{leave} users leave and are refused at once; "),
    };
    PlanView {
        id: plan.id,
        hash: plan.hash.clone(),
        heading: format!("made at {made}"),
        state,
        why,
        todo,
        counts: LineKind::ALL.map(|kind| counts.of(kind)),
        question: format!("Apply plan {}? {leaving}{change} change, {come} come.", plan.id),
    }
}

fn line(line: &Line) -> PlanLine {
    match line {
        Line::Excluded(line) => PlanLine {
            kind: LineKind::Excluded,
            who: line.label.shown(),
            what: shown(&line.why.to_string()),
            details: vec![
                format!("mapping \"{}\" leaves the user out: {}", line.mapping, shown(&line.why.to_string())),
                format!("To do: {}", line.why.remedy()),
            ],
        },
        Line::Change(line) => change(line),
    }
}

fn change(line: &PlannedChange) -> PlanLine {
    let mut details = vec![match &line.from {
        Some(from) => format!("mapping: {from} -> {}", line.mapping),
        None => format!("mapping: {}", line.mapping),
    }];
    let (kind, what) = match &line.change {
        Change::Added => (LineKind::Added, format!("is new in mapping \"{}\"", line.mapping)),
        Change::Removed(why) => {
            let why = shown(&why.to_string());
            details.push(why.clone());
            (LineKind::Removed, why)
        }
        Change::Updated(all) => {
            let each: Vec<String> = all.iter().map(attribute).collect();
            let moved = line.from.as_ref().map(|from| format!("mapping: {from} -> {}", line.mapping));
            details.extend(each.iter().cloned());
            (LineKind::Updated, moved.into_iter().chain(each).collect::<Vec<_>>().join("; "))
        }
    };
    details.extend((!line.names.is_empty()).then(|| {
        let names: Vec<String> = line.names.iter().map(Untrusted::shown).collect();
        format!("names: {}", names.join(", "))
    }));
    PlanLine { kind, who: line.label.shown(), what, details }
}

/// `department: Sales -> Legal`
fn attribute(change: &AttributeChange) -> String {
    let values = |values: &[Untrusted]| match values {
        [] => "nothing".to_owned(),
        values => values.iter().map(Untrusted::shown).collect::<Vec<_>>().join(", "),
    };
    format!("{}: {} -> {}", change.attribute.name(), values(&change.before), values(&change.after))
}
