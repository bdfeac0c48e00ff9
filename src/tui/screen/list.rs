//! A list: rows in columns, searched, ordered, and acted upon.
//!
//! ```text
//!  Users  1,312 of the 300,000  / asa berg_                by name
//!  Name             State     Account                  Mail
//!  Åsa Berg         active    asa.berg@corp.example... asa.berg@corp...
//! ```
//!
//! Only the rows around those in sight are held: a list may have a million. What can be listed is data
//! ([`listing`](crate::tui::listing)).

mod acting;

use std::collections::BTreeSet;
use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Style;
use tui_input::InputRequest;

use crate::model::count::grouped;
use crate::model::text;
use crate::present::Heading as Column;
use crate::present::Tone;
use crate::tui::canvas::{Canvas, units, width};
use crate::tui::context::Context;
use crate::tui::keys::{self, Binding, Command};
use crate::tui::layout;
use crate::tui::listing::{Act, Asked, Kind, Place, Row, Rows};
use crate::tui::message::Request;
use crate::tui::panel::list::{List, Mode};
use crate::tui::panel::page;
use crate::tui::text_line::{SEARCH, TextLine};
use crate::wizard::form::Choice;

/// How many rows are asked for at a time: a few screens, so that most keys ask for nothing.
const ROWS: u64 = 200;

pub use acting::Begun;

#[derive(Debug)]
pub struct ListScreen {
    asked: Asked,
    rows: Rows,
    /// The first row of a request that is not answered yet.
    coming: Option<u64>,
    /// Whether rows were received: before that, the list is not called empty.
    known: bool,
    /// The row that is selected, among all that were asked for.
    at: usize,
    /// The search that is being typed.
    typing: Option<TextLine>,
    /// The columns that the user does not want.
    hidden: BTreeSet<usize>,
    choosing: Option<List>,
    asking: Asking,
    job: Option<Begun>,
    /// An entry that is to be selected once it is there.
    wanted: Option<String>,
    /// What is to be begun once the list is there.
    due: Option<Act>,
    /// What changes something is not offered.
    read_only: bool,
}

/// The question between a key and its act.
#[derive(Debug)]
enum Asking {
    Nothing,
    /// The question is being asked for.
    Looking(Act, Option<String>),
    YesOrNo(Act, Option<String>, String),
    /// A line is being typed.
    Text {
        act: Act,
        id: Option<String>,
        question: String,
        input: TextLine,
    },
}

/// What a key led to, beyond the list itself.
#[derive(Debug, PartialEq, Eq)]
pub enum Led {
    Nowhere,
    Back,
    To(Place),
}

impl ListScreen {
    /// Asks for the first rows.
    pub fn new(kind: Kind, context: &mut Context) -> Self {
        Self::found(kind, "", context)
    }

    /// The same, of what a search finds.
    pub fn found(kind: Kind, search: &str, context: &mut Context) -> Self {
        let mut screen = Self {
            asked: Asked { kind, search: search.to_owned(), order: 0 },
            rows: Rows::default(),
            coming: None,
            known: false,
            at: 0,
            typing: None,
            hidden: kind.columns().iter().enumerate().filter(|(_, column)| column.extra).map(|(at, _)| at).collect(),
            choosing: None,
            asking: Asking::Nothing,
            job: None,
            wanted: None,
            due: None,
            read_only: context.read_only,
        };
        screen.ask(0, context);
        screen
    }

    pub fn kind(&self) -> Kind {
        self.asked.kind
    }

    /// Reads the shown rows again: the state has changed.
    pub fn look(&mut self, context: &mut Context) {
        self.ask(self.rows.offset, context);
    }

    /// Selects an entry, wherever in the list it is; a search that might hide it ends.
    pub fn select(&mut self, id: &str, context: &mut Context) {
        self.wanted = Some(id.to_owned());
        self.asked.search.clear();
        self.ask(0, context);
    }

