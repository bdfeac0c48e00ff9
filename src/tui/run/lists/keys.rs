//! The keys that sign tokens, the newest first, and bundles for an air gap.

use super::{Source, done, page, typed, yes_or_no};
use crate::engine::{Carried, Engine, Error, Key};
use crate::model::count::{counted, grouped};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::key::{COLUMNS, facts, tone};
use crate::present::{Act, Fact, Kind, headings};
use crate::store::KeyState;
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Rows};

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Keys,
    title: "Keys",
    columns: &headings(COLUMNS),
    empty: "There is no key yet. The first token creates it.",
    about: "What signs tokens. Tokens of a retired key stay valid.",
    help: include_str!("../../../../assets/help/keys.txt"),
    acts: &[Act::Rotate, Act::BundleOut, Act::BundleIn],
    listed_by: "keys list",
    verbs: &[
        (Act::Rotate, "keys rotate"),
        (Act::Revoke, "keys revoke"),
        (Act::BundleOut, "bundle out"),
        (Act::BundleIn, "bundle in"),
    ],
    ..ListSpec::PLAIN
};

pub(super) struct Keys;

/// The default name of a bundle.
const BUNDLE: &str = "imd.bundle";

impl Source for Keys {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let rows = engine
            .keys()?
            .into_iter()
            .map(|key| super::row(key.id.clone(), COLUMNS, &key, tone(key.state), acts(&key)));
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let key = find(engine, id)?;
        Ok(Detail { title: shown(&key.id), lines: facts(&key), acts: acts(&key) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(match act {
            Act::Rotate => {
                Some(yes_or_no("Create a new key? It signs from now on. Tokens of the previous key stay valid."))
            }
            Act::Revoke => {
                let tokens = counted(find(engine, id.unwrap_or_default())?.tokens, "token is", "tokens are");
                Some(yes_or_no(format!("Revoke this key? {tokens} refused from the next request on.")))
            }
            Act::BundleOut => Some(typed("Write the bundle to which new file? It contains no token.", BUNDLE)),
            Act::BundleIn => Some(typed("Import which bundle?", BUNDLE)),
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
                let tokens = counted(tokens, "token", "tokens");
                done(format!("{} holds {tokens}, {} of them revoked.", shown(&doing.input), grouped(revoked)))
            }
            Act::BundleIn => {
                let Carried { tokens, revoked, revoked_keys, .. } = engine.read_bundle(file, None)?;
                let [tokens, revoked] = [tokens, revoked].map(|count| counted(count, "token", "tokens"));
                let keys = counted(revoked_keys, "key", "keys");
                done(format!("{tokens} registered, {revoked} revoked, {keys} revoked."))
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
