//! Preserving accounts, restoring them, and deleting them when an administrator asks for it.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::cells::{Cells, word};
use super::transaction::WriteTransaction;
use super::{By, Error, Store, audit, reason};
use crate::model::account::{Account, Kept, Preserved, Why};
use crate::model::duration::Duration;
use crate::model::text::Untrusted;

impl Store {
    /// How many accounts are preserved, and of how many the preservation period is over.
    pub fn kept_accounts(&self, now: Timestamp) -> Result<Kept, Error> {
        self.read(|connection| kept(connection, now))
    }
}

pub(super) fn kept(connection: &Connection, now: Timestamp) -> Result<Kept, Error> {
    let sql = "SELECT count(*), count(*) FILTER (WHERE unixepoch(a.preserved_at) + p.preserve_for <= unixepoch(?1))
               FROM account a JOIN profile p ON p.id = a.profile_id WHERE a.preserved_at IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([now.to_string()])?;
    let Some(row) = rows.next()? else { return Ok(Kept::default()) };
    let mut cells = Cells::of(row);
    Ok(Kept { preserved: cells.number()?, due: cells.number()? })
}

impl WriteTransaction<'_> {
    /// Preserves an account. An account that is already preserved keeps the time since when it is.
    pub fn preserve(&self, account: &Account, why: Why, by: &By<'_>) -> Result<(), Error> {
        let sql = "UPDATE account SET preserved_at = coalesce(preserved_at, ?2), preserved_why = ?3, changed_at = ?2
                   WHERE id = ?1";
        self.0.execute(sql, params![account.id, by.at.to_string(), word(&why)])?;
        let detail = match why {
            Why::Requested => "preserved until an administrator restores it",
            Why::Removed => "preserved until its user is added again",
        };
        audit::append(self.0, by, &called(account.name.raw()), detail)
    }

    /// Restores an account.
    pub fn restore(&self, account: &Account, by: &By<'_>) -> Result<(), Error> {
        give_back(self.0, account.id, by.at)?;
        audit::append(self.0, by, &called(account.name.raw()), "restored")
    }

    /// Deletes an account. Its devices are released, except those that were revoked.
    pub fn delete_account(&self, account: &Account, by: &By<'_>) -> Result<(), Error> {
        let sql = "UPDATE device SET account_id = NULL, activated_at = NULL, auth = NULL, credential_hash = NULL,
                       ended_at = coalesce(ended_at, ?2), state = iif(state = 'activated', 'released', state)
                   WHERE account_id = ?1";
        let devices = self.0.execute(sql, params![account.id, by.at.to_string()])?;
        self.0.execute("DELETE FROM account WHERE id = ?1", [account.id])?;
        let detail = format!("deleted; user: {} ({}); laptops: {devices}", account.user, account.guid);
        audit::append(self.0, by, &called(account.name.raw()), &detail)
    }
}

/// Preserves the accounts of users whom an applied plan removed, and restores those of users whom it added again.
pub(super) fn follow(transaction: &Transaction<'_>, plan: i64, by: &By<'_>) -> Result<(), Error> {
    let left = "SELECT a.id, a.name, u.removed_why, u.removed_detail, p.preserve_for
                FROM plan_change c JOIN cached_user u ON u.id = c.user_id
                JOIN account a ON a.directory_id = u.directory_id AND a.guid = u.guid
                JOIN profile p ON p.id = a.profile_id
                WHERE c.plan_id = ?1 AND c.kind = 'removed' AND a.preserved_at IS NULL ORDER BY a.id";
    for (id, name, why, days) in leavers(transaction, left, plan)? {
        let sql = "UPDATE account SET preserved_at = ?2, preserved_why = 'removed', changed_at = ?2 WHERE id = ?1";
        transaction.execute(sql, params![id, by.at.to_string()])?;
        let until = crate::model::moment::day(Preserved::new(by.at, Why::Removed, days).until);
        let detail = format!("preserved, at least until {until}: the user {why}");
        audit::append(transaction, by, &called(name.raw()), &detail)?;
    }
    let back = "SELECT a.id, a.name FROM plan_change c
                JOIN account a ON a.directory_id = c.directory_id AND a.guid = c.guid
                WHERE c.plan_id = ?1 AND c.kind = 'added' AND a.preserved_why = 'removed' ORDER BY a.id";
    let mut statement = transaction.prepare(back)?;
    let mut rows = statement.query([plan])?;
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let (id, name) = (cells.next()?, cells.text()?);
        give_back(transaction, id, by.at)?;
        audit::append(transaction, by, &called(&name), "restored: the user was added again")?;
    }
    Ok(())
}

/// An account, its name, why its user was removed, and how long it is preserved.
type Leaver = (i64, Untrusted, crate::model::plan::Removal, Duration);

fn leavers(transaction: &Transaction<'_>, sql: &str, plan: i64) -> Result<Vec<Leaver>, Error> {
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([plan])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let (id, name) = (cells.next()?, Untrusted::new(cells.text()?));
        all.push((id, name, reason::read_left(&mut cells)?, Duration::seconds(cells.number()?)));
    }
    Ok(all)
}

fn give_back(connection: &Connection, account: i64, at: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE account SET preserved_at = NULL, preserved_why = NULL, changed_at = ?2 WHERE id = ?1";
    connection.execute(sql, params![account, at.to_string()])?;
    Ok(())
}

fn called(name: &str) -> String {
    format!("account {name}")
}
