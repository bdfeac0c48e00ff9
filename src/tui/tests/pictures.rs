//! Each screen as it looks: once at 80x24, and those that test the layout at two more sizes and in ASCII.
//!
//! They are drawn by the real console over the sample directory, except for what a healthy sample does not show. Look at
//! a changed picture as an administrator who sees imd for the first time, before you accept it.

use super::super::app::App;
use super::super::fixture::*;
use super::super::listing::Kind;
use super::{job, lists, ordering, overview, plans};
use crate::model::job::Progress;
use crate::wizard::Step;
use crate::wizard::form::Problem;
use ratatui::style::{Color, Modifier};

const USUAL: (u16, u16) = (80, 24);
const LAYOUTS: [(Look, (u16, u16), &str); 4] =
    [(UTF8, USUAL, ""), (UTF8, (120, 40), "-120x40"), (UTF8, (40, 10), "-40x10"), (ASCII, USUAL, "-ascii")];

/// One picture at 80x24.
fn picture(name: &str, app: &App) {
    insta::assert_snapshot!(name, screen(app));
}

/// Four pictures of what `open` leads to.
fn layouts(name: &str, open: impl Fn(Look, (u16, u16)) -> App) {
    for (look, size, suffix) in LAYOUTS {
        insta::assert_snapshot!(format!("{name}{suffix}"), screen(&open(look, size)));
    }
}

fn checked(app: &mut App) {
    let check = job(&press(app, "Ctrl-T"));
    for line in checks() {
        answered(app, Answer::Job(check, JobEvent::Check(line)));
    }
    answered(app, Answer::Job(check, JobEvent::Checked));
}

#[test]
fn pictures_of_the_steps() {
    let sample = Sample::new();
    let picture = |name: &str, app: &App| insta::assert_snapshot!(name, sample.screen(app));
    let played = |step: Step, names: &[&str]| {
        let mut app = sample.step(step, UTF8, USUAL);
        sample.press(&mut app, names);
        app
    };
    for step in Step::ALL {
        picture(&format!("{}-{}", step.number(), step.key()), &played(step, &[]));
    }
    for (look, size, suffix) in &LAYOUTS[1..] {
        picture(&format!("3-mapping{suffix}"), &sample.step(Step::Mapping, *look, *size));
    }
    picture("1-checked", &played(Step::Directory, &["Ctrl-T"]));
    picture("2-list", &played(Step::Profile, &["Tab", "Ctrl-O"]));
    picture("3-checked", &played(Step::Mapping, &["Ctrl-T"]));
    picture("3-tree", &played(Step::Mapping, &["Tab", "Tab", "Tab", "Ctrl-O", "Right", "Down", "Right"]));
    let mut app = played(Step::Mapping, &["Tab", "Tab", "Tab", "Tab", "Ctrl-O"]);
    sample.type_text(&mut app, "la");
    picture("3-list", &app);
    for (look, size, suffix) in LAYOUTS {
        let mut app = sample.step(Step::Mapping, look, size);
        sample.press(&mut app, &["Ctrl-R", "Tab", "Enter", "Down"]);
        picture(&format!("3-preview{suffix}"), &app);
    }
    picture("3-explain-user", &played(Step::Mapping, &["Ctrl-F"]));
    let mut app = played(Step::Mapping, &["Ctrl-F"]);
    sample.type_text(&mut app, "nobody@corp.example.com");
    sample.press(&mut app, &["Enter"]);
    picture("3-explain-failed", &app);
    picture("4-done", &played(Step::Frequency, &["Ctrl-R"]));
    picture("5-authentication", &played(Step::Settings, &["Tab", "Tab", "Space", "Down"]));
    picture("6-masked", &played(Step::Token, &["Ctrl-R"]));
    picture("6-file", &played(Step::Token, &["Ctrl-R", "w"]));
    picture("7-tools", &played(Step::Installer, &["Tab", "Enter"]));
    for (look, size, suffix) in LAYOUTS {
        let mut app = sample.step(Step::Installer, look, size);
        sample.press(&mut app, &["Ctrl-R", "Tab", "Tab", "Right"]);
        picture(&format!("7-files{suffix}"), &app);
    }
    layouts("setup", |look, size| {
        let mut app = sample.step(Step::Mapping, look, size);
        sample.press(&mut app, &["Esc"]);
        app
    });
    layouts("keys", |look, size| {
        let mut app = sample.step(Step::Mapping, look, size);
        sample.press(&mut app, &["Ctrl-G"]);
        app
    });
}

