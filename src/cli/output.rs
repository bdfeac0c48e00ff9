//! How verbs speak: a table or lines for people, one JSON document for programs, errors with a `help:` line.

use std::io::{self, Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::model::text;

pub(super) struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// A list: `{"items": [...]}`, or a table with these columns. Cells are made safe to show here.
    pub(super) fn list<T: Serialize, const N: usize>(
        &self,
        items: &[T],
        columns: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> io::Result<()> {
        if self.json {
            return self.document(&serde_json::json!({ "items": items }));
        }
        if items.is_empty() {
            return self.note("none");
        }
        self.rows(items, columns, row)
    }

    /// A table for people, whatever was asked for.
    pub(super) fn rows<T, const N: usize>(
        &self,
        items: &[T],
        columns: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> io::Result<()> {
        self.table(&columns.map(str::to_owned), items.iter().map(|item| row(item).to_vec()).collect())
    }

    /// The same for columns that somebody chose.
    #[allow(clippy::unused_self, reason = "whoever writes does so through the output")]
    pub(super) fn table(&self, columns: &[String], rows: Vec<Vec<String>>) -> io::Result<()> {
        let shown = |row: Vec<String>| row.iter().map(|cell| text::shown(cell)).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = rows.into_iter().map(shown).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).chain(columns.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        let mut out = io::stdout().lock();
        let mut line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| {
                let room = width.saturating_sub(cell.width());
                format!("{cell}{}", " ".repeat(room))
            });
            writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())
        };
        line(columns)?;
        rows.iter().try_for_each(|row| line(row))
    }

    /// One thing: its JSON, or these lines.
    pub(super) fn one<T: Serialize>(&self, item: &T, lines: &[(&str, String)]) -> io::Result<()> {
        if self.json {
            return self.document(item);
        }
        let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut out = io::stdout().lock();
        lines.iter().try_for_each(|(label, value)| writeln!(out, "{label:width$}  {}", text::shown(value)))
    }

    #[allow(clippy::unused_self, reason = "whoever writes does so through the output")]
    pub(super) fn document<T: Serialize>(&self, document: &T) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", json(document)?)
    }

    /// Something that is done: its JSON, or a line for people.
    pub(super) fn done<T: Serialize>(&self, document: &T, line: &str) -> io::Result<()> {
        if self.json { self.document(document) } else { self.note(line) }
    }

    /// Text exactly as it is: a token, a file.
    #[allow(clippy::unused_self, reason = "whoever writes does so through the output")]
    pub(super) fn raw(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{text}")
    }

    /// What happens on the way, for people: to stderr, so that stdout holds only the result.
    pub(super) fn note(&self, line: &str) -> io::Result<()> {
        if self.quiet || self.json {
            return Ok(());
        }
        writeln!(io::stderr().lock(), "{line}")
    }

    /// A failure, always said.
    pub(super) fn failure(&self, message: &str, help: &str) {
        let mut err = io::stderr().lock();
        let (message, help) = (lines(message), lines(help));
        // Nothing can be done when stderr is gone; the exit code still tells.
        let _ = if self.json {
            writeln!(err, "{}", serde_json::json!({ "error": { "message": message, "help": help } }))
        } else {
            writeln!(err, "error: {message}\nhelp: {help}")
        };
    }
}

/// Safe to show, line by line: a message names paths, DNs and what was typed.
fn lines(text: &str) -> String {
    text.lines().map(text::shown).collect::<Vec<_>>().join("\n")
}

/// JSON in which nothing hidden stands raw. Of what a terminal acts on, JSON itself escapes only C0 (RFC 8259, 7), and
/// not every string of the model is [`text::Untrusted`]: a base DN and a location come from files, too.
fn json<T: Serialize>(document: &T) -> serde_json::Result<String> {
    Ok(text::without_hidden(&serde_json::to_string_pretty(document)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_nothing_that_a_terminal_acts_on_and_still_says_the_same() {
        let document = serde_json::json!({ "base_dn": "OU=\u{9b}2J\u{202e}\u{e0041}\u{7f}\n\u{1b}Å", "items": [1] });
        let text = json(&document).expect("it is JSON");
        assert!(!text.chars().any(|c| c != '\n' && text::is_hidden(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("it reads back"), document);
    }

    #[test]
    fn a_failure_keeps_its_lines_and_shows_the_rest() {
        assert_eq!(lines("a\u{1b}[2J\n  b"), "a\\u{1b}[2J\n  b");
    }
}
