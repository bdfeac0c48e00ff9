//! What signs tokens, the newest first; and what travels across an air gap.

use super::{Source, done, minute, page, typed, yes_or_no};
use crate::engine::{Carried, Engine, Error, Key};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::Tone;
use crate::store::KeyState;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Question, Row, Rows};

pub(super) struct Keys;

/// What a bundle is called when nobody says.
const BUNDLE: &str = "imd.bundle";

impl Source for Keys {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let rows = engine.keys()?.into_iter().map(|key| Row {
            cells: vec![
                key.id.clone(),
                key.state.word().to_owned(),
                grouped(key.tokens),
                minute(key.created_at),
                whose(&key),
            ],
            tone: tone(key.state),
            acts: acts(&key),
            id: key.id,
        });
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let key = find(engine, id)?;
        let mut lines = vec![
            Fact::new("State", key.state.word()).toned(tone(key.state)),
            Fact::new("Made", minute(key.created_at)),
            Fact::new("Tokens", grouped(key.tokens)),
            Fact::new("Signs for", whose(&key)),
            Fact::new("Public", shown(&key.public)),
        ];
        lines.extend(key.revoked_at.map(|at| Fact::new("Revoked", minute(at)).toned(Tone::Warning)));
        Ok(Detail { title: shown(&key.id), lines, acts: acts(&key) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(match act {
            Act::Rotate => Some(yes_or_no(
                "Make a new key? It signs from now on. The one before stays good for the tokens that it signed.",
            )),
            Act::Revoke => {
                let tokens = grouped(find(engine, id.unwrap_or_default())?.tokens);
                Some(yes_or_no(format!(
                    "Revoke this key? {tokens} tokens that it signed are refused from the next request on."
                )))
            }
            Act::BundleOut => Some(typed("Which new file is the bundle written to? It holds no token.", BUNDLE)),
            Act::BundleIn => Some(typed("Which bundle is taken in?", BUNDLE)),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let file = std::path::Path::new(doing.input.trim());
        Ok(match doing.act {
            Act::Rotate => done(format!("{} signs from now on.", shown(&engine.rotate_keys()?.id))),
            Act::Revoke => {
                engine.revoke_key(doing.id.as_deref().unwrap_or_default())?;
                done("Its tokens are refused from the next request on.")
            }
            Act::BundleOut => {
                let Carried { tokens, revoked, .. } = engine.write_bundle(file, None)?;
                let (tokens, revoked) = (grouped(tokens), grouped(revoked));
                done(format!("{} carries {tokens} tokens, {revoked} of them revoked.", shown(&doing.input)))
            }
            Act::BundleIn => {
                let Carried { tokens, revoked, revoked_keys, .. } = engine.read_bundle(file, None)?;
                let (tokens, revoked, keys) = (grouped(tokens), grouped(revoked), grouped(revoked_keys));
                done(format!("{tokens} tokens were registered; {revoked} tokens and {keys} keys are revoked by it."))
            }
            _ => Vec::new(),
        })
    }
}

fn find(engine: &Engine, id: &str) -> Result<Key, Error> {
    engine.keys()?.into_iter().find(|key| key.id == id).ok_or_else(|| Error::Gone { what: "key", id: shown(id) })
}

fn acts(key: &Key) -> Vec<Act> {
    if key.state == KeyState::Revoked { Vec::new() } else { vec![Act::Revoke] }
}

fn whose(key: &Key) -> String {
    key.signs_for.as_ref().map_or_else(|| "this installation".to_owned(), |other| shown(&other.issuer))
}

const fn tone(state: KeyState) -> Tone {
    match state {
        KeyState::Active => Tone::Good,
        KeyState::Retired => Tone::Plain,
        KeyState::Revoked => Tone::Warning,
    }
}
