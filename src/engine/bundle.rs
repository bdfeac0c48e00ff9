//! Transfers data between two states of one installation without a network: created tokens, revocations, and the users
//! for a state that reads no directory.
//!
//! A bundle is a file. Its first line is signed with a key that both sides have; an LDIF may follow, and the first line
//! contains its length and SHA-256.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::audit::Actor;
use crate::model::hash::hex;
use crate::model::name::Name;
use crate::model::text::Untrusted;
use crate::model::token::{Pin, Record, Replaced, Scope, TokenId};
use crate::store::{KeyState, WriteTransaction};
use crate::token::{self, Refusal};

use super::{Engine, Error, private_file};

/// The longest first line, in bytes: some 100,000 tokens.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    installation: String,
    made_at: Timestamp,
    tokens: Vec<Registration>,
    revoked_keys: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ldif: Option<Ldif>,
}

/// The record of a token in a bundle.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    id: TokenId,
    name: Name,
    note: Option<String>,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    max_activations: u64,
    servers: Vec<String>,
    pin: Option<Pin>,
    scope: Scope,
    created_by: String,
    revoked: bool,
    /// Absent in bundles of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<Replaced>,
    key: String,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ldif {
    bytes: u64,
    sha256: String,
}

/// The contents of a bundle, or the changes that it made.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Carried {
    /// Tokens in it, or tokens that it registered here.
    pub tokens: u64,
    /// Tokens in it that are revoked, or that it revoked here.
    pub revoked: u64,
    /// Tokens in it that were replaced, or that now end earlier here.
    pub replaced: u64,
    /// Keys in it that are revoked, or that it revoked here.
    pub revoked_keys: u64,
    /// The file that its LDIF was written to; when writing a bundle, the LDIF that it contains.
    pub ldif: Option<PathBuf>,
}

impl Engine {
    /// Writes a bundle to a new file that only its owner can read.
    pub fn write_bundle(&self, path: &Path, ldif: Option<&Path>) -> Result<Carried, Error> {
        let by = self.by("bundle out")?;
        let (key, signs_for) = self.signing_key()?;
        let issuer = signs_for.map_or_else(|| self.installation().to_owned(), |other| other.issuer);
        let keys = self.keys()?;
        let of_issuer = |id: &str| {
            let own = self.installation();
            keys.iter().any(|key| key.id == id && key.signs_for.as_ref().map_or(own, |other| &other.issuer) == issuer)
        };
        let tokens = self.tokens()?.into_iter().filter_map(registration).filter(|token| of_issuer(&token.key));
        let bundle = Bundle {
            tokens: tokens.collect(),
            revoked_keys: keys.iter().filter(|key| key.state == KeyState::Revoked).map(|key| key.id.clone()).collect(),
            ldif: ldif.map(measured).transpose()?,
            installation: issuer,
            made_at: by.at,
        };
        let carried = Carried {
            tokens: bundle.tokens.len() as u64,
            revoked: bundle.tokens.iter().filter(|token| token.revoked).count() as u64,
            replaced: bundle.tokens.iter().filter(|token| token.replaced.is_some()).count() as u64,
            revoked_keys: bundle.revoked_keys.len() as u64,
            ldif: ldif.map(Path::to_owned),
        };
        let line = serde_json::to_vec(&bundle).map_err(|_| damaged(path))?;
        let line = token::attest(&key, &line)?;
        private_file::write(path, line.as_bytes(), b"\n")?;
        if let (Some(from), Some(said)) = (ldif, &bundle.ldif) {
            private_file::or_remove(path, append(path, from, said))?;
        }
        let told = format!("{} tokens, {} revoked", carried.tokens, carried.revoked);
        private_file::or_remove(path, self.store().transaction(|transaction| transaction.audit(&by, "bundle", &told)))?;
        Ok(carried)
    }

    /// Imports a bundle: registers unknown tokens and applies revocations; what was revoked here stays revoked. Its
    /// LDIF is written to a new file. All or nothing; importing it again changes nothing.
    pub fn read_bundle(&self, path: &Path, ldif: Option<&Path>) -> Result<Carried, Error> {
        let by = self.by("bundle in")?;
        let failed = |why| Error::File { path: path.to_owned(), why };
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let mut line = String::new();
        file.by_ref().take(LONGEST_LINE).read_line(&mut line).map_err(|_| damaged(path))?;
        let (payload, issuer) =
            token::attested(line.trim_end(), &self.trusted()?).map_err(|refusal| match refusal {
                Refusal::UnknownKey | Refusal::KeyRevoked => Error::BundleRefused { path: path.to_owned(), refusal },
                // Other faults are reported for its tokens.
                _ => damaged(path),
            })?;
        let bundle: Bundle = serde_json::from_slice(&payload).map_err(|_| damaged(path))?;
        if issuer.as_deref() != Some(&bundle.installation) {
            return Err(damaged(path));
        }
        let written = match (&bundle.ldif, ldif) {
            (Some(said), Some(to)) => Some(extract(&mut file, said, path, to)?),
            (None, Some(_)) => return Err(Error::NoLdif { path: path.to_owned() }),
            (_, None) => None,
        };
        let mut carried = Carried { ldif: written, ..Carried::default() };
        let taken = self.store().transaction(|transaction| take_in(transaction, bundle, &by, &mut carried));
        match ldif {
            Some(to) => private_file::or_remove(to, taken)?,
            None => taken?,
        }
        Ok(carried)
    }
}

