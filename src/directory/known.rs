//! An entry with everything that a filter asks about, so that each clause can be evaluated separately.

use crate::filter::Subject;
use crate::model::dn::Dn;

/// An entry with the values and links that a filter needs.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub(super) dn: String,
    /// Each value with its attribute description.
    pub(super) values: Vec<(String, Vec<u8>)>,
    /// For a link attribute and the key of a DN: whether the DN is reached from this entry.
    pub(super) chains: Vec<(String, String, bool)>,
    /// The direct groups of the entry.
    pub member_of: Vec<String>,
    /// Whether the directory itself selects the entry with the whole filter.
    pub selected: bool,
}

impl Subject for Known {
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool> {
        if attribute.eq_ignore_ascii_case("distinguishedName") {
            return Some(test(self.dn.as_bytes()));
        }
        let mut named = self.values.iter().filter(|(description, _)| is_of(description, attribute));
        Some(named.any(|(_, value)| test(value)))
    }

    fn reaches(&self, attribute: &str, to: &Dn) -> Option<bool> {
        let to = to.key();
        let asked = |(name, key, _): &&(String, String, bool)| name.eq_ignore_ascii_case(attribute) && *key == to;
        self.chains.iter().find(asked).map(|(_, _, reached)| *reached)
    }
}

/// Whether an attribute description, with any options, is of `attribute`.
pub(super) fn is_of(description: &str, attribute: &str) -> bool {
    let Some((name, rest)) = description.split_at_checked(attribute.len()) else { return false };
    name.eq_ignore_ascii_case(attribute) && (rest.is_empty() || rest.starts_with(';'))
}
