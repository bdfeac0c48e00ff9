//! Explaining a user from the preview and by a typed name.

use super::super::fixture::*;
use super::{job, trouble};
use crate::wizard::Step;

#[test]
fn a_user_of_the_preview_is_explained_and_escape_returns() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    let shown = job(&press(&mut app, "Ctrl-R"));
    answered(&mut app, Answer::Job(shown, JobEvent::Previewed(preview())));
    // The first reason is opened, and its first user selected.
    let effects = keys(&mut app, &["Tab", "Enter", "Down", "e"]);
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Job(job, Work::Explain(_, name)) => Some((*job, name.clone())),
        _ => None,
    });
    let (asked, name) = asked.expect("the directory is asked");
    assert_eq!(name, "guid-of-Per Hansen");
    assert!(screen(&app).contains("Looking the user up"));
    answered(&mut app, Answer::Job(asked, JobEvent::Explained(explained())));
    assert!(screen(&app).contains("To do: add the user to the group"));
    press(&mut app, "Esc");
    assert!(screen(&app).contains("1,312 users, 9 excluded") && screen(&app).contains("Per Hansen"));
    press(&mut app, "Esc");
    assert!(screen(&app).contains("1,312 users, 9 excluded"), "back in the form, the preview stays");
}

#[test]
fn a_typed_name_can_be_corrected_after_a_failure() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    let effects = keys(&mut app, &["Ctrl-F", "j", "e", "?", "Enter"]);
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Job(job, Work::Explain(_, name)) => Some((*job, name.clone())),
        _ => None,
    });
    let (asked, name) = asked.expect("the directory is asked");
    assert_eq!(name, "je?", "no letter is a command while a name is typed");
    answered(&mut app, Answer::Job(asked, JobEvent::Failed(trouble())));
    assert!(screen(&app).contains("User: je?") && screen(&app).contains("To do: make room"));
    let asked = job(&keys(&mut app, &["Backspace", "Enter"]));
    answered(&mut app, Answer::Job(asked, JobEvent::Explained(explained())));
    assert!(!screen(&app).contains("User:") && screen(&app).contains("does not match"));
    press(&mut app, "e");
    assert!(screen(&app).contains("User:"), "another one can be asked for");
    press(&mut app, "Esc");
    assert!(!screen(&app).contains("Explain  "), "nothing was behind it");
}

#[test]
fn leaving_an_explanation_cancels_it() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    let asked = job(&keys(&mut app, &["Ctrl-F", "j", "Enter"]));
    let effects = press(&mut app, "Esc");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Cancel(job) if *job == asked)));
    answered(&mut app, Answer::Job(asked, JobEvent::Explained(explained())));
    assert!(!screen(&app).contains("does not match"), "an answer that nobody waits for is not shown");
}
