//! A directory in a file: LDIF (RFC 2849) from `ldifde` or `ldapsearch`, or a `csvde` export.
//!
//! May import `model` and `filter`. The file is read from the start for each query and never held in memory. The filter is
//! evaluated on complete entries with all their attributes, so that a mapping selects the same users as on the domain
//! controller.
//!
//! A truncated file, or one from a failed search, is an error: missing entries would look like removed users.

mod census;
mod csvde;
mod entry;
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
use self::entry::Entry;
use self::lines::Lines;
use self::links::{LinkCollector, LinkedEntry, Links};
use self::records::Records;
use super::decode::{self, Undecodable};
use super::{Group, Known, Place, Query, Read, Root, Taker, Unit};
use crate::filter::{Filter, Prepared};
use crate::model::dn::Dn;
use crate::model::job::{Job, Progress};
use crate::model::membership::Nested;
use crate::model::text::{self, Untrusted};
use crate::model::user::{Attribute, Guid, User};

/// Why a file cannot be used as a directory.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {what}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct Error {
    /// The file's path, safe to show.
    pub file: String,
    /// The line, from 1; `None` when the error concerns the whole file.
    pub line: Option<u64>,
    pub what: What,
}

/// The error in a file.
#[derive(Debug, thiserror::Error)]
pub enum What {
    #[error("cannot read the file: {0}")]
    Read(std::io::Error),
    #[error("not LDIF: expected a name, a colon and a value")]
    NotLdif,
    #[error("unsupported LDIF version; only version 1 exists")]
    Version,
    #[error("continuation line without a line before it")]
    NothingToContinue,
    #[error("the line is longer than 16 MiB")]
    LineTooLong,
    #[error("the entry is larger than 128 MiB")]
    EntryTooLarge,
    #[error("the file ends in the middle of a line")]
    CutOff,
    #[error("expected \"dn:\" at the beginning of an entry")]
    NoDn,
    #[error("the row has no DN")]
    NoDnInRow,
    #[error("the first line has no column DN")]
    NoDnColumn,
    #[error("the row has {found} columns, the first line has {wanted}")]
    Columns { found: u64, wanted: u64 },
    #[error("\"dn:\" in the middle of an entry")]
    NoBlankLine,
    #[error("invalid DN")]
    Dn,
    #[error("invalid base64")]
    Base64,
    #[error("the value is in another file")]
    Url,
    #[error("the record is a change, not an entry")]
    Change,
    #[error("the search that wrote this file was not complete: {0}")]
    Partial(String),
    #[error("incomplete values of {0}, and no other attribute with the group memberships")]
    CutLinks(&'static str),
    #[error(transparent)]
    User(#[from] Undecodable),
    #[error("two users have the objectGUID {0}")]
    Twice(Guid),
    #[error("the file changed while it was read")]
    Changed,
    #[error("no entries")]
    Empty,
    #[error("no entry has an {0}")]
    Lacks(String),
    #[error("no entry is in a domain (DN ending in \"DC=...\")")]
    NoDomain,
    #[error("the base is not a valid DN: {0}")]
    BadBase(String),
    #[error("no entries at or below {0}")]
    NoBase(String),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        let export = "ldapsearch -LLL -E pr=1000/noprompt ... '(objectClass=*)' > users.ldif";
        match &self.what {
            What::Read(_) => "check the path and the permissions of the file".to_owned(),
            What::NotLdif | What::Version | What::NothingToContinue | What::NoDn => {
                "use a file from ldifde, ldapsearch or csvde; a line of LDIF looks like \"cn: Jane Doe\"".to_owned()
            }
            What::NoDnColumn | What::NoDnInRow | What::Columns { .. } => {
                "use the original file from csvde, with commas between the columns; a spreadsheet may have changed it"
                    .to_owned()
            }
            What::LineTooLong | What::EntryTooLarge => "export without this attribute; imd does not need it".to_owned(),
            What::CutOff => "copy or export the file again; if it is complete, add a line break at its end".to_owned(),
            What::NoBlankLine => "put a blank line before each \"dn:\"".to_owned(),
            What::Dn => "a DN looks like \"dn: CN=Jane Doe,OU=Sales,DC=corp,DC=example,DC=com\"".to_owned(),
            What::Base64 => "export the file again; \"::\" is followed by base64, \":\" by plain text".to_owned(),
            What::Url => "export again with the values in the file itself (ldapsearch without -t)".to_owned(),
            What::Change => {
                format!("export the entries themselves with ldifde -f users.ldif, or {export}")
            }
            What::Partial(_) => format!("export again in pages, with an account that may read everything: {export}"),
            What::CutLinks(attribute) => {
                format!("export again with memberOf, or with every value of {attribute} (no \";range=\")")
            }
            What::User(error) => error.help(),
            What::Twice(_) => "export again, or remove the older entry".to_owned(),
            What::Changed => "wait until the export is finished, then try again".to_owned(),
            What::Empty => format!("export again: {export}"),
            What::Lacks(attribute) => {
                format!("export again with {attribute}, which distinguishes users from computers")
            }
            What::NoDomain => "use an export of an Active Directory domain".to_owned(),
            What::BadBase(_) => "give a DN such as \"OU=Staff,DC=corp,DC=example,DC=com\"".to_owned(),
            What::NoBase(_) => "choose a base DN in the file, or none".to_owned(),
        }
    }
}

/// An [`Error`] without the file's name.
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

/// Why reading a file stopped: an error in the file, or another one.
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

/// The size of a batch of users.
const BATCH: usize = 1000;

/// The format of a file.
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

/// The entries of a file in order.
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

/// A file that is used as a directory.
#[derive(Debug)]
pub struct File {
    source: Source,
    /// The last census, and the state of the file at that time.
    census: Option<(State, Arc<Found>)>,
}

#[derive(Debug, Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// Detects changes of a file: its length and modification time.
type State = Option<(u64, SystemTime)>;

impl File {
    /// Opens the file at `path`, so that a wrong path fails at once, without reading it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = Self { source: Source::Path(path.to_owned()), census: None };
        match file.opened() {
            Ok(_) => Ok(file),
            Err(fault) => Err(file.error(fault)),
        }
    }

