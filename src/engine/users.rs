//! Searches, shows and forgets cached users.

use crate::model::account::Account;
use crate::model::audit::Entry;
use crate::model::device::Device;
use crate::model::found::Sort;
use crate::model::name::Name;
use crate::model::size::Size;
use crate::model::text::{Untrusted, shown};
use crate::model::user::Attribute;
use crate::store::{self, CachedUser, Snapshot, UserState, UsersPage};

use super::{Engine, Error};

/// How many audit entries the page of a user shows.
const AUDIT_SHOWN: u64 = 20;

/// The values that a user gets at the first activation, or would get now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gives {
    pub profile: Name,
    pub storage: Name,
    /// From the mapping, otherwise from the profile; bytes, 0 is no limit, absent: not set.
    pub quota: Option<Size>,
    /// The maximum number of activated laptops.
    pub devices: u32,
    /// Whether the mapping is enabled; a disabled mapping gives no values.
    pub enabled: bool,
}

/// All stored data about one user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UserPage {
    #[serde(flatten)]
    pub cached: CachedUser,
    /// The DNs of the groups that the user is a direct member of, as far as the directory reports them.
    pub groups: Vec<Untrusted>,
    /// The values from the mapping; absent when it was removed.
    pub gives: Option<Gives>,
    pub account: Option<Account>,
    /// The devices of the account, newest first, including ended ones.
    pub devices: Vec<Device>,
    /// The newest audit entries about the user, the account or one of the devices.
    pub audit: Vec<Entry>,
}

impl Engine {
    /// Up to `limit` users from the `offset`th on: all, or those with a word in their names, mail, department or OUs
    /// that starts with each word of the query. A GUID, a DN or `DOMAIN\user` finds exactly that user.
    pub fn users(&self, query: Option<&str>, sort: Sort, offset: u64, limit: u64) -> Result<UsersPage, Error> {
        Ok(self.store().users(query, sort, offset, limit)?)
    }

    /// The page of the user with that id; `None` when no user has it.
    pub fn user_page(&self, id: i64) -> Result<Option<UserPage>, Error> {
        let page = self.store().snapshot(|snapshot| -> Result<_, store::Error> {
            let Some(cached) = snapshot.user(id)? else { return Ok(None) };
            let account = snapshot.account(&cached.directory, cached.user.guid)?;
            let devices =
                account.as_ref().map(|account| snapshot.devices_of(account.id)).transpose()?.unwrap_or_default();
            let own = account.iter().map(|account| format!("account {}", account.name.raw()));
            let subjects: Vec<String> =
                own.chain(devices.iter().map(|device| format!("device {}", device.id))).collect();
            let audit = snapshot.audit_of(&subjects, cached.user.guid, AUDIT_SHOWN)?;
            let groups = cached.user.values(Attribute::MemberOf).cloned().collect();
            Ok(Some(UserPage { groups, gives: gives(snapshot, &cached)?, account, devices, audit, cached }))
        });
        Ok(page?)
    }

    /// The one cached user with that name, in any form.
    ///
    /// # Errors
    /// [`Error::Several`] when several users match, [`Error::NotCached`] when none does.
    pub fn user_called(&self, name: &str) -> Result<CachedUser, Error> {
        let mut found = self.find_user(name)?;
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(Error::NotCached(shown(name))),
            (Some(user), true) => Ok(user),
            (Some(last), false) => {
                found.push(last);
                let dn = |user: &CachedUser| user.user.first(Attribute::DistinguishedName).map(Untrusted::shown);
                let who = found.iter().map(|user| format!("{} ({})", dn(user).unwrap_or_default(), user.directory));
                Err(Error::Several { given: shown(name), who: who.collect() })
            }
        }
    }

    /// The user that [`Self::forget_user`] would forget now, with the same errors.
    pub fn may_forget(&self, name: &str) -> Result<CachedUser, Error> {
        let user = self.user_called(name)?;
        let refused = self.store().snapshot(|snapshot| refused(snapshot, &user))?;
        refused.map_or(Ok(user), Err)
    }

    /// Deletes the cached data of a removed user. It never deletes data of an account.
    ///
    /// # Errors
    /// [`Error::StillActive`] for an active user, [`Error::HasAccount`] for a user with an account, preserved or in
    /// use.
    pub fn forget_user(&self, name: &str) -> Result<CachedUser, Error> {
        let by = self.by("users forget")?;
        let user = self.user_called(name)?;
        let label = user.user.label();
        let mut why_not = None;
        let forgotten = self.store().transaction(|transaction| {
            // The user may have been added again or activated since, so the transaction reads the current state.
            let now =
                transaction.snapshot().user(user.id)?.ok_or_else(|| store::Error::Unknown(format!("user {label}")))?;
            why_not = refused(transaction.snapshot(), &now)?;
            if why_not.is_none() {
                transaction.forget_user(now.id, &format!("user {label} ({})", now.user.guid), &by)?;
            }
            Ok(now)
        })?;
        why_not.map_or(Ok(forgotten), Err)
    }
}

/// Why a user is not forgotten.
fn refused(snapshot: Snapshot<'_>, user: &CachedUser) -> Result<Option<Error>, store::Error> {
    let label = user.user.label();
    if user.state == UserState::Active {
        return Ok(Some(Error::StillActive(label)));
    }
    let account = snapshot.account(&user.directory, user.user.guid)?;
    Ok(account.map(|account| Error::HasAccount {
        user: label,
        account: account.name.shown(),
        until: account.preserved.map(|preserved| preserved.until),
    }))
}

fn gives(snapshot: Snapshot<'_>, cached: &CachedUser) -> Result<Option<Gives>, store::Error> {
    let Some(mapping) = snapshot.mapping(&cached.mapping)? else { return Ok(None) };
    let profile = snapshot.profile(&mapping.profile)?;
    let quota = mapping.quota.or(profile.as_ref().and_then(|profile| profile.quota));
    let devices = profile.and_then(|profile| profile.devices_per_user);
    let devices = devices.map_or_else(|| Ok(snapshot.settings()?.devices_per_user), Ok::<_, store::Error>)?;
    Ok(Some(Gives { profile: mapping.profile, storage: mapping.storage, quota, devices, enabled: mapping.enabled }))
}
