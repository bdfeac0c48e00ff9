//! Creates, rotates, revokes and verifies tokens.

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::model::audit::Actor;
use crate::model::duration::Duration;
use crate::model::hash::sha256;
use crate::model::name::Name;
use crate::model::text::Untrusted;
use crate::model::token::{Claims, Record, Request, Scope, State, TokenId};
use crate::secrets::Secret;
use crate::store::{self, Export};
use crate::token::{self, Refusal, Trusted};

use super::exports_written::is_there;
use super::{Engine, Error, Written};

/// The certificates that a laptop trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Believes {
    /// Certificates of this installation's own authority, by its pin.
    Authority,
    /// Certificates that the laptop's system trusts, for a service with an administrator's certificate.
    System,
}

/// The default overlap: how long a replaced token stays valid.
pub const OVERLAP: Duration = Duration::days(14);

/// A new token.
#[allow(missing_debug_implementations, reason = "it holds the token")]
pub struct Minted {
    pub record: Record,
    pub token: Secret,
}

/// A token that replaces another one.
#[allow(missing_debug_implementations, reason = "it holds the token")]
pub struct Rotated {
    /// The replaced token.
    pub old: Record,
    pub new: Minted,
}

/// The result for an export that carried a replaced token.
#[derive(Debug)]
pub struct Rewritten {
    pub target: String,
    pub folder: PathBuf,
    pub outcome: Result<Written, Error>,
}

impl Engine {
    /// Every registered token, newest last.
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

    /// The valid token of that name, of which there is at most one; otherwise the newest.
    pub fn token_named(&self, name: &Name) -> Result<Option<Record>, Error> {
        let now = self.now();
        let named = self.tokens()?.into_iter().filter(|record| record.name.is_same(name));
        // Issue times are whole seconds, so a revoked token and its replacement may have the same one.
        Ok(named.max_by_key(|record| (record.state(now) == State::Valid, record.issued_at)))
    }

    /// The tokens with that name or id: the one with that id; otherwise the valid ones of that name, newest last;
    /// otherwise the newest of that name. Empty when there is none.
    ///
    /// Several valid tokens have one name during an overlap, and after a bundle added another one.
    pub fn tokens_called(&self, name: &Name) -> Result<Vec<Record>, Error> {
        if let Ok(id) = TokenId::parse(name.as_str())
            && let Some(record) = self.token_with(&id)?
        {
            return Ok(vec![record]);
        }
        let now = self.now();
        let mut live = self.tokens()?;
        live.retain(|record| record.name.is_same(name) && record.lives(now));
        if live.is_empty() {
            live.extend(self.token_named(name)?);
        }
        Ok(live)
    }

    /// The token with that id; otherwise [`Self::token_named`].
    pub fn token_called(&self, name: &Name) -> Result<Option<Record>, Error> {
        let by_id = TokenId::parse(name.as_str()).ok().map(|id| self.token_with(&id)).transpose()?.flatten();
        by_id.map_or_else(|| self.token_named(name), |record| Ok(Some(record)))
    }

    /// Creates a token for laptops that trust the installation's own authority. Needs no network, and creates the
    /// signing key and the authority at first use.
    pub fn mint(&self, request: &Request) -> Result<Minted, Error> {
        self.mint_for(request, Believes::Authority)
    }

    pub fn mint_for(&self, request: &Request, believes: Believes) -> Result<Minted, Error> {
        let by = self.by("token create")?;
        let minted = self.sign(request, believes, by.at)?;
        self.store().add_token(&minted.record, &by)?;
        Ok(minted)
    }

    /// Replaces a token by one with the same values and the same lifetime, from now on or from its first valid day. The
    /// replaced token stays valid during the overlap, so that laptops can still enroll with earlier exports.
    ///
    /// # Errors
    /// When there is no such token, or it was already revoked or replaced.
    pub fn rotate_token(&self, id: &TokenId, overlap: Duration) -> Result<Rotated, Error> {
        let by = self.by("token rotate")?;
        let unknown = || store::Error::Unknown(format!("token {id}"));
        let old = self.token_with(id)?.ok_or_else(unknown)?;
        let start = old.scope.starts(old.issued_at);
        let length = |end: Timestamp| Duration::seconds(end.duration_since(start).as_secs().max(1).unsigned_abs());
        let not_before = old.scope.not_before.filter(|from| *from > by.at);
        let request = Request {
            name: old.name.clone(),
            expires: old.expires_at.map(length),
            max_activations: old.max_activations,
            servers: old.servers.clone(),
            scope: Scope { not_before, ..old.scope.clone() },
            note: old.note.as_ref().map(|note| note.raw().to_owned()),
        };
        let believes = if old.pin.is_some() { Believes::Authority } else { Believes::System };
        let new = self.sign(&request, believes, by.at)?;
        let until = whole_seconds(by.at.saturating_add(overlap.signed()).unwrap_or(Timestamp::MAX));
        self.store().supersede_token(&old.id, until, &new.record, &by)?;
        let old = self.token_with(&old.id)?.ok_or_else(unknown)?;
        Ok(Rotated { old, new })
    }

    /// The current exports: the last one of each folder, newest first.
    pub fn standing_exports(&self) -> Result<Vec<Export>, Error> {
        let mut folders = HashSet::new();
        let mut all = self.store().exports()?;
        all.retain(|export| folders.insert(export.folder.clone()));
        Ok(all)
    }

