//! Answering a field: typing, changing a choice, picking from a list, a tree or the editor.

use crate::model::text;
use crate::secrets::Secret;
use crate::tui::context::Context;
use crate::tui::keys::Command;
use crate::tui::message::{Request, Work};
use crate::tui::panel::Panel;
use crate::tui::panel::filter::FilterEditor;
use crate::tui::panel::list::{List, Mode};
use crate::tui::panel::report::Running;
use crate::tui::panel::tree::Tree;
use crate::wizard::Task;
use crate::wizard::form::{Field, Kind, Pick, Value};
use tui_input::InputRequest;

use super::{Busy, Focus, StepScreen};

impl StepScreen {
    /// Inserts text where it is typed, without what cannot be seen.
    pub(super) fn insert(&mut self, inserted: &str, context: &mut Context) {
        if self.focus == Focus::Panel {
            if let Some(Panel::Explain(panel)) = &mut self.panel
                && panel.is_asking()
            {
                panel.insert(inserted);
            }
            if let (Some(Panel::Token), Some(token)) = (&self.panel, &mut context.token) {
                token.insert(inserted);
            }
            return;
        }
        if let Some((key, secret)) = self.secret() {
            // The full capacity from the start: a string that grows leaves a copy of the secret in memory.
            let mut text = String::with_capacity(secret.expose().len() + inserted.len());
            text.push_str(secret.expose());
            text.extend(inserted.chars().filter(|c| !text::is_hidden(*c)));
            self.set(&key, Value::Secret(Secret::new(text)));
        } else if self.line.as_mut().is_some_and(|line| line.insert(inserted)) {
            self.take_line();
        }
    }

    fn secret(&self) -> Option<(String, Secret)> {
        let field = self.field().filter(|field| matches!(field.kind, Kind::Secret { .. }))?;
        Some((field.key.to_string(), field.secret().cloned().unwrap_or_default()))
    }

    fn take_line(&mut self) {
        let text = self.line.as_ref().map(|line| line.text().to_owned());
        if let (Some(key), Some(text)) = (self.field().map(|field| field.key.to_string()), text) {
            self.set(&key, Value::Text(text));
        }
    }

