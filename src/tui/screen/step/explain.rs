//! Explaining a user: the one who is selected in the preview, or one whose name is typed.

use crate::tui::desk::Desk;
use crate::tui::keys::{Action, Command};
use crate::tui::message::Effect;
use crate::tui::panel::Panel;
use crate::tui::panel::explain::Explain;

use super::{Focus, StepScreen, Work};

impl StepScreen {
    /// Opens the question for a name; what is shown now comes back afterwards.
    pub(super) fn ask_for_user(&mut self, desk: &mut Desk) {
        if self.job.is_some() {
            desk.say("Something is still running; Ctrl-X cancels it.");
            return;
        }
        self.leave_field(desk);
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

    /// Explains whom the preview has selected; nobody selected is asked for.
    pub(super) fn explain_selected(&mut self, desk: &mut Desk) {
        let area = self.areas(desk).panel;
        let selected = match &self.panel {
            Some(Panel::Preview(preview)) => preview.selected(desk.look, area.width),
            _ => None,
        };
        let Some(guid) = selected.filter(|_| self.job.is_none()) else { return self.ask_for_user(desk) };
        let behind = self.panel.take();
        self.panel = Some(Panel::Explain(Explain::of(&guid, behind)));
        self.explain(guid, desk);
    }

    fn explain(&mut self, name: String, desk: &mut Desk) {
        if !self.form.check_fields() {
            return self.go_to_problem();
        }
        let job = desk.new_job();
        self.job = Some((job, Work::Act(Action::Explain)));
        desk.ask(Effect::Explain(job, Box::new(self.form.clone()), name));
    }

    /// A command for the panel that asks or answers.
    pub(super) fn command_to_explain(&mut self, command: Command, desk: &mut Desk) {
        let area = self.areas(desk).panel;
        let is_running = self.job.is_some();
        let Some(Panel::Explain(panel)) = &mut self.panel else { return };
        match command {
            Command::Edit(request) if panel.is_asking() => panel.edit(request),
            Command::Enter if panel.is_asking() && !is_running => {
                if let Some(name) = panel.asked() {
                    self.explain(name, desk);
                }
            }
            Command::Explain if !is_running => panel.again(),
            _ => panel.perform(command, area.width, area.height.saturating_sub(1)),
        }
    }
}