    /// The current exports that carry a token.
    pub fn exports_with(&self, id: &TokenId) -> Result<Vec<Export>, Error> {
        let mut exports = self.standing_exports()?;
        exports.retain(|export| export.token.as_ref() == Some(id));
        Ok(exports)
    }

    /// Writes the exports that carry a token again from their stored values, with the token that replaced it. Each
    /// export is written completely or not at all; a failure does not stop the others.
    pub fn rewrite_exports(&self, of: &Record, with: &Record) -> Result<Vec<Rewritten>, Error> {
        let rewrite = |export: Export| {
            // A removed or moved folder is not created again: no one expects a token there.
            let outcome = if is_there(&export) {
                self.written_with(&export, Some(with.name.clone()))
            } else {
                Err(Error::NotThere(export.folder.clone()))
            };
            Rewritten { target: export.target, folder: export.folder, outcome }
        };
        Ok(self.exports_with(&of.id)?.into_iter().map(rewrite).collect())
    }

    fn token_with(&self, id: &TokenId) -> Result<Option<Record>, Error> {
        Ok(self.tokens()?.into_iter().find(|record| record.id == *id))
    }

    fn sign(&self, request: &Request, believes: Believes, now: Timestamp) -> Result<Minted, Error> {
        let (key, signs_for) = self.signing_key()?;
        let scope = match &signs_for {
            Some(other) => request.scope.clone().within(&other.scope).map_err(Error::BeyondScope)?,
            None => request.scope.clone(),
        };
        let pin = match (believes, &signs_for) {
            (Believes::System, _) => None,
            (Believes::Authority, Some(other)) => other.pin.clone(),
            (Believes::Authority, None) => Some(self.pin()?),
        };
        let scope = Scope { not_before: scope.not_before.map(whole_seconds), ..scope };
        // Whole seconds, so that the token and its record are equal.
        let issued_at = whole_seconds(now);
        let starts = scope.starts(issued_at);
        let claims = Claims {
            id: TokenId::from_bytes(self.random()?),
            issuer: signs_for.map_or_else(|| self.installation().to_owned(), |other| other.issuer),
            name: request.name.clone(),
            issued_at,
            expires_at: request.expires.and_then(|length| starts.checked_add(length.signed()).ok()),
            max_activations: request.max_activations,
            servers: request.servers.clone(),
            pin,
            scope,
        };
        let token = token::mint(&key, &claims)?;
        let record = Record {
            note: request.note.as_ref().map(Untrusted::new),
            created_by: self.1.clone(),
            key: Some(key.public().id().to_owned()),
            ..recorded(claims, &token)
        };
        Ok(Minted { record, token })
    }

    /// The token itself, which is not stored: Ed25519 signatures are deterministic (RFC 8032, 5.1.6), so signing the
    /// values of the record again gives the same token.
    pub fn token_text(&self, record: &Record) -> Result<Secret, Error> {
        for stored in self.store().keys()? {
            let issuer = stored.signs_for.as_ref().map_or(self.installation(), |other| &other.issuer);
            let claims = Claims {
                id: record.id.clone(),
                issuer: issuer.to_owned(),
                name: record.name.clone(),
                issued_at: record.issued_at,
                expires_at: record.expires_at,
                max_activations: record.max_activations,
                servers: record.servers.clone(),
                pin: record.pin.clone(),
                scope: record.scope.clone(),
            };
            let token = token::mint(&self.unseal_key(&stored)?, &claims)?;
            if sha256(token.expose()) == record.sha256 {
                return Ok(token);
            }
        }
        Err(Error::NotOurs(record.name.clone()))
    }

    pub fn revoke_token(&self, id: &TokenId) -> Result<(), Error> {
        Ok(self.store().revoke_token(id, &self.by("token revoke")?)?)
    }

    /// The same for several, all of them or none.
    pub fn revoke_tokens(&self, ids: &[TokenId]) -> Result<(), Error> {
        let by = self.by("token revoke")?;
        Ok(self
            .store()
            .transaction(|transaction| ids.iter().try_for_each(|id| transaction.revoke_token(id, &by).map(|_| ())))?)
    }

    /// Verifies that a key of this installation signed a token, and returns its claims. Does not check whether the
    /// token is registered, revoked or replaced.
    pub fn verify_token(&self, text: &str) -> Result<Result<Claims, Refusal>, Error> {
        Ok(token::verify(text.trim(), &self.trusted()?, self.now()))
    }
}

/// Verifies a token with the given keys and the clock of this host, without any state.
pub fn verify_with(keys: &[Trusted], token: &Secret) -> Result<Claims, Refusal> {
    token::verify(token.expose().trim(), keys, Timestamp::now())
}

/// The record of a token that was created elsewhere.
pub(super) fn seen(claims: Claims, token: &Secret) -> Record {
    Record { created_by: Actor::new("made elsewhere"), key: token::key_of(token.expose()), ..recorded(claims, token) }
}

/// The record of a token with these claims.
fn recorded(claims: Claims, token: &Secret) -> Record {
    let Claims { id, issuer: _, name, issued_at, expires_at, max_activations, servers, pin, scope } = claims;
    Record {
        id,
        name,
        note: None,
        issued_at,
        expires_at,
        max_activations,
        servers,
        pin,
        scope,
        created_by: Actor::new(String::new()),
        revoked_at: None,
        replaced: None,
        key: None,
        sha256: sha256(token.expose()),
        uses: 0,
        last_use: None,
    }
}

fn whole_seconds(at: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_second(at.as_second()).unwrap_or(at)
}
