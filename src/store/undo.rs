//! Undo: a plan that reverses an applied one, made from what that plan kept, without asking a directory.
//!
//! It removes the users whom the plan added, restores the values of those whom it updated, and adds those whom it
//! removed. Values are copied, so that each plan can be deleted on its own.

use std::collections::HashMap;

use rusqlite::{Row, Transaction, named_params, params};

use super::cells::Cells;
use super::plan_scope::{Scoped, scope};
use super::staging::{prune, settle};
use super::{By, Error, MappingChanges, Store, attributes};
use crate::model::plan::{Summary, Tripped};
use crate::model::user::{Guid, User};

/// A line of the plan that is undone, and its user as cached now.
struct Line {
    kind: String,
    directory: i64,
    guid: Guid,
    mapping: i64,
    from: Option<String>,
    label: String,
    why: Option<String>,
    hash: Vec<u8>,
    after: Option<i64>,
    before_attributes: Option<String>,
    now: Option<Now>,
}

struct Now {
    id: i64,
    version: i64,
    active: bool,
    mapping: i64,
    hash: Vec<u8>,
    operational: Vec<u8>,
    removed_why: Option<String>,
    label: String,
    values: i64,
    attributes: String,
}

const LINES: &str = "
    SELECT c.kind, c.directory_id, c.guid, c.mapping_id, c.from_mapping, c.label, c.why, c.hash, c.after_id,
        b.attributes, u.id, u.version, u.state, u.mapping_id, u.hash, u.operational, u.removed_why, u.label, u.values_id,
        v.attributes
    FROM plan_change c LEFT JOIN user_values b ON b.id = c.before_id
    LEFT JOIN cached_user u ON u.directory_id = c.directory_id AND u.guid = c.guid
    LEFT JOIN user_values v ON v.id = u.values_id
    WHERE c.plan_id = ?1 ORDER BY c.id";

impl Store {
    /// Stores a plan that undoes the applied plan `of`. `safeguard` returns what is suspicious in it.
    ///
    /// # Errors
    /// [`Error::Drift`] names a user or mapping that changed since `of` was applied.
    pub fn plan_undo(
        &self,
        of: i64,
        by: &By<'_>,
        safeguard: impl FnOnce(&[MappingChanges]) -> Vec<Tripped>,
    ) -> Result<Summary, Error> {
        let id = self.write(|transaction| {
            let mut scope = scope(transaction)?;
            prune(transaction, by.at)?;
            let sql = "INSERT INTO plan (made_at, made_by, hash, state, reasons, undoes)
                       VALUES (?1, ?2, '', 'made', '[]', ?3)";
            transaction.execute(sql, params![by.at.to_string(), by.actor.0.raw(), of])?;
            let plan = transaction.last_insert_rowid();
            let mut drifted: Option<(String, u64)> = None;
            let mut statement = transaction.prepare(LINES)?;
            let mut rows = statement.query([of])?;
            while let Some(row) = rows.next()? {
                let line = Line::of(row)?;
                if !take_back(transaction, (plan, of), &line, &scope)? {
                    let (_, others) = drifted.get_or_insert((line.label, 0));
                    *others += 1;
                }
            }
            if let Some((label, users)) = drifted {
                let others = match users - 1 {
                    0 => String::new(),
                    1 => " and one other".to_owned(),
                    others => format!(" and {others} others"),
                };
                return Err(Error::Drift { what: format!("the user \"{label}\"{others}") });
            }
            for scoped in &mut scope {
                scoped.matched = stay(transaction, plan, scoped)?;
            }
            settle(transaction, plan, &scope, HashMap::default(), safeguard)?;
            Ok(plan)
        })?;
        self.plan(id)?.ok_or_else(|| Error::Unknown(format!("plan {id}")))
    }
}

