//! Lists, revokes and releases laptops, and pauses activations.

use jiff::Timestamp;

use crate::model::account::{Account, Kept};
use crate::model::device::{Device, DeviceId, DeviceState, Funnel};
use crate::model::refusal::Refusal;
use crate::model::text::shown;
use crate::store::{self, Pause, WriteTransaction};

use super::{Engine, Error};

/// The state of activations for `imd status`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    pub funnel: Funnel,
    /// Preserved accounts.
    pub accounts: Kept,
    /// The number of refused requests in the last 7 days, by reason; the most frequent first.
    pub refused: Vec<(String, u64)>,
    pub pause: Option<Pause>,
}

impl Engine {
    /// Devices, newest first: all, or those that contain the query in their id, host name, serial number or user.
    pub fn devices(&self, query: Option<&str>, limit: u64) -> Result<Vec<Device>, Error> {
        Ok(self.store().devices(query, limit)?)
    }

    /// The device of that id.
    ///
    /// # Errors
    /// [`Error::Gone`] when there is none.
    pub fn device(&self, id: &str) -> Result<Device, Error> {
        let gone = || Error::Gone { what: "device", id: shown(id) };
        let id: DeviceId = id.parse().map_err(|_| gone())?;
        Ok(self.store().snapshot(|snapshot| snapshot.device_called(&id))?.ok_or_else(gone)?.device)
    }

    /// The devices that an account has or had, the newest first.
    pub fn devices_of(&self, account: &Account) -> Result<Vec<Device>, Error> {
        Ok(self.store().snapshot(|snapshot| snapshot.devices_of(account.id))?)
    }

    /// Refusals, the newest first: all, or those of a correlation id or a device id.
    pub fn refusals(&self, of: Option<&str>, limit: u64) -> Result<Vec<Refusal>, Error> {
        Ok(self.store().refusals(of, limit)?)
    }

    pub fn activations(&self) -> Result<Standing, Error> {
        let now = self.now();
        Ok(Standing {
            funnel: self.store().funnel()?,
            accounts: self.store().kept_accounts(now)?,
            refused: self.store().refused_on(7, now)?,
            pause: self.paused()?,
        })
    }

    /// Refuses a device, and the same hardware, from the next request on.
    pub fn revoke_device(&self, id: &DeviceId) -> Result<Device, Error> {
        self.end(id, DeviceState::Revoked, "devices revoke")
    }

    /// Releases a device: it no longer counts for its user, and may enroll again.
    pub fn release_device(&self, id: &DeviceId) -> Result<Device, Error> {
        self.end(id, DeviceState::Released, "devices release")
    }

    fn end(&self, id: &DeviceId, state: DeviceState, verb: &str) -> Result<Device, Error> {
        let by = self.by(verb)?;
        let unknown = || store::Error::Unknown(format!("device {id}"));
        let end = |transaction: &WriteTransaction<'_>| {
            let held = transaction.snapshot().device_called(id)?.ok_or_else(unknown)?;
            if held.device.state != state {
                transaction.end(held.number, state, by.at)?;
                let was = held.device.state.word();
                transaction.audit(&by, &format!("device {id}"), &format!("state: {was} -> {}", state.word()))?;
            }
            transaction.snapshot().device_called(id)?.map(|held| held.device).ok_or_else(unknown)
        };
        Ok(self.store().transaction(end)?)
    }

    /// Pauses enrollments and activations until then or until [`Self::resume`].
    pub fn pause(&self, until: Option<Timestamp>) -> Result<(), Error> {
        Ok(self.store().pause(until, &self.by("pause")?)?)
    }

    /// False when nothing was paused.
    pub fn resume(&self) -> Result<bool, Error> {
        Ok(self.store().resume(&self.by("resume")?)?)
    }

    pub fn paused(&self) -> Result<Option<Pause>, Error> {
        let now = self.now();
        Ok(self.store().snapshot(|snapshot| snapshot.pause(now))?)
    }
}
