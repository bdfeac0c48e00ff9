//! The overview: alarms are first and open what they are about; nothing moves unless something changed.

use super::super::app::App;
use super::super::fixture::*;
use super::super::listing::{Fact, Kind, Place};
use super::super::screen::Screen;
use crate::wizard::Step;

fn alarm(word: &'static str, tone: Tone, text: &str, to_do: &str, leads: Place) -> Line {
    Line::Alarm { word, tone, text: text.into(), to_do: to_do.into(), leads }
}

fn stage(label: &'static str, count: u64, of: u64, days: &[u64], kind: Kind) -> Line {
    Line::Stage(Stage {
        label,
        count,
        of,
        days: days.to_vec(),
        today: if days.is_empty() { "" } else { "came" },
        leads: Place::List(kind),
    })
}

/// A rollout under way with a few alarms.
pub(super) fn view() -> OverviewView {
    let fact = |label: &str, text: &str, kind| Line::Fact(Fact::new(label, text).leading(Place::List(kind)));
    OverviewView {
        says: "2 things need you.".into(),
        tone: Tone::Warning,
        as_of: "as of 2026-11-24 12:00 UTC".into(),
        content: "2 alarms".into(),
        lines: vec![
            alarm(
                "now",
                Tone::Problem,
                "activations are paused until somebody resumes, by anna",
                "let laptops in again: `imd resume`",
                Place::List(Kind::Devices),
            ),
            alarm(
                "soon",
                Tone::Warning,
                "the token rollout-2026 ends on 2026-12-01, in 7 days, and 3 exports carry it",
                "make its successor: `imd token rotate \"rollout-2026\"`",
                Place::List(Kind::Tokens),
            ),
            Line::Heading("From the directory to the laptop", "14 days to today; today's count"),
            stage("Matched", 1_012_400, 1_012_400, &[], Kind::Syncs),
            stage("Cached", 1_000_000, 1_012_400, &[0, 0, 9_000, 0, 0, 2, 40, 0, 0, 0, 0, 12, 0, 1_200], Kind::Users),
            stage(
                "Waiting",
                41_200,
                1_012_400,
                &[10, 40, 90, 300, 800, 1_900, 2_300, 0, 0, 4_100, 3_900, 4_400, 4_000, 2_100],
                Kind::Devices,
            ),
            stage("Refused", 31, 1_012_400, &[0, 0, 0, 0, 2, 1, 0, 0, 0, 9, 4, 40, 3, 1], Kind::Devices),
            stage("Over limit", 4, 1_012_400, &[], Kind::Devices),
            stage(
                "Activated",
                611_800,
                1_012_400,
                &[0, 8, 31, 70, 280, 750, 1_800, 0, 0, 2_200, 4_000, 3_800, 4_300, 3_900],
                Kind::Devices,
            ),
            Line::Heading("Directories", ""),
            fact("corp", "1,000,000 users, read 10 h ago; again 2026-11-25 02:00 UTC", Kind::Syncs),
            fact("Service", "runs since 2026-11-01 08:00 UTC, at 0.0.0.0:7443", Kind::Devices),
            Line::Heading("Tokens", ""),
            fact("rollout-2026", "valid, 653,000 of 2,000,000 laptops, 7 days left, 3 exports", Kind::Tokens),
            Line::Heading("Storage, promised", ""),
            fact("eu-1", "47.6 PiB of 60 PiB, 79 %, for 1,000,000 users", Kind::Users),
        ],
    }
}

/// A console on the overview.
pub(super) fn opened(look: Look, size: (u16, u16)) -> App {
    let mut app = app(Step::Directory, look, size);
    press(&mut app, "Esc");
    assert!(press(&mut app, "1").iter().any(|effect| matches!(effect, Effect::Request(Request::Overview))));
    answered(&mut app, Answer::Reply(Reply::Overview(Box::new(view()))));
    app
}

#[test]
fn an_alarm_says_what_to_do_and_enter_opens_its_screen() {
    let mut app = opened(UTF8, (80, 24));
    assert!(screen(&app).contains("To do: let laptops in again: `imd resume`."), "{}", screen(&app));
    press(&mut app, "Down");
    assert!(screen(&app).contains("To do: make its successor"), "{}", screen(&app));
    press(&mut app, "Enter");
    assert!(matches!(app.screen, Screen::List(Kind::Tokens)));
    press(&mut app, "Esc");
    // Past the heading to the stages.
    keys(&mut app, &["Down", "Down"]);
    press(&mut app, "Enter");
    assert!(matches!(app.screen, Screen::List(Kind::Users)), "{}", screen(&app));
}

#[test]
fn nothing_moves_unless_something_changed() {
    let mut app = opened(UTF8, (80, 24));
    keys(&mut app, &["Down", "Down", "Down"]);
    let before = draw(&app);
    // Another process wrote to the state: it is read again, and the screen stays the same.
    assert!(app.update(Message::Changed).iter().any(|effect| matches!(effect, Effect::Request(Request::Overview))));
    answered(&mut app, Answer::Reply(Reply::Overview(Box::new(view()))));
    assert_eq!(draw(&app), before);
}

#[test]
fn an_alarm_is_distinct_without_color_and_utf8() {
    let app = opened(Look { color: false, ascii: true }, (80, 24));
    let (buffer, _) = draw(&app);
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    let text = screen(&app);
    assert!(text.contains("now ") && text.contains("soon "), "{text}");
    assert!(text.contains('@') && text.contains('#'), "levels and bars have letters of their own: {text}");
}

#[test]
fn an_alarm_is_never_cut_and_more_below_is_shown() {
    let mut app = opened(UTF8, (80, 24));
    let mut long = view();
    let text = "no laptop is answered: the service of 2026-11-24 17:05 UTC ended by itself while nobody looked at it";
    long.lines.insert(0, alarm("now", Tone::Problem, text, "start it", Place::List(Kind::Devices)));
    answered(&mut app, Answer::Reply(Reply::Overview(Box::new(long))));
    let said = screen(&app).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(text), "{said}");
    assert!(said.contains("more below"), "{said}");
    press(&mut app, "End");
    assert!(screen(&app).contains("more above") && !screen(&app).contains("below"), "{}", screen(&app));
}

#[test]
fn a_stage_opens_the_list_with_what_it_counts() {
    let mut app = opened(UTF8, (80, 24));
    let mut found = view();
    let leads = Place::Found(Kind::Devices, "over the limit");
    found.lines.insert(0, alarm("soon", Tone::Warning, "2 laptops are waiting", "free one", leads));
    answered(&mut app, Answer::Reply(Reply::Overview(Box::new(found))));
    press(&mut app, "Home");
    let effects = press(&mut app, "Enter");
    assert!(effects.iter().any(
        |effect| matches!(effect, Effect::Request(Request::Rows { asked, .. }) if asked.search == "over the limit")
    ));
    assert!(screen(&app).contains("/ over the limit"), "{}", screen(&app));
}
