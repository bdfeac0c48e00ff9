//! Explains a user: the one selected in the preview, or one by a typed name.

use crate::tui::context::Context;
use crate::tui::keys::Command;
use crate::tui::message::Work;
use crate::tui::panel::Panel;
use crate::tui::panel::explain::Explain;
use crate::wizard::Task;

use super::{Busy, Focus, StepScreen};

impl StepScreen {
    /// Opens the question for a name; the panel shown now is shown again afterwards.
    pub(super) fn ask_for_user(&mut self, context: &mut Context) {
        if self.job.is_some() {
            context.say("A job is still running. Ctrl-X cancels it.");
            return;
        }
        self.leave_field(context);
        self.close_answer();
        if let Some(Panel::Explain(panel)) = &mut self.panel {
            panel.again();
        } else {
            let behind = self.panel.take().filter(|panel| matches!(panel, Panel::Preview(_)));
            self.panel = Some(Panel::Explain(Explain::asking(behind)));
        }
        self.line = None;
        self.focus = Focus::Panel;
    }

    /// Explains the user selected in the preview, or asks for a name.
    pub(super) fn explain_selected(&mut self, context: &mut Context) {
        let area = self.areas(context).panel;
        let selected = match &self.panel {
            Some(Panel::Preview(preview)) => preview.selected(context.look, area.width),
            _ => None,
        };
        let Some(guid) = selected.filter(|_| self.job.is_none()) else { return self.ask_for_user(context) };
        let behind = self.panel.take();
        self.panel = Some(Panel::Explain(Explain::of(&guid, behind)));
        self.explain(guid, context);
    }

    fn explain(&mut self, name: String, context: &mut Context) {
        if !self.form.check_fields() {
            return self.go_to_problem();
        }
        let job = context.start(Work::Explain(Box::new(self.form.clone()), name));
        self.job = Some((job, Busy::Task(Task::Explain)));
    }

    /// A command for the panel that asks or answers.
    pub(super) fn command_to_explain(&mut self, command: Command, context: &mut Context) {
        let area = self.areas(context).panel;
        let is_running = self.job.is_some();
        let Some(Panel::Explain(panel)) = &mut self.panel else { return };
        match command {
            Command::Edit(request) if panel.is_asking() => panel.edit(request),
            Command::Enter if panel.is_asking() && !is_running => {
                if let Some(name) = panel.asked() {
                    self.explain(name, context);
                }
            }
            Command::Explain if !is_running => panel.again(),
            _ => panel.perform(command, area.width, area.height.saturating_sub(1)),
        }
    }
}
