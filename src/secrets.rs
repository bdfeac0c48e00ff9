//! Secret types, sealed secrets and key material.
//!
//! May import `model`. Nothing here can be printed, logged or serialized; everything is sealed before it is stored, in the age
//! format (<https://age-encryption.org/v1>), so that a lost installation can be read with the `age` tool and the
//! installation's identity file.

#[cfg(feature = "console")]
mod authority;
#[cfg(unix)]
mod echo;
mod file;
#[cfg(feature = "console")]
mod identity;
mod judged;
#[cfg(feature = "console")]
mod locked;
#[cfg(feature = "console")]
mod passphrase;
mod pinned;

use zeroize::Zeroizing;

#[cfg(feature = "console")]
pub use authority::{Authority, Leaf};
#[cfg(unix)]
pub use echo::{NoEcho, SIGNAL_KEYS};
pub use file::read_secret_file;
#[cfg(feature = "console")]
pub use identity::Identity;
pub use judged::{Judge, Judged, Shown};
#[cfg(feature = "console")]
pub use locked::Locked;
#[cfg(feature = "console")]
pub use passphrase::{seal_with_passphrase, unseal_with_passphrase};
pub use pinned::client_config;

/// A password, a token or a private key in clear. No `Debug`, `Display` or `Serialize`; zeroed on drop.
#[derive(Clone, Eq, Default)]
#[expect(missing_debug_implementations, reason = "a secret must not end up in a debug print")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret in clear. Review each use: where does the secret go?
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for Secret {
    /// Compares every byte, so that the time does not disclose where two secrets of the same length differ.
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

/// The shortest passphrase, in characters: an attacker with the file can try passphrases without limit.
const SHORTEST_PASSPHRASE: usize = 12;

/// Whether a passphrase may seal.
#[cfg(feature = "console")]
fn long_enough(passphrase: &Secret) -> Result<(), Error> {
    if passphrase.expose().chars().count() < SHORTEST_PASSPHRASE { Err(Error::ShortPassphrase) } else { Ok(()) }
}

/// Why a secret could not be read, sealed or unsealed. Never says anything of the secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{doing} {path} failed: {source}")]
    File {
        /// `reading`, `creating`
        doing: &'static str,
        path: String,
        source: std::io::Error,
    },
    #[error("{path} is not a regular file")]
    NotAFile { path: String },
    #[error("other users can access {path}: its mode is {mode:04o}")]
    TooWide {
        path: String,
        /// The permission bits it has.
        mode: u32,
        /// The widest permission bits that are accepted.
        widest: u32,
    },
    #[error("{path} belongs to another user (uid {owner})")]
    NotOurs { path: String, owner: u32 },
    #[error("{path} is longer than {} KiB, so it is not a secret file", file::LONGEST / 1024)]
    TooLong { path: String },
    #[error("{path} is empty")]
    Empty { path: String },
    #[error("{path} contains {what}, which no password and no token has")]
    NotText { path: String, what: &'static str },
    #[error("{path} is not an identity of this program")]
    NotAnIdentity { path: String },
    #[error("the installation's certificate authority cannot be used: {why}")]
    Authority { why: String },
    #[error("the secret of {label} could not be sealed")]
    Seal { label: String },
    #[error("the sealed secret of {label} is damaged")]
    Damaged { label: String },
    #[error("the sealed secret of {label} was sealed by another installation")]
    AnotherIdentity { label: String },
    #[error("the sealed secret of {label} belongs to another object")]
    AnotherLabel { label: String },
    #[error("the passphrase has fewer than {SHORTEST_PASSPHRASE} characters")]
    ShortPassphrase,
    #[error("the passphrase is wrong, or the file was changed")]
    Locked,
    #[error("the passphrase does not open {path}")]
    Passphrase { path: String },
    #[error("{path} cannot be opened: {why}")]
    SealedFile { path: String, why: String },
    #[error("the encrypted file could not be written: {why}")]
    Sealing { why: String },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::File { path, .. } => format!("check that {path} and its folder exist and belong to you"),
            Self::NotAFile { .. } => "use a regular file that contains only the secret".to_owned(),
            Self::TooWide { path, widest, .. } => {
                // Owner-only is what to ask for, also where a group is tolerated.
                format!("run: chmod 600 {path} (at most {widest:04o} is accepted), and consider the secret disclosed")
            }
            Self::NotOurs { path, .. } => format!("run imd as the owner of {path}"),
            Self::TooLong { .. } | Self::Empty { .. } | Self::NotText { .. } => {
                "the file must contain only the secret, on one line, in UTF-8".to_owned()
            }
            Self::NotAnIdentity { path } => {
                format!("restore {path} from a backup; without it, sealed secrets cannot be opened")
            }
            Self::Authority { .. } => {
                "restore the state from a backup: the tokens contain the pin of this authority".to_owned()
            }
            Self::ShortPassphrase => {
                "use several words: an attacker with the file can try passphrases without limit".to_owned()
            }
            Self::Locked => "try the passphrase again; if it fails again, create the file again".to_owned(),
            Self::Seal { .. } => "try again; if it fails again, check the free memory".to_owned(),
            Self::Damaged { .. } | Self::AnotherLabel { .. } => {
                "enter the secret again, or restore the state from a backup".to_owned()
            }
            Self::AnotherIdentity { .. } => {
                "restore the identity file that belongs to this state, or enter the secret again".to_owned()
            }
            Self::Passphrase { .. } => {
                "nothing was changed; use the passphrase that the file was sealed with".to_owned()
            }
            Self::SealedFile { .. } => "nothing was changed; take another backup".to_owned(),
            Self::Sealing { .. } => "check the free space and the permissions of the folder".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_only_if_all_bytes_are() {
        assert!(Secret::new("abc") == Secret::new("abc"));
        assert!(Secret::new("abc") != Secret::new("abd"));
        assert!(Secret::new("abc") != Secret::new("ab"));
        assert!(Secret::new("") == Secret::default());
    }
}
