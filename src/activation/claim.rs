//! Claim: authentication activates a pending device for its user.

use jiff::Timestamp;

use super::enroll::{actor, called, token_stands, use_token};
use super::standing::{Standing, may_log_on, standing};
use super::{Error, Hash};
use crate::model::account::Account;
use crate::model::device::{DeviceId, DeviceState};
use crate::model::device_map::MappedDevice;
use crate::model::mapping::AccountName;
use crate::model::refusal::Reason;
use crate::model::settings::{AtLimit, AuthMethod};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};
use crate::store::{By, DeviceBy, HeldDevice, NewAccount, Snapshot, WriteTransaction};

/// What a user's laptop asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    pub claim_code: Hash,
    pub credential: Hash,
    /// In any form.
    pub user: String,
    pub auth: AuthMethod,
}

/// What it was given.
#[derive(Debug, Clone)]
pub struct Granted {
    pub device: DeviceId,
    pub account: Account,
    pub activated_at: Timestamp,
    /// The authentication method at activation, which may have been earlier.
    pub auth: AuthMethod,
    /// The rows of the device map that applied at activation.
    pub mapped: Vec<MappedDevice>,
}

/// Checks a claim before anything is asked of a directory.
pub fn look(snapshot: Snapshot<'_>, claim: &Claim, now: Timestamp) -> Result<Standing, Error> {
    standing(snapshot, &claim.claim_code, &claim.user, claim.auth, now)
}

/// Decides in one transaction. `proven` is the authenticated user, as the directory has them now; absent for the method
/// `unverified`.
pub fn claim(
    transaction: &WriteTransaction<'_>,
    claim: &Claim,
    proven: Option<&(Guid, Option<User>)>,
    now: Timestamp,
) -> Result<Granted, Error> {
    let snapshot = transaction.snapshot();
    let standing = standing(snapshot, &claim.claim_code, &claim.user, claim.auth, now)?;
    match proven {
        None if claim.auth != AuthMethod::Unverified => return Err(Reason::AuthNotAccepted.into()),
        // The name may belong to another user by now.
        Some((guid, _)) if *guid != standing.user.user.guid => return Err(Reason::NameReassigned.into()),
        Some((_, Some(user))) => may_log_on(user, now)?,
        _ => {}
    }
    let device = &standing.device;
    // Two agents with the same credential: one was copied, or does not make its own.
    let same = snapshot.device(DeviceBy::Credential, &claim.credential)?;
    if same.is_some_and(|other| other.number != device.number) {
        return Err(Reason::CredentialTaken.into());
    }
    if let (DeviceState::Activated, Some(activation)) = (device.device.state, &device.device.activation) {
        if device.credential_hash != Some(claim.credential) {
            transaction.renew(device.number, &claim.credential, now)?;
            let by = By { actor: &actor(&device.device.id), at: now, verb: "claim" };
            transaction.audit(&by, &called(&device.device.id), "the agent of its user has a new credential")?;
        }
        return granted(snapshot, device, activation.account, activation.at, activation.auth);
    }
    let replaced = make_room(transaction, &standing, now)?;
    let account = save_account(transaction, &standing, now)?;
    transaction.activate(device.number, account, &claim.credential, claim.auth, now)?;
    for row in standing.mapped.iter().filter(|row| row.used.is_none()) {
        let old = replaced.iter().find(|old| row.takes_the_place_of(&old.device));
        transaction.use_mapped(row, &device.device.id, old.map(|old| &old.device.id), now)?;
    }
    let detail = detail_of(&standing, claim.auth, &replaced);
    let by = By { actor: &actor(&device.device.id), at: now, verb: "claim" };
    transaction.audit(&by, &called(&device.device.id), &detail)?;
    granted(snapshot, device, account, now, claim.auth)
}

fn granted(
    snapshot: Snapshot<'_>,
    device: &HeldDevice,
    account: i64,
    activated_at: Timestamp,
    auth: AuthMethod,
) -> Result<Granted, Error> {
    let account = snapshot.account_numbered(account)?.ok_or(Reason::DeviceEnded)?;
    let id = &device.device.id;
    // A repeated claim gets the same answer: rows that this device did not use are from another time.
    let mut mapped = snapshot.mapped(device.number)?;
    mapped.retain(|row| row.used.as_ref().is_some_and(|used| used.device == *id));
    Ok(Granted { device: id.clone(), account, activated_at, auth, mapped })
}

