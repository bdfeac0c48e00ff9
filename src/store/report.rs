//! Reads the report: the progress of each mapping's users, and which of them are stuck. It reads every account once.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::cells::Cells;
use super::count::counters;
use super::{Error, Store, overview};
use crate::model::alarm::WAITING_DAYS;
use crate::model::overview::{Day, Stages};
use crate::model::report::{Beyond, NAMED, OfMapping, Waiting};
use crate::model::text::Untrusted;

/// The numbers of a rollout, at one moment.
#[derive(Debug, Clone)]
pub struct Rollout {
    pub stages: Stages,
    pub mappings: Vec<OfMapping>,
    /// Activated laptops of users who belong to no mapping any more.
    pub others: u64,
    pub days: Vec<Day>,
    /// By reason, as are the next two.
    pub excluded: Vec<(String, u64)>,
    pub waiting: Vec<(String, u64)>,
    pub refused: Vec<(String, u64)>,
    pub longest: Vec<Waiting>,
    pub beyond: Vec<Beyond>,
}

impl Store {
    /// The rollout to date, and the last `days` days, today included.
    pub fn rollout(&self, now: Timestamp, days: usize) -> Result<Rollout, Error> {
        self.read(|connection| {
            let stages = overview::stages(connection, now)?;
            let days = overview::days(connection, now, days, stages.cached)?;
            let since = days.first().map(|first| first.day.to_string()).unwrap_or_default();
            let (mappings, others) = mappings(connection, stages.activated)?;
            Ok(Rollout {
                mappings,
                others,
                excluded: excluded(connection)?,
                waiting: counters(connection, "waiting")?,
                refused: overview::refused_for(connection, &since)?,
                longest: longest(connection, now)?,
                beyond: beyond(connection)?,
                stages,
                days,
            })
        })
    }
}

/// The mappings in the order of priority, and how many activated laptops belong to no user of a mapping.
fn mappings(connection: &Connection, activated: u64) -> Result<(Vec<OfMapping>, u64), Error> {
    let sql = "SELECT m.name, coalesce(t.users, 0), coalesce(a.started, 0), coalesce(a.laptops, 0) FROM mapping m
               LEFT JOIN user_count t ON t.mapping_id = m.id AND t.state = 'active'
               LEFT JOIN (
                   SELECT u.mapping_id, count(*) AS started, sum(a.laptops) AS laptops
                   FROM account a INDEXED BY account_user CROSS JOIN cached_user u ON u.directory_id = a.directory_id AND u.guid = a.guid
                   WHERE a.laptops > 0 AND u.state = 'active' GROUP BY u.mapping_id
               ) a ON a.mapping_id = m.id
               WHERE NOT m.removed OR t.users > 0 ORDER BY m.removed, m.position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push(OfMapping {
            mapping: cells.parsed()?,
            cached: cells.number()?,
            started: cells.number()?,
            laptops: cells.number()?,
        });
    }
    let theirs: u64 = all.iter().map(|of| of.laptops).sum();
    Ok((all, activated.saturating_sub(theirs)))
}

fn excluded(connection: &Connection) -> Result<Vec<(String, u64)>, Error> {
    let mut all: Vec<(String, u64)> = Vec::new();
    // A user who belongs to an earlier mapping is not stuck.
    let why = overview::excluded(connection)?.into_iter().flat_map(|(_, why)| why);
    for (code, users) in why.filter(|(code, _)| code != "taken-by") {
        match all.iter_mut().find(|(other, _)| *other == code) {
            Some((_, count)) => *count += users,
            None => all.push((code, users)),
        }
    }
    all.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    Ok(all)
}

/// Devices that have been pending for more days than usual, the longest first.
fn longest(connection: &Connection, now: Timestamp) -> Result<Vec<Waiting>, Error> {
    let before = now.checked_sub(SignedDuration::from_hours(24 * WAITING_DAYS)).unwrap_or(now).to_string();
    let sql = "SELECT id, host_name, enrolled_at, refused_why FROM device WHERE state = 'pending' AND enrolled_at < ?1
               ORDER BY enrolled_at LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![before, i64::try_from(NAMED).unwrap_or(i64::MAX)])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push(Waiting {
            device: cells.parsed()?,
            host_name: Untrusted::new(cells.text()?),
            enrolled_at: cells.parsed()?,
            refused: cells.text()?,
        });
    }
    Ok(all)
}

fn beyond(connection: &Connection) -> Result<Vec<Beyond>, Error> {
    let mut all = Vec::new();
    for (profile, limit) in overview::limits(connection)? {
        let sql = "SELECT label, name, laptops FROM account WHERE profile_id = ?1 AND laptops > ?2
                   ORDER BY laptops DESC, label LIMIT ?3";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![profile, limit, i64::try_from(NAMED).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            let mut cells = Cells::of(row);
            let (user, account) = (Untrusted::new(cells.text()?), Untrusted::new(cells.text()?));
            all.push(Beyond { user, account, laptops: cells.number()?, limit: limit.unsigned_abs() });
        }
    }
    all.sort_by(|one, other| other.laptops.cmp(&one.laptops).then_with(|| one.user.cmp(&other.user)));
    all.truncate(usize::try_from(NAMED).unwrap_or(usize::MAX));
    Ok(all)
}
