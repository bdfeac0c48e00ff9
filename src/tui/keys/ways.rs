//! The keys of a [`Way`], taken from the tables of the keys: the console offers only keys that work.

use super::{Binding, Command, LIST_OPEN, OVERVIEW, TABS, TO_ACCOUNTS, of_act};
use crate::present::alarm::{Press, Way};
use crate::tui::listing::{Kind, Place};
use crate::tui::tab::Tab;

/// The keys that do it from any screen without text fields: `5, then P`; `None` where only the command line can.
pub fn of_way(way: &Way) -> Option<String> {
    let mut keys = to(way.place.as_ref()?)?;
    match way.press {
        Press::Nothing => {}
        Press::Open => keys.push(name(LIST_OPEN, Command::Enter)?),
        Press::Act(act) => keys.push(of_act(act)?.chords.first()?.name()),
    }
    Some(keys.join(", then "))
}

/// The keys that lead to a place, one after another; a name means the line to select.
pub fn to(place: &Place) -> Option<Vec<String>> {
    Some(match place {
        Place::Overview | Place::Setup => vec![tab(place)?],
        Place::Report => vec![name(OVERVIEW, Command::Report)?],
        Place::Step(step) | Place::Named(step, _) => {
            vec![tab(&Place::Setup)?, format!("{} {}", step.number(), step.title())]
        }
        Place::List(kind) | Place::Found(kind, _) | Place::Entry(kind, _) => list(*kind)?,
        _ => return None,
    })
}

fn list(kind: Kind) -> Option<Vec<String>> {
    if let Some(key) = tab(&Place::List(kind)) {
        return Some(vec![key]);
    }
    if kind == Kind::Accounts {
        return Some(vec![tab(&Place::List(Kind::Devices))?, name(TO_ACCOUNTS, Command::Other)?]);
    }
    Kind::OF_SETUP.contains(&kind).then(|| Some(vec![tab(&Place::Setup)?, kind.title().to_owned()]))?
}

fn tab(place: &Place) -> Option<String> {
    let number = Tab::ALL.iter().position(|tab| tab.place() == *place)?;
    name(TABS, Command::Go(number))
}

fn name(table: &[Binding], command: Command) -> Option<String> {
    Some(table.iter().find(|binding| binding.command == command)?.chords.first()?.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::Act;

    #[test]
    fn keys_come_from_the_tables() {
        let way = |place, press| of_way(&Way { command: String::new(), place, press });
        let list = |kind| Some(Place::List(kind));
        for (place, press, keys) in [
            (list(Kind::Devices), Press::Act(Act::Resume), Some("5, then P")),
            (list(Kind::Syncs), Press::Open, Some("4, then Enter")),
            (list(Kind::Directories), Press::Act(Act::Edit), Some("9, then Directories, then e")),
            (list(Kind::Accounts), Press::Act(Act::Delete), Some("5, then a, then D")),
            (Some(Place::Step(crate::wizard::Step::Settings)), Press::Nothing, Some("9, then 5 Settings")),
            (Some(Place::Report), Press::Nothing, Some("r")),
            (None, Press::Nothing, None),
        ] {
            assert_eq!(way(place.clone(), press).as_deref(), keys, "{place:?}");
        }
    }
}
