//! What the console receives, and what it asks for.
//!
//! [`App::update`](super::app::App::update) turns a [`Message`] into [`Effect`]s and never does anything itself;
//! `run` carries the effects out on other threads and sends back an [`Answer`] to each. There are two kinds: a
//! [`Request`] is short, and requests are answered in their order; a [`Work`] is long, runs as a job of its own and
//! can be canceled.

use std::path::PathBuf;

use crossterm::event::KeyEvent;

use crate::model::check::Check;
use crate::model::job::Progress;
use crate::model::name::Name;
use crate::model::plan::Asked as AskedLines;
use crate::secrets::Secret;
use crate::tui::listing::{Asked, Detail, Doing, Fact, Kind, Rows, Wanted};
use crate::tui::view::{
    FileView, Found, JobId, MappingView, MintedToken, MovesView, OverviewView, PickedItem, PlanPage, PlanView, Preview,
    Report, Trouble,
};
use crate::wizard::form::{Form, Pick};
use crate::wizard::{Since, Standing, Step};

/// Something happened.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Message {
    Key(KeyEvent),
    /// Pasted text, unfiltered.
    Paste(String),
    Resize(u16, u16),
    /// The terminal or the system ends the console.
    Ending,
    /// The state was written to, perhaps by this console itself.
    Changed,
    /// Time passed: what only time changes is read again.
    Tick,
    Answer(Answer),
}

/// The answer to an effect.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Answer {
    Reply(Reply),
    Job(JobId, JobEvent),
}

/// The answer to a [`Request`].
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Reply {
    /// The step that was open when the console was last left, and how far each step is.
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
    Overview(Box<OverviewView>),
    /// The same, read again without a key: it is shown only if it differs.
    OverviewAgain(Box<OverviewView>),
    /// Rows of a list.
    Rows(Box<Asked>, Rows),
    /// An entry of a list, whole.
    Detail(Kind, String, Box<Detail>),
    /// The question to ask before something is done.
    Question(Box<Wanted>),
    /// Entries of the state that match what was typed into the palette.
    Found(String, Vec<Found>),
    Plan(Box<PlanView>),
    Lines {
        plan: i64,
        asked: AskedLines,
        page: PlanPage,
    },
    /// The mappings, in the saved order.
    Mappings(Vec<MappingView>),
    /// Which users would change mapping in that order; `None`: the last sync cannot say.
    InOrder {
        order: Vec<Name>,
        moves: Option<MovesView>,
    },
    /// The order was saved.
    Ordered(Vec<MappingView>),
    /// The token was written to this file.
    TokenWritten(PathBuf),
    Copied,
    Failed(Trouble),
}

/// What a job reports. Each job ends with one event other than `Check` and `Progress`.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum JobEvent {
    Check(Check),
    Checked,
    Progress(Progress),
    Picked {
        under: Option<String>,
        items: Vec<PickedItem>,
    },
    Previewed(Preview),
    Explained(Report),
    Synced(Report),
    /// The safeguard stopped the plan of that number.
    Stopped(i64),
    /// The result of an act, line by line. A single line that leads to an entry of the list selects that entry.
    Done(Vec<Fact>),
    /// The report on the rollout.
    Report(Vec<Fact>),
    InOrder {
        order: Vec<Name>,
        moves: MovesView,
    },
    /// The plan as it is after it was applied.
    Applied(Box<PlanView>),
    /// The job had to save the form first, and the form now carries its problems.
    Refused(Box<Form>),
    Minted {
        form: Box<Form>,
        minted: MintedToken,
    },
    Files(Vec<FileView>),
    Written {
        form: Box<Form>,
        report: Report,
    },
    Failed(Trouble),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveOutcome {
    Kept,
    Unchanged,
    /// The form carries them.
    Problems,
}

/// Something to be done outside of the console's state.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Effect {
    Request(Request),
    Job(JobId, Work),
    /// Ask the running job to stop.
    Cancel(JobId),
    Redraw,
    Suspend,
    Leave,
}

/// A short effect: requests are carried out one after another.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Request {
    /// Find out which step was left open.
    Start,
    Standing,
    Open(Step),
    /// Open the step for the thing of that name.
    OpenNamed(Step, String),
    /// Open step 2 with the storage of that name.
    OpenStorage(String),
    /// Open the step for a new entry of that list.
    OpenNew(Kind),
    /// The form as it is saved, without unsaved changes.
    Reload(Box<Form>),
    /// Read whether what the form was filled from has changed.
    Look(Box<Form>),
    /// Come back to this step after a restart.
    At(Step),
    KeepDraft(Box<Form>),
    Save(Box<Form>),
    Overview,
    OverviewAgain,
    Rows {
        asked: Asked,
        offset: u64,
        limit: u64,
    },
    Detail(Kind, String),
    /// The question to ask before that is done.
    Question(Box<Wanted>),
    /// Entries of the state that match what was typed into the palette.
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
    /// Which users would change mapping in that order, by the last sync.
    InOrder(Vec<Name>),
    /// Save another order, if the saved one is still `from`.
    SaveOrder {
        from: Vec<Name>,
        to: Vec<Name>,
    },
    /// Make a plan that undoes the plan of that number, and open it.
    Undo(i64),
    WriteToken(PathBuf, Secret),
    Copy(Secret),
}

/// A long effect: a job on a thread of its own.
#[allow(missing_debug_implementations, reason = "it may carry a form with a secret")]
pub enum Work {
    Check(Box<Form>),
    Preview(Box<Form>),
    /// Explain how the mapping of the form treats the user of that name.
    Explain(Box<Form>, String),
    Pick {
        form: Box<Form>,
        pick: Pick,
        under: Option<String>,
    },
    Sync,
    Do(Doing),
    Report,
    /// Write the report to files.
    WriteReport,
    /// Which users would change mapping in that order, reading the directories where needed.
    ReadInOrder(Vec<Name>),
    /// Apply the plan of that hash, exactly as it is stored.
    Approve(String),
    Mint(Box<Form>),
    Files(Box<Form>),
    Write(Box<Form>),
}
