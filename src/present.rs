//! What people read of each thing: its facts, its columns and the words of its states, for the console, the prompts and the
//! command line alike.
//!
//! May import `wizard`, `engine` and everything below. It does no I/O of its own and knows no terminal: a face reads what a
//! thing is from the engine, hands it over, and shows what comes back. What programs read (`--json`) is not made here.

pub mod alarm;
pub mod check;
pub mod column;
pub mod fact;
pub mod overview;
pub mod place;
pub mod report;
pub mod tone;

pub use column::{Column, Heading};
pub use fact::{Fact, several};
pub use place::{Act, Kind, Place};
pub use tone::Tone;
