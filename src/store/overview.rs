//! Reads the overview from stored counts and indexes. It never reads every user, every laptop or every audit row.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::cells::Cells;
use super::count::{counters, day};
use super::{Error, Store, audit, document, plan, preserve, service_lock};
use crate::model::account::Kept;
use crate::model::alarm::WAITING_DAYS;
use crate::model::name::Name;
use crate::model::overview::{Bytes, Chain, Day, Failed, Promised, Read, ServiceSeen, Stages, Stopped};
use crate::model::settings::Settings;
use crate::model::size::Size;

/// The numbers of the overview, at one moment.
#[derive(Debug, Clone)]
pub struct Numbers {
    pub stages: Stages,
    pub days: Vec<Day>,
    pub refused_for: Vec<(String, u64)>,
    pub directories: Vec<Read>,
    pub last_sync: Option<Timestamp>,
    pub failed: Option<Failed>,
    pub stopped: Option<Stopped>,
    pub storages: Vec<Promised>,
    pub service: Option<ServiceSeen>,
    pub accounts: Kept,
    pub audit: Chain,
}

impl Store {
    /// The numbers of the overview, with a series of `days` days, today included. A stopped plan may be approved for
    /// `good_for`.
    pub fn numbers(&self, now: Timestamp, days: usize, good_for: SignedDuration) -> Result<Numbers, Error> {
        self.read(|connection| {
            let stages = stages(connection, now)?;
            let days = self::days(connection, now, days, stages.cached)?;
            let since = days.first().map_or_else(|| day(now), |first| first.day.to_string());
            let last_sync = plan::last_read(connection)?;
            let failed =
                service_lock::failed_sync(connection)?.filter(|failed| last_sync.is_none_or(|at| at < failed.at));
            Ok(Numbers {
                stages,
                refused_for: refused_for(connection, &since)?,
                days,
                directories: directories(connection)?,
                last_sync,
                failed,
                stopped: stopped(connection, good_for)?,
                storages: storages(connection)?,
                service: service_lock::service_seen(connection)?,
                accounts: preserve::kept(connection, now)?,
                audit: audit::glance(connection)?,
            })
        })
    }
}

impl Store {
    /// How many requests were refused on the last days, today included, by reason, the most frequent first.
    pub fn refused_on(&self, days: i64, now: Timestamp) -> Result<Vec<(String, u64)>, Error> {
        let first = now.checked_sub(SignedDuration::from_hours(24 * (days - 1))).unwrap_or(now);
        self.read(|connection| refused_for(connection, &day(first)))
    }
}

pub(super) fn stages(connection: &Connection, now: Timestamp) -> Result<Stages, Error> {
    let number = |sql: &str| -> Result<u64, Error> {
        let count: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        Ok(count.unwrap_or(0).unsigned_abs())
    };
    let mut stages = Stages {
        cached: number("SELECT coalesce(sum(users), 0) FROM user_count WHERE state = 'active'")?,
        accounts: number("SELECT count FROM counter WHERE metric = 'account'")?,
        activated: number("SELECT count FROM counter WHERE metric = 'device' AND label = 'activated'")?,
        ..Stages::default()
    };
    for (why, laptops) in counters(connection, "waiting")? {
        stages.waiting += laptops;
        stages.refused += if why.is_empty() { 0 } else { laptops };
        stages.over_limit += if why == "device-limit" { laptops } else { 0 };
    }
    let excluded = excluded(connection)?;
    for (_, why) in &excluded {
        // A user who belongs to an earlier mapping is counted there.
        let out: u64 = why.iter().filter(|(code, _)| *code != "taken-by").map(|(_, users)| users).sum();
        stages.excluded += out;
    }
    let matched = "SELECT coalesce(sum(matched), 0) FROM plan_mapping WHERE plan_id = (
        SELECT max(id) FROM plan WHERE state = 'applied' AND undoes IS NULL)";
    let twice: u64 = excluded.iter().filter_map(|(_, why)| why.get("taken-by")).sum();
    stages.matched = number(matched)?.saturating_sub(twice);
    let before = now.checked_sub(SignedDuration::from_hours(24 * WAITING_DAYS)).unwrap_or(now).to_string();
    let sql = "SELECT count(*) FROM device WHERE state = 'pending' AND enrolled_at < ?1";
    let long: i64 = connection.prepare_cached(sql)?.query_row([before], |row| row.get(0))?;
    stages.waiting_long = long.unsigned_abs();
    for (profile, limit) in limits(connection)? {
        let sql = "SELECT count(*) FROM account WHERE profile_id = ?1 AND laptops > ?2";
        let beyond: i64 = connection.prepare_cached(sql)?.query_row([profile, limit], |row| row.get(0))?;
        stages.beyond_limit += beyond.unsigned_abs();
    }
    Ok(stages)
}

