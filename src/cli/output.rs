//! What verbs print: a table or lines for people, one JSON document for programs, errors with a `help:` line.

use std::io::{self, Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::model::text;
use crate::present::{Column, Fact};

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

    /// A list: `{"items": [...]}`, or a table of the columns that are for the command line.
    pub(super) fn list_of<D: Serialize, T>(
        &self,
        items: &[D],
        columns: &[Column<T>],
        row: impl Fn(&D) -> T,
    ) -> io::Result<()> {
        if self.json {
            return self.document(&serde_json::json!({ "items": items }));
        }
        self.rows_of(&items.iter().map(row).collect::<Vec<_>>(), columns)
    }

    /// The table alone.
    pub(super) fn rows_of<T>(&self, items: &[T], columns: &[Column<T>]) -> io::Result<()> {
        if items.is_empty() {
            return self.note("none");
        }
        let columns: Vec<_> = columns.iter().filter(|column| column.listed).collect();
        let titles: Vec<_> = columns.iter().map(|column| column.heading.title.to_uppercase()).collect();
        let row = |item: &T| columns.iter().map(|column| (column.cell)(item)).collect();
        self.table(&titles, items.iter().map(row).collect())
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

    /// The same for chosen columns.
    #[allow(clippy::unused_self, reason = "all printing goes through the output")]
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
        lines.iter().try_for_each(|(label, value)| {
            let line = format!("{label:width$}  {}", text::shown(value));
            writeln!(out, "{}", line.trim_end())
        })
    }

    /// One thing with all that is known of it: its JSON, or a fact a line below its name.
    pub(super) fn facts<T: Serialize>(&self, item: &T, what: &str, name: &str, facts: &[Fact]) -> io::Result<()> {
        let mut lines = vec![(what, name.to_owned())];
        lines.extend(facts.iter().map(|fact| (fact.label.as_str(), fact.text.clone())));
        self.one(item, &lines)
    }

    #[allow(clippy::unused_self, reason = "all printing goes through the output")]
    pub(super) fn document<T: Serialize>(&self, document: &T) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", json(document)?)
    }

    /// The result of a change: its JSON, or a line for people.
    pub(super) fn done<T: Serialize>(&self, document: &T, line: &str) -> io::Result<()> {
        if self.json { self.document(document) } else { self.note(line) }
    }

    /// Text unchanged: a token, a file.
    #[allow(clippy::unused_self, reason = "all printing goes through the output")]
    pub(super) fn raw(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{text}")
    }

    /// A line for people: to stderr, so that stdout holds only the result.
    pub(super) fn note(&self, line: &str) -> io::Result<()> {
        if self.quiet || self.json {
            return Ok(());
        }
        writeln!(io::stderr().lock(), "{line}")
    }

    /// A failure, which is always printed.
    pub(super) fn failure(&self, message: &str, help: &str) {
        let mut err = io::stderr().lock();
        let (message, help) = (lines(message), lines(help));
        // When stderr is closed, the exit code is all that is left.
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

/// JSON without raw control characters. Of what a terminal acts on, JSON itself escapes only C0 (RFC 8259, 7), and
/// not every string of the model is [`text::Untrusted`]: a base DN and a location come from files, too.
fn json<T: Serialize>(document: &T) -> serde_json::Result<String> {
    Ok(text::without_hidden(&serde_json::to_string_pretty(document)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_control_characters_and_reads_back() {
        let document = serde_json::json!({ "base_dn": "OU=\u{9b}2J\u{202e}\u{e0041}\u{7f}\n\u{1b}Å", "items": [1] });
        let text = json(&document).expect("it is JSON");
        assert!(!text.chars().any(|c| c != '\n' && text::is_hidden(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("it reads back"), document);
    }

    #[test]
    fn a_failure_keeps_its_lines() {
        assert_eq!(lines("a\u{1b}[2J\n  b"), "a\\u{1b}[2J\n  b");
    }
}
