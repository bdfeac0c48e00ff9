//! The tables themselves: one for each place where keys are pressed, in the order of the key bar.

use crossterm::event::KeyCode;
use tui_input::InputRequest;

use super::{Binding, Chord, Command, bind, ctrl, key, letter};
use crate::tui::listing::Act;
use crate::wizard::Task;

/// Works everywhere.
pub const ANYWHERE: &[Binding] = &[
    bind(&[ctrl('g')], Command::Help, "help", "Show what the screen is for and what the keys do"),
    bind(&[ctrl('c')], Command::Leave, "leave", "Leave imd; unsaved answers are kept"),
    bind(
        &[ctrl('p')],
        Command::Palette,
        "find",
        "Find a screen, a command, a user, a laptop or a token by a few letters",
    ),
    bind(&[ctrl('l')], Command::Redraw, "", "Draw the whole screen again"),
    bind(&[ctrl('z')], Command::Suspend, "", "Suspend imd and go to the shell; fg returns"),
];

/// Works wherever no text is typed.
pub const NO_TEXT: &[Binding] = &[
    bind(&[letter('?')], Command::Help, "", "Show what the screen is for and what the keys do"),
    bind(
        &[letter(':')],
        Command::Palette,
        "",
        "Find a screen, a command, a user, a laptop or a token by a few letters",
    ),
];

/// The screens with a number. The numbers are shown with their names, so the key bar omits them.
pub const TABS: &[Binding] = &[
    bind(&[letter('1')], Command::Go(0), "", "Overview: the state of the rollout and what needs your action"),
    bind(&[letter('2')], Command::Go(1), "", "Users"),
    bind(&[letter('3')], Command::Go(2), "", "Mappings"),
    bind(&[letter('4')], Command::Go(3), "", "Syncs and their plans"),
    bind(&[letter('5')], Command::Go(4), "", "Devices; a switches to accounts"),
    bind(&[letter('6')], Command::Go(5), "", "Tokens"),
    bind(&[letter('7')], Command::Go(6), "", "Exports"),
    bind(&[letter('8')], Command::Go(7), "", "Audit"),
    bind(&[letter('9')], Command::Go(8), "", "Setup: the seven steps"),
];

/// Through lines that are more than the screen has rows.
pub const MOVE: &[Binding] = &[
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j')], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The beginning"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The end"),
];

/// In front of [`MOVE`] in a list.
pub const ROWS_SEARCH: &[Binding] =
    &[bind(&[letter('/')], Command::Search, "search", "Show only the rows that match what you type")];

/// After [`MOVE`] in a list.
pub const ROWS: &[Binding] = &[
    bind(&[letter('|')], Command::Columns, "", "Choose the columns"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "End the search, or go back"),
];

/// In front of [`ROWS_SEARCH`] where there are any.
pub const LIST_OPEN: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open", "Show everything known about the entry")];

/// In front of [`ROWS_SEARCH`] where there are several orders.
pub const LIST_ORDER: &[Binding] = &[bind(&[letter('s')], Command::Sort, "sort", "Sort by another column")];

pub const TO_ACCOUNTS: &[Binding] =
    &[bind(&[letter('a'), key(KeyCode::Tab)], Command::Other, "accounts", "Show the accounts of the laptops")];

pub const TO_DEVICES: &[Binding] =
    &[bind(&[letter('a'), key(KeyCode::Tab)], Command::Other, "devices", "Show the laptops of the accounts")];

