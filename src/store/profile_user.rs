//! Users who were added to a profile one by one, by CSV.

use rusqlite::params;

use super::item::{Item as _, known_id};
use super::{By, Error, Store, audit, key};
use crate::model::name::Name;
use crate::model::profile::Profile;

impl Store {
    /// Adds users, each a mail and a display name, to a profile, and returns how many are new. A user with a mail that
    /// already exists (ignoring case) only gets the display name.
    pub fn import_profile_users(
        &self,
        profile: &Name,
        users: Vec<(String, String)>,
        by: &By<'_>,
    ) -> Result<u64, Error> {
        self.write(|transaction| {
            let what = Profile::called(profile);
            let id = known_id::<Profile>(transaction, profile)?;
            let (mut new, mut renamed) = (0, 0);
            {
                let sql = "INSERT INTO profile_user (profile_id, mail, mail_key, display_name) VALUES (?1, ?2, ?3, ?4)
                           ON CONFLICT DO NOTHING";
                let mut insert = transaction.prepare_cached(sql)?;
                let sql = "UPDATE profile_user SET display_name = ?3
                           WHERE profile_id = ?1 AND mail_key = ?2 AND display_name <> ?3";
                let mut update = transaction.prepare_cached(sql)?;
                for (mail, display_name) in users {
                    let key = key(&mail);
                    match insert.execute(params![id, mail, key, display_name])? {
                        0 => renamed += update.execute(params![id, key, display_name])?,
                        _ => new += 1,
                    }
                }
            }
            if new > 0 || renamed > 0 {
                audit::append(transaction, by, &what, &format!("{new} users added by CSV, {renamed} renamed"))?;
            }
            Ok(new)
        })
    }

    /// How many users were added to a profile by CSV.
    pub fn users_by_csv(&self, profile: &Name) -> Result<u64, Error> {
        self.read(|connection| {
            let sql = "SELECT count(*) FROM profile_user JOIN profile ON profile.id = profile_id WHERE name_key = ?1";
            let count: i64 = connection.prepare_cached(sql)?.query_row([key(profile.as_str())], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }
}
