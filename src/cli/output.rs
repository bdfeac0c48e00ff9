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
        let rows: Vec<[String; N]> = items.iter().map(|item| row(item).map(|cell| text::shown(&cell))).collect();
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|row| row[column].width());
            cells.chain([columns[column].len()]).max().unwrap_or(0)
        });
        let mut out = io::stdout().lock();
        let mut line = |cells: [&str; N]| {
            let padded = cells.iter().zip(widths).map(|(cell, width)| {
                let room = width.saturating_sub(cell.width());
                format!("{cell}{}", " ".repeat(room))
            });
            writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())
        };
        line(columns)?;
        rows.iter().try_for_each(|row| line(std::array::from_fn(|column| row[column].as_str())))
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
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, document)?;
        writeln!(out)
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
        // Nothing can be done when stderr is gone; the exit code still tells.
        let _ = if self.json {
            writeln!(err, "{}", serde_json::json!({ "error": { "message": message, "help": help } }))
        } else {
            writeln!(err, "error: {message}\nhelp: {help}")
        };
    }
}