impl Line {
    fn of(row: &Row<'_>) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        Ok(Self {
            kind: cells.text()?,
            directory: cells.next()?,
            guid: Guid(cells.next()?),
            mapping: cells.next()?,
            from: cells.next()?,
            label: cells.text()?,
            why: cells.next()?,
            hash: cells.next()?,
            after: cells.next()?,
            before_attributes: cells.next()?,
            now: match cells.next::<Option<i64>>()? {
                None => None,
                Some(id) => Some(Now {
                    id,
                    version: cells.next()?,
                    active: cells.text()? == "active",
                    mapping: cells.next()?,
                    hash: cells.next()?,
                    operational: cells.next()?,
                    removed_why: cells.next()?,
                    label: cells.text()?,
                    values: cells.next()?,
                    attributes: cells.text()?,
                }),
            },
        })
    }

    /// Whether the user is still as the plan left them. Operational attributes do not count.
    fn still(&self) -> Option<&Now> {
        let now = self.now.as_ref()?;
        let same = match self.kind.as_str() {
            "removed" => !now.active && now.removed_why == self.why && now.hash == self.hash,
            _ => now.active && now.hash == self.hash && now.mapping == self.mapping,
        };
        same.then_some(now)
    }
}

/// Adds the line that undoes `line`; false when its user changed since.
fn take_back(
    transaction: &Transaction<'_>,
    (plan, of): (i64, i64),
    line: &Line,
    scope: &[Scoped],
) -> Result<bool, Error> {
    if line.kind == "refresh" {
        return refresh(transaction, plan, line).map(|()| true);
    }
    let Some(now) = line.still() else { return Ok(false) };
    let scoped = |wanted: &dyn Fn(&Scoped) -> bool| scope.iter().find(|scoped| !scoped.removed && wanted(scoped));
    let here = scoped(&|scoped| scoped.id == line.mapping);
    let mapping = match &line.from {
        Some(name) => scoped(&|scoped| scoped.name == *name),
        None => here,
    };
    let Some(mapping) = mapping else {
        let name = line.from.clone().map_or_else(|| name_of(transaction, line.mapping), Ok)?;
        return Err(Error::Drift { what: format!("the mapping \"{name}\"") });
    };
    let change = match line.kind.as_str() {
        "added" => Taken { undone: Some(of), ..Taken::of("removed", mapping, now) },
        "removed" => {
            let after = copy(transaction, &now.attributes)?;
            let operational = Some(now.operational.clone());
            Taken { operational, values: Some((now.values, after)), ..Taken::of("added", mapping, now) }
        }
        _ => {
            let before = before(line)?;
            Taken {
                from: here.filter(|here| here.id != mapping.id).map(|here| here.name.clone()),
                label: before.label(),
                hash: attributes::hash(&before, false).to_vec(),
                ..Taken::of("updated", mapping, now).to(transaction, line, &before, now)?
            }
        }
    };
    change.insert(transaction, plan, line, now).map(|()| true)
}

/// Operational attributes are restored too, unless they were read again since.
fn refresh(transaction: &Transaction<'_>, plan: i64, line: &Line) -> Result<(), Error> {
    let Some(now) = line.now.as_ref().filter(|now| now.active && Some(now.values) == line.after) else {
        return Ok(());
    };
    let mapping = (now.mapping, name_of(transaction, now.mapping)?);
    let change = Taken::of_mapping("refresh", mapping, now).to(transaction, line, &before(line)?, now)?;
    change.insert(transaction, plan, line, now)
}

/// A line that undoes another: its effect on the user as cached now.
struct Taken {
    kind: &'static str,
    mapping: (i64, String),
    from: Option<String>,
    label: String,
    /// The plan that is undone, when it is why the user is removed.
    undone: Option<i64>,
    hash: Vec<u8>,
    operational: Option<Vec<u8>>,
    /// The values as they are, and as they will be.
    values: Option<(i64, i64)>,
}

impl Taken {
    fn of(kind: &'static str, mapping: &Scoped, now: &Now) -> Self {
        Self::of_mapping(kind, (mapping.id, mapping.name.clone()), now)
    }

