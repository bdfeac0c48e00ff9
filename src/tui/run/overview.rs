//! The overview and the report, in words that can be drawn.

use jiff::Timestamp;

use super::lists::{counted, minute, several, span};
use crate::engine::{Engine, Error};
use crate::model::alarm::{self, Urgency};
use crate::model::count::grouped;
use crate::model::overview::{Bytes, Carried, Overview, Promised, Read};
use crate::model::report::{Report, Since, Stuck};
use crate::model::text::shown;
use crate::present::Tone;
use crate::tui::listing::{Fact, Kind, Place};
use crate::tui::view::{Line, OverviewView, Stage};
use crate::wizard::{self, Step};

/// How far the report on the screen goes back, in days.
const REPORT: i64 = 14;

pub(super) fn overview(engine: &Engine) -> Result<OverviewView, Error> {
    let mut view = view(&engine.overview()?);
    // Where nothing is set up, nothing can go wrong either: that is not well.
    let open = |standing: &wizard::Standing| standing.state != wizard::State::Done;
    if view.tone == Tone::Good && wizard::standing(engine)?.iter().any(open) {
        (view.says, view.tone) = ("Setup is not finished: 9 opens it.".to_owned(), Tone::Warning);
    }
    Ok(view)
}

/// What there is to be seen.
fn view(overview: &Overview) -> OverviewView {
    let pressing = overview.alarms.iter().filter(|alarm| alarm.urgency != Urgency::Known).count();
    let (says, tone) = match pressing {
        0 => ("Nothing needs you.".to_owned(), Tone::Good),
        1 => ("1 thing needs you.".to_owned(), Tone::Warning),
        many => (format!("{many} things need you."), Tone::Warning),
    };
    let mut lines: Vec<Line> = overview
        .alarms
        .iter()
        .map(|alarm| Line::Alarm {
            word: alarm.urgency.word(),
            tone: match alarm.urgency {
                Urgency::Now => Tone::Problem,
                Urgency::Soon => Tone::Warning,
                Urgency::Known => Tone::Plain,
            },
            text: alarm.happened.clone(),
            to_do: to_do(alarm),
            leads: leads(alarm),
        })
        .collect();
    lines.push(Line::Heading("From the directory to the laptop", "14 days to today; today's count"));
    lines.extend(stages(overview).map(Line::Stage));
    lines.push(Line::Heading("Directories", ""));
    lines.extend(overview.directories.iter().map(|read| Line::Fact(directory(read, overview))));
    lines.push(Line::Fact(service(overview)));
    if !overview.tokens.is_empty() {
        lines.push(Line::Heading("Tokens", ""));
        lines.extend(overview.tokens.iter().map(|token| Line::Fact(self::token(token, overview.at))));
    }
    if !overview.storages.is_empty() {
        lines.push(Line::Heading("Storage, promised", ""));
        lines.extend(overview.storages.iter().map(|storage| Line::Fact(self::storage(storage))));
    }
    let content = content(overview);
    OverviewView { says, tone, content, as_of: format!("as of {}", minute(overview.at)), lines }
}

/// What there is to be seen, without what every minute changes.
fn content(overview: &Overview) -> String {
    let Overview { alarms, stages, days, directories, sync, service, tokens, storages, .. } = overview;
    let alarms: Vec<_> = alarms.iter().map(|alarm| (alarm.urgency, alarm.kind, &alarm.about)).collect();
    let late = sync.next.is_some_and(|next| next <= overview.at);
    let ended: Vec<_> = tokens.iter().map(|token| token.ends_at.is_some_and(|end| end <= overview.at)).collect();
    let service = (service.running, service.seen.as_ref().map(|seen| seen.started_at));
    let changing = (alarms, stages, days, directories, late, sync.next, service);
    format!("{changing:?} {tokens:?} {ended:?} {storages:?}")
}

/// Where an alarm is about, and there what it is about.
fn leads(alarm: &alarm::Alarm) -> Place {
    match alarm.kind {
        alarm::Kind::OverLimit => Place::Found(Kind::Devices, OVER_LIMIT),
        alarm::Kind::Refused => Place::Found(Kind::Devices, "refused"),
        alarm::Kind::WaitingLong => Place::Found(Kind::Devices, "pending"),
        alarm::Kind::AccountsDue => Place::Found(Kind::Accounts, "due now"),
        _ => place(alarm.place),
    }
}

