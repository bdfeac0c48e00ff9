//! `imd devices`: laptops.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::device::DeviceId;
use crate::model::device_map::MappedDevice;

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Refuse a laptop, and any laptop with the same hardware, from the next request on
    Revoke {
        /// The device id, as `imd devices` lists it
        id: DeviceId,
    },
    /// Release a laptop: its user may activate another one, and the laptop may enroll again
    Release {
        /// The device id, as `imd devices` lists it
        id: DeviceId,
    },
    /// Reserve laptops for users, from a CSV file
    Import {
        /// The CSV file, with the columns e-mail, host name, device id, id type, user name, old device and restore
        file: PathBuf,
    },
    /// List the reserved laptops, their users and their activations
    Map {
        /// Part of an id, a host name, a user name or an old device
        query: Option<String>,
        /// Show at most this many; laptops that are not activated come first
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: u64,
    },
    /// Remove the reservation of a laptop
    Unmap {
        /// The serial number or UUID, as `imd devices map` lists it
        id: String,
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
        Some(Verb::Release { id }) => engine.release_device(id)?,
        Some(Verb::Import { file }) => return import(engine, file, output),
        Some(Verb::Map { query, limit }) => return map(engine, query.as_deref(), *limit, output),
        Some(Verb::Unmap { id }) => return unmap(engine, id, output),
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
                    device.activation.as_ref().map(|activation| activation.auth.word().to_owned()).unwrap_or_default(),
                    crate::model::moment::minute(device.last_seen_at),
                ]
            })?);
        }
    };
    let lines = [("device", changed.id.to_string()), ("state", changed.state.word().to_owned())];
    Ok(output.one(&changed, &lines)?)
}

/// Exit code 3 when there are rows to be mended.
fn import(engine: &Engine, file: &Path, output: &Output) -> Result<(), Failure> {
    let imported = engine.import_device_map(file)?;
    let mut lines = vec![
        ("added", imported.added.to_string()),
        ("changed", imported.changed.to_string()),
        ("unchanged", imported.unchanged.to_string()),
        ("used", imported.used.to_string()),
        ("bad", imported.bad.to_string()),
    ];
    let Some(path) = &imported.bad_rows else { return Ok(output.one(&imported, &lines)?) };
    lines.push(("bad rows", path.display().to_string()));
    output.one(&imported, &lines)?;
    Err(Failure::NeedsYou {
        message: format!("{} rows were excluded; the others were taken in", imported.bad),
        help: format!("each row in {} says why; mend them, and import that file", path.display()),
    })
}

fn map(engine: &Engine, query: Option<&str>, limit: u64, output: &Output) -> Result<(), Failure> {
    let columns = ["ID", "TYPE", "HOST", "USER", "OLD DEVICE", "RESTORE", "USED", "DEVICE"];
    Ok(output.list(&engine.device_map(query, limit)?, columns, |row: &MappedDevice| {
        let whose = if row.mail.raw().is_empty() { &row.user_name } else { &row.mail };
        let used = row.used.as_ref();
        [
            row.device_id.shown(),
            row.id_type.word().to_owned(),
            row.host_name.shown(),
            whose.shown(),
            row.old_device.shown(),
            if row.restore { "yes" } else { "no" }.to_owned(),
            used.map(|used| crate::model::moment::minute(used.at)).unwrap_or_default(),
            used.map(|used| used.device.to_string()).unwrap_or_default(),
        ]
    })?)
}

fn unmap(engine: &Engine, id: &str, output: &Output) -> Result<(), Failure> {
    if engine.unmap_device(id)? {
        let document = serde_json::json!({ "unmapped": id });
        return Ok(output.done(&document, "The laptop is reserved for nobody any more.")?);
    }
    Err(Failure::Plain {
        message: format!("the device map has no laptop {}", crate::model::text::shown(id)),
        help: "`imd devices map` shows those that it has".to_owned(),
    })
}
