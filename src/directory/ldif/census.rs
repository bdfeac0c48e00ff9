//! The census of a file: its domain, the tree of its containers, and its groups.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::entry::Entry;
use super::{Fault, What};
use crate::directory::decode;
use crate::directory::{Group, Root, Unit};
use crate::model::dn::Dn;
use crate::model::fold::folded;
use crate::model::text::Untrusted;

/// Collected in one pass over the file; in two, when the tree has nodes that were only seen in DNs.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// The domains of the entries, by their topmost `DC=` levels, and the number of entries.
    domains: Vec<(Dn, u64)>,
    /// The domain of each parent DN that is already in the tree.
    parents: HashMap<String, Option<usize>>,
    /// OUs and containers by key: entries, and parents that were only seen in DNs.
    units: BTreeMap<String, Place>,
    /// Keys that were only seen in DNs; a computer with child entries is not a container.
    guessed: HashSet<String>,
    groups: Vec<Group>,
    /// The NetBIOS names in crossRef objects, by the key of their naming context.
    netbios: HashMap<String, String>,
    /// The functional level of each domain head.
    levels: HashMap<String, String>,
    forest: Option<String>,
}

#[derive(Debug)]
struct Place {
    dn: String,
    name: String,
    parent: String,
}

impl Census {
    pub(super) fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        let parent = Dn::parent_of(&entry.dn).unwrap_or_default();
        let domain = match self.parents.get(parent) {
            Some(domain) => *domain,
            None => self.learn(entry)?,
        };
        if let Some(domain) = domain {
            self.domains[domain].1 += 1;
        }
        let dn = || entry.dn.parse::<Dn>().map_err(|_| Fault::at(entry.line, What::Dn));
        if is_unit(entry) {
            let key = self.place(&dn()?);
            self.guessed.remove(&key);
        }
        if entry.has_class("group") {
            let name = match entry.text("cn") {
                Some(name) => name,
                None => dn()?.name().to_owned(),
            };
            self.groups.push(Group { dn: Untrusted::new(entry.dn.clone()), name: Untrusted::new(name) });
        }
        if let (Some(of), Some(name)) = (entry.text("nCName"), entry.text("nETBIOSName")) {
            self.netbios.extend(Dn::key_of(&of).map(|key| (key, name)));
        }
        if entry.has_class("domainDNS") {
            let level = entry.text("msDS-Behavior-Version");
            self.levels.extend(Dn::key_of(&entry.dn).zip(level));
        }
        if self.forest.is_none() {
            let category = entry.text("objectCategory").and_then(|text| text.parse::<Dn>().ok());
            self.forest = category.map(|dn| dn.domain()).filter(|forest| !forest.is_empty());
        }
        Ok(())
    }

    /// Whether a second pass, with [`Census::remove_non_units`], is needed.
    pub(super) fn needs_second_pass(&self) -> bool {
        self.guessed.iter().any(|key| !key.starts_with("OU="))
    }

    /// Removes an entry from the tree that turns out not to be a container.
    pub(super) fn remove_non_units(&mut self, entry: &Entry) -> Result<(), Fault> {
        let key = entry.key()?;
        if self.guessed.contains(&key) && !is_unit(entry) {
            self.units.remove(&key);
        }
        Ok(())
    }

    /// Adds a container to the tree, and returns its key.
    fn place(&mut self, dn: &Dn) -> String {
        let key = dn.key();
        let parent = dn.parent().map(|parent| parent.key()).unwrap_or_default();
        let place = Place { dn: dn.text().to_owned(), name: dn.name().to_owned(), parent };
        self.units.insert(key.clone(), place);
        key
    }

    /// Adds the parents of an entry to the tree, because an export of users has no OUs; returns its domain.
    fn learn(&mut self, entry: &Entry) -> Result<Option<usize>, Fault> {
        let mut dn: Dn = entry.dn.parse().map_err(|_| Fault::at(entry.line, What::Dn))?;
        while dn.depth() > dn.domain_depth() {
            let Some(parent) = dn.parent() else { break };
            if parent.depth() > parent.domain_depth() && !self.units.contains_key(&parent.key()) {
                let key = self.place(&parent);
                self.guessed.insert(key);
            }
            dn = parent;
        }
        let domain = (dn.domain_depth() > 0).then(|| {
            let key = dn.key();
            self.domains.iter().position(|(domain, _)| domain.key() == key).unwrap_or_else(|| {
                self.domains.push((dn, 0));
                self.domains.len() - 1
            })
        });
        let parent = Dn::parent_of(&entry.dn).unwrap_or_default();
        self.parents.insert(parent.to_owned(), domain);
        Ok(domain)
    }

    /// The result: the domain of the file is that of most entries; `None` without a domain.
    pub(super) fn finish(mut self) -> Option<Found> {
        let (naming_context, _) = self.domains.iter().rev().max_by_key(|(_, entries)| *entries)?.clone();
        let key = naming_context.key();
        let first_label = || naming_context.name().to_uppercase();
        let root = Root {
            naming_context: naming_context.text().to_owned(),
            domain: naming_context.domain(),
            netbios: Some(self.netbios.remove(&key).unwrap_or_else(first_label)),
            forest: self.forest,
            level: self.levels.get(&key).map(|level| decode::level(level)),
            host: None,
            usn: None,
            invocation_id: None,
        };
        self.groups.sort_by_cached_key(|group| folded(group.name.raw()).collect::<String>());
        Some(Found { key, root, units: self.units, groups: self.groups })
    }
}

fn is_unit(entry: &Entry) -> bool {
    ["organizationalUnit", "container", "builtinDomain"].iter().any(|class| entry.has_class(class))
}

/// The result of a census.
#[derive(Debug)]
pub(super) struct Found {
    /// The key of the naming context.
    pub(super) key: String,
    pub(super) root: Root,
    units: BTreeMap<String, Place>,
    groups: Vec<Group>,
}

impl Found {
    /// The containers directly below the key `above`, by name; `None` when the key is unknown.
    pub(super) fn units(&self, above: &str) -> Option<Vec<Unit>> {
        let has_children = |key: &str| self.units.values().any(|place| place.parent == key);
        let below = self.units.iter().filter(|(_, place)| place.parent == above);
        let unit = |(key, place): (&String, &Place)| Unit {
            dn: Untrusted::new(place.dn.clone()),
            name: Untrusted::new(place.name.clone()),
            has_children: has_children(key),
        };
        let mut units: Vec<Unit> = below.map(unit).collect();
        units.sort_by_cached_key(|unit| folded(unit.name.raw()).collect::<String>());
        let is_known = above == self.key || self.units.contains_key(above) || !units.is_empty();
        is_known.then_some(units)
    }

    /// The groups with names that begin with `prefix`, ignoring case.
    pub(super) fn groups(&self, prefix: &str, limit: usize) -> Vec<Group> {
        let prefix: String = folded(prefix).collect();
        let begins = |group: &&Group| folded(group.name.raw()).collect::<String>().starts_with(&prefix);
        self.groups.iter().filter(begins).take(limit).cloned().collect()
    }
}
