//! What a claim depends on: a pending device, a token that was not revoked, a user who may be activated.

use jiff::Timestamp;

use super::Error;
use super::enroll::{not_paused, token_stands};
use crate::model::account::Account;
use crate::model::device::DeviceState;
use crate::model::device_map::MappedDevice;
use crate::model::directory::Directory;
use crate::model::fold::same;
use crate::model::mapping::{Kind, Mapping};
use crate::model::profile::{Login, Profile, Storage};
use crate::model::refusal::Reason;
use crate::model::settings::{AuthMethod, Settings};
use crate::model::user::{Attribute, NameForm, User};
use crate::store::{CachedUser, DeviceBy, Hash, HeldDevice, HeldToken, Snapshot, UserState};

/// Everything that a claim is decided on, at one moment.
#[derive(Debug)]
pub struct Standing {
    pub device: HeldDevice,
    pub user: CachedUser,
    pub directory: Directory,
    pub mapping: Mapping,
    pub profile: Profile,
    pub storage: Storage,
    pub settings: Settings,
    /// Absent before the first activation.
    pub account: Option<Account>,
    /// The rows of the device map for the device.
    pub mapped: Vec<MappedDevice>,
}

impl Standing {
    /// How many devices the user may have.
    pub(super) fn limit(&self) -> u64 {
        self.profile.devices_per_user.unwrap_or(self.settings.devices_per_user).into()
    }
}

/// The standing of the device of that claim code and the user of that name, or the first reason to refuse.
///
/// The device is checked before anything of the user is read.
pub(super) fn standing(
    snapshot: Snapshot<'_>,
    claim_code: &Hash,
    name: &str,
    auth: AuthMethod,
    now: Timestamp,
) -> Result<Standing, Error> {
    let (device, token, settings) = admitted(snapshot, claim_code, auth, now)?;
    let is_new = device.device.state == DeviceState::Pending;
    let found = snapshot.find_user(&NameForm::of(name))?;
    let user = the_one(found, |user| has_upn(&user.user, name)).map_err(|Several| Reason::UserAmbiguous)?;
    let user = user.ok_or(Reason::UserUnknown)?;
    if let UserState::Removed { why, .. } = &user.state {
        return Err(Reason::UserLeft(why.to_string()).into());
    }
    may_log_on(&user.user, now)?;
    let mapping = snapshot.mapping(&user.mapping)?.ok_or(Reason::OutOfScope)?;
    let profile = snapshot.profile(&mapping.profile)?.ok_or(Reason::OutOfScope)?;
    let storage = snapshot.storage(&mapping.storage)?.ok_or(Reason::OutOfScope)?;
    let directory = snapshot.directory(&user.directory)?.ok_or(Reason::OutOfScope)?;
    let logs_in_here =
        profile.login == Login::ActiveDirectory && profile.login_directory.as_ref() == Some(&directory.name);
    if !mapping.enabled || mapping.kind != Kind::Imd || !logs_in_here {
        return Err(Reason::OutOfScope.into());
    }
    if !token.scope.covers(&mapping.name) {
        return Err(Reason::TokenMapping.into());
    }
    let account = snapshot.account(&user.directory, user.user.guid)?;
    if account.as_ref().is_some_and(|account| account.preserved.is_some()) {
        return Err(Reason::AccountPreserved.into());
    }
    if let Some(activation) = &device.device.activation
        && account.as_ref().map(|account| account.id) != Some(activation.account)
    {
        return Err(Reason::DeviceTaken.into());
    }
    let mapped = snapshot.mapped(device.number)?;
    let for_another = |row: &MappedDevice| row.directory != user.directory || row.guid != user.user.guid;
    if is_new && mapped.iter().any(for_another) {
        return Err(Reason::DeviceMapped.into());
    }
    if let Some(group) = settings.pilot_group.as_deref().filter(|_| is_new)
        && !snapshot.is_allowed(&user.directory, user.user.guid, group)?
    {
        return Err(Reason::NotAllowedYet.into());
    }
    Ok(Standing { device, user, directory, mapping, profile, storage, settings, account, mapped })
}

/// The device of that claim code, if it may be activated with that authentication method. Reads no user data.
pub fn admitted(
    snapshot: Snapshot<'_>,
    claim_code: &Hash,
    auth: AuthMethod,
    now: Timestamp,
) -> Result<(HeldDevice, HeldToken, Settings), Error> {
    not_paused(snapshot, now)?;
    let device = snapshot.device(DeviceBy::ClaimCode, claim_code)?.ok_or(Reason::DeviceUnknown)?;
    match device.device.state {
        DeviceState::Pending | DeviceState::Activated => {}
        DeviceState::Revoked => return Err(Reason::DeviceRevoked.into()),
        DeviceState::Replaced | DeviceState::Released => return Err(Reason::DeviceEnded.into()),
    }
    let token = token_stands(snapshot, &device.device.token)?;
    let settings = snapshot.settings()?;
    if !settings.auth.contains(&auth) {
        return Err(Reason::AuthNotAccepted.into());
    }
    let is_new = device.device.state == DeviceState::Pending;
    if is_new
        && settings.daily_activation_limit > 0
        && snapshot.activated_today(now)? >= u64::from(settings.daily_activation_limit)
    {
        return Err(Reason::DailyLimit(settings.daily_activation_limit).into());
    }
    Ok((device, token, settings))
}

/// Whether the directory allows the user to log on.
pub(super) fn may_log_on(user: &User, now: Timestamp) -> Result<(), Reason> {
    if user.is_disabled() {
        return Err(Reason::UserDisabled);
    }
    if user.expires_at().is_some_and(|at| at <= now) {
        return Err(Reason::UserExpired);
    }
    Ok(())
}

/// A name that several users have.
#[derive(Debug)]
pub struct Several;

/// The one user of a name. When several have it, only a UPN, which is unique in a forest, wins over the mail or alias
/// of another; else the name is ambiguous. `by_upn` says whether the name is the user's UPN.
pub fn the_one<T>(mut found: Vec<T>, by_upn: impl Fn(&T) -> bool) -> Result<Option<T>, Several> {
    if found.len() > 1 {
        found.retain(by_upn);
        if found.len() != 1 {
            return Err(Several);
        }
    }
    Ok(found.pop())
}

/// Whether that is the user's UPN.
pub fn has_upn(user: &User, name: &str) -> bool {
    user.first(Attribute::UserPrincipalName).is_some_and(|upn| same(upn.raw().trim(), name.trim()))
}
