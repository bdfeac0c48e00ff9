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
//! Each question is one line, with everything that is needed to answer it. Nothing is drawn and no escape sequence is
//! written, so the cursor is where the answer goes. The prompts ask the same forms that the console draws, and have no
//! code for a single step: `question` and `answer` handle fields, `walk` the steps, `work` their tasks, `dialogue` the
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
    #[error("standard input and output are not a terminal")]
    NoTerminal,
    #[error("canceled without an answer")]
    Left,
    #[error("the terminal was closed; your entries are kept")]
    Gone,
    #[error("ended by signal {0}; your entries are kept")]
    Signal(i32),
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoTerminal => "use `imd setup --answers FILE`, or another command: see `imd help`".to_owned(),
            Self::Left | Self::Gone | Self::Signal(_) => "run it again to continue at the same step".to_owned(),
            Self::Engine(error) => error.help(),
        }
    }
}

/// Walks through the steps until the administrator leaves. The modes of the terminal are restored in every case.
///
/// # Errors
/// When there is no terminal, when it is closed, when a signal ends the program, or when the state cannot be read.
pub fn run(engine: &Engine) -> Result<(), Error> {
    let dialogue = Dialogue::open()?;
    match Walk::new(engine, dialogue).run() {
        Ok(()) | Err(Stop::Ended(Ended::Left)) => Ok(()),
        Err(Stop::Ended(Ended::Gone)) => Err(Error::Gone),
        Err(Stop::Ended(Ended::Signal(signal))) => Err(Error::Signal(signal)),
        Err(Stop::Engine(error)) => Err(error.into()),
    }
}

/// Asks for a passphrase without echo; with `twice`, until two entries are the same, because a typing error would show
/// too late.
///
/// # Errors
/// When there is no terminal, when it is closed, or when the question is canceled.
pub fn passphrase(twice: bool) -> Result<Secret, Error> {
    let mut dialogue = Dialogue::open()?;
    let mut ask = || loop {
        let first = dialogue.ask_hidden("Passphrase")?;
        if !twice || dialogue.ask_hidden("Passphrase again")? == first {
            return Ok(first);
        }
        dialogue.wrong("the passphrases differ", "type the same passphrase twice")?;
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
