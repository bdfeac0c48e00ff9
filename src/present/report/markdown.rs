//! A report as Markdown. Cells hold text only: a backslash precedes each character that Markdown or HTML would interpret
//! (CommonMark 0.31, 2.4), and line breaks are escaped.

use std::fmt::Write as _;

use crate::model::alarm::WAITING_DAYS;
use crate::model::refusal;
use crate::model::report::{Fix, NAMED, Report, Stuck};
use crate::model::text::shown;
use crate::present::alarm::Shown;

use super::Document;

pub(super) fn of(document: &Document) -> String {
    let report = &document.report;
    let mut out = String::new();
    let stages = &report.stages;
    let (from, until) = (crate::model::moment::day(report.since), crate::model::moment::minute(report.at));
    let _ = writeln!(out, "# Mass deployment\n\nAs of {until}. Day by day since {from}; days are in UTC.\n");
    let started: u64 = report.mappings.iter().map(|of| of.started).sum();
    let _ = writeln!(
        out,
        "{started} of {} users ({}) have an activated laptop; {} laptops are activated, {} are waiting for a log-on.\n",
        stages.cached,
        percent(started, stages.cached),
        stages.activated,
        stages.waiting,
    );
    alarms(&mut out, &document.alarms);
    section(&mut out, "To date", ["Stage", "Count"], 1, &to_date(report));
    section(
        &mut out,
        "By mapping",
        ["Mapping", "Users", "With a laptop", "Without", "Laptops"],
        4,
        &by_mapping(report),
    );
    section(
        &mut out,
        "By day",
        ["Day", "Users at its end", "Added", "Removed", "Enrolled", "Activated", "Refused"],
        6,
        &by_day(report),
    );
    stuck(&mut out, "Excluded users", "users", &report.excluded);
    stuck(&mut out, "Waiting laptops", "laptops", &report.waiting);
    stuck(&mut out, &format!("Refused requests since {from}"), "requests", &report.refused);
    longest(&mut out, report);
    beyond(&mut out, report);
    first(&mut out, &report.first);
    out
}

fn alarms(out: &mut String, alarms: &[Shown]) {
    let row =
        |alarm: &Shown| [alarm.urgency.word().to_owned(), text(&alarm.message), text(&alarm.to_do.with_commands())];
    let rows: Vec<_> = alarms.iter().map(row).collect();
    section(out, "Alarms", ["Urgency", "What happened", "What to do"], usize::MAX, &rows);
}

fn to_date(report: &Report) -> Vec<[String; 2]> {
    let stages = &report.stages;
    [
        ("Users matched by a mapping", stages.matched),
        ("of these, excluded", stages.excluded),
        ("Users in the cache", stages.cached),
        ("Accounts", stages.accounts),
        ("Activated laptops", stages.activated),
        ("Laptops waiting for a log-on", stages.waiting),
        ("of these, refused at their last log-on", stages.refused),
        ("of these, over the limit of their user", stages.over_limit),
        ("Users with more laptops than the limit allows", stages.beyond_limit),
    ]
    .map(|(what, count)| [what.to_owned(), count.to_string()])
    .to_vec()
}

fn by_mapping(report: &Report) -> Vec<[String; 5]> {
    let row = |name: String, [users, started, laptops]: [u64; 3]| {
        [name, users.to_string(), started.to_string(), users.saturating_sub(started).to_string(), laptops.to_string()]
    };
    let mut sums = [0, 0, report.others];
    let mut rows = Vec::new();
    for of in &report.mappings {
        let numbers = [of.cached, of.started, of.laptops];
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        rows.push(row(text(of.mapping.as_str()), numbers));
    }
    if report.others > 0 {
        rows.push(row("of users without a mapping".to_owned(), [0, 0, report.others]));
    }
    rows.push(row("Total".to_owned(), sums));
    rows
}

