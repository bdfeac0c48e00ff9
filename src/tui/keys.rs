//! Keys as data: one table drives what a key does, what the key bar says, and what the help page lists.
//!
//! ```text
//! Tab/Shift-Tab next, previous   Enter continue   Ctrl-T check   Ctrl-N next step   Esc review   Ctrl-C leave
//! ```
//!
//! No function keys, no Alt, and none of Ctrl-S, Ctrl-Q, Ctrl-B, Ctrl-A: flow control and the prefixes of screen and
//! tmux take them. Ctrl-H is Backspace on some terminals, Ctrl-J and Ctrl-M are Enter, Ctrl-I is Tab.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

/// One key, with or without Ctrl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    ctrl: bool,
}

const fn key(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

const fn letter(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: false }
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: true }
}

impl Chord {
    fn is(self, event: &KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            // Some terminals report Ctrl with the letter as it stands on the key cap.
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        self.code == code && self.ctrl == ctrl
    }

    /// As it stands on the keyboard.
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            code => format!("{code:?}"),
        };
        if self.ctrl { format!("Ctrl-{name}") } else { name }
    }
}

/// What a key asks for. Who is asked depends on the focus; whoever does not know a command ignores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Leave,
    Suspend,
    Redraw,
    Help,
    Back,
    NextStep,
    PreviousStep,
    NextField,
    PreviousField,
    /// The obvious thing: continue, choose, press the button.
    Enter,
    /// Show what a field can be set to, or the editor of a long one.
    Open,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Toggle,
    Earlier,
    Later,
    Act(Action),
    Edit(InputRequest),
    /// Remove the character before the cursor of a filter that is typed into a list.
    Erase,
}

/// What a step can do besides being filled in: its buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Check,
    Preview,
    Run,
    Mint,
    Files,
    Write,
    Continue,
    ShowToken,
    CopyToken,
    SaveToken,
    Cancel,
}

/// A row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub chords: &'static [Chord],
    pub command: Command,
    /// What the key bar says. Neighbours that say the same are shown as one; an empty one is left to the help page.
    pub label: &'static str,
    /// What the help page says.
    pub help: &'static str,
}

const fn bind(chords: &'static [Chord], command: Command, label: &'static str, help: &'static str) -> Binding {
    Binding { chords, command, label, help }
}

/// Works everywhere.
pub const ANYWHERE: &[Binding] = &[
    bind(&[ctrl('g')], Command::Help, "help", "What the keys do here"),
    bind(&[ctrl('c')], Command::Leave, "leave", "Leave imd; what you entered is kept"),
    bind(&[ctrl('l')], Command::Redraw, "", "Draw the whole screen again"),
    bind(&[ctrl('z')], Command::Suspend, "", "Stop imd and go to the shell; fg comes back"),
];

/// Works wherever no text is typed.
pub const NO_TEXT: &[Binding] = &[bind(&[letter('?')], Command::Help, "", "What the keys do here")];

/// Where there is nothing to type into and nothing to lose.
pub const LEAVE: &[Binding] = &[bind(&[letter('q')], Command::Leave, "leave", "Leave imd; what you entered is kept")];

/// Works in every step.
pub const STEP: &[Binding] = &[
    bind(&[ctrl('n')], Command::NextStep, "next step", "Save this step and go to the next"),
    bind(&[key(KeyCode::Esc)], Command::Back, "overview", "The overview of all seven steps; nothing is lost"),
    bind(&[ctrl('p')], Command::PreviousStep, "", "The step before; what you entered is kept"),
];

/// The focus is on a field or a button.
pub const FORM: &[Binding] = &[
    bind(&[key(KeyCode::Tab), key(KeyCode::Down)], Command::NextField, "next", "The next field or button"),
    bind(&[key(KeyCode::BackTab), key(KeyCode::Up)], Command::PreviousField, "", "The field or button before"),
];

pub const TEXT: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[key(KeyCode::Left)], Command::Edit(InputRequest::GoToPrevChar), "", "One character back"),
    bind(&[key(KeyCode::Right)], Command::Edit(InputRequest::GoToNextChar), "", "One character on"),
    bind(&[key(KeyCode::Home)], Command::Edit(InputRequest::GoToStart), "", "The beginning of the text"),
    bind(&[key(KeyCode::End), ctrl('e')], Command::Edit(InputRequest::GoToEnd), "", "The end of the text"),
    bind(&[key(KeyCode::Backspace), ctrl('h')], Command::Edit(InputRequest::DeletePrevChar), "", "Delete backwards"),
    bind(&[key(KeyCode::Delete), ctrl('d')], Command::Edit(InputRequest::DeleteNextChar), "", "Delete forwards"),
    bind(&[ctrl('w')], Command::Edit(InputRequest::DeletePrevWord), "", "Delete the word before the cursor"),
    bind(&[ctrl('u')], Command::Edit(InputRequest::DeleteLine), "", "Delete the whole text"),
    bind(&[ctrl('k')], Command::Edit(InputRequest::DeleteTillEnd), "", "Delete to the end of the text"),
];

