//! `imd devices`: laptops.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::count::grouped;
use crate::model::device::DeviceId;
use crate::model::text::shown;
use crate::present::{device, device_map};

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
            return Ok(output.list_of(&devices, device::COLUMNS, Clone::clone)?);
        }
    };
    let lines = [
        ("Device", changed.id.to_string()),
        ("Host", changed.host_name.shown()),
        ("State", changed.state.word().to_owned()),
    ];
    Ok(output.one(&changed, &lines)?)
}

/// Imports reservations; exit code 3 when rows are wrong.
fn import(engine: &Engine, file: &Path, output: &Output) -> Result<(), Failure> {
    let imported = engine.import_device_map(file)?;
    let mut lines = vec![
        ("Added", grouped(imported.added)),
        ("Updated", grouped(imported.changed)),
        ("Unchanged", grouped(imported.unchanged)),
        ("Used", grouped(imported.used)),
        ("Wrong", grouped(imported.bad)),
    ];
    let Some(path) = &imported.bad_rows else { return Ok(output.one(&imported, &lines)?) };
    let path = shown(&path.to_string_lossy());
    lines.push(("Wrong rows", path.clone()));
    output.one(&imported, &lines)?;
    let rows = if imported.bad == 1 { "1 row is".to_owned() } else { format!("{} rows are", grouped(imported.bad)) };
    Err(Failure::NeedsYou {
        message: format!("{rows} invalid and not imported; the other rows were imported"),
        help: format!("each row in {path} has its error; correct the rows, then import that file"),
    })
}

fn map(engine: &Engine, query: Option<&str>, limit: u64, output: &Output) -> Result<(), Failure> {
    Ok(output.list_of(&engine.device_map(query, limit)?, device_map::COLUMNS, Clone::clone)?)
}

fn unmap(engine: &Engine, id: &str, output: &Output) -> Result<(), Failure> {
    if engine.unmap_device(id)? {
        let document = serde_json::json!({ "unmapped": id });
        return Ok(output.done(&document, "Reservation removed.")?);
    }
    Err(Failure::Plain {
        message: format!("the device map has no laptop {}", shown(id)),
        help: "`imd devices map` lists the reserved laptops".to_owned(),
    })
}
