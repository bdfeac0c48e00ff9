//! Tokens, the newest first: what is known of them, and what is done to them.

use super::{Source, day, minute, page, several, yes_or_no};
use crate::engine::{Engine, Error, OVERLAP};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::model::token::{Record, State};
use crate::present::Tone;
use crate::store::Export;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

pub(super) struct Tokens;

impl Source for Tokens {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let tokens = engine.tokens()?;
        let rows = tokens.iter().rev().map(|record| row(engine, record));
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let record = find(engine, id)?;
        let state = record.state(engine.now());
        let mut lines = vec![
            Fact::new("State", state.word()).toned(tone(state)),
            Fact::new("Ends", ends(&record)),
            Fact::new("Laptops", laptops(&record)),
            Fact::new("Made", format!("{} by {}", minute(record.issued_at), record.created_by.0.shown())),
            Fact::new("Last used", last_use(&record)),
        ];
        if let Some(replaced) = &record.replaced {
            let name =
                find(engine, replaced.by.as_str()).map_or_else(|_| replaced.by.to_string(), |by| by.name.to_string());
            // What was revoked or has expired lets nobody in, whatever was meant when it was replaced.
            let text = match (state, replaced.until > engine.now()) {
                (State::Replaced, true) => {
                    format!("{name}; this one lets laptops in until {}", minute(replaced.until))
                }
                (State::Replaced, false) => {
                    format!("{name}; this one let laptops in until {}", minute(replaced.until))
                }
                _ => name,
            };
            lines.push(Fact::new("Successor", text).leading(Place::Entry(Kind::Tokens, replaced.by.to_string())));
        }
        lines.extend(record.scope.parts().into_iter().map(|part| Fact::new("Only", shown(&part))));
        lines.extend(record.note.iter().map(|note| Fact::new("Note", note.shown())));
        let tone = if matches!(state, State::Valid) { Tone::Plain } else { Tone::Warning };
        lines.extend(several(
            "Carried by",
            carrying(engine, &record)?.iter().map(|export| {
                Fact::new("", format!("{} in {}", export.target, shown(&export.folder.to_string_lossy()))).toned(tone)
            }),
        ));
        lines.push(Fact::new("Id", record.id.to_string()));
        Ok(Detail { title: record.name.to_string(), lines, acts: acts(&record) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let record = find(engine, id.unwrap_or_default())?;
        let name = &record.name;
        Ok(match act {
            Act::Replace => {
                let exports = match carrying(engine, &record)?.len() {
                    1 => "1 export is".to_owned(),
                    count => format!("{count} exports are"),
                };
                Some(yes_or_no(format!(
                    "Replace \"{name}\"? A new one is made, {exports} written anew, and the old one is good for 14 days more."
                )))
            }
            Act::Revoke => Some(yes_or_no(format!(
                "Revoke \"{name}\"? Laptops that come with it are refused at once, and those that wait for a log-on."
            ))),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let record = find(engine, doing.id.as_deref().unwrap_or_default())?;
        match doing.act {
            Act::Replace => replace(engine, &record),
            Act::Revoke => revoke(engine, &record),
            _ => Ok(Vec::new()),
        }
    }
}

/// Makes the successor and writes the exports anew; says what carries which token now.
fn replace(engine: &Engine, record: &Record) -> Result<Vec<Fact>, Error> {
    let rotated = engine.rotate_token(&record.id, OVERLAP)?;
    let until = rotated.old.ends_at().map_or_else(|| "it is revoked".to_owned(), minute);
    let new = &rotated.new.record;
    let made = format!("The new token is {}; laptops may come with the old one until {until}.", new.id);
    let mut lines = vec![Fact::new("", made).toned(Tone::Good)];
    for one in engine.rewrite_exports(&rotated.old, new)? {
        let folder = shown(&one.folder.to_string_lossy());
        lines.push(match one.outcome {
            Ok(_) => Fact::new("", format!("{} in {folder} carries the new one: hand it over again", one.target)),
            Err(error) => {
                let why = shown(&error.to_string());
                Fact::new("", format!("{} in {folder} still carries the old one: {why}", one.target))
                    .toned(Tone::Problem)
            }
        });
    }
    Ok(lines)
}

fn revoke(engine: &Engine, record: &Record) -> Result<Vec<Fact>, Error> {
    engine.revoke_token(&record.id)?;
    let said = format!("\"{}\" is refused from the next request on.", record.name);
    let mut lines = vec![Fact::new("", said).toned(Tone::Good)];
    for export in carrying(engine, record)? {
        let folder = shown(&export.folder.to_string_lossy());
        let dead = format!("{} in {folder} carries a dead token: export it again", export.target);
        lines.push(Fact::new("", dead).toned(Tone::Warning));
    }
    Ok(lines)
}

fn find(engine: &Engine, id: &str) -> Result<Record, Error> {
    let gone = || Error::Gone { what: "token", id: shown(id) };
    engine.tokens()?.into_iter().find(|record| record.id.to_string() == id).ok_or_else(gone)
}

fn carrying(engine: &Engine, record: &Record) -> Result<Vec<Export>, Error> {
    let exports = engine.standing_exports()?.into_iter();
    Ok(exports.filter(|export| export.token.as_ref() == Some(&record.id)).collect())
}

fn row(engine: &Engine, record: &Record) -> Row {
    let state = record.state(engine.now());
    Row {
        id: record.id.to_string(),
        cells: vec![record.name.to_string(), state.word().to_owned(), ends(record), laptops(record), last_use(record)],
        tone: tone(state),
        acts: acts(record),
    }
}

fn acts(record: &Record) -> Vec<Act> {
    let lives = record.revoked_at.is_none();
    let replace = (lives && record.replaced.is_none()).then_some(Act::Replace);
    replace.into_iter().chain(lives.then_some(Act::Revoke)).collect()
}

fn tone(state: State) -> Tone {
    match state {
        State::Valid => Tone::Good,
        State::Replaced | State::Overused => Tone::Warning,
        State::Expired | State::Revoked => Tone::Plain,
    }
}

fn ends(record: &Record) -> String {
    record.ends_at().map_or_else(|| "never".to_owned(), day)
}

fn laptops(record: &Record) -> String {
    match record.max_activations {
        0 => grouped(record.uses),
        most => format!("{} of {}", grouped(record.uses), grouped(most)),
    }
}

fn last_use(record: &Record) -> String {
    let used = record.last_use.as_ref();
    used.map_or_else(|| "never".to_owned(), |used| format!("{} by {}", minute(used.at), used.host_name.shown()))
}
