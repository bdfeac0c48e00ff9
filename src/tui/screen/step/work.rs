//! What the buttons do, and what comes of it.

use crate::tui::desk::{Desk, Notice};
use crate::tui::keys::{Action, Command};
use crate::tui::message::{Came, Effect, JobId, SaveOutcome, Trouble};
use crate::tui::panel::Panel;
use crate::tui::panel::checklist::{Checklist, Verdict};
use crate::tui::panel::files::Files;
use crate::tui::panel::list::List;
use crate::tui::panel::preview::PreviewTable;
use crate::tui::panel::report::{Lines, Running};
use crate::tui::panel::token::Reveal;
use crate::wizard::form::Form;
use crate::wizard::{Step, Task};

use super::{Focus, Saving, StepScreen, Work};

impl StepScreen {
    /// Presses a button.
    pub(super) fn act(&mut self, action: Action, desk: &mut Desk) {
        match action {
            Action::Cancel => return self.cancel(desk),
            Action::Continue => return self.next_step(desk),
            Action::ShowToken | Action::CopyToken | Action::SaveToken => {
                return Self::command_to_token(Command::Act(action), desk);
            }
            Action::Explain => return self.ask_for_user(desk),
            _ => {}
        }
        if desk.read_only && action.task().is_some_and(Task::changes) {
            desk.say("This console is read-only.");
            return;
        }
        if self.job.is_some() {
            desk.say("Something is still running; Ctrl-X cancels it.");
            return;
        }
        self.leave_field(desk);
        if !self.form.check_fields() {
            return self.go_to_problem();
        }
        self.close_answer();
        let job = desk.new_job();
        self.job = Some((job, Work::Act(action)));
        self.panel = Some(match action {
            Action::Check => Panel::Checklist(Checklist::default()),
            _ => Panel::Running(Running::default()),
        });
        let form = Box::new(self.form.clone());
        desk.ask(match action {
            Action::Preview => Effect::Preview(job, form),
            Action::Run => Effect::Sync(job),
            Action::Mint => Effect::Mint(job, form),
            Action::Files => Effect::Files(job, form),
            Action::Write => Effect::Write(job, form),
            _ => Effect::Check(job, form),
        });
        self.go_to_button(action);
    }

    fn cancel(&mut self, desk: &mut Desk) {
        if let Some((job, _)) = &self.job {
            desk.ask(Effect::Cancel(*job));
            if let Some(Panel::Running(running)) = &mut self.panel {
                running.cancel();
            }
        }
    }

    /// Saves the step; the next one opens when that is done.
    pub(super) fn next_step(&mut self, desk: &mut Desk) {
        if !self.may_leave(desk) {
            return;
        }
        self.unkept = false;
        if desk.read_only {
            return match self.form.step.next() {
                _ if self.alone => desk.say("This console is read-only: nothing was saved. Esc goes back."),
                Some(next) => desk.ask(Effect::Open(next)),
                None => desk.say("This console is read-only: nothing was saved. Esc opens the overview."),
            };
        }
        if !self.form.check_fields() {
            return self.go_to_problem();
        }
        self.close_answer();
        if self.form.named_otherwise().is_empty() {
            self.save(desk);
        } else {
            // What was entered is kept while the answer is pending, and when it is no.
            desk.ask(Effect::KeepDraft(Box::new(self.form.clone())));
            self.saving = Saving::Asking;
        }
    }

    pub(super) fn save(&mut self, desk: &mut Desk) {
        self.saving = Saving::Begun;
        desk.ask(Effect::Save(Box::new(self.form.clone())));
    }

    /// A job that changes something holds its step; one that only looks is stopped.
    pub fn may_leave(&mut self, desk: &mut Desk) -> bool {
        match &self.job {
            Some((_, Work::Act(Action::Run | Action::Mint | Action::Write))) => {
                desk.say("This is still running; Ctrl-X cancels it.");
                false
            }
            Some((job, _)) => {
                desk.ask(Effect::Cancel(*job));
                self.job = None;
                if matches!(self.panel, Some(Panel::Running(_))) {
                    self.panel = None;
                }
                true
            }
            None => true,
        }
    }

    pub(super) fn command_to_token(command: Command, desk: &mut Desk) {
        let Some(token) = &mut desk.token else { return };
        match command {
            Command::Act(Action::ShowToken) => token.toggle(),
            Command::Act(Action::SaveToken) => token.ask_for_file(),
            Command::Act(Action::CopyToken) => {
                let secret = token.minted().token.clone();
                desk.ask(Effect::Copy(secret));
            }
            Command::Edit(request) => token.edit(request),
            Command::Enter => {
                if let Some(path) = token.file() {
                    let secret = token.minted().token.clone();
                    desk.ask(Effect::WriteToken(path, secret));
                }
            }
            _ => {}
        }
    }

