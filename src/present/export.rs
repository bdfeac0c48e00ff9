//! Exports that were written.

use super::{Column, Fact, Kind, Place, Tone, token};
use crate::engine::WrittenExport;
use crate::model::moment::minute;
use crate::model::text::shown;
use crate::model::token::State;

pub const COLUMNS: &[Column<WrittenExport>; 7] = &[
    Column::growing("target", "Target", 15, |export| export.target.clone()),
    Column::fixed("state", "State", 11, |export| state(export).0.to_owned()),
    Column::growing("token", "Token", 14, |export| {
        export.token.as_ref().map_or_else(|| ELSEWHERE.to_owned(), |token| token.name.to_string())
    }),
    Column::fixed("written", "Written", 23, |export| minute(export.at)),
    Column::growing("folder", "Folder", 24, |export| shown(&export.folder.to_string_lossy())),
    Column::growing("by", "By", 10, |export| export.by.0.shown()),
    Column::listed("number", "Number", 6, |export| export.id.to_string()),
];

/// The token of an agent's own product.
const ELSEWHERE: &str = "issued elsewhere";

/// How an export is: where its folder still holds it, how its token is.
pub const fn state(export: &WrittenExport) -> (&'static str, Tone) {
    match (export.newest, export.there, &export.token) {
        (false, ..) => ("overwritten", Tone::Plain),
        (true, false, _) => ("missing", Tone::Warning),
        (true, true, None) => ("external", Tone::Plain),
        (true, true, Some(token)) => match token.state {
            State::Valid => (State::Valid.word(), Tone::Good),
            state => (state.word(), Tone::Warning),
        },
    }
}

/// All that is known of an export.
pub fn facts(export: &WrittenExport) -> Vec<Fact> {
    let (word, tone) = state(export);
    let token = match &export.token {
        None => Fact::new("Token", ELSEWHERE),
        Some(token) => {
            Fact::new("Token", format!("{}, {}, ends {}", token.name, token.state.word(), token::ends(token.ends_at)))
                .leading(Place::Entry(Kind::Tokens, token.id.to_string()))
        }
    };
    vec![
        Fact::new("State", word).toned(tone),
        Fact::new("Folder", shown(&export.folder.to_string_lossy())),
        Fact::new("Written", format!("{} by {}", minute(export.at), export.by.0.shown())),
        token,
        Fact::new("Number", export.id.to_string()),
    ]
}
