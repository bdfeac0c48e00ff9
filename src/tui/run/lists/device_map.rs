//! The device map: which laptop is reserved for whom.

use super::{Source, done, minute, typed, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::device_map::MappedDevice;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::Tone;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

pub(super) struct DeviceMap;

impl Source for DeviceMap {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let query = Some(asked.search.trim()).filter(|search| !search.is_empty());
        let all = engine.device_map(query, offset.saturating_add(limit).saturating_add(1))?;
        let more = all.len() as u64 > offset.saturating_add(limit);
        Ok(Rows { more, ..Rows::of(all.iter().map(row), offset, limit) })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let mapped = engine.device_map(Some(id), 10)?.into_iter().find(|mapped| mapped.device_id.raw() == id);
        let mapped = mapped.ok_or_else(|| Error::Gone { what: "laptop", id: shown(id) })?;
        let used = match &mapped.used {
            None => Fact::new("Used", "not yet"),
            Some(used) => {
                let device = Place::Entry(Kind::Devices, used.device.to_string());
                Fact::new("Used", minute(used.at)).toned(Tone::Good).leading(device)
            }
        };
        let lines = vec![
            Fact::new("Known by", mapped.id_type.word()),
            Fact::new("Host", mapped.host_name.shown()),
            Fact::new("For", whose(&mapped)).leading(Place::Entry(Kind::Users, mapped.guid.to_string())),
            Fact::new("In place of", mapped.old_device.shown()),
            Fact::new("Restore", if mapped.restore { "asked for" } else { "not asked for" }),
            Fact::new("Taken in", minute(mapped.imported_at)),
            used,
        ];
        Ok(Detail { title: mapped.device_id.shown(), lines, acts: vec![Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(match act {
            Act::Import => {
                typed("Which CSV file is taken in? Rows that are wrong are excluded and written to a file.", "")
            }
            _ => yes_or_no(format!("Reserve {} for nobody any more?", shown(id.unwrap_or_default()))),
        }))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        if doing.act == Act::Delete {
            engine.unmap_device(doing.id.as_deref().unwrap_or_default())?;
            return Ok(done("The laptop is reserved for nobody any more."));
        }
        let imported = engine.import_device_map(doing.input.trim().as_ref())?;
        let count = |label: &str, count: u64| Fact::new(label, grouped(count));
        let mut lines = vec![
            count("Added", imported.added),
            count("Changed", imported.changed),
            count("Unchanged", imported.unchanged),
        ];
        if let Some(path) = &imported.bad_rows {
            let path = shown(&path.to_string_lossy());
            let remedy = format!("each row in {path} says why; mend them, and take that file in");
            lines.push(count("Wrong", imported.bad).toned(Tone::Problem));
            lines.push(Fact::new("To do", remedy).toned(Tone::Help));
        }
        Ok(lines)
    }
}

fn whose(mapped: &MappedDevice) -> String {
    if mapped.mail.raw().is_empty() { mapped.user_name.shown() } else { mapped.mail.shown() }
}

fn row(mapped: &MappedDevice) -> Row {
    Row {
        id: mapped.device_id.raw().to_owned(),
        cells: vec![
            mapped.device_id.shown(),
            mapped.id_type.word().to_owned(),
            whose(mapped),
            mapped.used.as_ref().map(|used| minute(used.at)).unwrap_or_default(),
            mapped.host_name.shown(),
            mapped.old_device.shown(),
        ],
        tone: Tone::Plain,
        acts: vec![Act::Delete],
    }
}
