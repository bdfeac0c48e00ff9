//! Accounts, and the parts of the cache and the configuration that activation decides on.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::cells::{Cells, number_if};
use super::transaction::{Snapshot, WriteTransaction};
use super::{CachedUser, Error, Store, document, item, user};
use crate::model::account::{Account, Preserved};
use crate::model::device::Given;
use crate::model::directory::Directory;
use crate::model::duration::Duration;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::profile::{Profile, Storage};
use crate::model::settings::Settings;
use crate::model::size::Size;
use crate::model::text::Untrusted;
use crate::model::user::{Guid, NameForm};

/// The values of an account.
#[derive(Debug)]
pub struct NewAccount<'a> {
    pub directory: &'a Name,
    pub guid: Guid,
    pub name: &'a Untrusted,
    pub mail: &'a Untrusted,
    /// Safe to show.
    pub label: &'a str,
    pub mapping: &'a Name,
    pub profile: &'a Name,
    pub storage: &'a Name,
    pub quota: Option<Size>,
}

const ACCOUNT: &str =
    "SELECT a.id, d.name, a.guid, a.name, a.mail, a.label, a.mapping, p.name, s.name, s.location, a.quota,
        a.created_at, (SELECT count(*) FROM device v WHERE v.account_id = a.id AND v.state = 'activated'),
        a.preserved_at, a.preserved_why, p.preserve_for
    FROM account a JOIN directory d ON d.id = a.directory_id JOIN profile p ON p.id = a.profile_id
    JOIN storage s ON s.id = a.storage_id";

/// [`Account::says`] at the moment `?3`, in SQL.
const SAYS: &str = "CASE WHEN a.preserved_at IS NULL THEN 'in use'
        ELSE CASE a.preserved_why WHEN 'requested' THEN 'preserved' ELSE 'removed' END || ', due '
            || CASE WHEN unixepoch(a.preserved_at) + p.preserve_for <= unixepoch(?3) THEN 'now'
                   ELSE date(unixepoch(a.preserved_at) + p.preserve_for, 'unixepoch') END END";

impl Store {
    /// Lists accounts, sorted by the name of their user. With a query, only those with the query in their name, mail or
    /// user, or with a word of their state ([`Account::says`]) that starts with it.
    ///
    /// With `due`, only preserved accounts with an ended retention period.
    pub fn accounts(&self, query: Option<&str>, due: bool, now: Timestamp, limit: u64) -> Result<Vec<Account>, Error> {
        self.read(|connection| {
            let sql = format!(
                "{ACCOUNT} WHERE (?1 = '' OR instr(lower(a.name), ?1) OR instr(lower(a.mail), ?1)
                     OR instr(lower(a.label), ?1) OR instr(' ' || {SAYS}, ' ' || ?1))
                     AND (NOT ?4 OR unixepoch(a.preserved_at) + p.preserve_for <= unixepoch(?3))
                 ORDER BY a.label, a.id LIMIT ?2"
            );
            let query = query.unwrap_or_default().trim().to_lowercase();
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            accounts(connection, &sql, params![query, limit, now.to_string(), due])
        })
    }
}

impl Store {
    /// The account of the user with that objectGUID in that directory.
    pub fn account(&self, directory: &Name, guid: Guid) -> Result<Option<Account>, Error> {
        self.read(|connection| Snapshot(connection).account(directory, guid))
    }
}

impl Snapshot<'_> {
    /// As [`Store::find_user`].
    pub fn find_user(&self, name: &NameForm) -> Result<Vec<CachedUser>, Error> {
        user::find(self.0, name)
    }

    /// The user of that id, as [`CachedUser::id`] has it.
    pub fn user(&self, id: i64) -> Result<Option<CachedUser>, Error> {
        user::of_id(self.0, id)
    }

    /// A mapping that was not removed.
    pub fn mapping(&self, name: &Name) -> Result<Option<Mapping>, Error> {
        Ok(item::get(self.0, name)?.map(|kept| kept.value))
    }

    pub fn profile(&self, name: &Name) -> Result<Option<Profile>, Error> {
        Ok(item::get(self.0, name)?.map(|kept| kept.value))
    }

    pub fn storage(&self, name: &Name) -> Result<Option<Storage>, Error> {
        Ok(item::get(self.0, name)?.map(|kept| kept.value))
    }

    pub fn directory(&self, name: &Name) -> Result<Option<Directory>, Error> {
        Ok(item::get(self.0, name)?.map(|kept| kept.value))
    }

    /// The settings, or the defaults.
    pub fn settings(&self) -> Result<Settings, Error> {
        Ok(document::get(self.0)?.map_or_else(Settings::default, |kept| kept.value))
    }

    pub fn account(&self, directory: &Name, guid: Guid) -> Result<Option<Account>, Error> {
        let Some(directory) = item::id_of::<Directory>(self.0, directory)? else { return Ok(None) };
        let sql = format!("{ACCOUNT} WHERE a.directory_id = ?1 AND a.guid = ?2");
        Ok(accounts(self.0, &sql, params![directory, guid.0])?.into_iter().next())
    }

    /// The account of that number.
    pub fn account_numbered(&self, id: i64) -> Result<Option<Account>, Error> {
        Ok(accounts(self.0, &format!("{ACCOUNT} WHERE a.id = ?1"), [id])?.into_iter().next())
    }

    /// How many accounts have a profile.
    pub fn accounts_with(&self, profile: &Name) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM account WHERE profile_id = ?1";
        let Some(id) = item::id_of::<Profile>(self.0, profile)? else { return Ok(0) };
        let count: i64 = self.0.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

