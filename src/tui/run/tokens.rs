//! Tokens in words that can be drawn, and what is done to them.

use jiff::Timestamp;

use crate::engine::{Engine, Error, OVERLAP};
use crate::model::text::shown;
use crate::model::token::{Record, State, TokenId};
use crate::store::Export;
use crate::tui::message::{Came, TokenView, Tone};
use crate::tui::panel::report::grouped;

pub(super) fn list(engine: &Engine) -> Result<Option<Came>, Error> {
    Ok(Some(Came::Tokens(views(engine)?)))
}

/// Makes the successor and writes the exports anew; says what carries which token now.
pub(super) fn replace(engine: &Engine, id: &TokenId) -> Result<Option<Came>, Error> {
    let rotated = engine.rotate_token(id, OVERLAP)?;
    let until = minute(rotated.old.ends_at());
    let record = &rotated.new.record;
    let mut done =
        vec![(Tone::Good, format!("The new token is {}; laptops may come with the old one until {until}.", record.id))];
    for one in engine.rewrite_exports(&rotated.old, record)? {
        let folder = shown(&one.folder.to_string_lossy());
        done.push(match one.outcome {
            Ok(_) => (Tone::Plain, format!("{} in {folder} carries the new one: hand it over again", one.target)),
            Err(error) => {
                let why = shown(&error.to_string());
                (Tone::Problem, format!("{} in {folder} still carries the old one: {why}", one.target))
            }
        });
    }
    Ok(Some(Came::TokenDone { all: views(engine)?, done }))
}

pub(super) fn revoke(engine: &Engine, id: &TokenId) -> Result<Option<Came>, Error> {
    engine.revoke_token(id)?;
    let mut done = vec![(Tone::Good, format!("{id} is refused from the next request on."))];
    for export in engine.exports_with(id)? {
        let folder = shown(&export.folder.to_string_lossy());
        done.push((Tone::Warning, format!("{} in {folder} carries a dead token: export it again", export.target)));
    }
    Ok(Some(Came::TokenDone { all: views(engine)?, done }))
}

/// The newest first.
fn views(engine: &Engine) -> Result<Vec<TokenView>, Error> {
    let (exports, now) = (engine.standing_exports()?, engine.now());
    let carrying = |record: &Record| -> Vec<&Export> {
        exports.iter().filter(|export| export.token.as_ref() == Some(&record.id)).collect()
    };
    Ok(engine.tokens()?.iter().rev().map(|record| view(record, &carrying(record), now)).collect())
}

fn view(record: &Record, exports: &[&Export], now: Timestamp) -> TokenView {
    let state = record.state(now);
    let laptops = match record.max_activations {
        0 => format!("{} laptops", grouped(record.uses)),
        most => format!("{} of {} laptops", grouped(record.uses), grouped(most)),
    };
    let made = minute(Some(record.issued_at));
    let mut facts = vec![(Tone::Plain, format!("id {}, made {made} by {}", record.id, record.created_by.0.shown()))];
    facts.push(match &record.last_use {
        None => (Tone::Plain, "no laptop has come with it yet".to_owned()),
        Some(used) => (Tone::Plain, format!("last used {} by {}", minute(Some(used.at)), used.host_name.shown())),
    });
    if let Some(superseded) = &record.superseded {
        let until = minute(Some(superseded.until));
        facts.push((Tone::Plain, format!("{} took its place; it lets laptops in until {until}", superseded.by)));
    }
    facts.extend(record.scope.parts().into_iter().map(|part| (Tone::Plain, format!("only {}", shown(&part)))));
    facts.extend(record.note.iter().map(|note| (Tone::Plain, format!("note: {}", note.shown()))));
    facts.extend(exports.iter().map(|export| {
        let folder = shown(&export.folder.to_string_lossy());
        let tone = if matches!(state, State::Valid) { Tone::Plain } else { Tone::Warning };
        (tone, format!("carried by {} in {folder}", export.target))
    }));
    let ends = record.ends_at().map_or_else(|| "never ends".to_owned(), |end| format!("ends {}", day(end)));
    TokenView {
        id: record.id.clone(),
        name: record.name.to_string(),
        state: state.word(),
        tone: match state {
            State::Valid => Tone::Good,
            State::Superseded | State::Overused => Tone::Warning,
            State::Expired | State::Revoked => Tone::Plain,
        },
        line: format!("{ends:<16}  {laptops}"),
        facts,
        can_be_replaced: record.superseded.is_none() && record.revoked_at.is_none(),
        can_be_revoked: record.revoked_at.is_none(),
        replacing: format!(
            "Replace \"{}\"? A new one is made, {} written anew, and the old one is good for 14 days more.",
            record.name,
            counted(exports.len())
        ),
        revoking: format!(
            "Revoke \"{}\"? Laptops that come with it are refused at once, and those that wait for a log-on.",
            record.name
        ),
    }
}

fn counted(exports: usize) -> String {
    match exports {
        1 => "1 export is".to_owned(),
        count => format!("{count} exports are"),
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn minute(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
