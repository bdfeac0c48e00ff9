//! Lists: searched as one types, walked with few rows at hand, acted upon only after a yes.

use super::super::app::App;
use super::super::fixture::*;
use super::super::listing::{Act, Asked, Fact, Kind, Place, Question, Wanted};
use super::super::screen::Screen;
use super::trouble;
use crate::wizard::Step;

/// Answers what a list asks for, until nothing is asked; gives what else was asked for.
pub(super) fn give(app: &mut App, effects: Vec<Effect>) -> Vec<Effect> {
    let mut rest = Vec::new();
    for effect in effects {
        let answer = match effect {
            Effect::Request(Request::Rows { asked, offset, limit }) => {
                assert!(limit <= 1_000, "never all of them");
                let rows = rows(&asked, offset, limit);
                Answer::Reply(Reply::Rows(Box::new(asked), rows))
            }
            Effect::Request(Request::Detail(kind, id)) => {
                Answer::Reply(Reply::Detail(kind, id.clone(), Box::new(detail(&id))))
            }
            Effect::Request(Request::Question(wanted)) => {
                let on = wanted.id.as_deref().unwrap_or("the list");
                let text = format!("Do that to {on}? 3 laptops are refused at once.");
                Answer::Reply(Reply::Question(Box::new(Wanted {
                    question: Some(Question { text, input: None }),
                    ..*wanted
                })))
            }
            effect => {
                rest.push(effect);
                continue;
            }
        };
        let more = answered(app, answer);
        rest.extend(give(app, more));
    }
    rest
}

pub(super) fn press_and_give(app: &mut App, names: &[&str]) -> Vec<Effect> {
    let mut rest = Vec::new();
    for name in names {
        let effects = press(app, name);
        rest.extend(give(app, effects));
    }
    rest
}

/// A console on a list.
pub(super) fn opened(kind: Kind, look: Look, size: (u16, u16)) -> App {
    let mut app = app(Step::Directory, look, size);
    press_and_give(&mut app, &["Esc"]);
    let key = match kind {
        Kind::Users => "2",
        Kind::Mappings => "3",
        Kind::Syncs => "4",
        Kind::Devices | Kind::Accounts => "5",
        Kind::Tokens => "6",
        Kind::Exports => "7",
        Kind::Audit => "8",
        Kind::Directories | Kind::Profiles | Kind::Storages | Kind::Keys | Kind::DeviceMap => "9",
    };
    press_and_give(&mut app, &[key]);
    if kind == Kind::Accounts {
        press_and_give(&mut app, &["a"]);
    }
    if let Some(at) = Kind::OF_SETUP.iter().position(|of| *of == kind) {
        press_and_give(&mut app, &["Home"]);
        press_and_give(&mut app, &["Down"; 7]);
        (0..at).for_each(|_| {
            press_and_give(&mut app, &["Down"]);
        });
        press_and_give(&mut app, &["Enter"]);
    }
    assert!(matches!(app.screen, Screen::List(shown) if shown == kind));
    app
}

#[test]
fn the_state_of_an_entry_is_distinct_without_color() {
    use ratatui::style::{Color, Modifier};
    for (look, good, warning) in [
        (UTF8, (Color::Green, Modifier::empty()), (Color::Yellow, Modifier::empty())),
        (ASCII, (Color::Reset, Modifier::empty()), (Color::Reset, Modifier::BOLD)),
    ] {
        let app = opened(Kind::Devices, look, (80, 24));
        let (buffer, _) = draw(&app);
        let style = |word: &str| {
            let row = |y: u16| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>();
            let y = (5..24).find(|y| row(*y).contains(word)).expect("the word is there");
            let begins = |x: &u16| (*x..80).zip(word.chars()).all(|(x, c)| buffer[(x, y)].symbol() == c.to_string());
            let x = (0..80).find(begins);
            let cell = &buffer[(x.expect("the word begins"), y)];
            (cell.fg, cell.modifier)
        };
        assert_eq!((style("active"), style("removed")), (good, warning));
    }
}

#[test]
fn a_list_of_a_million_rows_holds_a_few_hundred() {
    let mut app = opened(Kind::Users, UTF8, (80, 24));
    assert!(screen(&app).contains("1,000,000"), "{}", screen(&app));
    let asked = |app: &mut App, names: &[&str]| names.iter().filter(|name| !press(app, name).is_empty()).count();
    assert_eq!(asked(&mut app, &["Down"; 50]), 0, "what is at hand is not asked for again");
    press_and_give(&mut app, &["End"]);
    assert!(screen(&app).contains("User 999999"), "{}", screen(&app));
    press_and_give(&mut app, &["Home"]);
    assert!(screen(&app).contains("User 0 "));
    press_and_give(&mut app, &["Down"; 1_000]);
    assert!(screen(&app).contains("User 1000 "), "{}", screen(&app));
}

