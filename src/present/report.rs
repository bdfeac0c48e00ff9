//! The report on the rollout: as facts for the console, as Markdown, and as a table for a spreadsheet.

mod markdown;
mod table;

use crate::model::count::{counted, grouped};
use crate::model::overview::{Day, Overview};
use crate::model::report::{Report, Stuck};

use super::{Fact, Kind, Place, Tone, alarm, several};

/// A report with the alarms of its moment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Document {
    #[serde(flatten)]
    pub report: Report,
    /// The most urgent first.
    pub alarms: Vec<alarm::Shown>,
}

impl Document {
    pub fn new(report: Report, overview: &Overview) -> Self {
        Self { report, alarms: alarm::all(overview) }
    }

    /// As Markdown (GitHub's tables), safe to show on a terminal.
    pub fn to_markdown(&self) -> String {
        markdown::of(self)
    }

    /// As one table with one number per row: section, name, what, count, reason, to do. Safe in a spreadsheet and on a
    /// terminal.
    pub fn to_csv(&self) -> String {
        table::of(self)
    }

    /// As facts; `to_do` writes the next step of an alarm.
    pub fn facts(&self, to_do: impl Fn(&alarm::Shown) -> String) -> Vec<Fact> {
        let report = &self.report;
        let stages = &report.stages;
        let alarms = self.alarms.iter().map(|alarm| {
            let text = format!("{}: {}; to do: {}", alarm.urgency.word(), alarm.message, to_do(alarm));
            Fact::new("", text).toned(alarm::tone(alarm.urgency)).leading(alarm.leads.clone())
        });
        let mut lines: Vec<Fact> = several("Alarms", alarms).collect();
        let started: u64 = report.mappings.iter().map(|of| of.started).sum();
        let text = format!("{} of {} users have an activated laptop", grouped(started), grouped(stages.cached));
        lines.push(Fact::new("To date", text));
        let activated = counted(stages.activated, "laptop", "laptops");
        let text = format!("{activated} activated, {} waiting for a log-on", grouped(stages.waiting));
        lines.push(Fact::new("", text).leading(Place::List(Kind::Devices)));
        let mappings = report.mappings.iter().map(|of| {
            let (started, cached) = (grouped(of.started), grouped(of.cached));
            let laptops = counted(of.laptops, "laptop", "laptops");
            Fact::new("", format!("{}: {started} of {cached} users, {laptops}", of.mapping))
                .leading(Place::List(Kind::Mappings))
        });
        lines.extend(several("By mapping", mappings));
        if let Some(first) = report.days.first() {
            let sum = |what: fn(&Day) -> u64| grouped(report.days.iter().map(what).sum());
            let text = format!(
                "{} users added, {} removed; {} laptops enrolled, {} activated; {} requests refused",
                sum(|day| day.added),
                sum(|day| day.removed),
                sum(|day| day.enrolled),
                sum(|day| day.activated),
                sum(|day| day.refused)
            );
            lines.push(Fact::new(&format!("Since {}", first.day), text));
        }
        lines.extend(stuck("Excluded", &report.excluded, "users", Kind::Syncs));
        lines.extend(stuck("Waiting", &report.waiting, "laptops", Kind::Devices));
        let beyond = report.beyond.iter().map(|one| {
            let text = format!("{}: {} laptops, limit {}", one.user.shown(), one.laptops, one.limit);
            Fact::new("", text).leading(Place::List(Kind::Accounts))
        });
        lines.extend(several("Over limit", beyond));
        let first = report.first.iter().map(|fix| {
            Fact::new("", format!("{} {} {}: {}", grouped(fix.frees), fix.what, fix.why, fix.to_do)).toned(Tone::Help)
        });
        lines.extend(several("Quick wins", first));
        lines
    }
}

fn stuck(label: &str, all: &[Stuck], what: &str, kind: Kind) -> Vec<Fact> {
    let facts = all
        .iter()
        .map(|one| Fact::new("", format!("{} {what} {}", grouped(one.count), one.says)).leading(Place::List(kind)));
    several(label, facts).collect()
}
