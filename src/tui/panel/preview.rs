//! Who matches a mapping, and who is excluded and why.
//!
//! ```text
//! -- Preview  312 users, 9 excluded -------------------
//!  Excluded: 7 without a mail - give the user a mail
//!  Excluded: 2 disabled - enable the account
//!  12 of these are also matched by "Everybody", a later mapping
//!  Name               Account             Mail
//!  Åsa Berg           asa@corp.test       asa@corp.test
//! ```

use std::collections::BTreeSet;

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::page;
use crate::model::count::grouped;
use crate::tui::canvas::{Canvas, cut, units};
use crate::tui::keys::Command;
use crate::tui::look::Look;
use crate::tui::view::{Preview, Reason, Sampled};

#[derive(Debug)]
pub struct PreviewTable {
    preview: Preview,
    open: BTreeSet<usize>,
    at: usize,
}

struct Line {
    text: String,
    style: Style,
    /// The reason for which this line opens the list of users.
    opens: Option<usize>,
    /// The user whom this line is about.
    guid: Option<String>,
}

impl PreviewTable {
    pub fn new(preview: Preview) -> Self {
        Self { preview, open: BTreeSet::new(), at: 0 }
    }

    pub fn title(&self) -> String {
        let Preview { takes, excluded, .. } = &self.preview;
        format!("Preview  {} users, {} excluded", grouped(*takes), grouped(*excluded))
    }

    fn lines(&self, look: Look, width: u16) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut line = |text: String, style: Style, opens: Option<usize>, user: Option<&Sampled>| {
            lines.push(Line { text, style, opens, guid: user.map(|user| user.guid.clone()) });
        };
        for (number, reason) in self.preview.reasons.iter().enumerate() {
            let count = grouped(reason.count);
            let Reason { why, remedy, .. } = reason;
            line(format!("Excluded: {count} {why} - {remedy}"), look.warning(), Some(number), None);
            if self.open.contains(&number) {
                for who in &reason.who {
                    line(format!("    {}", who.cells.join(" ")), Style::new(), Some(number), Some(who));
                }
                let more = reason.count.saturating_sub(reason.who.len() as u64);
                if more > 0 {
                    line(format!("    and {} more", grouped(more)), look.faint(), Some(number), None);
                }
            }
        }
        if self.preview.takes == 0 {
            line(
                "No user matches. Remove conditions from the mapping to match more users.".into(),
                look.problem(),
                None,
                None,
            );
            return lines;
        }
        for (other, users) in &self.preview.also {
            let (users, are) = (grouped(*users), if *users == 1 { "is" } else { "are" });
            let text = format!("{users} of these {are} also matched by \"{other}\", a later mapping");
            line(text, Style::new(), None, None);
        }
        let columns = self.columns(usize::from(width.saturating_sub(1)));
        let cut_mark = look.glyphs().cut;
        let row = |cells: &mut dyn Iterator<Item = &str>| {
            let mut text = String::new();
            for (cell, room) in cells.zip(&columns) {
                let cell = cut(cell, *room, cut_mark);
                text.push_str(&cell);
                text.push_str(&" ".repeat(room.saturating_sub(cell.width()) + 2));
            }
            text
        };
        line(row(&mut self.preview.columns.iter().copied()), look.title(), None, None);
        for user in &self.preview.sample {
            line(row(&mut user.cells.iter().map(String::as_str)), Style::new(), None, Some(user));
        }
        let more = self.preview.takes.saturating_sub(self.preview.sample.len() as u64);
        if more > 0 {
            line(format!("and {} more", grouped(more)), look.faint(), None, None);
        }
        lines
    }

    /// The width of each column: that of its longest cell, and less for the widest when the panel is too narrow.
    fn columns(&self, room: usize) -> Vec<usize> {
        let wanted = |column: usize| {
            let cells = self.preview.sample.iter().filter_map(|user| user.cells.get(column)).map(|cell| cell.width());
            cells.chain([self.preview.columns[column].width()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.preview.columns.len()).map(wanted).collect();
        let room = room.saturating_sub(2 * widths.len());
        while widths.iter().sum::<usize>() > room {
            let Some(widest) = widths.iter_mut().max() else { break };
            if *widest <= 4 {
                break;
            }
            *widest -= 1;
        }
        widths
    }

    /// What to do about those who are excluded for the selected reason.
    pub fn remedy(&self, look: Look, width: u16) -> Option<String> {
        let reason = self.lines(look, width).get(self.at)?.opens?;
        let reason = self.preview.reasons.get(reason)?;
        Some(format!("{}. Enter lists or hides the users.", reason.remedy))
    }

    /// The objectGUID of the selected user, when a user is selected.
    pub fn selected(&self, look: Look, width: u16) -> Option<String> {
        self.lines(look, width).into_iter().nth(self.at)?.guid
    }

    pub fn rows(&self, look: Look, width: u16) -> u16 {
        units(self.lines(look, width).len())
    }

    pub fn perform(&mut self, command: Command, look: Look, width: u16, height: u16) {
        let lines = self.lines(look, width);
        self.at = page::moved(self.at, lines.len(), height, command);
        let opens = lines.get(self.at).and_then(|line| line.opens);
        if let (Command::Enter, Some(reason)) = (command, opens) {
            if !self.open.remove(&reason) {
                self.open.insert(reason);
            }
            let first = self.lines(look, width).iter().position(|line| line.opens == Some(reason));
            self.at = first.unwrap_or(0);
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let lines = self.lines(canvas.look, area.width);
        let at = self.at.min(lines.len().saturating_sub(1));
        let first = page::offset(at, lines.len(), area.height);
        for (row, line) in page::shown(&lines, at, area.height).enumerate() {
            canvas.text(area, area.x + 1, area.y + units(row), &line.text, line.style);
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
    const LOOK: Look = Look { color: false, ascii: true };

    fn sampled(cells: &[&str]) -> Sampled {
        Sampled { guid: cells[0].to_owned(), cells: cells.iter().map(|cell| (*cell).to_owned()).collect() }
    }

    fn table() -> PreviewTable {
        PreviewTable::new(Preview {
            takes: 2_000,
            excluded: 3,
            columns: vec!["Name", "Mail"],
            sample: vec![sampled(&["Åsa Berg", "a-rather-long-address@corp.example.com"])],
            reasons: vec![Reason {
                why: "have no mail".into(),
                count: 3,
                remedy: "give them one".into(),
                who: vec![sampled(&["Per"]), sampled(&["Pål"])],
            }],
            also: vec![("Everybody".into(), 12)],
        })
    }

    #[test]
    fn it_says_how_many_more_there_are_than_it_shows() {
        let mut table = table();
        assert_eq!(table.title(), "Preview  2,000 users, 3 excluded");
        table.perform(Command::Enter, LOOK, 60, 10);
        let text: Vec<String> = table.lines(LOOK, 60).into_iter().map(|line| line.text).collect();
        assert!(text.contains(&"    and 1 more".to_owned()), "{text:?}");
        assert!(text.contains(&"and 1,999 more".to_owned()), "{text:?}");
        let also = "12 of these are also matched by \"Everybody\", a later mapping";
        assert!(text.contains(&also.to_owned()), "{text:?}");
    }

    #[test]
    fn a_table_keeps_to_its_width_and_takes_from_the_widest_column() {
        let widths = table().columns(30);
        assert_eq!(widths.iter().sum::<usize>() + 4, 30);
        assert_eq!(widths[0], "Åsa Berg".width());
    }
}