#[test]
fn each_letter_searches_again_and_late_answers_are_dropped() {
    let mut app = opened(Kind::Users, UTF8, (80, 24));
    press(&mut app, "/");
    let slow = press(&mut app, "a");
    let fast = press(&mut app, "b");
    let [Effect::Request(Request::Rows { asked, offset: 0, .. })] = &fast[..] else { panic!("rows are asked for") };
    assert_eq!(asked.search, "ab");
    give(&mut app, fast);
    give(&mut app, slow);
    assert!(screen(&app).contains("User 0 ab"), "{}", screen(&app));
    // Enter keeps the search, letters are commands again, Esc ends it, and only the next Esc leaves.
    press_and_give(&mut app, &["Enter", "j"]);
    assert!(screen(&app).contains("/ ab"));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::List(Kind::Users)) && !screen(&app).contains("/ ab"));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::Overview));
    // What was selected there is selected again.
    press_and_give(&mut app, &["2"]);
    assert!(matches!(app.screen, Screen::List(Kind::Users)));
}

#[test]
fn an_act_needs_a_yes_and_applies_to_the_entry_asked_about() {
    let mut app = opened(Kind::Devices, UTF8, (80, 24));
    press_and_give(&mut app, &["Down", "x"]);
    assert!(screen(&app).contains("Do that to Devices-1?"), "{}", screen(&app));
    assert!(press(&mut app, "Enter").is_empty(), "Enter alone is no yes");
    assert!(press(&mut app, "y").is_empty(), "nothing is asked any more");
    press_and_give(&mut app, &["x"]);
    // While it is asked the list moves: the question stays about the same laptop.
    let effects = app.update(Message::Changed);
    give(&mut app, effects);
    let effects = press(&mut app, "y");
    let [Effect::Job(job, Work::Do(doing))] = &effects[..] else { panic!("it is done") };
    assert_eq!((doing.act, doing.id.as_deref()), (Act::Revoke, Some("Devices-1")));
    let job = *job;
    assert!(matches!(press(&mut app, "Ctrl-X")[..], [Effect::Cancel(of)] if of == job), "it can be canceled");
    answered(&mut app, Answer::Job(job, JobEvent::Failed(trouble())));
    assert!(screen(&app).contains("the disk is full"));
    assert!(press_and_give(&mut app, &["x"]).is_empty() && screen(&app).contains("Do that to"), "and tried again");
}

#[test]
fn one_line_of_what_was_done_is_said_and_more_are_shown() {
    let mut app = opened(Kind::Tokens, UTF8, (80, 24));
    let said = |text: &str, tone| Fact::new("", text).toned(tone);
    let start = |app: &mut App| {
        press_and_give(app, &["x"]);
        let effects = press(app, "y");
        let [Effect::Job(job, Work::Do(_))] = &effects[..] else { panic!("it is done") };
        *job
    };
    let job = start(&mut app);
    answered(&mut app, Answer::Job(job, JobEvent::Done(vec![said("It is refused now.", Tone::Good)])));
    assert!(matches!(app.screen, Screen::List(Kind::Tokens)) && screen(&app).contains("It is refused now."));
    let job = start(&mut app);
    let lines = vec![said("It is refused now.", Tone::Good), said("msiexec carries a dead token", Tone::Warning)];
    answered(&mut app, Answer::Job(job, JobEvent::Done(lines)));
    assert!(screen(&app).contains("msiexec carries a dead token"));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::List(Kind::Tokens)));
}

#[test]
fn a_report_shows_a_notice_until_it_is_there() {
    let mut app = opened(Kind::Devices, UTF8, (80, 24));
    press_and_give(&mut app, &["1"]);
    let effects = press(&mut app, "r");
    assert!(
        matches!(effects[..], [Effect::Job(_, Work::Report)]) && screen(&app).contains("Counting"),
        "{}",
        screen(&app)
    );
    answered(&mut app, Answer::Job(0, JobEvent::Report(vec![Fact::new("To date", "nobody has started")])));
    let shown = screen(&app);
    assert!(shown.contains("nobody has started") && !shown.contains("Counting"), "{shown}");
    assert!(shown.lines().next().is_some_and(|title| title.trim_end().ends_with("Report")), "{shown}");
}

