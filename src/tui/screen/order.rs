//! The order of the mappings, and which users another order moves, shown before it is saved.
//!
//! ```text
//!  The first mapping that matches a user applies
//!  1  Kiosks         profile Kiosks, storage eu-1
//!  2  Laptops        profile Laptops, storage eu-1
//! -- In this order: 12 users change mapping --------------------
//!  12 users go from Laptops to Kiosks: profile Laptops -> Kiosks
//!    Åsa Berg, Per Hansen and 10 more
//! ```
//!
//! The moves come from the last sync; only the key "read" reads the directories.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::count::grouped;
use crate::model::name::Name;
use crate::present::Tone;
use crate::tui::canvas::{Canvas, units, width, wrap};
use crate::tui::context::{Context, Notice};
use crate::tui::keys::{self, Binding, Command};
use crate::tui::message::{Request, Work};
use crate::tui::panel::page;
use crate::tui::view::{JobId, MappingView, MovesView, Trouble};

#[derive(Debug)]
pub struct OrderScreen {
    /// As it is saved.
    saved: Vec<MappingView>,
    /// As it is on the screen.
    now: Vec<MappingView>,
    at: usize,
    moves: Moves,
    /// The question before saving is shown.
    asking: bool,
    /// Another administrator changed the mappings while they were being ordered here.
    outdated: bool,
    job: Option<JobId>,
}

/// Which users would change mapping.
#[derive(Debug)]
enum Moves {
    /// Asked for, and not answered yet.
    Asked,
    Known(MovesView),
    /// The mappings were changed since they were last read.
    Unread,
}

fn names(mappings: &[MappingView]) -> Vec<Name> {
    mappings.iter().map(|mapping| mapping.name.clone()).collect()
}

impl OrderScreen {
    /// Opens on the mapping of that name.
    pub fn new(mappings: Vec<MappingView>, on: Option<&str>, context: &mut Context) -> Self {
        let at = mappings.iter().position(|mapping| Some(mapping.name.as_str()) == on).unwrap_or(0);
        let mut screen = Self {
            now: mappings.clone(),
            saved: mappings,
            at,
            moves: Moves::Asked,
            asking: false,
            outdated: false,
            job: None,
        };
        screen.ask(context);
        screen
    }

    fn ask(&mut self, context: &mut Context) {
        self.moves = Moves::Asked;
        context.request(Request::InOrder(names(&self.now)));
    }

    fn is_moved(&self) -> bool {
        names(&self.now) != names(&self.saved)
    }

    /// The mappings as they are saved by now.
    pub fn take(&mut self, mappings: Vec<MappingView>, context: &mut Context) {
        if !self.is_moved() {
            self.at = self.at.min(mappings.len().saturating_sub(1));
            self.now.clone_from(&mappings);
            self.saved = mappings;
            self.outdated = false;
        } else if names(&mappings) == names(&self.saved) {
            self.outdated = false;
        } else {
            self.outdated = true;
            self.asking = false;
            return;
        }
        // Users may have been read since, too.
        context.request(Request::InOrder(names(&self.now)));
    }

    /// Which users would change mapping, by the last sync; `None` where it cannot say.
    pub fn moves(&mut self, order: &[Name], moves: Option<MovesView>) {
        if *order == names(&self.now) {
            self.moves = moves.map_or(Moves::Unread, Moves::Known);
        }
    }

    /// The same, after the directories were read.
    pub fn read(&mut self, job: JobId, order: &[Name], moves: MovesView, context: &mut Context) {
        self.job.take_if(|running| *running == job);
        if *order == names(&self.now) {
            self.moves = Moves::Known(moves);
        } else {
            self.ask(context);
        }
    }

    pub fn saved(&mut self, mappings: Vec<MappingView>, context: &mut Context) {
        self.now.clone_from(&mappings);
        self.saved = mappings;
        self.ask(context);
        context.request(Request::Standing);
        context.say("The order is saved. Users change mapping at the next sync.");
    }

