//! What the console does with keys and answers, screen by screen.

use super::fixture::*;
use super::screen::Screen;
use super::screen::step::{Focus, StepScreen};
use crate::wizard::form::{Problem, Value};
use crate::wizard::{Standing, State, Step};

mod explaining;
mod fuzz;
mod lists;
mod navigation;
mod ordering;
mod overview;
mod pictures;
mod plans;

fn step(app: &super::app::App) -> &StepScreen {
    match &app.screen {
        Screen::Step(screen) => screen,
        _ => panic!("a step is shown"),
    }
}

/// The key of the field that has the focus.
fn focused(app: &super::app::App) -> &str {
    match step(app).focus() {
        Focus::Field(at) => &step(app).form().fields[at].key,
        other => panic!("{other:?} has the focus"),
    }
}

fn text(app: &super::app::App, key: &str) -> String {
    step(app).form().field(key).expect("the field is there").text().to_owned()
}

fn job(effects: &[Effect]) -> u64 {
    let of = |effect: &Effect| if let Effect::Job(job, _) = effect { Some(*job) } else { None };
    effects.iter().find_map(of).expect("a job was asked for")
}

fn trouble() -> Trouble {
    Trouble { message: "the disk is full".into(), help: "make room".into(), needs_you: false }
}

#[test]
fn an_empty_state_opens_step_1() {
    let (mut app, effects) = super::app::App::new(UTF8, (80, 24));
    assert!(matches!(effects[..], [Effect::Request(Request::Start)]));
    let mut standing = standing();
    for standing in &mut standing {
        standing.state = State::Missing;
    }
    let effects = answered(&mut app, Answer::Reply(Reply::Started { at: None, standing }));
    assert!(matches!(effects[..], [Effect::Request(Request::Open(Step::Directory))]));
}

#[test]
fn a_restart_opens_the_step_that_was_open() {
    let (mut app, _) = super::app::App::new(UTF8, (80, 24));
    let effects = answered(&mut app, Answer::Reply(Reply::Started { at: Some(Step::Settings), standing: standing() }));
    assert!(matches!(effects[..], [Effect::Request(Request::Open(Step::Settings))]));
    let effects = answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(Step::Settings)))));
    assert!(matches!(effects[..], [Effect::Request(Request::At(Step::Settings))]));
}

#[test]
fn a_started_setup_without_an_open_step_opens_all_steps() {
    let (mut app, _) = super::app::App::new(UTF8, (80, 24));
    answered(&mut app, Answer::Reply(Reply::Started { at: None, standing: standing() }));
    assert!(matches!(app.screen, Screen::Setup(_)));
}

#[test]
fn a_finished_setup_opens_the_overview() {
    let (mut app, _) = super::app::App::new(UTF8, (80, 24));
    let mut standing = standing();
    for standing in &mut standing {
        standing.state = State::Done;
    }
    let effects = answered(&mut app, Answer::Reply(Reply::Started { at: Some(Step::Installer), standing }));
    assert!(matches!(app.screen, Screen::Overview) && matches!(effects[..], [Effect::Request(Request::Overview)]));
}

#[test]
fn reloading_a_changed_step_drops_unsaved_answers() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    type_text(&mut app, "-øst");
    assert!(
        matches!(&press(&mut app, "Ctrl-Y")[..], [Effect::Request(Request::Reload(form))] if form.step == Step::Directory)
    );
    let effects = answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(Step::Directory)))));
    assert!(matches!(effects[..], [Effect::Request(Request::At(Step::Directory))]), "no draft is kept on the way");
    assert_eq!(text(&app, "directory.name"), "corp");
}

#[test]
fn leaving_a_field_saves_a_draft() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    type_text(&mut app, "-øst");
    assert_eq!(text(&app, "directory.name"), "corp-øst");
    let effects = press(&mut app, "Tab");
    assert!(
        matches!(&effects[..], [Effect::Request(Request::KeepDraft(form))] if form.text("directory.name") == Some("corp-øst"))
    );
    assert!(press(&mut app, "Tab").is_empty(), "nothing new to keep");
}