#[test]
fn only_what_can_be_done_to_an_entry_is_offered() {
    let mut app = opened(Kind::Tokens, UTF8, (80, 24));
    assert!(screen(&app).contains("x revoke"));
    press_and_give(&mut app, &["End"]);
    assert!(!screen(&app).contains("x revoke"), "{}", screen(&app));
    assert!(press(&mut app, "x").is_empty());
}

#[test]
fn an_entry_leads_to_others_and_escape_goes_back_to_its_list() {
    let mut app = opened(Kind::Devices, UTF8, (80, 24));
    press_and_give(&mut app, &["Down", "Enter"]);
    assert!(screen(&app).contains("Entry Devices-1"), "{}", screen(&app));
    let effects = keys(&mut app, &["Down", "Enter"]);
    assert!(matches!(&effects[..], [Effect::Request(Request::Detail(Kind::Users, id))] if id == "someone"));
    // A user who opened another screen meanwhile stays on it.
    press_and_give(&mut app, &["6"]);
    answered(&mut app, Answer::Reply(Reply::Detail(Kind::Users, "someone".into(), Box::default())));
    assert!(matches!(app.screen, Screen::List(Kind::Tokens)));
    press_and_give(&mut app, &["5"]);
    assert!(matches!(app.screen, Screen::List(Kind::Devices)), "as it was left");
    press_and_give(&mut app, &["Enter"]);
    assert!(screen(&app).contains("Entry Devices-1"));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::List(Kind::Devices)));
}

#[test]
fn the_palette_finds_screens_steps_commands_and_entries() {
    let mut app = opened(Kind::Devices, UTF8, (80, 24));
    press(&mut app, "Ctrl-P");
    assert!(press(&mut app, "a").is_empty(), "one letter searches no state");
    let effects = press(&mut app, "u");
    assert!(matches!(&effects[..], [Effect::Request(Request::Find(typed))] if typed == "au"));
    let entry = Found {
        name: "Aubrey".into(),
        what: "user".into(),
        more: "aubrey@corp.example.com".into(),
        place: Place::Entry(Kind::Users, "aubrey".into()),
    };
    // What fewer letters found comes late, and is not wanted any more.
    let late = Found { name: "Aaron".into(), ..entry.clone() };
    answered(&mut app, Answer::Reply(Reply::Found("a".into(), vec![late])));
    assert!(!screen(&app).contains("Aaron"), "{}", screen(&app));
    answered(&mut app, Answer::Reply(Reply::Found("au".into(), vec![entry])));
    let shown = screen(&app);
    assert!(shown.contains("8 Audit") && shown.contains("Aubrey"), "{shown}");
    let effects = keys(&mut app, &["Down", "Enter"]);
    assert!(matches!(&effects[..], [Effect::Request(Request::Detail(Kind::Users, id))] if id == "aubrey"));
    // A command of the screen below is done as its key would.
    keys(&mut app, &["Ctrl-P", "r", "e", "v", "o", "k", "e"]);
    assert!(
        matches!(&press(&mut app, "Enter")[..], [Effect::Request(Request::Question(wanted))] if wanted.act == Act::Revoke)
    );
    // From a step, what was entered is kept.
    let mut app = super::app(Step::Directory, UTF8, (80, 24));
    type_text(&mut app, "x");
    let effects = keys(&mut app, &["Ctrl-P", "7", "Enter"]);
    assert!(matches!(&effects[..], [Effect::Request(Request::KeepDraft(_)), Effect::Request(Request::Rows { .. })]));
}

#[test]
fn moving_in_a_list_costs_few_bytes() {
    for (look, size) in [(UTF8, (80, 24)), (ASCII, (120, 40)), (UTF8, (200, 60))] {
        let mut app = opened(Kind::Users, look, size);
        let mut surface = super::super::surface::Surface::new(std::io::sink());
        surface.show(&app).expect("a sink takes everything");
        let mut bytes: Vec<usize> = (0..30)
            .map(|_| {
                press_and_give(&mut app, &["Down"]);
                surface.show(&app).expect("a sink takes everything")
            })
            .collect();
        bytes.sort_unstable();
        assert!(bytes[15] <= 200, "{bytes:?} at {size:?}");
        let (buffer, cursor) = draw(&app);
        assert!(buffer[(cursor.x, cursor.y)].modifier.contains(ratatui::style::Modifier::REVERSED));
    }
}

