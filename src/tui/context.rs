//! What every screen works with: the look, the size, the token that was just made, and the effects it asks for.

use super::look::Look;
use super::message::{Effect, Request, Work};
use super::panel::token::Reveal;
use super::view::{JobId, Trouble};

#[allow(missing_debug_implementations, reason = "it may hold a token")]
pub struct Context {
    pub look: Look,
    pub size: (u16, u16),
    /// Nothing may be changed, not even a draft.
    pub read_only: bool,
    /// Shown until the next key.
    pub notice: Option<Notice>,
    /// The token that was made or shown last.
    pub token: Option<Reveal>,
    effects: Vec<Effect>,
    jobs: JobId,
}

/// A message in the place of the help line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Said(String),
    Trouble(Trouble),
}

impl Context {
    pub fn new(look: Look, size: (u16, u16)) -> Self {
        Self { look, size, read_only: false, notice: None, token: None, effects: Vec::new(), jobs: 0 }
    }

    /// Asks for something short.
    pub fn request(&mut self, request: Request) {
        self.ask(Effect::Request(request));
    }

    /// Starts a job. Its number is one that no job had before.
    pub fn start(&mut self, work: Work) -> JobId {
        self.jobs += 1;
        self.ask(Effect::Job(self.jobs, work));
        self.jobs
    }

    pub fn cancel(&mut self, job: JobId) {
        self.ask(Effect::Cancel(job));
    }

    pub fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::Said(text.into()));
    }
}