/// In front of [`TEXT`] where a value can also be picked.
pub const PICK: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o')], Command::Open, "pick", "Pick from what is there"),
];

pub const CHOICE: &[Binding] = &[
    bind(&[key(KeyCode::Left)], Command::Left, "change", "The choice before"),
    bind(&[key(KeyCode::Right), letter(' ')], Command::Right, "change", "The next choice"),
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o')], Command::Open, "list", "List the choices with what follows from each"),
];

pub const SEVERAL: &[Binding] =
    &[bind(&[key(KeyCode::Enter), letter(' '), ctrl('j'), ctrl('o')], Command::Open, "choose", "Choose from a list")];

pub const FILTER: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o'), letter(' ')], Command::Open, "edit", "Edit the filter over several lines"),
];

pub const BUTTON: &[Binding] = &[
    bind(&[key(KeyCode::Enter), letter(' '), ctrl('j')], Command::Enter, "press", "Press the button"),
    bind(&[key(KeyCode::Left)], Command::PreviousField, "", "The button before"),
    bind(&[key(KeyCode::Right)], Command::NextField, "", "The next button"),
];

/// A panel of results that has the focus: looked at and scrolled.
pub const PANEL: &[Binding] = &[
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j')], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown), letter(' ')], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The beginning"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The end"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back to the form", "Back to the form; this stays"),
];

/// In front of [`PANEL`] where lines can be opened.
pub const OPENABLE: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open, close", "Show or hide what is behind the line")];

/// In front of [`PANEL`] where there are several texts.
pub const TEXTS: &[Binding] = &[
    bind(&[key(KeyCode::Left)], Command::Left, "other file", "The file before"),
    bind(&[key(KeyCode::Right), key(KeyCode::Enter)], Command::Right, "other file", "The next file"),
];

/// A list or tree from which one thing is chosen; letters narrow a list.
pub const LIST: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "choose", "Choose this one"),
    bind(&[key(KeyCode::Up)], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The first"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The last"),
    bind(&[key(KeyCode::Backspace), ctrl('h')], Command::Erase, "", "Take back a letter of the search"),
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
        Command::Back,
        "close",
        "Close the list; nothing changes",
    ),
];

pub const TREE: &[Binding] = &[
    bind(&[key(KeyCode::Right), letter(' ')], Command::Right, "open", "Show what is below"),
    bind(&[key(KeyCode::Left)], Command::Left, "fold", "Hide what is below, or go up"),
];

pub const MARKS: &[Binding] = &[
    bind(&[letter(' ')], Command::Toggle, "mark, unmark", "Mark or unmark this one"),
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "done", "Done choosing"),
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
        Command::Back,
        "",
        "Close the list; the marks stay",
    ),
];

/// In front of [`MARKS`] where the order matters.
pub const ORDER: &[Binding] = &[
    bind(&[key(KeyCode::Left), letter('-')], Command::Earlier, "earlier, later", "Move this one up in the order"),
    bind(&[key(KeyCode::Right), letter('+')], Command::Later, "earlier, later", "Move this one down in the order"),
];

pub const EDITOR: &[Binding] = &[bind(
    &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
    Command::Back,
    "done",
    "Back to the form; the text stays",
)];

/// A long job that is running.
pub const RUNNING: &[Binding] =
    &[bind(&[ctrl('x')], Command::Act(Action::Cancel), "cancel", "Stop what is running; nothing is half done")];

/// The overview of the steps.
pub const REVIEW: &[Binding] = &[
    bind(&[key(KeyCode::Enter), letter(' '), ctrl('j')], Command::Enter, "open the step", "Open the step"),
    bind(&[key(KeyCode::Up), key(KeyCode::BackTab), letter('k')], Command::Up, "move", "The step before"),
    bind(&[key(KeyCode::Down), key(KeyCode::Tab), letter('j')], Command::Down, "move", "The next step"),
    bind(&[key(KeyCode::Esc)], Command::Back, "", "Back to the step you came from"),
];

/// The help page.
pub const HELP: &[Binding] = &[
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Enter), letter('q'), letter('?')],
        Command::Back,
        "close",
        "Close this page",
    ),
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j'), key(KeyCode::Tab)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown), letter(' ')], Command::PageDown, "", "A page down"),
];

