//! Where things are drawn: a buffer, a look, and the place of the real cursor.
//!
//! Everything is measured in cells (UAX 11), never in characters or bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::look::Look;
use crate::model::text;

/// A frame in the making.
#[derive(Debug)]
pub struct Canvas<'a> {
    pub buffer: &'a mut Buffer,
    pub look: Look,
    cursor: Option<Position>,
}

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, look: Look) -> Self {
        Self { buffer, look, cursor: None }
    }

    /// Writes `text` into the row `y` of `area`, from `x` on, cut at the area's right edge. Gives the next free column.
    pub fn text(&mut self, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return x;
        }
        let cells = area.right() - x;
        let text = cut(text, usize::from(cells), self.look.glyphs().cut);
        self.buffer.set_stringn(x, y, text, usize::from(cells), style).0
    }

    /// Writes `text` in words over the rows of `area` from `y` on, at most `rows` of them. Gives the rows used.
    pub fn wrapped(&mut self, area: Rect, y: u16, rows: u16, text: &str, style: Style) -> u16 {
        let lines = wrap(text, usize::from(area.width));
        let last = usize::from(rows).min(lines.len());
        for (row, line) in lines.iter().take(last).enumerate() {
            let more = row + 1 == last && lines.len() > last;
            let line = if more { format!("{line} {}", lines[row + 1]) } else { line.clone() };
            self.text(area, area.x, y.saturating_add(units(row)), &line, style);
        }
        units(last)
    }

    /// A rule over the whole width, with a heading in it.
    pub fn rule(&mut self, area: Rect, y: u16, heading: &str, style: Style) {
        let rule = self.look.glyphs().rule;
        let faint = self.look.faint();
        self.text(area, area.x, y, &rule.repeat(usize::from(area.width)), faint);
        if !heading.is_empty() && area.width > 6 {
            let inner = Rect { x: area.x + 2, width: area.width - 4, ..area };
            self.text(inner, inner.x, y, &format!(" {heading} "), style);
        }
    }

    /// Says at the right end of a row that there is more than what is shown, and gives where the row ends now. It changes
    /// with the page and not with each key, which is what a slow line can carry.
    pub fn goes_on(&mut self, area: Rect, y: u16, (above, below): (bool, bool)) -> u16 {
        let word = match (above, below) {
            (true, true) => "more above, below",
            (true, false) => "more above",
            (false, true) => "more below",
            (false, false) => return area.right(),
        };
        let x = area.right().saturating_sub(units(word.len()) + 1);
        self.text(area, x, y, word, self.look.heading());
        x.saturating_sub(1)
    }

    /// Reverses a whole row of `area`.
    pub fn select(&mut self, area: Rect, y: u16) {
        let row = Rect { y, height: 1, ..area }.intersection(area);
        self.buffer.set_style(row, self.look.selected());
    }

    /// The real cursor goes here; the last word counts.
    pub fn cursor(&mut self, area: Rect, x: u16, y: u16) {
        if area.is_empty() {
            return;
        }
        self.cursor =
            Some(Position { x: x.clamp(area.left(), area.right() - 1), y: y.clamp(area.top(), area.bottom() - 1) });
    }

    /// Ends the frame: what the look forbids is replaced, and the cursor's place is known.
    pub fn finish(self) -> Position {
        let cells = &mut self.buffer.content;
        for at in 0..cells.len() {
            let symbol = cells[at].symbol();
            let forbidden = if self.look.ascii { !symbol.is_ascii() } else { symbol.chars().any(text::is_hidden) };
            if forbidden {
                // A wide character stood in two cells.
                let end = (at + symbol.width().max(1)).min(cells.len());
                cells[at..end].iter_mut().for_each(|cell| {
                    cell.set_symbol("?");
                });
            }
        }
        self.cursor.unwrap_or_default()
    }
}

/// A count as a number of rows or columns; more than a screen can hold is the largest number.
pub fn units(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The width in cells.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `cells` cells, ending with `mark` when something was cut off.
pub fn cut(text: &str, cells: usize, mark: &str) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let cells = cells.saturating_sub(mark.width());
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > cells {
            break;
        }
        out.push(c);
    }
    out.push_str(mark);
    out
}

/// The part of `text` that fits into `cells` cells once `skip` cells are excluded on the left.
pub fn window(text: &str, skip: usize, cells: usize) -> String {
    let mut out = String::new();
    let mut at = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if at >= skip && at + wide <= skip + cells {
            out.push(c);
        } else if at < skip && at + wide > skip {
            // Half of a wide character is excluded: a blank keeps the rest in its columns.
            out.push(' ');
        }
        at += wide;
    }
    out
}

/// `text` in lines of at most `cells` cells, broken between words, and within a word that is longer than a line.
/// Line breaks of the text are kept.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        // An indent is part of the text if it leaves enough cells for the text.
        let indent = (paragraph.len() - paragraph.trim_start_matches(' ').len()).min(cells / 2);
        let mut line = " ".repeat(indent);
        let mut used = indent;
        let mut fresh = true;
        for word in paragraph.trim_start_matches(' ').split(' ') {
            let wide = word.width();
            if fresh {
                fresh = false;
            } else if used + 1 + wide > cells {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else {
                line.push(' ');
                used += 1;
            }
            for c in word.chars() {
                let wide = c.width().unwrap_or(0);
                if used + wide > cells && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += wide;
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_is_cut_says_so_and_keeps_to_its_room() {
        assert_eq!(cut("Directory", 9, "~"), "Directory");
        assert_eq!(cut("Directory", 5, "~"), "Dire~");
        assert_eq!(cut("山田太郎", 5, "~"), "山田~");
        assert_eq!(cut("山田", 0, "~"), "~");
    }

    #[test]
    fn a_window_never_shows_half_a_wide_character() {
        assert_eq!(window("山田太郎", 1, 4), " 田");
        assert_eq!(window("abcdef", 2, 3), "cde");
        assert_eq!(window("a山", 0, 2), "a");
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrap("give the user a mail", 9), ["give the", "user a", "mail"]);
        assert_eq!(wrap("OU=Staff,DC=corp", 6), ["OU=Sta", "ff,DC=", "corp"]);
        assert_eq!(wrap("  12 come", 9), ["  12 come"], "an indent stays");
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("a\nb", 5), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room_and_no_character_is_lost(text in "[a-zA-Z 山é]{0,80}", cells in 2usize..30) {
            let lines = wrap(&text, cells);
            prop_assert!(lines.iter().all(|line| line.width() <= cells), "{lines:?}");
            let solid = |text: &str| text.replace(' ', "");
            prop_assert_eq!(solid(&lines.concat()), solid(&text));
        }
    }
}
