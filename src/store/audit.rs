//! The record of changes: append-only, each row's hash covering the row and the hash before it.

mod page;

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Rows, Transaction, params};
use sha2::{Digest, Sha256};

use super::cells::Cells;
use super::transaction::Snapshot;
use super::{By, Error, Store};
use crate::model::audit::Entry;
use crate::model::hash::hex;
use crate::model::overview::Chain;
use crate::model::user::Guid;

/// The result of checking the audit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every row is unchanged; `head` is the hash of the last one, hexadecimal.
    Whole { rows: u64, head: String },
    /// The first row that was edited, or after which rows were removed or inserted.
    Broken { number: u64 },
    /// The last rows are missing; there were this many.
    CutShort { rows: u64, were: u64 },
}

impl Store {
    /// At most `limit` rows, the newest first; those before the row `before` when it is given.
    pub fn audit(&self, limit: usize, before: Option<u64>) -> Result<Vec<Entry>, Error> {
        self.read(|connection| {
            let sql = "SELECT number, at, actor, verb, subject, detail FROM audit WHERE number < ?1
                       ORDER BY number DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let before = before.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX);
            entries(&mut statement.query(params![before, i64::try_from(limit).unwrap_or(i64::MAX)])?)
        })
    }

    /// Recomputes every hash.
    pub fn verify_audit(&self) -> Result<Verdict, Error> {
        self.read(verify)
    }

    /// Stores the result: up to which row the audit was intact, or what is wrong with it.
    pub fn save_verdict(&self, verdict: &Verdict, at: Timestamp) -> Result<(), Error> {
        self.write(|transaction| {
            let (number, broken) = match verdict {
                Verdict::Whole { rows, .. } | Verdict::CutShort { rows, .. } => (*rows, verdict.fault()),
                Verdict::Broken { number } => (*number, verdict.fault()),
            };
            let sql = "INSERT OR REPLACE INTO audit_check (one, at, number, hash, broken)
                       SELECT 1, ?1, ?2, coalesce((SELECT hash FROM audit WHERE number = ?2), zeroblob(32)), ?3";
            transaction.execute(sql, params![at.to_string(), i64::try_from(number).unwrap_or(i64::MAX), broken])?;
            Ok(())
        })
    }

    /// When all of it was last checked.
    pub fn audit_checked_at(&self) -> Result<Option<Timestamp>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT at FROM audit_check")?;
            let mut rows = statement.query([])?;
            rows.next()?.map(|row| Cells::of(row).parsed()).transpose()
        })
    }
}

impl Verdict {
    /// What is wrong, a sentence; absent when nothing is.
    pub fn fault(&self) -> Option<String> {
        match self {
            Self::Whole { .. } => None,
            Self::Broken { number } => Some(format!("audit entry {number}, or one next to it, was changed")),
            Self::CutShort { rows, were } => Some(format!("the audit has {rows} entries and had {were}")),
        }
    }
}

/// How many of the newest rows each check of the overview reads.
const GLANCE: i64 = 64;

/// The state of the audit without reading it: the result of the last full check, whether the row up to which it was
/// intact is unchanged, and whether the newest rows are linked by their hashes.
pub(super) fn glance(connection: &Connection) -> Result<Chain, Error> {
    let newest: Option<i64> = connection.query_row("SELECT max(number) FROM audit", [], |row| row.get(0))?;
    let newest = newest.unwrap_or(0);
    let sql = "SELECT c.at, c.number, c.broken, c.number = 0 OR c.hash IS a.hash
               FROM audit_check c LEFT JOIN audit a ON a.number = c.number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let (mut checked, mut broken) = (None, None);
    if let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let (at, number): (Timestamp, u64) = (cells.parsed()?, cells.number()?);
        broken = cells.next()?;
        if !cells.next::<bool>()? {
            let rows = newest.unsigned_abs();
            let fault =
                if rows < number { Verdict::CutShort { rows, were: number } } else { Verdict::Broken { number } };
            broken = broken.or_else(|| fault.fault());
        }
        checked = Some((at, number));
    }
    if broken.is_none() {
        let after = (newest - GLANCE).max(0);
        let before = "SELECT hash FROM audit WHERE number = ?1";
        let before = connection.prepare_cached(before)?.query_row([after], |row| row.get(0)).optional()?;
        broken = chain(connection, after, before.unwrap_or([0; 32]))?.fault();
    }
    Ok(Chain { rows: newest.unsigned_abs(), checked, broken })
}

/// How many of the newest rows are searched for a name.
const LOOKED_THROUGH: i64 = 50_000;

