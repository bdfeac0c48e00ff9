//! Who reaches whom over links such as memberOf, for in-chain membership ([MS-ADTS] 3.1.1.3.4.4.3).
//!
//! A file may hold a link at either end: as `memberOf` of the member, as `member` of the group, or both. Both are
//! read, so that an export of users alone, or one without back links, gives what it can.

use std::collections::{HashMap, HashSet};

use super::records::Entry;
use super::{Fault, What};
use crate::directory::decode;
use crate::filter::Prepared;
use crate::model::dn::Dn;

/// Attributes that hold the two ends of the same links.
const PAIRS: [(&str, &str); 3] =
    [("memberOf", "member"), ("manager", "directReports"), ("managedBy", "managedObjects")];

/// Who reaches each of the names that a filter asks about.
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
    /// Whether the entry with the key `from` reaches `to`; `None` when the filter that this was built for did not ask.
    pub(super) fn reaches(&self, from: &str, attribute: &str, to: &Dn) -> Option<bool> {
        let to = to.key();
        let asked = |set: &&Reached| set.attribute.eq_ignore_ascii_case(attribute) && set.to == to;
        self.sets.iter().find(asked).map(|set| set.from.contains(from))
    }
}

/// Gathers the links of one attribute, entry by entry.
pub(super) struct Gatherer {
    attribute: String,
    /// The attribute that holds the same links at their other end.
    back: Option<&'static str>,
    ids: HashMap<String, usize>,
    /// For each name, those one link away from it, towards where the links come from.
    sources: Vec<Vec<usize>>,
    /// A line where only a part of the links at the other end was, and whether any was seen at this end.
    cut: Option<u64>,
    seen: bool,
}

impl Gatherer {
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

    /// One for each attribute whose links the filter follows.
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

    /// A fault when only a part of the links was in the file.
    pub(super) fn is_whole(&self) -> Result<(), Fault> {
        match (self.cut, self.seen, self.back) {
            (Some(line), false, Some(back)) => Err(Fault::at(line, What::CutLinks(back))),
            _ => Ok(()),
        }
    }

    /// Those from whom one link leads to `to`.
    pub(super) fn direct(&self, to: &str) -> HashSet<usize> {
        self.ids.get(to).map(|id| self.sources[*id].iter().copied().collect()).unwrap_or_default()
    }

    /// For each of the names, those that one link leads to.
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

    /// Everybody from whom `to` can be reached over one or more links.
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

/// The answers that `filter` needs, from what was gathered for it.
pub(super) fn links(filter: &Prepared, all: &[Gatherer]) -> Result<Links, Fault> {
    let mut sets = Vec::new();
    for (attribute, to) in filter.chains() {
        let of_attribute = |one: &&Gatherer| one.attribute.eq_ignore_ascii_case(attribute);
        let Some(gatherer) = all.iter().find(of_attribute) else { continue };
        gatherer.is_whole()?;
        let to = to.key();
        sets.push(Reached { attribute: attribute.to_owned(), from: gatherer.reached(&to), to });
    }
    Ok(Links { sets })
}
