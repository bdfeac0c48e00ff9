//! Laptops, the newest first.

use super::{Source, done, minute, several, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::device::{Device, DeviceState};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::Tone;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

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
        let mut lines = vec![
            Fact::new("State", device.state.word()).toned(tone(&device)),
            Fact::new("Serial", device.serial.shown()),
            Fact::new("System", device.system.shown()),
            Fact::new("Agent", device.agent.shown()),
            Fact::new("Enrolled", minute(device.enrolled_at)),
            Fact::new("Token", token_name(engine, &device)?)
                .leading(Place::Entry(Kind::Tokens, device.token.to_string())),
        ];
        lines.extend(device.waits_for().map(|why| Fact::new("Why", why).toned(Tone::Warning)));
        if let Some(activation) = &device.activation {
            let user = activation.user.clone();
            let whose = activation.account_name.raw().to_owned();
            lines.push(Fact::new("User", user).leading(Place::Entry(Kind::Accounts, whose)));
            lines.push(Fact::new("Activated", format!("{} by {}", minute(activation.at), auth(&device))));
        }
        lines.extend(device.ended_at.map(|at| Fact::new("Ended", minute(at))));
        lines.push(Fact::new("Seen", minute(device.last_seen_at)));
        let refusals = engine.refusals(Some(&device.id.to_string()), REFUSALS)?;
        lines.extend(several(
            "Refused",
            refusals.iter().map(|refusal| {
                let whom = refusal.user.as_ref().map(|user| format!("; user {}", user.shown())).unwrap_or_default();
                let (at, why, id) = (minute(refusal.at), refusal.detail.shown(), shown(&refusal.correlation));
                Fact::new("", format!("{at}: {why}{whom}; correlation id {id}")).toned(Tone::Warning)
            }),
        ));
        lines.push(Fact::new("Id", device.id.to_string()));
        Ok(Detail { title: device.host_name.shown(), lines, acts: acts(&device) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        match act {
            Act::Pause => {
                let text = "Pause? No laptop enrolls or activates until somebody resumes; each is told to wait, and comes again.";
                return Ok(Some(yes_or_no(text)));
            }
            Act::Resume => return Ok(None),
            _ => {}
        }
        let device = engine.device(id.unwrap_or_default())?;
        let host = device.host_name.shown();
        let whose = device.activation.as_ref().map(|of| format!(" of {}", of.user)).unwrap_or_default();
        let place = if whose.is_empty() { "" } else { "stops being one of the user's laptops, and " };
        Ok(match act {
            Act::Revoke => Some(yes_or_no(format!(
                "Revoke {host}{whose}? It is refused from the next request on, and so is the same hardware, until it is released."
            ))),
            Act::Release => Some(yes_or_no(format!("Release {host}{whose}? It {place}may enroll anew."))),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        match doing.act {
            Act::Pause => {
                engine.pause(None)?;
                return Ok(done("Laptops are told to wait; P lets them in again."));
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

/// What people call the token that let it in.
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
    Row {
        id: device.id.to_string(),
        cells: vec![
            device.host_name.shown(),
            device.state.word().to_owned(),
            match (&device.activation, device.waits_for()) {
                (Some(activation), _) => activation.user.clone(),
                (None, why) => why.unwrap_or_default().to_owned(),
            },
            minute(device.last_seen_at),
            device.serial.shown(),
            auth(device),
        ],
        tone: tone(device),
        acts: acts(device),
    }
}

fn tone(device: &Device) -> Tone {
    match device.state {
        DeviceState::Activated => Tone::Good,
        DeviceState::Revoked => Tone::Warning,
        _ => Tone::Plain,
    }
}

fn auth(device: &Device) -> String {
    device.activation.as_ref().map(|activation| activation.auth.word().to_owned()).unwrap_or_default()
}
