//! The mass deployment token: minted and verified offline.
//!
//! May import `model`, `filter`, `secrets` and `protocol`.
//!
//! A token is a PASETO v4.public (<https://github.com/paseto-standard/paseto-spec>): JSON claims signed with Ed25519,
//! one algorithm and nothing to negotiate. Its header `v4.public.` is replaced by [`PREFIX`], which secret scanners
//! can look for and whose digit fixes the version; put the header back and any PASETO library reads it. The footer
//! names the key by its PASERK id (`k4.pid.`), keys are shown as PASERK (`k4.public.`, `k4.secret.`), and an implicit
//! assertion keeps signatures of other kinds of text by the same key apart. The whole alphabet is `[A-Za-z0-9._-]`,
//! so a token needs no quoting in any deployment tool.
//!
//! A token is public inside the company: it says "may ask for activation under this deployment", never who the user
//! is. Whether it is revoked or used up is not in it: that is for whoever holds the state.

mod claims;
mod key;

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use pasetors::token::{Public, UntrustedToken};
use pasetors::version4::{PublicToken, V4};
use sha2::{Digest as _, Sha256};

use crate::model::token::Claims;
use crate::secrets::Secret;

pub use key::{PublicKey, SigningKey};

/// What every token starts with.
pub const PREFIX: &str = "imd1_";

/// The longest token, in characters. Nothing longer is minted, and nothing longer is looked at.
pub const LONGEST: usize = 1024;

/// How far the clocks of the issuer and of the verifier may differ, in seconds.
pub const LEEWAY: i64 = 300;

/// Signed with each token and written in none: a signature over anything else never passes for a token.
const ASSERTION: &[u8] = b"imd mass deployment token 1";

/// A key whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    key: PublicKey,
    issuer: Option<String>,
}

impl Trusted {
    /// Tokens of this key, whichever installation they name as their issuer.
    pub fn key(key: PublicKey) -> Self {
        Self { key, issuer: None }
    }

    /// Tokens of this key that name this installation as their issuer.
    pub fn of(issuer: impl Into<String>, key: PublicKey) -> Self {
        Self { key, issuer: Some(issuer.into()) }
    }
}

/// Signs the claims.
///
/// Times in a token count whole seconds: fractions are dropped, so a token ends up to a second before its claims.
///
/// # Errors
/// When the claims would not be accepted by [`verify`], or would make the token longer than [`LONGEST`].
pub fn mint(key: &SigningKey, claims: &Claims) -> Result<Secret, Error> {
    let payload = claims::to_json(claims)?;
    let signed = PublicToken::sign(key.paseto(), &payload, Some(&key.public().footer()), Some(ASSERTION))
        .map_err(|_| Error::Sign)?;
    let signed = Secret::new(signed);
    let body = signed.expose().strip_prefix(PublicToken::HEADER).ok_or(Error::Sign)?;
    if PREFIX.len() + body.len() > LONGEST {
        return Err(Error::TooLong { length: PREFIX.len() + body.len() });
    }
    Ok(Secret::new(format!("{PREFIX}{body}")))
}

/// What a token says, when one of the trusted keys signed it and it is valid now.
///
/// The checks run in a fixed order: length, alphabet, prefix, form, key, signature, claims, times. So nothing that
/// an outsider can write is decoded before it is known to be short and plain, and nothing it says is believed before
/// its signature is.
pub fn verify(text: &str, trusted: &[Trusted], now: Timestamp) -> Result<Claims, Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::TooLong);
    }
    if let Some(at) = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))) {
        return Err(Refusal::Alphabet { at: at + 1 });
    }
    let body = text.strip_prefix(PREFIX).ok_or(Refusal::Prefix)?;
    let token = UntrustedToken::<Public, V4>::try_from(format!("{}{body}", PublicToken::HEADER).as_str())
        .map_err(|_| Refusal::Malformed)?;
    let signer =
        trusted.iter().find(|trusted| trusted.key.footer() == token.untrusted_footer()).ok_or(Refusal::UnknownKey)?;
    let verified = PublicToken::verify(signer.key.paseto(), &token, Some(&signer.key.footer()), Some(ASSERTION))
        .map_err(|_| Refusal::Signature)?;
    let claims = claims::from_json(verified.payload()).ok_or(Refusal::Claims)?;
    if signer.issuer.as_ref().is_some_and(|issuer| *issuer != claims.issuer) {
        return Err(Refusal::Issuer);
    }
    let leeway = SignedDuration::from_secs(LEEWAY);
    if claims.issued_at.duration_since(now) > leeway {
        return Err(Refusal::NotYetValid { from: claims.issued_at });
    }
    match claims.expires_at {
        Some(at) if now.duration_since(at) >= leeway => Err(Refusal::Expired { at }),
        _ => Ok(claims),
    }
}

/// SHA-256 of the whole token, in lower-case hexadecimal: what is kept of it.
pub fn sha256_hex(token: &Secret) -> String {
    Sha256::digest(token.expose()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the token is longer than {LONGEST} characters")]
    TooLong,
    /// `at` counts bytes from 1.
    #[error("the token holds a character that no token has, at position {at}")]
    Alphabet { at: usize },
    #[error("this is not a token of imd: it does not start with {PREFIX}")]
    Prefix,
    #[error("the token is cut short or damaged")]
    Malformed,
    #[error("the token was signed with a key that is not known here")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token says something that this version does not understand")]
    Claims,
    #[error("the token was issued by another installation")]
    Issuer,
    #[error("the token is valid only from {from}")]
    NotYetValid { from: Timestamp },
    #[error("the token expired at {at}")]
    Expired { at: Timestamp },
}

impl Refusal {
    /// The stable word for scripts and the audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "token-too-long",
            Self::Alphabet { .. } => "token-alphabet",
            Self::Prefix => "token-prefix",
            Self::Malformed => "token-malformed",
            Self::UnknownKey => "token-unknown-key",
            Self::Signature => "token-signature",
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
            Self::Prefix => "use a token made by: imd token create",
            Self::UnknownKey | Self::Issuer => {
                "check which installation the token comes from, and name that installation's public key"
            }
            Self::Claims => "update this program, or make a new token with: imd token create",
            Self::NotYetValid { .. } => "correct the clock of this machine",
            Self::Expired { .. } => "make a new token with: imd token create",
        }
    }
}

/// Why a token or a key could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the token would have {length} characters; at most {LONGEST} are accepted")]
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
            Self::TooLong { .. } => "name fewer servers, or give the token a shorter name",
            Self::EndsBeforeItStarts => "choose a later expiry",
            Self::Empty { .. } => "fill it in",
            Self::Sign => "make a new signing key with: imd keys rotate",
            Self::NotAKey { .. } => "copy the whole key again, from the first character to the last",
        }
    }
}

#[cfg(test)]
mod tests;
