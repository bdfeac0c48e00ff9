//! Looking at a plan, approving it, and taking it back.

use super::super::app::App;
use super::super::fixture::*;
use super::super::screen::Screen;
use super::job;
use crate::model::plan::LineKind;
use crate::wizard::Step;

/// Gives the lines that are asked for, until none are; says how often it was asked.
fn give_lines(app: &mut App, effects: Vec<Effect>) -> usize {
    let mut asked_for = 0;
    for effect in effects {
        if let Effect::Request(Request::Lines { plan, asked, offset, limit }) = effect {
            assert!(limit <= 1_000, "never all of them");
            asked_for += 1;
            let page = plan_page(&asked, offset, limit);
            let more = answered(app, Answer::Reply(Reply::Lines { plan, asked, page }));
            asked_for += give_lines(app, more);
        }
    }
    asked_for
}

pub(super) fn press_and_give(app: &mut App, names: &[&str]) -> usize {
    names
        .iter()
        .map(|name| {
            let effects = press(app, name);
            give_lines(app, effects)
        })
        .sum()
}

/// A console on step 4 after the safeguard stopped its sync.
pub(super) fn stopped(look: Look, size: (u16, u16)) -> App {
    let mut app = app(Step::Frequency, look, size);
    let sync = job(&press(&mut app, "Ctrl-R"));
    let effects = answered(&mut app, Answer::Job(sync, JobEvent::Stopped(12)));
    assert!(matches!(effects[..], [Effect::Request(Request::OpenPlan(12))]), "it leads to the plan");
    let effects = answered(&mut app, Answer::Reply(Reply::Plan(Box::new(plan(PlanState::Stopped)))));
    give_lines(&mut app, effects);
    app
}

#[test]
fn a_plan_of_100000_lines_holds_a_few_hundred() {
    let mut app = stopped(UTF8, (80, 24));
    assert_eq!(press_and_give(&mut app, &["Down"; 30]), 0, "what is at hand is not asked for again");
    assert!(press_and_give(&mut app, &["End"]) > 0);
    assert!(screen(&app).contains("Person 99999"), "{}", screen(&app));
    assert!(press_and_give(&mut app, &["Home"]) > 0);
    assert!(screen(&app).contains("Person 0 "));
    let asked = press_and_give(&mut app, &["Down"; 1_000]);
    assert!((3..=12).contains(&asked), "asked {asked} times");
    assert!(screen(&app).contains("Person 1000"));
}

#[test]
fn a_plan_is_applied_only_after_a_yes_and_by_its_hash() {
    let mut app = stopped(UTF8, (80, 24));
    press(&mut app, "a");
    assert!(screen(&app).contains("36 users leave"), "it asks, with the number: {}", screen(&app));
    assert!(press(&mut app, "Enter").is_empty(), "Enter alone is no yes");
    assert!(press(&mut app, "y").is_empty(), "nothing is asked any more");
    let effects = keys(&mut app, &["a", "y"]);
    let [Effect::Job(job, Work::Approve(hash))] = &effects[..] else { panic!("it is approved") };
    assert_eq!(*hash, plan(PlanState::Stopped).hash);
    // Refused, because something changed meanwhile: it says so and stays.
    let trouble = Trouble { message: "Person 3 is back".into(), help: "plan again".into(), needs_you: true };
    answered(&mut app, Answer::Job(*job, JobEvent::Failed(trouble)));
    assert!(screen(&app).contains("Person 3 is back"));
    let again = super::job(&keys(&mut app, &["a", "y"]));
    let effects = answered(&mut app, Answer::Job(again, JobEvent::Applied(Box::new(plan(PlanState::Applied)))));
    assert!(matches!(effects[..], [Effect::Request(Request::Standing)]));
    assert!(
        matches!(press(&mut app, "u")[..], [Effect::Request(Request::Undo(12))]),
        "an applied plan can be taken back"
    );
    assert!(press(&mut app, "a").is_empty(), "and is not applied again");
    assert!(matches!(press(&mut app, "Esc")[..], [Effect::Request(Request::Open(Step::Frequency))]));
}

#[test]
fn late_lines_of_an_old_search_are_dropped() {
    let mut app = stopped(UTF8, (80, 24));
    press(&mut app, "/");
    type_text(&mut app, "x");
    let slow = press(&mut app, "Enter");
    let fast = press(&mut app, "Esc");
    give_lines(&mut app, fast);
    give_lines(&mut app, slow);
    let Screen::Plan(_) = &app.screen else { panic!("a plan is shown") };
    assert!(screen(&app).contains("[all 100,000]") && screen(&app).contains(LineKind::Removed.word()));
    assert!(!screen(&app).contains("search: x"));
}
