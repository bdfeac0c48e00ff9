//! The cached users: searched as somebody types, looked at, explained, written to a file, forgotten.

use std::path::Path;

use super::{Source, done, laptop, minute, several, typed, yes_or_no};
use crate::engine::{Among, Engine, Error, UserColumn, UserExport, UserFormat, UserPage};
use crate::model::explain::State;
use crate::model::found::{Sort, SortKey};
use crate::model::job::Job;
use crate::model::text::{Untrusted, shown};
use crate::model::user::Attribute;
use crate::store::{CachedUser, UserState};
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};
use crate::tui::message::Tone;
use crate::tui::panel::report::grouped;

pub(super) struct Users;

/// As [`Kind::orders`] has them: who came last is looked for first.
const ORDERS: [Sort; 5] = [
    Sort::by(SortKey::Name),
    Sort::by(SortKey::Account),
    Sort::by(SortKey::Mail),
    Sort::by(SortKey::Department),
    Sort { key: SortKey::Came, descending: true },
];

/// The columns of the list, for a file.
const COLUMNS: [UserColumn; 6] = [
    UserColumn::Name,
    UserColumn::State,
    UserColumn::Account,
    UserColumn::Mapping,
    UserColumn::Attribute(Attribute::Mail),
    UserColumn::Attribute(Attribute::Department),
];

fn query(asked: &Asked) -> Option<&str> {
    Some(asked.search.as_str()).filter(|search| !search.trim().is_empty())
}

fn sort(asked: &Asked) -> Sort {
    ORDERS.get(asked.order).copied().unwrap_or_default()
}

