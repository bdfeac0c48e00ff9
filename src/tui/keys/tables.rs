//! The tables themselves: one for each place where keys are pressed, in the order of the key bar.

use crossterm::event::KeyCode;
use tui_input::InputRequest;

use super::{Binding, Chord, Command, bind, ctrl, key, letter};
use crate::tui::listing::Act;
use crate::wizard::Task;

/// Works everywhere.
pub const ANYWHERE: &[Binding] = &[
    bind(&[ctrl('g')], Command::Help, "help", "What the keys do here"),
    bind(&[ctrl('c')], Command::Leave, "leave", "Leave imd; what you entered is kept"),
    bind(
        &[ctrl('p')],
        Command::Palette,
        "find",
        "Find a screen, a command, a user, a laptop or a token by a few letters",
    ),
    bind(&[ctrl('l')], Command::Redraw, "", "Draw the whole screen again"),
    bind(&[ctrl('z')], Command::Suspend, "", "Stop imd and go to the shell; fg comes back"),
];

/// Works wherever no text is typed.
pub const NO_TEXT: &[Binding] = &[
    bind(&[letter('?')], Command::Help, "", "What the keys do here"),
    bind(
        &[letter(':')],
        Command::Palette,
        "",
        "Find a screen, a command, a user, a laptop or a token by a few letters",
    ),
];

