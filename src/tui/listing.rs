//! What can be listed, and what is known of an entry: in words, safe to show.
//!
//! A list is data: its columns here, its rows from one file of `run::lists`, its keys from one table
//! ([`keys::ACTS`](super::keys::ACTS)). A new list is a [`Kind`] and a file; it needs no drawing of its own.

mod columns;
pub mod verbs;

pub use crate::present::{Act, Fact, Kind, Place};
use crate::present::{Heading as Column, Tone};
use crate::wizard::Step;

impl Kind {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::Mappings => "Mappings",
            Self::Syncs => "Syncs",
            Self::Devices => "Devices",
            Self::Accounts => "Accounts",
            Self::Tokens => "Tokens",
            Self::Exports => "Exports",
            Self::Audit => "Audit",
            Self::Directories => "Directories",
            Self::Profiles => "Profiles",
            Self::Storages => "Storages",
            Self::Keys => "Keys",
            Self::DeviceMap => "Device map",
        }
    }

    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Users => columns::USERS,
            Self::Mappings => columns::MAPPINGS,
            Self::Syncs => columns::SYNCS,
            Self::Devices => columns::DEVICES,
            Self::Accounts => columns::ACCOUNTS,
            Self::Tokens => columns::TOKENS,
            Self::Exports => columns::EXPORTS,
            Self::Audit => columns::AUDIT,
            Self::Directories => columns::DIRECTORIES,
            Self::Profiles => columns::PROFILES,
            Self::Storages => columns::STORAGES,
            Self::Keys => columns::KEYS,
            Self::DeviceMap => columns::DEVICE_MAP,
        }
    }

    /// The orders that a list can be in; the first one at the beginning.
    pub const fn orders(self) -> &'static [&'static str] {
        match self {
            Self::Users => &["name", "account", "mail", "department", "arrival"],
            _ => &["as it is"],
        }
    }

    /// What is said where there is nothing.
    pub const fn empty(self) -> &'static str {
        match self {
            Self::Users => "Nobody is cached yet. Step 4 reads the directories (9, then 4 Frequency).",
            Self::Mappings => "There is none yet. Step 3 makes the first one: n opens it.",
            Self::Syncs => "There was none yet. r runs the first one; step 4 says how often (9, then 4 Frequency).",
            Self::Devices => "No laptop has enrolled yet. Hand an export to your deployment tool (7).",
            Self::Accounts => {
                "Nobody has been activated yet. A laptop enrolls by an export (7), then its user logs on; 5 shows who waits."
            }
            Self::Tokens => "There is none yet. Step 6 makes the first one; it needs no network: n opens it.",
            Self::Exports => "Nothing was written yet. Step 7 writes the exports: n opens it.",
            Self::Audit => "Nothing was changed yet.",
            Self::Directories => "None is registered yet. Step 1 registers the first one (9, then 1 Directory).",
            Self::Profiles | Self::Storages => "There is none yet. Step 2 makes the first one (9, then 2 Profile).",
            Self::Keys => "There is none yet. The first token makes it.",
            Self::DeviceMap => "No laptop is reserved for anybody. i takes in a CSV file.",
        }
    }

    /// What the help line says.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Users => "Users that mappings took from the directories. / searches names, mail, department and OU.",
            Self::Mappings => "Which users get what. The first mapping that matches takes a user.",
            Self::Syncs => "Each sync is a plan first. What the fuse stopped waits here for you.",
            Self::Devices => "Laptops. Pending ones wait for their user to log on.",
            Self::Accounts => "What users got at their first activation.",
            Self::Tokens => "Whoever holds a token may ask for activation; it says nothing of a user.",
            Self::Exports => "The folders that were written for your deployment tools.",
            Self::Audit => "Who changed what. Nobody can change or remove an entry unseen.",
            Self::Directories => "Where users come from.",
            Self::Profiles => "What users get, and how long it is kept when they leave.",
            Self::Storages => "Where the data of users is kept.",
            Self::Keys => "What signs tokens. A retired key's tokens stay good; a revoked key's are refused.",
            Self::DeviceMap => "Which laptop is meant for whom: it is given to nobody else.",
        }
    }

    /// Where an entry is edited.
    pub fn edited(self, name: &str) -> Option<Place> {
        match self {
            Self::Storages => Some(Place::Storage(name.to_owned())),
            kind => kind.step().map(|step| Place::Named(step, name.to_owned())),
        }
    }

    /// The step that an entry is edited in.
    pub const fn step(self) -> Option<Step> {
        match self {
            Self::Directories => Some(Step::Directory),
            Self::Profiles | Self::Storages => Some(Step::Profile),
            Self::Mappings => Some(Step::Mapping),
            Self::Tokens => Some(Step::Token),
            Self::Exports => Some(Step::Installer),
            _ => None,
        }
    }

    /// What can always be done to the list as a whole.
    pub const fn acts(self) -> &'static [Act] {
        match self {
            Self::Audit => &[Act::Verify, Act::Save],
            Self::Syncs => &[Act::Sync],
            Self::Mappings | Self::Directories | Self::Profiles | Self::Storages | Self::Tokens | Self::Exports => {
                &[Act::New]
            }
            Self::Keys => &[Act::Rotate, Act::BundleOut, Act::BundleIn],
            Self::DeviceMap => &[Act::Import],
            Self::Users => &[Act::Save],
            _ => &[],
        }
    }
}

