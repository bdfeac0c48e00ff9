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
use crate::tui::canvas::{Canvas, units, wrap};
use crate::tui::keys::Command;
use crate::tui::look::Look;
use crate::tui::view::FileView;

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
                    "File {} of {count}: {}/{}  Left/Right: other files",
                    self.which + 1,
                    text::shown(target),
                    text::shown(name)
                )
            }
            None => "Files".to_owned(),
        }
    }

    /// Who can read the token, then the file itself. Nothing is cut off: what is longer than a row goes on in the next.
    fn lines(&self, look: Look, width: u16) -> Vec<(String, Style)> {
        let Some(file) = self.all.get(self.which) else {
            return vec![("No deployment tool is chosen.".to_owned(), Style::new())];
        };
        let room = usize::from(width.saturating_sub(2)).max(8);
        let who = format!("Who can read the token here: {}", text::shown(&file.exposure));
        let mut lines: Vec<_> = wrap(&who, room).into_iter().map(|line| (line, look.warning())).collect();
        lines.push((look.glyphs().rule.repeat(room), look.faint()));
        for line in file.text.lines() {
            // A tab is no control character here but an indent.
            let line = text::shown(&line.replace('\t', "    "));
            lines.extend(wrap(&line, room).into_iter().map(|line| (line, Style::new())));
        }
        lines
    }

    pub fn perform(&mut self, command: Command, look: Look, width: u16, height: u16) {
        let count = self.all.len().max(1);
        match command {
            Command::Left => (self.which, self.at) = ((self.which + count - 1) % count, 0),
            Command::Right => (self.which, self.at) = ((self.which + 1) % count, 0),
            _ => self.at = page::moved(self.at, self.lines(look, width).len(), height, command),
        }
    }

    pub fn rows(&self, look: Look, width: u16) -> u16 {
        units(self.lines(look, width).len()).max(6)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let lines = self.lines(canvas.look, area.width);
        let at = self.at.min(lines.len().saturating_sub(1));
        let first = page::offset(at, lines.len(), area.height);
        for (row, (line, style)) in page::shown(&lines, at, area.height).enumerate() {
            canvas.text(area, area.x + 1, area.y + units(row), line, *style);
        }
        if focused {
            canvas.select(area, area.y + units(at - first));
            canvas.cursor(area, area.x, area.y + units(at - first));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_read_the_token_is_first_and_lines_are_whole() {
        let text = format!("msiexec /i imd.msi {}\r\n", "A".repeat(90));
        let file =
            FileView { target: "msiexec".into(), name: "install.cmd".into(), text, exposure: "everybody".into() };
        let files = Files::new(vec![file]);
        let lines: Vec<String> =
            files.lines(Look { color: false, ascii: true }, 40).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines[0], "Who can read the token here: everybody");
        assert_eq!(lines[2..].concat().replace(' ', ""), format!("msiexec/iimd.msi{}", "A".repeat(90)));
    }
}
