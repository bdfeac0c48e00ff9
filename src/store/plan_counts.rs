//! What a plan does to each mapping: the numbers on which the safeguard decides, and the evidence for the probable
//! cause.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{OptionalExtension, Transaction, params};

use super::plan_scope::Scoped;
use super::{Error, plan};
use crate::model::audit::Actor;
use crate::model::dn::Dn;
use crate::model::name::Name;
use crate::model::plan::Counts;
use crate::model::text::Untrusted;
use crate::model::user::Attribute;

/// What a plan would do to one mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingChanges {
    pub mapping: Name,
    pub counts: Counts,
    /// Its active users before the plan.
    pub had: u64,
    /// An administrator removed it while it still had users.
    pub removed: bool,
    /// Who changed it, and when, since the last plan that was applied.
    pub edited: Option<(Actor, jiff::Timestamp)>,
    /// How many are removed for each reason, by [`Removal::code`](crate::model::plan::Removal::code).
    pub leaving: BTreeMap<String, u64>,
    /// The attributes that users had and no longer have.
    pub lost: Vec<LostAttribute>,
    /// The mapping to which most of its users move.
    pub taken_over: Option<Name>,
    /// Where most of the users are who were moved out of the mapping's base.
    pub moved_to: Option<Untrusted>,
}

/// How many users of a mapping no longer have any value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostAttribute {
    pub attribute: Attribute,
    /// Of the removed users who were found.
    pub leaving: u64,
    /// Of the users who stay.
    pub staying: u64,
    /// How many users had a value before.
    pub had: u64,
}

/// Removed users who were found, with their present values.
const LOST_BY_LEAVING: &str = "
    SELECT c.mapping_id, k.key, count(*)
    FROM plan_change c JOIN cached_user u ON u.id = c.user_id JOIN user_values b ON b.id = u.values_id
    LEFT JOIN staged s ON s.directory_id = c.directory_id AND s.guid = c.guid
    LEFT JOIN confirmed f ON f.user_id = c.user_id
    JOIN json_each(b.attributes) k
    WHERE c.plan_id = ?1 AND c.kind = 'removed' AND coalesce(s.attributes, f.attributes) IS NOT NULL
        AND json_type(coalesce(s.attributes, f.attributes), '$.' || k.key) IS NULL
    GROUP BY 1, 2";

const LOST_BY_STAYING: &str = "
    SELECT c.mapping_id, k.key, count(*)
    FROM plan_change c JOIN user_values b ON b.id = c.before_id JOIN user_values a ON a.id = c.after_id
    JOIN json_each(b.attributes) k
    WHERE c.plan_id = ?1 AND c.kind = 'updated' AND json_type(a.attributes, '$.' || k.key) IS NULL
    GROUP BY 1, 2";

const HAD: &str = "
    SELECT count(*) FROM cached_user u JOIN user_values v ON v.id = u.values_id
    WHERE u.mapping_id = ?1 AND u.state = 'active' AND json_type(v.attributes, '$.' || ?2) IS NOT NULL";

/// Only plans that read the directories count: an undo does not depend on the mapping's filter.
const EDITED: &str = "
    SELECT m.changed_by, m.changed_at FROM mapping m
    WHERE m.id = ?1 AND m.version <> (
        SELECT pm.version FROM plan_mapping pm JOIN plan p ON p.id = pm.plan_id
        WHERE pm.mapping_id = m.id AND p.state = 'applied' AND p.undoes IS NULL ORDER BY p.id DESC LIMIT 1)";

