//! Who changed what, the newest first.

use std::path::Path;

use super::{Source, done, minute, typed};
use crate::engine::{AuditForm, Engine, Error};
use crate::model::audit::{self, Entry, Page};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::store::Verdict;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Question, Row, Rows};
use crate::tui::message::Tone;
use crate::tui::panel::report::grouped;

pub(super) struct Audit;

/// Entries of which who, what or on what begins so.
fn beginning(search: &str) -> audit::Asked {
    audit::Asked { any: search.to_owned(), ..audit::Asked::default() }
}

impl Source for Audit {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let Page { entries, total } = engine.audit_page(&beginning(&asked.search), offset, limit)?;
        Ok(Rows { offset, total, rows: entries.iter().map(row).collect(), ..Rows::default() })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let gone = || Error::Gone { what: "entry", id: shown(id) };
        let number: u64 = id.parse().map_err(|_| gone())?;
        let entry = engine.audit_entry(number)?.ok_or_else(gone)?;
        let lines = vec![
            Fact::new("When", entry.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
            Fact::new("Who", entry.actor.0.shown()),
            Fact::new("What", entry.verb.clone()),
            Fact::new("On", entry.subject.shown()),
            Fact::new("Detail", entry.detail.shown()),
        ];
        Ok(Detail { title: format!("Entry {}", entry.number), lines, acts: Vec::new() })
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, _: Option<&str>) -> Result<Option<Question>, Error> {
        let text = "To which file is every entry written? .json says how to verify it, .csv is for a spreadsheet.";
        Ok((act == Act::Save).then(|| typed(text, "audit.json")))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        if doing.act == Act::Save {
            let path = Path::new(doing.input.trim());
            let is_csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
            engine.export_audit(path, if is_csv { AuditForm::Csv } else { AuditForm::Json })?;
            return Ok(done(format!("Every entry is written to {}.", shown(&doing.input))));
        }
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