/// The acts on an entry or on a list. A screen offers those that are possible now.
pub const ACTS: &[Binding] = &[
    bind(&[letter('n')], Command::Do(Act::New), "new", "Add another entry"),
    bind(&[letter('e')], Command::Do(Act::Edit), "edit", "Edit the entry, with a preview of the effect"),
    bind(
        &[letter('e')],
        Command::Do(Act::Explain),
        "explain",
        "Show why this user is or is not activated, and what to do",
    ),
    bind(
        &[letter('o')],
        Command::Do(Act::Order),
        "order",
        "Change the order of the mappings, and show which users it moves",
    ),
    bind(&[letter('d')], Command::Do(Act::Duplicate), "duplicate", "Add a copy of the entry"),
    bind(
        &[letter('x')],
        Command::Do(Act::Disable),
        "switch off",
        "Add no users by this mapping; a later mapping takes over those it matches, and no user is removed",
    ),
    bind(&[letter('x')], Command::Do(Act::Enable), "switch on", "Add users by this mapping again"),
    bind(&[letter('x')], Command::Do(Act::Revoke), "revoke", "Refuse it from the next request"),
    bind(
        &[letter('f')],
        Command::Do(Act::Release),
        "release",
        "Give the laptop's seat back to its user; the laptop may enroll again",
    ),
    bind(
        &[letter('r')],
        Command::Do(Act::Replace),
        "replace",
        "Make a new token and write its exports again; the old token stays valid during the overlap",
    ),
    bind(&[letter('p')], Command::Do(Act::Preserve), "preserve", "Refuse the user and keep the account with its data"),
    bind(&[letter('p')], Command::Do(Act::Restore), "restore", "Let the user of a preserved account continue"),
    bind(&[letter('D')], Command::Do(Act::Delete), "delete", "Delete it permanently"),
    bind(&[letter('r')], Command::Do(Act::Sync), "sync now", "Read the directories and update the cached users"),
    bind(&[letter('r')], Command::Do(Act::WriteAgain), "write again", "Write the export again from the same settings"),
    bind(
        &[letter('r')],
        Command::Do(Act::Rotate),
        "new key",
        "Make a new signing key; tokens signed by the old key stay valid",
    ),
    bind(&[letter('i')], Command::Do(Act::Import), "import", "Import the rows of a CSV file"),
    bind(
        &[letter('b')],
        Command::Do(Act::BundleOut),
        "bundle out",
        "Write the tokens and revocations to a signed file, for a host across an air gap",
    ),
    bind(
        &[letter('i')],
        Command::Do(Act::BundleIn),
        "bundle in",
        "Import the signed file of the other host; tokens revoked here stay revoked",
    ),
    bind(&[letter('c')], Command::Do(Act::Check), "check", "Check that the export is unchanged and its token is valid"),
    bind(&[letter('u')], Command::Do(Act::Undo), "undo", "Make a plan that undoes this one; nothing changes yet"),
    bind(&[letter('D')], Command::Do(Act::Discard), "discard", "Discard the plan; the next sync makes a new one"),
    bind(&[letter('P')], Command::Do(Act::Pause), "pause", "Pause activations until they are resumed"),
    bind(&[letter('P')], Command::Do(Act::Resume), "resume", "Resume activations"),
    bind(
        &[letter('w')],
        Command::Do(Act::Save),
        "write to a file",
        "Write the list to a file; the file extension decides the format",
    ),
    bind(&[letter('p')], Command::Do(Act::Preview), "preview", "Show the files of the export, with the token masked"),
    bind(&[letter('v')], Command::Do(Act::Verify), "verify", "Check that no entry was changed or removed"),
];

/// A question is answered with yes or no.
pub const LIST_CONFIRM: &[Binding] = &[
    bind(&[letter('y')], Command::Yes, "yes", "Do it"),
    bind(&[letter('n'), key(KeyCode::Esc), key(KeyCode::Enter)], Command::Back, "no", "Change nothing"),
];

/// A line is being typed.
pub const LIST_INPUT: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "confirm", "Do it with the text you typed"),
    bind(&[key(KeyCode::Esc)], Command::Back, "cancel", "Change nothing"),
];

/// What to search for is being typed; the list follows.
pub const LIST_SEARCH: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "go to list", "Keep the search and go to the results"),
    bind(&[key(KeyCode::Up)], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Esc)], Command::Back, "show all", "End the search"),
];

/// After [`MOVE`] in an entry.
pub const DETAIL: &[Binding] = &[bind(&[key(KeyCode::Esc)], Command::Back, "back", "Go back")];

/// In front of [`DETAIL`] where a line leads somewhere.
pub const DETAIL_OPEN: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open", "Open what this line is about")];

/// The overview.
pub const OVERVIEW: &[Binding] = &[
    bind(&[letter('r')], Command::Report, "report", "Show the report on the rollout"),
    bind(&[key(KeyCode::Esc)], Command::Back, "", "Show how to leave imd"),
];