#[test]
fn a_paste_loses_line_breaks_and_hidden_characters() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    app.update(Message::Paste("-a\r\nb\u{1b}[31m\u{202e}\u{200b}c".into()));
    assert_eq!(text(&app, "directory.name"), "corp-ab[31mc");
}

#[test]
fn a_password_is_typed_blind_and_deleted_at_its_end() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    go_to(&mut app, "directory.password");
    type_text(&mut app, "xy");
    press(&mut app, "Backspace");
    let form = step(&app).form();
    let secret = form.field("directory.password").and_then(|field| field.secret()).expect("a secret");
    assert_eq!(secret.expose(), format!("{CANARY}x"));
}

#[test]
fn enter_walks_the_fields_and_ends_on_the_button_to_press() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    for _ in 0..step(&app).form().visible().count() {
        press(&mut app, "Enter");
    }
    assert_eq!(step(&app).focus(), Focus::Button(0), "the check comes first");
    let check = job(&press(&mut app, "Enter"));
    answered(&mut app, Answer::Job(check, JobEvent::Check(checks().remove(0))));
    answered(&mut app, Answer::Job(check, JobEvent::Checked));
    assert_eq!(step(&app).focus(), Focus::Button(1), "then continue");
    assert!(matches!(&press(&mut app, "Enter")[..], [Effect::Request(Request::Save(_))]));
}

#[test]
fn a_failed_check_does_not_move_on() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    let check = job(&press(&mut app, "Ctrl-T"));
    for line in checks() {
        answered(&mut app, Answer::Job(check, JobEvent::Check(line)));
    }
    answered(&mut app, Answer::Job(check, JobEvent::Checked));
    assert_eq!(step(&app).focus(), Focus::Button(0));
}

#[test]
fn saving_opens_the_next_step_or_goes_to_the_problem() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    press(&mut app, "Ctrl-N");
    let effects = answered(
        &mut app,
        Answer::Reply(Reply::Saved { form: Box::new(form(Step::Directory)), outcome: SaveOutcome::Kept }),
    );
    assert!(matches!(effects[..], [Effect::Request(Request::Standing), Effect::Request(Request::Open(Step::Profile))]));
    let mut refused = form(Step::Directory);
    refused.field_mut("directory.bind").expect("there").problem = Some(Problem::new("nobody is called that"));
    press(&mut app, "Ctrl-N");
    answered(&mut app, Answer::Reply(Reply::Saved { form: Box::new(refused), outcome: SaveOutcome::Problems }));
    assert_eq!(focused(&app), "directory.bind");
    assert!(screen(&app).contains("nobody is called that"));
}

#[test]
fn a_step_with_a_missing_answer_is_not_saved() {
    let mut app = app(Step::Profile, UTF8, (80, 24));
    go_to(&mut app, "storage.location");
    keys(&mut app, &["Ctrl-U", "Tab"]);
    let effects = press(&mut app, "Ctrl-N");
    assert!(effects.is_empty());
    assert_eq!(focused(&app), "storage.location", "it is missing");
}

#[test]
fn saving_the_last_step_shows_all_steps() {
    let mut app = app(Step::Installer, UTF8, (80, 24));
    press(&mut app, "Ctrl-N");
    answered(
        &mut app,
        Answer::Reply(Reply::Saved { form: Box::new(form(Step::Installer)), outcome: SaveOutcome::Unchanged }),
    );
    assert!(matches!(app.screen, Screen::Setup(_)));
}

#[test]
fn escape_goes_to_all_steps_then_to_the_overview() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    type_text(&mut app, "!");
    let effects = press(&mut app, "Esc");
    assert!(matches!(effects[0], Effect::Request(Request::KeepDraft(_))));
    assert!(matches!(app.screen, Screen::Setup(_)));
    // The step that was left is the one that is selected.
    assert!(matches!(press(&mut app, "Enter")[..], [Effect::Request(Request::Open(Step::Mapping))]));
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(Step::Mapping)))));
    keys(&mut app, &["Esc", "Esc"]);
    assert!(matches!(app.screen, Screen::Overview));
}

