//! Applies a stored plan in one transaction, statement by statement over all its lines.
//!
//! Rows are written in the order of the tables' indexes, not of the directory, so that each page is written once,
//! whatever the number of users.

use rusqlite::{Transaction, params};

use super::name;
use super::plan::summary;
use super::plan_scope::scope;
use super::{By, Error, Store, audit, count, preserve};
use crate::model::job::{Job, Progress};
use crate::model::plan::{Counts, Summary};

impl Store {
    /// Applies a stored plan in one transaction, when `allowed` finds no fault with it.
    ///
    /// # Errors
    /// Those of `allowed`; [`Error::Drift`] when a user or a mapping that the plan names has changed since it was made;
    /// [`Error::Canceled`]. After an error nothing has changed.
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
                return Err(Error::Canceled);
            }
            apply(transaction, &plan, by, job)?;
            summary(transaction, id)
        });
        if let Some(refused) = refused {
            return Err(refused);
        }
        Ok(result?.ok_or_else(|| Error::Unknown(format!("plan {id}")))?)
    }
}

const REMOVE: &str = "
    UPDATE cached_user SET state = 'removed', removed_at = ?2, removed_why = c.why, removed_detail = c.why_detail,
        version = version + 1
    FROM plan_change c WHERE c.plan_id = ?1 AND c.kind = 'removed' AND cached_user.id = c.user_id";

/// Updated users, users who are added again, and those with other operational attributes.
const UPDATE_USERS: &str = "
    UPDATE cached_user SET state = 'active', removed_at = NULL, removed_why = NULL, removed_detail = NULL,
        mapping_id = c.mapping_id, hash = c.hash, operational = c.operational, label = c.label,
        values_id = c.after_id, version = version + 1
    FROM plan_change c
    WHERE c.plan_id = ?1 AND c.kind IN ('added', 'updated', 'refresh') AND cached_user.id = c.user_id";

const ADD: &str = "
    INSERT INTO cached_user (directory_id, guid, state, mapping_id, version, added_at, hash, operational, label, values_id)
    SELECT directory_id, guid, 'active', mapping_id, 1, ?2, hash, operational, label, after_id
    FROM plan_change WHERE plan_id = ?1 AND kind = 'added' AND user_id IS NULL
    ORDER BY directory_id, guid";

fn apply(transaction: &Transaction<'_>, plan: &Summary, by: &By<'_>, job: &Job) -> Result<(), Error> {
    check_mappings(transaction, plan.id)?;
    check_users(transaction, plan.id)?;
    let Counts { added, updated, removed, .. } = plan.counts;
    let of = added + updated + removed;
    let report = |done: u64| {
        job.report(Progress { of: Some(of), ..Progress::of("applying changes", done.min(of)) });
        if job.is_canceled() { Err(Error::Canceled) } else { Ok(()) }
    };
    report(0)?;
    // Before the rows of the users refer to the new values.
    name::forget(transaction, plan.id)?;
    let at = by.at.to_string();
    transaction.execute(REMOVE, params![plan.id, at])?;
    report(removed)?;
    transaction.execute(UPDATE_USERS, [plan.id])?;
    report(removed + updated)?;
    transaction.execute(ADD, params![plan.id, at])?;
    name::learn(transaction, plan.id, &mut |done| report(removed + done))?;
    let sql = "UPDATE plan SET state = 'applied', applied_at = ?2, applied_by = ?3 WHERE id = ?1";
    transaction.execute(sql, params![plan.id, at, by.actor.0.raw()])?;
    if of == 0 {
        return Ok(());
    }
    count::recount(transaction)?;
    count::on_day(transaction, "added", added, by.at)?;
    count::on_day(transaction, "removed", removed, by.at)?;
    let detail = format!("{added} added, {updated} updated, {removed} removed; hash {}", plan.hash);
    audit::append(transaction, by, &format!("plan {}", plan.id), &detail)?;
    preserve::follow(transaction, plan.id, by)
}

/// Fails when the mappings or their order changed since the plan was made.
fn check_mappings(transaction: &Transaction<'_>, plan: i64) -> Result<(), Error> {
    let sql = "SELECT mapping_id, version, is_removed FROM plan_mapping WHERE plan_id = ?1 ORDER BY position";
    let mut statement = transaction.prepare(sql)?;
    let planned = statement.query_map([plan], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let planned = planned.collect::<Result<Vec<(i64, i64, bool)>, _>>()?;
    let now: Vec<_> = scope(transaction)?.iter().map(|of| (of.id, of.version, of.removed)).collect();
    if planned == now { Ok(()) } else { Err(Error::Drift { what: "the mappings".to_owned() }) }
}

/// Fails when a user whom the plan changes was changed since, or one whom it adds is already cached.
fn check_users(transaction: &Transaction<'_>, plan: i64) -> Result<(), Error> {
    let sql = "SELECT c.label FROM plan_change c
               LEFT JOIN cached_user u ON u.directory_id = c.directory_id AND u.guid = c.guid
               WHERE c.plan_id = ?1 AND (u.id IS NOT c.user_id OR u.version IS NOT c.user_version) LIMIT 1";
    let mut statement = transaction.prepare(sql)?;
    match statement.query([plan])?.next()? {
        None => Ok(()),
        Some(row) => Err(Error::Drift { what: format!("the user \"{}\"", row.get::<_, String>(0)?) }),
    }
}
