//! The plans of the last syncs, the newest first.
//!
//! ```text
//!  Plans, the newest first
//!  12  2026-03-01 22:38 UTC  stopped   2 come, 10 change, 36 leave
//!  11  2026-03-01 02:00 UTC  applied   1 comes
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::canvas::{Canvas, units};
use crate::tui::keys::Command;
use crate::tui::message::{PlanState, PlanView};
use crate::tui::panel::page;
use crate::wizard::Step;

#[derive(Debug)]
pub struct Plans {
    all: Vec<PlanView>,
    at: usize,
    /// The step that the overview was opened from.
    pub came_from: Option<Step>,
}

impl Plans {
    pub fn new(all: Vec<PlanView>, came_from: Option<Step>) -> Self {
        Self { all, at: 0, came_from }
    }

    pub fn selected(&self) -> Option<i64> {
        self.all.get(self.at).map(|plan| plan.id)
    }

    pub fn perform(&mut self, command: Command, height: u16) {
        self.at = page::moved(self.at, self.all.len(), height.saturating_sub(1), command);
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        canvas.text(area, area.x + 1, area.y, "Plans of the last syncs, the newest first", canvas.look.heading());
        let area = Rect { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
        if self.all.is_empty() {
            canvas.text(area, area.x + 1, area.y, "There is none yet: step 4 makes one.", Style::new());
            canvas.cursor(area, area.x, area.y);
            return;
        }
        let first = page::offset(self.at, self.all.len(), area.height);
        for (row, plan) in page::shown(&self.all, self.at, area.height).enumerate() {
            let y = area.y + units(row);
            let style = if plan.state == PlanState::Stopped { canvas.look.warning() } else { Style::new() };
            canvas.text(area, area.x + 1, y, &plan.line, style);
            if first + row == self.at {
                canvas.select(area, y);
                canvas.cursor(area, area.x, y);
            }
        }
    }
}
