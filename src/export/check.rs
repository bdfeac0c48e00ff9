//! Looking at an export again: is it still what was written, and does its token lie only where it should?

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::prove::{AuthMethod, prove};
use super::render::sha256;
use super::target::{CHECKSUMS, MANIFEST};
use super::write::MADE_BY;
use super::{Error, Manifest};
use crate::model::text::shown;
use crate::model::token::{Claims, TokenId};
use crate::token;

/// Of a longer file only this much is searched for a token, in bytes: installers lie beside exports.
const SEARCHED: u64 = 16 * 1024 * 1024;

/// An export, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    pub folder: PathBuf,
    pub target: String,
    /// Absent for a token that was issued elsewhere.
    pub token: Option<TokenId>,
    /// What the tokens in its files say that were signed here.
    #[serde(skip)]
    pub claims: Vec<Claims>,
    pub findings: Vec<Finding>,
    /// Of each file that holds values, when that was asked for.
    pub auth_methods: Vec<AuthMethod>,
}

/// Something that asks for a decision.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub what: What,
    /// Absent when it is about the export as a whole.
    pub file: Option<String>,
    /// In a sentence without its end.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A file is not there any more.
    Missing,
    /// A file is not what was written.
    Changed,
    /// A token stands where none should be, or more may read it than should.
    TokenOpen,
    /// A token that laptops cannot use any more.
    TokenDead,
    /// A token of another installation, whose service alone knows what to do with it.
    TokenForeign,
    /// Whoever answers where the token sends laptops is not whom they believe.
    Server,
}

/// What is known of tokens where the check is made.
pub trait Tokens {
    /// Why laptops cannot use this token; absent when they can, or when it is none of this installation's.
    fn dead(&self, token: &str) -> Option<String>;
    /// Why this token is none of this installation's; absent when one of its keys signed it, wherever that was.
    fn foreign(&self, token: &str) -> Option<String>;
    /// What [`Tokens::dead`] says, for the token of which a manifest says the id.
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
        Ok(_) => find(What::Changed, Some(MANIFEST), "its checksum is not that of SHA256SUMS".to_owned()),
        Err(_) => find(What::Missing, Some(CHECKSUMS), "it is not there, or cannot be read".to_owned()),
    }
    for file in &manifest.files {
        match fs::read(folder.join(&file.name)) {
            Ok(bytes) if sha256(&bytes) == file.sha256 => {}
            Ok(_) => find(What::Changed, Some(&file.name), "it was changed since it was written".to_owned()),
            Err(_) => find(What::Missing, Some(&file.name), "it is not there, or cannot be read".to_owned()),
        }
    }
    let dead = manifest.token.id.as_ref().and_then(|id| tokens.dead_id(id));
    if let Some(why) = &dead {
        find(What::TokenDead, None, format!("the token \"{}\" {why}: export again with another", manifest.token.name));
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
            find(What::TokenOpen, Some(&name), "a token stands in it, and none should: remove it".to_owned());
        }
        if (holder || !found.is_empty()) && is_open(&path) {
            find(What::TokenOpen, Some(&name), "others may read it: chmod 600".to_owned());
        }
        for token in &found {
            match tokens.foreign(token) {
                Some(why) => {
                    let detail = format!("the token in it {why}: export again with one of here");
                    find(What::TokenForeign, Some(&name), detail);
                }
                None => claims.extend(token::read(token)),
            }
        }
        // Said once for the export, and here of any other token.
        for why in found.iter().filter_map(|token| tokens.dead(token)).filter(|_| dead.is_none()) {
            find(What::TokenDead, Some(&name), format!("the token in it {why}: export again with another"));
        }
    }
    let auth_methods =
        if proves { manifest.files.iter().filter_map(|file| prove(folder, file)).collect() } else { Vec::new() };
    let (target, token) = (manifest.target, manifest.token.id);
    Ok(Checked { folder: folder.to_owned(), target, token, claims, findings, auth_methods })
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

/// The files in a folder and in those below it; a link would lead out of the export, and is one of them itself.
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

/// The tokens of this program that stand in a file, as they are or in UTF-16.
fn tokens_in(path: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::File { doing: "reading", path: shown(&path.to_string_lossy()), source };
    // A link would lead out of the export.
    if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(SEARCHED).read_to_end(&mut bytes).map_err(failed)?;
    let mut found = tokens_of(&bytes);
    // Every second byte, from the first and from the second one, is a text in UTF-16 that is all ASCII.
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
