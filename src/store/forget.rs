//! Forgetting users: deletes everything that the cache has of them, and the values with which plans could bring them
//! back.

use rusqlite::{Connection, Transaction, params};

use super::transaction::WriteTransaction;
use super::{By, Error, audit, count, name, search_index};

impl WriteTransaction<'_> {
    /// Forgets a cached user. Plans that changed the user can no longer be undone. The caller decides, in the same
    /// transaction, whether the user may be forgotten.
    pub fn forget_user(&self, id: i64, subject: &str, by: &By<'_>) -> Result<(), Error> {
        one(self.0, id)?;
        audit::append(self.0, by, subject, "deleted from the cache and from stored plans")
    }
}

fn one(transaction: &Transaction<'_>, id: i64) -> Result<(), Error> {
    let sql =
        "SELECT u.label, v.attributes FROM cached_user u JOIN user_values v ON v.id = u.values_id WHERE u.id = ?1";
    let (label, attributes): (String, String) =
        transaction.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    search_index::remove(transaction, id, &label, &attributes)?;
    name::remove(transaction, id, &label, &attributes)?;
    let of = "SELECT directory_id, guid FROM cached_user WHERE id = ?1";
    let (directory, guid): (i64, [u8; 16]) =
        transaction.prepare_cached(of)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "DELETE FROM cached_user WHERE id = ?1 RETURNING values_id, mapping_id, state";
    let (values, mapping, state): (i64, i64, String) =
        transaction.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    count::one_less(transaction, mapping, &state)?;
    let sql = "DELETE FROM user_values WHERE id = ?1 OR id IN (
                   SELECT before_id FROM plan_change WHERE directory_id = ?2 AND guid = ?3
                   UNION ALL SELECT after_id FROM plan_change WHERE directory_id = ?2 AND guid = ?3)";
    transaction.prepare_cached(sql)?.execute(params![values, directory, guid])?;
    Ok(())
}

/// Forgets every user of a directory that is removed. When they are many, the index of the other users is rebuilt.
pub(super) fn all_of(transaction: &Transaction<'_>, directory: i64) -> Result<(), Error> {
    let of = |connection: &Connection, sql: &str| connection.query_row(sql, [directory], |row| row.get::<_, i64>(0));
    let going = of(transaction, "SELECT count(*) FROM cached_user WHERE directory_id = ?1")?;
    if going == 0 {
        return Ok(());
    }
    let many = search_index::are_many(transaction, going)?;
    if many {
        let sql = "DELETE FROM user_index WHERE user_id IN (SELECT id FROM cached_user WHERE directory_id = ?1)";
        transaction.execute(sql, [directory])?;
    } else {
        let sql = "SELECT u.id, u.label, v.attributes FROM cached_user u JOIN user_values v ON v.id = u.values_id
                   WHERE u.directory_id = ?1";
        let mut select = transaction.prepare(sql)?;
        let mut rows = select.query([directory])?;
        while let Some(row) = rows.next()? {
            let (id, label, attributes): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            search_index::remove(transaction, id, &label, &attributes)?;
        }
    }
    for sql in [
        "DELETE FROM user_name WHERE user_id IN (SELECT id FROM cached_user WHERE directory_id = ?1)",
        "CREATE TEMP TABLE IF NOT EXISTS forgotten (id INTEGER PRIMARY KEY)",
        "DELETE FROM forgotten",
        "INSERT INTO forgotten SELECT values_id FROM cached_user WHERE directory_id = ?1",
        "DELETE FROM cached_user WHERE directory_id = ?1",
        "DELETE FROM user_values WHERE id IN (SELECT id FROM forgotten)",
    ] {
        let mut statement = transaction.prepare(sql)?;
        let with: &[&dyn rusqlite::ToSql] = &[&directory];
        statement.execute(&with[..statement.parameter_count()])?;
    }
    if many { search_index::fill(transaction, &mut || Ok(())) } else { Ok(()) }
}
