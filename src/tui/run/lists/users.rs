//! The cached users.

use super::{Source, minute};
use crate::engine::{Among, Engine, Error};
use crate::model::explain::State;
use crate::model::job::Job;
use crate::model::text::{Untrusted, shown};
use crate::model::user::Attribute;
use crate::store::{CachedUser, UserState};
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Row, Rows};
use crate::tui::message::Tone;

pub(super) struct Users;

impl Source for Users {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let query = Some(asked.search.as_str()).filter(|search| !search.trim().is_empty());
        let users = engine.users(query, offset, limit.saturating_add(1))?;
        let more = users.len() as u64 > limit;
        let shown = users.iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
        let rows: Vec<Row> = shown.map(row).collect();
        Ok(Rows { offset, total: offset + rows.len() as u64, more, rows })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let found = engine.find_user(id)?;
        let Some(cached) = found.first() else { return Err(Error::Gone { what: "user", id: shown(id) }) };
        let mut lines = vec![
            Fact::new("State", state(cached)).toned(tone(cached)),
            Fact::new("Directory", cached.directory.to_string()),
            Fact::new("Mapping", cached.mapping.to_string())
                .leading(Place::Entry(Kind::Mappings, cached.mapping.to_string())),
            Fact::new("Came", minute(cached.came_at)),
        ];
        for &attribute in Attribute::ALL {
            let values = cached.user.values(attribute);
            let mut label = attribute.name();
            for value in values {
                lines.push(Fact::new(label, value.shown()));
                label = "";
            }
        }
        Ok(Detail { title: cached.user.label(), lines, acts: vec![Act::Explain] })
    }

    fn act(&self, engine: &Engine, doing: &Doing, job: &Job) -> Result<Vec<Fact>, Error> {
        let (Act::Explain, Some(id)) = (doing.act, &doing.id) else { return Ok(Vec::new()) };
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
}

fn row(cached: &CachedUser) -> Row {
    let of = |attribute| cached.user.first(attribute).map(Untrusted::shown).unwrap_or_default();
    Row {
        id: cached.user.guid.to_string(),
        cells: vec![
            cached.user.label(),
            state(cached),
            of(Attribute::UserPrincipalName),
            cached.mapping.to_string(),
            of(Attribute::Mail),
            of(Attribute::Department),
        ],
        tone: tone(cached),
        acts: vec![Act::Explain],
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
