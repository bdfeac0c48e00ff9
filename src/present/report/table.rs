//! A report as one table for a spreadsheet: one number per row, ready for a pivot table.

use crate::model::cell::plain;
use crate::model::report::Stuck;

use super::Document;

const COLUMNS: [&str; 6] = ["section", "name", "what", "count", "reason", "to do"];

pub(super) fn of(document: &Document) -> String {
    let report = &document.report;
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut row = |cells: [&str; 6]| {
        // Writing to memory does not fail.
        let _ = table.write_record(cells.map(plain));
    };
    row(COLUMNS);
    for alarm in &document.alarms {
        row(["alarm", &alarm.about, alarm.urgency.word(), "", &alarm.message, &alarm.to_do.with_commands()]);
    }
    let stages = &report.stages;
    for (what, count) in [
        ("matched", stages.matched),
        ("excluded", stages.excluded),
        ("cached", stages.cached),
        ("accounts", stages.accounts),
        ("activated", stages.activated),
        ("waiting", stages.waiting),
        ("refused", stages.refused),
        ("over limit", stages.over_limit),
        ("waiting long", stages.waiting_long),
        ("beyond limit", stages.beyond_limit),
    ] {
        row(["to date", "", what, &count.to_string(), "", ""]);
    }
    for of in &report.mappings {
        for (what, count) in [("cached", of.cached), ("started", of.started), ("laptops", of.laptops)] {
            row(["mapping", of.mapping.as_str(), what, &count.to_string(), "", ""]);
        }
    }
    row(["no mapping", "", "laptops", &report.others.to_string(), "", ""]);
    for of in &report.days {
        let day = of.day.to_string();
        for (what, count) in [
            ("cached", of.cached),
            ("added", of.added),
            ("removed", of.removed),
            ("enrolled", of.enrolled),
            ("activated", of.activated),
            ("refused", of.refused),
        ] {
            row(["day", &day, what, &count.to_string(), "", ""]);
        }
    }
    let lists = [("excluded", &report.excluded), ("waiting", &report.waiting), ("refused", &report.refused)];
    for (section, stuck) in lists.into_iter().flat_map(|(section, all)| all.iter().map(move |one| (section, one))) {
        let Stuck { reason, count, says, to_do } = stuck;
        row([section, reason, "", &count.to_string(), says, to_do]);
    }
    for one in &report.longest {
        let enrolled = crate::model::moment::day(one.enrolled_at);
        row(["waiting long", one.host_name.raw(), one.device.as_str(), "", &enrolled, &one.refused]);
    }
    for one in &report.beyond {
        let limit = format!("limit {}", one.limit);
        row(["over limit", one.user.raw(), one.account.raw(), &one.laptops.to_string(), &limit, ""]);
    }
    let bytes = table.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
