//! The signing key on its way to a host without a network, which then makes tokens for this installation's service.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::token::Scope;
use crate::secrets::{Locked, Secret};
use crate::store::{KeyState, SignsFor, WriteTransaction};
use crate::token::SigningKey;

use super::{Engine, Error, Key, private_file};

/// The longest file that is looked at, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What the file says: everything but the key in clear, so that it can be looked at before it is believed.
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
    /// Writes the active signing key to a new file that only its owner can read and the passphrase opens. Whoever opens
    /// it can make tokens, and nothing else: it reads no state and opens no kept secret. `scope` is what those tokens
    /// are to be good for at most, as far as that host keeps to it.
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

    /// Takes in a key that [`Self::export_key`] wrote: the tokens that are made here from now on are the other
    /// installation's.
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
        // Back at home it signs as it always did.
        let signs_for = (signs_for.issuer != self.installation()).then_some(signs_for);
        self.add_key(&key, &secret, signs_for, "keys import")?;
        self.keys()?.into_iter().find(|key| key.state == KeyState::Active).ok_or(Error::NoKey)
    }
}

/// What the key is bound to.
fn beside(clear: &Clear) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(clear).map_err(|_| Error::NoKey)
}

fn damaged(path: &Path) -> Error {
    Error::NotAKeyFile { path: path.to_owned() }
}