/// The actions of the steps, by key.
pub const ACTIONS: &[Binding] = &[
    bind(&[ctrl('t')], Command::Act(Action::Check), "check", "Check this step against what is really there"),
    bind(&[ctrl('r')], Command::Act(Action::Preview), "preview", "Which users match, and who is left out"),
    bind(&[ctrl('r')], Command::Act(Action::Run), "run now", "Read the directory and store its users now"),
    bind(&[ctrl('r')], Command::Act(Action::Mint), "make token", "Make the token, or show the one that was made"),
    bind(&[ctrl('r')], Command::Act(Action::Files), "preview files", "Look at each file before it is written"),
    bind(&[ctrl('f')], Command::Act(Action::Write), "write files", "Write the files"),
];

/// A token that was just made.
pub const TOKEN: &[Binding] = &[
    bind(&[letter('s')], Command::Act(Action::ShowToken), "show, hide", "Show the token in clear, or hide it again"),
    bind(&[letter('c')], Command::Act(Action::CopyToken), "copy", "Send the token to the terminal's clipboard"),
    bind(&[letter('w')], Command::Act(Action::SaveToken), "write to a file", "Write it to a file only you can read"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back to the form", "Back to the form; the token is hidden again"),
];

/// The name of the file that a token is written to.
pub const FILE_NAME: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "write", "Write the file"),
    bind(&[key(KeyCode::Esc)], Command::Back, "rather not", "Back to the token; nothing is written"),
];

/// The binding of an action.
pub fn of(action: Action) -> Option<&'static Binding> {
    ACTIONS.iter().find(|binding| binding.command == Command::Act(action))
}

/// What `event` asks for, by the first row that knows it.
pub fn command(tables: &[&'static Binding], event: &KeyEvent) -> Option<Command> {
    tables.iter().find(|binding| binding.chords.iter().any(|chord| chord.is(event))).map(|binding| binding.command)
}

/// An entry of the key bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub names: String,
    pub label: &'static str,
    /// It is there whatever has the focus, and so has a place of its own.
    pub stays: bool,
}

/// The entries of the key bar: neighbours with one label together. A key that an earlier row has taken is not named
/// again.
pub fn bar(tables: &[&'static Binding]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut taken: Vec<Chord> = Vec::new();
    for binding in tables {
        let free = binding.chords.iter().find(|chord| !taken.contains(*chord)).copied();
        taken.extend(binding.chords);
        let Some(name) = free.map(Chord::name).filter(|_| !binding.label.is_empty()) else { continue };
        if entries.iter().rev().skip(1).any(|entry| entry.label == binding.label) {
            continue;
        }
        match entries.last_mut() {
            Some(entry) if entry.label == binding.label => {
                entry.names.push('/');
                entry.names.push_str(&name);
            }
            _ => {
                let stays = matches!(binding.command, Command::NextStep | Command::Leave | Command::Help)
                    || (binding.command == Command::Back && binding.label == "overview");
                entries.push(Entry { names: name, label: binding.label, stays });
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[&[Binding]] = &[
        ANYWHERE, NO_TEXT, STEP, FORM, TEXT, PICK, CHOICE, SEVERAL, FILTER, BUTTON, PANEL, OPENABLE, TEXTS, LIST, TREE,
        MARKS, ORDER, EDITOR, RUNNING, REVIEW, HELP, ACTIONS, TOKEN, FILE_NAME, LEAVE,
    ];

    #[test]
    fn no_key_is_one_that_terminals_and_multiplexers_keep_for_themselves() {
        for chord in TABLES.iter().copied().flatten().flat_map(|binding| binding.chords) {
            assert!(!matches!(chord.code, KeyCode::F(_)), "{}", chord.name());
            if let (true, KeyCode::Char(c)) = (chord.ctrl, chord.code) {
                assert!(!"sqba".contains(c), "{}", chord.name());
            }
        }
    }

    #[test]
    fn every_binding_is_explained() {
        for binding in TABLES.iter().copied().flatten() {
            assert!(!binding.help.is_empty() && !binding.chords.is_empty(), "{binding:?}");
        }
    }

    #[test]
    fn no_plain_letter_is_taken_where_text_is_typed() {
        for table in [ANYWHERE, STEP, FORM, TEXT, PICK, LIST, EDITOR, RUNNING, ACTIONS, FILE_NAME] {
            for chord in table.iter().flat_map(|binding| binding.chords) {
                assert!(chord.ctrl || !matches!(chord.code, KeyCode::Char(_)), "{}", chord.name());
            }
        }
    }

    #[test]
    fn neighbours_with_one_label_share_an_entry_of_the_bar() {
        let tables: Vec<&Binding> = REVIEW.iter().collect();
        let bar = bar(&tables);
        assert_eq!((bar[1].names.as_str(), bar[1].label), ("Up/Down", "move"));
    }
}