    /// Characters go into it.
    pub fn is_typing(&self) -> bool {
        self.typing.is_some() || matches!(self.asking, Asking::Text { .. })
    }

    fn ask(&mut self, offset: u64, context: &mut Context) {
        self.coming = Some(offset);
        context.request(Request::Rows { asked: self.asked.clone(), offset, limit: ROWS });
    }

    fn ask_again(&mut self, context: &mut Context) {
        self.at = 0;
        self.ask(0, context);
    }

    /// Asks for the rows in sight, and a screenful before and behind them, when they are not at hand and not on their way:
    /// so a page further is there at once.
    pub fn ensure(&mut self, context: &mut Context) {
        let height = height(context);
        let total = self.total();
        let first = page::offset(self.at, total, height) as u64;
        let last = (first + u64::from(height)).min(total as u64);
        // No further than what is asked for at once reaches, however tall the screen is.
        let behind = ROWS / 3;
        let more = u64::from(height).min(behind).min((ROWS - behind).saturating_sub(u64::from(height)));
        let near = first.saturating_sub(more)..(last + more).min(total as u64);
        let lacks = |have: Range<u64>| near.start < have.start || near.end > have.end;
        let at_hand = self.rows.offset..self.rows.offset + self.rows.rows.len() as u64;
        let from = first.saturating_sub(behind);
        // To ask again for what has just come would bring nothing new.
        let is_new = from != self.rows.offset || at_hand.is_empty();
        if first < last && lacks(at_hand) && is_new && self.coming.is_none_or(|from| lacks(from..from + ROWS)) {
            self.ask(from, context);
        }
    }

    fn total(&self) -> usize {
        usize::try_from(self.rows.total).unwrap_or(usize::MAX)
    }

    /// Takes rows; those of an earlier search are dropped. The selected entry stays selected. False while other rows are
    /// to come.
    pub fn take(&mut self, asked: &Asked, rows: Rows, context: &mut Context) -> bool {
        if *asked != self.asked {
            return false;
        }
        let id = self.wanted.clone().or_else(|| self.selected().map(|row| row.id.clone()));
        if self.coming == Some(rows.offset) {
            self.coming = None;
        }
        self.rows = rows;
        self.known = true;
        if let Some(wanted) = &self.wanted {
            let end = self.rows.offset + self.rows.rows.len() as u64;
            if self.rows.rows.iter().any(|row| row.id == *wanted) || end >= self.rows.total || self.rows.rows.is_empty()
            {
                self.wanted = None;
            } else {
                self.ask(end, context);
                return false;
            }
        }
        let same = self.rows.rows.iter().position(|row| Some(&row.id) == id.as_ref());
        if let Some(same) = same.map(|same| same + usize::try_from(self.rows.offset).unwrap_or(0)) {
            self.at = same;
        }
        self.at = self.at.min(self.total().saturating_sub(1));
        true
    }

    fn row(&self, at: usize) -> Option<&Row> {
        let at = at.checked_sub(usize::try_from(self.rows.offset).ok()?)?;
        self.rows.rows.get(at)
    }

