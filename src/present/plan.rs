//! Plans of syncs, and what they do to each user.

use super::{Column, Fact, Tone};
use crate::model::count::grouped;
use crate::model::moment::minute;
use crate::model::plan::{AttributeChange, Change, Line, LineKind, PlannedChange, State, Summary};
use crate::model::text::{Untrusted, shown};

pub const COLUMNS: &[Column<Summary>; 9] = &[
    Column::fixed("plan", "Plan", 6, |plan| plan.id.to_string()),
    Column::fixed("state", "State", 11, |plan| plan.state.word().to_owned()),
    Column::fixed("created", "Created", 23, |plan| minute(plan.made_at)),
    Column::fixed("removed", "Removed", 8, |plan| grouped(plan.counts.removed)),
    Column::fixed("updated", "Updated", 8, |plan| grouped(plan.counts.updated)),
    Column::fixed("added", "Added", 8, |plan| grouped(plan.counts.added)),
    Column::fixed("excluded", "Excluded", 8, |plan| grouped(plan.counts.excluded)),
    Column::fixed("matched", "Matched", 9, |plan| grouped(plan.counts.matched)),
    Column::growing("undoes", "Undoes", 8, |plan| plan.undoes.map(|of| format!("plan {of}")).unwrap_or_default()),
];

pub const fn tone(state: &State) -> Tone {
    match state {
        State::Made => Tone::Plain,
        State::Stopped { .. } => Tone::Warning,
        State::Applied { .. } => Tone::Good,
    }
}

/// Why the safeguard stopped a plan, or when it was applied: each with the probable cause below it.
pub fn reasons(plan: &Summary) -> Vec<(Tone, String)> {
    let mut reasons = Vec::new();
    reasons.extend(plan.undoes.map(|of| (Tone::Plain, format!("It undoes plan {of}."))));
    match &plan.state {
        State::Stopped { reasons: all } => {
            for tripped in all {
                reasons.push((Tone::Warning, shown(&tripped.to_string())));
                reasons.push((Tone::Plain, format!("  {}", shown(&tripped.cause.to_string()))));
            }
        }
        State::Applied { at } => reasons.push((Tone::Plain, format!("Applied at {}.", minute(at)))),
        State::Made => {}
    }
    reasons
}

/// All that is known of a plan, without its lines.
pub fn facts(plan: &Summary) -> Vec<Fact> {
    let counts = plan.counts;
    let mut facts = vec![Fact::new("State", plan.state.word()).toned(tone(&plan.state))];
    facts.extend(reasons(plan).into_iter().map(|(tone, text)| Fact::new("", text).toned(tone)));
    facts.push(Fact::new("Created", minute(plan.made_at)));
    facts.push(Fact::new("Matched", grouped(counts.matched)));
    facts.push(Fact::new("Removed", grouped(counts.removed)));
    facts.push(Fact::new("Updated", grouped(counts.updated)));
    facts.push(Fact::new("Added", grouped(counts.added)));
    facts.push(Fact::new("Excluded", grouped(counts.excluded)));
    facts.extend(
        (counts.taken > 0).then(|| Fact::new("Also matched", format!("{} by a later mapping", grouped(counts.taken)))),
    );
    facts.push(Fact::new("Hash", plan.hash.clone()));
    facts
}

/// What is asked before a plan is applied.
pub fn question(plan: &Summary) -> String {
    let counts = plan.counts;
    let (added, updated, removed) = (grouped(counts.added), grouped(counts.updated), grouped(counts.removed));
    let refused = if counts.removed > 0 { ", who are refused at once" } else { "" };
    format!("Apply plan {}? {added} added, {updated} updated, {removed} removed{refused}.", plan.id)
}

/// What a plan does to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    pub kind: LineKind,
    pub who: String,
    pub what: String,
    pub details: Vec<String>,
}

/// A line of a plan in words.
pub fn line(line: &Line) -> PlanLine {
    match line {
        Line::Excluded(line) => {
            let why = shown(&line.why.to_string());
            PlanLine {
                kind: LineKind::Excluded,
                who: line.label.shown(),
                details: vec![
                    format!("mapping \"{}\" excludes the user: {why}", line.mapping),
                    format!("To do: {}", line.why.remedy()),
                ],
                what: why,
            }
        }
        Line::Change(line) => change(line),
    }
}

fn change(line: &PlannedChange) -> PlanLine {
    let moved = line.from.as_ref().map(|from| format!("mapping: {from} -> {}", line.mapping));
    let mut details = vec![moved.clone().unwrap_or_else(|| format!("mapping: {}", line.mapping))];
    let (kind, what) = match &line.change {
        Change::Added => (LineKind::Added, format!("new in mapping \"{}\"", line.mapping)),
        Change::Removed(why) => {
            let why = shown(&why.to_string());
            details.push(why.clone());
            (LineKind::Removed, why)
        }
        Change::Updated(all) => {
            let each: Vec<String> = all.iter().map(attribute).collect();
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
