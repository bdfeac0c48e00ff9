//! The mappings, in the order in which they take users.

use super::{Source, called, done, page, typed, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::text::shown;
use crate::present::Tone;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

pub(super) struct Mappings;

impl Source for Mappings {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let counts = engine.user_counts()?.per_mapping;
        let mappings = engine.mappings()?;
        let several = mappings.len() > 1;
        let rows = mappings.into_iter().map(|kept| {
            let users = counts.iter().find(|(name, _)| name.is_same(&kept.value.name)).map_or(0, |(_, users)| *users);
            row(&kept.value, users, several)
        });
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = find(engine, id)?;
        let mapping = &kept.value;
        let mut lines = vec![Fact::new("State", state(mapping)).toned(tone(mapping))];
        lines.extend(gives(mapping).into_iter().map(|(label, text)| Fact::new(label, text)));
        lines.extend(whom(mapping).into_iter().map(|(label, text)| Fact::new(label, text)));
        lines
            .push(Fact::new("Changed", format!("{} by {}", super::minute(kept.changed_at), kept.changed_by.0.shown())));
        Ok(Detail { title: mapping.name.to_string(), lines, acts: acts(mapping, false) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let name = shown(id.unwrap_or_default());
        Ok(match act {
            Act::Disable => Some(yes_or_no(format!(
                "Switch \"{name}\" off? {}",
                whom_it_leaves(engine, &called(id.unwrap_or_default())?)?
            ))),
            Act::Duplicate => Some(typed(
                format!("What is the copy of \"{name}\" to be called? It begins switched off."),
                format!("{name} copy"),
            )),
            Act::Delete => Some(yes_or_no(format!(
                "Remove \"{name}\"? Whom it had leaves by the next sync, unless another mapping takes them."
            ))),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let kept = find(engine, doing.id.as_deref().unwrap_or_default())?;
        let name = kept.value.name.clone();
        let mut made = None;
        let said = match doing.act {
            Act::Disable | Act::Enable => {
                let enabled = doing.act == Act::Enable;
                engine.enable_mapping(&name, enabled)?;
                format!("\"{name}\" is switched {}; the next sync goes by it.", if enabled { "on" } else { "off" })
            }
            Act::Duplicate => {
                let copy = called(&doing.input)?;
                engine.duplicate_mapping(&name, &copy)?;
                made = Some(Place::Entry(Kind::Mappings, copy.to_string()));
                format!("\"{copy}\" is there, switched off; e changes whom it takes.")
            }
            Act::Delete => {
                engine.remove_mapping(&name)?;
                format!("\"{name}\" is removed; whom it had stays as they are until the next sync.")
            }
            _ => return Ok(Vec::new()),
        };
        Ok(done(said).into_iter().map(|fact| Fact { leads: made.clone(), ..fact }).collect())
    }
}

/// What becomes of the users of a mapping that is switched off: the same as `assets/help/mappings.txt` says, in numbers.
pub(super) fn whom_it_leaves(engine: &Engine, name: &Name) -> Result<String, Error> {
    let users = engine.user_counts()?.per_mapping.into_iter().find(|(of, _)| of.is_same(name));
    let users = users.map_or(0, |(_, users)| users);
    // Whom another one matches, too, goes where the last place in the order would leave them to.
    let mut order: Vec<Name> = engine.mappings()?.into_iter().map(|kept| kept.value.name).collect();
    order.retain(|other| other != name);
    order.push(name.clone());
    let moves = engine.reordered_as_read(&order)?;
    let moves = moves.map(|found| found.moves.iter().filter(|one| one.from == *name).map(|one| one.users).sum::<u64>());
    let over = match moves {
        Some(0) => "Nobody changes mapping".to_owned(),
        Some(over) => {
            format!("{} of its {} go over to a later mapping at the next sync", grouped(over), users_of(users))
        }
        None => format!("Of its {}, whom a later mapping matches goes over to it at the next sync", users_of(users)),
    };
    Ok(format!("{over}; nobody leaves. No new laptop is activated for who stays in it."))
}

fn users_of(users: u64) -> String {
    if users == 1 { "1 user".to_owned() } else { format!("{} users", grouped(users)) }
}

fn find(engine: &Engine, id: &str) -> Result<crate::model::Kept<Mapping>, Error> {
    let name = called(id)?;
    let unknown = || Error::Unknown { what: "mapping", name: name.clone() };
    engine.mapping(&name)?.ok_or_else(unknown)
}

fn acts(mapping: &Mapping, several: bool) -> Vec<Act> {
    let mut acts = vec![Act::Edit, Act::Duplicate, Act::Delete];
    acts.push(if mapping.enabled { Act::Disable } else { Act::Enable });
    if several {
        acts.push(Act::Order);
    }
    acts
}

fn row(mapping: &Mapping, users: u64, several: bool) -> Row {
    let joined = |facts: Vec<(&str, String)>| facts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ");
    Row {
        id: mapping.name.to_string(),
        cells: vec![
            mapping.name.to_string(),
            state(mapping).to_owned(),
            grouped(users),
            joined(gives(mapping)),
            joined(whom(mapping)),
        ],
        tone: tone(mapping),
        acts: acts(mapping, several),
    }
}

fn state(mapping: &Mapping) -> &'static str {
    if mapping.enabled { "on" } else { "off" }
}

fn tone(mapping: &Mapping) -> Tone {
    if mapping.enabled { Tone::Good } else { Tone::Warning }
}

fn gives(mapping: &Mapping) -> Vec<(&'static str, String)> {
    let mut gives = vec![("Profile", mapping.profile.to_string()), ("Storage", mapping.storage.to_string())];
    gives.extend(mapping.quota.map(|quota| ("Quota", quota.to_string())));
    gives
}

fn whom(mapping: &Mapping) -> Vec<(&'static str, String)> {
    let mut whom = vec![("Directory", mapping.directory.to_string())];
    let given = [
        ("Base DN", &mapping.base_dn),
        ("OU", &mapping.ou),
        ("Group", &mapping.group),
        ("Department", &mapping.department),
        ("Country", &mapping.country),
        ("Filter", &mapping.filter),
    ];
    whom.extend(given.into_iter().filter_map(|(label, value)| Some((label, shown(value.as_deref()?)))));
    whom
}
