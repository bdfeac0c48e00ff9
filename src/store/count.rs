//! Counts that are kept, so that nobody has to count: by triggers for what changes one at a time (`V12__days.sql`), and
//! here for the users, of whom a sync changes many at once.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Error;
use super::item::Cells;

/// Counts the users of every mapping anew.
pub(super) fn recount(connection: &Connection) -> Result<(), Error> {
    connection.execute("DELETE FROM user_tally", [])?;
    let sql = "INSERT INTO user_tally SELECT mapping_id, state, count(*) FROM cached_user GROUP BY mapping_id, state";
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// Counts one more user of a mapping.
pub(super) fn one_more(connection: &Connection, mapping: i64, at: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO user_tally VALUES (?1, 'active', 1) ON CONFLICT DO UPDATE SET users = users + 1";
    connection.prepare_cached(sql)?.execute([mapping])?;
    on_day(connection, "came", 1, at)
}

/// Counts one user less, who is forgotten.
pub(super) fn one_less(connection: &Connection, mapping: i64, state: &str) -> Result<(), Error> {
    let sql = "UPDATE user_tally SET users = users - 1 WHERE mapping_id = ?1 AND state = ?2";
    connection.prepare_cached(sql)?.execute(params![mapping, state])?;
    Ok(())
}

/// Notes how many came or left on a day.
pub(super) fn on_day(connection: &Connection, what: &str, users: u64, at: Timestamp) -> Result<(), Error> {
    if users == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO day VALUES (?1, ?2, '', ?3) ON CONFLICT DO UPDATE SET count = count + excluded.count";
    let users = i64::try_from(users).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute(params![day(at), what, users])?;
    Ok(())
}

/// The day of a moment, UTC, as it stands in a row.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The kept counts of one kind.
pub(super) fn tallies(connection: &Connection, what: &str) -> Result<Vec<(String, u64)>, Error> {
    let sql = "SELECT of, count FROM tally WHERE what = ?1 AND count > 0 ORDER BY count DESC, of";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([what])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        all.push((cells.text()?, cells.number()?));
    }
    Ok(all)
}
