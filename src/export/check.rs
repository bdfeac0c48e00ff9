//! Checks an export: files unchanged, tokens valid, and no token readable where it should not be.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Error;
use super::manifest::{CHECKSUMS, MADE_BY, MANIFEST, Manifest};
use super::prove::{ReadBack, prove};
use crate::model::hash::sha256;
use crate::model::text::shown;
use crate::model::token::{Claims, TokenId};
use crate::token;

/// Only this many bytes of a file are searched for a token: administrators put installers into exports.
const SEARCHED: u64 = 16 * 1024 * 1024;

/// An export with its findings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    pub folder: PathBuf,
    pub target: String,
    /// Absent for a token of another server.
    pub token: Option<TokenId>,
    /// The claims of the tokens in its files that this installation signed.
    #[serde(skip)]
    pub claims: Vec<Claims>,
    pub findings: Vec<Finding>,
    /// One entry for each file that contains values, with `--prove`.
    pub read_back: Vec<ReadBack>,
}

/// A problem that an administrator has to decide on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub what: What,
    /// Absent if it concerns the whole export.
    pub file: Option<String>,
    /// A sentence without a full stop.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A file is missing.
    Missing,
    /// A file was changed.
    Changed,
    /// A token is in a file that should have none, or too many users can read it.
    TokenOpen,
    /// A token that laptops cannot use any longer.
    TokenDead,
    /// A token of another installation.
    TokenForeign,
    /// The server of the token has a certificate that laptops do not trust.
    Server,
}

/// What this installation knows of tokens.
pub trait Tokens {
    /// Why laptops cannot use this token; absent if they can, or if the token is of another installation.
    fn dead(&self, token: &str) -> Option<String>;
    /// Why this token is not of this installation; absent if one of its keys signed it, on any host.
    fn foreign(&self, token: &str) -> Option<String>;
    /// The same as [`Tokens::dead`], by the token id of a manifest.
    fn dead_id(&self, id: &TokenId) -> Option<String>;
}

/// Checks the export in `folder`, or each one in the folders below it. Changes nothing.
///
/// # Errors
/// When there is no export, or the folder cannot be read.
pub fn check(folder: &Path, tokens: &dyn Tokens, proves: bool) -> Result<Vec<Checked>, Error> {
    let mut places = vec![folder.to_owned()];
    if !folder.join(MANIFEST).exists() {
        places = listed(folder)?.into_iter().filter(|path| path.join(MANIFEST).is_file()).collect();
    }
    if places.is_empty() {
        return Err(Error::NoExport { path: shown(&folder.to_string_lossy()) });
    }
    places.iter().map(|place| check_one(place, tokens, proves)).collect()
}

fn check_one(folder: &Path, tokens: &dyn Tokens, proves: bool) -> Result<Checked, Error> {
    let no_export = || Error::NoExport { path: shown(&folder.to_string_lossy()) };
    let written = fs::read(folder.join(MANIFEST)).map_err(|_| no_export())?;
    let manifest: Manifest = serde_json::from_slice(&written).map_err(|_| no_export())?;
    if manifest.made_by != MADE_BY {
        return Err(no_export());
    }
    let mut findings = Vec::new();
    let mut find = |what, file: Option<&str>, detail: String| {
        let finding = Finding { what, file: file.map(str::to_owned), detail };
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    };
    let own_sum = format!("{} *{MANIFEST}", sha256(&written));
    match fs::read_to_string(folder.join(CHECKSUMS)) {
        Ok(sums) if sums.lines().any(|line| line == own_sum) => {}
        Ok(_) => find(What::Changed, Some(MANIFEST), "its checksum differs from SHA256SUMS".to_owned()),
        Err(_) => find(What::Missing, Some(CHECKSUMS), "it is missing, or cannot be read".to_owned()),
    }
    for file in &manifest.files {
        match fs::read(folder.join(&file.name)) {
            Ok(bytes) if sha256(&bytes) == file.sha256 => {}
            Ok(_) => find(What::Changed, Some(&file.name), "it was changed after the export".to_owned()),
            Err(_) => find(What::Missing, Some(&file.name), "it is missing, or cannot be read".to_owned()),
        }
    }
    let dead = manifest.token.id.as_ref().and_then(|id| tokens.dead_id(id));
    if let Some(why) = &dead {
        find(
            What::TokenDead,
            None,
            format!("the token \"{}\" {why}: export again with another token", manifest.token.name),
        );
    }
    let mut claims = Vec::new();
    let mut paths = Vec::new();
    walk(folder, &mut paths)?;
    for path in paths {
        let Some(name) = path.strip_prefix(folder).ok().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        let found = tokens_in(&path)?;
        let ours = manifest.files.iter().find(|file| file.name == name);
        let holder = ours.is_some_and(|file| file.holds_token);
        let name = shown(&name);
        if !found.is_empty() && !holder {
            find(What::TokenOpen, Some(&name), "it contains a token and should not: remove the token".to_owned());
        }
        if (holder || !found.is_empty()) && is_open(&path) {
            find(What::TokenOpen, Some(&name), "other users can read it: chmod 600".to_owned());
        }
        for token in &found {
            match tokens.foreign(token) {
                Some(why) => {
                    let detail = format!("its token {why}: export again with a token of this installation");
                    find(What::TokenForeign, Some(&name), detail);
                }
                None => claims.extend(token::read(token)),
            }
        }
        // The token of the manifest is reported once, for the export.
        for why in found.iter().filter_map(|token| tokens.dead(token)).filter(|_| dead.is_none()) {
            find(What::TokenDead, Some(&name), format!("its token {why}: export again with another token"));
        }
    }
    let read_back =
        if proves { manifest.files.iter().filter_map(|file| prove(folder, file)).collect() } else { Vec::new() };
    let (target, token) = (manifest.target, manifest.token.id);
    Ok(Checked { folder: folder.to_owned(), target, token, claims, findings, read_back })
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::File { doing: "reading", path: shown(&folder.to_string_lossy()), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The files in a folder and its subfolders. A link is listed, but not followed: it could lead out of the export.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for path in listed(folder)? {
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// The tokens of imd in a file, in ASCII or UTF-16.
fn tokens_in(path: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::File { doing: "reading", path: shown(&path.to_string_lossy()), source };
    // A link would lead out of the export.
    if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(SEARCHED).read_to_end(&mut bytes).map_err(failed)?;
    let mut found = tokens_of(&bytes);
    // ASCII text in UTF-16 is every second byte, from the first or the second byte on.
    for skip in 0..2 {
        let half: Vec<u8> = bytes.iter().skip(skip).step_by(2).copied().collect();
        found.extend(tokens_of(&half));
    }
    found.dedup();
    Ok(found)
}

fn tokens_of(bytes: &[u8]) -> Vec<String> {
    token::found_in(bytes).into_iter().map(|at| String::from_utf8_lossy(&bytes[at]).into_owned()).collect()
}
