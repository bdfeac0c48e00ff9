//! Users who are not cached: the rate limits of look-ups, and adding a user who was found.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::transaction::WriteTransaction;
use super::{By, Error, attributes, count, item, name};
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::token::TokenId;
use crate::model::user::User;

/// The rate limits of look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUps {
    /// For one device in ten minutes.
    pub of_device: u64,
    /// For the laptops of one token in a minute.
    pub of_token: u64,
    /// In a minute.
    pub of_all: u64,
}

/// How long a look-up is stored, in seconds.
const REMEMBERED: i64 = 600;

impl WriteTransaction<'_> {
    /// Records that the directories are about to be asked. False when a rate limit is reached.
    pub fn reserve_look_up(&self, device: i64, token: &TokenId, at: Timestamp, most: LookUps) -> Result<bool, Error> {
        let at = at.to_string();
        // A row far in the future was written before the clock was set back.
        let sql = "DELETE FROM look_up WHERE abs(unixepoch(at) - unixepoch(?1)) >= ?2";
        self.0.prepare_cached(sql)?.execute(params![at, REMEMBERED])?;
        let sql = "SELECT count(*) FILTER (WHERE device = ?2),
                       count(*) FILTER (WHERE token_id = ?3 AND abs(unixepoch(at) - unixepoch(?1)) < 60),
                       count(*) FILTER (WHERE abs(unixepoch(at) - unixepoch(?1)) < 60)
                   FROM look_up";
        let row = params![at, device, token.as_str()];
        let asked: (u64, u64, u64) = self.0.prepare_cached(sql)?.query_row(row, |row| {
            let count = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
            Ok((count(0)?, count(1)?, count(2)?))
        })?;
        if asked.0 >= most.of_device || asked.1 >= most.of_token || asked.2 >= most.of_all {
            return Ok(false);
        }
        let sql = "INSERT INTO look_up (at, device, token_id) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute(row)?;
        Ok(true)
    }

    /// Adds a user who was found for a mapping to the cache, and changes no other. False when the user is already
    /// cached under any name; the next sync updates them.
    pub fn admit(&self, mapping: &Name, user: &User, by: &By<'_>) -> Result<bool, Error> {
        let gone = || Error::Drift { what: format!("the mapping \"{mapping}\"") };
        let id = item::id_of::<Mapping>(self.0, mapping)?.ok_or_else(gone)?;
        let sql = "SELECT directory_id FROM mapping WHERE id = ?1";
        let directory: i64 = self.0.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
        let sql = "SELECT 1 FROM cached_user WHERE directory_id = ?1 AND guid = ?2";
        let there = self.0.prepare_cached(sql)?.query_row(params![directory, user.guid.0], |_| Ok(())).optional()?;
        if there.is_some() {
            return Ok(false);
        }
        let (label, json) = (user.label(), attributes::json(user));
        let sql = "INSERT INTO user_values (attributes) VALUES (?1) RETURNING id";
        let values: i64 = self.0.prepare_cached(sql)?.query_row([&json], |row| row.get(0))?;
        let sql =
            "INSERT INTO cached_user (directory_id, guid, state, mapping_id, version, added_at, hash, operational,
                       label, values_id)
                   VALUES (?1, ?2, 'active', ?3, 1, ?4, ?5, ?6, ?7, ?8) RETURNING id";
        let row = params![
            directory,
            user.guid.0,
            id,
            by.at.to_string(),
            attributes::hash(user, false),
            attributes::hash(user, true),
            label,
            values,
        ];
        let number = self.0.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
        name::add(self.0, number, &label, &json)?;
        count::one_more(self.0, id, by.at)?;
        let subject = format!("user {label} ({})", user.guid);
        self.audit(by, &subject, &format!("added to mapping \"{mapping}\" by a look-up before the next sync"))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jiff::SignedDuration;

    use super::*;
    use crate::store::Store;

    #[test]
    fn look_up_limits_per_device_token_and_total() {
        let dir = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o700)).tempdir().expect("a folder");
        let at = |second: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let [one, other] = ["0123456789abcdef", "fedcba9876543210"].map(|id| TokenId::parse(id).expect("an id"));
        let most = LookUps { of_device: 2, of_token: 3, of_all: 4 };
        let may = |device: i64, token: &TokenId, second: i64| {
            // A restart in between: what was counted is in the file.
            let store = Store::open(dir.path()).expect("opens");
            store
                .transaction(|transaction| transaction.reserve_look_up(device, token, at(second), most))
                .expect("counts")
        };
        assert!(may(1, &one, 1_000) && may(1, &one, 1_001));
        assert!(!may(1, &one, 1_002), "the third of a device");
        assert!(may(2, &one, 1_003));
        assert!(!may(3, &one, 1_004), "the fourth of a token");
        assert!(may(3, &other, 1_005));
        assert!(!may(4, &other, 1_006), "the fifth of all");
        // A minute later the limits of the token and of all start again, that of the device after ten.
        assert!(may(4, &one, 1_070));
        assert!(!may(1, &one, 1_071));
        assert!(may(1, &one, 1_700));
        // The clock was set back by a day: rows in the future count for nothing.
        assert!(may(1, &one, -84_700));
    }
}
