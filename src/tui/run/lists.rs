//! The lists: each in a file of its own, which reads rows, tells what is known of an entry, and does what can be done.
//!
//! What comes back is words that are safe to show. A list is read anew for each page: what is shown is what is so.

mod accounts;
mod audit;
mod configuration;
mod device_map;
mod devices;
mod exports;
mod keys;
mod mappings;
mod syncs;
#[cfg(test)]
mod tests;
mod tokens;
mod users;

use crate::engine::{Engine, Error};
pub(super) use crate::model::count::counted;
use crate::model::device::Device;
use crate::model::job::Job;
pub(super) use crate::model::moment::{day, minute};
use crate::model::name::Name;
use crate::model::size::Size;
use crate::model::text::shown;
use crate::present::Tone;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows, Wanted};
use crate::tui::message::JobEvent;
use crate::tui::view::Found;

/// One list.
trait Source {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error>;

    /// All that is known of an entry.
    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error>;

    /// What there is to know before it is done, to the entry or to the list; `None`: nothing, do it.
    fn question(
        &self,
        _engine: &Engine,
        _asked: &Asked,
        _act: Act,
        _id: Option<&str>,
    ) -> Result<Option<Question>, Error> {
        Ok(None)
    }

    /// Does it, and says what became of it.
    fn act(&self, _engine: &Engine, _doing: &Doing, _job: &Job) -> Result<Vec<Fact>, Error> {
        Ok(Vec::new())
    }
}

fn source(kind: Kind) -> &'static dyn Source {
    match kind {
        Kind::Users => &users::Users,
        Kind::Mappings => &mappings::Mappings,
        Kind::Syncs => &syncs::Syncs,
        Kind::Devices => &devices::Devices,
        Kind::Accounts => &accounts::Accounts,
        Kind::Tokens => &tokens::Tokens,
        Kind::Exports => &exports::Exports,
        Kind::Audit => &audit::Audit,
        Kind::Directories => &configuration::Directories,
        Kind::Profiles => &configuration::Profiles,
        Kind::Storages => &configuration::Storages,
        Kind::Keys => &keys::Keys,
        Kind::DeviceMap => &device_map::DeviceMap,
    }
}

pub(super) fn rows(engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
    let mut rows = source(asked.kind).rows(engine, asked, offset, limit)?;
    if engine.is_read_only() {
        rows.rows.iter_mut().for_each(|row| row.acts.retain(|act| act.only_looks()));
        rows.acts.retain(|act| act.only_looks());
    }
    Ok(rows)
}

pub(super) fn detail(engine: &Engine, kind: Kind, id: &str) -> Result<Detail, Error> {
    let mut detail = source(kind).detail(engine, id)?;
    if engine.is_read_only() {
        detail.acts.retain(|act| act.only_looks());
    }
    Ok(detail)
}

pub(super) fn question(engine: &Engine, wanted: Wanted) -> Result<Wanted, Error> {
    let of = source(wanted.asked.kind);
    let question = of.question(engine, &wanted.asked, wanted.act, wanted.id.as_deref())?;
    Ok(Wanted { question, ..wanted })
}

pub(super) fn act(engine: &Engine, doing: &Doing, job: &Job) -> Result<JobEvent, Error> {
    if let (Kind::Syncs, Act::Sync) = (doing.asked.kind, doing.act) {
        return syncs::sync(engine, job);
    }
    Ok(JobEvent::Done(source(doing.asked.kind).act(engine, doing, job)?))
}

/// How many of a kind the palette shows.
const FOUND: u64 = 8;

/// What is in the state by a few letters: users, laptops, tokens, mappings, exports, and a plan by its number.
pub(super) fn find(engine: &Engine, typed: &str) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let kinds = [
        (Kind::Users, "user"),
        (Kind::Devices, "laptop"),
        (Kind::Tokens, "token"),
        (Kind::Mappings, "mapping"),
        (Kind::Exports, "export"),
    ];
    for (kind, what) in kinds {
        let asked = Asked { kind, search: typed.to_owned(), order: 0 };
        found.extend(rows(engine, &asked, 0, FOUND)?.rows.into_iter().map(|row| Found {
            name: row.cells.first().cloned().unwrap_or_default(),
            what: what.to_owned(),
            more: row.cells.get(2).cloned().unwrap_or_default(),
            place: Place::Entry(kind, row.id),
        }));
    }
    // A number finds what contains it, too; the plan of that number is what is meant.
    if let Some(plan) = typed.trim().trim_start_matches("plan ").parse().ok().map(|plan| engine.stored_plan(plan)) {
        found.extend(plan.ok().map(|plan| Found {
            name: format!("Plan {}", plan.id),
            what: "plan".to_owned(),
            more: format!("made {}", minute(plan.made_at)),
            place: Place::Entry(Kind::Syncs, plan.id.to_string()),
        }));
    }
    Ok(found)
}

fn yes_or_no(text: impl Into<String>) -> Question {
    Question { text: text.into(), input: None }
}

/// A line that is to be typed first.
fn typed(text: impl Into<String>, begins: impl Into<String>) -> Question {
    Question { text: text.into(), input: Some(begins.into()) }
}

/// The name of something, as it is typed.
fn called(name: &str) -> Result<Name, Error> {
    Name::new(name).map_err(|why| Error::NotAName { given: shown(name), why })
}

fn done(text: impl Into<String>) -> Vec<Fact> {
    vec![Fact::new("", text).toned(Tone::Good)]
}

/// What is searched for, for those lists that are read whole.
fn has(cells: &[String], search: &str) -> bool {
    let search = search.trim().to_lowercase();
    search.is_empty() || cells.iter().any(|cell| cell.to_lowercase().contains(&search))
}

/// A page of the rows that have what is searched for, of a list that is read whole.
fn page(rows: impl Iterator<Item = Row>, asked: &Asked, offset: u64, limit: u64) -> Rows {
    let found: Vec<Row> = rows.filter(|row| has(&row.cells, &asked.search)).collect();
    Rows::of(found.into_iter(), offset, limit)
}

/// Facts of one kind: the label stands before the first.
pub(super) fn several(label: &str, facts: impl Iterator<Item = Fact>) -> impl Iterator<Item = Fact> {
    facts.enumerate().map(move |(at, fact)| if at == 0 { Fact { label: label.to_owned(), ..fact } } else { fact })
}

/// A laptop of a user or of an account.
fn laptop(device: &Device) -> Fact {
    let text = format!("{}, {}", device.host_name.shown(), device.state.word());
    Fact::new("", text).leading(Place::Entry(Kind::Devices, device.id.to_string()))
}

fn quota(quota: Option<Size>) -> String {
    match quota {
        None => "as the agent has it".to_owned(),
        Some(quota) if quota.as_bytes() == 0 => "no limit".to_owned(),
        Some(quota) => quota.to_string(),
    }
}
