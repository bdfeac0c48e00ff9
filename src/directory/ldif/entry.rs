//! An entry of a file, with all its values.

use super::{Fault, What};
use crate::directory::decode;
use crate::directory::known::is_of;
use crate::model::dn::Dn;

/// The largest entry: a group of a million members takes about 90 MB.
pub(super) const MAX_ENTRY: usize = 128 << 20;

/// An entry of the file with all its attributes.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The line of its `dn:`.
    pub(super) line: u64,
    pub(super) dn: String,
    names: String,
    pub(super) values: Vec<u8>,
    /// The end offsets of each name and value.
    ends: Vec<(usize, usize)>,
}

impl Entry {
    /// Adds a value.
    pub(super) fn add(&mut self, name: &str, value: &[u8]) -> Result<(), What> {
        self.values.extend_from_slice(value);
        self.name_value(name)
    }

    /// Names the value that was just appended to `values`.
    pub(super) fn name_value(&mut self, name: &str) -> Result<(), What> {
        self.names.push_str(name);
        self.ends.push((self.names.len(), self.values.len()));
        if self.names.len() + self.values.len() > MAX_ENTRY { Err(What::EntryTooLarge) } else { Ok(()) }
    }

    pub(super) fn clear(&mut self) {
        self.dn.clear();
        self.names.clear();
        self.values.clear();
        self.ends.clear();
    }

    /// Every value with its attribute description.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut from = (0, 0);
        self.ends.iter().map(move |to| {
            let pair = (&self.names[from.0..to.0], &self.values[from.1..to.1]);
            from = *to;
            pair
        })
    }

    /// The values of one attribute, with any options.
    pub(super) fn values<'a>(&'a self, attribute: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.all().filter(move |(description, _)| is_of(description, attribute)).map(|(_, value)| value)
    }

    /// The first value of an attribute, as text.
    pub(super) fn text(&self, attribute: &str) -> Option<String> {
        self.values(attribute).next().map(decode::text)
    }

    pub(super) fn has_class(&self, class: &str) -> bool {
        self.values("objectClass").any(|value| value.eq_ignore_ascii_case(class.as_bytes()))
    }

    /// Whether it is a tombstone, which searches do not return by default.
    pub(super) fn is_deleted(&self) -> bool {
        self.values("isDeleted").any(|value| value.eq_ignore_ascii_case(b"TRUE"))
    }

    /// Whether the values of an attribute are incomplete: `member;range=0-1499` without the last range.
    pub(super) fn is_cut(&self, attribute: &str) -> bool {
        let mut ranges = self.all().filter_map(|(description, _)| {
            let (name, options) = description.split_once(';')?;
            let (option, bounds) = options.split_at_checked(6)?;
            (name.eq_ignore_ascii_case(attribute) && option.eq_ignore_ascii_case("range=")).then_some(bounds)
        });
        let mut cut = false;
        ranges.all(|bounds| {
            cut = !bounds.ends_with("-*");
            cut
        }) && cut
    }

    /// The key of the entry's DN.
    pub(super) fn key(&self) -> Result<String, Fault> {
        Dn::key_of(&self.dn).ok_or_else(|| Fault::at(self.line, What::Dn))
    }
}
