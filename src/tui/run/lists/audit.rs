//! Who changed what, the newest first.

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Source, done, minute, typed};
use crate::engine::{AuditForm, Engine, Error};
use crate::model::audit::{self, Entry, Page};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::text::{Untrusted, shown};
use crate::present::Tone;
use crate::store::Verdict;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Question, Row, Rows};

pub(super) struct Audit;

/// Of so many laptops and accounts that a name finds, what was done to them is looked for.
const NAMED: u64 = 200;
/// Fewer letters name nobody.
const LEAST: usize = 2;

/// Entries of a day, where one is said, of which who, what or on what begins so, or on whose laptop or account.
fn asked(engine: &Engine, search: &str) -> Result<audit::Asked, Error> {
    let (days, words): (Vec<&str>, Vec<&str>) = search.split_whitespace().partition(|word| day(word).is_some());
    let mut asked = audit::Asked { any: words.join(" "), ..audit::Asked::default() };
    if let Some(day) = days.first().and_then(|word| day(word)) {
        asked.since = day.to_zoned(TimeZone::UTC).ok().map(|begins| begins.timestamp());
        let next = day.tomorrow().ok().and_then(|next| next.to_zoned(TimeZone::UTC).ok());
        asked.until = next.map(|begins| begins.timestamp());
    }
    let name = asked.any.to_lowercase();
    if name.chars().count() >= LEAST {
        let has = |text: &str| text.to_lowercase().contains(&name);
        // A search of laptops finds their states, too; here a name is meant.
        for device in engine.devices(Some(&name), NAMED)? {
            let user = device.activation.as_ref();
            let is_users = user.is_some_and(|of| has(&of.user) || has(of.account_name.raw()));
            if has(device.host_name.raw()) || has(device.serial.raw()) || is_users {
                asked.subjects.push(format!("device {}", device.id));
            }
        }
        let accounts = engine.accounts(Some(&name), false, NAMED)?;
        let named = accounts.iter().filter(|account| has(&account.user) || has(account.name.raw()));
        asked.subjects.extend(named.map(|account| format!("account {}", account.name.raw())));
    }
    Ok(asked)
}

/// A day, as it is written here: `2026-11-24`.
fn day(word: &str) -> Option<Date> {
    (word.len() == "2026-11-24".len()).then(|| word.parse().ok())?
}

/// A laptop by both.
fn whole(engine: &Engine, text: &Untrusted) -> String {
    let (name, raw) = (named(engine, text), text.shown());
    if name == raw { raw } else { format!("{name} ({raw})") }
}

/// A laptop by its host name, instead of its id.
fn named(engine: &Engine, text: &Untrusted) -> String {
    for word in ["device ", "laptop "] {
        if let Some(device) = text.raw().strip_prefix(word).and_then(|id| engine.device(id).ok()) {
            return format!("{word}{}", device.host_name.shown());
        }
    }
    text.shown()
}

impl Source for Audit {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let Page { entries, total } = engine.audit_page(&self::asked(engine, &asked.search)?, offset, limit)?;
        Ok(Rows { offset, total, rows: entries.iter().map(|entry| row(engine, entry)).collect(), ..Rows::default() })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let gone = || Error::Gone { what: "entry", id: shown(id) };
        let number: u64 = id.parse().map_err(|_| gone())?;
        let entry = engine.audit_entry(number)?.ok_or_else(gone)?;
        let lines = vec![
            Fact::new("When", crate::model::moment::minute(entry.at)),
            Fact::new("Who", whole(engine, &entry.actor.0)),
            Fact::new("What", entry.verb.clone()),
            Fact::new("On", whole(engine, &entry.subject)),
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

fn row(engine: &Engine, entry: &Entry) -> Row {
    Row {
        id: entry.number.to_string(),
        cells: vec![
            minute(entry.at),
            named(engine, &entry.actor.0),
            entry.verb.clone(),
            named(engine, &entry.subject),
            entry.detail.shown(),
        ],
        tone: Tone::Plain,
        acts: Vec::new(),
    }
}
