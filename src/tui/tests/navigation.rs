//! Where one gets, and that Esc leads back there: from alarms, lists, entries, reports and steps.

use super::super::app::App;
use super::super::fixture::*;
use super::super::listing::{Act, Fact, Kind, Place};
use super::super::screen::Screen;
use super::lists::{give, opened, press_and_give};
use crate::wizard::Step;
use crate::wizard::form::{Form, Value};

/// The list with one entry to which these can be done.
fn offering(kind: Kind, acts: &[Act]) -> App {
    let mut app = opened(kind, UTF8, (120, 40));
    with(&mut app, kind, acts);
    app
}

fn with(app: &mut App, kind: Kind, acts: &[Act]) {
    let asked = super::super::listing::Asked { kind, search: String::new(), order: 0 };
    let mut all = rows(&asked, 0, 3);
    for (row, name) in all.rows.iter_mut().zip(["Sales", "Staff", "Everybody else"]) {
        (row.id, row.cells[0], row.acts) = (name.to_owned(), name.to_owned(), acts.to_vec());
    }
    answered(app, Answer::Reply(Reply::Rows(Box::new(asked), all)));
}

/// The form of step 3, filled from the mapping of that name.
fn mapping(name: &str) -> Form {
    let mut form = form(Step::Mapping);
    form.set("mapping.name", Value::Text(name.into()));
    (form.basis.subject, form.basis.subject_name) = (Some(1), Some(name.into()));
    form
}

fn place(app: &App) -> String {
    screen(app).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn an_edit_from_a_list_returns_to_it_and_selects_the_entry() {
    let mut app = offering(Kind::Mappings, &[Act::Edit]);
    let effects = keys(&mut app, &["Down", "e"]);
    assert!(matches!(&effects[..], [Effect::Request(Request::OpenNamed(Step::Mapping, name))] if name == "Staff"));
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(mapping("Staff")))));
    let shown = screen(&app);
    assert!(shown.contains("[ Save ]") && !shown.contains("Continue"), "{shown}");
    assert!(shown.contains("Esc back") && shown.contains("Ctrl-N save"), "{shown}");
    let effects = press(&mut app, "Ctrl-N");
    assert!(matches!(&effects[..], [Effect::Request(Request::Save(_))]));
    let effects = answered(
        &mut app,
        Answer::Reply(Reply::Saved { form: Box::new(mapping("Staff")), outcome: SaveOutcome::Kept }),
    );
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Request(Request::Open(_)))),
        "no further step is opened"
    );
    assert!(matches!(app.screen, Screen::List(Kind::Mappings)) && screen(&app).contains("Saved."), "{}", screen(&app));
    // It moved meanwhile, and is selected all the same.
    with(&mut app, Kind::Mappings, &[Act::Edit]);
    assert!(matches!(&press(&mut app, "e")[..], [Effect::Request(Request::OpenNamed(_, name))] if name == "Staff"));
    // From among the steps, the same step goes on to the next.
    let mut app = super::app(Step::Mapping, UTF8, (120, 40));
    assert!(screen(&app).contains("[ Continue ]"));
    press(&mut app, "Ctrl-N");
    let effects = answered(
        &mut app,
        Answer::Reply(Reply::Saved { form: Box::new(form(Step::Mapping)), outcome: SaveOutcome::Kept }),
    );
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Request(Request::Open(Step::Frequency)))));
}