/// How many laptops each user of a profile may have, by the number of the profile.
pub(super) fn limits(connection: &Connection) -> Result<Vec<(i64, i64)>, Error> {
    let settings = document::get::<Settings>(connection)?.map(|kept| kept.value).unwrap_or_default();
    let mut statement = connection.prepare_cached("SELECT id, coalesce(devices_per_user, ?1) FROM profile")?;
    let rows = statement.query_map([settings.devices_per_user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A mapping, and how many of those whom it matched are excluded, by reason.
type Excluded = (Name, BTreeMap<String, u64>);

/// How many users the last reading excluded for each reason, by mapping.
pub(super) fn excluded(connection: &Connection) -> Result<Vec<Excluded>, Error> {
    let sql = "SELECT name, excluded_why FROM plan_mapping WHERE plan_id = (
                   SELECT max(id) FROM plan WHERE state = 'applied' AND undoes IS NULL) ORDER BY position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push((cells.parsed()?, cells.json()?));
    }
    Ok(all)
}

/// The last days, today included. `cached` is the number of users now.
pub(super) fn days(connection: &Connection, now: Timestamp, days: usize, cached: u64) -> Result<Vec<Day>, Error> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let empty = |day: Date| Day { day, cached: 0, added: 0, removed: 0, enrolled: 0, activated: 0, refused: 0 };
    let mut all = vec![empty(today)];
    while all.len() < days
        && let Ok(before) = all[all.len() - 1].day.yesterday()
    {
        all.push(empty(before));
    }
    all.reverse();
    let sql = "SELECT day, metric, sum(count) FROM day WHERE day >= ?1 GROUP BY day, metric";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([all[0].day.to_string()])?;
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let (day, metric, count): (Date, String, u64) = (cells.parsed()?, cells.text()?, cells.number()?);
        let Some(of) = all.iter_mut().find(|one| one.day == day) else { continue };
        match metric.as_str() {
            "added" => of.added = count,
            "removed" => of.removed = count,
            "enrolled" => of.enrolled = count,
            "activated" => of.activated = count,
            _ => of.refused = count,
        }
    }
    let mut then = cached;
    for of in all.iter_mut().rev() {
        of.cached = then;
        then = (then + of.removed).saturating_sub(of.added);
    }
    Ok(all)
}

/// How many requests were refused from that day on, by reason, the most frequent first.
pub(super) fn refused_for(connection: &Connection, since: &str) -> Result<Vec<(String, u64)>, Error> {
    let sql =
        "SELECT label, sum(count) FROM day WHERE day >= ?1 AND metric = 'refused' GROUP BY label ORDER BY 2 DESC, 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([since])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push((cells.text()?, cells.number()?));
    }
    Ok(all)
}

fn directories(connection: &Connection) -> Result<Vec<Read>, Error> {
    let sql = "SELECT d.name, s.at, (SELECT coalesce(sum(t.users), 0) FROM mapping m JOIN user_count t
                   ON t.mapping_id = m.id AND t.state = 'active' WHERE m.directory_id = d.id)
               FROM directory d LEFT JOIN directory_read s ON s.directory_id = d.id ORDER BY d.name_key";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push(Read { name: cells.parsed()?, at: cells.parsed_if()?, users: cells.number()? });
    }
    Ok(all)
}

/// The newest plan, when the safeguard stopped it.
fn stopped(connection: &Connection, good_for: SignedDuration) -> Result<Option<Stopped>, Error> {
    let newest: Option<i64> = connection.query_row("SELECT max(id) FROM plan", [], |row| row.get(0))?;
    let Some(newest) = newest else { return Ok(None) };
    let plan = plan::summary(connection, newest)?;
    Ok(plan.filter(|plan| matches!(plan.state, crate::model::plan::State::Stopped { .. })).map(|plan| Stopped {
        plan: plan.id,
        made_at: plan.made_at,
        removed: plan.counts.removed,
        until: plan.made_at.checked_add(good_for).unwrap_or(Timestamp::MAX),
    }))
}

/// How much each storage has to hold when every user uses the full quota. Users have the quota of their mapping, else
/// of its profile; the preserved account of a removed user keeps its own.
fn storages(connection: &Connection) -> Result<Vec<Promised>, Error> {
    let sql = "SELECT s.name, s.capacity, u.quota, coalesce(u.users, 0) FROM storage s LEFT JOIN (
                   SELECT m.storage_id, coalesce(m.quota, p.quota, 0) AS quota, t.users
                   FROM user_count t JOIN mapping m ON m.id = t.mapping_id JOIN profile p ON p.id = m.profile_id
                   WHERE t.state = 'active'
                   UNION ALL
                   SELECT storage_id, coalesce(quota, 0), count(*) FROM account WHERE preserved_at IS NOT NULL
                       AND preserved_why = 'removed' GROUP BY storage_id, quota
               ) u ON u.storage_id = s.id ORDER BY s.name_key";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut all: Vec<Promised> = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let (name, capacity): (Name, Option<u64>) = (cells.parsed()?, cells.number_if()?);
        let (quota, users): (Option<u64>, u64) = (cells.number_if()?, cells.number()?);
        if all.last().is_none_or(|last| last.name != name) {
            let capacity = capacity.map(Size::bytes);
            all.push(Promised { name, capacity, promised: Bytes(0), users: 0, unlimited: 0 });
        }
        let Some(last) = all.last_mut() else { continue };
        last.users += users;
        match quota {
            None | Some(0) => last.unlimited += users,
            Some(quota) => last.promised = Bytes(last.promised.0.saturating_add(quota.saturating_mul(users))),
        }
    }
    Ok(all)
}
