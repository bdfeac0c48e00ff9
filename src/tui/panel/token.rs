//! The token that was just made, masked until the administrator shows it.
//!
//! ```text
//! -- Token "rollout-2026" --------------------------------
//!  imd1.****************************************************
//!  id 4f0c..., valid until 2027-02-21, 5,000 activations
//!
//!  Step 7 puts it into the installer's parameters.
//!  s shows it   c copies it   w writes it to a file
//! ```

use std::path::PathBuf;

use ratatui::layout::Rect;
use ratatui::style::Style;
use tui_input::InputRequest;

use crate::model::text;
use crate::tui::canvas::{Canvas, units, wrap};
use crate::tui::text_line::TextLine;
use crate::tui::view::MintedToken;

#[allow(missing_debug_implementations, reason = "it holds a token")]
pub struct Reveal {
    minted: MintedToken,
    shown: bool,
    /// The name of the file it shall be written to, while that is being typed.
    file: Option<TextLine>,
}

impl Reveal {
    pub fn new(minted: MintedToken) -> Self {
        Self { minted, shown: false, file: None }
    }

    pub fn minted(&self) -> &MintedToken {
        &self.minted
    }

    pub fn title(&self) -> String {
        format!("Token \"{}\"", text::shown(&self.minted.name))
    }

    pub fn toggle(&mut self) {
        self.shown = !self.shown;
    }

    pub fn hide(&mut self) {
        self.shown = false;
    }

    pub fn asks_for_file(&self) -> bool {
        self.file.is_some()
    }

    pub fn ask_for_file(&mut self) {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        let name: String = self.minted.name.chars().map(plain).collect();
        self.file = Some(TextLine::new(&format!("{name}.token")));
    }

    pub fn forget_file(&mut self) {
        self.file = None;
    }

    pub fn insert(&mut self, text: &str) {
        if let Some(file) = &mut self.file {
            file.insert(text);
        }
    }

    pub fn edit(&mut self, request: InputRequest) {
        if let Some(file) = &mut self.file {
            file.edit(request);
        }
    }

    /// The file that was named; the question is over.
    pub fn file(&mut self) -> Option<PathBuf> {
        let file = self.file.take()?;
        let name = file.text().trim();
        (!name.is_empty()).then(|| PathBuf::from(name))
    }

    pub fn rows(&self, room: u16) -> u16 {
        let token =
            if self.shown { wrap(self.minted.token.expose(), usize::from(room.saturating_sub(2))).len() } else { 1 };
        units(token + self.minted.facts.len() + 3)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let mut y = area.y;
        if let Some(file) = &self.file {
            let ask = "Write it to: ";
            let x = canvas.text(inner, inner.x, y, ask, canvas.look.heading());
            file.draw(canvas, inner, x, y, true);
            y += 1;
            y += canvas.wrapped(
                inner,
                y,
                2,
                "A new file in this folder, readable by you only (mode 0600).",
                canvas.look.faint(),
            );
        }
        if self.shown {
            let rows = inner.bottom().saturating_sub(y);
            y += canvas.wrapped(inner, y, rows, self.minted.token.expose(), canvas.look.title());
        } else {
            let length = self.minted.token.expose().chars().count().min(usize::from(inner.width));
            let mask = canvas.look.glyphs().masked.repeat(length);
            canvas.text(inner, inner.x, y, &mask, Style::new());
            y += 1;
        }
        for fact in &self.minted.facts {
            y += canvas.wrapped(inner, y, 2, &text::shown(fact), Style::new());
        }
        let word = "Step 7 puts it into the exports. It can be shown here again.";
        y += canvas.wrapped(inner, y, 2, word, canvas.look.faint());
        if self.file.is_none() {
            let keys = if self.shown {
                "s hides it   c copies it   w writes it to a file"
            } else {
                "s shows it   c copies it   w writes it to a file"
            };
            canvas.text(inner, inner.x, y, keys, Style::new());
            if focused {
                canvas.cursor(inner, inner.x, y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    #[test]
    fn the_proposed_file_is_named_after_the_token() {
        let minted = MintedToken { token: Secret::new("t"), name: "../roll out".into(), facts: Vec::new() };
        let mut reveal = Reveal::new(minted);
        reveal.ask_for_file();
        assert_eq!(reveal.file(), Some(PathBuf::from("..-roll-out.token")));
        assert_eq!(reveal.file(), None, "asked once, answered once");
    }
}
