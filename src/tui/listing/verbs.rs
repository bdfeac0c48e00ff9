//! The verbs of the command line that do what the console does: a script can do all of it.
//!
//! The verbs of a list are in its `ListSpec`; an act without a verb is not offered.

use super::{Act, Kind};
use crate::wizard::{Step, Task};

impl Kind {
    /// The verb that lists the same.
    pub const fn listed_by(self) -> &'static str {
        self.spec().listed_by
    }

    /// The verb that shows all of an entry.
    pub const fn shown_by(self) -> &'static str {
        match self.spec().shown_by {
            Some(verb) => verb,
            None => self.spec().listed_by,
        }
    }

    /// The verb that does it to an entry of this list, or to the list; `None`: it cannot be done to it.
    pub fn done_by(self, act: Act) -> Option<&'static str> {
        self.spec().verbs.iter().find(|(of, _)| *of == act).map(|(_, verb)| *verb)
    }
}

/// The verb that does what a button of a step does, or with `None` what saving it does; `None`: it only looks.
pub const fn pressed(step: Step, button: Option<Task>) -> Option<&'static str> {
    Some(match (step, button) {
        (Step::Directory, Some(Task::Check)) => "directory test",
        (Step::Directory, None) => "directory edit",
        (Step::Profile, None) => "profile edit",
        (Step::Mapping, Some(Task::Preview)) => "mapping preview",
        (Step::Mapping, Some(Task::Explain)) => "mapping explain",
        (Step::Mapping, None) => "mapping edit",
        (Step::Frequency, Some(Task::Run)) => "sync",
        (Step::Frequency, None) => "frequency set",
        (Step::Settings, None) => "settings set",
        (Step::Token, Some(Task::Mint)) => "token create",
        (Step::Installer, Some(Task::Write)) => "export",
        _ => return None,
    })
}

/// What else a screen shows or does: the screen, and the verb.
pub const ELSEWHERE: [(&str, &str); 10] = [
    ("the overview", "status"),
    ("the report", "report"),
    ("the steps", "setup"),
    ("step 1: Ctrl-O on the addresses", "directory discover"),
    ("step 3: Ctrl-O on the OU", "directory browse"),
    ("step 4: the next runs", "frequency show"),
    ("step 5: what is settled", "settings show"),
    ("step 6: the token in clear", "token show"),
    ("step 7: the tools to choose from", "export list"),
    ("a plan: approve", "sync"),
];