/// The screens with a number. The numbers stand beside their names, so the key bar leaves them out.
pub const TABS: &[Binding] = &[
    bind(&[letter('1')], Command::Go(0), "", "Overview: is it well, and what needs you"),
    bind(&[letter('2')], Command::Go(1), "", "Users"),
    bind(&[letter('3')], Command::Go(2), "", "Mappings"),
    bind(&[letter('4')], Command::Go(3), "", "Syncs and their plans"),
    bind(&[letter('5')], Command::Go(4), "", "Devices, and accounts beside them"),
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
    &[bind(&[letter('/')], Command::Search, "search", "Show only what has what you type")];

/// After [`MOVE`] in a list.
pub const ROWS: &[Binding] = &[
    bind(&[letter('|')], Command::Columns, "", "Choose the columns"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "End the search, or go back to where you came from"),
];

/// In front of [`ROWS_SEARCH`] where there are any.
pub const LIST_OPEN: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open", "All that is known of it")];

/// In front of [`ROWS_SEARCH`] where there are several orders.
pub const LIST_ORDER: &[Binding] = &[bind(&[letter('s')], Command::Sort, "sort", "Another order")];

pub const TO_ACCOUNTS: &[Binding] =
    &[bind(&[letter('a'), key(KeyCode::Tab)], Command::Other, "accounts", "The accounts that the laptops belong to")];

pub const TO_DEVICES: &[Binding] =
    &[bind(&[letter('a'), key(KeyCode::Tab)], Command::Other, "devices", "The laptops of the accounts")];

/// What can be done to an entry or to a list; of these, what can be done now.
pub const ACTS: &[Binding] = &[
    bind(&[letter('n')], Command::Do(Act::New), "new", "Make another one"),
    bind(&[letter('e')], Command::Do(Act::Edit), "edit", "Change it, with a preview of what follows"),
    bind(&[letter('e')], Command::Do(Act::Explain), "explain", "Why this user is or is not activated, and what to do"),
    bind(
        &[letter('o')],
        Command::Do(Act::Order),
        "order",
        "Which mapping takes a user first, and who would change place",
    ),
    bind(&[letter('d')], Command::Do(Act::Duplicate), "duplicate", "Make another one that begins as this one is"),
    bind(
        &[letter('x')],
        Command::Do(Act::Disable),
        "switch off",
        "Take nobody in by it; a later mapping takes over whom it matches, and nobody leaves",
    ),
    bind(&[letter('x')], Command::Do(Act::Enable), "switch on", "Take users in by it again"),
    bind(&[letter('x')], Command::Do(Act::Revoke), "revoke", "Refuse it from the next request on"),
    bind(
        &[letter('f')],
        Command::Do(Act::Release),
        "release",
        "Give the laptop's place back to its user; it may enroll anew",
    ),
    bind(&[letter('r')], Command::Do(Act::Replace), "replace", "Make its successor and write its exports anew"),
    bind(
        &[letter('p')],
        Command::Do(Act::Preserve),
        "preserve",
        "Refuse the user, and keep the account with all it has",
    ),
    bind(&[letter('p')], Command::Do(Act::Restore), "restore", "Let the user go on whose account is preserved"),
    bind(&[letter('D')], Command::Do(Act::Delete), "delete", "Delete it for ever"),
    bind(&[letter('r')], Command::Do(Act::Sync), "sync now", "Read the directories and bring the cache up to date"),
    bind(&[letter('r')], Command::Do(Act::WriteAgain), "write again", "Write it again from what it was made from"),
    bind(&[letter('r')], Command::Do(Act::Rotate), "new key", "Make a new key; tokens of the one before stay good"),
    bind(&[letter('i')], Command::Do(Act::Import), "import", "Take in the rows of a CSV file"),
    bind(
        &[letter('b')],
        Command::Do(Act::BundleOut),
        "bundle out",
        "What is known of tokens, signed, for the other side of an air gap",
    ),
    bind(
        &[letter('i')],
        Command::Do(Act::BundleIn),
        "bundle in",
        "Take in what the other side wrote; what is revoked here stays so",
    ),
    bind(&[letter('c')], Command::Do(Act::Check), "check", "Whether it is still as written, with a token that is good"),
    bind(
        &[letter('u')],
        Command::Do(Act::Undo),
        "take back",
        "Make a plan that takes this one back; nothing changes yet",
    ),
    bind(&[letter('D')], Command::Do(Act::Discard), "discard", "Throw the plan away; the next sync makes its own"),
    bind(&[letter('P')], Command::Do(Act::Pause), "pause", "Let no laptop in until somebody resumes"),
    bind(&[letter('P')], Command::Do(Act::Resume), "resume", "Let laptops in again"),
    bind(
        &[letter('w')],
        Command::Do(Act::Save),
        "write to a file",
        "Write what is listed to a file, whose name says what it is",
    ),
    bind(&[letter('p')], Command::Do(Act::Preview), "look", "Its files as they lie there, without the token"),
    bind(&[letter('v')], Command::Do(Act::Verify), "verify", "Whether every entry is still as it was written"),
];

/// Whether something is meant is being asked.
pub const LIST_CONFIRM: &[Binding] = &[
    bind(&[letter('y')], Command::Yes, "yes", "Do it"),
    bind(&[letter('n'), key(KeyCode::Esc), key(KeyCode::Enter)], Command::Back, "no", "Change nothing"),
];

/// A line is being typed.
pub const LIST_INPUT: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "do it", "Do it with what is typed"),
    bind(&[key(KeyCode::Esc)], Command::Back, "rather not", "Change nothing"),
];

/// What to search for is being typed; the list follows.
pub const LIST_SEARCH: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "to the list", "Keep the search and go to what was found"),
    bind(&[key(KeyCode::Up)], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Esc)], Command::Back, "show all", "End the search"),
];

/// After [`MOVE`] in an entry.
pub const DETAIL: &[Binding] = &[bind(&[key(KeyCode::Esc)], Command::Back, "back", "Back to where you came from")];

/// In front of [`DETAIL`] where a line leads somewhere.
pub const DETAIL_OPEN: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open", "What this line is about")];

/// The overview.
pub const OVERVIEW: &[Binding] = &[
    bind(&[letter('r')], Command::Report, "report", "How far the rollout is, for whoever pays for it"),
    bind(&[key(KeyCode::Esc)], Command::Back, "", "Says how to leave"),
];

/// In front of [`DETAIL`] in the report.
pub const REPORT: &[Binding] = &[bind(
    &[letter('w')],
    Command::Do(Act::Save),
    "write to files",
    "Write the report as Markdown, and as a table for a spreadsheet",
)];

