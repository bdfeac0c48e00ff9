//! The mass deployment token: minted and verified offline.
//!
//! May import `model` and `secrets`.
//!
//! A token is a PASETO v4.public (<https://github.com/paseto-standard/paseto-spec>): JSON claims signed with Ed25519,
//! one algorithm and nothing to negotiate. Its header `v4.public.` is replaced by [`PREFIX`], which secret scanners
//! can look for; its digit fixes the version. Put the header back and any PASETO library reads it. The footer
//! names the key by its PASERK id (`k4.pid.`), keys are shown as PASERK (`k4.public.`, `k4.secret.`), and an implicit
//! assertion keeps signatures of other kinds of text by the same key apart. The whole alphabet is `[A-Za-z0-9._-]`,
//! so a token needs no quoting in any deployment tool.
//!
//! A token is public inside the company: it allows a laptop to ask for activation, and identifies no user. Revocation
//! and use are not in the token, but in the state.

mod claims;
#[cfg(feature = "console")]
mod issue;
#[cfg(feature = "console")]
mod key;

use jiff::Timestamp;

use crate::model::token::Claims;

#[cfg(feature = "console")]
pub use issue::{Trusted, attest, attested, key_of, mint, verify};
#[cfg(feature = "console")]
pub use key::{PublicKey, SigningKey};

/// What every token starts with.
pub const PREFIX: &str = "imd1_";

/// The longest token, in characters. Longer ones are neither minted nor read.
pub const LONGEST: usize = 1024;

/// How far the clocks of the issuer and of the verifier may differ, in seconds.
pub const LEEWAY: i64 = 300;

/// The claims of a token without verification. For a laptop, which does not know the key: it got the token from its
/// administrator, and the service verifies it.
pub fn read(text: &str) -> Option<Claims> {
    use base64::Engine as _;
    /// An Ed25519 signature follows the claims (PASETO v4.public).
    const SIGNATURE: usize = 64;
    let body = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST)?;
    let payload = body.split('.').next()?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims = bytes.get(..bytes.len().checked_sub(SIGNATURE)?)?;
    claims::from_json(std::str::from_utf8(claims).ok()?)
}

/// The positions of tokens of imd in a text. The prefix alone, as in a manual, is not a token.
#[cfg(feature = "console")]
pub fn found_in(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    const SHORTEST: usize = PREFIX.len() + 21;
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].windows(PREFIX.len()).position(|window| window == PREFIX.as_bytes()) {
        let start = from + at;
        let of_token = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-".contains(*byte);
        let end = start + text[start..].iter().take_while(of_token).count();
        if end - start >= SHORTEST {
            found.push(start..end);
        }
        from = end;
    }
    found
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the token is longer than {LONGEST} characters")]
    TooLong,
    /// `at` counts bytes from 1.
    #[error("the token contains an invalid character at position {at}")]
    Alphabet { at: usize },
    #[error("this is not a token of imd: it does not start with {PREFIX}")]
    Prefix,
    #[error("the token is cut short or damaged")]
    Malformed,
    #[error("the token was signed with an unknown key")]
    UnknownKey,
    #[error("the signature of the token is invalid")]
    Signature,
    #[error("the token was signed with a key that was revoked")]
    KeyRevoked,
    #[error("the token has claims that this version does not support")]
    Claims,
    #[error("the token was issued by another installation")]
    Issuer,
    #[error("the token is valid only from {from}")]
    NotYetValid { from: Timestamp },
    #[error("the token expired at {at}")]
    Expired { at: Timestamp },
}

impl Refusal {
    /// The stable code for scripts and the audit log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "token-too-long",
            Self::Alphabet { .. } => "token-alphabet",
            Self::Prefix => "token-prefix",
            Self::Malformed => "token-malformed",
            Self::UnknownKey => "token-unknown-key",
            Self::Signature => "token-signature",
            Self::KeyRevoked => "token-key-revoked",
            Self::Claims => "token-claims",
            Self::Issuer => "token-issuer",
            Self::NotYetValid { .. } => "token-not-yet-valid",
            Self::Expired { .. } => "token-expired",
        }
    }

    /// What to do next.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::TooLong | Self::Alphabet { .. } | Self::Malformed | Self::Signature => {
                "copy the whole token again, from the first character to the last"
            }
            Self::Prefix => "use a token of: imd token create",
            Self::UnknownKey | Self::Issuer => "check which installation issued the token, and use its public key",
            Self::Claims => "update imd, or create a new token: imd token create",
            Self::NotYetValid { .. } => "wait until then, or correct the clock of this host",
            Self::KeyRevoked | Self::Expired { .. } => "create a new token: imd token create",
        }
    }
}

/// Why a token or a key could not be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the token would have {length} characters; the limit is {LONGEST}")]
    TooLong { length: usize },
    #[error("the token would expire before it is issued")]
    EndsBeforeItStarts,
    #[error("the token's {what} cannot be empty")]
    Empty { what: &'static str },
    #[error("the token could not be signed")]
    Sign,
    #[error("this is not a {what}")]
    NotAKey {
        /// `public key (k4.public.)`
        what: &'static str,
    },
}

impl Error {
    /// What to do next.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "use fewer servers or a shorter token name",
            Self::EndsBeforeItStarts => "choose a later expiry",
            Self::Empty { .. } => "fill it in",
            Self::Sign => "create a new signing key: imd keys rotate",
            Self::NotAKey { .. } => "copy the whole key again, from the first character to the last",
        }
    }
}

#[cfg(test)]
mod tests;
