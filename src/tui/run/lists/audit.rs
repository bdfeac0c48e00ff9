//! The audit: who changed what, the newest first.

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Source, done, typed};
use crate::engine::{AuditForm, Engine, Error};
use crate::model::audit::{self, Entry, Page};
use crate::model::count::counted;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::audit::{COLUMNS, Row as Shown, facts};
use crate::present::{Act, Fact, Kind, Tone, headings};
use crate::store::Verdict;
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows};

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Audit,
    title: "Audit",
    reached: Reached::Key('8'),
    columns: &headings(COLUMNS),
    empty: "Nothing was changed yet.",
    about: "Who changed what. A changed or removed entry is found by the check (v).",
    help: include_str!("../../../../assets/help/audit.txt"),
    acts: &[Act::Verify, Act::Save],
    listed_by: "audit",
    verbs: &[(Act::Verify, "audit verify"), (Act::Save, "audit export")],
    ..ListSpec::PLAIN
};

pub(super) struct Audit;

/// At most so many laptops and accounts that a name finds are searched for in the audit.
const NAMED: u64 = 200;
/// A name has at least so many letters.
const LEAST: usize = 2;

/// The entries that a search finds: those of the given day, if any, with an actor, verb or subject that starts with the
/// text, or about a laptop or an account of that name.
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
        // A search of laptops also finds their states; here only names count.
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

/// A day as it is typed: `2026-11-24`.
fn day(word: &str) -> Option<Date> {
    (word.len() == "2026-11-24".len()).then(|| word.parse().ok())?
}

impl Source for Audit {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let Page { entries, total } = engine.audit_page(&self::asked(engine, &asked.search)?, offset, limit)?;
        Ok(Rows {
            offset,
            total,
            rows: entries.into_iter().map(|entry| row(engine, entry)).collect(),
            ..Rows::default()
        })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let gone = || Error::Gone { what: "entry", id: shown(id) };
        let number: u64 = id.parse().map_err(|_| gone())?;
        let entry = engine.audit_entry(number)?.ok_or_else(gone)?;
        let (title, lines) = (format!("Entry {}", entry.number), facts(&Shown::new(engine, entry)));
        Ok(Detail { title, lines, acts: Vec::new() })
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, _: Option<&str>) -> Result<Option<Question>, Error> {
        let text = "Write all entries to which file? .json says how to verify it, .csv is for a spreadsheet.";
        Ok((act == Act::Save).then(|| typed(text, "audit.json")))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        if doing.act == Act::Save {
            let path = Path::new(doing.input.trim());
            let is_csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
            engine.export_audit(path, if is_csv { AuditForm::Csv } else { AuditForm::Json })?;
            return Ok(done(format!("All entries were written to {}.", shown(&doing.input))));
        }
        Ok(vec![match engine.verify_audit()? {
            Verdict::Whole { rows, .. } => {
                Fact::new("", format!("{}, none changed or removed.", counted(rows, "entry", "entries")))
                    .toned(Tone::Good)
            }
            Verdict::Broken { number } => {
                let text = format!("entry {number} was changed, or entries before it were removed or inserted");
                Fact::new("Changed", text).toned(Tone::Problem)
            }
            Verdict::CutShort { rows, were } => {
                let text = format!("{} of {} are left", rows, counted(were, "entry", "entries"));
                Fact::new("Removed", text).toned(Tone::Problem)
            }
        }])
    }
}

fn row(engine: &Engine, entry: Entry) -> Row {
    super::row(entry.number.to_string(), COLUMNS, &Shown::new(engine, entry), Tone::Plain, Vec::new())
}
