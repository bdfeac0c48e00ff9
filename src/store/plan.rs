//! Stored plans.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::cells::{Cells, json, number};
use super::plan_scope::Scoped;
use super::{By, Error, Store, audit, reason};
use crate::model::name::Name;
use crate::model::plan::{Counts, Removal, State, Summary};
use crate::model::text::Untrusted;
use crate::model::user::Guid;

/// A user whom a plan removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRemoval {
    /// Grows from one to the next.
    pub line: i64,
    pub guid: Guid,
    pub label: Untrusted,
    pub mapping: Name,
    pub why: Removal,
}

impl Store {
    /// The users whom a plan removes, from after the line `after` on, at most `limit`.
    pub fn plan_removals(&self, plan: i64, after: i64, limit: usize) -> Result<Vec<PlannedRemoval>, Error> {
        self.read(|connection| {
            let sql = "SELECT id, guid, label, mapping, why, why_detail FROM plan_change
                       WHERE plan_id = ?1 AND kind = 'removed' AND id > ?2 ORDER BY id LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![plan, after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut removals = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                removals.push(PlannedRemoval {
                    line: cells.next()?,
                    guid: Guid(cells.next()?),
                    label: Untrusted::new(cells.text()?),
                    mapping: cells.parsed()?,
                    why: reason::read_left(&mut cells)?,
                });
            }
            Ok(removals)
        })
    }

    /// Discards a plan that was not applied; true when there was one.
    pub fn discard_plan(&self, id: i64, by: &By<'_>) -> Result<bool, Error> {
        self.write(|transaction| {
            let waits = "SELECT EXISTS (SELECT 1 FROM plan WHERE id = ?1 AND state <> 'applied')";
            let waits: bool = transaction.query_row(waits, [id], |row| row.get(0))?;
            if waits {
                delete(transaction, id, "after_id")?;
                audit::append(transaction, by, &format!("plan {id}"), "discarded")?;
            }
            Ok(waits)
        })
    }

    pub fn plan(&self, id: i64) -> Result<Option<Summary>, Error> {
        self.read(|connection| summary(connection, id))
    }

    /// The newest first, at most `limit`.
    pub fn plans(&self, limit: usize) -> Result<Vec<Summary>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT id FROM plan ORDER BY id DESC LIMIT ?1")?;
            let ids = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?;
            let mut plans = Vec::new();
            for id in ids {
                plans.extend(summary(connection, id?)?);
            }
            Ok(plans)
        })
    }

    /// When the directories were last read for what is cached now: how old the cache is.
    pub fn last_read(&self) -> Result<Option<Timestamp>, Error> {
        self.read(last_read)
    }
}

/// When the newest applied plan was made: that is when its directories were read, however late it was approved. A plan
/// that undoes another reads no directory.
pub(super) fn last_read(connection: &Connection) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT made_at FROM plan WHERE state = 'applied' AND undoes IS NULL ORDER BY id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    rows.next()?.map(|row| Cells::of(row).parsed()).transpose()
}

/// Deletes a plan, and the values that the column `values` of its lines refers to: nothing else does.
pub(super) fn delete(transaction: &Transaction<'_>, plan: i64, values: &str) -> Result<(), Error> {
    let sql = format!("DELETE FROM user_values WHERE id IN (SELECT {values} FROM plan_change WHERE plan_id = ?1)");
    transaction.execute(&sql, [plan])?;
    transaction.execute("DELETE FROM plan WHERE id = ?1", [plan])?;
    Ok(())
}

pub(super) fn summary(connection: &Connection, id: i64) -> Result<Option<Summary>, Error> {
    let sql = "SELECT made_at, hash, state, reasons, applied_at, undoes FROM plan WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::of(row);
    let (made_at, hash, state) = (cells.parsed()?, cells.text()?, cells.text()?);
    let reasons: Vec<reason::Reason> = cells.json()?;
    let reasons = reasons.into_iter().map(|reason| reason.tripped().ok_or_else(|| cells.wrong()));
    let reasons = reasons.collect::<Result<Vec<_>, _>>()?;
    let applied_at: Option<Timestamp> = cells.parsed_if()?;
    let undoes = cells.next()?;
    let state = match (applied_at, state.as_str()) {
        (Some(at), _) => State::Applied { at },
        (None, "stopped") => State::Stopped { reasons },
        _ => State::Made,
    };
    let sql = "SELECT name, matched, added, updated, removed, unchanged, excluded, excluded_why
               FROM plan_mapping WHERE plan_id = ?1 ORDER BY position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let (mut per_mapping, mut counts) = (Vec::new(), Counts::default());
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let name = cells.parsed()?;
        let mut these = Counts {
            matched: cells.number()?,
            added: cells.number()?,
            updated: cells.number()?,
            removed: cells.number()?,
            unchanged: cells.number()?,
            excluded: cells.number()?,
            taken: 0,
        };
        let why: BTreeMap<String, u64> = cells.json()?;
        these.taken = why.get("taken-by").copied().unwrap_or(0);
        these.excluded = these.excluded.saturating_sub(these.taken);
        counts.matched += these.matched.saturating_sub(these.taken);
        counts.added += these.added;
        counts.updated += these.updated;
        counts.removed += these.removed;
        counts.unchanged += these.unchanged;
        counts.excluded += these.excluded;
        counts.taken += these.taken;
        per_mapping.push((name, these));
    }
    Ok(Some(Summary { id, made_at, hash, counts, per_mapping, state, undoes }))
}

pub(super) fn save_mapping(
    transaction: &Transaction<'_>,
    plan: i64,
    scoped: &Scoped,
    counts: &Counts,
    excluded_why: &BTreeMap<String, u64>,
) -> Result<(), Error> {
    let sql =
        "INSERT INTO plan_mapping (plan_id, position, mapping_id, version, name, is_removed, matched, added, updated,
                   removed, unchanged, excluded, excluded_why)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let Counts { matched, added, updated, removed, unchanged, excluded, taken } = *counts;
    let [matched, added, updated, removed, unchanged, excluded] =
        [matched, added, updated, removed, unchanged, excluded + taken].map(number);
    let Scoped { position, id, version, name, removed: is_removed, .. } = scoped;
    transaction.execute(
        sql,
        params![
            plan,
            position,
            id,
            version,
            name,
            is_removed,
            matched,
            added,
            updated,
            removed,
            unchanged,
            excluded,
            json(excluded_why)
        ],
    )?;
    Ok(())
}