    /// What came of an effect.
    pub fn came(&mut self, came: Came, desk: &mut Desk) {
        match came {
            Came::Saved { form, outcome } => self.saved(*form, outcome, desk),
            Came::Since(since) => self.since(*since),
            Came::Check(job, check) if self.is_running(job) => {
                if let Some(Panel::Checklist(list)) = &mut self.panel {
                    list.take(check);
                }
            }
            Came::Checked(job) if self.ends(job) => self.checked(),
            Came::Progress(job, progress) if self.is_running(job) => {
                if let Some(Panel::Running(running)) = &mut self.panel {
                    running.take(progress);
                }
            }
            Came::Picked { job, under, items } if self.is_running(job) => {
                let Some((_, Work::Pick(key))) = self.job.take() else { return };
                match &mut self.panel {
                    Some(Panel::Tree { tree, .. }) => tree.take(under.as_deref(), items),
                    // What was typed meanwhile has asked anew.
                    Some(Panel::List { list, .. }) => list.replace(items),
                    _ if items.is_empty() => {
                        self.panel = None;
                        desk.say("Nothing was found to pick from; type it instead.");
                    }
                    _ => {
                        let (label, text) =
                            self.form.field(&key).map_or(("", ""), |field| (&*field.label, field.text()));
                        let list = List::of_picked(label, items, text);
                        self.show_answer(Panel::List { key, list });
                    }
                }
            }
            Came::Previewed(job, preview) if self.ends(job) => {
                self.panel = Some(Panel::Preview(PreviewTable::new(preview)));
                self.did(Action::Preview);
            }
            Came::Explained(job, report) if self.ends(job) => {
                if let Some(Panel::Explain(panel)) = &mut self.panel {
                    panel.show(report, false);
                }
            }
            Came::Synced(job, report) if self.ends(job) => {
                self.panel = Some(Panel::Lines(Lines::new(report)));
                self.did(Action::Run);
            }
            Came::Stopped(job, plan) if self.ends(job) => {
                self.panel = None;
                desk.ask(Effect::OpenPlan(plan));
            }
            Came::Refused(job, form) if self.ends(job) => {
                self.form = *form;
                self.panel = None;
                self.go_to_problem();
            }
            Came::Minted { job, form, minted } if self.ends(job) => {
                desk.token = Some(Reveal::new(minted));
                desk.ask(Effect::Standing);
                self.form = *form;
                self.panel = Some(Panel::Token);
                self.did(Action::Mint);
                self.line = None;
                self.focus = Focus::Panel;
            }
            Came::Files(job, files) if self.ends(job) => {
                self.panel = Some(Panel::Files(Files::new(files)));
                self.did(Action::Files);
            }
            Came::Written { job, form, report } if self.ends(job) => {
                desk.ask(Effect::Standing);
                self.form = *form;
                self.panel = Some(Panel::Lines(Lines::new(report)));
                self.done.push(Action::Files);
                self.did(Action::Write);
            }
            Came::Failed(job, trouble) => self.failed(job, trouble, desk),
            _ => {}
        }
    }

    fn is_running(&self, job: JobId) -> bool {
        self.job.as_ref().is_some_and(|(running, _)| *running == job)
    }

    /// True when this was the running job, which has ended now.
    fn ends(&mut self, job: JobId) -> bool {
        let ends = self.is_running(job);
        if ends {
            self.job = None;
        }
        ends
    }

    fn checked(&mut self) {
        let Some(Panel::Checklist(list)) = &mut self.panel else { return };
        list.end(None);
        if list.verdict() == Verdict::Passed {
            self.did(Action::Check);
        }
    }

    /// Something is done: when its button still has the focus, that goes on to what comes next.
    fn did(&mut self, action: Action) {
        self.done.push(action);
        let pressed = self.actions().iter().position(|known| *known == action).map(Focus::Button);
        if pressed == Some(self.focus) {
            let next = match (self.form.step, action) {
                (Step::Mapping, Action::Check) if !self.done.contains(&Action::Preview) => Action::Preview,
                (Step::Installer, Action::Files) => Action::Write,
                _ => Action::Continue,
            };
            self.go_to_button(next);
        }
    }

    fn saved(&mut self, form: Form, outcome: SaveOutcome, desk: &mut Desk) {
        self.saving = Saving::Not;
        self.form = form;
        if outcome == SaveOutcome::Problems {
            return self.go_to_problem();
        }
        desk.ask(Effect::Standing);
        if let Some(next) = self.form.step.next().filter(|_| !self.alone) {
            desk.ask(Effect::Open(next));
        }
    }

    fn failed(&mut self, job: Option<JobId>, trouble: Trouble, desk: &mut Desk) {
        let Some(job) = job else {
            self.saving = Saving::Not;
            desk.notice = Some(Notice::Trouble(trouble));
            return;
        };
        let work = self.job.as_ref().filter(|(running, _)| *running == job).map(|(_, work)| work.clone());
        if !self.ends(job) {
            return;
        }
        match (&mut self.panel, work) {
            (Some(Panel::Checklist(list)), _) => list.end(Some(trouble)),
            (Some(Panel::Tree { tree, .. }), _) => {
                tree.stop();
                desk.notice = Some(Notice::Trouble(trouble));
            }
            // The list that is there still stands.
            (Some(Panel::List { .. }), _) => desk.notice = Some(Notice::Trouble(trouble)),
            (Some(Panel::Explain(panel)), _) => panel.show(Lines::of_trouble("It did not work", &trouble), true),
            (_, Some(Work::Pick(_))) => {
                self.panel = None;
                desk.notice = Some(Notice::Trouble(trouble));
            }
            _ => self.panel = Some(Panel::Lines(Lines::trouble("It did not work", &trouble))),
        }
    }
}
