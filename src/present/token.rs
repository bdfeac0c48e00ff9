//! Mass deployment tokens.

use jiff::Timestamp;

use super::{Column, Fact, Kind, Place, Tone, several};
use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::moment::minute;
use crate::model::text::shown;
use crate::model::token::{Record, State};
use crate::store::Export;

/// A token at a moment, which decides whether it has expired.
#[derive(Debug, Clone)]
pub struct Row {
    pub record: Record,
    pub now: Timestamp,
}

pub const COLUMNS: &[Column<Row>; 7] = &[
    Column::growing("token", "Token", 18, |row| row.record.name.to_string()),
    Column::fixed("state", "State", 10, |row| row.record.state(row.now).word().to_owned()),
    Column::fixed("ends", "Ends", 23, |row| ends(row.record.ends_at())),
    Column::fixed("laptops", "Laptops", 16, |row| laptops(&row.record)),
    Column::growing("last-used", "Last used", 22, |row| last_used(&row.record)),
    Column::listed("created-by", "Created by", 12, |row| row.record.created_by.0.shown()),
    Column::listed("id", "ID", 16, |row| row.record.id.to_string()),
];

pub const fn tone(state: State) -> Tone {
    match state {
        State::Valid => Tone::Good,
        State::Replaced | State::Overused => Tone::Warning,
        State::Expired | State::Revoked => Tone::Plain,
    }
}

/// A moment, or `never`.
pub fn ends(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), minute)
}

/// `3 of 5,000`; `3, no limit`
fn laptops(record: &Record) -> String {
    match record.max_activations {
        0 => format!("{}, no limit", grouped(record.uses)),
        most => format!("{} of {}", grouped(record.uses), grouped(most)),
    }
}

fn last_used(record: &Record) -> String {
    let used = record.last_use.as_ref();
    used.map_or_else(|| "never".to_owned(), |used| format!("{} by {}", minute(used.at), used.host_name.shown()))
}

/// All that is known of a token, and the exports that carry it.
pub fn facts(engine: &Engine, record: &Record) -> Result<Vec<Fact>, Error> {
    let (now, exports) = (engine.now(), engine.exports_with(&record.id)?);
    let state = record.state(now);
    let mut facts = vec![
        Fact::new("State", state.word()).toned(tone(state)),
        Fact::new("Ends", ends(record.ends_at())),
        Fact::new("Laptops", laptops(record)),
        Fact::new("Created", format!("{} by {}", minute(record.issued_at), record.created_by.0.shown())),
        Fact::new("Last used", last_used(record)),
    ];
    if let Some(replaced) = &record.replaced {
        let by = engine.tokens()?.into_iter().find(|other| other.id == replaced.by);
        let by = by.map_or_else(|| replaced.by.to_string(), |by| by.name.to_string());
        // A revoked or expired token enrolls no laptop, whatever its overlap was meant to be.
        let text = match (state, replaced.until > now) {
            (State::Replaced, true) => format!("{by}; the overlap ends {}", minute(replaced.until)),
            (State::Replaced, false) => format!("{by}; the overlap ended {}", minute(replaced.until)),
            _ => by,
        };
        facts.push(Fact::new("Replaced by", text).leading(Place::Entry(Kind::Tokens, replaced.by.to_string())));
    }
    facts.extend(several("Restricted to", record.scope.parts().iter().map(|part| Fact::new("", shown(part)))));
    facts.extend(several("Servers", record.servers.iter().map(|server| Fact::new("", shown(server)))));
    facts.extend(record.note.iter().map(|note| Fact::new("Note", note.shown())));
    let tone = if state == State::Valid { Tone::Plain } else { Tone::Warning };
    facts.extend(several("Exports", exports.iter().map(|export| Fact::new("", carried(export)).toned(tone))));
    facts.push(Fact::new("ID", record.id.to_string()));
    Ok(facts)
}

/// `intune in /srv/rollout/intune, written 2026-11-24 14:02 +01:00`
pub fn carried(export: &Export) -> String {
    format!("{} in {}, written {}", export.target, shown(&export.folder.to_string_lossy()), minute(export.at))
}
