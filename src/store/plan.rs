//! Stored plans: what a sync would change, looked at and applied.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::item::{Cells, number};
use super::staging::{Scoped, scope};
use super::user::save_names;
use super::{By, Error, Store, attributes, audit, reason};
use crate::model::job::{Job, Progress};
use crate::model::plan::{AttributeChange, Change, Counts, PlannedChange, PlannedLeftOut, State, Summary, Tripped};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// [`Tripped`] as it stands in a row.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Reason {
    mapping: crate::model::name::Name,
    had: u64,
    leaving: u64,
    allowed: u64,
}

impl From<Tripped> for Reason {
    fn from(Tripped { mapping, had, leaving, allowed }: Tripped) -> Self {
        Self { mapping, had, leaving, allowed }
    }
}

impl Store {
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

    /// The lines of a plan in their order, from the `offset`th on, at most `limit`.
    pub fn plan_changes(&self, plan: i64, offset: u64, limit: u64) -> Result<Vec<PlannedChange>, Error> {
        self.read(|connection| {
            let sql = "SELECT kind, guid, label, mapping, from_mapping, before, after, why, why_detail FROM plan_change
                       WHERE plan_id = ?1 AND kind <> 'refresh' ORDER BY id LIMIT ?3 OFFSET ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![plan, number(offset), number(limit)])?;
            let mut changes = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                let kind = cells.text()?;
                let guid = Guid(cells.next()?);
                let (label, mapping, from) = (cells.text()?, cells.parsed()?, cells.parsed_if()?);
                let before = values(&mut cells, guid)?;
                let after = values(&mut cells, guid)?;
                let change = match (kind.as_str(), before, after) {
                    ("come", ..) => Change::Come,
                    ("change", Some(before), Some(after)) => Change::Change(difference(&before, &after)),
                    _ => Change::Leave(reason::read_left(&mut cells)?),
                };
                changes.push(PlannedChange { guid, label: Untrusted::new(label), mapping, from, change });
            }
            Ok(changes)
        })
    }

    /// Whom a plan leaves out, from the `offset`th on, at most `limit`.
    pub fn plan_left_out(&self, plan: i64, offset: u64, limit: u64) -> Result<Vec<PlannedLeftOut>, Error> {
        self.read(|connection| {
            let sql = "SELECT guid, label, mapping, why, why_detail FROM plan_left_out WHERE plan_id = ?1
                       ORDER BY id LIMIT ?3 OFFSET ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![plan, number(offset), number(limit)])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Cells::of(row);
                all.push(PlannedLeftOut {
                    guid: Guid(cells.next()?),
                    label: Untrusted::new(cells.text()?),
                    mapping: cells.parsed()?,
                    why: reason::read_left_out(&mut cells)?,
                });
            }
            Ok(all)
        })
    }

    /// Applies a stored plan in one transaction, when `allowed` finds no fault with it.
    ///
    /// # Errors
    /// Those of `allowed`; [`Error::Drift`] when a user or a mapping that the plan names has changed since it was made;
    /// [`Error::Cancelled`]. After an error nothing has changed.
    pub fn apply_plan<E: From<Error>>(
        &self,
        id: i64,
        by: &By<'_>,
        job: &Job,
        allowed: impl FnOnce(&Summary) -> Result<(), E>,
    ) -> Result<Summary, E> {
        let mut refused = None;
        let result = self.write(|transaction| {
            let plan = summary(transaction, id)?.ok_or_else(|| Error::Unknown(format!("plan {id}")))?;
            if let Err(error) = allowed(&plan) {
                refused = Some(error);
                return Err(Error::Cancelled);
            }
            apply(transaction, &plan, by, job)?;
            summary(transaction, id)
        });
        if let Some(refused) = refused {
            return Err(refused);
        }
        let summary = result?.ok_or_else(|| Error::Unknown(format!("plan {id}")))?;
        Ok(summary)
    }
}

