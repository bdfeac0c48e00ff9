//! Whatever the console can do has its verb, and whatever a verb does the console can do: both lists are walked.

use std::collections::BTreeSet;

use imd::tui::keys::{ACTS, Command};
use imd::tui::listing::{Kind, verbs};
use imd::wizard::Step;

use super::contract::leaves;
use crate::support::installation::Installation;

/// Verbs without a place in the console, each with the reason.
const ONLY_VERBS: [(&str, &str); 12] = [
    ("demo", "it is the console, over a sample"),
    ("serve", "it is a service that answers laptops, and ends when it is told to"),
    ("completions", "it is for a shell"),
    ("man", "it is for a reader of manuals"),
    ("help", "the console has its own help pages"),
    ("doctor", "it asks the host and every directory; its findings that last are alarms of the overview"),
    ("backup", "a passphrase is asked where nobody else looks at a screen"),
    ("restore", "it takes the place of the state that a console has open"),
    ("keys export", "a passphrase is asked where nobody else looks at a screen"),
    ("keys import", "a passphrase is asked where nobody else looks at a screen"),
    ("token verify", "it is for a token that somebody hands over, with no state at all"),
    ("mapping explain", "step 3 explains the mapping that is open, and e in the list of users all of them"),
];

/// Everything that the console shows or does, with its verb.
fn of_the_console() -> Vec<(String, &'static str)> {
    let mut all: Vec<(String, &'static str)> =
        verbs::ELSEWHERE.iter().map(|(what, verb)| ((*what).to_owned(), *verb)).collect();
    for kind in Kind::ALL {
        all.push((format!("the list {kind:?}"), kind.listed_by()));
        all.push((format!("an entry of {kind:?}"), kind.shown_by()));
        for binding in ACTS {
            if let Command::Do(act) = binding.command {
                all.extend(kind.done_by(act).map(|verb| (format!("{act:?} in {kind:?}"), verb)));
            }
        }
    }
    for step in Step::ALL {
        for button in step.tasks().iter().copied().map(Some).chain([None]) {
            all.extend(verbs::pressed(step, button).map(|verb| (format!("{button:?} in {step:?}"), verb)));
        }
    }
    all
}

#[test]
fn whatever_the_console_does_has_a_verb_and_the_reverse() {
    let (imd, mut all) = (Installation::new(), BTreeSet::new());
    leaves(&imd, "", &mut all);
    all.remove("");
    assert!(all.len() > 60, "{all:?}");
    let console = of_the_console();
    // What a group does when it is called alone is what its list does.
    let known = |verb: &str| all.contains(verb) || all.contains(verb.trim_end_matches(" list"));
    let unknown: Vec<_> = console.iter().filter(|(_, verb)| !known(verb)).collect();
    assert!(unknown.is_empty(), "there is no such verb: {unknown:?}");
    let done: BTreeSet<&str> = console.iter().map(|(_, verb)| *verb).collect();
    let is_done = |verb: &str| {
        let alone = format!("{verb} list");
        let shown = format!("{verb} show");
        done.contains(verb) || done.contains(alone.as_str()) || done.contains(shown.as_str())
    };
    let missing: Vec<_> =
        all.iter().filter(|verb| !is_done(verb) && !ONLY_VERBS.iter().any(|(only, _)| only == verb)).collect();
    assert!(missing.is_empty(), "the console cannot do what these do: {missing:?}");
    let needless: Vec<_> = ONLY_VERBS.iter().filter(|(verb, _)| !all.contains(*verb)).collect();
    assert!(needless.is_empty(), "no verb is called {needless:?}");
}

#[test]
fn every_key_of_a_list_does_something_to_some_list() {
    for binding in ACTS {
        let Command::Do(act) = binding.command else { panic!("{binding:?} is no act") };
        assert!(Kind::ALL.iter().any(|kind| kind.done_by(act).is_some()), "{act:?} has no verb anywhere");
    }
}
