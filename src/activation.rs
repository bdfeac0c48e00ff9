//! The decision: which laptop becomes whose, on what proof, within which limits.
//!
//! May import `model`, `protocol`, `secrets`, `kerberos`, `token`, `directory` and `store`. Two acts. *Enroll*, by the system at
//! install time: a token buys a pending device. *Claim*, by the user at log-on: a proof of the user makes it theirs, and
//! the account comes into being.
//!
//! ```text
//! enroll    token ─ device ─ uses ─────────────────────────────> pending device
//! claim    standing ──> proof ──> standing again ─ limits ────> account, activated device
//!          (a look)     (slow)    (one write transaction)
//! ```
//!
//! Rules: a decision is one IMMEDIATE transaction that ends before the answer is given, audit row and all; what was
//! looked at before the proof is looked at again within it. Whatever is repeated gives what it gave the first time. The
//! directory is never asked without a device that a valid token let in; no password is tried but of a user who is in the
//! cache, where the engine may have put them by a look-up; and a password is counted before it is tried.

mod claim;
mod enroll;
mod password;
mod standing;
mod ticket;

use jiff::Timestamp;

use crate::model::refusal::Reason;
use crate::store::{self, Hash};

pub use claim::{Claim, Granted, claim, look};
pub use enroll::{Enroll, Enrolled, check_in, enroll};
pub use password::{Attempts, try_password};
pub use standing::{Several, Standing, admitted, has_upn, the_one};
pub use ticket::{as_of_now, whose};

/// Why nothing was granted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The laptop or its user may not; the reason is for the administrator.
    #[error("{0}")]
    Refused(#[from] Reason),
    #[error("activations are paused")]
    Paused { until: Option<Timestamp> },
    /// The directory that has to be asked cannot be asked.
    #[error("{0}")]
    Directory(#[from] crate::directory::Error),
    /// As many claims ask a directory as may at a time.
    #[error("too many claims ask a directory at once")]
    Crowded,
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// SHA-256 of a key as it is kept.
pub fn hash(bytes: &[u8]) -> Hash {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}
