//! Counts that are kept in the database: by triggers for what changes one at a time (tables `counter` and `day`), and here
//! for users, of whom a sync changes many at once.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Error;
use super::cells::Cells;

/// Counts the users of every mapping again.
pub(super) fn recount(connection: &Connection) -> Result<(), Error> {
    connection.execute("DELETE FROM user_count", [])?;
    let sql = "INSERT INTO user_count SELECT mapping_id, state, count(*) FROM cached_user GROUP BY mapping_id, state";
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Counts one more user of a mapping.
pub(super) fn one_more(connection: &Connection, mapping: i64, at: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO user_count VALUES (?1, 'active', 1) ON CONFLICT DO UPDATE SET users = users + 1";
    connection.prepare_cached(sql)?.execute([mapping])?;
    on_day(connection, "added", 1, at)
}

/// Counts one user less, who was deleted from the cache.
pub(super) fn one_less(connection: &Connection, mapping: i64, state: &str) -> Result<(), Error> {
    let sql = "UPDATE user_count SET users = users - 1 WHERE mapping_id = ?1 AND state = ?2";
    connection.prepare_cached(sql)?.execute(params![mapping, state])?;
    Ok(())
}

/// Adds to the day's number of users who were added or removed.
pub(super) fn on_day(connection: &Connection, metric: &str, users: u64, at: Timestamp) -> Result<(), Error> {
    if users == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO day VALUES (?1, ?2, '', ?3) ON CONFLICT DO UPDATE SET count = count + excluded.count";
    let users = i64::try_from(users).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute(params![day(at), metric, users])?;
    Ok(())
}

/// The day of a moment, UTC, as rows have it.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The current totals of one metric, by label.
pub(super) fn counters(connection: &Connection, metric: &str) -> Result<Vec<(String, u64)>, Error> {
    let sql = "SELECT label, count FROM counter WHERE metric = ?1 AND count > 0 ORDER BY count DESC, label";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([metric])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push((cells.text()?, cells.number()?));
    }
    Ok(all)
}