#[test]
fn pictures_of_the_lists() {
    let sample = Sample::synced();
    let picture = |name: &str, app: &App| insta::assert_snapshot!(name, sample.screen(app));
    let opened = |names: &[&str]| {
        let mut app = sample.step(Step::Installer, UTF8, USUAL);
        sample.press(&mut app, &["Esc"]);
        sample.press(&mut app, names);
        app
    };
    picture("overview", &opened(&["1"]));
    picture("report", &opened(&["1", "r"]));
    for (name, key) in [
        ("users", "2"),
        ("mappings", "3"),
        ("syncs", "4"),
        ("devices", "5"),
        ("tokens", "6"),
        ("exports", "7"),
        ("audit", "8"),
    ] {
        picture(&format!("list-{name}"), &opened(&[key]));
    }
    picture("list-accounts", &opened(&["5", "a"]));
    for (at, kind) in Kind::OF_SETUP.into_iter().enumerate() {
        let mut app = opened(&["9", "Home"]);
        sample.press(&mut app, &["Down"; 7]);
        (0..at).for_each(|_| sample.press(&mut app, &["Down"]));
        sample.press(&mut app, &["Enter"]);
        picture(&format!("list-{}", kind.title().to_lowercase().replace(' ', "-")), &app);
    }
    for (look, size, suffix) in LAYOUTS {
        let mut app = sample.step(Step::Installer, look, size);
        sample.press(&mut app, &["Esc", "2", "/"]);
        sample.type_text(&mut app, "an");
        picture(&format!("search{suffix}"), &app);
    }
    picture("entry", &opened(&["2", "Enter"]));
    picture("explained", &opened(&["2", "e"]));
    picture("columns", &opened(&["2", "|", "Space"]));
    picture("palette", &opened(&["2", ":", "d", "e"]));
    picture("help", &opened(&["2", "?"]));
    picture("plan", &opened(&["4", "Enter"]));
    picture("plan-details", &opened(&["4", "Enter", "Down", "Enter"]));
    picture("question", &opened(&["6", "x"]));
}

#[test]
fn pictures_of_problems() {
    layouts("1-failed", |look, size| {
        let mut app = app(Step::Directory, look, size);
        checked(&mut app);
        app
    });
    let mut failed = app(Step::Directory, UTF8, USUAL);
    checked(&mut failed);
    keys(&mut failed, &["Tab", "Tab", "Down", "Enter", "Down", "Down"]);
    picture("1-failed-list", &failed);
    let mut filter = app(Step::Mapping, UTF8, USUAL);
    let mut refused = form(Step::Mapping);
    let problem = Problem { column: Some(24), ..Problem::new("\"employeeType\" needs a comparison such as =") };
    refused.field_mut("mapping.filter").expect("there").problem = Some(problem);
    press(&mut filter, "Ctrl-N");
    answered(&mut filter, Answer::Reply(Reply::Saved { form: Box::new(refused), outcome: SaveOutcome::Problems }));
    press(&mut filter, "Ctrl-O");
    picture("3-filter", &filter);
    let mut running = app(Step::Frequency, UTF8, USUAL);
    let sync = job(&press(&mut running, "Ctrl-R"));
    let progress = Progress { what: "reading users", done: 812, of: Some(1_200), about: None, rate: Some(2_410.4) };
    answered(&mut running, Answer::Job(sync, JobEvent::Progress(progress)));
    picture("4-running", &running);
    layouts("overview-alarms", overview::opened);
    let mut stopped = plans::stopped(UTF8, USUAL);
    picture("plan-stopped", &stopped);
    plans::press_and_give(&mut stopped, &["a"]);
    picture("plan-question", &stopped);
    layouts("order-moved", ordering::moved);
    let mut saving = ordering::moved(UTF8, USUAL);
    press(&mut saving, "Enter");
    picture("order-question", &saving);
    picture("list-many", &lists::opened(Kind::Devices, UTF8, USUAL));
}

#[test]
fn the_focus_is_reversed_without_color_too() {
    for look in [UTF8, ASCII, Look { color: false, ascii: false }] {
        let mut app = app(Step::Directory, look, (80, 24));
        let (buffer, cursor) = draw(&app);
        let label = (3..7).map(|x| &buffer[(x, cursor.y)]).collect::<Vec<_>>();
        assert_eq!(label.iter().map(|cell| cell.symbol()).collect::<String>(), "Name");
        assert!(label.iter().all(|cell| cell.modifier.contains(Modifier::REVERSED)));
        press(&mut app, "Esc");
        let (buffer, cursor) = draw(&app);
        assert!(buffer[(5, cursor.y)].modifier.contains(Modifier::REVERSED), "the selected step");
    }
}

#[test]
fn a_failure_is_red_with_color_and_bold_without() {
    let place = |app: &App| {
        let (buffer, _) = draw(app);
        let row =
            (0..24).find(|y| (0..80).map(|x| buffer[(x, *y)].symbol()).collect::<String>().starts_with(" failed"));
        let row = row.expect("a failure is shown");
        (0..80).map(|x| buffer[(x, row)].clone()).find(|cell| cell.symbol() == "f").expect("the word")
    };
    let mut color = app(Step::Directory, UTF8, (80, 24));
    checked(&mut color);
    assert_eq!(place(&color).fg, Color::Red);
    let mut mono = app(Step::Directory, ASCII, (80, 24));
    checked(&mut mono);
    assert_eq!((place(&mono).fg, place(&mono).modifier), (Color::Reset, Modifier::BOLD));
}
