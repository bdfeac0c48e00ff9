//! The data model: directories, users, profiles, mappings, tokens, plans.
//!
//! Data and the rules that depend only on data: no I/O, no clock, no randomness. Every other module may import this
//! one; it imports none of them.

pub mod account;
pub mod alarm;
pub mod audit;
pub mod cell;
pub mod check;
pub mod count;
pub mod device;
pub mod device_map;
pub mod directory;
pub mod dn;
pub mod duration;
pub mod explanation;
pub mod fold;
pub mod found;
pub mod frequency;
pub mod hash;
pub mod installer;
pub mod job;
pub mod mapping;
pub mod membership;
pub mod moment;
pub mod name;
#[cfg(feature = "console")]
pub mod nearest;
pub mod on_activation;
pub mod overview;
pub mod pin;
pub mod plan;
pub mod priority;
pub mod profile;
pub mod refusal;
pub mod report;
pub mod settings;
pub mod sid;
pub mod size;
pub mod text;
pub mod token;
pub mod user;

/// A value that cannot be parsed: the expected form, and the given text.
///
/// Every parser of the model returns it, so that forms, the answers file and the command line show the same message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} expected, not {given:?}")]
pub struct Unreadable {
    /// The expected form with an example: `a size such as "50 GiB"`.
    pub what: &'static str,
    /// The given text, shortened and safe to show.
    pub given: String,
}

impl Unreadable {
    pub(crate) fn new(what: &'static str, given: &str) -> Self {
        let given = text::shown(given);
        let given = match given.char_indices().nth(60) {
            Some((cut, _)) => format!("{}...", &given[..cut]),
            None => given,
        };
        Self { what, given }
    }
}

/// A stored value with its version.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept<T> {
    /// Increases by one with each change; a save requires the version that was read.
    pub version: u64,
    pub changed_at: jiff::Timestamp,
    pub changed_by: audit::Actor,
    #[serde(flatten)]
    pub value: T,
}