    pub fn failed(&mut self, job: Option<JobId>, trouble: Trouble, context: &mut Context) {
        if job.is_none() || job == self.job {
            self.job = None;
            context.notice = Some(Notice::Trouble(trouble));
            context.request(Request::Mappings);
        }
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        let (first, rest): (&[Binding], &[Binding]) = match (self.asking, self.job, &self.moves) {
            (true, ..) => return keys::ORDER_CONFIRM.iter().chain(keys::ANYWHERE).collect(),
            (_, Some(_), _) => (keys::RUNNING, &[]),
            (_, _, Moves::Unread) => (keys::ORDER_UNREAD, keys::TABS),
            _ => (&[], keys::TABS),
        };
        [first, keys::ORDER_MAPPINGS, rest, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect()
    }

    /// Does what a key asks for. True when the user wants to go back.
    pub fn perform(&mut self, command: Command, context: &mut Context) -> bool {
        if self.asking {
            self.asking = false;
            match command {
                Command::Yes => context.request(Request::SaveOrder { from: names(&self.saved), to: names(&self.now) }),
                _ => context.say("The order was not saved."),
            }
            return false;
        }
        match command {
            Command::Back => {
                if let Some(job) = self.job.take() {
                    context.cancel(job);
                }
                return true;
            }
            Command::Cancel => {
                if let Some(job) = self.job {
                    context.cancel(job);
                }
            }
            Command::Reload if self.job.is_none() => {
                self.job = Some(context.start(Work::ReadInOrder(names(&self.now))));
            }
            Command::Enter if !self.is_moved() => context.say("This order is saved. - and + change it."),
            Command::Enter if !self.outdated => self.asking = true,
            Command::Earlier => self.shift(self.at.checked_sub(1), context),
            Command::Later => self.shift(Some(self.at + 1), context),
            command => self.at = page::moved(self.at, self.now.len(), units(self.now.len()), command),
        }
        false
    }

    /// Moves the selected mapping, and the selection with it.
    fn shift(&mut self, to: Option<usize>, context: &mut Context) {
        if let Some(to) = to.filter(|to| *to < self.now.len()) {
            self.now.swap(self.at, to);
            self.at = to;
            self.ask(context);
        }
    }

    /// What the help line says.
    pub fn help(&self) -> (String, Tone) {
        if self.outdated {
            let line = "Another administrator changed the mappings. Press Esc, then o, to see them.";
            return (line.to_owned(), Tone::Warning);
        }
        if self.asking {
            let who = match &self.moves {
                Moves::Known(moves) if moves.users == 0 => "no user changes mapping".to_owned(),
                Moves::Known(moves) => format!("{} at the next sync", change_mapping(moves.users)),
                Moves::Asked | Moves::Unread => "which users change mapping is not known".to_owned(),
            };
            return (format!("Save this order? {}.", capital(&who)), Tone::Warning);
        }
        let line = match (self.job, &self.moves, self.is_moved()) {
            (Some(_), ..) => "Reading the directories. This changes nothing.",
            (None, Moves::Unread, _) => "r reads the directories and shows which users change mapping.",
            (None, _, true) => "Not saved yet. Enter saves this order, Esc discards it.",
            (None, _, false) => "The first mapping that matches a user applies. - and + move the selected mapping.",
        };
        (line.to_owned(), Tone::Plain)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let tall = area.height >= 8;
        let mut y = area.y;
        if tall {
            canvas.text(area, area.x + 1, y, "The first mapping that matches a user applies", canvas.look.heading());
            y += 1;
        }
        // Below it a rule and at least two lines stay for who changes place.
        let room = area.bottom().saturating_sub(y).saturating_sub(3).max(1);
        let height = room.min(units(self.now.len()).max(1));
        self.draw_mappings(canvas, Rect { y, height, ..area });
        let y = y + height;
        self.draw_moves(canvas, Rect { y, height: area.bottom().saturating_sub(y), ..area });
    }

    fn draw_mappings(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let first = page::offset(self.at, self.now.len(), area.height);
        let longest = self.now.iter().map(|mapping| width(mapping.name.as_str())).max().unwrap_or(0);
        let name_width = units(longest).min(area.width / 2).max(8);
        for (row, mapping) in page::shown(&self.now, self.at, area.height).enumerate() {
            let (y, number) = (area.y + units(row), first + row);
            canvas.text(area, area.x + 1, y, &format!("{:>2}", number + 1), Style::new());
            let names = Rect { width: (5 + name_width).min(area.width), ..area };
            canvas.text(names, area.x + 5, y, mapping.name.as_str(), Style::new());
            canvas.text(area, area.x + 7 + name_width, y, &mapping.gives, Style::new());
            if number == self.at {
                canvas.select(area, y);
                canvas.cursor(area, area.x, y);
            }
        }
    }

    fn draw_moves(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let look = canvas.look;
        let (heading, lines) = match &self.moves {
            _ if !self.is_moved() => ("This order is saved".to_owned(), Vec::new()),
            Moves::Asked => ("In this order: ...".to_owned(), Vec::new()),
            Moves::Known(moves) if moves.users == 0 => {
                ("In this order: no user changes mapping".to_owned(), Vec::new())
            }
            Moves::Known(moves) => (format!("In this order: {}", change_mapping(moves.users)), moves.lines.clone()),
            Moves::Unread => {
                let text = "The mappings were changed after the last sync.".to_owned();
                ("In this order: unknown which users change mapping".to_owned(), vec![(Tone::Plain, text)])
            }
        };
        canvas.rule(area, area.y, &heading, look.heading());
        let read_at = match &self.moves {
            Moves::Known(moves) if self.is_moved() => Some((Tone::Plain, format!("By the sync of {}.", moves.read_at))),
            _ => None,
        };
        let room = usize::from(area.width.saturating_sub(2)).max(8);
        let rows = lines.into_iter().chain(read_at);
        let rows = rows.flat_map(|(tone, line)| wrap(&line, room).into_iter().map(move |line| (tone, line)));
        for (row, (tone, line)) in rows.take(usize::from(area.height.saturating_sub(1))).enumerate() {
            let style = if tone == Tone::Warning { look.warning() } else { Style::new() };
            canvas.text(area, area.x + 1, area.y + 1 + units(row), &line, style);
        }
    }
}

fn change_mapping(users: u64) -> String {
    let (noun, verb) = if users == 1 { ("user", "changes") } else { ("users", "change") };
    format!("{} {noun} {verb} mapping", grouped(users))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