/// The one thing to do, by the keys that do it where a key does.
fn to_do(alarm: &alarm::Alarm) -> String {
    use alarm::Kind as Of;
    let keys = match (alarm.kind, alarm.verb) {
        (Of::AuditBroken, _) => {
            "compare it with a backup: somebody has edited the database by hand; 8, then v looks again"
        }
        (Of::Paused, _) => "let laptops in again: 5, then P",
        (Of::TokenDead | Of::TokenStillUsed, "write") => "write its exports with another one: 7, then r",
        (Of::TokenDead | Of::TokenUsedUp | Of::TokenEnds, "replace") => "make its successor: 6, then r",
        (Of::PlanStopped, _) => "look at it, and approve it if it is right: 4, then Enter; r reads anew",
        (Of::SyncLate, _) => "read them: 4, then r; `imd serve` does it when it is time",
        (Of::PasswordEnds, _) => "set a new one there, and give it in step 1: 9, then 1 Directory",
        (Of::StorageFull, _) => "enlarge it in step 2, or lower the quota of a mapping: 3 says who gets what",
        (Of::OverLimit, _) => "release one that is no longer used (5, then f), or allow more in step 5",
        (Of::WaitingLong, _) => "ask whoever has them to log on; Enter lists them",
        (Of::BeyondLimit, _) => "release those that are no longer used (5, then f); r, the report, names the users",
        (Of::AccountsDue, _) => "delete them or leave them: Enter lists them, D deletes",
        _ => return alarm.to_do.clone(),
    };
    keys.to_owned()
}

/// What finds those laptops: as [`crate::model::refusal::brief`] says it.
const OVER_LIMIT: &str = "over the limit";

/// Where that kind of thing is shown.
fn place(of: alarm::Place) -> Place {
    match of {
        alarm::Place::Directories => Place::List(Kind::Directories),
        alarm::Place::Storages => Place::List(Kind::Storages),
        alarm::Place::Syncs => Place::List(Kind::Syncs),
        alarm::Place::Settings => Place::Step(Step::Settings),
        alarm::Place::Tokens => Place::List(Kind::Tokens),
        alarm::Place::Exports => Place::List(Kind::Exports),
        alarm::Place::Accounts => Place::List(Kind::Accounts),
        // The service is there for the laptops.
        alarm::Place::Devices | alarm::Place::Service => Place::List(Kind::Devices),
        alarm::Place::Audit => Place::List(Kind::Audit),
    }
}

fn stages(overview: &Overview) -> impl Iterator<Item = Stage> {
    let of = &overview.stages;
    let days = |what: fn(&crate::model::overview::Day) -> u64| overview.days.iter().map(what).collect();
    let people = of.matched.max(of.cached);
    let laptops = (of.activated + of.waiting).max(people);
    let stage = |label, count, all, (days, today), leads| Stage { label, count, of: all, days, today, leads };
    let none = || (Vec::new(), "");
    let laptops_that = |are| Place::Found(Kind::Devices, are);
    [
        stage("Matched", of.matched, people, none(), Place::List(Kind::Syncs)),
        stage("Cached", of.cached, people, (days(|day| day.came), "came"), Place::List(Kind::Users)),
        stage("Waiting", of.waiting, laptops, (days(|day| day.enrolled), "enrolled"), laptops_that("pending")),
        stage("Refused", of.refused, laptops, (days(|day| day.refused), "refused"), laptops_that("refused")),
        stage("Over limit", of.over_limit, laptops, none(), laptops_that(OVER_LIMIT)),
        stage("Activated", of.activated, laptops, (days(|day| day.activated), "activated"), laptops_that("activated")),
    ]
    .into_iter()
}

fn directory(read: &Read, overview: &Overview) -> Fact {
    let next = overview.sync.next.map(|next| {
        if next <= overview.at { "; to be read now".to_owned() } else { format!("; again {}", minute(next)) }
    });
    let next = next.unwrap_or_default();
    let (text, tone) = match read.at {
        None => (format!("never read{next}"), Tone::Warning),
        Some(at) => {
            let age = span(at, overview.at);
            (format!("{}, read {age} ago{next}", counted(read.users, "user", "users")), Tone::Plain)
        }
    };
    Fact::new(read.name.as_str(), text).toned(tone).leading(Place::List(Kind::Syncs))
}

fn service(overview: &Overview) -> Fact {
    let service = &overview.service;
    let fact = match (&service.seen, service.running) {
        (Some(seen), true) => {
            Fact::new("Service", format!("runs since {}, at {}", minute(seen.started_at), shown(&seen.address)))
                .toned(Tone::Good)
        }
        (None, true) => Fact::new("Service", "runs").toned(Tone::Good),
        (Some(_), false) => Fact::new("Service", "does not run").toned(Tone::Problem),
        (None, false) => Fact::new("Service", "has not run yet"),
    };
    fact.leading(Place::List(Kind::Devices))
}

fn token(token: &Carried, now: Timestamp) -> Fact {
    let Carried { name, state, ends_at, uses, max, exports, .. } = token;
    let laptops = if *max == 0 && *uses == 1 { "laptop" } else { "laptops" };
    let uses = if *max == 0 { grouped(*uses) } else { format!("{} of {}", grouped(*uses), grouped(*max)) };
    let ends = |end: Timestamp| {
        if end > now { format!("{} left", span(now, end)) } else { format!("ended {}", crate::model::moment::day(end)) }
    };
    let ends = ends_at.map_or_else(|| "never ends".to_owned(), ends);
    let tone = match state {
        crate::model::token::State::Valid => Tone::Plain,
        _ => Tone::Warning,
    };
    let text = format!("{}, {uses} {laptops}, {ends}, {}", state.word(), counted(*exports, "export", "exports"));
    Fact::new(name.as_str(), text).toned(tone).leading(Place::Entry(Kind::Tokens, token.id.to_string()))
}

