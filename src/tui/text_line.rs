//! A line of text that is typed: the one editor behind every field, search and question.

use ratatui::layout::Rect;
use ratatui::style::Style;
use tui_input::{Input, InputRequest};

use super::canvas::{Canvas, units, width, window};
use crate::model::text;

/// Longer than any search or name, and as much as an index should have to look for.
pub const SEARCH: usize = 200;

#[derive(Debug, Default)]
pub struct TextLine {
    input: Input,
    /// How many characters fit; 0 is no limit.
    most: usize,
}

impl TextLine {
    /// Creates a line with the cursor at its end.
    pub fn new(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), most: 0 }
    }

    /// Takes at most so many characters.
    pub fn at_most(text: &str, most: usize) -> Self {
        Self { most, ..Self::new(text) }
    }

    pub fn text(&self) -> &str {
        self.input.value()
    }

    pub fn is_empty(&self) -> bool {
        self.input.value().is_empty()
    }

    /// Moves or deletes. True when the text changed.
    pub fn edit(&mut self, request: InputRequest) -> bool {
        self.input.handle(request).is_some_and(|change| change.value)
    }

    /// Inserts what was typed or pasted, without line breaks and hidden characters. True when the text changed.
    pub fn insert(&mut self, inserted: &str) -> bool {
        let mut changed = false;
        for c in inserted.chars().filter(|c| !text::is_hidden(*c) && !c.is_control()) {
            if self.most == 0 || self.input.value().chars().count() < self.most {
                changed |= self.edit(InputRequest::InsertChar(c));
            }
        }
        changed
    }

    /// Draws the line into the row `y` from `x` on, scrolled so that the cursor is visible. With the focus, the
    /// real cursor is in it.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, x: u16, y: u16, focused: bool) {
        let before: String = self.input.value().chars().take(self.input.cursor()).collect();
        let place = width(&text::shown(&before));
        let room = usize::from(area.right().saturating_sub(x));
        let skip = (place + 1).saturating_sub(room);
        canvas.text(area, x, y, &window(&text::shown(self.input.value()), skip, room), Style::new());
        if focused {
            canvas.cursor(area, x.saturating_add(units(place.saturating_sub(skip))), y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_the_whole_line_can_be_deleted_at_the_cursor() {
        let mut line = TextLine::new("laptop users oslo");
        assert!(line.edit(InputRequest::DeletePrevWord));
        assert_eq!(line.text(), "laptop users ");
        assert!(!line.edit(InputRequest::GoToStart), "the text is the same");
        assert!(line.insert("my "));
        assert_eq!(line.text(), "my laptop users ");
        assert!(line.edit(InputRequest::DeleteLine));
        assert!(line.is_empty());
    }

    #[test]
    fn a_paste_loses_what_cannot_be_seen_and_what_does_not_fit() {
        let mut line = TextLine::at_most("", 4);
        assert!(line.insert("a\r\nb\u{1b}\u{202e}cdef"));
        assert_eq!(line.text(), "abcd");
        assert!(!line.insert("g"));
    }
}
