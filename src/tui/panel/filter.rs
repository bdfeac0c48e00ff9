//! A raw filter over several lines, its mistake marked at its column.
//!
//! ```text
//! -- Filter (RFC 4515): Esc is done ---------------------
//!  (&(objectClass=user)
//!    (department=Sales)
//!    (c=NO)
//! ```

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget as _;
use tui_textarea::{CursorMove, TextArea, WrapMode};

use crate::model::text;
use crate::tui::canvas::{Canvas, units};

#[derive(Debug)]
pub struct FilterEditor {
    area: TextArea<'static>,
}

impl FilterEditor {
    /// Opens with the cursor at `column` (characters of the whole text, from 1), or at the end.
    pub fn new(filter: &str, column: Option<usize>) -> Self {
        let mut area = TextArea::new(filter.split('\n').map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(Style::new());
        // The real cursor is put there instead.
        area.set_cursor_style(Style::new());
        let mut editor = Self { area };
        if let Some(column) = column {
            let (row, column) = place(filter, column);
            editor.area.move_cursor(CursorMove::Jump(units(row), units(column)));
        } else {
            editor.area.move_cursor(CursorMove::Bottom);
            editor.area.move_cursor(CursorMove::End);
        }
        editor
    }

    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// True when the text changed.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let moved = match (key.code, ctrl) {
            (KeyCode::Left, false) => CursorMove::Back,
            (KeyCode::Right, false) => CursorMove::Forward,
            (KeyCode::Up, false) => CursorMove::Up,
            (KeyCode::Down, false) => CursorMove::Down,
            (KeyCode::Home, _) => CursorMove::Head,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => CursorMove::End,
            (KeyCode::Enter, _) | (KeyCode::Char('j'), true) => {
                self.area.insert_newline();
                return true;
            }
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => return self.area.delete_char(),
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => return self.area.delete_next_char(),
            (KeyCode::Char('w'), true) => return self.area.delete_word(),
            (KeyCode::Char('k'), true) => return self.area.delete_line_by_end(),
            (KeyCode::Char('u'), true) => return self.area.delete_line_by_head(),
            (KeyCode::Char(c), false) if !text::is_hidden(c) => {
                self.area.insert_char(c);
                return true;
            }
            _ => return false,
        };
        self.area.move_cursor(moved);
        false
    }

    /// Line breaks are kept, whatever else cannot be seen is not.
    pub fn paste(&mut self, pasted: &str) {
        let pasted = pasted.replace("\r\n", "\n").replace('\r', "\n");
        let seen: String = pasted.chars().filter(|c| *c == '\n' || !text::is_hidden(*c)).collect();
        self.area.insert_str(seen);
    }

    pub fn rows(&self) -> u16 {
        units(self.area.lines().len()).max(4)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, wrong_at: Option<usize>) {
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(1), ..area };
        if inner.is_empty() {
            return;
        }
        (&self.area).render(inner, canvas.buffer);
        let (top, left) = self.area.scroll_offset();
        let on_screen = |editor: &TextArea<'_>| {
            let cursor = editor.screen_cursor();
            let x = inner.x.saturating_add(units(cursor.col).saturating_sub(left));
            let y = inner.y.saturating_add(units(cursor.row).saturating_sub(top));
            (cursor.row >= usize::from(top)).then_some((x, y))
        };
        if let Some(column) = wrong_at {
            let (row, column) = place(&self.text(), column);
            let mut elsewhere = self.area.clone();
            elsewhere.move_cursor(CursorMove::Jump(units(row), units(column)));
            if let Some((x, y)) = on_screen(&elsewhere)
                && inner.contains((x, y).into())
                && let Some(cell) = canvas.buffer.cell_mut((x, y))
            {
                cell.set_style(canvas.look.problem().patch(canvas.look.selected()));
            }
        }
        if let Some((x, y)) = on_screen(&self.area) {
            canvas.cursor(inner, x, y);
        }
    }
}

/// The line and the place in it, from 0, of the character `column` of the whole text, from 1.
fn place(text: &str, column: usize) -> (usize, usize) {
    let mut left = column.saturating_sub(1);
    let mut last = (0, 0);
    for (row, line) in text.split('\n').enumerate() {
        let length = line.chars().count();
        if left <= length {
            return (row, left);
        }
        left -= length + 1;
        last = (row, length);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_the_whole_text_is_found_in_its_line() {
        assert_eq!(place("(&(a=b)\n(c=d)", 1), (0, 0));
        assert_eq!(place("(&(a=b)\n(c=d)", 9), (1, 0));
        assert_eq!(place("(&(a=b)\n(c=d)", 99), (1, 5));
        assert_eq!(place("", 1), (0, 0));
    }

    #[test]
    fn a_paste_keeps_its_lines_and_loses_what_cannot_be_seen() {
        let mut editor = FilterEditor::new("", None);
        editor.paste("(&(a=b)\r\n(c=\u{202e}d))\u{1b}");
        assert_eq!(editor.text(), "(&(a=b)\n(c=d))");
    }

    #[test]
    fn it_opens_where_the_mistake_is() {
        let mut editor = FilterEditor::new("(a=b", Some(3));
        editor.key(&KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE));
        assert_eq!(editor.text(), "(ax=b");
    }
}
