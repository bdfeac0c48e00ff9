//! A list to choose from: one of it, several of it, or several in an order.
//!
//! ```text
//! -- Group  search: lap -------------------------------
//!    Laptop Users            CN=Laptop Users,OU=Groups
//!    Laptops Oslo            CN=Laptops Oslo,OU=Groups
//! ```
//!
//! ```text
//! -- Authentication: Space marks, Left/Right changes the order -
//!  [1] Kerberos   A ticket of the user's own session.
//!  [2] Password   The user's password, tried once.
//!  [ ] Unverified not available: only alone
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;
use tui_input::InputRequest;

use super::page;
use crate::model::text;
use crate::tui::canvas::{Canvas, units, width};
use crate::tui::keys::Command;
use crate::tui::text_line::{SEARCH, TextLine};
use crate::tui::view::PickedItem;
use crate::wizard::form::Choice;

/// How much may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    One,
    Several,
    Ordered,
}

#[derive(Debug)]
pub struct List {
    title: String,
    mode: Mode,
    items: Vec<Item>,
    /// What was typed to narrow the list.
    search: TextLine,
    at: usize,
    /// The values that are marked, in order.
    marked: Vec<String>,
    /// There was more to pick from than was read: typing has to ask again.
    partial: bool,
}

/// As many cells are kept for the details, where they need them.
const LEAST_DETAIL: u16 = 20;
/// So many items mean that there may be more.
const PART: usize = 200;

#[derive(Debug)]
struct Item {
    value: String,
    label: String,
    detail: String,
    refused: Option<String>,
}

impl List {
    /// Of the choices of a field.
    pub fn of_choices(title: &str, mode: Mode, choices: &[Choice], chosen: &[String]) -> Self {
        let item = |choice: &Choice| Item {
            value: choice.value.clone(),
            label: text::shown(&choice.label),
            detail: text::shown(&choice.consequence),
            refused: choice.refused.clone(),
        };
        let mut items: Vec<Item> = choices.iter().map(item).collect();
        if mode == Mode::Ordered {
            // What is chosen comes first, in its order, so that the list reads as the answer.
            items.sort_by_key(|item| chosen.iter().position(|value| *value == item.value).unwrap_or(usize::MAX));
        }
        let at = items.iter().position(|item| mode == Mode::One && chosen.contains(&item.value)).unwrap_or(0);
        let marked = if mode == Mode::One { Vec::new() } else { chosen.to_vec() };
        Self { title: title.to_owned(), mode, items, search: TextLine::at_most("", SEARCH), at, marked, partial: false }
    }

    /// Of what was found in the directory.
    pub fn of_picked(title: &str, picked: Vec<PickedItem>, chosen: &str) -> Self {
        let items = items_of(picked);
        let at = items.iter().position(|item| item.value == chosen).unwrap_or(0);
        let partial = items.len() >= PART;
        Self {
            title: title.to_owned(),
            mode: Mode::One,
            items,
            search: TextLine::at_most("", SEARCH),
            at,
            marked: Vec::new(),
            partial,
        }
    }

    /// Replaces the items by those that begin with the search.
    pub fn replace(&mut self, picked: Vec<PickedItem>) {
        self.items = items_of(picked);
        self.at = 0;
    }