/// The changes of `plan`, mapping by mapping, in the order of priority.
pub(super) fn mapping_changes(
    transaction: &Transaction<'_>,
    plan: i64,
    scope: &[Scoped],
    mut lost: HashMap<i64, Vec<LostAttribute>>,
) -> Result<Vec<MappingChanges>, Error> {
    let changes = grouped(
        transaction,
        "SELECT mapping_id, kind, count(*) FROM plan_change WHERE plan_id = ?1 GROUP BY 1, 2",
        plan,
    )?;
    let excluded = excluded(transaction, plan)?;
    let leaving = grouped(
        transaction,
        "SELECT mapping_id, why, count(*) FROM plan_change WHERE plan_id = ?1 AND kind = 'removed' GROUP BY 1, 2",
        plan,
    )?;
    let taken_over = grouped(
        transaction,
        "SELECT m.id, c.mapping, count(*) FROM plan_change c JOIN mapping m ON m.name = c.from_mapping
         WHERE c.plan_id = ?1 AND c.kind = 'updated' GROUP BY 1, 2",
        plan,
    )?;
    let moved = moved(transaction, plan)?;
    let mut all = Vec::with_capacity(scope.len());
    for scoped in scope {
        let change = |kind: &str| changes.get(&(scoped.id, kind.to_owned())).copied().unwrap_or(0);
        let had = count(
            transaction,
            "SELECT count(*) FROM cached_user WHERE mapping_id = ?1 AND state = 'active'",
            scoped.id,
        )?;
        let matched = scoped.matched;
        let why = excluded.get(&scoped.name).cloned().unwrap_or_default();
        let (out, taken) = (why.values().sum::<u64>(), why.get("taken-by").copied().unwrap_or(0));
        let counts = Counts {
            matched,
            added: change("added"),
            updated: change("updated"),
            removed: change("removed"),
            unchanged: matched.saturating_sub(out + change("added") + change("updated")),
            excluded: out - taken,
            taken,
        };
        plan::save_mapping(transaction, plan, scoped, &counts, &why)?;
        let mapping = Name::new(&scoped.name).map_err(|_| Error::Unknown(format!("mapping {}", scoped.id)))?;
        let of_this = |all: &HashMap<(i64, String), u64>| -> BTreeMap<String, u64> {
            all.iter()
                .filter(|((id, _), _)| *id == scoped.id)
                .map(|((_, what), users)| (what.clone(), *users))
                .collect()
        };
        let taken_over = of_this(&taken_over).into_iter().max_by_key(|(_, users)| *users);
        let edited = transaction
            .prepare_cached(EDITED)?
            .query_row([scoped.id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let edited = edited.optional()?.and_then(|(by, at)| Some((Actor::new(by), at.parse().ok()?)));
        all.push(MappingChanges {
            mapping,
            counts,
            had,
            removed: scoped.removed,
            edited,
            leaving: of_this(&leaving),
            lost: lost.remove(&scoped.id).unwrap_or_default(),
            taken_over: taken_over.and_then(|(name, _)| Name::new(&name).ok()),
            moved_to: moved.get(&scoped.id).cloned(),
        });
    }
    Ok(all)
}

/// How many users of each mapping are excluded, by [`Excluded::code`](crate::model::plan::Excluded::code). A user
/// belongs to the first mapping that matches, even when excluded there, so that each user is counted once.
fn excluded(transaction: &Transaction<'_>, plan: i64) -> Result<HashMap<String, BTreeMap<String, u64>>, Error> {
    let sql = "SELECT mapping, iif(nth = 1, why, 'taken-by') AS reason, count(*) FROM (
                   SELECT mapping, why, row_number() OVER (PARTITION BY directory_id, guid ORDER BY id) AS nth
                   FROM plan_excluded WHERE plan_id = ?1) GROUP BY 1, 2";
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([plan])?;
    let mut all: HashMap<String, BTreeMap<String, u64>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (mapping, why, users): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        all.entry(mapping).or_default().insert(why, users.unsigned_abs());
    }
    Ok(all)
}

fn count(transaction: &Transaction<'_>, sql: &str, with: impl rusqlite::ToSql) -> Result<u64, Error> {
    let count: i64 = transaction.prepare_cached(sql)?.query_row([with], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn grouped(transaction: &Transaction<'_>, sql: &str, plan: i64) -> Result<HashMap<(i64, String), u64>, Error> {
    let mut statement = transaction.prepare(sql)?;
    let rows = statement.query_map([plan], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)?)))?;
    rows.map(|row| row.map(|(key, count)| (key, count.unsigned_abs())).map_err(Error::from)).collect()
}

/// The attributes that users lose by a plan that is being made, by the id of the mapping.
pub(super) fn lost_attributes(
    transaction: &Transaction<'_>,
    plan: i64,
) -> Result<HashMap<i64, Vec<LostAttribute>>, Error> {
    let leaving = grouped(transaction, LOST_BY_LEAVING, plan)?;
    let staying = grouped(transaction, LOST_BY_STAYING, plan)?;
    let mut keys: Vec<&(i64, String)> = leaving.keys().chain(staying.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut all: HashMap<i64, Vec<LostAttribute>> = HashMap::new();
    for key in keys {
        let Some(attribute) = Attribute::of_name(&key.1).filter(|attribute| !attribute.is_operational()) else {
            continue;
        };
        let of = |counts: &HashMap<(i64, String), u64>| counts.get(key).copied().unwrap_or(0);
        let had: i64 = transaction.prepare_cached(HAD)?.query_row(params![key.0, key.1], |row| row.get(0))?;
        let lost = LostAttribute { attribute, leaving: of(&leaving), staying: of(&staying), had: had.unsigned_abs() };
        all.entry(key.0).or_default().push(lost);
    }
    Ok(all)
}

/// The place to which most users of each mapping were moved.
fn moved(transaction: &Transaction<'_>, plan: i64) -> Result<HashMap<i64, Untrusted>, Error> {
    let sql = "SELECT mapping_id, why_detail FROM plan_change
               WHERE plan_id = ?1 AND kind = 'removed' AND why = 'moved-out'";
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([plan])?;
    let mut places: HashMap<(i64, String), u64> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (mapping, dn): (i64, String) = (row.get(0)?, row.get(1)?);
        let place = Dn::parent_of(&dn).unwrap_or(&dn).to_owned();
        *places.entry((mapping, place)).or_default() += 1;
    }
    let mut most: HashMap<i64, (u64, String)> = HashMap::new();
    for ((mapping, place), users) in places {
        let one = most.entry(mapping).or_default();
        *one = std::mem::take(one).max((users, place));
    }
    Ok(most.into_iter().map(|(mapping, (_, place))| (mapping, Untrusted::new(place))).collect())
}
