//! Stored plans: what a sync would change, to be looked at.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::item::{Cells, json, number};
use super::staging::Scoped;
use super::{By, Error, Store, attributes, audit, lines, reason};
use crate::model::name::Name;
use crate::model::plan::{AttributeChange, Change, Counts, PlannedChange, Removal, State, Summary};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// Somebody whom a plan lets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// Grows from one to the next.
    pub line: i64,
    pub guid: Guid,
    pub label: Untrusted,
    pub mapping: Name,
    pub why: Removal,
}

impl Store {
    /// Those whom a plan lets go, from after the line `after` on, at most `limit`.
    pub fn plan_leavers(&self, plan: i64, after: i64, limit: usize) -> Result<Vec<Leaver>, Error> {
        self.read(|connection| {
            let sql = "SELECT id, guid, label, mapping, why, why_detail FROM plan_change
                       WHERE plan_id = ?1 AND kind = 'removed' AND id > ?2 ORDER BY id LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![plan, after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut leavers = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                leavers.push(Leaver {
                    line: cells.next()?,
                    guid: Guid(cells.next()?),
                    label: Untrusted::new(cells.text()?),
                    mapping: cells.parsed()?,
                    why: reason::read_left(&mut cells)?,
                });
            }
            Ok(leavers)
        })
    }

    /// Throws away a plan that was not applied; true when there was one.
    pub fn discard_plan(&self, id: i64, by: &By<'_>) -> Result<bool, Error> {
        self.write(|transaction| {
            let waits = "SELECT EXISTS (SELECT 1 FROM plan WHERE id = ?1 AND state <> 'applied')";
            let waits: bool = transaction.query_row(waits, [id], |row| row.get(0))?;
            if waits {
                let_go(transaction, id, "after_id")?;
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

/// When the newest plan that was applied was made. One that takes another back asks no directory, and however late
/// somebody approves a plan, what it holds was read when it was made.
pub(super) fn last_read(connection: &Connection) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT made_at FROM plan WHERE state = 'applied' AND undoes IS NULL ORDER BY id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    rows.next()?.map(|row| Cells::of(row).parsed()).transpose()
}

/// Lets go of a plan, and of the values that the column `values` of its lines names: nobody else has them.
pub(super) fn let_go(transaction: &Transaction<'_>, plan: i64, values: &str) -> Result<(), Error> {
    let sql = format!("DELETE FROM user_values WHERE id IN (SELECT {values} FROM plan_change WHERE plan_id = ?1)");
    transaction.execute(&sql, [plan])?;
    transaction.execute("DELETE FROM plan WHERE id = ?1", [plan])?;
    Ok(())
}

/// A line that changes somebody, from the cells kind, guid, label, mapping, from_mapping, the attributes before and
/// after, why and why_detail.
pub(super) fn change_of(cells: &mut Cells<'_, '_>) -> Result<PlannedChange, Error> {
    let kind = cells.text()?;
    let guid = Guid(cells.next()?);
    let (label, mapping, from) = (cells.text()?, cells.parsed()?, cells.parsed_if()?);
    let (before, after) = (values(cells, guid)?, values(cells, guid)?);
    let names = lines::names(after.as_ref().or(before.as_ref()));
    let change = match (kind.as_str(), before, after) {
        ("added", ..) => Change::Added,
        ("updated", Some(before), Some(after)) => Change::Updated(difference(&before, &after)),
        ("updated", ..) => Change::Updated(Vec::new()),
        _ => Change::Removed(reason::read_left(cells)?),
    };
    Ok(PlannedChange { guid, label: Untrusted::new(label), names, mapping, from, change })
}

/// The values of a cell that holds a user's attributes.
pub(super) fn values(cells: &mut Cells<'_, '_>, guid: Guid) -> Result<Option<User>, Error> {
    let json: Option<String> = cells.next()?;
    json.map(|json| attributes::user(guid, &json).ok_or_else(|| cells.wrong())).transpose()
}

fn difference(before: &User, after: &User) -> Vec<AttributeChange> {
    let values = |user: &User, attribute| user.values(attribute).cloned().collect::<Vec<_>>();
    let lasting = Attribute::ALL.iter().copied().filter(|attribute| !attribute.is_operational());
    let changes = lasting.map(|attribute| AttributeChange {
        attribute,
        before: values(before, attribute),
        after: values(after, attribute),
    });
    changes.filter(|change| change.before != change.after).collect()
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
        "INSERT INTO plan_mapping (plan_id, position, mapping_id, version, name, is_gone, matched, added, updated,
                   removed, unchanged, excluded, excluded_why)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let Counts { matched, added, updated, removed, unchanged, excluded, taken } = *counts;
    let [matched, added, updated, removed, unchanged, excluded] =
        [matched, added, updated, removed, unchanged, excluded + taken].map(number);
    let Scoped { position, id, version, name, removed: is_gone, .. } = scoped;
    transaction.execute(
        sql,
        params![
            plan,
            position,
            id,
            version,
            name,
            is_gone,
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