fn take_in(
    transaction: &WriteTransaction<'_>,
    bundle: Bundle,
    by: &crate::store::By<'_>,
    carried: &mut Carried,
) -> Result<(), crate::store::Error> {
    for token in bundle.tokens {
        let (revoked, replaced) = (token.revoked, token.replaced.clone());
        let record = record(token);
        // An id belongs to one token. Only the holder of the signing key could create another one with that id, and
        // that holder can create tokens anyway.
        if transaction.snapshot().token(&record.id)?.is_none() {
            transaction.record_token(&record, "issued on another host; came with a bundle", by)?;
            carried.tokens += 1;
        }
        if let Some(replaced) = replaced {
            carried.replaced += u64::from(transaction.supersede_token(&record.id, &replaced, by)?);
        }
        carried.revoked += u64::from(revoked && transaction.revoke_token(&record.id, by)?);
    }
    for key in &bundle.revoked_keys {
        carried.revoked_keys += u64::from(transaction.revoke_key(key, by)?);
    }
    let Carried { tokens, replaced, revoked, .. } = carried;
    let told = format!("{tokens} tokens registered, {replaced} replaced, {revoked} revoked");
    transaction.audit(by, "bundle", &told)
}

fn registration(record: Record) -> Option<Registration> {
    Some(Registration {
        id: record.id,
        name: record.name,
        note: record.note.map(|note| note.raw().to_owned()),
        issued_at: record.issued_at,
        expires_at: record.expires_at,
        max_activations: record.max_activations,
        servers: record.servers,
        pin: record.pin,
        scope: record.scope,
        created_by: record.created_by.0.raw().to_owned(),
        revoked: record.revoked_at.is_some(),
        replaced: record.replaced,
        key: record.key?,
        sha256: record.sha256,
    })
}

fn record(token: Registration) -> Record {
    Record {
        id: token.id,
        name: token.name,
        note: token.note.map(Untrusted::new),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        max_activations: token.max_activations,
        servers: token.servers,
        pin: token.pin,
        scope: token.scope,
        created_by: Actor::new(token.created_by),
        revoked_at: None,
        replaced: None,
        key: Some(token.key),
        sha256: token.sha256,
        uses: 0,
        last_use: None,
    }
}

fn measured(path: &Path) -> Result<Ldif, Error> {
    let failed = |why| Error::File { path: path.to_owned(), why };
    let (bytes, sha256) = copy(File::open(path).map_err(failed)?, &mut std::io::sink()).map_err(failed)?;
    Ok(Ldif { bytes, sha256 })
}

/// Writes the LDIF after the first line, with the measured length: a file that changes in the meantime is refused.
fn append(bundle: &Path, from: &Path, said: &Ldif) -> Result<(), Error> {
    let failed = |why| Error::NotWritten { path: bundle.to_owned(), why };
    let file = File::options().append(true).open(bundle).map_err(failed)?;
    let mut to = BufWriter::new(file);
    let read = File::open(from).map_err(|why| Error::File { path: from.to_owned(), why })?;
    let (bytes, sha256) = copy(read, &mut to).map_err(failed)?;
    to.flush().and_then(|()| to.get_ref().sync_all()).map_err(failed)?;
    if bytes == said.bytes && sha256 == said.sha256 { Ok(()) } else { Err(Error::Changing { path: from.to_owned() }) }
}

fn extract(from: &mut impl Read, said: &Ldif, bundle: &Path, to: &Path) -> Result<PathBuf, Error> {
    let failed = |why| Error::NotWritten { path: to.to_owned(), why };
    private_file::write(to, b"", b"")?;
    let extracted = (|| {
        let mut file = BufWriter::new(File::options().append(true).open(to).map_err(failed)?);
        let (bytes, sha256) = copy(from, &mut file).map_err(failed)?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed)?;
        if bytes == said.bytes && sha256 == said.sha256 { Ok(to.to_owned()) } else { Err(damaged(bundle)) }
    })();
    private_file::or_remove(to, extracted)
}

/// The number of bytes read, and their SHA-256 in hexadecimal.
fn copy(mut from: impl Read, to: &mut impl Write) -> std::io::Result<(u64, String)> {
    let (mut sum, mut count, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((count, hex(&sum.finalize())));
        }
        to.write_all(&buffer[..read])?;
        sum.update(&buffer[..read]);
        count += read as u64;
    }
}

fn damaged(path: &Path) -> Error {
    Error::NotABundle { path: path.to_owned() }
}
