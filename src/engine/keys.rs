//! Creates, rotates and revokes the keys that sign tokens.

use crate::secrets::Secret;
use crate::store::{KeyState, SignsFor, StoredKey};
use crate::token::{PublicKey, SigningKey, Trusted};

use super::{Engine, Error};

/// A key without its private part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Key {
    /// `k4.pid.`
    pub id: String,
    /// `k4.public.`, to verify tokens.
    pub public: String,
    pub state: KeyState,
    pub created_at: jiff::Timestamp,
    pub revoked_at: Option<jiff::Timestamp>,
    pub signs_for: Option<SignsFor>,
    /// The number of registered tokens that it signed.
    pub tokens: u64,
}

impl Engine {
    /// Every key, the newest first.
    pub fn keys(&self) -> Result<Vec<Key>, Error> {
        let tokens = self.tokens()?;
        let key = |stored: StoredKey| Key {
            tokens: tokens.iter().filter(|token| token.key.as_ref() == Some(&stored.kid)).count() as u64,
            public: String::from_utf8_lossy(&stored.public).into_owned(),
            id: stored.kid,
            state: stored.state,
            created_at: stored.created_at,
            revoked_at: stored.revoked_at,
            signs_for: stored.signs_for,
        };
        Ok(self.store().keys()?.into_iter().map(key).collect())
    }

    /// Creates a new signing key. The previous one only verifies the tokens that it signed.
    pub fn rotate_keys(&self) -> Result<Key, Error> {
        self.create_key("keys rotate")?;
        self.keys()?.into_iter().find(|key| key.state == KeyState::Active).ok_or(Error::NoKey)
    }

    /// Refuses every token of a key from the next request on. False when it was already revoked.
    pub fn revoke_key(&self, id: &str) -> Result<bool, Error> {
        Ok(self.store().revoke_key(id, &self.by("keys revoke")?)?)
    }

    /// The issuers of accepted tokens.
    pub(super) fn trusted(&self) -> Result<Vec<Trusted>, Error> {
        let trusted = |stored: StoredKey| {
            let key = PublicKey::parse(&String::from_utf8_lossy(&stored.public))?;
            let issuer = stored.signs_for.map_or_else(|| self.installation().to_owned(), |other| other.issuer);
            let trusted = Trusted::of(issuer, key);
            Ok(if stored.state == KeyState::Revoked { trusted.revoked() } else { trusted })
        };
        self.store().keys()?.into_iter().map(trusted).collect()
    }

    /// The active signing key, and the installation it signs for if that is another one. Created at first use.
    pub(super) fn signing_key(&self) -> Result<(SigningKey, Option<SignsFor>), Error> {
        let active = self.store().keys()?.into_iter().find(|key| key.state == KeyState::Active);
        match active {
            Some(stored) => Ok((self.unseal_key(&stored)?, stored.signs_for)),
            None => Ok((self.create_key("keys create")?, None)),
        }
    }

    pub(super) fn unseal_key(&self, stored: &StoredKey) -> Result<SigningKey, Error> {
        let secret = self.identity()?.unseal(&stored.sealed_private, &label(&stored.kid))?;
        Ok(SigningKey::from_secret(&secret)?)
    }

    fn create_key(&self, verb: &str) -> Result<SigningKey, Error> {
        let key = SigningKey::from_random(self.random()?)?;
        self.add_key(&key, &key.to_secret()?, None, verb)?;
        Ok(key)
    }

    pub(super) fn add_key(
        &self,
        key: &SigningKey,
        secret: &Secret,
        signs_for: Option<SignsFor>,
        verb: &str,
    ) -> Result<(), Error> {
        let by = self.by(verb)?;
        let kid = key.public().id().to_owned();
        let stored = StoredKey {
            sealed_private: self.identity()?.seal(secret, &label(&kid))?,
            kid,
            public: key.public().to_string().into_bytes(),
            created_at: by.at,
            state: KeyState::Active,
            revoked_at: None,
            signs_for,
        };
        Ok(self.store().add_key(&stored, &by)?)
    }
}

fn label(kid: &str) -> String {
    format!("key/{kid}")
}
