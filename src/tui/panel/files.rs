//! The files of an export, before they are written.
//!
//! ```text
//! -- 2 of 5: configmgr/New-Application.ps1 ---------------
//!  The token is in this file. Who can read the share ...
//!  ------------------------------------------------------
//!  # Creates the application with its detection
//!  param([string]$SiteCode)
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::page;
use crate::model::text;
use crate::tui::canvas::{Canvas, units};
use crate::tui::keys::Command;
use crate::tui::message::FileView;

#[derive(Debug)]
pub struct Files {
    all: Vec<FileView>,
    which: usize,
    at: usize,
}

impl Files {
    pub fn new(files: Vec<FileView>) -> Self {
        Self { all: files, which: 0, at: 0 }
    }

    pub fn title(&self) -> String {
        match self.all.get(self.which) {
            Some(file) => {
                let FileView { target, name, .. } = file;
                let count = self.all.len();
                format!(
                    "File {} of {count}: {}/{}  Left/Right: others",
                    self.which + 1,
                    text::shown(target),
                    text::shown(name)
                )
            }
            None => "Files".to_owned(),
        }
    }

    fn lines(&self) -> Vec<&str> {
        self.all.get(self.which).map(|file| file.text.lines().collect()).unwrap_or_default()
    }

    pub fn perform(&mut self, command: Command, height: u16) {
        let count = self.all.len().max(1);
        match command {
            Command::Left => (self.which, self.at) = ((self.which + count - 1) % count, 0),
            Command::Right => (self.which, self.at) = ((self.which + 1) % count, 0),
            _ => self.at = page::moved(self.at, self.lines().len(), height, command),
        }
    }

    pub fn rows(&self) -> u16 {
        units(self.lines().len()).saturating_add(3).max(6)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let Some(file) = self.all.get(self.which) else {
            canvas.text(area, area.x + 1, area.y, "No target is chosen: there is nothing to write.", Style::new());
            canvas.cursor(area, area.x, area.y);
            return;
        };
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        let who = format!("Who can read the token here: {}", text::shown(&file.exposure));
        let used = canvas.wrapped(inner, area.y, (area.height / 2).clamp(1, 4), &who, canvas.look.warning());
        canvas.rule(area, area.y + used, "", Style::new());
        let top = (area.y + used + 1).min(area.bottom());
        let body = Rect { y: top, height: area.bottom() - top, ..inner };
        let lines = self.lines();
        let at = self.at.min(lines.len().saturating_sub(1));
        let first = page::offset(at, lines.len(), body.height);
        for (row, line) in page::shown(&lines, at, body.height).enumerate() {
            // A tab is no control character here but an indent.
            let line = text::shown(&line.replace('\t', "    "));
            canvas.text(body, body.x, body.y + units(row), &line, Style::new());
        }
        if focused {
            canvas.select(body, body.y + units(at - first));
            canvas.cursor(area, body.x, body.y + units(at - first));
        }
    }
}