fn by_day(report: &Report) -> Vec<[String; 7]> {
    let mut sums = [0; 5];
    let mut rows = Vec::new();
    for of in &report.days {
        let numbers = [of.added, of.removed, of.enrolled, of.activated, of.refused];
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        let [added, removed, enrolled, activated, refused] = numbers.map(|number| number.to_string());
        rows.push([of.day.to_string(), of.cached.to_string(), added, removed, enrolled, activated, refused]);
    }
    let [added, removed, enrolled, activated, refused] = sums.map(|number| number.to_string());
    rows.push(["Total".to_owned(), String::new(), added, removed, enrolled, activated, refused]);
    rows
}

fn stuck(out: &mut String, title: &str, what: &str, all: &[Stuck]) {
    let rows: Vec<_> = all.iter().map(|one| [one.count.to_string(), text(one.says), text(one.to_do)]).collect();
    section(out, title, [&format!("Count of {what}"), "Reason", "What to do"], 0, &rows);
}

fn longest(out: &mut String, report: &Report) {
    let of = report.stages.waiting_long;
    let rows = report.longest.iter().map(|one| {
        let why = if one.refused.is_empty() { "no user has logged on" } else { refusal::sentence(&one.refused) };
        [text(one.host_name.raw()), one.device.to_string(), crate::model::moment::day(one.enrolled_at), text(why)]
    });
    let rows: Vec<_> = rows.collect();
    let title = format!("Laptops waiting for more than {WAITING_DAYS} days: {of}");
    section(out, &title, ["Host", "Laptop", "Enrolled", "Reason"], usize::MAX, &rows);
    more(out, of, rows.len());
}

fn beyond(out: &mut String, report: &Report) {
    let of = report.stages.beyond_limit;
    let rows = report
        .beyond
        .iter()
        .map(|one| [text(one.user.raw()), text(one.account.raw()), one.laptops.to_string(), one.limit.to_string()]);
    let rows: Vec<_> = rows.collect();
    section(out, &format!("Users over their limit: {of}"), ["User", "Account", "Laptops", "Limit"], 2, &rows);
    more(out, of, rows.len());
}

fn more(out: &mut String, of: u64, named: usize) {
    let more = of.saturating_sub(named as u64);
    if more > 0 && of > NAMED {
        let _ = writeln!(out, "and {more} more.\n");
    }
}

fn first(out: &mut String, fixes: &[Fix]) {
    let _ = writeln!(out, "## Quick wins\n");
    if fixes.is_empty() {
        let _ = writeln!(out, "None: the remaining users are excluded on purpose.");
    }
    for (at, fix) in fixes.iter().enumerate() {
        let _ = writeln!(out, "{}. {} {} {}: {}", at + 1, fix.frees, fix.what, text(fix.why), text(fix.to_do));
    }
}

/// A table below its title. The last `numbers` columns are aligned right; for 0, the first.
fn section<const N: usize>(out: &mut String, title: &str, columns: [&str; N], numbers: usize, rows: &[[String; N]]) {
    let _ = writeln!(out, "## {title}\n");
    if rows.is_empty() {
        let _ = writeln!(out, "None.\n");
        return;
    }
    let right = |column: usize| match numbers {
        0 => column == 0,
        usize::MAX => false,
        _ => column + numbers >= N,
    };
    let line = |cells: &[&str]| format!("| {} |", cells.join(" | "));
    let _ = writeln!(out, "{}", line(&columns));
    let rule: Vec<_> = (0..N).map(|column| if right(column) { "---:" } else { "---" }).collect();
    let _ = writeln!(out, "{}", line(&rule));
    for row in rows {
        let _ = writeln!(out, "{}", line(&row.each_ref().map(String::as_str)));
    }
    out.push('\n');
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "0 %".to_owned() } else { format!("{} %", u128::from(part) * 100 / u128::from(whole)) }
}

/// Text without markup.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' | '&' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(text("a|b `c` <b>\n\u{1b}[2J"), r"a\|b \`c\` \<b\>\\u\{a\}\\u\{1b\}\[2J");
    }
}
