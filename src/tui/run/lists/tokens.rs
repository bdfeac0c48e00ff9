//! Tokens, the newest first.

use super::{Source, counted, done, page, yes_or_no};
use crate::engine::{Engine, Error, OVERLAP};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::model::token::Record;
use crate::present::token::{self, COLUMNS};
use crate::present::{Act, Fact, Kind, Place, Tone, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows};
use crate::wizard::Step;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Tokens,
    title: "Tokens",
    reached: Reached::Key('6'),
    columns: &headings(COLUMNS),
    empty: "There is no token yet. Step 6 creates the first one; it needs no network: n opens it.",
    about: "A token lets a laptop enroll; it does not identify a user.",
    help: include_str!("../../../../assets/help/tokens.txt"),
    entry: Some("token"),
    edited: Some((Step::Token, |name| Place::Named(Step::Token, name))),
    acts: &[Act::New],
    listed_by: "token list",
    verbs: &[(Act::New, "token create"), (Act::Replace, "token rotate"), (Act::Revoke, "token revoke")],
    ..ListSpec::PLAIN
};

pub(super) struct Tokens;

impl Source for Tokens {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let tokens = engine.tokens()?;
        let rows = tokens.iter().rev().map(|record| row(engine, record));
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let record = find(engine, id)?;
        Ok(Detail { title: record.name.to_string(), lines: token::facts(engine, &record)?, acts: acts(&record) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let record = find(engine, id.unwrap_or_default())?;
        let name = &record.name;
        Ok(match act {
            Act::Replace => {
                let exports = engine.exports_with(&record.id)?.len() as u64;
                let exports = counted(exports, "export is", "exports are");
                Some(yes_or_no(format!(
                    "Replace \"{name}\"? A new token is created, {exports} rewritten, and the old token stays valid for {OVERLAP}."
                )))
            }
            Act::Revoke => Some(yes_or_no(format!(
                "Revoke \"{name}\"? Laptops with it are refused from the next request on, and so are its pending laptops."
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

/// Replaces a token and rewrites its exports, and reports which export carries which token.
fn replace(engine: &Engine, record: &Record) -> Result<Vec<Fact>, Error> {
    let rotated = engine.rotate_token(&record.id, OVERLAP)?;
    let until = token::ends(rotated.old.ends_at());
    let new = &rotated.new.record;
    let made = format!("The new token is {}; the overlap with the old one ends {until}.", new.id);
    let mut lines = vec![Fact::new("", made).toned(Tone::Good)];
    for one in engine.rewrite_exports(&rotated.old, new)? {
        let folder = shown(&one.folder.to_string_lossy());
        lines.push(match one.outcome {
            Ok(_) => Fact::new("", format!("{} in {folder} was rewritten: deploy it again", one.target)),
            Err(error) => {
                let why = shown(&error.to_string());
                Fact::new("", format!("{} in {folder} still carries the old token: {why}", one.target))
                    .toned(Tone::Problem)
            }
        });
    }
    Ok(lines)
}

fn revoke(engine: &Engine, record: &Record) -> Result<Vec<Fact>, Error> {
    engine.revoke_token(&record.id)?;
    let mut lines = done(format!("\"{}\" is refused from the next request on.", record.name));
    for export in engine.exports_with(&record.id)? {
        let folder = shown(&export.folder.to_string_lossy());
        let dead = format!("{} in {folder} carries a revoked token: write it again", export.target);
        lines.push(Fact::new("", dead).toned(Tone::Warning));
    }
    Ok(lines)
}

fn find(engine: &Engine, id: &str) -> Result<Record, Error> {
    let gone = || Error::Gone { what: "token", id: shown(id) };
    engine.tokens()?.into_iter().find(|record| record.id.to_string() == id).ok_or_else(gone)
}

fn row(engine: &Engine, record: &Record) -> Row {
    let row = token::Row { record: record.clone(), now: engine.now() };
    let tone = token::tone(record.state(row.now));
    super::row(record.id.to_string(), COLUMNS, &row, tone, acts(record))
}

fn acts(record: &Record) -> Vec<Act> {
    let lives = record.revoked_at.is_none();
    let replace = (lives && record.replaced.is_none()).then_some(Act::Replace);
    replace.into_iter().chain(lives.then_some(Act::Revoke)).collect()
}