/// The values of a cell that holds a user's attributes.
fn values(cells: &mut Cells<'_, '_>, guid: Guid) -> Result<Option<User>, Error> {
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

fn summary(connection: &Connection, id: i64) -> Result<Option<Summary>, Error> {
    let sql = "SELECT made_at, hash, state, reasons, applied_at FROM plan WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::of(row);
    let (made_at, hash, state) = (cells.parsed()?, cells.text()?, cells.text()?);
    let reasons: Vec<Reason> = cells.json()?;
    let applied_at: Option<Timestamp> = cells.parsed_if()?;
    let tripped = |Reason { mapping, had, leaving, allowed }| Tripped { mapping, had, leaving, allowed };
    let state = match (applied_at, state.as_str()) {
        (Some(at), _) => State::Applied { at },
        (None, "stopped") => State::Stopped { reasons: reasons.into_iter().map(tripped).collect() },
        _ => State::Made,
    };
    let sql = "SELECT name, matched, come, change, leave, unchanged, left_out FROM plan_mapping WHERE plan_id = ?1
               ORDER BY position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let (mut per_mapping, mut counts) = (Vec::new(), Counts::default());
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let name = cells.parsed()?;
        let these = Counts {
            matched: cells.number()?,
            come: cells.number()?,
            change: cells.number()?,
            leave: cells.number()?,
            unchanged: cells.number()?,
            left_out: cells.number()?,
        };
        counts.matched += these.matched;
        counts.come += these.come;
        counts.change += these.change;
        counts.leave += these.leave;
        counts.unchanged += these.unchanged;
        counts.left_out += these.left_out;
        per_mapping.push((name, these));
    }
    Ok(Some(Summary { id, made_at, hash, counts, per_mapping, state }))
}

pub(super) fn save_mapping(
    transaction: &Transaction<'_>,
    plan: i64,
    scoped: &Scoped,
    counts: &Counts,
) -> Result<(), Error> {
    let sql = "INSERT INTO plan_mapping (plan_id, position, mapping_id, version, name, removed, matched, come, change,
                   leave, unchanged, left_out)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let Counts { matched, come, change, leave, unchanged, left_out } = *counts;
    let [matched, come, change, leave, unchanged, left_out] =
        [matched, come, change, leave, unchanged, left_out].map(number);
    let Scoped { position, id, version, name, removed, .. } = scoped;
    transaction.execute(
        sql,
        params![plan, position, id, version, name, removed, matched, come, change, leave, unchanged, left_out],
    )?;
    Ok(())
}

fn apply(transaction: &Transaction<'_>, plan: &Summary, by: &By<'_>, job: &Job) -> Result<(), Error> {
    mappings_stand(transaction, plan.id)?;
    let at = by.at.to_string();
    let sql =
        "SELECT kind, directory_id, guid, user_id, user_version, mapping_id, label, why, why_detail, hash, before,
                   after
               FROM plan_change WHERE plan_id = ?1 ORDER BY id";
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([plan.id])?;
    let of = plan.counts.come + plan.counts.change + plan.counts.leave;
    let mut done = 0_u64;
    while let Some(row) = rows.next()? {
        if done.is_multiple_of(1_000) {
            if job.is_cancelled() {
                return Err(Error::Cancelled);
            }
            job.report(Progress { what: "applying changes", done: done.min(of), of: Some(of), rate: None });
        }
        done += 1;
        let line = Line::read(row)?;
        if !line.apply(transaction, &at)? {
            return Err(Error::Drift { what: format!("the user \"{}\"", line.label) });
        }
    }
    let sql = "UPDATE plan SET state = 'applied', applied_at = ?2, applied_by = ?3 WHERE id = ?1";
    transaction.execute(sql, params![plan.id, at, by.actor.0.raw()])?;
    if of == 0 {
        return Ok(());
    }
    let Counts { come, change, leave, .. } = plan.counts;
    let detail = format!("{come} came, {change} changed, {leave} left; hash {}", plan.hash);
    audit::append(transaction, by, &format!("plan {}", plan.id), &detail)
}

