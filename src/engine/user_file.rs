//! Writes users as CSV, JSON or LDIF, to a file or to the output.

use std::io::{self, Write};
use std::path::Path;

use crate::directory::ldif;
use crate::model::cell::harmless;
use crate::model::found::Sort;
use crate::model::user::Attribute;
use crate::store::CachedUser;

use super::{Engine, Error, private_file};

/// The number of users per read.
const AT_ONCE: u64 = 5_000;

/// A column of a user file; a layer above defines the columns.
pub trait UserCell: std::fmt::Debug {
    /// The heading in the file.
    fn key(&self) -> &'static str;
    /// The value for people; several values in one text.
    fn cell(&self, cached: &CachedUser) -> String;
    /// The value for programs: the same, but times in UTC (RFC 3339).
    fn document(&self, cached: &CachedUser) -> String;
    /// The attribute that it shows, if any: LDIF contains only attributes.
    fn attribute(&self) -> Option<Attribute> {
        Attribute::of_name(self.key())
    }
}

/// The format of a user file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserFormat {
    /// RFC 4180; no cell is a formula.
    Csv,
    Json,
    /// RFC 2849.
    Ldif,
}

impl UserFormat {
    /// The format of a file by its name: `.csv`, `.json`, `.ldif` or `.ldf`.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ldif" | "ldf" => Some(Self::Ldif),
            _ => None,
        }
    }
}

/// The users and columns to write.
#[derive(Debug, Clone, Copy)]
pub struct UserExport<'a> {
    /// These users instead of those of the query.
    pub these: Option<&'a [CachedUser]>,
    pub query: Option<&'a str>,
    pub sort: Sort,
    /// Absent: all.
    pub limit: Option<u64>,
    pub format: UserFormat,
    /// Empty: everything, which CSV cannot hold.
    pub columns: &'a [&'a dyn UserCell],
}

impl Engine {
    /// Writes users in the order of the search, and returns how many.
    pub fn write_users(&self, export: &UserExport<'_>, out: &mut dyn Write) -> Result<Result<u64, io::Error>, Error> {
        let mut rows = Rows { export, out, written: 0 };
        if let Some(users) = export.these {
            let written = rows.begin().and_then(|()| users.iter().try_for_each(|user| rows.row(user)));
            return Ok(written.and_then(|()| rows.end()));
        }
        let mut begun = rows.begin();
        let (mut offset, most) = (0, export.limit.unwrap_or(u64::MAX));
        while begun.is_ok() && offset < most {
            let page = self.users(export.query, export.sort, offset, AT_ONCE.min(most - offset))?;
            let count = page.users.len() as u64;
            begun = page.users.iter().try_for_each(|user| rows.row(user));
            offset += count;
            if count == 0 {
                break;
            }
        }
        Ok(begun.and_then(|()| rows.end()))
    }

    /// Writes users to a new file that only its owner can read.
    ///
    /// # Errors
    /// [`Error::Exists`] when the file is there: none is ever overwritten.
    pub fn export_users(&self, export: &UserExport<'_>, path: &Path) -> Result<u64, Error> {
        private_file::write_new(path, |out| self.write_users(export, out))
    }
}

struct Rows<'a> {
    export: &'a UserExport<'a>,
    out: &'a mut dyn Write,
    written: u64,
}

impl Rows<'_> {
    fn begin(&mut self) -> io::Result<()> {
        match self.export.format {
            UserFormat::Csv => {
                let head: Vec<String> = self.export.columns.iter().map(|column| column.key().to_owned()).collect();
                self.record(head)
            }
            UserFormat::Json => self.out.write_all(b"{\"items\":["),
            UserFormat::Ldif => ldif::write::begin(self.out),
        }
    }

    fn row(&mut self, user: &CachedUser) -> io::Result<()> {
        let was_written = match self.export.format {
            UserFormat::Csv => {
                let cells = self.export.columns.iter().map(|column| harmless(&column.cell(user))).collect();
                self.record(cells)?;
                true
            }
            UserFormat::Json => {
                self.out.write_all(if self.written > 0 { b",\n" } else { b"\n" })?;
                let text = if self.export.columns.is_empty() {
                    serde_json::to_string(user)?
                } else {
                    let cell = |column: &&dyn UserCell| (column.key().to_owned(), column.document(user).into());
                    let cells = self.export.columns.iter().map(cell);
                    serde_json::Value::Object(cells.collect()).to_string()
                };
                self.out.write_all(text.as_bytes())?;
                true
            }
            UserFormat::Ldif => {
                let all = self.export.columns.is_empty();
                let chosen = self.export.columns.iter().filter_map(|column| column.attribute());
                let attributes: Vec<Attribute> = if all { Attribute::ALL.to_vec() } else { chosen.collect() };
                ldif::write::user(self.out, &user.user, &attributes)?
            }
        };
        self.written += u64::from(was_written);
        Ok(())
    }

    fn record(&mut self, cells: Vec<String>) -> io::Result<()> {
        // Lines end in CRLF (RFC 4180, 2).
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut *self.out);
        writer.write_record(cells)?;
        writer.flush()
    }

    fn end(self) -> io::Result<u64> {
        if self.export.format == UserFormat::Json {
            self.out.write_all(b"\n]}\n")?;
        }
        self.out.flush()?;
        Ok(self.written)
    }
}
