//! The mappings, in the order of their priority.

use super::{Source, called, done, page, typed, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::count::{counted, grouped};
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::text::shown;
use crate::present::mapping::{self, COLUMNS};
use crate::present::{Act, Fact, Kind, Place, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Rows};
use crate::wizard::Step;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Mappings,
    title: "Mappings",
    reached: Reached::Key('3'),
    columns: &headings(COLUMNS),
    empty: "There is no mapping yet. Step 3 creates the first one: n opens it.",
    about: "Which users get what. A user belongs to the first mapping that matches.",
    help: include_str!("../../../../assets/help/mappings.txt"),
    entry: Some("mapping"),
    edited: Some((Step::Mapping, |name| Place::Named(Step::Mapping, name))),
    acts: &[Act::New],
    listed_by: "mapping list",
    shown_by: Some("mapping show"),
    verbs: &[
        (Act::New, "mapping add"),
        (Act::Edit, "mapping edit"),
        (Act::Order, "mapping order"),
        (Act::Duplicate, "mapping duplicate"),
        (Act::Disable, "mapping disable"),
        (Act::Enable, "mapping enable"),
        (Act::Delete, "mapping remove"),
    ],
    ..ListSpec::PLAIN
};

pub(super) struct Mappings;

impl Source for Mappings {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let mappings = mapping::rows(engine)?;
        let several = mappings.len() > 1;
        let rows = mappings.into_iter().map(|row| {
            let mapping = &row.kept.value;
            super::row(mapping.name.to_string(), COLUMNS, &row, mapping::tone(mapping), acts(mapping, several))
        });
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = find(engine, id)?;
        let (mapping, lines) = (&kept.value, mapping::facts(&kept));
        Ok(Detail { title: mapping.name.to_string(), lines, acts: acts(mapping, false) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let name = shown(id.unwrap_or_default());
        Ok(match act {
            Act::Disable => Some(yes_or_no(format!(
                "Switch \"{name}\" off? {}",
                effect_of_off(engine, &called(id.unwrap_or_default())?)?
            ))),
            Act::Duplicate => {
                Some(typed(format!("Name of the copy of \"{name}\"? It is off at first."), format!("{name} copy")))
            }
            Act::Delete => Some(yes_or_no(format!(
                "Remove \"{name}\"? The next sync removes its users, unless another mapping matches them."
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
                format!("\"{name}\" is {} from the next sync on.", if enabled { "on" } else { "off" })
            }
            Act::Duplicate => {
                let copy = called(&doing.input)?;
                engine.duplicate_mapping(&name, &copy)?;
                made = Some(Place::Entry(Kind::Mappings, copy.to_string()));
                format!("\"{copy}\" was created, off; e edits it.")
            }
            Act::Delete => {
                engine.remove_mapping(&name)?;
                format!("\"{name}\" was removed; its users stay until the next sync.")
            }
            _ => return Ok(Vec::new()),
        };
        Ok(done(said).into_iter().map(|fact| Fact { leads: made.clone(), ..fact }).collect())
    }
}

/// What happens to the users of a mapping that is switched off, in numbers; `assets/help/mappings.txt` says the same.
pub(super) fn effect_of_off(engine: &Engine, name: &Name) -> Result<String, Error> {
    let users = engine.user_counts()?.per_mapping.into_iter().find(|(of, _)| of.is_same(name));
    let users = counted(users.map_or(0, |(_, users)| users), "user", "users");
    // A user moves to the mapping that would have them if this one were the last in the order.
    let mut order: Vec<Name> = engine.mappings()?.into_iter().map(|kept| kept.value.name).collect();
    order.retain(|other| other != name);
    order.push(name.clone());
    let moves = engine.reordered_as_read(&order)?;
    let moves = moves.map(|found| found.moves.iter().filter(|one| one.from == *name).map(|one| one.users).sum::<u64>());
    Ok(match moves {
        Some(0) => format!("Its {users} stay, and no new laptop is activated for them."),
        Some(moving) => format!(
            "Of its {users}, {} move to a later mapping at the next sync; the others stay, and no new laptop is activated for them.",
            grouped(moving)
        ),
        None => format!(
            "At the next sync, those of its {users} whom a later mapping matches move to that mapping; the others stay, and no new laptop is activated for them."
        ),
    })
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