    fn of_mapping(kind: &'static str, mapping: (i64, String), now: &Now) -> Self {
        let (label, hash) = (now.label.clone(), now.hash.clone());
        Self { kind, mapping, from: None, label, undone: None, hash, operational: None, values: None }
    }

    /// The values from before the plan are restored.
    fn to(self, transaction: &Transaction<'_>, line: &Line, before: &User, now: &Now) -> Result<Self, Error> {
        let after = copy(transaction, line.before_attributes.as_deref().unwrap_or_default())?;
        let operational = Some(attributes::hash(before, true).to_vec());
        Ok(Self { operational, values: Some((now.values, after)), ..self })
    }

    fn insert(&self, transaction: &Transaction<'_>, plan: i64, line: &Line, now: &Now) -> Result<(), Error> {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO plan_change (plan_id, kind, directory_id, guid, user_id, user_version, mapping_id, mapping,
                 from_mapping, label, why, why_detail, hash, operational, before_id, after_id)
             VALUES (:plan, :kind, :directory, :guid, :user, :version, :mapping, :name,
                 :from, :label, :why, :detail, :hash, :operational, :before, :after)",
        )?;
        insert.execute(named_params! {
            ":plan": plan,
            ":kind": self.kind,
            ":directory": line.directory,
            ":guid": line.guid.0,
            ":user": now.id,
            ":version": now.version,
            ":mapping": self.mapping.0,
            ":name": self.mapping.1,
            ":from": self.from,
            ":label": self.label,
            ":why": self.undone.map(|_| "undone"),
            ":detail": self.undone.map(|plan| plan.to_string()),
            ":hash": self.hash,
            ":operational": self.operational,
            ":before": self.values.map(|(before, _)| before),
            ":after": self.values.map(|(_, after)| after),
        })?;
        Ok(())
    }
}

fn before(line: &Line) -> Result<User, Error> {
    let user = line.before_attributes.as_deref().and_then(|json| attributes::user(line.guid, json));
    let what = || format!("the user \"{}\"", line.label);
    user.ok_or_else(|| Error::Unfit { what: what(), why: "the values from before the plan were deleted" })
}

fn copy(transaction: &Transaction<'_>, attributes: &str) -> Result<i64, Error> {
    transaction.prepare_cached("INSERT INTO user_values (attributes) VALUES (?1)")?.execute([attributes])?;
    Ok(transaction.last_insert_rowid())
}

fn name_of(transaction: &Transaction<'_>, mapping: i64) -> Result<String, Error> {
    let mut statement = transaction.prepare_cached("SELECT coalesce((SELECT name FROM mapping WHERE id = ?1), ?1)")?;
    Ok(statement.query_row([mapping], |row| row.get::<_, rusqlite::types::Value>(0)).map(|value| match value {
        rusqlite::types::Value::Text(name) => name,
        _ => format!("number {mapping}"),
    })?)
}

/// How many users a mapping has once the plan is applied.
fn stay(transaction: &Transaction<'_>, plan: i64, scoped: &Scoped) -> Result<u64, Error> {
    let sql = "SELECT (SELECT count(*) FROM cached_user WHERE mapping_id = ?2 AND state = 'active')
        - (SELECT count(*) FROM plan_change WHERE plan_id = ?1 AND kind = 'removed' AND mapping_id = ?2)
        - (SELECT count(*) FROM plan_change WHERE plan_id = ?1 AND kind = 'updated' AND from_mapping = ?3)
        + (SELECT count(*) FROM plan_change WHERE plan_id = ?1 AND kind = 'added' AND mapping_id = ?2)
        + (SELECT count(*) FROM plan_change WHERE plan_id = ?1 AND kind = 'updated' AND mapping_id = ?2
               AND from_mapping IS NOT NULL)";
    let count: i64 =
        transaction.prepare_cached(sql)?.query_row(params![plan, scoped.id, scoped.name], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