#[test]
fn escape_goes_back_the_same_way() {
    // From the overview over an alarm to a list, on to a step, and all the way back.
    let mut app = offering(Kind::Storages, &[Act::Edit]);
    press_and_give(&mut app, &["1"]);
    let mut alarming = super::overview::view();
    if let Some(Line::Alarm { leads, .. }) = alarming.lines.first_mut() {
        *leads = Place::List(Kind::Storages);
    }
    answered(&mut app, Answer::Reply(Reply::Overview(Box::new(alarming))));
    press(&mut app, "Enter");
    with(&mut app, Kind::Storages, &[Act::Edit]);
    let effects = press(&mut app, "e");
    assert!(matches!(&effects[..], [Effect::Request(Request::OpenStorage(name))] if name == "Sales"));
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(Step::Profile)))));
    type_text(&mut app, "2w");
    assert!(
        matches!(press(&mut app, "Esc")[..], [Effect::Request(Request::KeepDraft(_)), ..]),
        "nothing typed is lost"
    );
    assert!(matches!(app.screen, Screen::List(Kind::Storages)), "{}", place(&app));
    press(&mut app, "Esc");
    assert!(matches!(app.screen, Screen::Overview), "{}", place(&app));
    // From a user on to the mapping, to its step, and back over the same two.
    let mut app = opened(Kind::Users, UTF8, (80, 24));
    press_and_give(&mut app, &["Enter"]);
    press_and_give(&mut app, &["Down", "Enter"]);
    assert!(screen(&app).contains("Entry someone"), "{}", screen(&app));
    press_and_give(&mut app, &["Esc"]);
    assert!(screen(&app).contains("Entry Users-0"), "{}", screen(&app));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::List(Kind::Users)));
    // Accounts and devices are on the same level, even after several switches between them.
    let mut app = opened(Kind::Accounts, UTF8, (80, 24));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::List(Kind::Devices)));
    press_and_give(&mut app, &["a", "a", "a", "Esc", "Esc"]);
    assert!(matches!(app.screen, Screen::Overview));
    // A list of setup leads back there, and is selected.
    let mut app = opened(Kind::Keys, UTF8, (80, 24));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::Setup(_)) && screen(&app).ends_with("cursor 0,16"), "{}", screen(&app));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::Overview));
    // The report stays as it was while one looks at what it leads to.
    press(&mut app, "r");
    let leads = Fact::new("Stuck", "3 laptops wait").leading(Place::List(Kind::Devices));
    answered(&mut app, Answer::Job(0, JobEvent::Report(vec![leads])));
    press_and_give(&mut app, &["Enter"]);
    assert!(matches!(app.screen, Screen::List(Kind::Devices)));
    assert!(press_and_give(&mut app, &["Esc"]).is_empty(), "nothing is counted again");
    assert!(screen(&app).contains("3 laptops wait"), "{}", screen(&app));
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::Overview));
}

#[test]
fn a_late_step_does_not_replace_another_screen() {
    let mut app = offering(Kind::Mappings, &[Act::Edit]);
    press(&mut app, "e");
    press_and_give(&mut app, &["5"]);
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(mapping("Sales")))));
    assert!(matches!(app.screen, Screen::List(Kind::Devices)), "{}", place(&app));
}

#[test]
fn new_opens_an_empty_form() {
    for (kind, step) in [
        (Kind::Mappings, Step::Mapping),
        (Kind::Tokens, Step::Token),
        (Kind::Directories, Step::Directory),
        (Kind::Profiles, Step::Profile),
        (Kind::Storages, Step::Profile),
    ] {
        let mut app = offering(kind, &[]);
        assert!(matches!(press(&mut app, "n")[..], [Effect::Request(Request::OpenNew(of))] if of == kind), "{kind:?}");
        let mut new = form(step);
        new.is_new = true;
        answered(&mut app, Answer::Reply(Reply::Opened(Box::new(new))));
        press_and_give(&mut app, &["Esc"]);
        assert!(matches!(app.screen, Screen::List(of) if of == kind), "{kind:?}");
    }
    // Of another token, the one that was made last is not shown.
    let mut app = offering(Kind::Tokens, &[]);
    app.context.token = Some(super::super::panel::token::Reveal::new(minted()));
    press(&mut app, "n");
    let mut new = form(Step::Token);
    new.is_new = true;
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(new))));
    assert!(!screen(&app).contains("4f0c11aa22bb33cc"), "{}", screen(&app));
}

#[test]
fn a_changed_name_adds_a_new_entry_only_after_a_yes() {
    let mut app = offering(Kind::Mappings, &[Act::Edit]);
    press(&mut app, "e");
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(mapping("Sales")))));
    type_text(&mut app, "X");
    let effects = press(&mut app, "Ctrl-N");
    assert!(
        matches!(effects[..], [Effect::Request(Request::KeepDraft(_))]),
        "what was entered is kept, and nothing is saved"
    );
    let asked = "A name cannot be changed: this adds a new mapping \"SalesX\" and keeps \"Sales\". Add it?";
    assert!(screen(&app).contains(asked), "{}", screen(&app));
    assert!(press(&mut app, "Enter").is_empty(), "Enter alone is no yes");
    assert!(screen(&app).contains("SalesX"), "it is still there");
    press(&mut app, "Ctrl-N");
    assert!(
        matches!(&press(&mut app, "y")[..], [Effect::Request(Request::Save(form))] if form.name() == Some("SalesX"))
    );
    // A capital alone makes no other name.
    let mut same = mapping("Sales");
    same.set("mapping.name", Value::Text("SALES".into()));
    assert!(same.named_otherwise().is_empty());
    // Nor is the storage of a profile renamed without a question.
    let mut profile = form(Step::Profile);
    profile.basis.storage_name = Some("eu-2".into());
    assert_eq!(profile.named_otherwise(), [("storage", "eu-2".to_owned(), "eu-1".to_owned())]);
}