impl Source for Users {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let page = engine.users(query(asked), sort(asked), offset, limit)?;
        let rows: Vec<Row> = page.users.iter().map(row).collect();
        // Beyond those that are counted there is at least one more after a full page.
        let seen = offset + rows.len() as u64 + u64::from(page.total.more && rows.len() as u64 == limit);
        let total = if page.total.more { page.total.count.max(seen) } else { page.total.count };
        let order = ORDERS.iter().position(|order| *order == page.sort);
        // Who is not cached is nowhere in the list: what was typed is explained instead.
        let acts = if total == 0 && query(asked).is_some() { vec![Act::Explain] } else { Vec::new() };
        Ok(Rows { offset, total, more: page.total.more, rows, order, acts })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let gone = || Error::Gone { what: "user", id: shown(id) };
        let found = engine.find_user(id)?.into_iter().next().ok_or_else(gone)?;
        let page = engine.user_page(found.id)?.ok_or_else(gone)?;
        Ok(Detail { title: page.cached.user.label(), lines: facts(&page), acts: acts(&page.cached) })
    }

    fn question(&self, engine: &Engine, asked: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(match act {
            Act::Save => {
                let whom =
                    query(asked).map_or("everybody".to_owned(), |query| format!("who is found by {}", shown(query)));
                let text = format!("To which file is {whom} written? Its name ends in .csv, .json or .ldif.");
                Some(typed(text, "users.csv"))
            }
            Act::Delete => {
                let user = engine.may_forget(id.unwrap_or_default())?;
                let label = user.user.label();
                Some(yes_or_no(format!(
                    "Forget {label}? Plans that touched the user can then no longer be taken back."
                )))
            }
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, job: &Job) -> Result<Vec<Fact>, Error> {
        match (doing.act, doing.id.as_deref()) {
            (Act::Explain, Some(id)) => explain(engine, id, job),
            (Act::Explain, None) => explain(engine, doing.asked.search.trim(), job),
            (Act::Save, _) => {
                let path = Path::new(doing.input.trim());
                let format = UserFormat::of_path(path).ok_or_else(|| Error::NoFormat { path: path.to_owned() })?;
                // A table has the columns of the list; JSON and LDIF have everything.
                let columns = if format == UserFormat::Csv { &COLUMNS[..] } else { &[] };
                let (query, sort) = (query(&doing.asked), sort(&doing.asked));
                let export = UserExport { these: None, query, sort, limit: None, format, columns };
                let written = engine.export_users(&export, path)?;
                let path = shown(&path.display().to_string());
                Ok(done(format!("{} users are written to {path}.", grouped(written))))
            }
            (Act::Delete, Some(id)) => {
                let forgotten = engine.forget_user(id)?;
                Ok(done(format!("{} is forgotten.", forgotten.user.label())))
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn explain(engine: &Engine, id: &str, job: &Job) -> Result<Vec<Fact>, Error> {
    let chain = engine.explain(id, Among::All, job)?;
    let mut lines = Vec::new();
    for link in &chain.links {
        let tone = match link.state {
            State::Whole => Tone::Good,
            State::Open => Tone::Plain,
            State::Broken => Tone::Problem,
        };
        lines.push(Fact::new(&link.part.to_string(), link.evidence.clone()).toned(tone));
        lines.extend(link.remedy.iter().map(|remedy| Fact::new("To do", remedy.clone()).toned(Tone::Help)));
    }
    Ok(lines)
}

fn facts(page: &UserPage) -> Vec<Fact> {
    let cached = &page.cached;
    let mut lines = vec![Fact::new("State", state(cached)).toned(tone(cached))];
    if let UserState::Left { at, why } = &cached.state {
        lines.push(Fact::new("Left", format!("{}: the user {}", minute(*at), shown(&why.to_string()))));
    }
    lines.push(Fact::new("Directory", cached.directory.to_string()));
    lines.push(Fact::new("Came", minute(cached.came_at)));
    let mapping = Fact::new("Mapping", cached.mapping.to_string());
    match &page.gives {
        Some(gives) => {
            lines.push(mapping.leading(Place::Entry(Kind::Mappings, cached.mapping.to_string())));
            let quota = match gives.quota {
                None => "quota as the agent has it".to_owned(),
                Some(quota) if quota.as_bytes() == 0 => "no quota".to_owned(),
                Some(quota) => format!("quota {quota}"),
            };
            let off = if gives.enabled { "" } else { "; switched off" };
            let laptops = if gives.devices == 1 { "1 laptop".to_owned() } else { format!("{} laptops", gives.devices) };
            lines.push(Fact::new("It gives", format!("{}, {}, {quota}, {laptops}{off}", gives.profile, gives.storage)));
        }
        None => lines.extend([mapping, Fact::new("It gives", "nothing: it was removed").toned(Tone::Warning)]),
    }
    match &page.account {
        None => lines.push(Fact::new("Account", "none: no laptop was activated yet")),
        Some(account) => {
            let kept = account.preserved.is_some();
            let text = if kept { format!("{}, preserved", account.name.shown()) } else { account.name.shown() };
            let tone = if kept { Tone::Warning } else { Tone::Plain };
            let leads = Place::Entry(Kind::Accounts, account.guid.to_string());
            lines.push(Fact::new("Account", text).toned(tone).leading(leads));
        }
    }
    lines.extend(several("Laptops", page.devices.iter().map(laptop)));
    lines.extend(several("Groups", page.groups.iter().map(|group| Fact::new("", group.shown()))));
    for &attribute in Attribute::ALL.iter().filter(|attribute| **attribute != Attribute::MemberOf) {
        let values = cached.user.values(attribute).map(|value| Fact::new("", value.shown()));
        lines.extend(several(attribute.name(), values));
    }
    lines.extend(several(
        "Audit",
        page.audit.iter().map(|entry| {
            let (actor, subject, detail) = (entry.actor.0.shown(), entry.subject.shown(), entry.detail.shown());
            Fact::new("", format!("{} {actor}: {} {subject}: {detail}", minute(entry.at), entry.verb))
        }),
    ));
    lines
}

fn acts(cached: &CachedUser) -> Vec<Act> {
    match &cached.state {
        UserState::Active => vec![Act::Explain],
        UserState::Left { .. } => vec![Act::Explain, Act::Delete],
    }
}

fn row(cached: &CachedUser) -> Row {
    let of = |attribute| cached.user.first(attribute).map(Untrusted::shown).unwrap_or_default();
    Row {
        id: cached.user.guid.to_string(),
        cells: vec![
            cached.user.label(),
            state(cached),
            UserColumn::Account.cell(cached),
            cached.mapping.to_string(),
            of(Attribute::Mail),
            of(Attribute::Department),
        ],
        tone: tone(cached),
        acts: acts(cached),
    }
}

fn state(cached: &CachedUser) -> String {
    match &cached.state {
        UserState::Active => "active".to_owned(),
        UserState::Left { .. } => "left".to_owned(),
    }
}

fn tone(cached: &CachedUser) -> Tone {
    match &cached.state {
        UserState::Active => Tone::Good,
        UserState::Left { .. } => Tone::Warning,
    }
}