#[test]
fn a_list_offers_search_and_back_at_eighty_columns() {
    for kind in [Kind::Users, Kind::Mappings, Kind::Devices] {
        let mut app = opened(kind, UTF8, (80, 24));
        if kind == Kind::Mappings {
            // As many as a mapping has among others.
            let asked = Asked { kind, search: String::new(), order: 0 };
            let mut given = rows(&asked, 0, 3);
            given.rows[0].acts = vec![Act::Edit, Act::Order, Act::Duplicate, Act::Disable, Act::Delete];
            answered(&mut app, Answer::Reply(Reply::Rows(Box::new(asked), given)));
        }
        let shown = screen(&app);
        assert!(shown.contains("Esc back") && shown.contains("/ search"), "{shown}");
        assert_eq!(shown.contains("more below"), kind == Kind::Users, "{shown}");
        press_and_give(&mut app, &["End"]);
        assert_eq!(screen(&app).contains("more above"), kind == Kind::Users, "{}", screen(&app));
    }
}

#[test]
fn only_the_chosen_columns_are_written() {
    let mut app = opened(Kind::Users, UTF8, (200, 40));
    assert!(screen(&app).contains("Department") && !screen(&app).contains("Came"), "{}", screen(&app));
    // Without the state, and with the directory, which is not shown at first.
    press_and_give(&mut app, &["|", "Space", "Down", "Down", "Down", "Down", "Down", "Space", "Enter"]);
    assert!(screen(&app).contains("Directory"), "{}", screen(&app));
    press_and_give(&mut app, &["w"]);
    let effects = press(&mut app, "y");
    let [Effect::Job(_, Work::Do(doing))] = &effects[..] else { panic!("it is done") };
    assert_eq!(doing.columns, [0, 2, 3, 4, 5, 6]);
}

#[test]
fn the_report_is_written_after_a_yes() {
    let mut app = opened(Kind::Devices, UTF8, (80, 24));
    press_and_give(&mut app, &["1"]);
    press(&mut app, "r");
    answered(&mut app, Answer::Job(0, JobEvent::Report(vec![Fact::new("To date", "nobody has started")])));
    assert!(screen(&app).contains("w write to files"), "{}", screen(&app));
    assert!(press(&mut app, "w").is_empty() && screen(&app).contains("two new files"), "{}", screen(&app));
    assert!(matches!(press(&mut app, "y")[..], [Effect::Job(_, Work::WriteReport)]));
}

#[test]
fn a_console_that_may_only_read_offers_no_new_entry() {
    let mut app = opened(Kind::Tokens, UTF8, (80, 24));
    assert!(screen(&app).contains("n new"), "{}", screen(&app));
    app.context.read_only = true;
    press_and_give(&mut app, &["1"]);
    app.lists.clear();
    press_and_give(&mut app, &["6"]);
    assert!(screen(&app).contains("Tokens  3") && !screen(&app).contains("n new"), "{}", screen(&app));
    assert!(press(&mut app, "n").is_empty(), "{}", screen(&app));
}

#[test]
fn every_search_has_a_cursor_and_deletes_words() {
    let edited = |app: &mut App| {
        type_text(app, "zq kv");
        keys(app, &["Ctrl-W", "Home"]);
        type_text(app, "x");
        assert!(screen(app).contains("xzq") && !screen(app).contains("kv"), "{}", screen(app));
        keys(app, &["Ctrl-U", "Backspace"]);
        assert!(!screen(app).contains("xzq"), "{}", screen(app));
    };
    let mut app = opened(Kind::Users, UTF8, (80, 24));
    press(&mut app, "/");
    edited(&mut app);
    let mut app = opened(Kind::Users, UTF8, (80, 24));
    press(&mut app, "Ctrl-P");
    edited(&mut app);
    let mut app = super::plans::stopped(UTF8, (80, 24));
    press(&mut app, "/");
    edited(&mut app);
    let mut app = super::app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.group");
    let pick = super::job(&press(&mut app, "Ctrl-O"));
    answered(&mut app, Answer::Job(pick, JobEvent::Picked { under: None, items: units() }));
    edited(&mut app);
}

#[test]
fn an_act_waits_for_the_rows_of_its_own_search() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    press(&mut app, "Ctrl-P");
    type_text(&mut app, "jane");
    answered(&mut app, Answer::Reply(Reply::Found("jane".into(), Vec::new())));
    press(&mut app, "Enter");
    let rows = |search: &str, acts: &[Act]| {
        let asked = Asked { kind: Kind::Users, search: search.to_owned(), order: 0 };
        Answer::Reply(Reply::Rows(
            Box::new(asked),
            super::super::listing::Rows { acts: acts.to_vec(), ..Default::default() },
        ))
    };
    assert!(answered(&mut app, rows("", &[])).is_empty());
    let effects = answered(&mut app, rows("jane", &[Act::Explain]));
    assert!(matches!(&effects[..], [Effect::Request(Request::Question(of))] if of.act == Act::Explain));
}