#[test]
fn a_copy_is_selected_before_any_key_applies() {
    let mut app = offering(Kind::Mappings, &[Act::Duplicate, Act::Edit]);
    let effects = press(&mut app, "d");
    let rest = give(&mut app, effects);
    assert!(rest.is_empty());
    let effects = press(&mut app, "y");
    let [Effect::Job(job, Work::Do(_))] = &effects[..] else { panic!("it is done") };
    let made = Fact::new("", "\"Staff\" is there").leading(Place::Entry(Kind::Mappings, "Staff".into()));
    let effects = answered(&mut app, Answer::Job(*job, JobEvent::Done(vec![made.toned(Tone::Good)])));
    assert!(screen(&app).contains("is there"));
    assert!(press(&mut app, "e").is_empty(), "until it is there, there is nothing to edit");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Request(Request::Rows { offset: 0, .. }))));
    with(&mut app, Kind::Mappings, &[Act::Duplicate, Act::Edit]);
    assert!(matches!(&press(&mut app, "e")[..], [Effect::Request(Request::OpenNamed(_, name))] if name == "Staff"));
}

#[test]
fn a_step_with_unsaved_answers_is_marked() {
    let mut app = super::app(Step::Directory, UTF8, (80, 24));
    press(&mut app, "Esc");
    let mut standing = standing();
    standing[1].entered = true;
    answered(&mut app, Answer::Reply(Reply::Standing(standing)));
    let shown = screen(&app);
    let marked: Vec<&str> = shown.lines().filter(|line| line.contains("not saved yet; ")).collect();
    assert!(matches!(marked[..], [line] if line.contains("2 Profile") && line.contains("Laptops on eu-1")), "{shown}");
}

#[test]
fn progress_and_cancelling_are_shown() {
    use crate::model::job::Progress;
    let mut app = opened(Kind::Syncs, UTF8, (120, 40));
    let effects = press_and_give(&mut app, &["r", "y"]);
    let [Effect::Job(job, Work::Do(_))] = &effects[..] else { panic!("it is done") };
    let (job, progress) =
        (*job, |done| Progress { about: Some(1_000_000), rate: Some(2_000.0), ..Progress::of("reading users", done) });
    answered(&mut app, Answer::Job(job, JobEvent::Progress(progress(40_000))));
    let said = "reading users  40,000 of about 1,000,000   2,000 a second, about 8 min left. Ctrl-X cancels.";
    assert!(screen(&app).contains(said), "{}", screen(&app));
    answered(&mut app, Answer::Job(job + 1, JobEvent::Progress(progress(77))));
    assert!(screen(&app).contains(said), "another job is none of its business");
    press(&mut app, "Ctrl-X");
    assert!(screen(&app).contains("Cancelling..."), "{}", screen(&app));
    // A user who opened another screen meanwhile stays on it and gets a message.
    press_and_give(&mut app, &["5"]);
    let lines = vec![Fact::new("", "The users are stored."), Fact::new("", "3 come")];
    answered(&mut app, Answer::Job(job, JobEvent::Done(lines)));
    assert!(matches!(app.screen, Screen::List(Kind::Devices)));
    assert!(screen(&app).contains("Sync now: The users are stored."), "{}", screen(&app));
}

#[test]
fn a_result_names_its_entry_and_keeps_its_list_selected() {
    let mut app = offering(Kind::Users, &[Act::Explain]);
    let effects = press(&mut app, "e");
    give(&mut app, effects);
    let effects = press(&mut app, "y");
    let [Effect::Job(job, Work::Do(_))] = &effects[..] else { panic!("it is done") };
    let lines = vec![Fact::new("mapping", "takes the user"), Fact::new("account", "there is none")];
    answered(&mut app, Answer::Job(*job, JobEvent::Done(lines)));
    let shown = screen(&app);
    assert!(shown.contains("Explain: Sales") && shown.contains("takes the user"), "{shown}");
    assert!(place(&app).ends_with("Users"), "{shown}");
    let here = shown.lines().find(|line| line.contains("2 Users")).expect("the tabs");
    assert!(here.trim_start().starts_with('\u{25b8}') || here.contains("> ") || here.contains("▶"), "{shown}");
    press_and_give(&mut app, &["Esc"]);
    assert!(matches!(app.screen, Screen::List(Kind::Users)));
}

