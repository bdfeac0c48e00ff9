//! The screens that have a number: what one goes to without thinking.

use super::listing::{Kind, Place, Reached};

/// A screen with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab {
    pub key: char,
    pub title: &'static str,
    place: TabPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TabPlace {
    Overview,
    List(Kind),
    Setup,
}

impl Tab {
    pub const ALL: [Self; 9] = [
        Self::of('1', "Overview", TabPlace::Overview),
        Self::list(Kind::Users),
        Self::list(Kind::Mappings),
        Self::list(Kind::Syncs),
        Self::list(Kind::Devices),
        Self::list(Kind::Tokens),
        Self::list(Kind::Exports),
        Self::list(Kind::Audit),
        Self::of('9', "Setup", TabPlace::Setup),
    ];

    const fn of(key: char, title: &'static str, place: TabPlace) -> Self {
        Self { key, title, place }
    }

    const fn list(kind: Kind) -> Self {
        let key = match kind.spec().reached {
            Reached::Key(key) => key,
            Reached::From(_) | Reached::Setup => panic!("a list with a number"),
        };
        Self::of(key, kind.title(), TabPlace::List(kind))
    }

    pub fn place(self) -> Place {
        match self.place {
            TabPlace::Overview => Place::Overview,
            TabPlace::List(kind) => Place::List(kind),
            TabPlace::Setup => Place::Setup,
        }
    }
}
