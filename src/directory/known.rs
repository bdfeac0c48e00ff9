//! One entry with all that a filter asks of it, so that each clause of the filter can be answered on its own.

use crate::filter::Subject;
use crate::model::dn::Dn;

/// An entry as a directory tells of it, with the values that a filter asks about and the links that it follows.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub(super) dn: String,
    /// Each value with the description under which it came.
    pub(super) values: Vec<(String, Vec<u8>)>,
    /// For an attribute and the key of a name: whether that name is reached from here.
    pub(super) chains: Vec<(String, String, bool)>,
    /// The groups that the entry is a member of, directly.
    pub member_of: Vec<String>,
    /// Whether the directory itself, asked with the whole filter, gives the entry.
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

/// Whether a value that came under `description`, options and all, is one of `attribute`.
pub(super) fn is_of(description: &str, attribute: &str) -> bool {
    let Some((name, rest)) = description.split_at_checked(attribute.len()) else { return false };
    name.eq_ignore_ascii_case(attribute) && (rest.is_empty() || rest.starts_with(';'))
}