/// What is asked of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub kind: Kind,
    pub search: String,
    /// An index into [`Kind::orders`].
    pub order: usize,
}

/// Some of the rows that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// The number of the first one; 0 is the first of all.
    pub offset: u64,
    /// How many there are in all, as far as it was counted.
    pub total: u64,
    /// There are more than were counted.
    pub more: bool,
    pub rows: Vec<Row>,
    /// What can be done to the list now, besides what always can.
    pub acts: Vec<Act>,
    /// The order that they are in, where it may be another one than was asked for.
    pub order: Option<usize>,
}

impl Rows {
    /// The page of `all`, where a list is short enough to be read whole.
    pub fn of(all: impl ExactSizeIterator<Item = Row>, offset: u64, limit: u64) -> Self {
        let total = all.len() as u64;
        let (skip, take) =
            (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(usize::MAX));
        Self { offset, total, rows: all.skip(skip).take(take).collect(), ..Self::default() }
    }
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// By which it is asked for.
    pub id: String,
    /// In the order of the columns.
    pub cells: Vec<String>,
    /// Of the second cell, which says how it is.
    pub tone: Tone,
    /// What can be done to it now.
    pub acts: Vec<Act>,
}

/// What is to be known before something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub text: String,
    /// What is to be typed, and what stands there at first; without it, yes or no.
    pub input: Option<String>,
}

/// Something that is wanted: before it is done, what there is to know of it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub asked: Asked,
    pub act: Act,
    /// The entry; `None` where it is done to the list.
    pub id: Option<String>,
    /// `None`: there is nothing to know.
    pub question: Option<Question>,
}

/// Something to be done. Its answer is a report of what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doing {
    pub act: Act,
    /// The entry; `None` where it is done to the list.
    pub id: Option<String>,
    pub asked: Asked,
    pub input: String,
    /// The columns that are shown, for what writes them down; empty where none are chosen.
    pub columns: Vec<usize>,
}

/// An entry, whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    pub title: String,
    pub lines: Vec<Fact>,
    pub acts: Vec<Act>,
}

impl Place {
    /// The step that is opened there.
    pub const fn step(&self) -> Option<Step> {
        match self {
            Self::Step(step) | Self::Named(step, _) => Some(*step),
            Self::New(kind) => kind.step(),
            Self::Storage(_) => Some(Step::Profile),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_short_list_knows_how_many_there_are() {
        let all = || (0..10).map(|number| Row { id: number.to_string(), ..Row::default() });
        let page = Rows::of(all(), 8, 5);
        assert_eq!((page.offset, page.total, page.rows.len()), (8, 10, 2));
        assert_eq!(page.rows[0].id, "8");
        assert_eq!(Rows::of(all(), 20, 5).rows.len(), 0);
    }

    #[test]
    fn every_list_has_columns_that_fit_eighty_cells_as_far_as_its_second_one() {
        for kind in Kind::ALL {
            let columns = kind.columns();
            assert!(columns.len() >= 2 && columns.iter().any(|column| column.grows), "{kind:?}");
            assert!(columns[0].width + columns[1].width + 4 <= 40, "{kind:?}");
        }
    }
}
