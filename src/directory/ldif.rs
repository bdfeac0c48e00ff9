//! A directory that is a file: LDIF (RFC 2849), as `ldifde` and `ldapsearch` write it, or what `csvde` writes.
//!
//! May import `model` and `filter`. The file is read from its beginning for each question and never held in memory.
//! Users are selected by asking the query's filter of whole entries, with every attribute that the file has, so that
//! a mapping gives the same users as from the domain controller that the file was exported from.
//!
//! A file that was cut off, or whose search had failed, is an error: missing entries would look like users who left.

mod census;
mod csvde;
mod lines;
mod links;
mod membership;
mod records;
pub mod write;

use std::collections::{BTreeMap, HashSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use self::census::{Census, Found};
use self::csvde::Rows;
use self::lines::Lines;
use self::links::{Gatherer, Links};
use self::records::{Entry, Placed, Records};
use super::decode::{self, Undecodable};
use super::{Group, Known, Place, Query, Read, Root, Taker, Unit};
use crate::filter::{Filter, Prepared};
use crate::model::dn::Dn;
use crate::model::job::{Job, Progress};
use crate::model::membership::Nested;
use crate::model::text::{self, Untrusted};
use crate::model::user::{Attribute, Guid, User};

/// Why a file could not be read as a directory.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {what}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct Error {
    /// The file's path, safe to show.
    pub file: String,
    /// Where in the file, the first line being 1; `None` when it is about the file as a whole.
    pub line: Option<u64>,
    pub what: What,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum What {
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    #[error("this is not LDIF: a name, a colon and a value expected")]
    NotLdif,
    #[error("only version 1 of LDIF exists")]
    Version,
    #[error("a line that begins with a space continues the one before it, but there is none")]
    NothingToContinue,
    #[error("longer than 16 MiB")]
    LineTooLong,
    #[error("the entry is larger than 128 MiB")]
    EntryTooLarge,
    #[error("the file ends in the middle of a line")]
    CutOff,
    #[error("\"dn:\" expected at the beginning of an entry")]
    NoDn,
    #[error("the row has no DN")]
    NoDnInRow,
    #[error("the first line names no column DN")]
    NoDnColumn,
    #[error("the row has {found} columns where the first line names {wanted}")]
    Columns { found: u64, wanted: u64 },
    #[error("\"dn:\" in the middle of an entry")]
    NoBlankLine,
    #[error("the entry's name is not a DN")]
    Dn,
    #[error("the value is not base64")]
    Base64,
    #[error("the value is in another file")]
    Url,
    #[error("this changes an entry instead of listing one")]
    Change,
    #[error("the search that wrote this file was not complete: {0}")]
    Partial(String),
    #[error("only some of the values of {0} are there, and nothing else says who is in which group")]
    CutLinks(&'static str),
    #[error(transparent)]
    User(#[from] Undecodable),
    #[error("two users have the objectGUID {0}")]
    Twice(Guid),
    #[error("the file changed while it was read")]
    Changed,
    #[error("there are no entries")]
    Empty,
    #[error("no entry has an {0}")]
    Lacks(String),
    #[error("no entry is in a domain: none has a name that ends in \"DC=...\"")]
    NoDomain,
    #[error("the base is not a DN: {0}")]
    BadBase(String),
    #[error("there is nothing at or below {0}")]
    NoBase(String),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        let export = "ldapsearch -LLL -E pr=1000/noprompt ... '(objectClass=*)' > users.ldif";
        match &self.what {
            What::Read(_) => "check the path and who may read the file".to_owned(),
            What::NotLdif | What::Version | What::NothingToContinue | What::NoDn => {
                "give a file that ldifde, ldapsearch or csvde wrote; in LDIF, a name and its value look like \"cn: Jane \
                 Doe\""
                    .to_owned()
            }
            What::NoDnColumn | What::NoDnInRow | What::Columns { .. } => {
                "give the file as csvde wrote it, with commas between the columns: a spreadsheet may save it otherwise"
                    .to_owned()
            }
            What::LineTooLong | What::EntryTooLarge => {
                "export without this attribute; no such value is needed here".to_owned()
            }
            What::CutOff => "copy or export the file again; if it is whole, add a line break at its end".to_owned(),
            What::NoBlankLine => "put a blank line before each \"dn:\"".to_owned(),
            What::Dn => "an entry's name looks like \"dn: CN=Jane Doe,OU=Sales,DC=corp,DC=example,DC=com\"".to_owned(),
            What::Base64 => "export the file again; after \"::\" stands base64, after \":\" plain text".to_owned(),
            What::Url => "export again with the values in the file itself (ldapsearch without -t)".to_owned(),
            What::Change => {
                format!("export the entries themselves with ldifde -f users.ldif, or {export}")
            }
            What::Partial(_) => format!("export again in pages, with an account that may read everything: {export}"),
            What::CutLinks(attribute) => {
                format!("export again with memberOf, or with every value of {attribute} (no \";range=\")")
            }
            What::User(error) => error.help(),
            What::Twice(_) => "export again; or remove the entry that is older".to_owned(),
            What::Changed => "wait until the export is finished, then try again".to_owned(),
            What::Empty => format!("export again: {export}"),
            What::Lacks(attribute) => format!("export again with {attribute}, which tells users from computers"),
            What::NoDomain => "give an export of an Active Directory domain".to_owned(),
            What::BadBase(_) => "give a DN such as \"OU=Staff,DC=corp,DC=example,DC=com\"".to_owned(),
            What::NoBase(_) => "pick a base DN that is in the file, or leave it out".to_owned(),
        }
    }
}

/// An [`Error`] whose file the reader does not know.
#[derive(Debug)]
struct Fault {
    line: Option<u64>,
    what: What,
}

impl Fault {
    fn at(line: u64, what: What) -> Self {
        Self { line: Some(line), what }
    }
}

/// What stops a pass over a file: a fault of it, or something else.
enum Stop {
    Fault(Fault),
    Other(super::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<super::Error> for Stop {
    fn from(error: super::Error) -> Self {
        Self::Other(error)
    }
}

/// How many users are handed on at a time.
const BATCH: usize = 1000;

/// The forms that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Ldif,
    Csvde,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ldif => "LDIF",
            Self::Csvde => "a csvde export",
        })
    }
}

