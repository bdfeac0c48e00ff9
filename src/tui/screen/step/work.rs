//! What the buttons do, and the events of the jobs that they start.

use crate::tui::context::{Context, Notice};
use crate::tui::keys::Command;
use crate::tui::message::{JobEvent, Request, SaveOutcome, Work};
use crate::tui::panel::Panel;
use crate::tui::panel::checklist::{Checklist, Verdict};
use crate::tui::panel::files::Files;
use crate::tui::panel::list::List;
use crate::tui::panel::preview::PreviewTable;
use crate::tui::panel::report::{Lines, Running};
use crate::tui::panel::token::Reveal;
use crate::tui::view::{JobId, PickedItem, Trouble};
use crate::wizard::Task;
use crate::wizard::form::Form;

use super::{Busy, Focus, Saving, StepScreen};

impl StepScreen {
    /// Presses the button of a task.
    pub(super) fn press(&mut self, task: Task, context: &mut Context) {
        if task == Task::Explain {
            return self.ask_for_user(context);
        }
        if context.read_only && task.changes() {
            context.say("This console is read-only.");
            return;
        }
        if self.job.is_some() {
            context.say("A job is still running. Ctrl-X cancels it.");
            return;
        }
        self.leave_field(context);
        if !self.form.check_fields() {
            return self.go_to_problem();
        }
        self.close_answer();
        self.panel = Some(match task {
            Task::Check => Panel::Checklist(Checklist::default()),
            _ => Panel::Running(Running::default()),
        });
        let form = Box::new(self.form.clone());
        let job = context.start(match task {
            Task::Check => Work::Check(form),
            Task::Preview => Work::Preview(form),
            // Asked for above: it needs a name first.
            Task::Explain => return,
            Task::Run => Work::Sync,
            Task::Mint => Work::Mint(form),
            Task::Files => Work::Files(form),
            Task::Write => Work::Write(form),
        });
        self.job = Some((job, Busy::Task(task)));
        self.go_to_button(Some(task));
    }

    pub(super) fn cancel(&mut self, context: &mut Context) {
        if let Some((job, _)) = &self.job {
            context.cancel(*job);
            if let Some(Panel::Running(running)) = &mut self.panel {
                running.cancel();
            }
        }
    }

    /// Saves the step; the next one opens when that is done.
    pub(super) fn next_step(&mut self, context: &mut Context) {
        if !self.may_leave(context) {
            return;
        }
        self.unkept = false;
        if context.read_only {
            return match self.form.step.next() {
                _ if self.alone => context.say("This console is read-only: changes cannot be saved. Esc goes back."),
                Some(next) => context.request(Request::Open(next)),
                None => context.say("This console is read-only: changes cannot be saved. Esc goes back."),
            };
        }
        if !self.form.check_fields() {
            return self.go_to_problem();
        }
        self.close_answer();
        if self.form.named_otherwise().is_empty() {
            self.save(context);
        } else {
            // What was entered is kept while the answer is pending, and when it is no.
            context.request(Request::KeepDraft(Box::new(self.form.clone())));
            self.saving = Saving::Asking;
        }
    }

    pub(super) fn save(&mut self, context: &mut Context) {
        self.saving = Saving::Begun;
        context.request(Request::Save(Box::new(self.form.clone())));
    }

    /// A job that changes something keeps the step open; one that only reads is canceled.
    pub fn may_leave(&mut self, context: &mut Context) -> bool {
        match &self.job {
            Some((_, Busy::Task(task))) if task.changes() => {
                context.say("This job is still running. Ctrl-X cancels it.");
                false
            }
            Some((job, _)) => {
                context.cancel(*job);
                self.job = None;
                if matches!(self.panel, Some(Panel::Running(_))) {
                    self.panel = None;
                }
                true
            }
            None => true,
        }
    }

    pub(super) fn command_to_token(command: Command, context: &mut Context) {
        let Some(token) = &mut context.token else { return };
        match command {
            Command::ShowToken => token.toggle(),
            Command::SaveToken => token.ask_for_file(),
            Command::CopyToken => {
                let secret = token.minted().token.clone();
                context.request(Request::Copy(secret));
            }
            Command::Edit(request) => token.edit(request),
            Command::Enter => {
                if let Some(path) = token.file() {
                    let secret = token.minted().token.clone();
                    context.request(Request::WriteToken(path, secret));
                }
            }
            _ => {}
        }
    }

