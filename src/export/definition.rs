//! Reads the TOML of an agent or target definition. An unknown key is an error that names the nearest known one.

use serde::de::DeserializeOwned;

use crate::model::nearest::nearest;
use crate::model::text::shown;

/// # Errors
/// What is wrong and in which line, in words.
pub(super) fn read<T: DeserializeOwned>(toml: &str) -> Result<T, String> {
    toml::from_str(toml).map_err(|error| {
        let why = in_words(error.message());
        let before = error.span().and_then(|span| toml.get(..span.start));
        before.map_or_else(|| why.clone(), |before| format!("line {}: {why}", before.matches('\n').count() + 1))
    })
}

/// An unknown key in the words of the answers file: serde lists every known one and suggests none.
fn in_words(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let mut words = rest.split('`').step_by(2).filter(|word| !word.is_empty());
    let key = words.next().unwrap_or_default();
    let known: Vec<&str> = words.collect();
    let next = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("the keys here are: {}", known.join(", ")),
    };
    format!("unknown key \"{}\"; {next}", shown(key))
}

#[cfg(test)]
mod tests {
    use super::super::{Agent, Target};

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let refused = |toml: &str| Agent::parse(toml).expect_err("it has an unknown key");
        assert_eq!(refused("id = \"a\"\ntitel = \"A\"\n"), "line 2: unknown key \"titel\"; did you mean \"title\"?");
        let colour = refused("id = \"a\"\ncolour = \"red\"\n");
        assert!(colour.starts_with("line 2: unknown key \"colour\"; the keys here are: id, title,"), "{colour}");
        let nested = refused("[windows]\ninstaler = \"a.msi\"\n");
        assert_eq!(nested, "line 2: unknown key \"instaler\"; did you mean \"installer\"?");
        let target = Target::parse("id = \"a\"\nplatfrom = \"mac\"\n", std::collections::BTreeMap::new());
        assert_eq!(target.expect_err("unknown"), "line 2: unknown key \"platfrom\"; did you mean \"platform\"?");
    }
}
