//! The device map: which laptop is reserved for which user.

use super::{Source, done, typed, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::device_map::MappedDevice;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::device_map::{COLUMNS, facts};
use crate::present::{Act, Fact, Kind, Tone, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Row, Rows};

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::DeviceMap,
    title: "Device map",
    columns: &headings(COLUMNS),
    empty: "No laptop is reserved for a user. i imports a CSV file.",
    about: "Which laptop is reserved for which user.",
    help: include_str!("../../../../assets/help/device-map.txt"),
    acts: &[Act::Import],
    listed_by: "devices map",
    verbs: &[(Act::Import, "devices import"), (Act::Delete, "devices unmap")],
    ..ListSpec::PLAIN
};

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
        Ok(Detail { title: mapped.device_id.shown(), lines: facts(&mapped), acts: vec![Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(match act {
            Act::Import => typed("Import which CSV file? Wrong rows are not imported, but written to a file.", ""),
            _ => yes_or_no(format!("Remove the reservation of {}?", shown(id.unwrap_or_default()))),
        }))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        if doing.act == Act::Delete {
            engine.unmap_device(doing.id.as_deref().unwrap_or_default())?;
            return Ok(done("Reservation removed."));
        }
        let imported = engine.import_device_map(doing.input.trim().as_ref())?;
        let count = |label: &str, count: u64| Fact::new(label, grouped(count));
        let mut lines = vec![
            count("Added", imported.added),
            count("Updated", imported.changed),
            count("Unchanged", imported.unchanged),
        ];
        if let Some(path) = &imported.bad_rows {
            let path = shown(&path.to_string_lossy());
            let remedy = format!("each row in {path} has its error; correct the rows, then import that file");
            lines.push(count("Wrong", imported.bad).toned(Tone::Problem));
            lines.push(Fact::new("To do", remedy).toned(Tone::Help));
        }
        Ok(lines)
    }
}

fn row(mapped: &MappedDevice) -> Row {
    super::row(mapped.device_id.raw().to_owned(), COLUMNS, mapped, Tone::Plain, vec![Act::Delete])
}
