//! Links such as memberOf in a file, for in-chain membership ([MS-ADTS] 3.1.1.3.4.4.3).
//!
//! A file may have a link at either end: `memberOf` of the member, `member` of the group, or both. Both are read, so that
//! exports of users only, or without back links, work as far as possible.

use std::collections::{HashMap, HashSet};

use super::entry::Entry;
use super::{Fault, What};
use crate::directory::decode;
use crate::filter::{Prepared, Subject};
use crate::model::dn::Dn;

/// Pairs of attributes with the two ends of the same links.
const PAIRS: [(&str, &str); 3] =
    [("memberOf", "member"), ("manager", "directReports"), ("managedBy", "managedObjects")];

/// The entries that reach each of the DNs in a filter.
#[derive(Debug, Default)]
pub(super) struct Links {
    sets: Vec<Reached>,
}

#[derive(Debug)]
struct Reached {
    attribute: String,
    to: String,
    from: HashSet<String>,
}

impl Links {
    /// Whether the entry with the key `from` reaches `to`; `None` when `to` is not in the filter.
    pub(super) fn reaches(&self, from: &str, attribute: &str, to: &Dn) -> Option<bool> {
        let to = to.key();
        let asked = |set: &&Reached| set.attribute.eq_ignore_ascii_case(attribute) && set.to == to;
        self.sets.iter().find(asked).map(|set| set.from.contains(from))
    }
}

/// An entry with the links of the whole file.
pub(super) struct LinkedEntry<'a> {
    pub(super) entry: &'a Entry,
    pub(super) key: &'a str,
    pub(super) links: &'a Links,
}

impl Subject for LinkedEntry<'_> {
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool> {
        if attribute.eq_ignore_ascii_case("distinguishedName") {
            return Some(test(self.entry.dn.as_bytes()));
        }
        Some(self.entry.values(attribute).any(test))
    }

    fn reaches(&self, attribute: &str, to: &Dn) -> Option<bool> {
        self.links.reaches(self.key, attribute, to)
    }
}

/// Collects the links of one attribute, entry by entry.
pub(super) struct LinkCollector {
    attribute: String,
    /// The attribute at the other end of the links.
    back: Option<&'static str>,
    ids: HashMap<String, usize>,
    /// For each DN, the DNs with a link to it.
    sources: Vec<Vec<usize>>,
    /// The line of an incomplete attribute at the other end, and whether any link was seen at this end.
    cut: Option<u64>,
    seen: bool,
}

impl LinkCollector {
    pub(super) fn new(attribute: &str) -> Self {
        let other = |(one, two): &(&'static str, &'static str)| {
            let (to_one, to_two) = (one.eq_ignore_ascii_case(attribute), two.eq_ignore_ascii_case(attribute));
            if to_one { Some(*two) } else { to_two.then_some(*one) }
        };
        Self {
            attribute: attribute.to_owned(),
            back: PAIRS.iter().find_map(other),
            ids: HashMap::new(),
            sources: Vec::new(),
            cut: None,
            seen: false,
        }
    }

    /// One for each link attribute in the filter.
    pub(super) fn of(filter: &Prepared) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (attribute, _) in filter.chains() {
            if !all.iter().any(|one| one.attribute.eq_ignore_ascii_case(attribute)) {
                all.push(Self::new(attribute));
            }
        }
        all
    }

    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        let mut here = None;
        let attribute = std::mem::take(&mut self.attribute);
        for value in entry.values(&attribute) {
            self.seen = true;
            let here = *here.get_or_insert(self.id(entry.key()?));
            if let Some(to) = Dn::key_of(&decode::text(value)) {
                let to = self.id(to);
                self.sources[to].push(here);
            }
        }
        self.attribute = attribute;
        let Some(back) = self.back else { return Ok(()) };
        for value in entry.values(back) {
            let here = *here.get_or_insert(self.id(entry.key()?));
            if let Some(from) = Dn::key_of(&decode::text(value)) {
                let from = self.id(from);
                self.sources[here].push(from);
            }
        }
        if entry.is_cut(back) {
            self.cut.get_or_insert(entry.line);
        }
        Ok(())
    }

    fn id(&mut self, key: String) -> usize {
        let next = self.sources.len();
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.sources.push(Vec::new());
        }
        id
    }

    /// Fails when the links in the file are incomplete.
    pub(super) fn check_complete(&self) -> Result<(), Fault> {
        match (self.cut, self.seen, self.back) {
            (Some(line), false, Some(back)) => Err(Fault::at(line, What::CutLinks(back))),
            _ => Ok(()),
        }
    }

    /// The DNs with a direct link to `to`.
    pub(super) fn direct(&self, to: &str) -> HashSet<usize> {
        self.ids.get(to).map(|id| self.sources[*id].iter().copied().collect()).unwrap_or_default()
    }

    /// For each of the DNs in `from`, the targets of its direct links.
    pub(super) fn onward(&self, from: &HashSet<String>) -> HashMap<&str, Vec<&str>> {
        let mut names = vec![""; self.sources.len()];
        self.ids.iter().for_each(|(key, id)| names[*id] = key);
        let mut onward: HashMap<&str, Vec<&str>> = HashMap::new();
        for (to, sources) in self.sources.iter().enumerate() {
            for from in sources.iter().map(|id| names[*id]).filter(|name| from.contains(*name)) {
                onward.entry(from).or_default().push(names[to]);
            }
        }
        onward
    }

    /// All DNs from which `to` can be reached over one or more links.
    pub(super) fn reached(&self, to: &str) -> HashSet<String> {
        let mut found = HashSet::new();
        let mut next: Vec<usize> = self.ids.get(to).copied().into_iter().collect();
        while let Some(id) = next.pop() {
            for source in &self.sources[id] {
                if found.insert(*source) {
                    next.push(*source);
                }
            }
        }
        self.ids.iter().filter(|(_, id)| found.contains(id)).map(|(key, _)| key.clone()).collect()
    }
}

/// The links that `filter` needs, from the collected ones.
pub(super) fn links(filter: &Prepared, all: &[LinkCollector]) -> Result<Links, Fault> {
    let mut sets = Vec::new();
    for (attribute, to) in filter.chains() {
        let of_attribute = |one: &&LinkCollector| one.attribute.eq_ignore_ascii_case(attribute);
        let Some(collector) = all.iter().find(of_attribute) else { continue };
        collector.check_complete()?;
        let to = to.key();
        sets.push(Reached { attribute: attribute.to_owned(), from: collector.reached(&to), to });
    }
    Ok(Links { sets })
}
