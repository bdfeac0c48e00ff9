//! Enroll: a token gives a pending device.

use std::net::IpAddr;

use jiff::Timestamp;

use super::{Error, hash};
use crate::model::audit::Actor;
use crate::model::device::{Device, DeviceId, DeviceState, Laptop};
use crate::model::refusal::Reason;
use crate::model::settings::OfflineTokens;
use crate::model::text::Untrusted;
use crate::model::token::{Outside, Record, TokenId};
use crate::store::{By, DeviceBy, Hash, HeldDevice, HeldToken, NewDevice, Snapshot, WriteTransaction};

/// How many pending devices one laptop may have: each reinstallation before the first log-on leaves one behind.
const PENDING_EACH: usize = 4;

/// A laptop with a token of verified signature and validity period.
#[derive(Debug, Clone)]
pub struct Enroll {
    /// The token's claims: stored when the token is seen for the first time.
    pub token: Record,
    /// The address of the laptop, when it is known.
    pub from: Option<IpAddr>,
    pub key: Hash,
    pub claim_code: Hash,
    pub laptop: Laptop,
    /// Its id when it is new.
    pub id: DeviceId,
}

/// The laptop's device, new or existing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub id: DeviceId,
    pub state: DeviceState,
}

/// Decides in one transaction. Uses count laptops: a retry and a re-imaged laptop were already counted.
pub fn enroll(transaction: &WriteTransaction<'_>, ask: &Enroll, now: Timestamp) -> Result<Enrolled, Error> {
    let snapshot = transaction.snapshot();
    not_paused(snapshot, now)?;
    if let Some(device) = snapshot.device(DeviceBy::Key, &ask.key)? {
        return again(&device, ask);
    }
    if snapshot.device(DeviceBy::ClaimCode, &ask.claim_code)?.is_some() {
        return Err(Reason::KeyMismatch.into());
    }
    if snapshot.token(&ask.token.id)?.is_none() {
        if snapshot.settings()?.offline_tokens == OfflineTokens::RequireImport {
            return Err(Reason::TokenUnknown.into());
        }
        let by = By { actor: &actor(&ask.id), at: now, verb: "enroll" };
        transaction.record_token(&ask.token, "issued on another host; first seen", &by)?;
    }
    lets_in(&token_stands(snapshot, &ask.token.id)?, ask, now)?;
    let hardware = ask.laptop.hardware().map(|hardware| hash(hardware.as_bytes()));
    if let Some(hardware) = &hardware {
        if !snapshot.same_hardware(hardware, DeviceState::Revoked, None)?.is_empty() {
            return Err(Reason::DeviceRevoked.into());
        }
        let pending = snapshot.same_hardware(hardware, DeviceState::Pending, None)?;
        for older in pending.iter().rev().skip(PENDING_EACH - 1) {
            transaction.end(older.number, DeviceState::Replaced, now)?;
        }
    }
    use_token(transaction, &ask.token.id, &hardware.unwrap_or(ask.key), now)?;
    let new = NewDevice {
        id: &ask.id,
        key_hash: ask.key,
        claim_hash: ask.claim_code,
        hardware,
        laptop: &ask.laptop,
        token: &ask.token.id,
    };
    transaction.add_device(&new, now)?;
    let detail = format!("enrolled as {}, with token {}", ask.laptop.host_name.shown(), ask.token.id);
    transaction.audit(&By { actor: &actor(&ask.id), at: now, verb: "enroll" }, &called(&ask.id), &detail)?;
    Ok(Enrolled { id: ask.id.clone(), state: DeviceState::Pending })
}

/// The answer to a laptop that already has a device.
fn again(device: &HeldDevice, ask: &Enroll) -> Result<Enrolled, Error> {
    if device.claim_hash != ask.claim_code {
        return Err(Reason::KeyMismatch.into());
    }
    match device.device.state {
        DeviceState::Pending | DeviceState::Activated => {
            Ok(Enrolled { id: device.device.id.clone(), state: device.device.state })
        }
        DeviceState::Revoked => Err(Reason::DeviceRevoked.into()),
        DeviceState::Replaced | DeviceState::Released => Err(Reason::DeviceEnded.into()),
    }
}

/// The device of that key, which checks in.
pub fn check_in(
    transaction: &WriteTransaction<'_>,
    key: &Hash,
    agent: &Untrusted,
    now: Timestamp,
) -> Result<Device, Error> {
    let device = transaction.snapshot().device(DeviceBy::Key, key)?.ok_or(Reason::DeviceUnknown)?;
    transaction.saw(device.number, agent, now)?;
    Ok(device.device)
}

pub(super) fn not_paused(snapshot: Snapshot<'_>, now: Timestamp) -> Result<(), Error> {
    snapshot.pause(now)?.map_or(Ok(()), |pause| Err(Error::Paused { until: pause.until }))
}

/// The token, unless it was revoked: then it neither enrolls laptops nor activates those that it enrolled.
pub(super) fn token_stands(snapshot: Snapshot<'_>, token: &TokenId) -> Result<HeldToken, Error> {
    let held = snapshot.token(token)?.ok_or(Reason::TokenUnknown)?;
    if held.is_revoked { Err(Reason::TokenRevoked.into()) } else { Ok(held) }
}

/// Whether a valid token may enroll this laptop. Its scope, like its expiry, limits enrolling only.
fn lets_in(token: &HeldToken, ask: &Enroll, now: Timestamp) -> Result<(), Reason> {
    if token.overlap_until.is_some_and(|until| until <= now) {
        return Err(Reason::TokenReplaced);
    }
    match token.scope.outside(ask.laptop.system.raw(), ask.from) {
        None => Ok(()),
        Some(Outside::Platform) => Err(Reason::TokenPlatform),
        Some(Outside::Network) => Err(Reason::TokenNetwork),
    }
}

/// Counts a laptop as a use of the token, unless it was already counted.
pub(super) fn use_token(
    transaction: &WriteTransaction<'_>,
    token: &TokenId,
    laptop: &Hash,
    now: Timestamp,
) -> Result<(), Error> {
    let snapshot = transaction.snapshot();
    if snapshot.was_let_in(token, laptop)? {
        return Ok(());
    }
    let most = token_stands(snapshot, token)?.max_activations;
    if most > 0 && snapshot.uses(token)? >= most {
        return Err(Reason::TokenUsedUp.into());
    }
    Ok(transaction.let_in(token, laptop, now)?)
}

/// The laptop as the actor of a change.
pub(super) fn actor(id: &DeviceId) -> Actor {
    Actor::new(format!("laptop {id}"))
}

pub(super) fn called(id: &DeviceId) -> String {
    format!("device {id}")
}
