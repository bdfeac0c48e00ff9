//! Keys as data: one table drives what a key does, what the key bar says, and what the help page lists.
//!
//! ```text
//! Tab/Shift-Tab next, previous   Enter continue   Ctrl-T check   Ctrl-N next step   Esc all steps   Ctrl-C leave
//! ```
//!
//! No function keys, no Alt, and none of Ctrl-S, Ctrl-Q, Ctrl-B, Ctrl-A: flow control and the prefixes of screen and
//! tmux take them. Ctrl-H is Backspace on some terminals, Ctrl-J and Ctrl-M are Enter, Ctrl-I is Tab.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::listing::{Act, Kind};
use crate::wizard::Task;

mod tables;
mod ways;

pub use tables::*;
pub use ways::{of_way, to};

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
            // Some terminals report Ctrl with a capital letter.
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        self.code == code && self.ctrl == ctrl
    }

    /// The name on the keyboard.
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

/// What a key asks for. The part of the screen with the focus handles it or ignores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Leave,
    Suspend,
    Redraw,
    Help,
    Back,
    NextStep,
    Reload,
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
    /// Press that button of the step.
    Task(Task),
    ShowToken,
    CopyToken,
    SaveToken,
    /// Stop the running job.
    Cancel,
    Edit(InputRequest),
    /// Type what to search for.
    Search,
    /// Apply a plan, after a question.
    Approve,
    Yes,
    /// Make a plan that undoes this one.
    Undo,
    /// Find a screen, a command or an entry by a few letters.
    Palette,
    /// The screen with that number: an index into [`Tab::ALL`](super::tab::Tab::ALL).
    Go(usize),
    /// Do it to the selected entry, or to the list.
    Do(Act),
    /// The next order of a list.
    Sort,
    /// Which columns of a list are shown.
    Columns,
    /// Switch between devices and accounts.
    Other,
    /// Show the report on the rollout.
    Report,
    /// Say why the selected user matches or does not; without one, ask for a name.
    Explain,
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

/// The keys of a step's buttons.
pub fn tasks(tasks: &[Task]) -> impl Iterator<Item = &'static Binding> {
    tasks.iter().filter_map(|task| TASKS.iter().find(|binding| binding.command == Command::Task(*task)))
}

/// The keys of what can be done to a list or its entries, in the order of the table; what has no verb is not offered.
pub fn acts<'a>(kind: Kind, acts: impl Iterator<Item = &'a Act>) -> Vec<&'static Binding> {
    let acts: Vec<Command> = acts.filter(|act| kind.done_by(**act).is_some()).map(|act| Command::Do(*act)).collect();
    ACTS.iter().filter(|binding| acts.contains(&binding.command)).collect()
}

/// What an act is called, and its key.
pub fn of_act(act: Act) -> Option<&'static Binding> {
    ACTS.iter().find(|binding| binding.command == Command::Do(act))
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
                let stays =
                    matches!(binding.command, Command::NextStep | Command::Leave | Command::Help | Command::Palette)
                        || (binding.command == Command::Back && matches!(binding.label, "all steps" | "back"));
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
        ANYWHERE,
        NO_TEXT,
        STEP,
        STEP_ALONE,
        FORM,
        TEXT,
        EDIT,
        PICK,
        CHOICE,
        SEVERAL,
        FILTER,
        BUTTON,
        PANEL,
        OPENABLE,
        USERS,
        EXPLAINED,
        USER_NAME,
        TEXTS,
        LIST,
        ENDS,
        TREE,
        MARKS,
        ORDER,
        EDITOR,
        RUNNING,
        SETUP,
        TABS,
        ROWS,
        ROWS_SEARCH,
        MOVE,
        PLAN_LINE,
        ACTS,
        LIST_OPEN,
        LIST_ORDER,
        LIST_CONFIRM,
        LIST_INPUT,
        LIST_SEARCH,
        TO_ACCOUNTS,
        TO_DEVICES,
        DETAIL,
        DETAIL_OPEN,
        PALETTE,
        OVERVIEW,
        ORDER_MAPPINGS,
        ORDER_UNREAD,
        ORDER_CONFIRM,
        PLAN,
        PLAN_OPEN,
        PLAN_APPLIED,
        PLAN_BACK,
        SEARCH,
        CONFIRM,
        HELP,
        TASKS,
        TOKEN,
        FILE_NAME,
        LEAVE,
    ];

    #[test]
    fn no_key_is_reserved_by_terminals_and_multiplexers() {
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
        let typed = [
            ANYWHERE,
            STEP,
            STEP_ALONE,
            FORM,
            TEXT,
            EDIT,
            PICK,
            LIST,
            EDITOR,
            RUNNING,
            TASKS,
            FILE_NAME,
            USER_NAME,
            SEARCH,
            LIST_SEARCH,
            LIST_INPUT,
            PALETTE,
        ];
        for table in typed {
            for chord in table.iter().flat_map(|binding| binding.chords) {
                assert!(chord.ctrl || !matches!(chord.code, KeyCode::Char(_)), "{}", chord.name());
            }
        }
    }

    #[test]
    fn neighbours_with_one_label_share_an_entry_of_the_bar() {
        let tables: Vec<&Binding> = SETUP.iter().collect();
        let bar = bar(&tables);
        assert_eq!((bar[1].names.as_str(), bar[1].label), ("Up/Down", "move"));
    }
}
