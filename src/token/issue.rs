//! Signs and verifies tokens with the keys of the installation.

use jiff::{SignedDuration, Timestamp};
use pasetors::token::{Public, UntrustedToken};
use pasetors::version4::{PublicToken, V4};

use super::{Error, LEEWAY, LONGEST, PREFIX, PublicKey, Refusal, SigningKey, claims};
use crate::model::token::Claims;
use crate::secrets::Secret;

/// Part of each signature, and not of the token: a signature of something else is never valid for a token.
pub(super) const ASSERTION: &[u8] = b"imd mass deployment token 1";

/// A trusted key: tokens signed by it are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    key: PublicKey,
    issuer: Option<String>,
    revoked: bool,
}

impl Trusted {
    /// Accepts tokens of this key with any issuer.
    pub fn key(key: PublicKey) -> Self {
        Self { key, issuer: None, revoked: false }
    }

    /// Accepts tokens of this key with this installation as the issuer.
    pub fn of(issuer: impl Into<String>, key: PublicKey) -> Self {
        Self { key, issuer: Some(issuer.into()), revoked: false }
    }

    /// The same key, revoked: its tokens are refused with another reason than those of an unknown key.
    #[must_use]
    pub fn revoked(self) -> Self {
        Self { revoked: true, ..self }
    }
}

/// Signs the claims.
///
/// Times in a token are whole seconds: fractions are dropped, so a token expires up to a second before its claims.
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

/// The claims of a token, if a trusted key signed it and it is valid now.
///
/// The checks have a fixed order: length, alphabet, prefix, form, key, signature, claims, times. Untrusted text is
/// decoded only if it is short and plain, and claims are used only after the signature is verified.
pub fn verify(text: &str, trusted: &[Trusted], now: Timestamp) -> Result<Claims, Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::TooLong);
    }
    let (payload, signer) = signed(text, PREFIX, ASSERTION, trusted)?;
    let payload = std::str::from_utf8(&payload).map_err(|_| Refusal::Claims)?;
    let claims = claims::from_json(payload).ok_or(Refusal::Claims)?;
    if signer.issuer.as_ref().is_some_and(|issuer| *issuer != claims.issuer) {
        return Err(Refusal::Issuer);
    }
    let leeway = SignedDuration::from_secs(LEEWAY);
    let from = claims.scope.starts(claims.issued_at);
    if from.duration_since(now) > leeway {
        return Err(Refusal::NotYetValid { from });
    }
    match claims.expires_at {
        Some(at) if now.duration_since(at) >= leeway => Err(Refusal::Expired { at }),
        _ => Ok(claims),
    }
}

/// The prefix of a text that [`attest`] signed.
const ATTESTED: &str = "imdb1_";

/// Part of each such signature, so that a bundle is never valid as a token, and a token never as a bundle.
const ATTESTATION: &[u8] = b"imd bundle 1";

/// Signs a text for another state of the installation.
pub fn attest(key: &SigningKey, payload: &[u8]) -> Result<String, Error> {
    let signed = PublicToken::sign(key.paseto(), payload, Some(&key.public().footer()), Some(ATTESTATION))
        .map_err(|_| Error::Sign)?;
    let body = signed.strip_prefix(PublicToken::HEADER).ok_or(Error::Sign)?;
    Ok(format!("{ATTESTED}{body}"))
}

/// The text that [`attest`] signed, and the installation of the key.
pub fn attested(text: &str, trusted: &[Trusted]) -> Result<(Vec<u8>, Option<String>), Refusal> {
    let (payload, signer) = signed(text, ATTESTED, ATTESTATION, trusted)?;
    Ok((payload, signer.issuer.clone()))
}

/// The text that a trusted key signed, and that key.
fn signed<'a>(
    text: &str,
    prefix: &str,
    assertion: &[u8],
    trusted: &'a [Trusted],
) -> Result<(Vec<u8>, &'a Trusted), Refusal> {
    if let Some(at) = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))) {
        return Err(Refusal::Alphabet { at: at + 1 });
    }
    let body = text.strip_prefix(prefix).ok_or(Refusal::Prefix)?;
    let token = UntrustedToken::<Public, V4>::try_from(format!("{}{body}", PublicToken::HEADER).as_str())
        .map_err(|_| Refusal::Malformed)?;
    let signer =
        trusted.iter().find(|trusted| trusted.key.footer() == token.untrusted_footer()).ok_or(Refusal::UnknownKey)?;
    let verified = PublicToken::verify(signer.key.paseto(), &token, Some(&signer.key.footer()), Some(assertion))
        .map_err(|_| Refusal::Signature)?;
    if signer.revoked {
        return Err(Refusal::KeyRevoked);
    }
    Ok((verified.payload().as_bytes().to_vec(), signer))
}

/// The unverified id of the key in a token; absent if `text` is not a token.
pub fn key_of(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Footer {
        kid: String,
    }
    let body = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST)?;
    let token = UntrustedToken::<Public, V4>::try_from(format!("{}{body}", PublicToken::HEADER).as_str()).ok()?;
    serde_json::from_slice::<Footer>(token.untrusted_footer()).ok().map(|footer| footer.kid)
}
