//! The palette: every screen, step and command, and what is in the state, by a few letters.
//!
//! ```text
//!  Go to or do: ber_
//!  Åsa Berg                     user      asa.berg@corp.example.com
//!  5 Devices                    screen
//! ```

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::text;
use crate::tui::canvas::{Canvas, units, width};
use crate::tui::context::Context;
use crate::tui::keys::{ACTS, Binding, Command};
use crate::tui::listing::{Act, Kind, Place, Reached};
use crate::tui::message::Request;
use crate::tui::panel::page;
use crate::tui::tab::Tab;
use crate::tui::text_line::TextLine;
use crate::tui::view::Found;
use crate::wizard::Step;

/// What the palette leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Go(Place),
    Do(Command),
    /// Go to that list, and begin it there.
    In(Kind, Act),
    /// Explain the user of that name, or the refusal with that id.
    Explain(String),
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// `screen`, `step`, `user`, or the key that does the same.
    pub what: String,
    pub more: String,
    pub choice: Choice,
}

#[derive(Debug)]
pub struct Palette {
    typed: TextLine,
    fixed: Vec<Entry>,
    /// What was found in the state by what is typed.
    found: Vec<Entry>,
    at: usize,
}

/// From so many letters on, the state is searched too.
const LETTERS: usize = 2;
const LONGEST: usize = 80;

impl Palette {
    /// Over a screen with these keys, of that list.
    pub fn new(tables: &[&'static Binding], here: Option<Kind>) -> Self {
        let screen = |name: String, choice: Place| Entry {
            name,
            what: "screen".to_owned(),
            more: String::new(),
            choice: Choice::Go(choice),
        };
        let mut fixed: Vec<Entry> =
            Tab::ALL.into_iter().map(|tab| screen(format!("{} {}", tab.key, tab.title), tab.place())).collect();
        let unnumbered = Kind::ALL.into_iter().filter(|kind| !matches!(kind.spec().reached, Reached::Key(_)));
        fixed.extend(unnumbered.map(|kind| screen(kind.title().to_owned(), Place::List(kind))));
        fixed.push(screen("Report".to_owned(), Place::Report));
        fixed.extend(Step::ALL.into_iter().map(|step| Entry {
            name: format!("Step {}: {}", step.number(), step.title()),
            what: "step".to_owned(),
            more: step.purpose().to_owned(),
            choice: Choice::Go(Place::Step(step)),
        }));
        // What a key only moves needs no name.
        let commands = tables.iter().filter(|binding| !binding.label.is_empty() && is_searched(binding.command));
        fixed.extend(commands.map(|binding| Entry {
            name: binding.label.to_owned(),
            what: binding.chords.first().map(|chord| chord.name()).unwrap_or_default(),
            more: binding.help.to_owned(),
            choice: Choice::Do(binding.command),
        }));
        let elsewhere = Kind::ALL.into_iter().flat_map(|kind| ACTS.iter().map(move |binding| (kind, binding)));
        fixed.extend(elsewhere.filter_map(|(kind, binding)| {
            let Command::Do(act) = binding.command else { return None };
            let is_above = here == Some(kind) && tables.iter().any(|above| above.command == binding.command);
            kind.done_by(act).filter(|_| !is_above)?;
            Some(Entry {
                name: format!("{}: {}", binding.label, kind.title()),
                what: binding.chords.first().map(|chord| chord.name()).unwrap_or_default(),
                more: binding.help.to_owned(),
                choice: Choice::In(kind, act),
            })
        }));
        Self { typed: TextLine::at_most("", LONGEST), fixed, found: Vec::new(), at: 0 }
    }

    /// What is shown by what is typed: names that begin with it first, then words that do, then what is in the state.
    fn entries(&self) -> Vec<&Entry> {
        let typed = self.typed.text().to_lowercase();
        let rank = |entry: &Entry| {
            let name = entry.name.to_lowercase();
            if let Choice::In(..) = entry.choice {
                // Of what is done in other lists, the screens themselves stand first, and so does what is in the state.
                let label = name.split(':').next().unwrap_or_default();
                let begins = name.starts_with(&typed) || label.split(' ').any(|word| word.starts_with(&typed));
                return if begins { Some(3) } else { name.contains(&typed).then_some(4) };
            }
            if name.starts_with(&typed) {
                Some(0)
            } else if name.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(&typed)) {
                Some(1)
            } else {
                entry.more.to_lowercase().contains(&typed).then_some(4)
            }
        };
        let fixed = self.fixed.iter().filter_map(|entry| Some((rank(entry)?, entry)));
        let mut entries: Vec<(u8, &Entry)> =
            fixed.chain(self.found.iter().map(|entry| (rank_of_found(entry), entry))).collect();
        entries.sort_by_key(|(rank, _)| *rank);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Takes the results of a search; those of an earlier search are dropped.
    pub fn take(&mut self, typed: &str, found: Vec<Found>) {
        if typed == self.typed.text() {
            let entry = |Found { name, what, more, place }| Entry { name, what, more, choice: Choice::Go(place) };
            self.found = found.into_iter().map(entry).collect();
            // Who is not cached, and the id that a laptop shows with its refusal, are in no list.
            self.found.push(Entry {
                name: format!("Explain {}", text::shown(typed.trim())),
                what: "explain".to_owned(),
                more: "A user, cached or not, or the id of a refusal".to_owned(),
                choice: Choice::Explain(typed.trim().to_owned()),
            });
            self.at = self.at.min(self.entries().len().saturating_sub(1));
        }
    }

    pub fn typed(&mut self, key: &KeyEvent, context: &mut Context) {
        let KeyCode::Char(c) = key.code else { return };
        if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            self.paste(&c.to_string(), context);
        }
    }