/// The palette.
pub const PALETTE: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "go", "Go there, or do it"),
    bind(&[key(KeyCode::Up)], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), key(KeyCode::Tab)], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::PageUp)], Command::PageUp, "", "A page up"),
    bind(&[key(KeyCode::PageDown)], Command::PageDown, "", "A page down"),
    bind(&[key(KeyCode::Esc), ctrl('p')], Command::Back, "close", "Back to where you were"),
];

/// Where there is nothing to type into and nothing to lose.
pub const LEAVE: &[Binding] = &[bind(&[letter('q')], Command::Leave, "leave", "Leave imd; what you entered is kept")];

/// Works in every step.
pub const STEP: &[Binding] = &[
    bind(&[ctrl('n')], Command::NextStep, "next step", "Save this step and go to the next"),
    bind(&[key(KeyCode::Esc)], Command::Back, "all steps", "All seven steps and the other screens; nothing is lost"),
    bind(&[ctrl('y')], Command::Reload, "", "The step as it is saved, without what was entered since"),
];

/// The same in a step that does not stand among the others.
pub const STEP_ALONE: &[Binding] = &[
    bind(&[ctrl('n')], Command::NextStep, "save", "Save this and go back to where you were"),
    bind(&[key(KeyCode::Esc)], Command::Back, "go back", "Back to where you were; nothing is lost"),
    bind(&[ctrl('y')], Command::Reload, "", "The same as it is saved, without what was entered since"),
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
    bind(&[ctrl('o')], Command::Open, "pick", "Pick from what is there"),
];

pub const CHOICE: &[Binding] = &[
    bind(&[key(KeyCode::Left)], Command::Left, "change", "The choice before"),
    bind(&[key(KeyCode::Right), letter(' ')], Command::Right, "change", "The next choice"),
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "continue", "Continue with the next field"),
    bind(&[ctrl('o')], Command::Open, "list", "List the choices with what follows from each"),
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
    bind(&[key(KeyCode::Esc)], Command::Back, "back to the form", "Back to the form; this stays"),
];

/// In front of [`PANEL`] where lines can be opened.
pub const OPENABLE: &[Binding] =
    &[bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "open, close", "Show or hide what is behind the line")];

/// In front of [`PANEL`] where users are.
pub const USERS: &[Binding] =
    &[bind(&[letter('e')], Command::Explain, "explain", "Why a user matches or is excluded, clause by clause")];

/// In front of [`PANEL`] where a user is explained.
pub const EXPLAINED: &[Binding] = &[
    bind(&[letter('e')], Command::Explain, "another user", "Explain another user"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "Back to where you were"),
];