    /// The format of the file, from its first line, else its name.
    pub fn format(&self) -> Result<Format, Error> {
        let (_, format) = self.opened().map_err(|fault| self.error(fault))?;
        Ok(format)
    }

    /// A directory in memory.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { source: Source::Bytes(bytes.into()), census: None }
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

    fn read_entries(&self) -> Result<Entries, Fault> {
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

    /// An error that concerns the whole file.
    fn whole_file(&self, what: What) -> super::Error {
        self.error(Fault { line: None, what }).into()
    }

    fn state(&self) -> State {
        let Source::Path(path) = &self.source else { return None };
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.len(), meta.modified().ok()?))
    }

    /// Passes each entry except tombstones to `take`.
    fn each(&self, job: &Job, mut take: impl FnMut(&Entry) -> Result<(), Stop>) -> Result<(), super::Error> {
        let mut run = || -> Result<(), Stop> {
            let mut entries = self.read_entries()?;
            let mut entry = Entry::default();
            let mut count = 0_u32;
            while entries.next(&mut entry)? {
                count = count.wrapping_add(1);
                if count.is_multiple_of(256) && job.is_canceled() {
                    return Err(super::Error::Canceled.into());
                }
                if !entry.is_deleted() {
                    take(&entry)?;
                }
            }
            if count == 0 { Err(Fault { line: None, what: What::Empty }.into()) } else { Ok(()) }
        };
        if job.is_canceled() {
            return Err(super::Error::Canceled);
        }
        let before = self.state();
        run().map_err(|stop| self.stopped(stop))?;
        if self.state() == before { Ok(()) } else { Err(self.whole_file(What::Changed)) }
    }

    /// Counts the entries of the file, without tombstones.
    pub(super) fn entries(&self, job: &Job) -> Result<u64, super::Error> {
        let mut count = 0;
        self.each(job, |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Takes the census of the file, and collects links in the same pass.
    fn census(&mut self, collectors: &mut [LinkCollector], job: &Job) -> Result<Arc<Found>, super::Error> {
        let state = self.state();
        let fresh = |(taken, _): &&(State, Arc<Found>)| *taken == state;
        let kept = self.census.as_ref().filter(fresh).map(|(_, found)| found.clone());
        if let Some(found) = &kept
            && collectors.is_empty()
        {
            return Ok(found.clone());
        }
        let mut census = Census::default();
        self.each(job, |entry| {
            collectors.iter_mut().try_for_each(|collector| collector.take(entry))?;
            if kept.is_none() { Ok(census.take(entry)?) } else { Ok(()) }
        })?;
        if let Some(found) = kept {
            return Ok(found);
        }
        if census.needs_second_pass() {
            self.each(job, |entry| Ok(census.remove_non_units(entry)?))?;
        }
        let found = Arc::new(census.finish().ok_or_else(|| self.whole_file(What::NoDomain))?);
        self.census = Some((state, found.clone()));
        Ok(found)
    }

    /// The location of the first entry that satisfies `is`.
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

    /// The key of the search base.
    fn base(&mut self, base: Option<&str>, job: &Job) -> Result<String, super::Error> {
        match base {
            Some(base) => Dn::key_of(base).ok_or_else(|| self.whole_file(What::BadBase(text::shown(base)))),
            None => Ok(self.census(&mut [], job)?.key.clone()),
        }
    }

    /// Passes each entry at or below `base` that `filter` selects to `take`.
    fn search(
        &mut self,
        base: Option<&str>,
        filter: &Filter,
        job: &Job,
        mut take: impl FnMut(&Entry) -> Result<(), Stop>,
    ) -> Result<(), super::Error> {
        let asked = filter.attributes();
        let filter = Prepared::new(filter);
        let mut collectors = LinkCollector::of(&filter);
        if !collectors.is_empty() {
            self.census(&mut collectors, job)?;
        }
        let links: Links = links::links(&filter, &collectors).map_err(|fault| self.error(fault))?;
        drop(collectors);
        let key = self.base(base, job)?;
        let mut reached = false;
        // Without these attributes in the file the filter would select no users, with no visible reason.
        let mut needed: Vec<&str> = vec!["objectClass", "objectCategory"];
        needed.retain(|name| asked.iter().any(|asked| asked.eq_ignore_ascii_case(name)));
        self.each(job, |entry| {
            let mine = entry.key()?;
            if Dn::is_key_at_or_below(&mine, &key) {
                reached = true;
                needed.retain(|name| entry.values(name).next().is_none());
                if filter.selects(&LinkedEntry { entry, key: &mine, links: &links }) {
                    take(entry)?;
                }
            }
            Ok(())
        })?;
        match needed.first() {
            _ if !reached => Err(self.whole_file(What::NoBase(text::shown(base.unwrap_or(&key))))),
            Some(name) => Err(self.whole_file(What::Lacks((*name).to_owned()))),
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
        units.ok_or_else(|| self.whole_file(What::NoBase(text::shown(dn.unwrap_or(&above)))))
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
