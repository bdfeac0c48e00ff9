//! Decides which laptop is activated for which user, by which authentication, within which limits.
//!
//! May import `model`, `protocol`, `secrets`, `kerberos`, `token`, `directory` and `store`. Two acts. *Enroll*, by the system at
//! install time: a token gives a pending device. *Claim*, by the user at log-on: authentication activates the device for
//! the user and creates the account.
//!
//! ```text
//! enroll    token ─ device ─ uses ────────────────────────────────────> pending device
//! claim     standing ──> authentication ──> standing again ─ limits ──> account, activated device
//!           (a read)     (slow)             (one write transaction)
//! ```
//!
//! Rules: a decision is one IMMEDIATE transaction, with its audit row, that ends before the answer is sent; what was
//! read before authentication is read again within it. A repeated request gets the first answer. The directory is only
//! asked for a device that enrolled with a valid token; only passwords of cached users are tried, where the engine may
//! have added the user by a look-up; and a password is counted before it is tried.

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
    /// The laptop or its user is refused; the reason is for the administrator.
    #[error("{0}")]
    Refused(#[from] Reason),
    #[error("activations are paused")]
    Paused { until: Option<Timestamp> },
    /// The directory cannot be asked.
    #[error("{0}")]
    Directory(#[from] crate::directory::Error),
    /// The limit of claims that ask a directory at once is reached.
    #[error("too many activations query a directory at once")]
    Crowded,
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// SHA-256 of a key as it is kept.
pub fn hash(bytes: &[u8]) -> Hash {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}