    /// An event of the running job. Every event but those of a job that goes on ends it.
    pub fn event(&mut self, job: JobId, event: JobEvent, context: &mut Context) {
        match event {
            JobEvent::Check(check) => {
                if let Some(Panel::Checklist(list)) = &mut self.panel {
                    list.take(check);
                }
                return;
            }
            JobEvent::Progress(progress) => {
                if let Some(Panel::Running(running)) = &mut self.panel {
                    running.take(progress);
                }
                return;
            }
            JobEvent::Failed(trouble) => return self.job_failed(job, trouble, context),
            _ => {}
        }
        let Some((_, busy)) = self.job.take_if(|(running, _)| *running == job) else { return };
        match event {
            JobEvent::Checked => self.checked(),
            JobEvent::Picked { under, items } => {
                if let Busy::Pick(key) = busy {
                    self.picked(key, under.as_deref(), items, context);
                }
            }
            JobEvent::Previewed(preview) => {
                self.panel = Some(Panel::Preview(PreviewTable::new(preview)));
                self.did(Task::Preview);
            }
            JobEvent::Explained(report) => {
                if let Some(Panel::Explain(panel)) = &mut self.panel {
                    panel.show(report, false);
                }
            }
            JobEvent::Synced(report) => {
                self.panel = Some(Panel::Lines(Lines::new(report)));
                self.did(Task::Run);
            }
            JobEvent::Stopped(plan) => {
                self.panel = None;
                context.request(Request::OpenPlan(plan));
            }
            JobEvent::Refused(form) => {
                self.form = *form;
                self.panel = None;
                self.go_to_problem();
            }
            JobEvent::Minted { form, minted } => {
                context.token = Some(Reveal::new(minted));
                context.request(Request::Standing);
                self.form = *form;
                self.panel = Some(Panel::Token);
                self.did(Task::Mint);
                self.line = None;
                self.focus = Focus::Panel;
            }
            JobEvent::Files(files) => {
                self.panel = Some(Panel::Files(Files::new(files)));
                self.did(Task::Files);
            }
            JobEvent::Written { form, report } => {
                context.request(Request::Standing);
                self.form = *form;
                self.panel = Some(Panel::Lines(Lines::new(report)));
                self.did(Task::Write);
            }
            // Handled above, or of jobs that no step starts.
            JobEvent::Check(_)
            | JobEvent::Progress(_)
            | JobEvent::Failed(_)
            | JobEvent::Done(_)
            | JobEvent::Report(_)
            | JobEvent::InOrder { .. }
            | JobEvent::Applied(_) => {}
        }
    }

    fn picked(&mut self, key: String, under: Option<&str>, items: Vec<PickedItem>, context: &mut Context) {
        match &mut self.panel {
            Some(Panel::Tree { tree, .. }) => tree.take(under, items),
            // A search was typed meanwhile, and the list was read again for it.
            Some(Panel::List { list, .. }) => list.replace(items),
            _ if items.is_empty() => {
                self.panel = None;
                context.say("The directory has nothing to pick from. Type the value instead.");
            }
            _ => {
                let (label, text) = self.form.field(&key).map_or(("", ""), |field| (&*field.label, field.text()));
                let list = List::of_picked(label, items, text);
                self.show_answer(Panel::List { key, list });
            }
        }
    }

    pub fn is_running(&self, job: JobId) -> bool {
        self.job.as_ref().is_some_and(|(running, _)| *running == job)
    }

    fn checked(&mut self) {
        let Some(Panel::Checklist(list)) = &mut self.panel else { return };
        list.end(None);
        if list.verdict() == Verdict::Passed {
            self.did(Task::Check);
        }
    }

    /// A task is done: when its button still has the focus, the focus goes on to what comes next.
    fn did(&mut self, task: Task) {
        self.done.push(task);
        if self.tasks().iter().position(|known| *known == task).map(Focus::Button) == Some(self.focus) {
            self.go_to_button(self.form.step.next_task(&self.done));
        }
    }

    pub fn saved(&mut self, form: Form, outcome: SaveOutcome, context: &mut Context) {
        self.saving = Saving::Not;
        self.form = form;
        if outcome == SaveOutcome::Problems {
            return self.go_to_problem();
        }
        context.request(Request::Standing);
        if let Some(next) = self.form.step.next().filter(|_| !self.alone) {
            context.request(Request::Open(next));
        }
    }

    /// A request failed.
    pub fn failed(&mut self, trouble: Trouble, context: &mut Context) {
        self.saving = Saving::Not;
        context.notice = Some(Notice::Trouble(trouble));
    }

    fn job_failed(&mut self, job: JobId, trouble: Trouble, context: &mut Context) {
        let Some((_, busy)) = self.job.take_if(|(running, _)| *running == job) else { return };
        match (&mut self.panel, busy) {
            (Some(Panel::Checklist(list)), _) => list.end(Some(trouble)),
            (Some(Panel::Tree { tree, .. }), _) => {
                tree.stop();
                context.notice = Some(Notice::Trouble(trouble));
            }
            // The list that is shown stays.
            (Some(Panel::List { .. }), _) => context.notice = Some(Notice::Trouble(trouble)),
            (Some(Panel::Explain(panel)), _) => panel.show(Lines::of_trouble("Failed", &trouble), true),
            (_, Busy::Pick(_)) => {
                self.panel = None;
                context.notice = Some(Notice::Trouble(trouble));
            }
            _ => self.panel = Some(Panel::Lines(Lines::trouble("Failed", &trouble))),
        }
    }
}
