//! What every screen needs at hand: the look, the size, the token that was just made, and a place for effects.

use super::look::Look;
use super::message::{Effect, JobId, Trouble};
use super::panel::token::Reveal;

#[allow(missing_debug_implementations, reason = "it may hold a token")]
pub struct Desk {
    pub look: Look,
    pub size: (u16, u16),
    /// Nothing may be changed, not even a draft.
    pub read_only: bool,
    /// What is said until the next key.
    pub notice: Option<Notice>,
    /// The token that was made or shown last.
    pub token: Option<Reveal>,
    effects: Vec<Effect>,
    jobs: JobId,
}

/// A word in the place of the help line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Said(String),
    Trouble(Trouble),
}

impl Desk {
    pub fn new(look: Look, size: (u16, u16)) -> Self {
        Self { look, size, read_only: false, notice: None, token: None, effects: Vec::new(), jobs: 0 }
    }

    pub fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A number that no job had before.
    pub fn new_job(&mut self) -> JobId {
        self.jobs += 1;
        self.jobs
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::Said(text.into()));
    }
}
