//! `imd devices`: laptops.

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::device::{Device, DeviceId};
use crate::model::settings::Proof;

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Refuse a laptop, and the same hardware, from the next request on
    Revoke {
        /// Its id, as `imd devices` lists it
        id: DeviceId,
    },
    /// Give a laptop's place back to its user; it may enrol anew
    Free {
        /// Its id, as `imd devices` lists it
        id: DeviceId,
    },
}

pub(super) fn run(
    engine: &Engine,
    verb: Option<&Verb>,
    query: Option<&str>,
    limit: u64,
    output: &Output,
) -> Result<(), Failure> {
    let changed = match verb {
        Some(Verb::Revoke { id }) => engine.revoke_device(id)?,
        Some(Verb::Free { id }) => engine.free_device(id)?,
        None => {
            let devices = engine.devices(query, limit)?;
            let columns = ["DEVICE", "STATE", "HOST", "SERIAL", "USER", "PROOF", "SEEN"];
            return Ok(output.list(&devices, columns, |device| {
                [
                    device.id.to_string(),
                    device.state.word().to_owned(),
                    device.host_name.shown(),
                    device.serial.shown(),
                    device.activation.as_ref().map(|activation| activation.user.clone()).unwrap_or_default(),
                    proof(device),
                    device.last_seen_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
                ]
            })?);
        }
    };
    let lines = [("device", changed.id.to_string()), ("state", changed.state.word().to_owned())];
    Ok(output.one(&changed, &lines)?)
}

/// What was shown of the user; nothing at all is said as loudly as it deserves.
fn proof(device: &Device) -> String {
    match device.activation.as_ref().map(|activation| activation.proof) {
        None => String::new(),
        Some(Proof::Kerberos) => "kerberos".to_owned(),
        Some(Proof::Password) => "password".to_owned(),
        Some(Proof::Claimed) => "claimed: none".to_owned(),
    }
}
