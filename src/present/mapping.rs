//! Mappings: which users get what.

use super::{Column, Fact, Kind, Place, Tone, changed, quota};
use crate::engine::{Engine, Error};
use crate::filter::Filter;
use crate::model::Kept;
use crate::model::count::grouped;
use crate::model::mapping::Mapping;
use crate::model::text::shown;

/// A mapping among the others.
#[derive(Debug, Clone)]
pub struct Row {
    pub kept: Kept<Mapping>,
    /// Its active users.
    pub users: u64,
    /// `12 by Everybody`: its users whom later mappings match, too.
    also_matched: String,
}

pub const COLUMNS: &[Column<Row>; 10] = &[
    Column::growing("mapping", "Mapping", 18, |row| row.kept.value.name.to_string()),
    Column::fixed("state", "State", 8, |row| state(&row.kept.value).to_owned()),
    Column::fixed("users", "Users", 9, |row| grouped(row.users)),
    Column::growing("profile", "Profile", 14, |row| row.kept.value.profile.to_string()),
    Column::growing("storage", "Storage", 12, |row| row.kept.value.storage.to_string()),
    Column::growing("directory", "Directory", 12, |row| row.kept.value.directory.to_string()),
    Column::growing("selects", "Selects", 30, |row| {
        let selects = selects(&row.kept.value).into_iter();
        selects.map(|(label, text)| format!("{label}: {text}")).collect::<Vec<_>>().join(", ")
    }),
    Column::listed("quota", "Quota", 10, |row| quota(row.kept.value.quota)),
    Column::listed("also-matched-by", "Also matched by", 20, |row| row.also_matched.clone()),
    Column::listed("filter", "LDAP filter", 40, |row| {
        Filter::of_mapping(&row.kept.value, &[]).map(|filter| shown(&filter.to_string())).unwrap_or_default()
    }),
];

/// Every mapping, in the order of priority.
pub fn rows(engine: &Engine) -> Result<Vec<Row>, Error> {
    let (counts, overlaps) = (engine.user_counts()?.per_mapping, engine.overlaps()?);
    let row = |kept: Kept<Mapping>| {
        let name = &kept.value.name;
        let users = counts.iter().find(|(of, _)| of.is_same(name)).map_or(0, |(_, users)| *users);
        let of = overlaps.iter().filter(|overlap| overlap.taken_by == *name);
        let also = of.map(|overlap| format!("{} by {}", grouped(overlap.users), overlap.also_matched_by));
        Row { also_matched: also.collect::<Vec<_>>().join(", "), users, kept }
    };
    Ok(engine.mappings()?.into_iter().map(row).collect())
}

const fn state(mapping: &Mapping) -> &'static str {
    if mapping.enabled { "on" } else { "off" }
}

pub const fn tone(mapping: &Mapping) -> Tone {
    if mapping.enabled { Tone::Good } else { Tone::Warning }
}

/// What a user has to be or have.
fn selects(mapping: &Mapping) -> Vec<(&'static str, String)> {
    let given = [
        ("Base DN", &mapping.base_dn),
        ("OU", &mapping.ou),
        ("Group", &mapping.group),
        ("Department", &mapping.department),
        ("Country", &mapping.country),
        ("Filter", &mapping.filter),
    ];
    given.into_iter().filter_map(|(label, value)| Some((label, shown(value.as_deref()?)))).collect()
}

/// All that is kept of a mapping.
pub fn facts(kept: &Kept<Mapping>) -> Vec<Fact> {
    let mapping = &kept.value;
    let entry = |kind, name: &crate::model::name::Name| Place::Entry(kind, name.to_string());
    let mut facts = vec![
        Fact::new("State", state(mapping)).toned(tone(mapping)),
        Fact::new("Profile", mapping.profile.to_string()).leading(entry(Kind::Profiles, &mapping.profile)),
        Fact::new("Storage", mapping.storage.to_string()).leading(entry(Kind::Storages, &mapping.storage)),
        Fact::new("Quota", quota(mapping.quota)),
        Fact::new("Directory", mapping.directory.to_string()).leading(entry(Kind::Directories, &mapping.directory)),
    ];
    facts.extend(selects(mapping).into_iter().map(|(label, text)| Fact::new(label, text)));
    facts.extend(mapping.interval.map(|every| Fact::new("Sync interval", every.to_string())));
    facts.push(changed(kept));
    facts
}
