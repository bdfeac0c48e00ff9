//! The overview and the report, as the console shows them.

use crate::engine::{Engine, Error};
use crate::model::overview::Overview;
use crate::model::report::Since;
use crate::present::report::Document;
use crate::present::{Tone, alarm, overview as words};
use crate::tui::keys;
use crate::tui::listing::{Fact, Place};
use crate::tui::view::{Line, OverviewView};
use crate::wizard;

/// How many days the report on the screen covers.
const REPORT: i64 = 14;

pub(super) fn overview(engine: &Engine) -> Result<OverviewView, Error> {
    let mut view = view(&engine.overview()?);
    // Before the setup is complete, the absence of alarms means little.
    let open = |standing: &wizard::Standing| standing.state != wizard::State::Done;
    if view.tone == Tone::Good && wizard::standing(engine)?.iter().any(open) {
        let key = keys::to(&Place::Setup).unwrap_or_default().join(", then ");
        (view.says, view.tone) = (format!("Setup is not finished: {key} opens it."), Tone::Warning);
    }
    Ok(view)
}

fn view(overview: &Overview) -> OverviewView {
    let alarms = alarm::all(overview);
    let (says, tone) = alarm::summary(&alarms);
    let content = content(overview, &alarms);
    let mut lines: Vec<Line> = alarms
        .into_iter()
        .map(|alarm| Line::Alarm {
            word: alarm.urgency.word(),
            tone: alarm::tone(alarm.urgency),
            to_do: to_do(&alarm),
            text: alarm.message,
            leads: alarm.leads,
        })
        .collect();
    lines.push(Line::Heading("From the directory to the laptop", "14 days to today; today's count"));
    lines.extend(words::stages(overview).into_iter().map(Line::Stage));
    for group in words::groups(overview) {
        lines.push(Line::Heading(group.heading, ""));
        lines.extend(group.facts.into_iter().map(Line::Fact));
    }
    let as_of = format!("as of {}", crate::model::moment::minute(overview.at));
    OverviewView { says, tone, as_of, content, lines }
}

/// The next step, with the keys that take it.
fn to_do(alarm: &alarm::Shown) -> String {
    alarm.to_do.with(keys::of_way)
}

/// What the overview shows, without what changes every minute.
fn content(overview: &Overview, alarms: &[alarm::Shown]) -> String {
    let Overview { stages, days, directories, sync, service, tokens, storages, .. } = overview;
    let alarms: Vec<_> = alarms.iter().map(|alarm| (alarm.urgency, alarm.kind, &alarm.about)).collect();
    let late = sync.next.is_some_and(|next| next <= overview.at);
    let ended: Vec<_> = tokens.iter().map(|token| token.ends_at.is_some_and(|end| end <= overview.at)).collect();
    let service = (service.running, service.seen.as_ref().map(|seen| seen.started_at));
    let changing = (alarms, stages, days, directories, late, sync.next, service);
    format!("{changing:?} {tokens:?} {ended:?} {storages:?}")
}

/// The report, one fact per line.
pub(super) fn report(engine: &Engine) -> Result<Vec<Fact>, Error> {
    let document = Document::new(engine.report(Since::Days(REPORT))?, &engine.overview()?);
    let mut facts = document.facts(to_do);
    let key = keys::REPORT.first().and_then(|binding| binding.chords.first()).map(|chord| chord.name());
    let key = key.unwrap_or_default();
    facts.push(Fact::new("", format!("{key} writes it to files: as Markdown, and as a table.")).toned(Tone::Help));
    Ok(facts)
}

/// Writes the report to two new files in the working directory, readable only by their owner.
pub(super) fn write_report(engine: &Engine) -> Result<Vec<Fact>, Error> {
    let document = Document::new(engine.report(Since::Days(REPORT))?, &engine.overview()?);
    let written = engine.write_report(&document.to_markdown(), &document.to_csv())?;
    Ok(vec![Fact::new("", format!("Written to {written}; only you can read them.")).toned(Tone::Good)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;
    use crate::model::overview::ServiceSeen;
    use crate::present::alarm::Press;

    fn state() -> (tempfile::TempDir, Overview) {
        let state = tempfile::tempdir().expect("a folder");
        let engine = Engine::open(Options::of_host(state.path().join("state"))).expect("a new state");
        let overview = engine.overview().expect("an overview");
        (state, overview)
    }

    #[test]
    fn a_minute_later_nothing_is_drawn_again() {
        let (_state, now) = state();
        let content = |overview: &Overview| content(overview, &alarm::all(overview));
        let mut later = now.clone();
        later.at += jiff::SignedDuration::from_mins(1);
        assert_eq!(content(&later), content(&now));
        let started_at = now.at;
        later.service.seen =
            Some(ServiceSeen { started_at, address: String::new(), certificate_ends: None, stopped_at: None });
        let down = content(&later);
        assert_ne!(down, content(&now), "the service ended");
        later.at += jiff::SignedDuration::from_mins(1);
        assert_eq!(content(&later), down, "it is still not running");
    }

    #[test]
    fn the_key_of_an_alarm_does_what_its_command_does() {
        let alarms = alarm::all(&alarm::made::everything_wrong());
        for way in alarms.iter().flat_map(|alarm| alarm.to_do.ways()) {
            let Some(place) = &way.place else { continue };
            assert!(keys::of_way(way).is_some(), "{way:?} has no key");
            if let (Press::Act(act), Place::List(kind)) = (way.press, place) {
                let verb = kind.done_by(act).unwrap_or_default();
                assert!(!verb.is_empty() && way.command.starts_with(&format!("imd {verb}")), "{verb}: {way:?}");
            }
        }
        for alarm in &alarms {
            let of_console = to_do(alarm);
            assert!(alarm.to_do.ways().all(|way| way.place.is_none() || !of_console.contains(&way.command)));
        }
    }
}
