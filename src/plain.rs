//! The seven steps as plain prompts: for screen readers, serial lines and terminals that cannot move their cursor.
//!
//! ```text
//! Step 3 of 7: Mapping. Which users of the directory get it.
//! Mapping, required, * lists: Staff laptops
//! Department, optional, * lists [Sales]:
//! Account named by: 1 userPrincipalName, 2 cn [1]:
//! Next: 1 Check, 2 Preview, 3 Continue [1]:
//! ```
//!
//! One line a question, which says by itself all that is needed to answer it; nothing is drawn, and no escape sequence
//! is ever written, so the real cursor stands where the answer goes. It asks the same forms as the console draws, and
//! knows no step: [`ask`](self) is about answering fields, `work` about what a step offers besides, `dialogue` about the
//! terminal. May import `wizard`, `engine` and everything below.

mod answer;
mod dialogue;
mod question;
mod walk;
mod work;

use crate::engine::{self, Engine};
use crate::secrets::Secret;

use dialogue::{Dialogue, Ended};
use walk::Walk;

/// Why the prompts ended before the administrator left them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("standard input and output are no terminal")]
    NoTerminal,
    #[error("left without an answer")]
    Left,
    #[error("the terminal went away; what was entered is kept")]
    Gone,
    #[error("ended by signal {0}; what was entered is kept")]
    Signal(i32),
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoTerminal => "use `imd setup --answers FILE`, or a verb".to_owned(),
            Self::Left | Self::Gone | Self::Signal(_) => "run it again: it comes back to the same step".to_owned(),
            Self::Engine(error) => error.help(),
        }
    }
}

/// Walks through the steps until the administrator leaves. The terminal is as it was afterwards, whatever happened.
///
/// # Errors
/// When there is no terminal, when it goes away, when a signal ends the program, or when the state cannot be read.
pub fn run(engine: &Engine) -> Result<(), Error> {
    let dialogue = Dialogue::open()?;
    match Walk::new(engine, dialogue).run() {
        Ok(()) | Err(Stop::Ended(Ended::Left)) => Ok(()),
        Err(Stop::Ended(Ended::Gone)) => Err(Error::Gone),
        Err(Stop::Ended(Ended::Signal(signal))) => Err(Error::Signal(signal)),
        Err(Stop::Engine(error)) => Err(error.into()),
    }
}

/// Asks for a passphrase without echo; twice, until both are the same, where nobody could tell that it was mistyped.
///
/// # Errors
/// When there is no terminal, when it goes away, or when the question is left.
pub fn passphrase(twice: bool) -> Result<Secret, Error> {
    let mut dialogue = Dialogue::open()?;
    let mut ask = || loop {
        let first = dialogue.ask_hidden("Passphrase")?;
        if !twice || dialogue.ask_hidden("Passphrase again")? == first {
            return Ok(first);
        }
        dialogue.wrong("the two differ", "type it twice")?;
    };
    ask().map_err(|ended| match ended {
        Ended::Left => Error::Left,
        Ended::Gone => Error::Gone,
        Ended::Signal(signal) => Error::Signal(signal),
    })
}

/// Why the walk stops.
#[derive(Debug)]
enum Stop {
    Ended(Ended),
    Engine(engine::Error),
}

impl From<Ended> for Stop {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl From<engine::Error> for Stop {
    fn from(error: engine::Error) -> Self {
        Self::Engine(error)
    }
}
