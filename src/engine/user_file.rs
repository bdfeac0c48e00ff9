//! Users written down: as a table for spreadsheets, as JSON, as LDIF; to a file or wherever the output goes.

use std::io::{self, Write};
use std::path::Path;

use crate::directory::ldif;
use crate::model::cell::harmless;
use crate::model::found::Sort;
use crate::model::text::Untrusted;
use crate::model::user::Attribute;
use crate::store::{CachedUser, UserState};

use super::{Engine, Error, private_file};

/// How many users are read at a time.
const AT_ONCE: u64 = 5_000;

/// What is known of a user, as a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserColumn {
    /// The name that people read.
    Name,
    /// The UPN, else the sAMAccountName.
    Account,
    Directory,
    Mapping,
    State,
    Came,
    /// When the user left, and why.
    Left,
    Attribute(Attribute),
}

impl UserColumn {
    /// What is shown when nobody chooses.
    pub const USUAL: [Self; 6] =
        [Self::Name, Self::Account, Self::Attribute(Attribute::Mail), Self::Directory, Self::Mapping, Self::State];

    /// `name`, `account`, ...; of an attribute its name in the directory.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Account => "account",
            Self::Directory => "directory",
            Self::Mapping => "mapping",
            Self::State => "state",
            Self::Came => "came",
            Self::Left => "left",
            Self::Attribute(attribute) => attribute.name(),
        }
    }

    /// Safe to show; several values after one another.
    pub fn cell(self, cached: &CachedUser) -> String {
        let first = |attribute| cached.user.first(attribute).map(Untrusted::shown);
        match self {
            Self::Name => cached.user.label(),
            Self::Account => {
                first(Attribute::UserPrincipalName).or_else(|| first(Attribute::SamAccountName)).unwrap_or_default()
            }
            Self::Directory => cached.directory.to_string(),
            Self::Mapping => cached.mapping.to_string(),
            Self::State => match &cached.state {
                UserState::Active => "active".to_owned(),
                UserState::Removed { at, .. } => format!("left on {}", crate::model::moment::day(at)),
            },
            Self::Came => cached.added_at.to_string(),
            Self::Left => match &cached.state {
                UserState::Active => String::new(),
                UserState::Removed { at, why } => crate::model::text::shown(&format!("{at}: {why}")),
            },
            Self::Attribute(Attribute::ObjectGuid) => cached.user.guid.to_string(),
            Self::Attribute(attribute) => {
                cached.user.values(attribute).map(Untrusted::shown).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl std::str::FromStr for UserColumn {
    type Err = crate::model::Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let own = [Self::Name, Self::Account, Self::Directory, Self::Mapping, Self::State, Self::Came, Self::Left];
        let own = own.into_iter().find(|column| column.word().eq_ignore_ascii_case(text.trim()));
        own.or_else(|| Attribute::of_name(text.trim()).map(Self::Attribute)).ok_or_else(|| {
            crate::model::Unreadable::new(
                "a column (name, account, directory, mapping, state, came, left, or an attribute such as mail)",
                text,
            )
        })
    }
}

/// How users are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserFormat {
    /// RFC 4180; no cell begins a formula.
    Csv,
    Json,
    /// RFC 2849.
    Ldif,
}

impl UserFormat {
    /// What the name of a file says: `.csv`, `.json`, `.ldif` or `.ldf`.
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

/// Which users are written, and what of them.
#[derive(Debug, Clone, Copy)]
pub struct UserExport<'a> {
    /// These, whatever the query says.
    pub these: Option<&'a [CachedUser]>,
    pub query: Option<&'a str>,
    pub sort: Sort,
    /// Absent: all.
    pub limit: Option<u64>,
    pub format: UserFormat,
    /// Empty: the usual ones, and in JSON and LDIF everything.
    pub columns: &'a [UserColumn],
}

impl Engine {
    /// Writes users wherever that goes, in the order of the search; answers with how many.
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
    fn columns(&self) -> &[UserColumn] {
        if self.export.columns.is_empty() { &UserColumn::USUAL } else { self.export.columns }
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.export.format {
            UserFormat::Csv => {
                let head: Vec<String> = self.columns().iter().map(|column| column.word().to_owned()).collect();
                self.record(head)
            }
            UserFormat::Json => self.out.write_all(b"{\"items\":["),
            UserFormat::Ldif => ldif::write::begin(self.out),
        }
    }

    fn row(&mut self, user: &CachedUser) -> io::Result<()> {
        let was_written = match self.export.format {
            UserFormat::Csv => {
                let cells = self.columns().iter().map(|column| harmless(&column.cell(user))).collect();
                self.record(cells)?;
                true
            }
            UserFormat::Json => {
                self.out.write_all(if self.written > 0 { b",\n" } else { b"\n" })?;
                let text = if self.export.columns.is_empty() {
                    serde_json::to_string(user)?
                } else {
                    let cells =
                        self.columns().iter().map(|column| (column.word().to_owned(), column.cell(user).into()));
                    serde_json::Value::Object(cells.collect()).to_string()
                };
                self.out.write_all(text.as_bytes())?;
                true
            }
            UserFormat::Ldif => {
                let all = self.export.columns.is_empty();
                let chosen = self.export.columns.iter().filter_map(|column| match column {
                    UserColumn::Attribute(attribute) => Some(*attribute),
                    _ => None,
                });
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
