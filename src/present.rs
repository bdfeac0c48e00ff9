//! What people read of each thing: its facts, its columns and the words of its states, for the console, the prompts and the
//! command line alike.
//!
//! May import `wizard`, `engine` and everything below. It knows no terminal, and what it shows it is handed or reads through
//! the engine. A new column is a line in the `COLUMNS` of its thing, a new fact a line in its `facts`; every face shows it.
//! What programs read (`--json`) is not made here.

pub mod account;
pub mod alarm;
pub mod audit;
pub mod check;
pub mod column;
pub mod device;
pub mod device_map;
pub mod directory;
pub mod export;
pub mod fact;
pub mod key;
pub mod mapping;
pub mod overview;
pub mod place;
pub mod plan;
pub mod profile;
pub mod report;
pub mod storage;
pub mod token;
pub mod tone;
pub mod user;

use crate::model::Kept;
use crate::model::count::grouped;
use crate::model::moment::minute;
use crate::model::size::Size;

pub use column::{Column, Heading, cells, headings};
pub use fact::{Fact, several};
pub use place::{Act, Kind, Place};
pub use tone::Tone;

/// What is not set: a quota, a capacity.
const NOT_SET: &str = "not set";

/// `50 GiB`, `no limit`, `not set`
pub fn quota(quota: Option<Size>) -> String {
    match quota {
        None => NOT_SET.to_owned(),
        Some(quota) if quota.as_bytes() == 0 => "no limit".to_owned(),
        Some(quota) => quota.to_string(),
    }
}

/// `5,000`, where 0 is `no limit`
pub fn limit(most: u64) -> String {
    if most == 0 { "no limit".to_owned() } else { grouped(most) }
}

/// Who changed a thing last, and when.
fn changed<T>(kept: &Kept<T>) -> Fact {
    Fact::new("Changed", format!("{} by {}", minute(kept.changed_at), kept.changed_by.0.shown()))
}
