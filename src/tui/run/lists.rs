//! The lists: each in a file of its own, which says what the list is, reads its rows and carries its acts out.
//!
//! What comes back is words that are safe to show, most of them from `present`. A list is read again for each page.

mod accounts;
mod audit;
mod device_map;
mod devices;
mod directories;
mod exports;
mod keys;
mod mappings;
mod profiles;
mod storages;
mod syncs;
#[cfg(test)]
mod tests;
mod tokens;
mod users;

use crate::engine::{Engine, Error};
pub(super) use crate::model::count::counted;
use crate::model::job::Job;
pub(super) use crate::model::moment::minute;
use crate::model::name::Name;
use crate::model::text::shown;
use crate::present::{Act, Column, Fact, Kind, Place, Tone, cells};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows, Wanted};
use crate::tui::message::JobEvent;
use crate::tui::view::Found;

/// Where the rows of a list come from, and what its acts do.
trait Source: Sync {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error>;

    /// All of an entry.
    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error>;

    /// What is asked before the act, on the entry or on the list; `None`: nothing.
    fn question(
        &self,
        _engine: &Engine,
        _asked: &Asked,
        _act: Act,
        _id: Option<&str>,
    ) -> Result<Option<Question>, Error> {
        Ok(None)
    }

    /// Carries the act out, and reports the result.
    fn act(&self, _engine: &Engine, _doing: &Doing, _job: &Job) -> Result<Vec<Fact>, Error> {
        Ok(Vec::new())
    }
}

/// Every list, in the order of the console. A new list is a [`Kind`], a file, and a line here.
const LISTS: [(&ListSpec, &dyn Source); 13] = [
    (&users::SPEC, &users::Users),
    (&mappings::SPEC, &mappings::Mappings),
    (&syncs::SPEC, &syncs::Syncs),
    (&devices::SPEC, &devices::Devices),
    (&accounts::SPEC, &accounts::Accounts),
    (&tokens::SPEC, &tokens::Tokens),
    (&exports::SPEC, &exports::Exports),
    (&audit::SPEC, &audit::Audit),
    (&directories::SPEC, &directories::Directories),
    (&profiles::SPEC, &profiles::Profiles),
    (&storages::SPEC, &storages::Storages),
    (&keys::SPEC, &keys::Keys),
    (&device_map::SPEC, &device_map::DeviceMap),
];

impl Kind {
    pub const ALL: [Self; LISTS.len()] = {
        let mut all = [Self::Users; LISTS.len()];
        let mut at = 0;
        while at < LISTS.len() {
            all[at] = LISTS[at].0.kind;
            at += 1;
        }
        all
    };

    /// The lists below the steps of setup.
    pub const OF_SETUP: [Self; of_setup()] = {
        let mut found = [Self::Users; of_setup()];
        let (mut at, mut next) = (0, 0);
        while at < LISTS.len() {
            if matches!(LISTS[at].0.reached, Reached::Setup) {
                found[next] = LISTS[at].0.kind;
                next += 1;
            }
            at += 1;
        }
        found
    };

    /// What the list is.
    pub const fn spec(self) -> &'static ListSpec {
        let mut at = 0;
        while at + 1 < LISTS.len() && LISTS[at].0.kind as u8 != self as u8 {
            at += 1;
        }
        LISTS[at].0
    }
}

const fn of_setup() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < LISTS.len() {
        if matches!(LISTS[at].0.reached, Reached::Setup) {
            count += 1;
        }
        at += 1;
    }
    count
}

fn source(kind: Kind) -> &'static dyn Source {
    LISTS.iter().find(|(spec, _)| spec.kind == kind).map_or(&users::Users, |(_, source)| *source)
}

pub fn rows(engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
    let mut rows = source(asked.kind).rows(engine, asked, offset, limit)?;
    if engine.is_read_only() {
        rows.rows.iter_mut().for_each(|row| row.acts.retain(|act| act.only_looks()));
        rows.acts.retain(|act| act.only_looks());
    }
    Ok(rows)
}

pub fn detail(engine: &Engine, kind: Kind, id: &str) -> Result<Detail, Error> {
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

/// How many entries of a list the palette shows.
const FOUND: u64 = 8;

/// Finds entries by a few letters, in the lists that can be searched by text, and a plan by its number.
pub(super) fn find(engine: &Engine, typed: &str) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for (kind, what) in LISTS.iter().filter_map(|(spec, _)| Some((spec.kind, spec.entry?))) {
        let asked = Asked { kind, search: typed.to_owned(), order: 0 };
        found.extend(rows(engine, &asked, 0, FOUND)?.rows.into_iter().map(|row| Found {
            name: row.cells.first().cloned().unwrap_or_default(),
            what: what.to_owned(),
            more: row.cells.get(2).cloned().unwrap_or_default(),
            place: Place::Entry(kind, row.id),
        }));
    }
    // A number also finds what contains it; here it means the plan of that number.
    if let Some(plan) = typed.trim().trim_start_matches("plan ").parse().ok().map(|plan| engine.stored_plan(plan)) {
        found.extend(plan.ok().map(|plan| Found {
            name: format!("Plan {}", plan.id),
            what: "plan".to_owned(),
            more: format!("created {}", minute(plan.made_at)),
            place: Place::Entry(Kind::Syncs, plan.id.to_string()),
        }));
    }
    Ok(found)
}

fn yes_or_no(text: impl Into<String>) -> Question {
    Question { text: text.into(), input: None }
}

/// A question that is answered with a line.
fn typed(text: impl Into<String>, begins: impl Into<String>) -> Question {
    Question { text: text.into(), input: Some(begins.into()) }
}

/// What is asked before a directory, a profile or a storage is removed.
fn removal(what: &str, id: Option<&str>) -> Question {
    let id = shown(id.unwrap_or_default());
    yes_or_no(format!("Remove the {what} \"{id}\"? It is not removed while something uses it."))
}

/// A name as it was typed.
fn called(name: &str) -> Result<Name, Error> {
    Name::new(name).map_err(|why| Error::NotAName { given: shown(name), why })
}

fn done(text: impl Into<String>) -> Vec<Fact> {
    vec![Fact::new("", text).toned(Tone::Good)]
}

/// Whether a row has the search text, for lists that are read whole.
fn has(cells: &[String], search: &str) -> bool {
    let search = search.trim().to_lowercase();
    search.is_empty() || cells.iter().any(|cell| cell.to_lowercase().contains(&search))
}

/// A row of these columns.
fn row<T>(id: String, columns: &[Column<T>], item: &T, tone: Tone, acts: Vec<Act>) -> Row {
    Row { id, cells: cells(columns, item), tone, acts }
}

/// A page of the rows that have the search text, of a list that is read whole.
fn page(rows: impl Iterator<Item = Row>, asked: &Asked, offset: u64, limit: u64) -> Rows {
    let found: Vec<Row> = rows.filter(|row| has(&row.cells, &asked.search)).collect();
    Rows::of(found.into_iter(), offset, limit)
}