/// Ensures that one more device is within the limits of the token and of the user; returns the devices that are
/// replaced.
fn make_room(
    transaction: &WriteTransaction<'_>,
    standing: &Standing,
    now: Timestamp,
) -> Result<Vec<HeldDevice>, Error> {
    let snapshot = transaction.snapshot();
    let device = &standing.device;
    let account = standing.account.as_ref().map(|account| account.id);
    let mut replaced = Vec::new();
    if let Some(hardware) = &device.hardware {
        let same = snapshot.same_hardware(hardware, DeviceState::Activated, Some(device.number))?;
        let (own, others): (Vec<_>, Vec<_>) = same
            .into_iter()
            .partition(|other| other.device.activation.as_ref().map(|activation| activation.account) == account);
        // The same machine with the same user was re-imaged. With another user it may be a clone or a forgery: both
        // devices stay, so each must have enrolled by itself.
        if !others.is_empty() {
            use_token(transaction, &device.device.token, &device.key_hash, now)?;
        }
        replaced.extend(own);
    }
    let again = |other: &HeldDevice| replaced.iter().any(|one: &HeldDevice| one.number == other.number);
    let mut having = match account {
        Some(account) => snapshot.activated(account)?,
        None => Vec::new(),
    };
    having.retain(|other| !again(other));
    for row in standing.mapped.iter().filter(|row| row.used.is_none()) {
        let mut meant = having.iter().filter(|other| row.takes_the_place_of(&other.device));
        // A name that two of the user's laptops share identifies neither.
        if let (Some(old), None) = (meant.next(), meant.next()) {
            let number = old.number;
            replaced.push(old.clone());
            having.retain(|other| other.number != number);
        }
    }
    let limit = standing.limit();
    let too_many = (having.len() as u64 + 1).saturating_sub(limit);
    if too_many > 0 {
        if standing.settings.at_limit == AtLimit::Refuse {
            return Err(Reason::DeviceLimit(limit).into());
        }
        let oldest = usize::try_from(too_many).unwrap_or(usize::MAX).min(having.len());
        replaced.extend(having.drain(..oldest));
    }
    for other in &replaced {
        transaction.end(other.number, DeviceState::Replaced, now)?;
    }
    token_stands(snapshot, &device.device.token)?;
    Ok(replaced)
}

fn save_account(transaction: &WriteTransaction<'_>, standing: &Standing, now: Timestamp) -> Result<i64, Error> {
    let Standing { user, mapping, profile, account, .. } = standing;
    let full =
        profile.max_users > 0 && transaction.snapshot().accounts_with(&profile.name)? >= u64::from(profile.max_users);
    if full && account.as_ref().is_none_or(|account| account.given.profile != profile.name) {
        return Err(Reason::ProfileFull.into());
    }
    let of = |attribute| user.user.first(attribute).cloned();
    let name = match mapping.account_name {
        AccountName::Upn => of(Attribute::UserPrincipalName).or_else(|| of(Attribute::Mail)),
        AccountName::Cn => of(Attribute::CommonName),
    };
    let new = NewAccount {
        directory: &user.directory,
        guid: user.user.guid,
        name: &name.unwrap_or_else(|| Untrusted::new(user.user.label())),
        mail: &of(Attribute::Mail).unwrap_or_default(),
        label: &user.user.label(),
        mapping: &mapping.name,
        profile: &profile.name,
        storage: &standing.storage.name,
        quota: mapping.quota.or(profile.quota),
    };
    Ok(transaction.save_account(&new, now)?)
}

/// The audit detail of an activation.
fn detail_of(standing: &Standing, auth: AuthMethod, replaced: &[HeldDevice]) -> String {
    let Standing { user, mapping, profile, storage, .. } = standing;
    let auth = match auth {
        AuthMethod::Kerberos => "kerberos",
        AuthMethod::Password => "password",
        AuthMethod::Unverified => "unverified",
    };
    let mut line = format!(
        "activated for {} ({}); authentication: {auth}; mapping \"{}\", profile \"{}\", storage \"{}\"",
        user.user.label(),
        user.user.guid,
        mapping.name,
        profile.name,
        storage.name
    );
    if !standing.mapped.is_empty() {
        line.push_str("; by the device map");
    }
    for other in replaced {
        line.push_str("; replaces ");
        line.push_str(other.device.id.as_str());
    }
    line
}
