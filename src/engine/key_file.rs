//! Exports the signing key to a host without a network, which then creates tokens for this installation.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::token::Scope;
use crate::secrets::{Locked, Secret};
use crate::store::{KeyState, SignsFor, WriteTransaction};
use crate::token::SigningKey;

use super::{Engine, Error, Key, private_file};

/// The maximum size of the file, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The content of the file: everything except the key is clear text, so that it can be checked before use.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    clear: Clear,
    key: Locked,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    /// `signing key 1`
    imd: String,
    id: String,
    signs_for: SignsFor,
}

const KIND: &str = "signing key 1";

impl Engine {
    /// Writes the active signing key to a new file that only its owner can read, encrypted with the passphrase. The key
    /// can create tokens, and nothing else: it cannot read the state or stored secrets. `scope` is the widest scope of
    /// those tokens, which that host enforces.
    pub fn export_key(&self, path: &Path, scope: Scope, passphrase: &Secret) -> Result<Key, Error> {
        let by = self.by("keys export")?;
        let (key, other) = self.signing_key()?;
        let signs_for = match other {
            Some(other) => SignsFor { scope: scope.within(&other.scope).map_err(Error::BeyondScope)?, ..other },
            None => SignsFor {
                issuer: self.installation().to_owned(),
                pin: Some(self.pin()?),
                servers: self.server_addresses()?,
                scope,
            },
        };
        let id = key.public().id().to_owned();
        let clear = Clear { imd: KIND.to_owned(), id: id.clone(), signs_for };
        let random = self.random()?;
        let key = Locked::lock(&key.to_secret()?, &beside(&clear)?, passphrase, &random)?;
        let text = serde_json::to_string_pretty(&KeyFile { clear, key }).map_err(|_| damaged(path))?;
        private_file::write(path, text.as_bytes(), b"\n")?;
        let told = |transaction: &WriteTransaction<'_>| {
            transaction.audit(&by, &format!("key {id}"), "exported for a host that signs tokens only")
        };
        private_file::or_remove(path, self.store().transaction(told))?;
        self.keys()?.into_iter().find(|key| key.id == id).ok_or(Error::NoKey)
    }

    /// Imports a key that [`Self::export_key`] wrote: tokens that are created here from now on belong to the other
    /// installation.
    pub fn import_key(&self, path: &Path, passphrase: &Secret) -> Result<Key, Error> {
        let text = private_file::read(path, LONGEST)?;
        let file: KeyFile = serde_json::from_slice(&text).map_err(|_| damaged(path))?;
        if file.clear.imd != KIND {
            return Err(damaged(path));
        }
        let secret = file.key.open(&beside(&file.clear)?, passphrase)?;
        let key = SigningKey::from_secret(&secret)?;
        let Clear { id, signs_for, .. } = file.clear;
        if key.public().id() != id {
            return Err(damaged(path));
        }
        // On its own installation it signs as before.
        let signs_for = (signs_for.issuer != self.installation()).then_some(signs_for);
        self.add_key(&key, &secret, signs_for, "keys import")?;
        self.keys()?.into_iter().find(|key| key.state == KeyState::Active).ok_or(Error::NoKey)
    }
}

/// The clear text that the encryption of the key is bound to.
fn beside(clear: &Clear) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(clear).map_err(|_| Error::NoKey)
}

fn damaged(path: &Path) -> Error {
    Error::NotAKeyFile { path: path.to_owned() }
}
