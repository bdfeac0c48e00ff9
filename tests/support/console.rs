//! The console's wizard as a person uses it: fields by their label, steps by their heading.

use super::installation::Installation;
use super::terminal::{Terminal, key};

pub struct Console {
    pub terminal: Terminal,
}

impl Console {
    /// Starts `imd` and waits for its first screen.
    #[track_caller]
    pub fn start(imd: &Installation, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let terminal = Terminal::start(imd, arguments, columns, rows);
        terminal.wait_for("imd");
        Self { terminal }
    }

    #[track_caller]
    pub fn is_at(&self, number: usize, title: &str) -> &Self {
        self.terminal.wait_for(&format!("Step {number} of 7: {title}"));
        self
    }

    /// Moves to the field or button with this label.
    #[track_caller]
    pub fn go_to(&mut self, label: &str) {
        for _ in 0..40 {
            let line = self.terminal.line_of_the_cursor();
            if line.contains(label) {
                return;
            }
            self.terminal.press_and_move(key::TAB);
        }
        panic!("no {label:?} was reached; the last screen:\n{}", self.terminal.screen());
    }

    /// Replaces the text of a field.
    #[track_caller]
    pub fn fill(&mut self, label: &str, text: &str) {
        self.go_to(label);
        self.terminal.press(&key::ctrl('u'));
        self.terminal.type_text(text);
    }

    /// Types a secret; the screen shows only a mark for each character.
    #[track_caller]
    pub fn fill_secret(&mut self, label: &str, secret: &str) {
        self.go_to(label);
        self.terminal.press(secret);
        self.terminal.wait_for(&"•".repeat(secret.chars().count()));
        assert!(!self.terminal.screen().contains(secret));
    }

    /// Presses Right until the choice is made.
    #[track_caller]
    pub fn choose(&mut self, label: &str, choice: &str) {
        self.go_to(label);
        for _ in 0..10 {
            let line = self.terminal.line_of_the_cursor();
            if line.contains(&format!("(x) {choice}")) || line.contains(&format!("< {choice} >")) {
                return;
            }
            self.terminal.press_and_move(key::RIGHT);
        }
        panic!("{choice:?} cannot be chosen; the last screen:\n{}", self.terminal.screen());
    }

    /// Moves down in a list until the selected line holds `text`.
    #[track_caller]
    pub fn select(&mut self, text: &str) {
        for _ in 0..60 {
            let line = self.terminal.line_of_the_cursor();
            if line.contains(text) {
                return;
            }
            self.terminal.press_and_move(key::DOWN);
        }
        panic!("{text:?} is not in the list; the last screen:\n{}", self.terminal.screen());
    }

    /// Marks the line with `text` in a list of which several apply.
    #[track_caller]
    pub fn mark(&mut self, text: &str) {
        self.select(text);
        self.terminal.press_and_move(key::SPACE);
        let line = self.terminal.line_of_the_cursor();
        assert!(line.contains("[x]") && line.contains(text), "{line:?} is not marked");
    }

    /// Saves the step and waits for the next.
    #[track_caller]
    pub fn next(&mut self, number: usize, title: &str) {
        self.terminal.press(&key::ctrl('n'));
        self.is_at(number, title);
    }

    /// Leaves the program by its key; it has to end well.
    #[track_caller]
    pub fn leave(mut self) {
        self.terminal.press(&key::ctrl('c'));
        assert_eq!(self.terminal.wait_for_end(), 0);
    }
}
