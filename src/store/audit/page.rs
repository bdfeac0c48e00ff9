//! Looking through the audit: some rows at a time, of those that were asked for. An index leads to them; the rows
//! themselves are read for the page alone.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::cells::Cells;
use super::super::{Error, Store};
use crate::model::audit::{Actor, Asked, Entry, Link, Page};
use crate::model::text::Untrusted;

/// After the last text that begins with another.
const LAST: char = '\u{10ffff}';

/// The conditions of a question, and what they are about.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    with: Vec<Value>,
}

impl Conditions {
    fn of(connection: &Connection, asked: &Asked) -> Result<Self, Error> {
        let mut all = Self::default();
        for (column, begins) in [("actor", &asked.actor), ("verb", &asked.verb)] {
            if let Some(range) = all.range(column, begins) {
                all.sql.push(range);
            }
        }
        all.either(connection, &["subject", "subject_name"], &asked.subject, &[])?;
        all.either(connection, &["actor", "verb", "subject", "subject_name"], &asked.any, &asked.subjects)?;
        for (comparison, at) in [(">=", asked.since), ("<", asked.until)] {
            if let Some(at) = at {
                // Without the Z, which would sort after the fraction of a second.
                all.with.push(Value::Text(at.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
                all.sql.push(format!("at {comparison} ?{}", all.with.len()));
            }
        }
        Ok(all)
    }

    /// One of these columns begins so, or what was changed is one of those.
    fn either(
        &mut self,
        connection: &Connection,
        columns: &[&str],
        begins: &str,
        subjects: &[String],
    ) -> Result<(), Error> {
        let mut ranges: Vec<_> = columns.iter().filter_map(|column| self.range(column, begins)).collect();
        if !subjects.is_empty() {
            self.with.push(super::super::cells::json(&subjects));
            ranges.push(format!("subject COLLATE NOCASE IN (SELECT value FROM json_each(?{}))", self.with.len()));
        }
        let mut found = Vec::new();
        for range in &ranges {
            // Mostly one is meant: where the others find nothing, its index is enough.
            if self.count(connection, range)? > 0 {
                found.push(range.clone());
            }
        }
        match (found.as_slice(), ranges.first()) {
            (_, None) => {}
            ([], Some(range)) => self.sql.push(range.clone()),
            ([one], _) => self.sql.push(one.clone()),
            (several, _) => {
                let rows = several.iter().map(|range| format!("SELECT number FROM audit WHERE {range}"));
                self.sql.push(format!("number IN ({})", rows.collect::<Vec<_>>().join(" UNION ALL ")));
            }
        }
        Ok(())
    }

    /// How many rows there are of which this is so.
    fn count(&self, connection: &Connection, these: &str) -> Result<u64, Error> {
        let mut statement = connection.prepare_cached(&format!("SELECT count(*) FROM audit WHERE {these}"))?;
        let wanted = statement.parameter_count();
        let count: i64 = statement.query_row(params_from_iter(&self.with[..wanted]), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    fn range(&mut self, column: &str, begins: &str) -> Option<String> {
        let begins = begins.trim();
        if begins.is_empty() {
            return None;
        }
        self.with.push(Value::Text(begins.to_owned()));
        self.with.push(Value::Text(format!("{begins}{LAST}")));
        let (from, to) = (self.with.len() - 1, self.with.len());
        Some(format!("({column} COLLATE NOCASE >= ?{from} AND {column} COLLATE NOCASE < ?{to})"))
    }
}

impl Store {
    /// Rows that were asked for, the newest first, from the `offset`th on, at most `limit`; and how many there are.
    pub fn audit_page(&self, asked: &Asked, offset: u64, limit: u64) -> Result<Page, Error> {
        self.read(|connection| {
            let rows: Option<i64> = connection.query_row("SELECT max(number) FROM audit", [], |row| row.get(0))?;
            let rows = rows.unwrap_or(0).unsigned_abs();
            let conditions = Conditions::of(connection, asked)?;
            if conditions.sql.is_empty() {
                // Numbers have no gaps.
                let entries = newest(connection, rows.saturating_sub(offset), limit)?;
                return Ok(Page { entries, total: rows });
            }
            let these = conditions.sql.join(" AND ");
            let total = conditions.count(connection, &these)?;
            // Where a quarter of all rows are meant, the next one is near; else the index leads to the few.
            let many = total.saturating_mul(4) > rows && asked.until.is_none();
            let (from, order) = if many { ("audit NOT INDEXED", "number") } else { ("audit", "+number") };
            // From the nearer end: what is passed over has to be looked at, too.
            let limit = limit.min(total.saturating_sub(offset));
            let (direction, offset) =
                if offset > total / 2 { ("ASC", total.saturating_sub(offset + limit)) } else { ("DESC", offset) };
            let page = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
            let at = conditions.with.len();
            let with = conditions.with.iter().cloned().chain([page(limit), page(offset)]);
            let sql = format!(
                "SELECT number, at, actor, verb, subject, detail FROM audit WHERE number IN (
                     SELECT number FROM {from} WHERE {these} ORDER BY {order} {direction} LIMIT ?{} OFFSET ?{}
                 ) ORDER BY number DESC",
                at + 1,
                at + 2
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(with))?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(entry(&mut Cells::of(row))?);
            }
            Ok(Page { entries, total })
        })
    }

    /// Rows as they were written, those after the number `after` in their order, at most `limit`.
    pub fn audit_links(&self, after: u64, limit: u64) -> Result<Vec<Link>, Error> {
        self.read(|connection| {
            let sql = "SELECT number, at, actor, verb, subject, detail, hash FROM audit WHERE number > ?1
                       ORDER BY number LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let mut rows = statement.query([number(after), number(limit)])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                all.push(Link {
                    number: cells.number()?,
                    cells: [cells.text()?, cells.text()?, cells.text()?, cells.text()?, cells.text()?],
                    hash: cells.next()?,
                });
            }
            Ok(all)
        })
    }
}

fn newest(connection: &Connection, from: u64, limit: u64) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT number, at, actor, verb, subject, detail FROM audit WHERE number <= ?1
               ORDER BY number DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut rows = statement.query([number(from), number(limit)])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(entry(&mut Cells::of(row))?);
    }
    Ok(all)
}

pub(super) fn entry(cells: &mut Cells<'_, '_>) -> Result<Entry, Error> {
    Ok(Entry {
        number: cells.number()?,
        at: cells.parsed()?,
        actor: Actor::new(cells.text()?),
        verb: cells.text()?,
        subject: Untrusted::new(cells.text()?),
        detail: Untrusted::new(cells.text()?),
    })
}
