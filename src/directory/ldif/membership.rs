//! Nested groups, the number of members, and single entries for the explanation of a filter, from a file.

use std::collections::HashSet;

use super::File;
use super::entry::Entry;
use super::links::{LinkCollector, LinkedEntry, links};
use crate::directory::{Error, Known};
use crate::filter::{Filter, Prepared};
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::membership::{Group, Nested};
use crate::model::sid::Sid;
use crate::model::text::Untrusted;

const MEMBER_OF: &str = "memberOf";

fn collect_members(file: &mut File, job: &Job) -> Result<LinkCollector, Error> {
    let mut collectors = [LinkCollector::new(MEMBER_OF)];
    file.census(&mut collectors, job)?;
    let [collector] = collectors;
    collector.check_complete().map_err(|fault| file.error(fault))?;
    Ok(collector)
}

pub(super) fn nested(file: &mut File, group: &Dn, job: &Job) -> Result<Nested, Error> {
    let collector = collect_members(file, job)?;
    let key = group.key();
    let mut names = collector.reached(&key);
    names.insert(key.clone());
    let onward = collector.onward(&names);
    let mut found = Nested::default();
    let mut domain: Option<Sid> = None;
    file.each(job, |entry| {
        let sid = entry.values("objectSid").next().and_then(Sid::from_value);
        if let (Some((of, _)), true) = (sid.as_ref().and_then(Sid::in_domain), has_primary_group(entry)) {
            found.several_domains |= *domain.get_or_insert_with(|| of.clone()) != of;
        }
        if !entry.has_class("group") {
            return Ok(());
        }
        let mine = entry.key()?;
        if names.contains(&mine) {
            let above = onward.get(mine.as_str()).into_iter().flatten();
            let member_of = above.map(|key| Untrusted::new(*key)).collect();
            let group = Group { dn: Untrusted::new(entry.dn.clone()), sid, member_of };
            if mine == key { found.group = Some(group) } else { found.inside.push(group) }
        }
        Ok(())
    })?;
    // A group of another domain is never a primary group here, even with the same relative id.
    for group in found.group.iter_mut().chain(&mut found.inside) {
        group.sid.take_if(|sid| sid.in_domain().map(|(of, _)| of) != domain);
    }
    Ok(found)
}

fn has_primary_group(entry: &Entry) -> bool {
    entry.values("primaryGroupID").next().is_some()
}

pub(super) fn members(file: &mut File, group: &Dn, job: &Job) -> Result<Option<u64>, Error> {
    let collector = collect_members(file, job)?;
    let key = group.key();
    let mut is_there = false;
    file.each(job, |entry| {
        is_there |= Dn::has_key(&entry.dn, &key);
        Ok(())
    })?;
    Ok(is_there.then(|| collector.direct(&key).len() as u64))
}

pub(super) fn known(file: &mut File, dn: &Dn, filter: &Filter, job: &Job) -> Result<Option<Known>, Error> {
    let prepared = Prepared::new(filter);
    let mut collectors = LinkCollector::of(&prepared);
    collectors.push(LinkCollector::new(MEMBER_OF));
    file.census(&mut collectors, job)?;
    let links = links(&prepared, &collectors).map_err(|fault| file.error(fault))?;
    let key = dn.key();
    let onward = collectors.last().map(|groups| groups.onward(&HashSet::from([key.clone()]))).unwrap_or_default();
    let mut found = None;
    file.each(job, |entry| {
        if found.is_none() && Dn::has_key(&entry.dn, &key) {
            let placed = LinkedEntry { entry, key: &key, links: &links };
            let reached = |(attribute, to): (&str, &Dn)| {
                let reached = links.reaches(&key, attribute, to).unwrap_or(false);
                (attribute.to_owned(), to.key(), reached)
            };
            let groups: HashSet<&str> = onward.get(key.as_str()).into_iter().flatten().copied().collect();
            found = Some(Known {
                dn: entry.dn.clone(),
                values: entry.all().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
                chains: prepared.chains().into_iter().map(reached).collect(),
                member_of: groups.into_iter().map(str::to_owned).collect(),
                selected: prepared.selects(&placed),
            });
        }
        Ok(())
    })?;
    Ok(found)
}
