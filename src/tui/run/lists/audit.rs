//! Who changed what, the newest first.

use super::{Source, has, minute};
use crate::engine::{Engine, Error};
use crate::model::audit::Entry;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::store::Verdict;
use crate::tui::listing::{Asked, Detail, Doing, Fact, Row, Rows};
use crate::tui::message::Tone;
use crate::tui::panel::report::grouped;

pub(super) struct Audit;

/// How far back the list goes.
const ENTRIES: usize = 10_000;

impl Source for Audit {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let entries = engine.audit(ENTRIES)?;
        let more = entries.len() == ENTRIES;
        let found: Vec<Row> = entries.iter().map(row).filter(|row| has(&row.cells, &asked.search)).collect();
        Ok(Rows { more, ..Rows::of(found.into_iter(), offset, limit) })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let entry = engine.audit(ENTRIES)?.into_iter().find(|entry| entry.number.to_string() == id);
        let entry = entry.ok_or_else(|| Error::Gone { what: "entry", id: shown(id) })?;
        let lines = vec![
            Fact::new("When", entry.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
            Fact::new("Who", entry.actor.0.shown()),
            Fact::new("What", entry.verb.clone()),
            Fact::new("On", entry.subject.shown()),
            Fact::new("Detail", entry.detail.shown()),
        ];
        Ok(Detail { title: format!("Entry {}", entry.number), lines, acts: Vec::new() })
    }

    fn act(&self, engine: &Engine, _: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        Ok(vec![match engine.verify_audit()? {
            Verdict::Whole { rows, .. } => {
                Fact::new("", format!("All {} entries are as they were written.", grouped(rows))).toned(Tone::Good)
            }
            Verdict::Broken { number } => {
                Fact::new("Broken", format!("entry {number} was changed, or others were taken out or put in before it"))
                    .toned(Tone::Problem)
            }
            Verdict::CutShort { rows, were } => {
                Fact::new("Cut short", format!("{} entries are there, {} were", grouped(rows), grouped(were)))
                    .toned(Tone::Problem)
            }
        }])
    }
}

fn row(entry: &Entry) -> Row {
    Row {
        id: entry.number.to_string(),
        cells: vec![
            minute(entry.at),
            entry.actor.0.shown(),
            entry.verb.clone(),
            entry.subject.shown(),
            entry.detail.shown(),
        ],
        tone: Tone::Plain,
        acts: Vec::new(),
    }
}
