//! The full-screen console: one of the faces, over `wizard` and `engine`.
//!
//! One [`app::App`], a pure `update(message) -> effects`, and drawing that only reads ([`frame::draw`]); `run` carries
//! the effects out on other threads and sends back what came of them. Screens are an enum and one file each
//! ([`screen`]), panels likewise ([`panel`]); a plain field of a step needs no code here. Keys are data ([`keys`]):
//! one table drives what a key does, what the key bar says and what the help page lists.
//!
//! Its rules come from the terminals of jump hosts: no color is needed to understand it ([`look`]), a frame is one
//! write of what changed ([`surface`]), nothing is written while nothing happens, and the terminal is put back
//! whatever ends the console (`terminal`).

pub mod app;
pub mod canvas;
pub mod context;
mod event;
pub mod frame;
mod input;
pub mod keys;
pub mod layout;
pub mod listing;
pub mod look;
pub mod message;
pub mod panel;
mod run;
pub mod screen;
pub mod surface;
pub mod tab;
mod terminal;
pub mod text_line;
pub mod trail;
pub mod view;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _, Write as _};

use crate::engine::Engine;

pub use look::Color;

/// Why the console ended, or never began.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("standard input and output are not a terminal that can move its cursor")]
    NoTerminal,
    #[error("the terminal cannot be used: {0}")]
    Terminal(io::Error),
    #[error("the terminal was closed; unsaved answers are kept")]
    Gone,
    #[error("ended by signal {0}; unsaved answers are kept")]
    Signal(i32),
    #[error("the console failed; unsaved answers are kept")]
    Panicked,
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoTerminal => "use `imd setup --answers FILE` or a subcommand".to_owned(),
            Self::Terminal(_) => "try another terminal, or `imd setup --answers FILE`".to_owned(),
            Self::Panicked => {
                "start imd again: it opens the same step; report the message above and what you did before".to_owned()
            }
            Self::Gone | Self::Signal(_) => "start imd again: it opens the same step".to_owned(),
        }
    }
}

/// Runs the console until the user leaves it. The terminal is as it was afterwards, whatever happened.
///
/// # Errors
/// When there is no usable terminal, when it goes away, or when a signal ends the program.
pub fn run(engine: &Engine, color: Color) -> Result<(), Error> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let farewell = run::run(engine, color)?;
    // The console is over and everything is kept: a standard error that takes nothing changes neither.
    let _ = writeln!(io::stderr(), "{farewell}");
    Ok(())
}
