//! What the console is told, and what it asks for.
//!
//! [`App::update`](super::app::App::update) turns a [`Message`] into [`Effect`]s and never does anything itself;
//! `run` carries the effects out on other threads and sends what came of them back as [`Came`].

use std::path::PathBuf;

use crossterm::event::KeyEvent;

use crate::model::check::Check;
use crate::model::job::Progress;
use crate::model::name::Name;
use crate::model::plan::{Asked as AskedLines, LineKind};
pub use crate::present::Tone;
use crate::secrets::Secret;
use crate::tui::listing::{Asked, Detail, Doing, Fact, Kind, Rows, Wanted};
use crate::tui::screen::overview::OverviewView;
use crate::tui::screen::palette::Entry;
use crate::wizard::form::{Form, Pick};
use crate::wizard::{Since, Standing, Step};

/// Something happened.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Message {
    Key(KeyEvent),
    /// Pasted text, as it came.
    Paste(String),
    Resize(u16, u16),
    /// The terminal or the system wants the console to end.
    Ending,
    /// Somebody wrote to the state; perhaps this console itself.
    Changed,
    /// Some time went by: what only time changes is looked at again.
    Tick,
    Came(Came),
}

/// Tells the answers to one job from those to an earlier one.
pub type JobId = u64;

/// What came of an effect.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Came {
    /// Where the user was when the console was last left, and how far each step is.
    Started {
        at: Option<Step>,
        standing: Vec<Standing>,
    },
    Standing(Vec<Standing>),
    Opened(Box<Form>),
    /// The open step as it is saved now.
    Since(Box<Since>),
    Saved {
        form: Box<Form>,
        outcome: SaveOutcome,
    },
    Check(JobId, Check),
    Checked(JobId),
    Progress(JobId, Progress),
    Picked {
        job: JobId,
        under: Option<String>,
        items: Vec<PickedItem>,
    },
    Previewed(JobId, Preview),
    Explained(JobId, Report),
    Synced(JobId, Report),
    /// The fuse stopped the plan of that number.
    Stopped(JobId, i64),
    Overview(Box<OverviewView>),
    /// The same, read again by itself: it is shown only if it says something else.
    OverviewAgain(Box<OverviewView>),
    /// Rows of a list.
    Rows(Box<Asked>, Rows),
    /// An entry of a list, whole.
    Detail(Kind, String, Box<Detail>),
    /// What there is to know before something is done.
    Question(Box<Wanted>),
    /// What became of something that was done, line by line. A single line that leads to an entry of the list is about
    /// what is there now, which is then selected.
    Done(JobId, Vec<Fact>),
    /// The rollout to date.
    Report(Vec<Fact>),
    /// What the palette's letters found in the state.
    Found(String, Vec<Entry>),
    Plan(Box<PlanView>),
    Lines {
        plan: i64,
        asked: AskedLines,
        page: PlanPage,
    },
    /// The mappings, in the order that is saved.
    Mappings(Vec<MappingView>),
    /// Who would change place if the mappings were in that order; `None` where the last reading does not say.
    InOrder {
        job: Option<JobId>,
        order: Vec<Name>,
        moves: Option<MovesView>,
    },
    /// The order was saved.
    Ordered(Vec<MappingView>),
    /// The plan was applied; this is how it is now.
    Applied(JobId, Box<PlanView>),
    /// A job needed the form to be saved, and the form now carries what stands against that.
    Refused(JobId, Box<Form>),
    Minted {
        job: JobId,
        form: Box<Form>,
        minted: MintedToken,
    },
    /// The token is in this file now.
    TokenWritten(PathBuf),
    Copied,
    Files(JobId, Vec<FileView>),
    Written {
        job: JobId,
        form: Box<Form>,
        report: Report,
    },
    /// A job ended without its result, or an effect of no job failed.
    Failed(Option<JobId>, Trouble),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveOutcome {
    Kept,
    Unchanged,
    /// The form carries them.
    Problems,
}

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

/// Who would change place, in words and safe to show.
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
    /// Why the fuse stopped it, and what probably happened.
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

/// What a plan does to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    pub kind: LineKind,
    pub who: String,
    pub what: String,
    pub details: Vec<String>,
}

/// Something to be done outside of the console's state.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Effect {
    /// Find out where the user was.
    Start,
    Standing,
    Open(Step),
    /// Open the step filled from the thing of that name.
    OpenNamed(Step, String),
    /// Open step 2 with the storage of that name.
    OpenStorage(String),
    /// Open the step for another one of those.
    OpenNew(Kind),
    /// What the form is of as it is saved, without what was entered since.
    Reload(Box<Form>),
    /// Look whether somebody changed what the form was filled from.
    Look(Box<Form>),
    /// Come back to this step after a restart.
    At(Step),
    KeepDraft(Box<Form>),
    Save(Box<Form>),
    Check(JobId, Box<Form>),
    Preview(JobId, Box<Form>),
    /// Explain the mapping of the form to the user of that name.
    Explain(JobId, Box<Form>, String),
    Pick {
        job: JobId,
        form: Box<Form>,
        pick: Pick,
        under: Option<String>,
    },
    Sync(JobId),
    Overview,
    OverviewAgain,
    Rows {
        asked: Asked,
        offset: u64,
        limit: u64,
    },
    Detail(Kind, String),
    /// What there is to know before that is done.
    Question(Box<Wanted>),
    Do(Doing),
    Report(JobId),
    /// The report, to files.
    WriteReport(JobId),
    /// What is in the state by what the palette was given.
    Find(String),
    OpenPlan(i64),
    Lines {
        plan: i64,
        asked: AskedLines,
        offset: u64,
        limit: u64,
    },
    /// The mappings in their order.
    Mappings,
    /// Who would change place in that order, by the last reading.
    InOrder(Vec<Name>),
    /// The same, reading the directories where needed.
    ReadInOrder(JobId, Vec<Name>),
    /// Save another order, if it is still the one that it was.
    SaveOrder {
        from: Vec<Name>,
        to: Vec<Name>,
    },
    /// Apply the plan of that hash, exactly as it is stored.
    Approve(JobId, String),
    /// Make a plan that takes the plan of that number back, and open it.
    Undo(i64),
    Mint(JobId, Box<Form>),
    WriteToken(PathBuf, Secret),
    Copy(Secret),
    Files(JobId, Box<Form>),
    Write(JobId, Box<Form>),
    /// Ask the running job to stop.
    Cancel(JobId),
    Redraw,
    Suspend,
    Leave,
}