/// The name of a user who is to be explained.
pub const USER_NAME: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "explain", "Ask the directory about this user"),
    bind(&[key(KeyCode::Esc)], Command::Back, "rather not", "Back to where you were"),
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
        "Close the list; nothing changes",
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
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "done", "Done choosing"),
    bind(
        &[key(KeyCode::Esc), key(KeyCode::Tab), key(KeyCode::BackTab)],
        Command::Back,
        "",
        "Close the list; the marks stay",
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
    &[bind(&[ctrl('x')], Command::Cancel, "cancel", "Stop what is running; nothing is half done")];

/// The seven steps.
pub const SETUP: &[Binding] = &[
    bind(&[key(KeyCode::Enter), letter(' '), ctrl('j')], Command::Enter, "open", "Open the step or the list"),
    bind(&[key(KeyCode::Up), key(KeyCode::BackTab), letter('k')], Command::Up, "move", "The line before"),
    bind(&[key(KeyCode::Down), key(KeyCode::Tab), letter('j')], Command::Down, "move", "The next line"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The first step"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The last list"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back", "Back to where you came from, or to the overview"),
];

/// The mappings in their order.
pub const ORDER_MAPPINGS: &[Binding] = &[
    bind(&[letter('-'), letter('K'), key(KeyCode::Left)], Command::Earlier, "earlier, later", "Move this one up"),
    bind(&[letter('+'), letter('J'), key(KeyCode::Right)], Command::Later, "earlier, later", "Move this one down"),
    bind(
        &[key(KeyCode::Enter), ctrl('j')],
        Command::Enter,
        "save",
        "Save this order, once you have said that you mean it",
    ),
    bind(&[key(KeyCode::Up), letter('k')], Command::Up, "move", "One line up"),
    bind(&[key(KeyCode::Down), letter('j')], Command::Down, "move", "One line down"),
    bind(&[key(KeyCode::Home)], Command::First, "", "The first mapping"),
    bind(&[key(KeyCode::End)], Command::Last, "", "The last mapping"),
    bind(&[key(KeyCode::Esc)], Command::Back, "leave as it was", "Back; the order stays as it was"),
];

/// In front of [`ORDER_MAPPINGS`] where the last reading says nothing about them.
pub const ORDER_UNREAD: &[Binding] =
    &[bind(&[letter('r')], Command::Reload, "read", "Read the directories now, to know who would change place")];

/// Whether the order is meant is being asked.
pub const ORDER_CONFIRM: &[Binding] = &[
    bind(&[letter('y')], Command::Yes, "yes, save it", "Save this order"),
    bind(&[letter('n'), key(KeyCode::Esc), key(KeyCode::Enter)], Command::Back, "no", "Save nothing yet"),
];

/// In front of [`MOVE`] in a plan.
pub const PLAN_LINE: &[Binding] = &[bind(
    &[key(KeyCode::Enter), letter(' '), ctrl('j')],
    Command::Enter,
    "details",
    "Show or hide the line's details",
)];

/// After [`MOVE`] in a plan.
pub const PLAN: &[Binding] = &[
    bind(&[key(KeyCode::Left), key(KeyCode::BackTab)], Command::Left, "kind", "The kind of line before"),
    bind(&[key(KeyCode::Right), key(KeyCode::Tab)], Command::Right, "kind", "The next kind of line"),
    bind(&[letter('/')], Command::Search, "search", "Search by name, address, attribute or new value"),
];

/// After [`PLAN`] where the plan is not applied yet.
pub const PLAN_OPEN: &[Binding] = &[bind(
    &[letter('a')],
    Command::Approve,
    "approve",
    "Apply exactly this plan, once you have said that you mean it",
)];

/// After [`PLAN`] where it is.
pub const PLAN_APPLIED: &[Binding] = &[bind(
    &[letter('u')],
    Command::TakeBack,
    "take back",
    "Make a plan that takes this one back; nothing changes yet",
)];

/// After both.
pub const PLAN_BACK: &[Binding] = &[bind(
    &[key(KeyCode::Esc)],
    Command::Back,
    "back",
    "Close the details, end the search, or go back; nothing changes",
)];

/// What to search for is being typed.
pub const SEARCH: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "search", "Search; nothing typed shows everybody"),
    bind(&[key(KeyCode::Esc)], Command::Back, "rather not", "Leave the search as it was"),
];

/// Whether something is meant is being asked.
pub const CONFIRM: &[Binding] = &[
    bind(&[letter('y')], Command::Yes, "yes, apply it", "Apply it"),
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
    task(&[ctrl('r')], Task::Run, "run now"),
    task(&[ctrl('r')], Task::Mint, "make token"),
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
    bind(&[letter('w')], Command::SaveToken, "write to a file", "Write it to a file only you can read"),
    bind(&[key(KeyCode::Esc)], Command::Back, "back to the form", "Back to the form; the token is hidden again"),
];

/// The name of the file that a token is written to.
pub const FILE_NAME: &[Binding] = &[
    bind(&[key(KeyCode::Enter), ctrl('j')], Command::Enter, "write", "Write the file"),
    bind(&[key(KeyCode::Esc)], Command::Back, "rather not", "Back to the token; nothing is written"),
];
