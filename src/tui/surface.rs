//! The screen as the terminal has it: each frame costs one write of what differs, and nothing when nothing differs.
//!
//! Ratatui's own `Terminal` writes 32 bytes in two writes for a frame without a change, and asks the terminal for its
//! cursor when it clears; over a slow line both are felt.

use std::io::{self, Write};

use crossterm::queue;
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

use super::app::App;
use super::frame;

#[derive(Debug)]
pub struct Surface<W> {
    out: W,
    /// What the terminal shows; `None` when that is not known.
    shown: Option<Buffer>,
    cursor: Position,
}

impl<W: Write> Surface<W> {
    pub fn new(out: W) -> Self {
        Self { out, shown: None, cursor: Position::default() }
    }

    /// The terminal may show anything now: the next frame is drawn whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Brings the terminal to what the app is now. Gives the number of bytes written.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn show(&mut self, app: &App) -> io::Result<usize> {
        let area = Rect { x: 0, y: 0, width: app.context.size.0, height: app.context.size.1 };
        let mut next = Buffer::empty(area);
        let cursor = frame::draw(app, &mut next);
        let mut bytes = Vec::new();
        let blank;
        let before = if let Some(shown) = self.shown.as_ref().filter(|shown| shown.area == area) {
            shown
        } else {
            queue!(bytes, crossterm::terminal::Clear(crossterm::terminal::ClearType::All))?;
            blank = Buffer::empty(area);
            &blank
        };
        let changes = before.diff(&next);
        let whole = !bytes.is_empty();
        if !changes.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(close_gaps(&changes, &next).into_iter())?;
        }
        if !bytes.is_empty() || cursor != self.cursor || whole {
            queue!(bytes, crossterm::cursor::MoveTo(cursor.x, cursor.y))?;
            self.out.write_all(&bytes)?;
            self.out.flush()?;
        }
        self.shown = Some(next);
        self.cursor = cursor;
        Ok(bytes.len())
    }
}

/// A change of the screen, as the backend takes it.
type Change<'a> = (u16, u16, &'a Cell);

/// To jump over a few cells costs more bytes than to write them again.
const JUMP: u16 = 6;

/// Adds the unchanged cells between two changes of a row where writing them is cheaper than jumping over them.
fn close_gaps<'a>(changes: &[Change<'a>], next: &'a Buffer) -> Vec<Change<'a>> {
    let mut all: Vec<Change<'a>> = Vec::with_capacity(changes.len());
    for &(x, y, cell) in changes {
        if let Some(&(last_x, last_y, last)) = all.last()
            && last_y == y
            && x > last_x + 1
            && x - last_x <= JUMP
        {
            // Only plain characters in the style that is set anyway: what is wide has a second cell to mind.
            let plain = |cell: &Cell| cell.symbol().len() == 1 && cell.style() == last.style();
            if plain(last) && (last_x + 1..x).all(|x| plain(&next[(x, y)])) {
                all.extend((last_x + 1..x).map(|x| (x, y, &next[(x, y)])));
            }
        }
        all.push((x, y, cell));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::look::Look;
    use crate::tui::message::Message;

    /// Counts how often it is written to.
    #[derive(Default)]
    struct Writes(Vec<usize>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_one_write_and_a_frame_without_a_change_is_none() {
        let (mut app, _) = App::new(Look { color: true, ascii: false }, (80, 24));
        let mut surface = Surface::new(Writes::default());
        surface.show(&app).expect("a vector takes everything");
        assert_eq!(surface.out.0.len(), 1);
        surface.show(&app).expect("a vector takes everything");
        assert_eq!(surface.out.0.len(), 1);
        app.update(Message::Resize(100, 30));
        surface.show(&app).expect("a vector takes everything");
        assert_eq!(surface.out.0.len(), 2);
        surface.forget();
        surface.show(&app).expect("a vector takes everything");
        assert_eq!(surface.out.0.len(), 3, "drawn whole, though nothing changed");
    }
}