#[test]
fn events_of_an_earlier_job_are_ignored() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    let old = job(&press(&mut app, "Ctrl-T"));
    keys(&mut app, &["Esc", "Enter"]);
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(Step::Mapping)))));
    let new = job(&press(&mut app, "Ctrl-R"));
    assert_ne!(old, new);
    answered(&mut app, Answer::Job(old, JobEvent::Check(checks().remove(0))));
    answered(&mut app, Answer::Job(old, JobEvent::Checked));
    assert!(screen(&app).contains("Working..."));
    answered(&mut app, Answer::Job(new, JobEvent::Previewed(preview())));
    assert!(screen(&app).contains("1,312 users"));
}

#[test]
fn a_unit_is_picked_level_by_level() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.ou");
    let first = job(&press(&mut app, "Ctrl-O"));
    answered(&mut app, Answer::Job(first, JobEvent::Picked { under: None, items: units() }));
    let effects = keys(&mut app, &["Down", "Right"]);
    assert!(matches!(&effects[..], [Effect::Job(_, Work::Pick { under: Some(dn), .. })] if dn == "OU=Staff,DC=corp"));
    let mut below = units();
    below[0].value = "OU=Oslo,OU=Staff,DC=corp".into();
    answered(
        &mut app,
        Answer::Job(job(&effects), JobEvent::Picked { under: Some("OU=Staff,DC=corp".into()), items: below }),
    );
    keys(&mut app, &["Down", "Enter"]);
    assert_eq!(text(&app, "mapping.ou"), "OU=Oslo,OU=Staff,DC=corp");
    assert_eq!(focused(&app), "mapping.group", "on with the next field");
}

#[test]
fn escape_from_a_list_leaves_the_field_as_it_was() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.department");
    let pick = job(&press(&mut app, "Ctrl-O"));
    answered(&mut app, Answer::Job(pick, JobEvent::Picked { under: None, items: units() }));
    keys(&mut app, &["Down", "Esc"]);
    assert_eq!(text(&app, "mapping.department"), "営業部 (Sales)");
    assert_eq!(focused(&app), "mapping.department");
}

#[test]
fn picking_what_exists_opens_the_form_filled_from_it() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    let pick = job(&press(&mut app, "Ctrl-O"));
    answered(&mut app, Answer::Job(pick, JobEvent::Picked { under: None, items: units() }));
    let effects = keys(&mut app, &["Down", "Enter"]);
    assert!(
        matches!(&effects[..], [Effect::Request(Request::OpenNamed(Step::Mapping, name))] if name == "OU=Staff,DC=corp")
    );
}

#[test]
fn nothing_to_pick_is_said_and_the_field_can_be_typed() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.group");
    let pick = job(&press(&mut app, "Ctrl-O"));
    answered(&mut app, Answer::Job(pick, JobEvent::Picked { under: None, items: Vec::new() }));
    assert!(screen(&app).contains("nothing to pick from"));
    type_text(&mut app, "CN=x");
    assert_eq!(text(&app, "mapping.group"), "CN=x");
}

#[test]
fn a_list_that_may_go_on_is_asked_for_again_by_what_is_typed() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.group");
    let pick = job(&press(&mut app, "Ctrl-O"));
    let many: Vec<_> = (0..200).map(|_| units().remove(0)).collect();
    answered(&mut app, Answer::Job(pick, JobEvent::Picked { under: None, items: many }));
    let effects = press(&mut app, "s");
    assert!(matches!(&effects[..], [Effect::Job(_, Work::Pick { under: Some(typed), .. })] if typed == "s"));
    answered(&mut app, Answer::Job(job(&effects), JobEvent::Picked { under: Some("s".into()), items: units() }));
    keys(&mut app, &["Down", "Enter"]);
    assert_eq!(text(&app, "mapping.group"), "OU=Staff,DC=corp");
}

#[test]
fn a_filter_is_edited_over_lines_and_opens_at_its_mistake() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.filter");
    keys(&mut app, &["Ctrl-O", "End", "Enter"]);
    type_text(&mut app, "(c=NO)");
    press(&mut app, "Esc");
    assert!(text(&app, "mapping.filter").ends_with("\n(c=NO)"), "{}", text(&app, "mapping.filter"));
    assert_eq!(focused(&app), "mapping.filter");
    let mut refused = form(Step::Mapping);
    let problem = Problem { column: Some(3), ..Problem::new("a filter begins with an attribute") };
    refused.field_mut("mapping.filter").expect("there").problem = Some(problem);
    press(&mut app, "Ctrl-N");
    answered(&mut app, Answer::Reply(Reply::Saved { form: Box::new(refused), outcome: SaveOutcome::Problems }));
    assert!(screen(&app).contains("At column 3: a filter begins"));
    press(&mut app, "Ctrl-O");
    type_text(&mut app, "#");
    assert!(text(&app, "mapping.filter").starts_with("(&#("));
}

