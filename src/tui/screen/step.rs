//! One step: its form, its buttons, and a panel for their results.
//!
//! ```text
//!  Which users of the directory get it.
//!
//!  > Name         Staff laptops
//!    Department   (optional; Enter picks from the directory)
//!
//!    [ Check ]  [ Preview ]  [ Continue ]
//! -- Check  5 passed ----------------------------------------
//!  ok    base DN   DC=corp,DC=example,DC=com is readable
//! ```
//!
//! This file moves the focus and passes each command to the part that has it; `answer` answers fields, `work` runs what
//! the buttons do, `explain` explains a user, and `draw` draws the picture above.

mod answer;
mod draw;
mod explain;
mod work;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::context::Context;
use super::super::keys::{self, Binding, Command};
use super::super::layout;
use super::super::message::Request;
use super::super::panel::Panel;
use super::super::text_line::TextLine;
use super::super::view::JobId;
use crate::model::text;
use crate::wizard::form::{Field, Form, Kind, Value};
use crate::wizard::{Since, Step, Task};

#[allow(missing_debug_implementations, reason = "its form may hold a secret")]
pub struct StepScreen {
    form: Form,
    focus: Focus,
    /// Where Esc and an answered panel go back to.
    home: Focus,
    /// The line that is typed into, while a field of one line has the focus.
    line: Option<TextLine>,
    panel: Option<Panel>,
    job: Option<(JobId, Busy)>,
    /// Something was entered that the draft does not have yet.
    unkept: bool,
    /// What was done since the last change of a value.
    done: Vec<Task>,
    saving: Saving,
    /// Who changed what the form was filled from while something was entered here.
    outdated: Option<String>,
    /// It was not opened from among the steps: saving it goes back there.
    alone: bool,
}

/// How far saving the step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saving {
    Not,
    /// The question whether to add a new entry is shown.
    Asking,
    Begun,
}

/// What has the focus. There is always something that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// By its place in the form.
    Field(usize),
    /// By its place in the row of buttons.
    Button(usize),
    Panel,
}

/// What the running job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Busy {
    Task(Task),
    /// Reads what the field can be picked from.
    Pick(String),
}

impl StepScreen {
    pub fn new(form: Form, context: &mut Context) -> Self {
        let mut screen = Self {
            form,
            focus: Focus::Button(0),
            home: Focus::Button(0),
            line: None,
            panel: None,
            job: None,
            unkept: false,
            done: Vec::new(),
            saving: Saving::Not,
            outdated: None,
            alone: false,
        };
        // Another token than the one that was made is none to be shown.
        let token = context.token.as_mut().filter(|_| !screen.form.is_new);
        if let (Step::Token, Some(token)) = (screen.form.step, token) {
            // A user who comes back has not asked to see it.
            token.hide();
            screen.panel = Some(Panel::Token);
        }
        let first = screen.stops().first().copied().unwrap_or(Focus::Button(0));
        screen.go(first);
        screen
    }

    /// Marks the step as opened from a list, not from among the steps.
    pub fn alone(&mut self, alone: bool) {
        self.alone = alone;
    }

    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// What is asked before it is saved.
    pub fn question(&self) -> Option<String> {
        let of = |(what, was, is): &(&str, String, String)| {
            format!(
                "A name cannot be changed: this adds a new {what} \"{}\" and keeps \"{}\".",
                text::shown(is),
                text::shown(was)
            )
        };
        let all: Vec<String> = self.form.named_otherwise().iter().map(of).collect();
        (self.saving == Saving::Asking).then(|| format!("{} Add it?", all.join(" ")))
    }

    pub fn step(&self) -> Step {
        self.form.step
    }

