//! Laptops, the newest first.

use super::{Source, done, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::device::{Device, DeviceState};
use crate::model::job::Job;
use crate::present::device::{self, COLUMNS};
use crate::present::{Act, Fact, Kind, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows};

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Devices,
    title: "Devices",
    reached: Reached::Key('5'),
    columns: &headings(COLUMNS),
    empty: "No laptop has enrolled yet. Give an export to your deployment tool (7).",
    about: "Laptops. A pending laptop waits for its user to log on.",
    help: include_str!("../../../../assets/help/devices.txt"),
    entry: Some("laptop"),
    listed_by: "devices",
    verbs: &[
        (Act::Revoke, "devices revoke"),
        (Act::Release, "devices release"),
        (Act::Pause, "pause"),
        (Act::Resume, "resume"),
    ],
    ..ListSpec::PLAIN
};

pub(super) struct Devices;

/// How many refusals of a laptop are shown.
const REFUSALS: u64 = 20;

impl Source for Devices {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let query = Some(asked.search.trim()).filter(|search| !search.is_empty());
        let devices = engine.devices(query, offset.saturating_add(limit).saturating_add(1))?;
        let more = devices.len() as u64 > offset.saturating_add(limit);
        let acts = vec![if engine.paused()?.is_some() { Act::Resume } else { Act::Pause }];
        Ok(Rows { more, acts, ..Rows::of(devices.iter().map(row), offset, limit) })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let device = engine.device(id)?;
        let refusals = engine.refusals(Some(&device.id.to_string()), REFUSALS)?;
        let lines = device::facts(&device, &token_name(engine, &device)?, &refusals);
        Ok(Detail { title: device.host_name.shown(), lines, acts: acts(&device) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        match act {
            Act::Pause => {
                let text = "Pause? No laptop enrolls or activates until you resume; laptops wait and try again.";
                return Ok(Some(yes_or_no(text)));
            }
            Act::Resume => return Ok(None),
            _ => {}
        }
        let device = engine.device(id.unwrap_or_default())?;
        let host = device.host_name.shown();
        let whose = device.activation.as_ref().map(|of| format!(" of {}", of.user)).unwrap_or_default();
        let seat = if whose.is_empty() { "" } else { "gives its seat back to the user, and " };
        Ok(match act {
            Act::Revoke => Some(yes_or_no(format!(
                "Revoke {host}{whose}? It and the same hardware are refused from the next request on, until it is released."
            ))),
            Act::Release => Some(yes_or_no(format!("Release {host}{whose}? It {seat}may enroll again."))),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        match doing.act {
            Act::Pause => {
                engine.pause(None)?;
                return Ok(done("Paused: no laptop enrolls or activates; P resumes."));
            }
            Act::Resume => {
                engine.resume()?;
                return Ok(done("Laptops enroll and activate again."));
            }
            _ => {}
        }
        let device = engine.device(doing.id.as_deref().unwrap_or_default())?;
        let changed = match doing.act {
            Act::Revoke => engine.revoke_device(&device.id)?,
            Act::Release => engine.release_device(&device.id)?,
            _ => return Ok(Vec::new()),
        };
        Ok(done(format!("{} is {} now.", changed.host_name.shown(), changed.state.word())))
    }
}

/// The name of the token that enrolled it.
fn token_name(engine: &Engine, device: &Device) -> Result<String, Error> {
    let record = engine.tokens()?.into_iter().find(|record| record.id == device.token);
    Ok(record.map_or_else(|| device.token.to_string(), |record| record.name.to_string()))
}

fn acts(device: &Device) -> Vec<Act> {
    match device.state {
        DeviceState::Pending | DeviceState::Activated => vec![Act::Revoke, Act::Release],
        DeviceState::Revoked => vec![Act::Release],
        DeviceState::Replaced | DeviceState::Released => Vec::new(),
    }
}

fn row(device: &Device) -> Row {
    super::row(device.id.to_string(), COLUMNS, device, device::tone(device.state), acts(device))
}