    /// What was typed, when more has to be read for it.
    pub fn wants(&self) -> Option<&str> {
        self.partial.then_some(self.search.text())
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn marked(&self) -> &[String] {
        &self.marked
    }

    pub fn title(&self) -> String {
        match self.mode {
            Mode::One if self.search.is_empty() => format!("{}  type to search", self.title),
            Mode::One => format!("{}  search: {}", self.title, self.search.text()),
            Mode::Several => format!("{}  Space marks, Enter is done", self.title),
            Mode::Ordered => format!("{}  Space marks, Left/Right changes the order", self.title),
        }
    }

    fn found(&self) -> Vec<&Item> {
        let search = self.search.text().to_lowercase();
        let matches = |item: &&Item| {
            search.is_empty()
                || item.label.to_lowercase().contains(&search)
                || item.detail.to_lowercase().contains(&search)
        };
        self.items.iter().filter(matches).collect()
    }

    /// Searches for more. True when the search changed.
    pub fn search(&mut self, text: &str) -> bool {
        let changed = self.mode == Mode::One && self.search.insert(text);
        if changed {
            self.at = 0;
        }
        changed
    }

    /// Edits the search. True when it changed.
    pub fn edit(&mut self, request: InputRequest) -> bool {
        let changed = self.mode == Mode::One && self.search.edit(request);
        if changed {
            self.at = 0;
        }
        changed
    }

    /// The value that Enter chooses; `Err` says why it cannot be chosen.
    pub fn chosen(&self) -> Option<Result<String, String>> {
        let found = self.found();
        let item = found.get(self.at)?;
        Some(match &item.refused {
            Some(reason) => Err(reason.clone()),
            None => Ok(item.value.clone()),
        })
    }

    /// Moves and marks. `Err` says why something cannot be marked.
    pub fn perform(&mut self, command: Command, height: u16) -> Result<(), String> {
        match command {
            Command::Toggle if self.mode != Mode::One => self.toggle()?,
            Command::Earlier if self.mode == Mode::Ordered => self.shift(false),
            Command::Later if self.mode == Mode::Ordered => self.shift(true),
            _ => self.at = page::moved(self.at, self.found().len(), height, command),
        }
        Ok(())
    }

    fn toggle(&mut self) -> Result<(), String> {
        let Some(item) = self.items.get(self.at) else { return Ok(()) };
        if let Some(at) = self.marked.iter().position(|value| *value == item.value) {
            self.marked.remove(at);
        } else if let Some(reason) = &item.refused {
            return Err(reason.clone());
        } else {
            self.marked.push(item.value.clone());
        }
        if self.mode == Mode::Several {
            // Marks keep the order of the list, whatever order they were set in.
            let items = &self.items;
            self.marked.sort_by_key(|value| items.iter().position(|item| item.value == *value));
        }
        Ok(())
    }

    fn shift(&mut self, later: bool) {
        let Some(item) = self.items.get(self.at) else { return };
        let Some(from) = self.marked.iter().position(|value| *value == item.value) else { return };
        let to = if later { from + 1 } else { from.wrapping_sub(1) };
        if to >= self.marked.len() {
            return;
        }
        self.marked.swap(from, to);
        let value = item.value.clone();
        let marked = &self.marked;
        self.items.sort_by_key(|item| marked.iter().position(|value| *value == item.value).unwrap_or(usize::MAX));
        self.at = self.items.iter().position(|item| item.value == value).unwrap_or(0);
    }

    pub fn rows(&self) -> u16 {
        units(self.found().len()).max(1)
    }

    /// Draws the search text at its place in the heading, which is the first row of `area`.
    pub fn draw_search(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let before = width(&self.title()).saturating_sub(width(self.search.text()));
        let x = area.x.saturating_add(3).saturating_add(units(before));
        let end = area.right().saturating_sub(3);
        if self.mode == Mode::One && !self.search.is_empty() && x < end {
            self.search.draw(canvas, Rect { width: end - area.x, height: 1, ..area }, x, area.y, true);
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let found = self.found();
        if found.is_empty() {
            let text = if self.search.is_empty() { "The list is empty." } else { "No entry matches." };
            canvas.text(area, area.x + 1, area.y, text, Style::new());
            canvas.cursor(area, area.x, area.y);
            return;
        }
        let marks = if self.mode == Mode::One { 1 } else { 5 };
        let labels = units(found.iter().map(|item| width(&item.label)).max().unwrap_or(0));
        let details = units(found.iter().map(|item| width(&item.detail)).max().unwrap_or(0));
        // The label is what is chosen, and compared before it is: details are cut first, down to half of a small list.
        let room = area.width.saturating_sub(marks + 2);
        let label_width = labels.min(room.saturating_sub(details.min(LEAST_DETAIL).min(room / 2))).max(8);
        let first = page::offset(self.at, found.len(), area.height);
        for (row, item) in page::shown(&found, self.at, area.height).enumerate() {
            let y = area.y + units(row);
            let place = self.marked.iter().position(|value| *value == item.value);
            let glyphs = canvas.look.glyphs();
            let mark = match (self.mode, place) {
                (Mode::One, _) => String::new(),
                (Mode::Ordered, Some(place)) => format!("[{}]", place + 1),
                (_, Some(_)) => format!("[{}]", glyphs.on),
                (_, None) => format!("[{}]", glyphs.off),
            };
            canvas.text(area, area.x + 1, y, &mark, Style::new());
            let label = Rect { width: (marks + label_width).min(area.width), ..area };
            canvas.text(label, area.x + marks, y, &item.label, Style::new());
            let (detail, style) = match &item.refused {
                Some(reason) => (format!("not available: {reason}"), canvas.look.warning()),
                None => (item.detail.clone(), canvas.look.faint()),
            };
            canvas.text(area, area.x + marks + label_width + 2, y, &detail, style);
            if first + row == self.at {
                canvas.select(area, y);
                canvas.cursor(area, area.x, y);
            }
        }
    }
}

fn items_of(picked: Vec<PickedItem>) -> Vec<Item> {
    let item = |item: PickedItem| Item { value: item.value, label: item.label, detail: item.detail, refused: None };
    picked.into_iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<Choice> {
        let mut refused = Choice::new("unverified", "Unverified", "no proof");
        refused.refused = Some("only alone".into());
        vec![Choice::new("kerberos", "Kerberos", "a ticket"), Choice::new("password", "Password", "a bind"), refused]
    }

    #[test]
    fn the_order_of_marks_can_be_changed() {
        let mut list = List::of_choices("Proofs", Mode::Ordered, &choices(), &["password".into()]);
        list.perform(Command::Down, 5).expect("moves");
        list.perform(Command::Toggle, 5).expect("marks kerberos");
        assert_eq!(list.marked(), ["password", "kerberos"]);
        list.perform(Command::Earlier, 5).expect("moves it up");
        assert_eq!(list.marked(), ["kerberos", "password"]);
        assert_eq!(list.chosen(), Some(Ok("kerberos".into())), "the selection follows what was moved");
    }

    #[test]
    fn what_is_refused_can_be_read_but_not_chosen() {
        let mut list = List::of_choices("Proofs", Mode::Several, &choices(), &[]);
        list.perform(Command::Last, 5).expect("moves");
        assert_eq!(list.perform(Command::Toggle, 5), Err("only alone".into()));
        assert!(list.marked().is_empty());
        assert_eq!(list.chosen(), Some(Err("only alone".into())));
    }

    #[test]
    fn a_pin_is_shown_whole_beside_its_server_at_eighty_columns() {
        let pin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned();
        let detail = "ldaps://dc1.corp.example.com, signed by \"Corp CA\"".to_owned();
        let picked = PickedItem { value: pin.clone(), label: pin.clone(), detail, has_children: false };
        let list = List::of_picked("Pin", vec![picked], "");
        let area = Rect::new(0, 0, 80, 3);
        let mut buffer = ratatui::buffer::Buffer::empty(area);
        list.draw(&mut Canvas::new(&mut buffer, crate::tui::look::Look { color: false, ascii: true }), area);
        let line: String = buffer.content[..80].iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(line.contains(&pin) && line.contains("ldaps://dc1.corp"), "{line}");
    }

    #[test]
    fn letters_narrow_the_list_without_regard_to_case() {
        let mut list = List::of_choices("Proofs", Mode::One, &choices(), &["password".into()]);
        assert_eq!(list.chosen(), Some(Ok("password".into())), "it opens on what is chosen");
        assert!(list.search("KER"));
        assert_eq!((list.found().len(), list.chosen()), (1, Some(Ok("kerberos".into()))));
        list.search("!");
        assert_eq!(list.chosen(), None);
    }
}
