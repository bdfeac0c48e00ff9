//! The mappings that a plan is about.

use rusqlite::Connection;

use super::Error;

/// A mapping that a plan is about, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scoped {
    /// 0 has the highest priority.
    pub(super) position: i64,
    pub(super) id: i64,
    pub(super) version: i64,
    pub(super) name: String,
    /// An administrator removed it while users referred to it: they are removed.
    pub(super) removed: bool,
    pub(super) directory: i64,
    /// How many users of the directory it matches.
    pub(super) matched: u64,
}

/// The mappings that a plan made now is about: first those to read, in the order of their priority, then removed ones that
/// users still refer to.
pub(super) fn scope(connection: &Connection) -> Result<Vec<Scoped>, Error> {
    let sql = "SELECT id, version, name, removed, directory_id FROM mapping m
               WHERE (removed = 0 AND enabled = 1 AND kind = 'imd')
                  OR (removed = 1 AND EXISTS (SELECT 1 FROM cached_user WHERE mapping_id = m.id AND state = 'active'))
               ORDER BY removed, position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut position = -1;
    let rows = statement.query_map([], |row| {
        position += 1;
        Ok(Scoped {
            position,
            id: row.get(0)?,
            version: row.get(1)?,
            name: row.get(2)?,
            removed: row.get(3)?,
            directory: row.get(4)?,
            matched: 0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