/// In front of [`DETAIL`] in the report.
pub const REPORT: &[Binding] = &[bind(
    &[letter('w')],
    Command::Do(Act::Save),
    "write to files",
    "Write the report as Markdown and as a CSV table",
)];

/// The palette.
pub const PALETTE: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "go", "Go there, or do it"),
    bind(&[key(KeyCode::Up)], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), key(KeyCode::Tab)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Esc), ctrl('p')], Command::Back, "close", "Go back"),
];

/// Where there is nothing to type into and nothing to lose.
pub const LEAVE: &[Binding] = &[bind(&[letter('q')], Command::Leave, "leave", "Leave imd; unsaved answers are kept")];

/// Works in every step.
pub const STEP: &[Binding] = &[
    bind(&[ctrl('n')], Command::NextStep, "next step", "Save this step and go to the next"),
    bind(&[key(KeyCode::Esc)], Command::Back, "all steps", "Show all seven steps; unsaved answers are kept"),
    bind(&[ctrl('y')], Command::Reload, "", "Show the saved step and drop unsaved answers"),
];

/// The same in a step that was opened alone, from a list.
pub const STEP_ALONE: &[Binding] = &[
    bind(&[ctrl('n')], Command::NextStep, "save", "Save and go back"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "Go back; unsaved answers are kept"),
    bind(&[ctrl('y')], Command::Reload, "", "Show the saved version and drop unsaved answers"),
];

/// The focus is on a field or a button.
pub const FORM: &[Binding] = &[
    bind(&[key(KeyCode::Tab), key(KeyCode::Down)], Command::NextField, "next", "The next field or button"),
    bind(&[key(KeyCode::BackTab), key(KeyCode::Up)], Command::PreviousField, "", "The field or button before"),
];

/// In front of [`EDIT`] in a field of one line.
pub const TEXT: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field")];

/// Where a line of text is typed.
pub const EDIT: &[Binding] = &[
    bind(&[key(KeyCode::Left)], Command::Edit(InputRequest::GoToPrevChar), "", "Move the cursor left"),
    bind(&[key(KeyCode::Right)], Command::Edit(InputRequest::GoToNextChar), "", "Move the cursor right"),
    bind(&[key(KeyCode::Home)], Command::Edit(InputRequest::GoToStart), "", "Go to the beginning of the text"),
    bind(&[key(KeyCode::End), ctrl('e')], Command::Edit(InputRequest::GoToEnd), "", "Go to the end of the text"),
    bind(&[key(KeyCode::Backspace), ctrl('h')], Command::Edit(InputRequest::DeletePrevChar), "", "Delete backwards"),
    bind(&[key(KeyCode::Delete), ctrl('d')], Command::Edit(InputRequest::DeleteNextChar), "", "Delete forwards"),
    bind(&[ctrl('w')], Command::Edit(InputRequest::DeletePrevWord), "", "Delete the word before the cursor"),
    bind(&[ctrl('u')], Command::Edit(InputRequest::DeleteLine), "", "Delete the whole text"),
    bind(&[ctrl('k')], Command::Edit(InputRequest::DeleteTillEnd), "", "Delete to the end of the text"),
];

/// In front of [`EDIT`] where a value can also be picked.
pub const PICK: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o')], Command::Open, "pick", "Pick from a list"),
];

pub const CHOICE: &[Binding] = &[
    bind(&[key(KeyCode::Left)], Command::Left, "change", "The choice before"),
    bind(&[key(KeyCode::Right), letter(' ')], Command::Right, "change", "The next choice"),
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o')], Command::Open, "list", "List the choices with the effect of each"),
];

pub const SEVERAL: &[Binding] =
    &[bind(&[key(KeyCode::Enter), letter(' '), ctrl('j'), ctrl('o')], Command::Open, "choose", "Choose from a list")];

pub const FILTER: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o'), letter(' ')], Command::Open, "edit", "Edit the filter over several lines"),
];

pub const BUTTON: &[Binding] = &[
    bind(&[key(KeyCode::Enter), letter(' '), ctrl('j')], Command::Enter, "press", "Press the button"),
    bind(&[key(KeyCode::Left)], Command::PreviousField, "", "The button before"),
    bind(&[key(KeyCode::Right)], Command::NextField, "", "The next button"),
];

