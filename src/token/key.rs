//! The Ed25519 key pair that signs tokens, in the text forms of PASERK
//! (<https://github.com/paseto-standard/paserk>).

use ed25519_compact::{KeyPair, Seed};
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use zeroize::Zeroizing;

use super::Error;
use crate::secrets::Secret;

/// Signs tokens. No `Debug`: it is a private key.
#[expect(missing_debug_implementations, reason = "a private key must not end up in a debug print")]
pub struct SigningKey {
    /// pasetors zeroes it on drop.
    secret: AsymmetricSecretKey<V4>,
    public: PublicKey,
}

impl SigningKey {
    /// The key that belongs to these 32 random bytes.
    ///
    /// # Errors
    /// Never for random bytes; the signature library's checks are passed on.
    pub fn from_random(bytes: [u8; 32]) -> Result<Self, Error> {
        let bytes = Zeroizing::new(bytes);
        let pair = KeyPair::from_seed(Seed::new(*bytes));
        Self::from_pair(&Zeroizing::new(*pair.sk))
    }

    /// Reads the text of [`Self::to_secret`].
    pub fn from_secret(text: &Secret) -> Result<Self, Error> {
        let wrong = Error::NotAKey { what: "signing key (k4.secret.)" };
        let secret = AsymmetricSecretKey::<V4>::try_from(text.expose()).map_err(|_| wrong)?;
        let bytes: [u8; 64] = secret.as_bytes().try_into().map_err(|_| Error::Sign)?;
        Self::from_pair(&Zeroizing::new(bytes))
    }

    /// The key as PASERK text, `k4.secret.`, to be sealed before it is stored.
    pub fn to_secret(&self) -> Result<Secret, Error> {
        let mut text = Zeroizing::new(String::with_capacity(128));
        self.secret.fmt(&mut *text).map_err(|_| Error::Sign)?;
        Ok(Secret::new(text.as_str()))
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// From the seed followed by the public key, which must match.
    fn from_pair(pair: &[u8; 64]) -> Result<Self, Error> {
        let secret = AsymmetricSecretKey::<V4>::from(pair).map_err(|_| Error::Sign)?;
        let public = AsymmetricPublicKey::<V4>::try_from(&secret).map_err(|_| Error::Sign)?;
        Ok(Self { secret, public: PublicKey::new(public)? })
    }

    pub(super) fn paseto(&self) -> &AsymmetricSecretKey<V4> {
        &self.secret
    }
}

/// Verifies tokens. Its text, `k4.public.` and 43 characters, is public.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: AsymmetricPublicKey<V4>,
    text: String,
    id: String,
}

impl PublicKey {
    /// # Errors
    /// When `text` is not `k4.public.` and the base64url of 32 bytes, without padding.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let key = AsymmetricPublicKey::<V4>::try_from(text.trim())
            .map_err(|_| Error::NotAKey { what: "public key (k4.public.)" })?;
        Self::new(key)
    }

    fn new(key: AsymmetricPublicKey<V4>) -> Result<Self, Error> {
        let (mut text, mut id) = (String::new(), String::new());
        key.fmt(&mut text).and_then(|()| Id::from(&key).fmt(&mut id)).map_err(|_| Error::Sign)?;
        Ok(Self { key, text, id })
    }

    /// The key's PASERK id, `k4.pid.`: the footer of each token, lists and logs contain it.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn paseto(&self) -> &AsymmetricPublicKey<V4> {
        &self.key
    }

    /// The footer of every token of this key, in the form of the PASETO specification.
    pub(super) fn footer(&self) -> Vec<u8> {
        format!("{{\"kid\":\"{}\"}}", self.id).into_bytes()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PublicKey {}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text)
    }
}