    pub(super) fn command_to_field(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Edit(request) => self.edit(request),
            Command::Left => self.change_choice(false),
            Command::Right => self.change_choice(true),
            Command::Enter => self.go_on(context),
            Command::Open => self.open_answer(context),
            _ => {}
        }
    }

    fn edit(&mut self, request: InputRequest) {
        if let Some((key, secret)) = self.secret() {
            // A secret is typed and deleted at its end only: a cursor in hidden text helps no one.
            let mut chars = secret.expose().chars();
            let text = match request {
                InputRequest::DeletePrevChar => {
                    chars.next_back();
                    chars.as_str().to_owned()
                }
                InputRequest::DeleteLine | InputRequest::DeletePrevWord => String::new(),
                _ => return,
            };
            self.set(&key, Value::Secret(Secret::new(text)));
        } else if let Some(line) = &mut self.line
            && line.edit(request)
        {
            self.take_line();
        }
    }

    /// The next or previous choice that can be chosen.
    fn change_choice(&mut self, forwards: bool) {
        let Some(Field { key, kind: Kind::Choice(choices), .. }) = self.field() else { return };
        let free: Vec<&str> =
            choices.iter().filter(|choice| choice.refused.is_none()).map(|choice| choice.value.as_str()).collect();
        let chosen = self.field().map(Field::text).unwrap_or_default();
        let count = free.len();
        let to = match free.iter().position(|value| *value == chosen) {
            Some(at) if forwards => (at + 1) % count,
            Some(at) => (at + count - 1) % count,
            None => 0,
        };
        let key = key.to_string();
        if let Some(value) = free.get(to).map(|value| (*value).to_owned()) {
            self.set(&key, Value::Text(value));
        }
    }

    pub(super) fn open_answer(&mut self, context: &mut Context) {
        let Some(field) = self.field() else { return };
        let (key, label) = (field.key.to_string(), field.label.to_string());
        let label = label.as_str();
        match &field.kind {
            Kind::Choice(choices) => {
                let list = List::of_choices(label, Mode::One, choices, &[field.text().to_owned()]);
                self.show_answer(Panel::List { key, list });
            }
            Kind::Several(choices) => {
                let list = List::of_choices(label, Mode::Several, choices, field.many());
                self.show_answer(Panel::List { key, list });
            }
            Kind::Ordered(choices) => {
                let list = List::of_choices(label, Mode::Ordered, choices, field.many());
                self.show_answer(Panel::List { key, list });
            }
            Kind::Filter => {
                let column = field.problem.as_ref().and_then(|problem| problem.column);
                let editor = Box::new(FilterEditor::new(field.text(), column));
                self.show_answer(Panel::Filter { key, editor });
            }
            Kind::Pick(pick) => self.start_picking(key, label, *pick, context),
            Kind::Text { .. } | Kind::Path { .. } | Kind::Secret { .. } => {}
        }
    }

    fn start_picking(&mut self, key: String, label: &str, pick: Pick, context: &mut Context) {
        if self.job.is_some() {
            context.say("A job is still running. Ctrl-X cancels it.");
            return;
        }
        self.pick(key.clone(), pick, None, context);
        if pick == Pick::Unit {
            self.show_answer(Panel::Tree { key, tree: Tree::new(label) });
        } else {
            self.panel = Some(Panel::Running(Running::default()));
        }
    }

    /// Starts reading what the field can be picked from, in place of whatever was being read.
    fn pick(&mut self, key: String, pick: Pick, under: Option<String>, context: &mut Context) {
        if let Some((job, _)) = self.job.take() {
            context.cancel(job);
        }
        let job = context.start(Work::Pick { form: Box::new(self.form.clone()), pick, under });
        self.job = Some((job, Busy::Pick(key)));
    }

    pub(super) fn show_answer(&mut self, panel: Panel) {
        self.panel = Some(panel);
        self.line = None;
        self.focus = Focus::Panel;
    }

    /// Closes a panel that answers a field; what was entered stays.
    pub(super) fn close_answer(&mut self) {
        if self.panel.as_ref().is_some_and(Panel::is_answer) {
            self.panel = None;
            if let Some((_, Busy::Pick(_))) = self.job {
                self.job = None;
            }
        }
        if self.focus == Focus::Panel {
            self.go(self.home);
        }
    }

    fn answer(&mut self, key: &str, value: Value, context: &mut Context) {
        let existing = self.form.field(key).is_some_and(|field| field.kind == Kind::Pick(Pick::Existing));
        if let (true, Value::Text(name)) = (existing, &value) {
            // Another thing: the whole form is filled from it.
            self.close_answer();
            context.request(Request::OpenNamed(self.form.step, name.clone()));
            return;
        }
        self.set(key, value);
        self.close_answer();
        self.go_on(context);
    }

    /// A command for the panel that has the focus.
    pub(super) fn command_to_panel(&mut self, command: Command, context: &mut Context) {
        if command == Command::Back {
            return self.back_from_panel(context);
        }
        let area = self.areas(context).panel;
        let (width, height) = (area.width, area.height.saturating_sub(1));
        let look = context.look;
        if matches!(self.panel, Some(Panel::Explain(_))) {
            return self.command_to_explain(command, context);
        }
        if command == Command::Explain {
            return self.explain_selected(context);
        }
        match &mut self.panel {
            Some(Panel::Checklist(panel)) => panel.perform(command, height),
            Some(Panel::Preview(panel)) => panel.perform(command, look, width, height),
            Some(Panel::Lines(panel)) => panel.perform(command, width, height),
            Some(Panel::Files(panel)) => panel.perform(command, look, width, height),
            Some(Panel::Token) => Self::command_to_token(command, context),
            Some(Panel::List { key, list }) => {
                let key = key.clone();
                match (command, list.mode()) {
                    (Command::Enter, Mode::One) => match list.chosen() {
                        Some(Ok(value)) => self.answer(&key, Value::Text(value), context),
                        Some(Err(reason)) => context.say(format!("This cannot be selected: {reason}")),
                        None => {}
                    },
                    (Command::Enter, _) => {
                        let marked = list.marked().to_vec();
                        self.answer(&key, Value::Many(marked), context);
                    }
                    (Command::Edit(request), _) => {
                        if list.edit(request) {
                            self.search_again(context);
                        }
                    }
                    _ => {
                        let before = list.marked().to_vec();
                        if let Err(reason) = list.perform(command, height) {
                            context.say(format!("This cannot be selected: {reason}"));
                        }
                        let marked = list.marked().to_vec();
                        if marked != before {
                            self.set(&key, Value::Many(marked));
                        }
                    }
                }
            }
            Some(Panel::Tree { key, tree }) => {
                let key = key.clone();
                if command == Command::Enter {
                    if let Some(dn) = tree.chosen() {
                        self.answer(&key, Value::Text(dn), context);
                    }
                } else if let Some(dn) = tree.perform(command, height) {
                    self.pick(key, Pick::Unit, Some(dn), context);
                }
            }
            Some(Panel::Filter { .. } | Panel::Explain(_) | Panel::Running(_)) | None => {}
        }
    }

    /// Asks the directory again for what begins with the letters that were typed, where it has more than was read.
    pub(super) fn search_again(&mut self, context: &mut Context) {
        let Some(Panel::List { key, list }) = &self.panel else { return };
        let (Some(search), Some(Field { kind: Kind::Pick(pick), .. })) = (list.wants(), self.form.field(key)) else {
            return;
        };
        let (key, under, pick) = (key.clone(), search.to_owned(), *pick);
        self.pick(key, pick, Some(under), context);
    }

    fn back_from_panel(&mut self, context: &mut Context) {
        if let (Some(Panel::Token), Some(token)) = (&self.panel, &mut context.token)
            && token.asks_for_file()
        {
            return token.forget_file();
        }
        self.hide_token(context);
        if let Some(Panel::Explain(panel)) = &mut self.panel {
            let behind = panel.behind();
            if let Some((job, Busy::Task(Task::Explain))) = &self.job {
                context.cancel(*job);
                self.job = None;
            }
            let stays = behind.is_some();
            self.panel = behind;
            if !stays {
                self.go(self.home);
            }
            return;
        }
        if let Some((job, Busy::Pick(_))) = &self.job {
            let job = *job;
            context.cancel(job);
        }
        self.close_answer();
    }
}
