//! What the screens show: words and numbers that `run` has made safe to draw.
//!
//! It imports no screen and no panel, so that messages, screens and `run` all build on it.

use crate::model::name::Name;
use crate::present::Tone;
pub use crate::present::overview::Stage;
pub use crate::present::plan::PlanLine;
use crate::secrets::Secret;
use crate::tui::listing::{Fact, Place};

/// Tells the events of one job from those of an earlier one.
pub type JobId = u64;

/// An error, as it is shown: what happened, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub message: String,
    pub help: String,
    /// Nothing is broken: a decision is wanted.
    pub needs_you: bool,
}

/// One thing that can be picked from the live directory. The value is raw, the rest is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedItem {
    pub value: String,
    pub label: String,
    pub detail: String,
    pub has_children: bool,
}

/// Who matches a mapping and who is excluded, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// How many users the mapping takes.
    pub takes: u64,
    /// How many match it and are excluded.
    pub excluded: u64,
    pub columns: Vec<&'static str>,
    /// A sample; `takes` says how many there are.
    pub sample: Vec<Sampled>,
    pub reasons: Vec<Reason>,
    /// How many of those who match each later mapping matches, too.
    pub also: Vec<(String, u64)>,
}

/// Users excluded for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    pub why: String,
    pub count: u64,
    pub remedy: String,
    /// Some of them.
    pub who: Vec<Sampled>,
}

/// A user of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sampled {
    /// By which the user is asked for again.
    pub guid: String,
    pub cells: Vec<String>,
}

/// A token that was just made. The only secret that the console ever shows, and only when asked to.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "it is a secret")]
pub struct MintedToken {
    pub token: Secret,
    pub name: String,
    /// What is known of it: `id 4f..., valid until 2027-02-21, 5000 activations`.
    pub facts: Vec<String>,
}

/// A file as it would be written, the token masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    pub target: String,
    pub name: String,
    pub text: String,
    /// Where the token can be read, and by whom.
    pub exposure: String,
}

/// Something that was done, in lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub title: String,
    pub lines: Vec<(Tone, String)>,
}

/// A mapping among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingView {
    pub name: Name,
    /// What it gives: `profile Laptops, storage eu-1`.
    pub gives: String,
}

/// Which users another order of mappings moves, in words that are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MovesView {
    pub users: u64,
    /// When it was read.
    pub read_at: String,
    pub lines: Vec<(Tone, String)>,
}

/// A plan, in words and safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanView {
    pub id: i64,
    pub hash: String,
    /// When it was made.
    pub heading: String,
    pub state: PlanState,
    /// Why the safeguard stopped it, and the probable cause.
    pub why: Vec<(Tone, String)>,
    /// What to do about it.
    pub todo: Option<String>,
    /// How many lines of each kind there are, in the order of [`LineKind::ALL`].
    pub counts: [u64; 4],
    /// What is asked before it is applied.
    pub question: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanState {
    Made,
    Stopped,
    Applied,
}

/// Some of the lines of a plan that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanPage {
    /// The number of the first one; 0 is the first of all.
    pub offset: u64,
    /// How many there are in all.
    pub total: u64,
    pub lines: Vec<PlanLine>,
}

/// The overview, in words that are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverviewView {
    /// The summary: `2 things need you`.
    pub says: String,
    pub tone: Tone,
    /// When it was read.
    pub as_of: String,
    /// What it says, without the moment and the ages: the screen is drawn again only when it changes.
    pub content: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The title of the lines below, and a note at its right.
    Heading(&'static str, &'static str),
    Alarm {
        word: &'static str,
        tone: Tone,
        text: String,
        to_do: String,
        leads: Place,
    },
    Stage(Stage),
    Fact(Fact),
}

impl Line {
    /// Where Enter leads.
    pub fn leads(&self) -> Option<&Place> {
        match self {
            Self::Heading(..) => None,
            Self::Alarm { leads, .. } | Self::Stage(Stage { leads, .. }) => Some(leads),
            Self::Fact(fact) => fact.leads.as_ref(),
        }
    }

    /// True for what cannot be selected.
    pub fn is_heading(&self) -> bool {
        matches!(self, Self::Heading(..))
    }
}

/// Something of the state that the palette found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    /// `user`, `token`.
    pub what: String,
    pub more: String,
    pub place: Place,
}