    pub fn paste(&mut self, text: &str, context: &mut Context) {
        if self.typed.insert(text) {
            self.changed(context);
        }
    }

    fn changed(&mut self, context: &mut Context) {
        self.at = 0;
        self.found.clear();
        if self.typed.text().trim().chars().count() >= LETTERS {
            context.request(Request::Find(self.typed.text().to_owned()));
        }
    }

    /// Moves; `Some` is what Enter chose.
    pub fn perform(&mut self, command: Command, height: u16, context: &mut Context) -> Option<Choice> {
        match command {
            Command::Enter => return self.entries().get(self.at).map(|entry| entry.choice.clone()),
            Command::Edit(request) => {
                if self.typed.edit(request) {
                    self.changed(context);
                }
            }
            command => self.at = page::moved(self.at, self.entries().len(), height, command),
        }
        None
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let x = canvas.text(area, area.x + 1, area.y, "Go to or do: ", canvas.look.heading());
        let list = Rect { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
        let entries = self.entries();
        if entries.is_empty() {
            canvas.text(list, list.x + 1, list.y, "Nothing has this name.", Style::new());
        }
        let names = entries.iter().map(|entry| width(&entry.name)).max().unwrap_or(0);
        let column = units(names).clamp(8, (list.width / 2).max(8));
        let first = page::offset(self.at, entries.len(), list.height);
        for (row, entry) in page::shown(&entries, self.at, list.height).enumerate() {
            let y = list.y + units(row);
            let name = Rect { width: (column + 1).min(list.width), ..list };
            canvas.text(name, list.x + 1, y, &entry.name, Style::new());
            canvas.text(list, list.x + column + 3, y, &entry.what, canvas.look.faint());
            canvas.text(list, list.x + column + 12, y, &entry.more, Style::new());
            if first + row == self.at {
                canvas.select(Rect { x: list.x + 1, width: column, ..list }, y);
            }
        }
        self.typed.draw(canvas, area, x, area.y, true);
    }
}

/// Explaining what is typed is always possible, so it comes last.
const fn rank_of_found(entry: &Entry) -> u8 {
    if matches!(entry.choice, Choice::Explain(_)) { 5 } else { 2 }
}

/// True for a command that is found by its name.
fn is_searched(command: Command) -> bool {
    !matches!(
        command,
        Command::Up
            | Command::Down
            | Command::Left
            | Command::Right
            | Command::NextField
            | Command::PreviousField
            | Command::Edit(_)
            | Command::Palette
            | Command::Go(_)
    )
}
