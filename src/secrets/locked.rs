//! A secret locked with a passphrase, to carry it to another host.
//!
//! The key is made by Argon2id with the second recommended set of parameters of RFC 9106, section 4 (3 passes over
//! 64 MiB in 4 lanes), the secret sealed by XChaCha20-Poly1305 (RFC 8439 with the nonce of
//! draft-irtf-cfrg-xchacha), which also authenticates the clear text `context`.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Error, Secret, long_enough};

/// The most memory that a file may ask for, in KiB. More is refused.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;

/// A locked secret in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// `argon2id`
    kdf: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// base64url, 16 bytes.
    salt: String,
    /// base64url, 24 bytes.
    nonce: String,
    /// base64url.
    sealed: String,
}

impl Locked {
    /// Locks a secret; it opens only with the same `context`. `random` is 40 bytes that are used only once.
    ///
    /// # Errors
    /// When the passphrase is too short, or memory runs out.
    pub fn lock(secret: &Secret, context: &[u8], passphrase: &Secret, random: &[u8; 40]) -> Result<Self, Error> {
        long_enough(passphrase)?;
        let (salt, nonce) = random.split_at(16);
        let (memory_kib, passes, lanes) = (64 * 1024, 3, 4);
        let cipher = cipher(passphrase, salt, memory_kib, passes, lanes).ok_or_else(seal)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: context };
        let sealed = cipher.encrypt(XNonce::from_slice(nonce), payload).map_err(|_| seal())?;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Ok(Self {
            kdf: "argon2id".to_owned(),
            memory_kib,
            passes,
            lanes,
            salt: text(salt),
            nonce: text(nonce),
            sealed: text(&sealed),
        })
    }

    /// # Errors
    /// When the passphrase is wrong, or the file was changed: the two cannot be distinguished.
    pub fn open(&self, context: &[u8], passphrase: &Secret) -> Result<Secret, Error> {
        let read = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Locked);
        let (salt, nonce, sealed) = (read(&self.salt)?, read(&self.nonce)?, read(&self.sealed)?);
        let fits = self.kdf == "argon2id"
            && nonce.len() == 24
            && self.memory_kib <= MOST_MEMORY
            && (1..=MOST_PASSES).contains(&self.passes)
            && (1..=16).contains(&self.lanes);
        if !fits {
            return Err(Error::Locked);
        }
        let cipher = cipher(passphrase, &salt, self.memory_kib, self.passes, self.lanes).ok_or(Error::Locked)?;
        let payload = Payload { msg: &sealed, aad: context };
        let bytes = cipher.decrypt(XNonce::from_slice(&nonce), payload).map_err(|_| Error::Locked)?;
        let bytes = Zeroizing::new(bytes);
        std::str::from_utf8(&bytes).map(Secret::new).map_err(|_| Error::Locked)
    }
}

fn cipher(passphrase: &Secret, salt: &[u8], memory: u32, passes: u32, lanes: u32) -> Option<XChaCha20Poly1305> {
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    let kdf = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    kdf.hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key).ok()?;
    XChaCha20Poly1305::new_from_slice(&*key).ok()
}

fn seal() -> Error {
    Error::Seal { label: "the passphrase".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: [u8; 40] = [7; 40];

    #[test]
    fn opens_only_with_its_passphrase_and_context() {
        let passphrase = Secret::new("correct horse battery");
        let locked = Locked::lock(&Secret::new("k4.secret.x"), b"context", &passphrase, &RANDOM).unwrap();
        assert!(locked.open(b"context", &passphrase).unwrap() == Secret::new("k4.secret.x"));
        let refused = |locked: &Locked, context: &[u8], passphrase: &str| {
            matches!(locked.open(context, &Secret::new(passphrase)), Err(Error::Locked))
        };
        assert!(refused(&locked, b"context", "correct horse batterz"));
        assert!(refused(&locked, b"contexts", "correct horse battery"));
        let other = Locked { sealed: locked.sealed.replacen(|_| true, "_", 1), ..locked.clone() };
        assert!(refused(&other, b"context", "correct horse battery"));
        let greedy = Locked { memory_kib: u32::MAX, ..locked };
        assert!(refused(&greedy, b"context", "correct horse battery"));
    }

    #[test]
    fn a_short_passphrase_locks_nothing() {
        let short = Locked::lock(&Secret::new("x"), b"", &Secret::new("hunter2"), &RANDOM);
        assert!(matches!(short, Err(Error::ShortPassphrase)));
    }
}
