//! What the screen is for, and what the keys do there: the tables that drive them, in words.
//!
//! ```text
//!  Users whom a mapping took from a directory at the last sync.
//!
//!  What the keys do here
//!  Ctrl-T          Check this step against what is really there
//!  Tab, Down       The next field or button
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::canvas::{Canvas, units, wrap};
use crate::tui::keys::{Binding, Command};
use crate::tui::listing::Kind;
use crate::tui::panel::page;

#[derive(Debug)]
pub struct Help {
    /// What the screen is for.
    about: &'static str,
    lines: Vec<(String, String)>,
    at: usize,
}

impl Help {
    /// Lists, with the verb that does the same, every key of these tables that is not hidden by an earlier one.
    pub fn new(about: &'static str, kind: Option<Kind>, tables: &[&'static Binding]) -> Self {
        let mut taken = Vec::new();
        let mut lines = Vec::new();
        for binding in tables {
            let free: Vec<String> =
                binding.chords.iter().filter(|chord| !taken.contains(*chord)).map(|chord| chord.name()).collect();
            taken.extend(binding.chords.iter().copied());
            if !free.is_empty() {
                // What a script would write for it.
                let verb = match (kind, binding.command) {
                    (Some(kind), Command::Do(act)) => kind.done_by(act),
                    (Some(kind), Command::Enter) => Some(kind.shown_by()),
                    _ => None,
                };
                let verb = verb.map(|verb| format!(": imd {verb}")).unwrap_or_default();
                lines.push((free.join(", "), format!("{}{verb}", binding.help)));
            }
        }
        Self { about: about.trim_end(), lines, at: 0 }
    }

    pub fn perform(&mut self, command: Command, height: u16) {
        self.at = page::moved(self.at, self.lines.len(), height, command);
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let longest = self.lines.iter().map(|(keys, _)| keys.len()).max().unwrap_or(0);
        let column = units(longest).min(area.width / 2);
        let room = usize::from(area.width.saturating_sub(2)).max(8);
        // The purpose is shown above the keys if it needs less than half of the area.
        let about = if self.about.is_empty() { Vec::new() } else { wrap(self.about, room) };
        let about = if about.len() < usize::from(area.height / 2) { about } else { Vec::new() };
        for (row, line) in about.iter().enumerate() {
            canvas.text(area, area.x + 1, area.y + units(row), line, Style::new());
        }
        let used = if about.is_empty() { 0 } else { units(about.len()) + 1 };
        let y = area.y + used;
        let inner = Rect { y: (y + 1).min(area.bottom()), height: area.height.saturating_sub(used + 1), ..area };
        let end = canvas.goes_on(area, y, page::beyond(self.at, self.lines.len(), inner.height));
        let heading = Rect { width: end.saturating_sub(area.x), ..area };
        canvas.text(heading, area.x + 1, y, "Keys", canvas.look.heading());
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
