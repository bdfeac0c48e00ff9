//! The tokens: which are good, who used them, and which exports carry them; one is replaced or revoked here.
//!
//! ```text
//!  Tokens, the newest first
//!  rollout-2026   valid        ends 2027-02-22   1,204 of 5,000 laptops
//!  pilot          superseded   ends 2026-12-08   12 laptops
//! -- rollout-2026 ----------------------------------------------
//!  last used 2026-11-24 22:31 UTC by PC-1204
//!  carried by msiexec in rollout/msiexec
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::token::TokenId;
use crate::tui::canvas::{Canvas, units, width, wrap};
use crate::tui::desk::Desk;
use crate::tui::keys::{self, Binding, Command};
use crate::tui::message::{Effect, TokenView, Tone};
use crate::tui::panel::page;
use crate::wizard::Step;

#[derive(Debug)]
pub struct TokensScreen {
    all: Vec<TokenView>,
    at: usize,
    /// What is being asked about, and of which token: it may move in the list meanwhile.
    asking: Option<(Asked, TokenId)>,
    /// What came of the last thing that was done here.
    done: Vec<(Tone, String)>,
    /// The step that the overview was opened from.
    pub came_from: Option<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Replace,
    Revoke,
}

impl TokensScreen {
    pub fn new(all: Vec<TokenView>, came_from: Option<Step>) -> Self {
        Self { all, at: 0, asking: None, done: Vec::new(), came_from }
    }

    fn selected(&self) -> Option<&TokenView> {
        self.all.get(self.at)
    }

    /// The tokens as they are by now; the same one stays selected.
    pub fn take(&mut self, all: Vec<TokenView>) {
        let id = self.selected().map(|token| token.id.clone());
        self.all = all;
        let same = self.all.iter().position(|token| Some(&token.id) == id.as_ref());
        self.at = same.unwrap_or(self.at).min(self.all.len().saturating_sub(1));
    }

    /// Something was done to one of them.
    pub fn did(&mut self, all: Vec<TokenView>, done: Vec<(Tone, String)>) {
        self.all = all;
        self.at = self.at.min(self.all.len().saturating_sub(1));
        self.done = done;
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        if self.asking.is_some() {
            return keys::TOKENS_CONFIRM.iter().chain(keys::ANYWHERE).collect();
        }
        let live: &[Binding] = match self.selected() {
            Some(token) if token.can_be_replaced => keys::TOKENS_LIVE,
            Some(token) if token.can_be_revoked => keys::TOKENS_REVOCABLE,
            _ => &[],
        };
        [live, keys::TOKENS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect()
    }

    /// Does what a key asks for. True when the user wants to go back.
    pub fn perform(&mut self, command: Command, height: u16, desk: &mut Desk) -> bool {
        if let Some((asked, id)) = self.asking.take() {
            match (command, asked) {
                (Command::Yes, Asked::Replace) => desk.ask(Effect::ReplaceToken(id)),
                (Command::Yes, Asked::Revoke) => desk.ask(Effect::RevokeToken(id)),
                _ => desk.say("Nothing was changed."),
            }
            return false;
        }
        match command {
            Command::Back => return true,
            Command::Replace | Command::Revoke => {
                let asked = if command == Command::Replace { Asked::Replace } else { Asked::Revoke };
                self.asking = self.selected().map(|token| (asked, token.id.clone()));
                self.done.clear();
            }
            command => {
                let at = page::moved(self.at, self.all.len(), height.saturating_sub(1), command);
                if at != self.at {
                    self.at = at;
                    self.done.clear();
                }
            }
        }
        false
    }

    /// What the help line says.
    pub fn help(&self) -> (String, Tone) {
        let asked = self.asking.as_ref().and_then(|(asked, id)| {
            let token = self.all.iter().find(|token| token.id == *id)?;
            Some(if *asked == Asked::Replace { &token.replacing } else { &token.revoking })
        });
        match asked {
            Some(question) => (question.clone(), Tone::Warning),
            None if self.all.is_empty() => ("Step 6 makes the first one; it needs no network.".to_owned(), Tone::Plain),
            None => {
                ("Whoever holds a token may ask for activation; it says nothing of a user.".to_owned(), Tone::Plain)
            }
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let mut y = area.y;
        if area.height >= 8 {
            canvas.text(area, area.x + 1, y, "Tokens, the newest first", canvas.look.heading());
            y += 1;
        }
        if self.all.is_empty() {
            canvas.text(area, area.x + 1, y, "There is none yet.", Style::new());
            canvas.cursor(area, area.x, y);
            return;
        }
        // Below the list a rule and some lines stay for what is known of the selected one.
        let room = area.bottom().saturating_sub(y);
        let height = units(self.all.len()).min((room / 2).max(1));
        self.draw_list(canvas, Rect { y, height, ..area });
        let y = y + height;
        self.draw_facts(canvas, Rect { y, height: area.bottom().saturating_sub(y), ..area });
    }

    fn draw_list(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let first = page::offset(self.at, self.all.len(), area.height);
        let longest = self.all.iter().map(|token| width(token.name.as_str())).max().unwrap_or(0);
        let name_width = units(longest).min(area.width / 3).max(8);
        for (row, token) in page::shown(&self.all, self.at, area.height).enumerate() {
            let y = area.y + units(row);
            let names = Rect { width: (1 + name_width).min(area.width), ..area };
            canvas.text(names, area.x + 1, y, token.name.as_str(), Style::new());
            let style = match token.tone {
                Tone::Warning => canvas.look.warning(),
                Tone::Good => canvas.look.good(),
                _ => Style::new(),
            };
            let x = area.x + 3 + name_width;
            canvas.text(area, x, y, token.state, style);
            canvas.text(area, x + 12, y, &token.line, Style::new());
            if first + row == self.at {
                canvas.select(area, y);
                canvas.cursor(area, area.x, y);
            }
        }
    }

    fn draw_facts(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let Some(token) = self.selected() else { return };
        canvas.rule(area, area.y, token.name.as_str(), canvas.look.heading());
        let room = usize::from(area.width.saturating_sub(2)).max(8);
        let lines = if self.done.is_empty() { &token.facts } else { &self.done };
        let rows = lines.iter().flat_map(|(tone, line)| wrap(line, room).into_iter().map(move |line| (*tone, line)));
        for (row, (tone, line)) in rows.take(usize::from(area.height.saturating_sub(1))).enumerate() {
            let style = match tone {
                Tone::Warning | Tone::Problem => canvas.look.warning(),
                Tone::Good => canvas.look.good(),
                _ => Style::new(),
            };
            canvas.text(area, area.x + 1, area.y + 1 + units(row), &line, style);
        }
    }
}
