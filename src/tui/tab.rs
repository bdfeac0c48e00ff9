//! The screens that have a number: what one goes to without thinking.

use super::listing::{Kind, Place};

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
        Self::list('2', Kind::Users),
        Self::list('3', Kind::Mappings),
        Self::list('4', Kind::Syncs),
        Self::list('5', Kind::Devices),
        Self::list('6', Kind::Tokens),
        Self::list('7', Kind::Exports),
        Self::list('8', Kind::Audit),
        Self::of('9', "Setup", TabPlace::Setup),
    ];

    const fn of(key: char, title: &'static str, place: TabPlace) -> Self {
        Self { key, title, place }
    }

    const fn list(key: char, kind: Kind) -> Self {
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