impl Snapshot<'_> {
    /// Of the newest rows, those with one of these subjects and those that name the user of that GUID; at most `limit`,
    /// the newest first.
    pub fn audit_of(&self, subjects: &[String], guid: Guid, limit: u64) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT number, at, actor, verb, subject, detail FROM audit
                   WHERE number > (SELECT coalesce(max(number), 0) FROM audit) - ?3
                       AND (subject IN (SELECT value FROM json_each(?1)) OR instr(subject, ?2) OR instr(detail, ?2))
                   ORDER BY number DESC LIMIT ?4";
        let mut statement = self.0.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let guid = format!("({guid})");
        entries(&mut statement.query(params![super::cells::json(&subjects), guid, LOOKED_THROUGH, limit])?)
    }
}

fn entries(rows: &mut Rows<'_>) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(page::entry(&mut Cells::of(row))?);
    }
    Ok(entries)
}

/// Writes the audit row of a change, in the transaction of the change.
pub(super) fn append(transaction: &Transaction<'_>, by: &By<'_>, subject: &str, detail: &str) -> Result<(), Error> {
    let last = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
    let last = transaction.prepare_cached(last)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (number, previous): (i64, [u8; 32]) = last.unwrap_or((0, [0; 32]));
    let number = number + 1;
    let at = by.at.to_string();
    let cells = [at.as_str(), by.actor.0.raw(), by.verb, subject, detail];
    let sql = "INSERT INTO audit (number, at, actor, verb, subject, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let [at, actor, verb, subject, detail] = cells;
    let hash = hash(previous, number, cells);
    transaction.prepare_cached(sql)?.execute(params![number, at, actor, verb, subject, detail, hash])?;
    Ok(())
}

/// SHA-256 over the hash before, the number, and each cell after its length, so that no two rows read alike.
fn hash(previous: [u8; 32], number: i64, cells: [&str; 5]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(number.to_be_bytes());
    for cell in cells {
        hash.update((cell.len() as u64).to_be_bytes());
        hash.update(cell);
    }
    hash.finalize().into()
}

fn verify(connection: &Connection) -> Result<Verdict, Error> {
    chain(connection, 0, [0; 32])
}

/// Whether the rows after the one with that hash are linked by their hashes.
fn chain(connection: &Connection, after: i64, hash_of: [u8; 32]) -> Result<Verdict, Error> {
    let sql = "SELECT number, at, actor, verb, subject, detail, hash FROM audit WHERE number > ?1 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([after])?;
    let (mut last, mut previous) = (after, hash_of);
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let number: i64 = cells.next()?;
        let texts = [cells.text()?, cells.text()?, cells.text()?, cells.text()?, cells.text()?];
        let found: Vec<u8> = cells.next()?;
        let wanted = hash(previous, number, texts.each_ref().map(String::as_str));
        if number != last + 1 || found != wanted {
            return Ok(Verdict::Broken { number: number.unsigned_abs() });
        }
        (last, previous) = (number, wanted);
    }
    let were = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'";
    let were: i64 = connection.query_row(were, [], |row| row.get(0)).optional()?.unwrap_or(0);
    if were != last {
        return Ok(Verdict::CutShort { rows: last.unsigned_abs(), were: were.unsigned_abs() });
    }
    Ok(Verdict::Whole { rows: last.unsigned_abs(), head: hex(&previous) })
}

/// What changed from `before` to `after`, field by field in one line: `quota: "50 GiB" -> "80 GiB"`.
pub(super) fn difference<T: serde::Serialize>(before: Option<&T>, after: &T) -> String {
    let fields = |value: Option<&T>| {
        let mut all = Vec::new();
        if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
            flatten("", &value, &mut all);
        }
        all
    };
    let (was, is) = (fields(before), fields(Some(after)));
    let mut line = String::from(if before.is_some() { "" } else { "added" });
    let mut say = |text: std::fmt::Arguments<'_>| {
        let separator = if line.is_empty() { "" } else { "; " };
        let _ = write!(line, "{separator}{text}");
    };
    for (field, value) in &is {
        match was.iter().find(|(other, _)| other == field) {
            Some((_, old)) if old == value => {}
            Some((_, old)) => say(format_args!("{field}: {old} -> {value}")),
            None => say(format_args!("{field}: {value}")),
        }
    }
    for (field, old) in was.iter().filter(|(field, _)| !is.iter().any(|(other, _)| other == field)) {
        say(format_args!("{field}: {old} -> none"));
    }
    line
}

fn flatten(path: &str, value: &serde_json::Value, all: &mut Vec<(String, String)>) {
    const LONGEST: usize = 120;
    match value {
        serde_json::Value::Null => {}
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, all);
            }
        }
        value => {
            let mut text = value.to_string();
            // A certificate would fill pages; its hash still tells two of them apart.
            if text.chars().count() > LONGEST {
                let digest = hex(&Sha256::digest(&text)[..8]);
                let head: String = text.chars().take(LONGEST / 2).collect();
                text = format!("{head}... ({} characters, sha256 {digest})", text.chars().count());
            }
            all.push((path.to_owned(), text));
        }
    }
}
