//! Keys that sign tokens.

use super::{Column, Fact, Tone};
use crate::engine::Key;
use crate::model::count::grouped;
use crate::model::moment::minute;
use crate::model::text::shown;
use crate::store::KeyState;

pub const COLUMNS: &[Column<Key>; 6] = &[
    Column::growing("key", "Key", 20, |key| key.id.clone()),
    Column::fixed("state", "State", 8, |key| key.state.word().to_owned()),
    Column::fixed("tokens", "Tokens", 8, |key| grouped(key.tokens)),
    Column::fixed("created", "Created", 23, |key| minute(key.created_at)),
    Column::growing("signs-for", "Signs for", 20, signs_for),
    Column::listed("public", "Public key", 52, |key| key.public.clone()),
];

fn signs_for(key: &Key) -> String {
    key.signs_for.as_ref().map_or_else(|| "this installation".to_owned(), |other| shown(&other.issuer))
}

pub const fn tone(state: KeyState) -> Tone {
    match state {
        KeyState::Active => Tone::Good,
        KeyState::Retired => Tone::Plain,
        KeyState::Revoked => Tone::Warning,
    }
}

/// All that is known of a key.
pub fn facts(key: &Key) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("State", key.state.word()).toned(tone(key.state)),
        Fact::new("Created", minute(key.created_at)),
        Fact::new("Tokens", grouped(key.tokens)),
        Fact::new("Signs for", signs_for(key)),
        Fact::new("Public key", shown(&key.public)),
    ];
    facts.extend(key.revoked_at.map(|at| Fact::new("Revoked", minute(at)).toned(Tone::Warning)));
    facts
}
