//! Lists the written exports with their folder, author, token and current state, and writes an export again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::model::audit::Actor;
use crate::model::installer::{Inputs, Installer};
use crate::model::name::Name;
use crate::model::token::{Record, State, TokenId};
use crate::store::Export;

use super::exports::manifest_in;
use super::{Engine, Error, Written, private_file};

/// A written export and its current state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WrittenExport {
    pub id: i64,
    pub at: Timestamp,
    pub by: Actor,
    pub target: String,
    pub folder: PathBuf,
    /// The agent that it installs; absent for exports of earlier versions.
    pub agent: Option<String>,
    /// Absent for a token of the agent's own server.
    pub token: Option<Carries>,
    /// False when the folder was written again since.
    pub newest: bool,
    /// Whether the folder now contains an export for that target with that token.
    pub there: bool,
}

/// The current state of the token of an export.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Carries {
    pub id: TokenId,
    pub name: Name,
    pub state: State,
    pub ends_at: Option<Timestamp>,
}

/// A file in the folder of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    pub name: String,
    /// The raw text without the token; or why it is not shown.
    pub text: Result<String, String>,
}

/// How much of a file is read.
const LOOKED_AT: u64 = 256 * 1024;
/// The text that replaces a token.
const MASK: &str = "<the token>";

impl Engine {
    /// The current files in the folder of an export, with the token masked. A file that contains the token in an
    /// unknown form is listed without its text.
    ///
    /// # Errors
    /// [`Error::NoExport`]; [`Error::NotThatExport`] when the folder contains another export, or none.
    pub fn written_files(&self, id: i64) -> Result<Vec<WrittenFile>, Error> {
        let export = self.store().exports()?.into_iter().find(|export| export.id == id).ok_or(Error::NoExport(id))?;
        let manifest = manifest_in(&export.folder).filter(|manifest| manifest.target == export.target);
        let manifest = manifest.ok_or_else(|| Error::NotThatExport(export.folder.clone()))?;
        let read = |file: &crate::export::ManifestFile| WrittenFile {
            name: file.name.clone(),
            text: read(&export.folder.join(&file.name), file.holds_token),
        };
        // imd never writes names that contain a path.
        let ours = manifest.files.iter().filter(|file| Path::new(&file.name).components().all(is_plain));
        Ok(ours.map(read).collect())
    }

    /// The written exports, newest first.
    pub fn written_exports(&self) -> Result<Vec<WrittenExport>, Error> {
        let (now, tokens) = (self.now(), self.store().tokens()?);
        let mut folders = std::collections::HashSet::new();
        let written = |export: Export| {
            let newest = folders.insert(export.folder.clone());
            let record = tokens.iter().find(|record| Some(&record.id) == export.token.as_ref());
            let carries = |record: &Record| Carries {
                id: record.id.clone(),
                name: record.name.clone(),
                state: record.state(now),
                ends_at: record.ends_at(),
            };
            let there = is_there(&export);
            WrittenExport {
                id: export.id,
                at: export.at,
                by: export.by,
                target: export.target,
                folder: export.folder,
                agent: export.inputs.map(|inputs| inputs.agent),
                token: record.map(carries),
                newest,
                there,
            }
        };
        Ok(self.store().exports()?.into_iter().map(written).collect())
    }

    /// Writes an export again from its stored values, with its token or with the valid token of the same name.
    ///
    /// # Errors
    /// [`Error::NoExport`]; [`Error::DeadToken`] when no token of that name is valid.
    pub fn write_again(&self, id: i64) -> Result<Written, Error> {
        let exports = self.store().exports()?;
        let export = exports.into_iter().find(|export| export.id == id).ok_or(Error::NoExport(id))?;
        let record = match &export.token {
            Some(token) => self.store().tokens()?.into_iter().find(|record| record.id == *token),
            None => None,
        };
        self.written_with(&export, record.map(|record| record.name))
    }

    /// Writes an export again from its stored values, with the valid token of that name.
    pub(super) fn written_with(&self, export: &Export, token: Option<Name>) -> Result<Written, Error> {
        let inputs = export.inputs.clone().map_or_else(|| self.settled_inputs(&export.folder), Ok)?;
        let installer = Installer {
            agent: inputs.agent,
            proxy: inputs.proxy,
            properties: inputs.properties,
            token_delivery: inputs.token_delivery,
            targets: vec![export.target.clone()],
            token,
            folder: export.folder.parent().unwrap_or(Path::new("/")).to_owned(),
        };
        self.write_exports(&installer)?.pop().ok_or_else(|| Error::NoTarget(export.target.clone()))
    }

    /// The values of an export of an earlier version, which did not store them: those of step 7.
    fn settled_inputs(&self, folder: &Path) -> Result<Inputs, Error> {
        let settled = self.settled_installer()?;
        let there = manifest_in(folder).filter(|there| there.agent == settled.agent);
        let there = there.ok_or_else(|| Error::NotThatExport(folder.to_owned()))?;
        Ok(Inputs {
            agent: settled.agent,
            proxy: settled.proxy,
            properties: settled.properties,
            // The export keeps its own way to carry the token.
            token_delivery: there.token.travels_by,
        })
    }
}

/// Whether the folder of an export now contains it, with that token.
pub(super) fn is_there(export: &Export) -> bool {
    manifest_in(&export.folder).is_some_and(|there| there.target == export.target && there.token.id == export.token)
}

fn is_plain(part: std::path::Component<'_>) -> bool {
    matches!(part, std::path::Component::Normal(_))
}

fn read(path: &Path, holds_token: bool) -> Result<String, String> {
    // A link could lead out of the export.
    if !std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Err("the file no longer exists".to_owned());
    }
    let bytes = private_file::read(path, LOOKED_AT).map_err(|error| error.to_string())?;
    let Some(text) = decoded(&bytes) else { return Err("it is not a text file".to_owned()) };
    let (masked, tokens) = masked(&text);
    if holds_token && tokens == 0 {
        return Err("it contains the token, and is not shown".to_owned());
    }
    Ok(masked)
}

/// UTF-8, or UTF-16 with its mark.
fn decoded(bytes: &[u8]) -> Option<String> {
    let wide = |of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.contains('\0')),
    }
}

/// The text with each token masked, and how many there were.
fn masked(text: &str) -> (String, usize) {
    let found = crate::token::found_in(text.as_bytes());
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for token in &found {
        out.push_str(&text[end..token.start]);
        out.push_str(MASK);
        end = token.end;
    }
    out.push_str(&text[end..]);
    (out, found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "imd1_eyJ0b2tlbiI6IjEyMzQ1Njc4OTAifQ-aBcDeF_0123";

    #[test]
    fn no_token_is_shown_in_whatever_form_it_stands() {
        let text = format!("TOKEN=\"{TOKEN}\" a token begins with imd1_ and {TOKEN}");
        let (shown, tokens) = masked(&text);
        assert_eq!(tokens, 2);
        assert_eq!(shown, "TOKEN=\"<the token>\" a token begins with imd1_ and <the token>");
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(TOKEN.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(masked(&decoded(&wide).expect("UTF-16")).0, "<the token>");
        // In a form that is not known it is not found, and then the file is not shown.
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("profile");
        std::fs::write(&path, "aW1kMV9leUowYjJ0bA==").expect("written");
        assert_eq!(read(&path, true), Err("it contains the token, and is not shown".to_owned()));
        assert_eq!(read(&path, false), Ok("aW1kMV9leUowYjJ0bA==".to_owned()));
    }
}