/// The entries of a file, one after another.
enum Entries {
    Ldif(Records),
    Csvde(Rows),
}

impl Entries {
    /// Reads the next entry into `entry`; false at the end of the file.
    fn next(&mut self, entry: &mut Entry) -> Result<bool, Fault> {
        match self {
            Self::Ldif(records) => records.next(entry),
            Self::Csvde(rows) => rows.next(entry),
        }
    }
}

/// A file that is read as a directory.
#[derive(Debug)]
pub struct File {
    source: Source,
    /// What the last census found, and the state of the file that it was taken of.
    found: Option<(State, Arc<Found>)>,
}

#[derive(Debug, Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// Tells whether a file may have changed: its length and the time of its last change.
type State = Option<(u64, SystemTime)>;

impl File {
    /// The directory in the file at `path`. The file is opened, so that a wrong path is told at once, but not read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = Self { source: Source::Path(path.to_owned()), found: None };
        match file.opened() {
            Ok(_) => Ok(file),
            Err(fault) => Err(file.error(fault)),
        }
    }

    /// Which form the file has: told by its first line, else by its name.
    pub fn format(&self) -> Result<Format, Error> {
        let (_, format) = self.opened().map_err(|fault| self.error(fault))?;
        Ok(format)
    }

    /// A directory whose text is in memory already.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { source: Source::Bytes(bytes.into()), found: None }
    }

    fn opened(&self) -> Result<(Box<dyn BufRead + Send>, Format), Fault> {
        let failed = |error| Fault { line: None, what: What::Read(error) };
        let (mut text, is_csv) = match &self.source {
            Source::Path(path) => {
                let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
                (lines::text(std::fs::File::open(path).map_err(failed)?)?, is_csv)
            }
            Source::Bytes(bytes) => (lines::text(std::io::Cursor::new(bytes.clone()))?, false),
        };
        let is_csvde = is_csv || csvde::begins(text.fill_buf().map_err(failed)?);
        Ok((text, if is_csvde { Format::Csvde } else { Format::Ldif }))
    }

    fn entries_anew(&self) -> Result<Entries, Fault> {
        Ok(match self.opened()? {
            (text, Format::Ldif) => Entries::Ldif(Records::new(Lines::new(text))),
            (text, Format::Csvde) => Entries::Csvde(Rows::new(text)),
        })
    }

    fn error(&self, fault: Fault) -> Error {
        let file = match &self.source {
            Source::Path(path) => text::shown(&path.display().to_string()),
            Source::Bytes(_) => "the bundled directory".to_owned(),
        };
        Error { file, line: fault.line, what: fault.what }
    }

    fn stopped(&self, stop: Stop) -> super::Error {
        match stop {
            Stop::Fault(fault) => self.error(fault).into(),
            Stop::Other(error) => error,
        }
    }

    /// An error about the file as a whole.
    fn whole(&self, what: What) -> super::Error {
        self.error(Fault { line: None, what }).into()
    }

    fn state(&self) -> State {
        let Source::Path(path) = &self.source else { return None };
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.len(), meta.modified().ok()?))
    }

    /// Hands each entry to `take`, tombstones excluded.
    fn each(&self, job: &Job, mut take: impl FnMut(&Entry) -> Result<(), Stop>) -> Result<(), super::Error> {
        let mut run = || -> Result<(), Stop> {
            let mut entries = self.entries_anew()?;
            let mut entry = Entry::default();
            let mut count = 0_u32;
            while entries.next(&mut entry)? {
                count = count.wrapping_add(1);
                if count.is_multiple_of(256) && job.is_cancelled() {
                    return Err(super::Error::Cancelled.into());
                }
                if !entry.is_deleted() {
                    take(&entry)?;
                }
            }
            if count == 0 { Err(Fault { line: None, what: What::Empty }.into()) } else { Ok(()) }
        };
        if job.is_cancelled() {
            return Err(super::Error::Cancelled);
        }
        let before = self.state();
        run().map_err(|stop| self.stopped(stop))?;
        if self.state() == before { Ok(()) } else { Err(self.whole(What::Changed)) }
    }

    /// How many entries the file holds, read to its end; tombstones excluded.
    pub(super) fn entries(&self, job: &Job) -> Result<u64, super::Error> {
        let mut count = 0;
        self.each(job, |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// What the file shows as a whole, and while it is read, the links that are asked for.
    fn census(&mut self, gatherers: &mut [Gatherer], job: &Job) -> Result<Arc<Found>, super::Error> {
        let state = self.state();
        let fresh = |(taken, _): &&(State, Arc<Found>)| *taken == state;
        let kept = self.found.as_ref().filter(fresh).map(|(_, found)| found.clone());
        if let Some(found) = &kept
            && gatherers.is_empty()
        {
            return Ok(found.clone());
        }
        let mut census = Census::default();
        self.each(job, |entry| {
            gatherers.iter_mut().try_for_each(|gatherer| gatherer.take(entry))?;
            if kept.is_none() { Ok(census.take(entry)?) } else { Ok(()) }
        })?;
        if let Some(found) = kept {
            return Ok(found);
        }
        if census.is_unsettled() {
            self.each(job, |entry| Ok(census.settle(entry)?))?;
        }
        let found = Arc::new(census.finish().ok_or_else(|| self.whole(What::NoDomain))?);
        self.found = Some((state, found.clone()));
        Ok(found)
    }

    /// Where the first entry is that `is` says yes to.
    fn first(&self, job: &Job, is: impl Fn(&Entry) -> Result<bool, Stop>) -> Result<Option<Place>, super::Error> {
        let mut place = None;
        self.each(job, |entry| {
            if place.is_none() && is(entry)? {
                let guid = entry.values("objectGUID").next().and_then(decode::read_guid);
                place = Some(Place { dn: Untrusted::new(entry.dn.as_str()), guid });
            }
            Ok(())
        })?;
        Ok(place)
    }

    /// The key of the name to search below.
    fn base(&mut self, base: Option<&str>, job: &Job) -> Result<String, super::Error> {
        match base {
            Some(base) => Dn::key_of(base).ok_or_else(|| self.whole(What::BadBase(text::shown(base)))),
            None => Ok(self.census(&mut [], job)?.key.clone()),
        }
    }

    /// Hands each entry at or below `base` that `filter` selects to `take`.
    fn search(
        &mut self,
        base: Option<&str>,
        filter: &Filter,
        job: &Job,
        mut take: impl FnMut(&Entry) -> Result<(), Stop>,
    ) -> Result<(), super::Error> {
        let asked = filter.attributes();
        let filter = Prepared::new(filter);
        let mut gatherers = Gatherer::of(&filter);
        if !gatherers.is_empty() {
            self.census(&mut gatherers, job)?;
        }
        let links: Links = links::links(&filter, &gatherers).map_err(|fault| self.error(fault))?;
        drop(gatherers);
        let key = self.base(base, job)?;
        let mut reached = false;
        // What tells users from the rest must have been exported, or the filter finds nobody and nobody knows why.
        let mut needed: Vec<&str> = vec!["objectClass", "objectCategory"];
        needed.retain(|name| asked.iter().any(|asked| asked.eq_ignore_ascii_case(name)));
        self.each(job, |entry| {
            let mine = entry.key()?;
            if Dn::is_key_at_or_below(&mine, &key) {
                reached = true;
                needed.retain(|name| entry.values(name).next().is_none());
                if filter.selects(&Placed { entry, key: &mine, links: &links }) {
                    take(entry)?;
                }
            }
            Ok(())
        })?;
        match needed.first() {
            _ if !reached => Err(self.whole(What::NoBase(text::shown(base.unwrap_or(&key))))),
            Some(name) => Err(self.whole(What::Lacks((*name).to_owned()))),
            None => Ok(()),
        }
    }
}

impl Read for File {
    fn root(&mut self, job: &Job) -> Result<Root, super::Error> {
        Ok(self.census(&mut [], job)?.root.clone())
    }

    fn users(&mut self, query: &Query, job: &Job, take: &mut Taker<'_>) -> Result<u64, super::Error> {
        let mut batch: Vec<User> = Vec::new();
        let mut seen: HashSet<Guid> = HashSet::new();
        let mut count = 0;
        self.search(query.base.as_deref(), &query.filter, job, |entry| {
            let fault = |what| Fault::at(entry.line, what);
            let user = decode::user(&entry.dn, entry.all()).map_err(|error| fault(error.into()))?;
            if !seen.insert(user.guid) {
                return Err(fault(What::Twice(user.guid)).into());
            }
            batch.push(user);
            count += 1;
            if batch.len() == BATCH {
                take(std::mem::take(&mut batch)).map_err(super::Error::from)?;
                job.report(Progress::of("reading users", count));
            }
            Ok(())
        })?;
        if !batch.is_empty() {
            take(batch)?;
        }
        job.report(Progress { of: Some(count), ..Progress::of("reading users", count) });
        Ok(count)
    }

    fn units(&mut self, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, super::Error> {
        let above = self.base(dn, job)?;
        let units = self.census(&mut [], job)?.units(&above);
        units.ok_or_else(|| self.whole(What::NoBase(text::shown(dn.unwrap_or(&above)))))
    }

    fn groups(&mut self, prefix: &str, limit: usize, job: &Job) -> Result<Vec<Group>, super::Error> {
        Ok(self.census(&mut [], job)?.groups(prefix, limit))
    }

    fn nested(&mut self, group: &Dn, job: &Job) -> Result<Nested, super::Error> {
        membership::nested(self, group, job)
    }

    fn members(&mut self, group: &Dn, job: &Job) -> Result<Option<u64>, super::Error> {
        membership::members(self, group, job)
    }

    fn known(&mut self, dn: &Dn, filter: &Filter, job: &Job) -> Result<Option<Known>, super::Error> {
        membership::known(self, dn, filter, job)
    }

    fn values(
        &mut self,
        attribute: Attribute,
        base: Option<&str>,
        job: &Job,
    ) -> Result<Vec<(Untrusted, u64)>, super::Error> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        self.search(base, &Filter::people(), job, |entry| {
            let fault = |what| Fault::at(entry.line, what);
            let user = decode::user(&entry.dn, entry.all()).map_err(|error| fault(error.into()))?;
            for value in user.values(attribute) {
                *counts.entry(value.raw().to_owned()).or_default() += 1;
            }
            Ok(())
        })?;
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(counts.into_iter().map(|(value, count)| (Untrusted::new(value), count)).collect())
    }

    fn place(&mut self, dn: &str, job: &Job) -> Result<Option<Place>, super::Error> {
        let key = self.base(Some(dn), job)?;
        self.first(job, |entry| Ok(entry.key()? == key))
    }

    fn place_of(&mut self, guid: Guid, job: &Job) -> Result<Option<Place>, super::Error> {
        self.first(job, |entry| Ok(entry.values("objectGUID").next().and_then(decode::read_guid) == Some(guid)))
    }
}

#[cfg(test)]
mod tests;
