//! One thing that is known of something.

use super::{Place, Tone};

/// One thing that is known, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fact {
    /// A noun phrase in sentence case; empty for more of the fact above.
    pub label: String,
    pub text: String,
    pub tone: Tone,
    /// Where to read more.
    pub leads: Option<Place>,
}

impl Fact {
    pub fn new(label: &str, text: impl Into<String>) -> Self {
        Self { label: label.to_owned(), text: text.into(), ..Self::default() }
    }

    #[must_use]
    pub fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    #[must_use]
    pub fn leading(self, to: Place) -> Self {
        Self { leads: Some(to), ..self }
    }
}

/// Gives facts of one kind a label: it is put before the first only.
pub fn several(label: &str, facts: impl Iterator<Item = Fact>) -> impl Iterator<Item = Fact> {
    facts.enumerate().map(move |(at, fact)| if at == 0 { Fact { label: label.to_owned(), ..fact } } else { fact })
}