#[test]
fn a_user_who_is_not_found_is_explained_by_the_search() {
    let mut app = opened(Kind::Users, UTF8, (120, 40));
    press(&mut app, "/");
    let mut asked = None;
    for letter in "jane".chars() {
        for effect in press(&mut app, &letter.to_string()) {
            if let Effect::Request(Request::Rows { asked: of, .. }) = effect {
                asked = Some(of);
            }
        }
    }
    let nobody = super::super::listing::Rows { acts: vec![Act::Explain], ..Default::default() };
    answered(&mut app, Answer::Reply(Reply::Rows(Box::new(asked.expect("rows were asked for")), nobody)));
    assert!(screen(&app).contains("Press Enter, then e"), "{}", screen(&app));
    let effects = keys(&mut app, &["Enter", "e"]);
    let [Effect::Request(Request::Question(wanted))] = &effects[..] else {
        panic!("it is asked what there is to know")
    };
    assert_eq!((wanted.id.as_deref(), wanted.asked.search.as_str()), (None, "jane"));
    let wanted = Box::new(super::super::listing::Wanted { question: None, ..(**wanted).clone() });
    let effects = answered(&mut app, Answer::Reply(Reply::Question(wanted)));
    assert!(
        matches!(&effects[..], [Effect::Job(_, Work::Do(doing))] if doing.id.is_none() && doing.asked.search == "jane")
    );
}

#[test]
fn the_palette_starts_acts_of_any_list() {
    // From the overview: to the list, with its question.
    let mut app = opened(Kind::Users, UTF8, (120, 40));
    press_and_give(&mut app, &["1"]);
    let palette = |app: &mut App, typed: &str| {
        press(app, "Ctrl-P");
        type_text(app, typed);
        let effects = press(app, "Enter");
        give(app, effects)
    };
    for word in ["pause", "verify", "revoke", "explain", "import", "new key", "duplicate", "check"] {
        press(&mut app, "Ctrl-P");
        type_text(&mut app, word);
        assert!(screen(&app).contains(&format!("{word}: ")), "{word}: {}", screen(&app));
        press(&mut app, "Esc");
    }
    palette(&mut app, "verify");
    assert!(matches!(app.screen, Screen::List(Kind::Audit)));
    assert!(screen(&app).contains("Do that to the list?"), "{}", screen(&app));
    press(&mut app, "n");
    // What is done to an entry waits until one is chosen.
    palette(&mut app, "revoke: dev");
    assert!(matches!(app.screen, Screen::List(Kind::Devices)));
    assert!(screen(&app).contains("Select an entry, then press x: revoke."), "{}", screen(&app));
    // A user who is not in the state can be explained, and so can the id of a refusal.
    press(&mut app, "Ctrl-P");
    type_text(&mut app, "R-7F3A");
    answered(&mut app, Answer::Reply(Reply::Found("R-7F3A".into(), Vec::new())));
    let effects = press(&mut app, "Enter");
    assert!(matches!(app.screen, Screen::List(Kind::Users)));
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Request(Request::Rows { asked, .. }) => Some(asked.clone()),
        _ => None,
    });
    let nobody = super::super::listing::Rows { acts: vec![Act::Explain], ..Default::default() };
    let effects = answered(&mut app, Answer::Reply(Reply::Rows(Box::new(asked.expect("rows were asked for")), nobody)));
    assert!(
        matches!(&effects[..], [Effect::Request(Request::Question(of))] if of.act == Act::Explain && of.asked.search == "R-7F3A")
    );
}

#[test]
fn the_overview_is_redrawn_only_when_it_changes() {
    let mut app = opened(Kind::Users, UTF8, (80, 24));
    assert!(app.update(Message::Tick).is_empty(), "nothing else is");
    press(&mut app, "1");
    answered(&mut app, Answer::Reply(Reply::Overview(Box::new(super::overview::view()))));
    assert!(matches!(app.update(Message::Tick)[..], [Effect::Request(Request::OverviewAgain)]));
    let before = draw(&app);
    let mut later = super::overview::view();
    later.as_of = "as of 2026-11-24 12:01 UTC".into();
    answered(&mut app, Answer::Reply(Reply::OverviewAgain(Box::new(later.clone()))));
    assert_eq!(draw(&app), before, "a minute more is no change");
    later.content = "3 alarms".into();
    answered(&mut app, Answer::Reply(Reply::OverviewAgain(Box::new(later))));
    assert!(screen(&app).contains("12:01"));
}
