//! What the keys do here: the tables that drive them, in words.
//!
//! ```text
//!  Keys here
//!  Ctrl-T          Check this step against what is really there
//!  Tab, Down       The next field or button
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::canvas::{Canvas, units};
use crate::tui::keys::{Binding, Command};
use crate::tui::panel::page;

#[derive(Debug)]
pub struct Help {
    lines: Vec<(String, &'static str)>,
    at: usize,
}

impl Help {
    /// Lists every key of these tables that is not hidden by an earlier one.
    pub fn new(tables: &[&'static Binding]) -> Self {
        let mut taken = Vec::new();
        let mut lines = Vec::new();
        for binding in tables {
            let free: Vec<String> =
                binding.chords.iter().filter(|chord| !taken.contains(*chord)).map(|chord| chord.name()).collect();
            taken.extend(binding.chords.iter().copied());
            if !free.is_empty() {
                lines.push((free.join(", "), binding.help));
            }
        }
        Self { lines, at: 0 }
    }

    pub fn perform(&mut self, command: Command, height: u16) {
        self.at = page::moved(self.at, self.lines.len(), height, command);
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        canvas.text(area, area.x + 1, area.y, "What the keys do here", canvas.look.heading());
        let inner = Rect { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
        let longest = self.lines.iter().map(|(keys, _)| keys.len()).max().unwrap_or(0);
        let column = units(longest).min(area.width / 2);
        let first = page::offset(self.at, self.lines.len(), inner.height);
        for (row, (keys, help)) in page::shown(&self.lines, self.at, inner.height).enumerate() {
            let y = inner.y + units(row);
            let left = Rect { width: (column + 1).min(inner.width), ..inner };
            canvas.text(left, inner.x + 1, y, keys, canvas.look.title());
            canvas.text(inner, inner.x + column + 3, y, help, Style::new());
        }
        let y = inner.y + units(self.at.saturating_sub(first));
        canvas.select(inner, y);
        canvas.cursor(inner, inner.x, y);
    }
}