#[test]
fn the_editor_shows_a_mistake_and_previews_a_good_filter() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    go_to(&mut app, "mapping.filter");
    keys(&mut app, &["Ctrl-O", "Ctrl-U", "Up", "End", "Ctrl-U"]);
    type_text(&mut app, "(c=");
    assert!(matches!(press(&mut app, "Ctrl-R")[..], [Effect::Request(Request::KeepDraft(_))]), "not while it is wrong");
    assert!(screen(&app).contains("At column"), "{}", screen(&app));
    type_text(&mut app, "NO)");
    assert!(matches!(
        &press(&mut app, "Ctrl-R")[..],
        [Effect::Request(Request::KeepDraft(_)), Effect::Job(_, Work::Preview(..))]
    ));
}

#[test]
fn authentication_methods_are_marked_and_ordered() {
    let mut app = app(Step::Settings, UTF8, (80, 24));
    keys(&mut app, &["Tab", "Tab", "Space", "Right", "Enter"]);
    assert_eq!(step(&app).form().field("settings.auth").expect("there").many(), ["password", "kerberos"]);
    assert_eq!(focused(&app), "settings.safeguard");
}

#[test]
fn a_choice_changes_in_place() {
    let mut app = app(Step::Settings, UTF8, (120, 24));
    keys(&mut app, &["Tab", "Right"]);
    assert_eq!(text(&app, "settings.at_limit"), "replace-oldest");
    assert!(screen(&app).contains("imd releases"), "what follows from it is said");
    press(&mut app, "Right");
    assert_eq!(text(&app, "settings.at_limit"), "refuse");
}

#[test]
fn a_job_that_changes_something_keeps_its_step_open() {
    let mut app = app(Step::Frequency, UTF8, (80, 24));
    let sync = job(&press(&mut app, "Ctrl-R"));
    assert!(press(&mut app, "Esc").is_empty());
    assert!(screen(&app).contains("Ctrl-X cancels"));
    assert!(matches!(press(&mut app, "Ctrl-X")[..], [Effect::Cancel(job)] if job == sync));
    answered(&mut app, Answer::Job(sync, JobEvent::Failed(trouble())));
    assert!(screen(&app).contains("the disk is full"));
    press(&mut app, "Esc");
    assert!(matches!(app.screen, Screen::Setup(_)));
}

#[test]
fn a_token_is_masked_until_s_and_again_after_escape() {
    let mut app = app(Step::Token, UTF8, (80, 24));
    let mint = job(&press(&mut app, "Ctrl-R"));
    answered(&mut app, Answer::Job(mint, JobEvent::Minted { form: Box::new(form(Step::Token)), minted: minted() }));
    assert!(!screen(&app).contains("imd1."));
    press(&mut app, "s");
    assert!(screen(&app).contains("imd1."));
    press(&mut app, "Esc");
    assert!(!screen(&app).contains("imd1."));
}

#[test]
fn a_token_is_copied_and_written_on_request_only() {
    let mut app = app(Step::Token, UTF8, (80, 24));
    let mint = job(&press(&mut app, "Ctrl-R"));
    let effects =
        answered(&mut app, Answer::Job(mint, JobEvent::Minted { form: Box::new(form(Step::Token)), minted: minted() }));
    assert!(matches!(effects[..], [Effect::Request(Request::Standing)]));
    assert!(matches!(&press(&mut app, "c")[..], [Effect::Request(Request::Copy(secret))] if secret.expose() == TOKEN));
    let effects = keys(&mut app, &["w", "Backspace", "Backspace", "Enter"]);
    assert!(
        matches!(&effects[..], [Effect::Request(Request::WriteToken(path, _))] if path.to_str() == Some("rollout-2026.tok"))
    );
    answered(&mut app, Answer::Reply(Reply::TokenWritten("rollout-2026.tok".into())));
    assert!(screen(&app).contains("only you can read it"));
    assert!(keys(&mut app, &["w", "Esc"]).is_empty(), "asked and thought better of it");
}

