//! A new user sets imd up without a manual and presses only the keys that the screen shows.

use std::path::Path;

use crate::support::pty::{Console, State, is_offered};

/// What is known before one begins, by step and field.
enum Answer<'a> {
    Typed(&'a str),
    /// Another choice than the one that is marked: so many to the right.
    Right(usize),
    /// The first one of a list.
    First,
}

struct Newcomer<'a> {
    console: Console,
    answers: Vec<(&'a str, Answer<'a>)>,
    given: Vec<String>,
    pressed: Vec<String>,
}

impl<'a> Newcomer<'a> {
    fn new(state: &State, answers: Vec<(&'a str, Answer<'a>)>) -> Self {
        let console = state.console();
        console.wait_for("Step 1 of 7");
        Self { console, answers, given: Vec::new(), pressed: Vec::new() }
    }

    /// Presses a key that the screen offers, and no other.
    fn press(&mut self, name: &str) {
        let screen = self.console.at_rest();
        self.press_on(&screen, name);
    }

    fn press_on(&mut self, screen: &str, name: &str) {
        assert!(is_offered(screen, name), "{name} is not offered:\n{screen}");
        self.pressed.push(name.to_owned());
        self.console.key_that_shows(match name {
            "Enter" => "\r",
            "Space" => " ",
            "Right" => "\x1b[C",
            "Ctrl-N" => "\x0e",
            name => panic!("nobody taught this newcomer to press {name}"),
        });
    }

    /// Types at the real cursor, which has to be in a field.
    fn type_text(&mut self, screen: &str, text: &str) {
        assert!(label(screen).is_some(), "there is nothing to type into:\n{screen}");
        self.console.key_that_shows(text);
    }

    /// Goes on by what the screen says until it says that everything is done.
    fn walk(&mut self) {
        for _ in 0..150 {
            let screen = self.console.at_rest();
            if screen.contains("All seven steps are done.") {
                return;
            }
            let answer = label(&screen)
                .and_then(|label| self.answers.iter().position(|(of, _)| *of == label).map(|at| (label, at)));
            match answer {
                Some((label, at)) if !self.given.contains(&label) => {
                    self.given.push(label);
                    match self.answers[at].1 {
                        Answer::Typed(text) => self.type_text(&screen, text),
                        Answer::Right(times) => (0..times).for_each(|_| self.press("Right")),
                        Answer::First => {
                            self.press("Enter");
                            self.press("Space");
                        }
                    }
                    self.press("Enter");
                }
                // Where there is nothing to continue with, the next step is offered.
                _ => {
                    let key = ["Enter", "Ctrl-N"].into_iter().find(|key| is_offered(&screen, key));
                    self.press_on(&screen, key.unwrap_or_else(|| panic!("no key leads on:\n{screen}")));
                }
            }
        }
        panic!("this leads nowhere:\n{}\n{:?}", self.console.screen(), self.pressed);
    }
}

/// The step and the label of the field that has the focus: `Token: Name`.
fn label(screen: &str) -> Option<String> {
    let step = screen.lines().next()?.split_once(" of 7: ")?.1.trim();
    let row = screen.lines().find(|row| row.trim_start().starts_with('▸'))?;
    let label = row.trim_start().trim_start_matches('▸').trim_start().split("  ").next()?;
    Some(format!("{step}: {}", label.trim()))
}

fn written(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap_or_else(|_| panic!("nothing was written to {}", folder.display()))
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn from_nothing_to_exported_files(state: &State, directory: Vec<(&str, Answer<'_>)>) {
    // What step 7 proposes, below the folder that imd was started in.
    let out = state.folder().join("rollout");
    let mut answers = directory;
    answers.extend([
        ("Directory: Name", Answer::Typed("corp")),
        ("Profile: Profile", Answer::Typed("Laptops")),
        ("Profile: Storage", Answer::Typed("eu-1")),
        ("Profile: Location", Answer::Typed("s3://backup-eu-1")),
        ("Mapping: Mapping", Answer::Typed("Staff")),
        ("Token: Name", Answer::Typed("rollout-2026")),
        ("Token: Servers", Answer::Typed("https://imd.corp.example.com:7443")),
        ("Installer: Deployment tools", Answer::First),
    ]);
    let mut newcomer = Newcomer::new(state, answers);
    newcomer.walk();
    let targets = written(&out);
    assert_eq!(targets.len(), 1, "{targets:?}");
    let files = written(&out.join(&targets[0]));
    assert!(files.contains(&"README.md".to_owned()) && files.contains(&"manifest.json".to_owned()), "{files:?}");
}

#[test]
fn first_walk_by_offered_keys_reaches_files() {
    let state = State::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.ldif");
    from_nothing_to_exported_files(
        &state,
        vec![("Directory: Source", Answer::Right(1)), ("Directory: File", Answer::Typed(sample))],
    );
}

#[test]
fn what_the_screen_offers_is_told_from_what_it_only_mentions() {
    let screen = "Tab is for later\n Enter continue  Left/Right change\n Ctrl-N next step  Ctrl-G help\n";
    for (key, offered) in [("Enter", true), ("Right", true), ("Ctrl-G", true), ("Tab", false), ("step", false)] {
        assert_eq!(is_offered(screen, key), offered, "{key}");
    }
}

/// The same over a real domain controller.
#[cfg(feature = "lab")]
#[test]
fn first_walk_by_offered_keys_reaches_files_on_samba() {
    let state = State::new();
    let variable = |name: &str| std::env::var(format!("IMD_LAB_{name}")).expect("the lab is up");
    let (url, ca, bind, password) = (variable("URL"), variable("CA"), variable("BIND"), variable("PASSWORD"));
    let directory = vec![
        ("Directory: Addresses", Answer::Typed(url.as_str())),
        ("Directory: CA file", Answer::Typed(ca.as_str())),
        ("Directory: Bind account", Answer::Typed(bind.as_str())),
        ("Directory: Password", Answer::Typed(password.as_str())),
    ];
    from_nothing_to_exported_files(&state, directory);
}
