//! Each screen as it looks, at three sizes, in both glyph sets.
//!
//! Look at a changed picture as somebody who sees imd for the first time, before accepting it.

use super::super::app::App;
use super::super::fixture::*;
use super::job;
use crate::model::job::Progress;
use crate::wizard::Step;
use crate::wizard::form::Problem;
use ratatui::style::{Color, Modifier};

/// Draws what `play` leads to, at each size in each look.
fn picture(name: &str, step: Step, play: impl Fn(&mut App)) {
    for (look, word) in [(UTF8, "utf8"), (ASCII, "ascii")] {
        for (width, height) in [(80, 24), (120, 40), (40, 10)] {
            let mut app = app(step, look, (width, height));
            play(&mut app);
            insta::assert_snapshot!(format!("{name}-{width}x{height}-{word}"), screen(&app));
        }
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
fn forms() {
    for step in Step::ALL {
        picture(&format!("{}-{}", step.number(), step.key()), step, |_| {});
    }
}

#[test]
fn step_1_after_its_check_and_with_a_list_open() {
    picture("1-checked", Step::Directory, checked);
    picture("1-list-open", Step::Directory, |app| {
        checked(app);
        keys(app, &["Tab", "Tab", "Down", "Enter", "Down", "Down"]);
    });
}

#[test]
fn step_2_with_a_problem() {
    picture("2-problem", Step::Profile, |app| {
        press(app, "Ctrl-N");
    });
}

#[test]
fn step_3_picking_previewing_and_a_wrong_filter() {
    picture("3-tree", Step::Mapping, |app| {
        keys(app, &["Tab", "Tab"]);
        let first = job(&press(app, "Ctrl-O"));
        answered(app, Answer::Job(first, JobEvent::Picked { under: None, items: units() }));
        let second = job(&keys(app, &["Down", "Right"]));
        let mut below = units();
        for unit in &mut below {
            unit.value = format!("{},OU=Staff", unit.value);
        }
        answered(app, Answer::Job(second, JobEvent::Picked { under: Some("OU=Staff,DC=corp".into()), items: below }));
    });
    picture("3-list", Step::Mapping, |app| {
        keys(app, &["Tab", "Tab", "Tab", "Tab"]);
        let pick = job(&press(app, "Ctrl-O"));
        let mut items = units();
        for item in &mut items {
            item.detail = "14 users".into();
        }
        answered(app, Answer::Job(pick, JobEvent::Picked { under: None, items }));
        press(app, "s");
    });
    picture("3-preview", Step::Mapping, |app| {
        let shown = job(&press(app, "Ctrl-R"));
        answered(app, Answer::Job(shown, JobEvent::Previewed(preview())));
        keys(app, &["Tab", "Enter", "Down"]);
    });
    picture("3-filter", Step::Mapping, |app| {
        let mut refused = form(Step::Mapping);
        let problem = Problem { column: Some(24), ..Problem::new("\"employeeType\" needs a comparison such as =") };
        refused.field_mut("mapping.filter").expect("there").problem = Some(problem);
        press(app, "Ctrl-N");
        answered(app, Answer::Reply(Reply::Saved { form: Box::new(refused), outcome: SaveOutcome::Problems }));
        press(app, "Ctrl-O");
    });
}

#[test]
fn step_3_explaining_a_user() {
    picture("3-explain", Step::Mapping, |app| {
        let shown = job(&press(app, "Ctrl-R"));
        answered(app, Answer::Job(shown, JobEvent::Previewed(preview())));
        let asked = job(&keys(app, &["Tab", "End", "Up", "e"]));
        answered(app, Answer::Job(asked, JobEvent::Explained(explained())));
    });
    picture("3-explain-asking", Step::Mapping, |app| {
        press(app, "Ctrl-F");
        keys(app, &["j", "a", "n", "e"]);
    });
}

#[test]
fn step_4_running_and_done() {
    picture("4-running", Step::Frequency, |app| {
        let sync = job(&press(app, "Ctrl-R"));
        let progress = Progress { what: "reading users", done: 812, of: Some(1_200), about: None, rate: Some(2_410.4) };
        answered(app, Answer::Job(sync, JobEvent::Progress(progress)));
    });
    picture("4-done", Step::Frequency, |app| {
        let sync = job(&press(app, "Ctrl-R"));
        let lines =
            vec![(Tone::Good, "The users are stored.".into()), (Tone::Plain, "    1,171 match a mapping".into())];
        answered(app, Answer::Job(sync, JobEvent::Synced(Report { title: "Run now".into(), lines })));
    });
}

#[test]
fn step_5_ordering_proofs() {
    picture("5-proofs", Step::Settings, |app| {
        keys(app, &["Tab", "Tab", "Space", "Down"]);
    });
}

#[test]
fn step_6_masked_shown_and_written() {
    let made = |app: &mut App| {
        let mint = job(&press(app, "Ctrl-R"));
        let mut form = form(Step::Token);
        form.basis.subject = Some(1);
        answered(app, Answer::Job(mint, JobEvent::Minted { form: Box::new(form), minted: minted() }));
    };
    picture("6-masked", Step::Token, made);
    picture("6-shown", Step::Token, |app| {
        made(app);
        press(app, "s");
    });
    picture("6-file", Step::Token, |app| {
        made(app);
        press(app, "w");
    });
}

#[test]
fn step_7_choosing_tools_and_looking_at_files() {
    picture("7-tools", Step::Installer, |app| {
        keys(app, &["Tab", "Enter"]);
    });
    picture("7-files", Step::Installer, |app| {
        let shown = job(&press(app, "Ctrl-R"));
        answered(app, Answer::Job(shown, JobEvent::Files(files())));
        keys(app, &["Tab", "Tab"]);
    });
}

#[test]
fn all_steps_and_the_keys() {
    picture("setup", Step::Mapping, |app| {
        press(app, "Esc");
    });
    picture("keys", Step::Mapping, |app| {
        press(app, "Ctrl-G");
    });
}

#[test]
fn what_has_the_focus_is_reversed_even_without_color() {
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
