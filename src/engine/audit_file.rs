//! Exports the audit log to a file that others can verify: every entry as it was written, with its hash.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::audit::Link;
use crate::model::cell::reversible;
use crate::model::hash::hex;
use crate::model::text::without_hidden;

use super::{Engine, Error, private_file};

/// The hash algorithm; the file contains this text.
const ALGORITHM: &str = "hash = SHA-256(hash of the entry before as 32 bytes, 32 zero bytes before the first; number as 8 \
    bytes, big-endian; then of at, actor, verb, subject and detail in this order the length in bytes as 8 bytes, \
    big-endian, and the text in UTF-8). Numbers count from 1 without gaps. Who has the head (the last hash) from \
    elsewhere sees that no entry is missing at the end.";

/// How many entries are read at a time.
const PAGE: u64 = 1_000;

/// How the entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditForm {
    /// One document, with the way to verify it.
    Json,
    /// One line per entry, for spreadsheets: in cells, a backslash is doubled, a hidden character is escaped as
    /// `\u{1b}`, and a text that begins like a formula or with an apostrophe gets an apostrophe in front.
    Csv,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditFile {
    pub path: PathBuf,
    pub rows: u64,
    /// The last hash: a copy kept elsewhere shows later whether entries were removed.
    pub head: String,
}

impl Engine {
    /// Writes the whole audit log to a new file that only its owner can read; after an error there is no file.
    pub fn export_audit(&self, path: &Path, form: AuditForm) -> Result<AuditFile, Error> {
        let (rows, head) = private_file::write_new(path, |out| self.write_audit(out, form))?;
        Ok(AuditFile { path: path.to_owned(), rows, head })
    }

    /// Writes it; returns the number of entries and the hash of the last.
    fn write_audit(&self, out: &mut dyn Write, form: AuditForm) -> Result<io::Result<(u64, String)>, Error> {
        let (mut rows, mut head) = (0, hex(&[0; 32]));
        let mut written = self.begin(out, form);
        while written.is_ok() {
            let links = self.store().audit_links(rows, PAGE)?;
            for link in &links {
                written = written.and_then(|()| entry(out, form, link, rows == 0));
                (rows, head) = (link.number, hex(&link.hash));
            }
            if (links.len() as u64) < PAGE {
                break;
            }
        }
        if form == AuditForm::Json {
            let end = format!("\n  ],\n  \"rows\": {rows},\n  \"head\": \"{head}\"\n}}\n");
            written = written.and_then(|()| out.write_all(end.as_bytes()));
        }
        Ok(written.map(|()| (rows, head)))
    }

    fn begin(&self, out: &mut dyn Write, form: AuditForm) -> io::Result<()> {
        match form {
            AuditForm::Csv => writeln!(out, "number,at,actor,verb,subject,detail,hash"),
            AuditForm::Json => {
                let (installation, at) = (text(self.installation()), text(&self.now().to_string()));
                let algorithm = text(ALGORITHM);
                writeln!(out, "{{\n  \"format\": \"imd-audit-1\",\n  \"installation\": {installation},")?;
                writeln!(out, "  \"exported_at\": {at},\n  \"algorithm\": {algorithm},\n  \"entries\": [")
            }
        }
    }
}

fn entry(out: &mut dyn Write, form: AuditForm, link: &Link, first: bool) -> io::Result<()> {
    let (number, hash) = (link.number, hex(&link.hash));
    match form {
        AuditForm::Json => {
            let [at, actor, verb, subject, detail] = link.cells.each_ref().map(|cell| text(cell));
            let comma = if first { "" } else { ",\n" };
            write!(
                out,
                "{comma}    {{\"number\": {number}, \"at\": {at}, \"actor\": {actor}, \"verb\": {verb}, \
                 \"subject\": {subject}, \"detail\": {detail}, \"hash\": \"{hash}\"}}"
            )
        }
        AuditForm::Csv => {
            let mut record = csv::Writer::from_writer(Vec::new());
            let cells = link.cells.iter().map(|cell| reversible(cell));
            record.write_record(std::iter::once(number.to_string()).chain(cells).chain([hash]))?;
            out.write_all(&record.into_inner().map_err(csv::IntoInnerError::into_error)?)
        }
    }
}

/// A text as a JSON string, with every hidden character escaped.
fn text(text: &str) -> String {
    without_hidden(&serde_json::Value::String(text.to_owned()).to_string())
}
