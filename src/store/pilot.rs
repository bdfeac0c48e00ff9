//! Limits of a pilot: who may be activated, and how many laptops a day.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::transaction::Snapshot;
use super::{Error, key};
use crate::model::name::Name;
use crate::model::user::Guid;

/// Replaces the stored members of the pilot group.
pub(super) fn save_members(
    transaction: &Transaction<'_>,
    directory: i64,
    members: Option<&(String, Vec<Guid>)>,
) -> Result<(), Error> {
    transaction.execute("DELETE FROM pilot_member WHERE directory_id = ?1", [directory])?;
    let sql = "UPDATE directory_read SET pilot_group = ?2 WHERE directory_id = ?1";
    transaction.execute(sql, params![directory, members.map(|(group, _)| group)])?;
    let sql = "INSERT INTO pilot_member (directory_id, guid) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let mut insert = transaction.prepare(sql)?;
    for guid in members.map(|(_, guids)| guids.as_slice()).unwrap_or_default() {
        insert.execute(params![directory, guid.0])?;
    }
    Ok(())
}

impl Snapshot<'_> {
    /// Whether a user was in that group when the directory was last read. False when another group was read then.
    pub fn is_allowed(&self, directory: &Name, guid: Guid, group: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM directory d JOIN directory_read s ON s.directory_id = d.id
                   JOIN pilot_member a ON a.directory_id = d.id
                   WHERE d.name_key = ?1 AND s.pilot_group = ?2 AND a.guid = ?3";
        let row = params![key(directory.as_str()), group, guid.0];
        let found: Option<i64> = self.0.prepare_cached(sql)?.query_row(row, |row| row.get(0)).optional()?;
        Ok(found.is_some())
    }

    /// Counts the laptops that were activated on the day of `now`, in UTC, and still have an account.
    pub fn activated_today(&self, now: Timestamp) -> Result<u64, Error> {
        // Times are RFC 3339 in UTC, so those of a day start with its date.
        let sql = "SELECT count(*) FROM device WHERE activated_at >= ?1";
        let today = now.strftime("%Y-%m-%d").to_string();
        let count: i64 = self.0.prepare_cached(sql)?.query_row([today], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}