fn storage(storage: &Promised) -> Fact {
    let Promised { name, capacity, promised, users, unlimited } = storage;
    let (of, tone) = match capacity.map(crate::model::size::Size::as_bytes) {
        None => (String::new(), Tone::Plain),
        Some(capacity) => {
            let share = u128::from(promised.0) * 100 / u128::from(capacity.max(1));
            let tone = if share >= u128::from(alarm::STORAGE_SHARE) { Tone::Warning } else { Tone::Plain };
            (format!(" of {}, {share} %", Bytes(capacity)), tone)
        }
    };
    let free = if *unlimited == 0 { String::new() } else { format!("; {} without a limit", grouped(*unlimited)) };
    let text = format!("{promised}{of}, for {} users{free}", grouped(*users));
    Fact::new(name.as_str(), text).toned(tone).leading(Place::Step(Step::Profile))
}

/// The report, a line a fact.
pub(super) fn report(engine: &Engine) -> Result<Vec<Fact>, Error> {
    Ok(facts(&engine.report(Since::Days(REPORT))?))
}

fn facts(report: &Report) -> Vec<Fact> {
    let stages = &report.stages;
    let started: u64 = report.mappings.iter().map(|of| of.started).sum();
    let mut lines = vec![
        Fact::new("To date", format!("{} of {} users have started", grouped(started), grouped(stages.cached))),
        Fact::new(
            "",
            format!(
                "{} activated, {} waiting",
                counted(stages.activated, "laptop", "laptops"),
                grouped(stages.waiting)
            ),
        )
        .leading(Place::List(Kind::Devices)),
    ];
    let mappings = report.mappings.iter().map(|of| {
        let (started, cached) = (grouped(of.started), grouped(of.cached));
        let laptops = counted(of.laptops, "laptop", "laptops");
        Fact::new("", format!("{}: {started} of {cached} users, {laptops}", of.mapping))
            .leading(Place::List(Kind::Mappings))
    });
    lines.extend(several("By mapping", mappings));
    if let (Some(first), days) = (report.days.first(), &report.days) {
        let sum = |what: fn(&crate::model::overview::Day) -> u64| grouped(days.iter().map(what).sum());
        let text = format!(
            "{} came, {} left, {} enrolled, {} activated, {} refused",
            sum(|day| day.came),
            sum(|day| day.left),
            sum(|day| day.enrolled),
            sum(|day| day.activated),
            sum(|day| day.refused)
        );
        lines.push(Fact::new(&format!("Since {}", first.day), text));
    }
    stuck(&mut lines, "Excluded", &report.excluded, "users", Kind::Syncs);
    stuck(&mut lines, "Waiting", &report.waiting, "laptops", Kind::Devices);
    let beyond = report.beyond.iter().map(|one| {
        let text = format!("{}: {} laptops, and may have {}", one.user.shown(), one.laptops, one.limit);
        Fact::new("", text).leading(Place::List(Kind::Accounts))
    });
    lines.extend(several("Over limit", beyond));
    let first = report.first.iter().map(|fix| {
        Fact::new("", format!("{} {} {}: {}", grouped(fix.frees), fix.what, fix.why, fix.to_do)).toned(Tone::Help)
    });
    lines.extend(several("First", first));
    lines.push(Fact::new("", "w writes it to files: as Markdown, and as a table for a spreadsheet.").toned(Tone::Help));
    lines
}

/// Writes the report to two new files beside where imd was started, readable by their owner alone.
pub(super) fn write_report(engine: &Engine) -> Result<Vec<Fact>, Error> {
    let report = engine.report(Since::Days(REPORT))?;
    let written = engine.write_report(&report)?;
    Ok(vec![Fact::new("", format!("Written to {written}; only you can read them.")).toned(Tone::Good)])
}

fn stuck(lines: &mut Vec<Fact>, label: &str, all: &[Stuck], what: &str, kind: Kind) {
    let facts = all
        .iter()
        .map(|one| Fact::new("", format!("{} {what} {}", grouped(one.count), one.says)).leading(Place::List(kind)));
    lines.extend(several(label, facts));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;

    #[test]
    fn what_every_minute_changes_is_no_change_of_the_overview() {
        let state = tempfile::tempdir().expect("a folder");
        let engine = Engine::open(Options::of_host(state.path().join("state"))).expect("a new state");
        let now = engine.overview().expect("an overview");
        let mut later = now.clone();
        later.at += jiff::SignedDuration::from_mins(1);
        assert_eq!(content(&later), content(&now));
        let alarm = alarm::Alarm {
            urgency: Urgency::Now,
            kind: alarm::Kind::ServiceDown,
            happened: "the service has been silent for 2 min".to_owned(),
            about: "service".to_owned(),
            verb: "start",
            to_do: "start it".to_owned(),
            place: alarm::Place::Service,
        };
        later.alarms.push(alarm);
        let down = content(&later);
        assert_ne!(down, content(&now), "the service died");
        later.alarms[0].happened = "the service has been silent for 3 min".to_owned();
        assert_eq!(content(&later), down, "it is silent still");
    }
}