    pub fn focus(&self) -> Focus {
        self.focus
    }

    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The buttons, in order, before the one that saves and goes on.
    pub fn tasks(&self) -> &'static [Task] {
        self.form.step.tasks()
    }

    /// The task of a button; `None` for the one that saves and goes on.
    fn task(&self, button: usize) -> Option<Task> {
        self.tasks().get(button).copied()
    }

    /// The button that a newcomer should press next.
    fn recommended(&self, context: &Context) -> Option<Task> {
        let token_is_made = context.token.is_some() && matches!(self.panel, Some(Panel::Token));
        self.form.step.next_task(&self.done).filter(|_| !token_is_made)
    }

    /// Everything that Tab visits, in order.
    fn stops(&self) -> Vec<Focus> {
        let fields = self.form.fields.iter().enumerate().filter(|(_, field)| field.visible);
        let buttons = (0..=self.tasks().len()).map(Focus::Button);
        let panel = self.panel.as_ref().filter(|panel| !panel.is_answer()).map(|_| Focus::Panel);
        fields.map(|(at, _)| Focus::Field(at)).chain(buttons).chain(panel).collect()
    }

    fn field(&self) -> Option<&Field> {
        match self.focus {
            Focus::Field(at) => self.form.fields.get(at).filter(|field| field.visible),
            _ => None,
        }
    }

    /// The field that the focus is on, or that the panel with the focus answers.
    fn answered_field(&self) -> Option<&Field> {
        match (&self.panel, self.focus) {
            (Some(Panel::List { key, .. } | Panel::Tree { key, .. } | Panel::Filter { key, .. }), Focus::Panel) => {
                self.form.field(key)
            }
            _ => self.field(),
        }
    }

    /// Moves the focus, and gives a field of one line its cursor.
    fn go(&mut self, focus: Focus) {
        self.focus = focus;
        if focus != Focus::Panel {
            self.home = focus;
        }
        let text = self.field().filter(|field| is_line(&field.kind)).map(|field| field.text().to_owned());
        self.line = text.map(|text| TextLine::new(&text));
    }

    fn go_by(&mut self, backwards: bool, context: &mut Context) {
        self.leave_field(context);
        self.hide_token(context);
        let stops = self.stops();
        let at = stops.iter().position(|stop| *stop == self.focus).unwrap_or(0);
        let count = stops.len().max(1);
        let to = if backwards { (at + count - 1) % count } else { (at + 1) % count };
        if let Some(stop) = stops.get(to) {
            self.go(*stop);
        }
    }

    /// On with what a newcomer would do next: the next field, and after the last one the button to press.
    fn go_on(&mut self, context: &mut Context) {
        self.leave_field(context);
        let stops = self.stops();
        let at = stops.iter().position(|stop| *stop == self.focus);
        match at.and_then(|at| stops.get(at + 1)) {
            Some(stop @ Focus::Field(_)) => self.go(*stop),
            _ => self.go_to_button(self.recommended(context)),
        }
    }

    /// Focuses the button of a task, or the one that goes on.
    fn go_to_button(&mut self, task: Option<Task>) {
        let at = self.tasks().iter().position(|known| Some(*known) == task).unwrap_or(self.tasks().len());
        self.go(Focus::Button(at));
    }

    fn go_to_problem(&mut self) {
        if let Some(at) = self.form.fields.iter().position(|field| field.visible && field.problem.is_some()) {
            let wrong = &self.form.fields[at].key;
            if matches!(&self.panel, Some(Panel::Filter { key, .. }) if key == wrong) && self.focus == Focus::Panel {
                // It is being edited: the problem is shown right there.
                return;
            }
            self.close_answer();
            self.go(Focus::Field(at));
        }
    }

    /// A token is shown only while its panel has the focus.
    fn hide_token(&self, context: &mut Context) {
        if let (Some(Panel::Token), Some(token)) = (&self.panel, &mut context.token) {
            token.hide();
        }
    }

    /// What was entered is kept as a draft whenever a field is left.
    pub fn leave_field(&mut self, context: &mut Context) {
        if std::mem::take(&mut self.unkept) && !context.read_only {
            context.request(Request::KeepDraft(Box::new(self.form.clone())));
        }
    }

    /// Changes a value and everything that follows from it.
    fn set(&mut self, key: &str, value: Value) {
        self.form.set(key, value);
        self.form.entered = true;
        self.unkept = true;
        self.done.clear();
    }

    /// The keys that work now, the most particular first.
    pub fn tables(&self, context: &Context) -> Vec<&'static Binding> {
        if self.saving == Saving::Asking {
            return keys::LIST_CONFIRM.iter().chain(keys::ANYWHERE).collect();
        }
        let steps = if self.alone { keys::STEP_ALONE } else { keys::STEP };
        let token = context.token.as_ref();
        let mut tables: Vec<&'static [Binding]> = Vec::new();
        if self.job.is_some() {
            tables.push(keys::RUNNING);
        }
        let mut takes_text = false;
        match (self.focus, &self.panel) {
            (Focus::Panel, Some(panel)) => {
                takes_text = panel.takes_text(token);
                tables.extend(panel.tables(token));
            }
            (Focus::Panel | Focus::Button(_), _) => tables.push(keys::BUTTON),
            (Focus::Field(_), _) => match self.field().map(|field| &field.kind) {
                Some(Kind::Text { .. } | Kind::Path { .. } | Kind::Secret { .. }) => {
                    takes_text = true;
                    tables.extend([keys::TEXT, keys::EDIT]);
                }
                Some(Kind::Pick(_)) => {
                    takes_text = true;
                    tables.extend([keys::PICK, keys::EDIT]);
                }
                Some(Kind::Filter) => tables.push(keys::FILTER),
                Some(Kind::Choice(_)) => tables.push(keys::CHOICE),
                Some(Kind::Several(_) | Kind::Ordered(_)) => tables.push(keys::SEVERAL),
                None => {}
            },
        }
        let mut rows: Vec<&'static Binding> = tables.into_iter().flatten().collect();
        let answers = self.focus == Focus::Panel && self.panel.as_ref().is_some_and(Panel::is_answer);
        let typing_in_panel = self.focus == Focus::Panel && takes_text;
        if !answers && !typing_in_panel {
            rows.extend(keys::FORM);
            rows.extend(keys::tasks(self.tasks()));
            rows.extend(steps);
        } else if matches!(self.panel, Some(Panel::Filter { .. })) {
            rows.extend(keys::tasks(self.tasks()));
            rows.extend(steps);
        }
        rows.extend(keys::ANYWHERE);
        if !takes_text {
            rows.extend(keys::NO_TEXT);
        }
        rows
    }

    /// Does what a key asks for. True when the user wants the overview.
    pub fn perform(&mut self, command: Command, context: &mut Context) -> bool {
        if self.saving == Saving::Begun && command != Command::Back {
            return false;
        }
        if self.saving == Saving::Asking {
            self.saving = Saving::Not;
            match command {
                Command::Yes => self.save(context),
                _ => context.say("Not saved. Your answers are kept."),
            }
            return false;
        }
        match command {
            Command::NextStep => self.next_step(context),
            Command::Task(task) => self.press(task, context),
            Command::Cancel => self.cancel(context),
            Command::ShowToken | Command::CopyToken | Command::SaveToken => Self::command_to_token(command, context),
            Command::Reload => {
                if self.may_leave(context) {
                    // The draft is what is given up.
                    self.unkept = false;
                    context.request(Request::Reload(Box::new(self.form.clone())));
                }
            }
            Command::NextField => self.go_by(false, context),
            Command::PreviousField => self.go_by(true, context),
            Command::Back if self.focus != Focus::Panel => return self.may_leave(context),
            _ => match self.focus {
                Focus::Panel => self.command_to_panel(command, context),
                Focus::Field(_) => self.command_to_field(command, context),
                Focus::Button(at) => {
                    if command == Command::Enter {
                        match self.task(at) {
                            Some(task) => self.press(task, context),
                            None => self.next_step(context),
                        }
                    }
                }
            },
        }
        false
    }

    /// A character that is no command.
    pub fn typed(&mut self, key: &KeyEvent, context: &mut Context) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if self.saving == Saving::Asking {
            return;
        }
        match (&mut self.panel, self.focus) {
            (Some(Panel::Filter { editor, key: field }), Focus::Panel) => {
                if editor.key(key) {
                    let (field, text) = (field.clone(), editor.text());
                    self.set(&field, Value::Text(text));
                }
            }
            (Some(Panel::List { list, .. }), Focus::Panel) => {
                if let (KeyCode::Char(c), true) = (key.code, plain)
                    && list.search(&c.to_string())
                {
                    self.search_again(context);
                }
            }
            _ => {
                if let (KeyCode::Char(c), true) = (key.code, plain) {
                    // Typing on a filter begins with the editor.
                    if self.field().is_some_and(|field| field.kind == Kind::Filter) {
                        self.open_answer(context);
                        return self.typed(key, context);
                    }
                    self.insert(&c.to_string(), context);
                }
            }
        }
    }

    pub fn paste(&mut self, text: &str, context: &mut Context) {
        if self.saving == Saving::Asking {
            return;
        }
        match (&mut self.panel, self.focus) {
            (Some(Panel::Filter { editor, key }), Focus::Panel) => {
                editor.paste(text);
                let (key, text) = (key.clone(), editor.text());
                self.set(&key, Value::Text(text));
            }
            (Some(Panel::List { list, .. }), Focus::Panel) => {
                if list.search(text) {
                    self.search_again(context);
                }
            }
            _ => self.insert(text, context),
        }
    }

    /// Asks whether what is being edited was changed elsewhere.
    pub fn look(&self, context: &mut Context) {
        if self.saving != Saving::Begun {
            context.request(Request::Look(Box::new(self.form.clone())));
        }
    }

    /// The step as it is saved now: it replaces a form without unsaved answers; otherwise a notice is shown.
    pub fn since(&mut self, since: Since) {
        if self.saving == Saving::Begun || since.form.step != self.form.step {
            return;
        }
        if self.form.entered {
            self.outdated = since.by;
        } else if !since.form.is_like(&self.form) {
            self.form = since.form;
            self.done.clear();
            let focus = if self.stops().contains(&self.focus) { self.focus } else { Focus::Button(0) };
            self.go(focus);
        }
    }

    /// Where form and panel stand, for drawing and for paging.
    fn areas(&self, context: &Context) -> draw::StepAreas {
        let areas = layout::areas(context.size.0, context.size.1);
        draw::areas(self, context, areas.body)
    }
}

/// True for a field with one line of text as its value.
fn is_line(kind: &Kind) -> bool {
    matches!(kind, Kind::Text { .. } | Kind::Path { .. } | Kind::Pick(_))
}