impl WriteTransaction<'_> {
    /// Creates the account of a user or updates it, and returns its number.
    pub fn save_account(&self, new: &NewAccount<'_>, at: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO account (directory_id, guid, name, mail, label, mapping, profile_id, storage_id, quota,
                       created_at, changed_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)
                   ON CONFLICT (directory_id, guid) DO UPDATE SET name = excluded.name, mail = excluded.mail,
                       label = excluded.label, mapping = excluded.mapping, profile_id = excluded.profile_id,
                       storage_id = excluded.storage_id, quota = excluded.quota, changed_at = excluded.changed_at
                   RETURNING id";
        let row = params![
            item::known_id::<Directory>(self.0, new.directory)?,
            new.guid.0,
            new.name.raw(),
            new.mail.raw(),
            new.label,
            new.mapping.as_str(),
            item::known_id::<Profile>(self.0, new.profile)?,
            item::known_id::<Storage>(self.0, new.storage)?,
            number_if(new.quota.map(Size::as_bytes)),
            at.to_string(),
        ];
        Ok(self.0.prepare_cached(sql)?.query_row(row, |row| row.get(0))?)
    }

    /// When passwords were or are being tried for a user, the newest first, at most so many.
    pub fn password_attempts(&self, directory: &Name, guid: Guid, most: u64) -> Result<Vec<Timestamp>, Error> {
        let sql = "SELECT at FROM password_attempt WHERE directory_id = ?1 AND guid = ?2 ORDER BY id DESC LIMIT ?3";
        let Some(id) = item::id_of::<Directory>(self.0, directory)? else { return Ok(Vec::new()) };
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![id, guid.0, i64::try_from(most).unwrap_or(i64::MAX)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(Cells::of(row).parsed()?);
        }
        Ok(all)
    }

    /// Records that a password is about to be tried, and returns the record's number.
    pub fn add_password_attempt(&self, directory: &Name, guid: Guid, at: Timestamp) -> Result<i64, Error> {
        let id = item::known_id::<Directory>(self.0, directory)?;
        let sql = "INSERT INTO password_attempt (directory_id, guid, at) VALUES (?1, ?2, ?3) RETURNING id";
        Ok(self.0.prepare_cached(sql)?.query_row(params![id, guid.0, at.to_string()], |row| row.get(0))?)
    }

    /// Deletes one record: that password was never sent.
    pub fn remove_password_attempt(&self, id: i64) -> Result<(), Error> {
        self.0.prepare_cached("DELETE FROM password_attempt WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Deletes the failed attempts of a user after a correct password, as the directory resets its own count.
    pub fn clear_password_attempts(&self, directory: &Name, guid: Guid) -> Result<(), Error> {
        let id: Option<i64> = item::id_of::<Directory>(self.0, directory)?;
        let sql = "DELETE FROM password_attempt WHERE directory_id = ?1 AND guid = ?2";
        self.0.prepare_cached(sql)?.execute(params![id, guid.0])?;
        Ok(())
    }
}

fn accounts(connection: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<Vec<Account>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(with)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let (id, directory, guid) = (cells.next()?, cells.parsed()?, Guid(cells.next()?));
        let (name, mail) = (Untrusted::new(cells.text()?), Untrusted::new(cells.text()?));
        let user = cells.text()?;
        let given = Given {
            mapping: cells.parsed()?,
            profile: cells.parsed()?,
            storage: cells.parsed()?,
            location: cells.text()?,
            quota: cells.number_if()?.map(Size::bytes),
        };
        let (created_at, devices) = (cells.parsed()?, cells.number()?);
        let preserved = match cells.parsed_if()? {
            Some(at) => Some(Preserved::new(at, cells.word()?, Duration::seconds(cells.number()?))),
            None => None,
        };
        all.push(Account { id, directory, guid, name, mail, user, given, created_at, devices, preserved });
    }
    Ok(all)
}

/// How many accounts refer to a directory, a profile or a storage.
pub(super) fn holding(connection: &Connection, column: &str, id: i64) -> Result<u64, Error> {
    let sql = format!("SELECT count(*) FROM account WHERE {column} = ?1");
    let count: Option<i64> = connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0).unsigned_abs())
}
