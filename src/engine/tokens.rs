//! Tokens and the keys that sign them.

use crate::model::name::Name;
use crate::model::token::{Claims, Record, Request, State, TokenId};
use crate::secrets::Secret;
use crate::store::{KeyState, StoredKey};
use crate::token::{self, PublicKey, Refusal, SigningKey, Trusted};

use super::{Engine, Error};

/// Whose certificates a laptop is to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Believes {
    /// Those of this installation's own authority, by its pin.
    Authority,
    /// Those that the laptop's system trusts: for a service with an administrator's certificate.
    System,
}

/// A token that was just made.
#[allow(missing_debug_implementations, reason = "it holds the token")]
pub struct Minted {
    pub record: Record,
    pub token: Secret,
}

impl Engine {
    /// Every token that was made here, newest last.
    pub fn tokens(&self) -> Result<Vec<Record>, Error> {
        Ok(self.store().tokens()?.into_iter().rev().collect())
    }

    pub fn valid_tokens(&self) -> Result<Vec<Record>, Error> {
        let now = self.now();
        Ok(self.tokens()?.into_iter().filter(|record| record.state(now) == State::Valid).collect())
    }

    pub fn valid_token(&self, name: &Name) -> Result<Option<Record>, Error> {
        Ok(self.token_named(name)?.filter(|record| record.state(self.now()) == State::Valid))
    }

    /// The token of that name that is valid, of which there is one at most; else the newest.
    pub fn token_named(&self, name: &Name) -> Result<Option<Record>, Error> {
        let now = self.now();
        let named = self.tokens()?.into_iter().filter(|record| record.name.is_same(name));
        // Times of issue are whole seconds: one that was revoked and its successor may share theirs.
        Ok(named.max_by_key(|record| (record.state(now) == State::Valid, record.issued_at)))
    }

    /// Makes a token for laptops that believe the installation's own authority. Needs no network, and makes the signing
    /// key and the authority at first use.
    pub fn mint(&self, request: &Request) -> Result<Minted, Error> {
        self.mint_for(request, Believes::Authority)
    }

    pub fn mint_for(&self, request: &Request, believes: Believes) -> Result<Minted, Error> {
        let by = self.by("token create")?;
        let pin = match believes {
            Believes::Authority => Some(self.pin()?),
            Believes::System => None,
        };
        let key = self.signing_key()?;
        let claims = Claims {
            id: TokenId::from_bytes(self.random()?),
            issuer: self.installation().to_owned(),
            name: request.name.clone(),
            // Whole seconds: what the token says and what is kept of it must be the same.
            issued_at: whole_seconds(by.at),
            expires_at: request.expires.and_then(|length| whole_seconds(by.at).checked_add(length.signed()).ok()),
            max_activations: request.max_activations,
            servers: request.servers.clone(),
            pin,
        };
        let token = token::mint(&key, &claims)?;
        let Claims { id, name, issued_at, expires_at, max_activations, servers, pin, .. } = claims;
        let record = Record {
            id,
            name,
            issued_at,
            expires_at,
            max_activations,
            servers,
            pin,
            created_by: by.actor.clone(),
            revoked_at: None,
            sha256: token::sha256_hex(&token),
        };
        self.store().add_token(&record, &by)?;
        Ok(Minted { record, token })
    }

    /// The token itself, which is kept nowhere: Ed25519 signatures are deterministic (RFC 8032, 5.1.6), so signing
    /// what the record says again gives the same token.
    pub fn token_text(&self, record: &Record) -> Result<Secret, Error> {
        let claims = Claims {
            id: record.id.clone(),
            issuer: self.installation().to_owned(),
            name: record.name.clone(),
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            max_activations: record.max_activations,
            servers: record.servers.clone(),
            pin: record.pin.clone(),
        };
        for stored in self.store().keys()? {
            let token = token::mint(&self.unseal_key(&stored)?, &claims)?;
            if token::sha256_hex(&token) == record.sha256 {
                return Ok(token);
            }
        }
        Err(Error::NotOurs(record.name.clone()))
    }

    pub fn revoke_token(&self, id: &TokenId) -> Result<(), Error> {
        Ok(self.store().revoke_token(id, &self.by("token revoke")?)?)
    }

    /// Whether a token is one of this installation's, and what it says.
    pub fn verify_token(&self, text: &str) -> Result<Result<Claims, Refusal>, Error> {
        let trusted = self.public_keys()?.into_iter().map(|key| Trusted::of(self.installation(), key));
        Ok(token::verify(text.trim(), &trusted.collect::<Vec<_>>(), self.now()))
    }

    /// The public halves of this installation's keys, all that verifying takes.
    pub fn public_keys(&self) -> Result<Vec<PublicKey>, Error> {
        let keys = self.store().keys()?;
        keys.iter().map(|stored| Ok(PublicKey::parse(&String::from_utf8_lossy(&stored.public))?)).collect()
    }

    fn signing_key(&self) -> Result<SigningKey, Error> {
        if let Some(stored) = self.store().keys()?.iter().find(|key| key.state == KeyState::Active) {
            return self.unseal_key(stored);
        }
        let key = SigningKey::from_random(self.random()?)?;
        let kid = key.public().id().to_owned();
        let sealed = self.identity()?.seal(&key.to_secret()?, &key_label(&kid))?;
        let by = self.by("keys create")?;
        let public = key.public().to_string().into_bytes();
        let stored = StoredKey { kid, public, sealed_private: sealed, created_at: by.at, state: KeyState::Active };
        self.store().add_key(&stored, &by)?;
        Ok(key)
    }

    fn unseal_key(&self, stored: &StoredKey) -> Result<SigningKey, Error> {
        let secret = self.identity()?.unseal(&stored.sealed_private, &key_label(&stored.kid))?;
        Ok(SigningKey::from_secret(&secret)?)
    }
}

fn key_label(kid: &str) -> String {
    format!("key/{kid}")
}

fn whole_seconds(at: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_second(at.as_second()).unwrap_or(at)
}
