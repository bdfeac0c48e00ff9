//! The face for people: the seven steps, full screen.
//!
//! May import `wizard`, `engine` and everything below.

use crate::engine::Engine;

/// Whether the console may use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, thiserror::Error)]
#[error("this build has no console")]
pub struct Error;

impl Error {
    pub fn help(&self) -> String {
        "use `imd setup --answers FILE`".to_owned()
    }
}

/// Opens the console.
pub fn run(_engine: &Engine, _color: Color) -> Result<(), Error> {
    Err(Error)
}