#[test]
fn leaving_keeps_what_was_typed() {
    let mut app = app(Step::Frequency, UTF8, (80, 24));
    type_text(&mut app, "x");
    assert!(matches!(press(&mut app, "Ctrl-C")[..], [Effect::Request(Request::KeepDraft(_)), Effect::Leave]));
    let mut app = self::app(Step::Frequency, UTF8, (80, 24));
    type_text(&mut app, "x");
    assert!(matches!(app.update(Message::Ending)[..], [Effect::Request(Request::KeepDraft(_)), Effect::Leave]));
}

#[test]
fn an_error_is_shown_until_the_next_key() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    answered(&mut app, Answer::Reply(Reply::Failed(trouble())));
    let said = screen(&app);
    assert!(said.contains("the disk is full") && said.contains("To do: make room"));
    press(&mut app, "Tab");
    assert!(!screen(&app).contains("the disk is full"));
}

#[test]
fn a_state_that_cannot_be_opened_says_so() {
    let (mut app, _) = super::app::App::new(UTF8, (80, 24));
    answered(&mut app, Answer::Reply(Reply::Failed(trouble())));
    assert!(screen(&app).contains("the disk is full"));
    assert!(matches!(press(&mut app, "q")[..], [Effect::Leave]));
}

#[test]
fn the_help_page_lists_the_keys_of_the_screen() {
    let mut app = app(Step::Mapping, UTF8, (80, 50));
    press(&mut app, "Ctrl-G");
    let page = screen(&app);
    assert!(page.contains("Shows which users match now") && page.contains("Delete backwards"));
    press(&mut app, "Esc");
    assert!(!screen(&app).contains("Delete backwards"));
}

#[test]
fn a_hidden_field_is_not_visited() {
    let mut app = app(Step::Directory, UTF8, (80, 24));
    let mut changed = form(Step::Directory);
    changed.field_mut("directory.source").expect("there").visible = false;
    changed.set("directory.name", Value::Text("corp".into()));
    changed.fields[1].visible = false;
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(changed))));
    press(&mut app, "Tab");
    assert_eq!(step(&app).focus(), Focus::Field(2));
}

#[test]
fn editing_and_moving_cost_few_bytes() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    let mut surface = super::surface::Surface::new(std::io::sink());
    let mut cost = |app: &mut super::app::App, name: &str| {
        press(app, name);
        surface.show(app).expect("a sink takes everything")
    };
    cost(&mut app, "End");
    let edits = ["x", "Left", "y", "Backspace", "Home"];
    let edited: Vec<usize> = edits.iter().map(|name| cost(&mut app, name)).collect();
    assert!(edited.iter().all(|bytes| *bytes <= 60), "{edited:?} bytes for {edits:?}");
    let moves = ["Tab", "Tab", "Down", "Shift-Tab", "Tab", "Tab", "Tab", "Tab", "Right", "Enter"];
    let bytes: Vec<usize> = moves.iter().map(|name| cost(&mut app, name)).collect();
    assert!(bytes.iter().all(|bytes| *bytes <= 360), "{bytes:?} bytes for {moves:?}");
    // The form is longer than the screen: a key that scrolls it draws most of it again.
    assert!(cost(&mut app, "Enter") <= 1_500);
    let (all, count) = (edited.iter().chain(&bytes).sum::<usize>(), edited.len() + bytes.len());
    assert!(all / count <= 200, "{all} bytes for {count} keys");
}

#[test]
fn missing_steps_are_summed_up_at_eighty_columns() {
    let (mut app, _) = super::app::App::new(UTF8, (80, 24));
    let missing = || standing().into_iter().map(|one| Standing { state: State::Missing, ..one }).collect();
    answered(&mut app, Answer::Reply(Reply::Started { at: Some(Step::Directory), standing: missing() }));
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(Step::Directory)))));
    press(&mut app, "Esc");
    assert!(screen(&app).contains("7 of 7 steps are missing, from 1 Directory on."), "{}", screen(&app));
}