/// A panel of results that has the focus: looked at and scrolled.
pub const PANEL: &[Binding] = &[
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j')], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown), letter(' ')], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The beginning"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The end"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back to the form", "Go back to the form; the panel stays open"),
];

/// In front of [`PANEL`] where lines can be opened.
pub const OPENABLE: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open, close", "Show or hide the details of the line")];

/// In front of [`PANEL`] where users are.
pub const USERS: &[Binding] =
    &[bind(&[letter('e')], Command::Explain, "explain", "Show why the user matches or is excluded, clause by clause")];

/// In front of [`PANEL`] where a user is explained.
pub const EXPLAINED: &[Binding] = &[
    bind(&[letter('e')], Command::Explain, "another user", "Explain another user"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "Go back"),
];

/// The name of a user who is to be explained.
pub const USER_NAME: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "explain", "Look this user up in the directory"),
    bind(&[key(KeyCode::Esc)], Command::Back, "cancel", "Go back"),
];

/// In front of [`PANEL`] where there are several texts.
pub const TEXTS: &[Binding] = &[
    bind(&[key(KeyCode::Left)], Command::Left, "other file", "The file before"),
    bind(&[key(KeyCode::Right), key(KeyCode::Enter)], Command::Right, "other file", "The next file"),
];

/// A list or tree from which one thing is chosen; letters narrow a list.
pub const LIST: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "choose", "Choose this one"),
    bind(&[key(KeyCode::Up)], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
        Command::Back,
        "close",
        "Close the list and change nothing",
    ),
];

/// After [`LIST`] where nothing is typed.
pub const ENDS: &[Binding] = &[
    bind(&[key(KeyCode::Home)], Command::First, "", "Go to the first line"),
    bind(&[key(KeyCode::End)], Command::Last, "", "Go to the last line"),
];

pub const TREE: &[Binding] = &[
    bind(&[key(KeyCode::Right), letter(' ')], Command::Right, "open", "Show what is below"),
    bind(&[key(KeyCode::Left)], Command::Left, "fold", "Hide what is below, or go up"),
];

pub const MARKS: &[Binding] = &[
    bind(&[letter(' ')], Command::Toggle, "mark, unmark", "Mark or unmark this one"),
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "done", "Close the list and keep the marks"),
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
        Command::Back,
        "",
        "Close the list and keep the marks",
    ),
];

/// In front of [`MARKS`] where the order matters.
pub const ORDER: &[Binding] = &[
    bind(&[key(KeyCode::Left), letter('-')], Command::Earlier, "earlier, later", "Move this one up in the order"),
    bind(&[key(KeyCode::Right), letter('+')], Command::Later, "earlier, later", "Move this one down in the order"),
];

pub const EDITOR: &[Binding] = &[bind(
    &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
    Command::Back,
    "done",
    "Back to the form; the text stays",
)];

/// A long job that is running.
pub const RUNNING: &[Binding] =
    &[bind(&[ctrl('x')], Command::Cancel, "cancel", "Cancel the running job and roll it back")];

/// The seven steps.
pub const SETUP: &[Binding] = &[
    bind(&[key(KeyCode::Enter), letter(' '), ctrl('j')], Command::Enter, "open", "Open the step or the list"),
    bind(&[key(KeyCode::Up), key(KeyCode::BackTab), letter('k')], Command::Up, "move", "The line before"),
    bind(&[key(KeyCode::Down), key(KeyCode::Tab), letter('j')], Command::Down, "move", "The next line"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The first step"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The last list"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "Go back, or to the overview"),
];

/// The mappings in their order.
pub const ORDER_MAPPINGS: &[Binding] = &[
    bind(&[letter('-'), letter('K'), key(KeyCode::Left)], Command::Earlier, "earlier, later", "Move this one up"),
    bind(&[letter('+'), letter('J'), key(KeyCode::Right)], Command::Later, "earlier, later", "Move this one down"),
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "save", "Save this order, after a question"),
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j')], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The first mapping"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The last mapping"),
    bind(&[key(KeyCode::Esc)], Command::Back, "discard", "Go back and keep the saved order"),
];

