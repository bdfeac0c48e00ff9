//! Users whom several mappings match, from the plan of the last reading.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::plan_scope::scope;
use super::{Error, Store};
use crate::model::name::Name;
use crate::model::priority::{Move, Overlap, Reordered};
use crate::model::text::Untrusted;

/// How many of the users who would move are named.
const SAMPLE: usize = 5;

/// A user whom several mappings match.
struct Matched {
    /// Directory and GUID.
    user: (i64, [u8; 16]),
    label: String,
    /// The mappings, by name.
    by: Vec<String>,
}

impl Store {
    /// How many users several mappings match, by the last reading; empty when the mappings were changed since.
    pub fn overlaps(&self) -> Result<Vec<Overlap>, Error> {
        self.read(|connection| {
            let Some((plan, _)) = reading(connection)? else { return Ok(Vec::new()) };
            let sql = "SELECT why_detail, mapping, count(*) FROM plan_excluded
                       WHERE plan_id = ?1 AND why = 'taken-by' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([plan])?;
            let mut overlaps = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = super::cells::Cells::of(row);
                let (taken_by, also_matched_by) = (cells.parsed()?, cells.parsed()?);
                overlaps.push(Overlap { taken_by, also_matched_by, users: cells.number()? });
            }
            Ok(overlaps)
        })
    }

    /// The users who would move to another mapping in this order of the mappings (those that are not named come last);
    /// `None` when the mappings were changed since they were last read.
    pub fn reordered(&self, order: &[Name]) -> Result<Option<Reordered>, Error> {
        self.read(|connection| {
            let Some((plan, read_at)) = reading(connection)? else { return Ok(None) };
            let now: Vec<String> = scope(connection)?.into_iter().map(|of| of.name).collect();
            let wanted = |name: &String| order.iter().position(|other| other.as_str() == name).unwrap_or(order.len());
            let mut then: Vec<&String> = now.iter().collect();
            then.sort_by_key(|name| wanted(name));
            // By name: the place now and the place then.
            let places: HashMap<&str, (usize, usize)> = now
                .iter()
                .enumerate()
                .map(|(at, name)| {
                    let then = then.iter().position(|other| *other == name).unwrap_or(at);
                    (name.as_str(), (at, then))
                })
                .collect();
            let mut moves: HashMap<(String, String), (u64, Vec<Untrusted>)> = HashMap::new();
            let mut settle = |matched: &Matched| {
                let known = || matched.by.iter().filter_map(|name| Some((name, places.get(name.as_str())?)));
                let before = known().min_by_key(|(_, (now, _))| *now);
                let after = known().min_by_key(|(_, (_, then))| *then);
                if let (Some((before, _)), Some((after, _))) = (before, after)
                    && before != after
                {
                    let (users, sample) = moves.entry((before.clone(), after.clone())).or_default();
                    *users += 1;
                    if sample.len() < SAMPLE {
                        sample.push(Untrusted::new(matched.label.as_str()));
                    }
                }
            };
            let sql = "SELECT directory_id, guid, label, mapping, why_detail FROM plan_excluded
                       WHERE plan_id = ?1 AND why = 'taken-by' ORDER BY directory_id, guid";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([plan])?;
            let mut one: Option<Matched> = None;
            while let Some(row) = rows.next()? {
                let user = (row.get(0)?, row.get(1)?);
                let (label, mapping, first): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
                match &mut one {
                    Some(same) if same.user == user => same.by.push(mapping),
                    _ => {
                        if let Some(before) = one.replace(Matched { user, label, by: vec![first, mapping] }) {
                            settle(&before);
                        }
                    }
                }
            }
            if let Some(last) = one {
                settle(&last);
            }
            let name = |text: &str| Name::new(text).map_err(|_| Error::Unknown(format!("mapping \"{text}\"")));
            let moves = moves.into_iter().map(|((from, to), (users, sample))| {
                Ok(Move { from: name(&from)?, to: name(&to)?, users, sample, gets: Vec::new() })
            });
            let mut moves = moves.collect::<Result<Vec<_>, Error>>()?;
            moves.sort_by(|a, b| b.users.cmp(&a.users).then_with(|| a.from.cmp(&b.from)).then_with(|| a.to.cmp(&b.to)));
            Ok(Some(Reordered { read_at, moves }))
        })
    }
}

/// The newest plan that was made by reading the mappings as they are now, in whatever order.
fn reading(connection: &Connection) -> Result<Option<(i64, Timestamp)>, Error> {
    let sql = "SELECT id, made_at FROM plan WHERE undoes IS NULL ORDER BY id DESC LIMIT 1";
    let newest = connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    let Some((plan, made_at)) = newest.optional()? else { return Ok(None) };
    let sql = "SELECT mapping_id, version FROM plan_mapping WHERE plan_id = ?1 AND NOT is_removed ORDER BY mapping_id";
    let mut statement = connection.prepare_cached(sql)?;
    let read = statement.query_map([plan], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let read = read.collect::<Result<Vec<(i64, i64)>, _>>()?;
    let scope = scope(connection)?;
    let mut now: Vec<(i64, i64)> = scope.iter().filter(|of| !of.removed).map(|of| (of.id, of.version)).collect();
    now.sort_unstable();
    Ok((read == now).then(|| made_at.parse().ok()).flatten().map(|at| (plan, at)))
}