    /// Nothing, while another entry is on its way to be selected: a key must not go to the one before.
    pub fn selected(&self) -> Option<&Row> {
        self.row(self.at).filter(|_| self.wanted.is_none())
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        let tables: Vec<&'static [Binding]> = match &self.asking {
            Asking::YesOrNo(..) => vec![keys::LIST_CONFIRM, keys::ANYWHERE],
            Asking::Text { .. } => vec![keys::LIST_INPUT, keys::EDIT, keys::ANYWHERE],
            _ if self.typing.is_some() => vec![keys::LIST_SEARCH, keys::EDIT, keys::ANYWHERE],
            _ if self.choosing.is_some() => vec![keys::MARKS, keys::LIST, keys::ENDS, keys::ANYWHERE],
            _ if self.job.is_some() => vec![keys::RUNNING, keys::TABS, keys::ANYWHERE, keys::NO_TEXT],
            _ => {
                let open: &[Binding] = if self.selected().is_some() { keys::LIST_OPEN } else { &[] };
                let of_row = self.selected().map(|row| row.acts.as_slice()).unwrap_or_default();
                let all = of_row.iter().chain(&self.rows.acts).chain(self.asked.kind.acts());
                let acts = keys::acts(self.asked.kind, all.filter(|act| !self.read_only || act.only_looks()));
                let other: &[Binding] = match self.asked.kind {
                    Kind::Devices => keys::TO_ACCOUNTS,
                    Kind::Accounts => keys::TO_DEVICES,
                    _ => &[],
                };
                let orders: &[Binding] = if self.asked.kind.orders().len() > 1 { keys::LIST_ORDER } else { &[] };
                // The search comes before the actions, because the key bar shows only the first keys.
                let first = open.iter().chain(keys::ROWS_SEARCH).chain(acts);
                let rest =
                    [other, orders, keys::MOVE, keys::ROWS, keys::TABS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT];
                return first.chain(rest.into_iter().flatten()).collect();
            }
        };
        tables.into_iter().flatten().collect()
    }

    /// Does what a key asks for.
    pub fn perform(&mut self, command: Command, context: &mut Context) -> Led {
        match std::mem::replace(&mut self.asking, Asking::Nothing) {
            Asking::Nothing | Asking::Looking(..) => {}
            Asking::YesOrNo(act, id, _) => {
                match command {
                    Command::Yes => self.start(act, id, String::new(), context),
                    _ => context.say("No changes."),
                }
                return Led::Nowhere;
            }
            Asking::Text { act, id, question, mut input } => {
                match command {
                    Command::Enter if !input.text().trim().is_empty() => {
                        self.start(act, id, input.text().to_owned(), context);
                    }
                    Command::Back => context.say("No changes."),
                    command => {
                        if let Command::Edit(request) = command {
                            input.edit(request);
                        }
                        self.asking = Asking::Text { act, id, question, input };
                    }
                }
                return Led::Nowhere;
            }
        }
        if let Some(list) = &mut self.choosing {
            match command {
                Command::Enter | Command::Back => self.choose(),
                command => {
                    let _ = list.perform(command, height(context));
                }
            }
            return Led::Nowhere;
        }
        if let Some(line) = &mut self.typing {
            match command {
                // Deleting in an empty search ends it.
                Command::Edit(InputRequest::DeletePrevChar) if line.is_empty() => self.typing = None,
                Command::Edit(request) => {
                    if line.edit(request) {
                        self.search(context);
                    }
                }
                Command::Back if !self.asked.search.is_empty() => {
                    self.asked.search.clear();
                    self.typing = None;
                    self.ask_again(context);
                }
                Command::Enter | Command::Back => self.typing = None,
                command => self.go(command, context),
            }
            return Led::Nowhere;
        }
        match command {
            Command::Back if !self.asked.search.is_empty() => {
                self.asked.search.clear();
                self.ask_again(context);
            }
            Command::Back => return Led::Back,
            Command::Enter => {
                if let Some(row) = self.selected() {
                    return Led::To(Place::Entry(self.asked.kind, row.id.clone()));
                }
            }
            Command::Search => self.typing = Some(TextLine::at_most(&self.asked.search, SEARCH)),
            Command::Sort => {
                self.asked.order = (self.asked.order + 1) % self.asked.kind.orders().len().max(1);
                self.ask_again(context);
            }
            Command::Columns => self.choosing = Some(self.columns_to_choose()),
            Command::Other => {
                return Led::To(Place::List(match self.asked.kind {
                    Kind::Devices => Kind::Accounts,
                    _ => Kind::Devices,
                }));
            }
            Command::Cancel => {
                if let Some(begun) = &mut self.job {
                    begun.cancel(context);
                }
            }
            Command::Do(act) => return self.act(act, context),
            command => self.go(command, context),
        }
        Led::Nowhere
    }

    fn go(&mut self, command: Command, context: &mut Context) {
        self.at = page::moved(self.at, self.total(), height(context), command);
        self.ensure(context);
    }

    /// A character for what is being typed.
    pub fn typed(&mut self, key: &KeyEvent, context: &mut Context) {
        let KeyCode::Char(c) = key.code else { return };
        if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            self.paste(&c.to_string(), context);
        }
    }

    /// Text for what is being typed.
    pub fn paste(&mut self, text: &str, context: &mut Context) {
        if let Asking::Text { input, .. } = &mut self.asking {
            input.insert(text);
        } else if self.typing.as_mut().is_some_and(|line| line.insert(text)) {
            self.search(context);
        }
    }

    /// Searches for what is typed now.
    fn search(&mut self, context: &mut Context) {
        if let Some(line) = &self.typing {
            self.asked.search = line.text().to_owned();
            self.ask_again(context);
        }
    }

    fn columns_to_choose(&self) -> List {
        let columns = self.asked.kind.columns();
        let choices: Vec<Choice> =
            columns.iter().skip(1).map(|column| Choice::new(column.title, column.title, "")).collect();
        let shown = columns.iter().enumerate().skip(1).filter(|(at, _)| !self.hidden.contains(at));
        let chosen: Vec<String> = shown.map(|(_, column)| column.title.to_owned()).collect();
        List::of_choices("Columns", Mode::Several, &choices, &chosen)
    }

    fn choose(&mut self) {
        let Some(list) = self.choosing.take() else { return };
        let columns = self.asked.kind.columns().iter().enumerate().skip(1);
        let hidden = columns.filter(|(_, column)| !list.marked().iter().any(|title| title == column.title));
        self.hidden = hidden.map(|(at, _)| at).collect();
    }

    /// What the help line says.
    pub fn help(&self) -> (String, Tone) {
        match &self.asking {
            Asking::YesOrNo(_, _, question) => (question.clone(), Tone::Warning),
            Asking::Text { question, .. } => (question.clone(), Tone::Help),
            _ if self.job.is_some() => {
                (self.job.as_ref().map(|begun| begun.running.said()).unwrap_or_default(), Tone::Plain)
            }
            _ => (self.asked.kind.about().to_owned(), Tone::Plain),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        self.draw_heading(canvas, area);
        let below =
            |area: Rect| Rect { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
        let area = below(area);
        if let Some(list) = &self.choosing {
            canvas.text(area, area.x + 1, area.y, &list.title(), canvas.look.heading());
            return list.draw(canvas, below(area));
        }
        if self.known && self.rows.total == 0 {
            let nothing = if self.asked.search.is_empty() {
                self.asked.kind.empty()
            } else if self.rows.acts.contains(&Act::Explain) {
                "No user is found. Press Enter, then e: imd looks in the directories and says why. Esc shows all."
            } else {
                "No entry matches. Esc shows all."
            };
            let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
            canvas.wrapped(inner, inner.y, inner.height, nothing, Style::new());
            return;
        }
        let columns = self.places(area.width);
        let headed = area.height >= HEADED;
        if headed {
            for (at, x, room) in &columns {
                let cell = Rect { x: area.x + x, width: *room, ..area };
                canvas.text(cell, cell.x, cell.y, self.asked.kind.columns()[*at].title, canvas.look.faint());
            }
        }
        let area = if headed { below(area) } else { area };
        let first = page::offset(self.at, self.total(), area.height);
        for row in 0..area.height {
            let at = first + usize::from(row);
            let Some(found) = self.row(at) else { continue };
            let y = area.y + row;
            for (column, x, room) in &columns {
                let cell = Rect { x: area.x + x, width: *room, ..area };
                let text = found.cells.get(*column).map(String::as_str).unwrap_or_default();
                let style = if *column == 1 { canvas.look.toned(found.tone) } else { Style::new() };
                canvas.text(cell, cell.x, y, text, style);
            }
            if at == self.at {
                // Of the row only its name: over a slow line, to reverse all of two rows is felt.
                let room = columns.first().map_or(1, |(_, _, room)| *room);
                canvas.select(Rect { x: area.x + 1, width: room, ..area }, y);
                if !self.is_typing() {
                    canvas.cursor(area, area.x + 1, y);
                }
            }
        }
    }

    /// What is listed, how many there are, what is searched for; or the line that is typed.
    fn draw_heading(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let x = area.x + 1;
        if let Asking::Text { input, .. } = &self.asking {
            let x = canvas.text(area, x, area.y, "> ", canvas.look.heading());
            return input.draw(canvas, area, x, area.y, true);
        }
        canvas.cursor(area, x, area.y);
        let x = canvas.text(area, x, area.y, self.asked.kind.title(), canvas.look.heading());
        let count = match (self.known, self.rows.more) {
            (false, _) => "...".to_owned(),
            (true, true) => format!("more than {}", grouped(self.rows.total)),
            (true, false) => grouped(self.rows.total),
        };
        let x = canvas.text(area, x + 2, area.y, &count, Style::new());
        let orders = self.asked.kind.orders();
        let order = orders.get(self.rows.order.unwrap_or(self.asked.order)).filter(|_| orders.len() > 1);
        let mut end = area.right();
        if let Some(order) = order {
            let order = format!("by {order}");
            end = end.saturating_sub(units(width(&order)) + 1);
            canvas.text(area, end, area.y, &order, canvas.look.faint());
            end = end.saturating_sub(1);
        }
        let height = in_sight(area.height.saturating_sub(1));
        let beyond = page::beyond(self.at, self.total(), height);
        let end = canvas.goes_on(Rect { width: end.saturating_sub(area.x), ..area }, area.y, beyond);
        let room = Rect { width: end.saturating_sub(area.x), ..area };
        if let Some(line) = &self.typing {
            let x = canvas.text(area, x + 2, area.y, "/ ", canvas.look.heading());
            line.draw(canvas, room, x, area.y, true);
        } else if !self.asked.search.is_empty() {
            let x = canvas.text(area, x + 2, area.y, "/ ", canvas.look.heading());
            canvas.text(room, x, area.y, &text::shown(&self.asked.search), Style::new());
        }
    }

    /// Which columns are shown, where each begins, and how wide it is.
    fn places(&self, room: u16) -> Vec<(usize, u16, u16)> {
        let columns: &[Column] = self.asked.kind.columns();
        let wanted: Vec<usize> = (0..columns.len()).filter(|at| !self.hidden.contains(at)).collect();
        let mut shown: Vec<usize> = Vec::new();
        let mut used = 1;
        for at in wanted {
            let wide = columns[at].width + u16::from(!shown.is_empty()) * 2;
            if !shown.is_empty() && used + wide > room {
                break;
            }
            used += wide;
            shown.push(at);
        }
        // The remaining width is shared in proportion to the width of each column.
        let growing: u32 = shown.iter().filter(|at| columns[**at].grows).map(|at| u32::from(columns[*at].width)).sum();
        let left = u32::from(room.saturating_sub(used));
        let more = |column: &Column| {
            let part = (left * u32::from(column.width)).checked_div(growing).unwrap_or(0);
            if column.grows { u16::try_from(part).unwrap_or(0) } else { 0 }
        };
        let mut x = 1;
        let mut places = Vec::new();
        for at in shown {
            let wide = columns[at].width + more(&columns[at]);
            places.push((at, x, wide.min(room.saturating_sub(x))));
            x += wide + 2;
        }
        places
    }
}

/// From so many rows on, one is spent on the columns' names.
const HEADED: u16 = 5;

/// How many rows are in sight.
fn height(context: &Context) -> u16 {
    in_sight(layout::areas(context.size.0, context.size.1).body.height.saturating_sub(1))
}

/// Of what is below the heading, what is left for rows.
const fn in_sight(rows: u16) -> u16 {
    if rows >= HEADED { rows - 1 } else { rows }
}