/// In front of [`ORDER_MAPPINGS`] where the last sync cannot say which users would move.
pub const ORDER_UNREAD: &[Binding] =
    &[bind(&[letter('r')], Command::Reload, "read", "Read the directories now, to see which users would move")];

/// The order is saved after a question.
pub const ORDER_CONFIRM: &[Binding] = &[
    bind(&[letter('y')], Command::Yes, "save", "Save this order"),
    bind(&[letter('n'), key(KeyCode::Esc), key(KeyCode::Enter)], Command::Back, "no", "Do not save yet"),
];

/// In front of [`MOVE`] in a plan.
pub const PLAN_LINE: &[Binding] = &[bind(
    &[key(KeyCode::Enter), letter(' '), ctrl('j')],
    Command::Enter,
    "details",
    "Show or hide the details of the line",
)];

/// After [`MOVE`] in a plan.
pub const PLAN: &[Binding] = &[
    bind(&[key(KeyCode::Left), key(KeyCode::BackTab)], Command::Left, "kind", "The kind of line before"),
    bind(&[key(KeyCode::Right), key(KeyCode::Tab)], Command::Right, "kind", "The next kind of line"),
    bind(&[letter('/')], Command::Search, "search", "Search by name, address, attribute or new value"),
];

/// After [`PLAN`] where the plan is not applied yet.
pub const PLAN_OPEN: &[Binding] =
    &[bind(&[letter('a')], Command::Approve, "approve", "Apply exactly this plan, after a question")];

/// After [`PLAN`] where it is.
pub const PLAN_APPLIED: &[Binding] =
    &[bind(&[letter('u')], Command::Undo, "undo", "Make a plan that undoes this one; nothing changes yet")];

/// After both.
pub const PLAN_BACK: &[Binding] = &[bind(
    &[key(KeyCode::Esc)],
    Command::Back,
    "back",
    "Close the details, end the search, or go back; nothing changes",
)];

/// What to search for is being typed.
pub const SEARCH: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "search", "Search; an empty search shows all lines"),
    bind(&[key(KeyCode::Esc)], Command::Back, "cancel", "Keep the search as it was"),
];

/// A question is answered with yes or no.
pub const CONFIRM: &[Binding] = &[
    bind(&[letter('y')], Command::Yes, "apply", "Apply it"),
    bind(&[letter('n'), key(KeyCode::Esc), key(KeyCode::Enter)], Command::Back, "no", "Change nothing"),
];

/// The help page.
pub const HELP: &[Binding] = &[
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Enter), letter('q'), letter('?')],
        Command::Back,
        "close",
        "Close this page",
    ),
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j'), key(KeyCode::Tab)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown), letter(' ')], Command::PageDown, "", "A page down"),
];

/// The buttons of the steps, by key.
pub const TASKS: &[Binding] = &[
    task(&[ctrl('t')], Task::Check, "check"),
    task(&[ctrl('r')], Task::Preview, "preview"),
    task(&[ctrl('f')], Task::Explain, "explain"),
    task(&[ctrl('r')], Task::Run, "sync now"),
    task(&[ctrl('r')], Task::Mint, "create token"),
    task(&[ctrl('r')], Task::Files, "preview files"),
    task(&[ctrl('f')], Task::Write, "write files"),
];

const fn task(chords: &'static [Chord], task: Task, label: &'static str) -> Binding {
    bind(chords, Command::Task(task), label, task.purpose())
}

/// A token that was just made.
pub const TOKEN: &[Binding] = &[
    bind(&[letter('s')], Command::ShowToken, "show, hide", "Show the token in clear, or hide it again"),
    bind(&[letter('c')], Command::CopyToken, "copy", "Send the token to the terminal's clipboard"),
    bind(&[letter('w')], Command::SaveToken, "write to a file", "Write the token to a file that only you can read"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back to the form", "Go back to the form and hide the token"),
];

/// The name of the file that a token is written to.
pub const FILE_NAME: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "write", "Write the file"),
    bind(&[key(KeyCode::Esc)], Command::Back, "cancel", "Back to the token; nothing is written"),
];