/// The mappings that the plan is about are still those of now, in the same order.
fn mappings_stand(transaction: &Transaction<'_>, plan: i64) -> Result<(), Error> {
    let sql = "SELECT mapping_id, version, removed FROM plan_mapping WHERE plan_id = ?1 ORDER BY position";
    let mut statement = transaction.prepare(sql)?;
    let planned = statement.query_map([plan], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let planned = planned.collect::<Result<Vec<(i64, i64, bool)>, _>>()?;
    let now: Vec<_> = scope(transaction)?.iter().map(|of| (of.id, of.version, of.removed)).collect();
    if planned == now { Ok(()) } else { Err(Error::Drift { what: "the mappings".to_owned() }) }
}

/// One line of a plan, with what is needed to apply it.
struct Line {
    kind: String,
    directory: i64,
    guid: [u8; 16],
    user: Option<(i64, i64)>,
    mapping: i64,
    label: String,
    why: Option<String>,
    why_detail: Option<String>,
    hash: Vec<u8>,
    before: Option<String>,
    after: Option<String>,
}

impl Line {
    fn read(row: &rusqlite::Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            kind: row.get(0)?,
            directory: row.get(1)?,
            guid: row.get(2)?,
            user: row.get::<_, Option<i64>>(3)?.zip(row.get(4)?),
            mapping: row.get(5)?,
            label: row.get(6)?,
            why: row.get(7)?,
            why_detail: row.get(8)?,
            hash: row.get(9)?,
            before: row.get(10)?,
            after: row.get(11)?,
        })
    }

    /// False when the user is not as the plan found them.
    fn apply(&self, transaction: &Transaction<'_>, at: &str) -> Result<bool, Error> {
        let decoded = |json: Option<&String>| -> Result<Option<User>, Error> {
            let wrong = || Error::Unfit { what: self.label.clone(), why: "the plan's values cannot be read" };
            json.map(|json| attributes::user(Guid(self.guid), json).ok_or_else(wrong)).transpose()
        };
        match (self.kind.as_str(), self.user, &self.after) {
            ("leave", Some((id, version)), _) => {
                let sql = "UPDATE user SET state = 'left', left_at = ?3, left_why = ?4, left_detail = ?5,
                               version = version + 1
                           WHERE id = ?1 AND version = ?2";
                let mut update = transaction.prepare_cached(sql)?;
                Ok(update.execute(params![id, version, at, self.why, self.why_detail])? == 1)
            }
            ("refresh", Some((id, version)), Some(after)) => {
                let sql = "UPDATE user SET attributes = ?3, version = version + 1 WHERE id = ?1 AND version = ?2";
                Ok(transaction.prepare_cached(sql)?.execute(params![id, version, after])? == 1)
            }
            (_, Some((id, version)), Some(after)) => {
                let sql = "UPDATE user SET state = 'active', left_at = NULL, left_why = NULL, left_detail = NULL,
                               mapping_id = ?3, hash = ?4, label = ?5, attributes = ?6, version = version + 1
                           WHERE id = ?1 AND version = ?2";
                let mut update = transaction.prepare_cached(sql)?;
                if update.execute(params![id, version, self.mapping, self.hash, self.label, after])? == 0 {
                    return Ok(false);
                }
                if let Some(after) = decoded(Some(after))? {
                    save_names(transaction, id, decoded(self.before.as_ref())?.as_ref(), &after)?;
                }
                Ok(true)
            }
            (_, None, Some(after)) => {
                let sql = "INSERT INTO user (directory_id, guid, state, mapping_id, version, came_at, hash, label,
                               attributes)
                           VALUES (?1, ?2, 'active', ?3, 1, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
                let mut insert = transaction.prepare_cached(sql)?;
                let cells = params![self.directory, self.guid, self.mapping, at, self.hash, self.label, after];
                if insert.execute(cells)? == 0 {
                    return Ok(false);
                }
                let id = transaction.last_insert_rowid();
                if let Some(after) = decoded(Some(after))? {
                    save_names(transaction, id, None, &after)?;
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
