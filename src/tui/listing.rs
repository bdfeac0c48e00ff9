//! What the console knows of each list, and of an entry: in words, safe to show.
//!
//! A list is data: a [`ListSpec`] in its file of `run::lists`, its rows from the same file, its keys from one table
//! ([`keys::ACTS`](super::keys::ACTS)). A new list is a [`Kind`] and a file; it needs no drawing of its own.

pub mod verbs;

pub use super::run::lists::{detail, rows};
pub use crate::present::{Act, Fact, Kind, Place};
use crate::present::{Heading, Tone};
use crate::wizard::Step;

/// The place for the entry of that name.
type PlaceOf = fn(String) -> Place;

/// All that tells one list from another.
#[derive(Debug, Clone, Copy)]
pub struct ListSpec {
    pub kind: Kind,
    pub title: &'static str,
    pub reached: Reached,
    pub columns: &'static [Heading],
    /// The orders that the list can be in; the first one at the beginning.
    pub orders: &'static [&'static str],
    /// The text of an empty list.
    pub empty: &'static str,
    /// The help line.
    pub about: &'static str,
    /// The help page, before the keys: a file of `assets/help/`.
    pub help: &'static str,
    /// What an entry is called in the palette, which searches the list; `None`: it does not.
    pub entry: Option<&'static str>,
    /// The step that an entry is edited in, and the place for the entry of that name.
    pub edited: Option<(Step, PlaceOf)>,
    /// What can always be done to the list as a whole.
    pub acts: &'static [Act],
    /// The verb that lists the same.
    pub listed_by: &'static str,
    /// The verb that shows all of an entry; where there is none, the list of that entry alone is all of it.
    pub shown_by: Option<&'static str>,
    /// The verbs that do the same to an entry of the list, or to the list. What has no verb is not offered.
    pub verbs: &'static [(Act, &'static str)],
}

/// How a list is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// By a number.
    Key(char),
    /// From another list.
    From(Kind),
    /// From the screen with the steps of setup, below which it is listed.
    Setup,
}

impl ListSpec {
    /// What most lists have in common.
    pub const PLAIN: Self = Self {
        kind: Kind::Users,
        title: "",
        reached: Reached::Setup,
        columns: &[],
        orders: &["unsorted"],
        empty: "",
        about: "",
        help: "",
        entry: None,
        edited: None,
        acts: &[],
        listed_by: "",
        shown_by: None,
        verbs: &[],
    };
}

impl Kind {
    pub const fn title(self) -> &'static str {
        self.spec().title
    }

    pub const fn columns(self) -> &'static [Heading] {
        self.spec().columns
    }

    /// The orders that a list can be in; the first one at the beginning.
    pub const fn orders(self) -> &'static [&'static str] {
        self.spec().orders
    }

    /// The text of an empty list.
    pub const fn empty(self) -> &'static str {
        self.spec().empty
    }

    /// The help line.
    pub const fn about(self) -> &'static str {
        self.spec().about
    }

    /// Where an entry is edited.
    pub fn edited(self, name: &str) -> Option<Place> {
        self.spec().edited.map(|(_, place)| place(name.to_owned()))
    }

    /// The step that an entry is edited in.
    pub const fn step(self) -> Option<Step> {
        match self.spec().edited {
            Some((step, _)) => Some(step),
            None => None,
        }
    }

    /// What can always be done to the list as a whole.
    pub const fn acts(self) -> &'static [Act] {
        self.spec().acts
    }

    /// The screen with a number that the list belongs to.
    pub const fn tab(self) -> Place {
        match self.spec().reached {
            Reached::Key(_) => Place::List(self),
            Reached::From(kind) => Place::List(kind),
            Reached::Setup => Place::Setup,
        }
    }
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
    /// What can be done to the list now, besides what is always possible.
    pub acts: Vec<Act>,
    /// The order that they are in, where it may differ from the one that was asked for.
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
    /// What it is asked for by.
    pub id: String,
    /// In the order of the columns.
    pub cells: Vec<String>,
    /// The tone of the second cell, which is its state.
    pub tone: Tone,
    /// What can be done to it now.
    pub acts: Vec<Act>,
}

/// A question before something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub text: String,
    /// What is typed at first, where a line is asked for; absent: yes or no.
    pub input: Option<String>,
}

/// An act that was asked for, with the question that comes before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub asked: Asked,
    pub act: Act,
    /// The entry; `None` where it is done to the list.
    pub id: Option<String>,
    /// `None`: nothing is asked.
    pub question: Option<Question>,
}

/// An act to carry out; it is answered with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doing {
    pub act: Act,
    /// The entry; `None` where it is done to the list.
    pub id: Option<String>,
    pub asked: Asked,
    pub input: String,
    /// The columns that are shown, for an act that writes them; empty where none are chosen.
    pub columns: Vec<usize>,
}

/// All of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    pub title: String,
    pub lines: Vec<Fact>,
    pub acts: Vec<Act>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_the_total() {
        let all = || (0..10).map(|number| Row { id: number.to_string(), ..Row::default() });
        let page = Rows::of(all(), 8, 5);
        assert_eq!((page.offset, page.total, page.rows.len()), (8, 10, 2));
        assert_eq!(page.rows[0].id, "8");
        assert_eq!(Rows::of(all(), 20, 5).rows.len(), 0);
    }

    #[test]
    fn the_first_two_columns_fit_eighty_cells() {
        for kind in Kind::ALL {
            let columns = kind.columns();
            assert!(columns.len() >= 2 && columns.iter().any(|column| column.grows), "{kind:?}");
            assert!(columns[0].width + columns[1].width + 4 <= 40, "{kind:?}");
        }
    }
}
