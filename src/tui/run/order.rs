//! The order of the mappings, and what another one would change, in words that can be drawn.

use super::lists::counted;
use crate::engine::{Engine, Error};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::name::Name;
use crate::model::priority::{Move, Reordered};
use crate::model::text::{Untrusted, shown};
use crate::present::Tone;
use crate::tui::message::{JobEvent, Reply};
use crate::tui::view::{MappingView, MovesView};

pub(super) fn mappings(engine: &Engine) -> Result<Vec<MappingView>, Error> {
    let counts = engine.user_counts()?.per_mapping;
    let view = |mapping: crate::model::mapping::Mapping| {
        // The details that distinguish the mapping come first; its row in the list shows those that are cut off.
        let off = if mapping.enabled { "" } else { "switched off; " };
        let users = counts.iter().find(|(name, _)| name.is_same(&mapping.name)).map_or(0, |(_, users)| *users);
        let quota = mapping.quota.map(|quota| format!(", quota {quota}")).unwrap_or_default();
        let users = counted(users, "user", "users");
        let gives = format!("{off}{users}; profile {}, storage {}{quota}", mapping.profile, mapping.storage);
        MappingView { gives: shown(&gives), name: mapping.name }
    };
    Ok(engine.mappings()?.into_iter().map(|kept| view(kept.value)).collect())
}

pub(super) fn as_read(engine: &Engine, order: Vec<Name>) -> Result<Reply, Error> {
    let moves = engine.reordered_as_read(&order)?.map(|found| view(&found));
    Ok(Reply::InOrder { order, moves })
}

pub(super) fn read(engine: &Engine, order: Vec<Name>, job: &Job) -> Result<JobEvent, Error> {
    let moves = view(&engine.reordered(&order, job)?);
    Ok(JobEvent::InOrder { order, moves })
}

pub(super) fn save(engine: &Engine, from: &[Name], to: &[Name]) -> Result<Reply, Error> {
    engine.reorder_mappings(from, to)?;
    Ok(Reply::Ordered(mappings(engine)?))
}

fn view(found: &Reordered) -> MovesView {
    MovesView {
        users: found.moves.iter().map(|one| one.users).sum(),
        read_at: crate::model::moment::minute(found.read_at),
        lines: found.moves.iter().flat_map(lines).collect(),
    }
}

/// `12 users go from Laptops to Kiosks: profile Laptops -> Kiosks`, and some of them in the next line.
fn lines(one: &Move) -> [(Tone, String); 2] {
    let gets: Vec<String> = one.gets.iter().map(|gets| shown(&gets.to_string())).collect();
    let gets = if gets.is_empty() { "no change in what they get".to_owned() } else { gets.join(", ") };
    let (users, verb) = if one.users == 1 { ("user", "goes") } else { ("users", "go") };
    let head = format!("{} {users} {verb} from {} to {}: {gets}", grouped(one.users), one.from, one.to);
    let mut who = one.sample.iter().map(Untrusted::shown).collect::<Vec<_>>().join(", ");
    let more = one.users.saturating_sub(one.sample.len() as u64);
    if more > 0 {
        who = format!("{who} and {} more", grouped(more));
    }
    [(Tone::Warning, head), (Tone::Plain, format!("  {who}"))]
}
