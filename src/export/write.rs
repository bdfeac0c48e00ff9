//! Writing an export: whole or not at all, and never over anything that is not an earlier export.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, RenameFlags};
use serde::{Deserialize, Serialize};

use super::render::{Exposure, sha256};
use super::target::{CHECKSUMS, MANIFEST};
use super::{Error, Grammar, Rendered, TokenBy};
use crate::model::name::Name;
use crate::model::text::shown;
use crate::model::token::TokenId;

/// By this word an export is known again.
pub(super) const MADE_BY: &str = "imd";

/// What is known of an export: the file `manifest.json` in its folder. It never holds the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `imd`.
    pub made_by: String,
    /// The version of this program.
    pub version: String,
    pub target: String,
    pub agent: String,
    pub token: ManifestToken,
    pub exposure: Vec<Exposure>,
    /// Without the manifest itself and `SHA256SUMS`.
    pub files: Vec<ManifestFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestToken {
    /// Absent for a token that was issued elsewhere.
    pub id: Option<TokenId>,
    pub name: Name,
    pub expires_at: Option<Timestamp>,
    pub travels_by: TokenBy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    pub name: String,
    pub sha256: String,
    pub holds_token: bool,
    /// What reads it. Absent in exports of earlier versions, as the next one is.
    #[serde(default)]
    pub grammar: Option<Grammar>,
    /// What a reader of the file must find in it.
    #[serde(default)]
    pub carries: Vec<ManifestValue>,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestValue {
    /// Its name for people: `the proxy`.
    pub what: String,
    /// Of the value as it was before it was quoted.
    pub sha256: String,
}

/// Writes each export into the folder of its target's name below `out`, which is made when it is absent.
///
/// Everything is written beside its place first and put there by one rename a folder. An earlier export is replaced;
/// files that an administrator has put beside it, such as the installer, stay. The folders are the owner's alone
/// (0700), the files that hold the token too (0600).
///
/// # Errors
/// When anything but an unchanged export of that target is in the way, and when writing fails: then no folder has
/// changed, except that a failure of the renames themselves may leave the later folders as they were.
pub fn write(exports: &[Rendered], out: &Path) -> Result<Vec<Manifest>, Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(out).map_err(failed("writing", out))?;
    let folder = File::open(out).map_err(failed("writing", out))?;
    // Held until the folder is closed: two that export to one place take turns.
    rustix::fs::flock(&folder, FlockOperation::LockExclusive).map_err(|e| failed("writing", out)(e.into()))?;
    let mut drafts = Drafts(Vec::new());
    for export in exports {
        let place = out.join(&export.target);
        let draft = out.join(format!(".{}.new", export.target));
        // Left by a crash: nobody else writes here now.
        remove(&draft)?;
        recover(&place)?;
        let kept = look_at(&place, &export.target)?;
        drafts.0.push(draft.clone());
        fs::DirBuilder::new().mode(0o700).create(&draft).map_err(failed("writing", &draft))?;
        fill(&draft, export)?;
        for name in kept {
            if let Some(taken) = export.files.iter().find(|file| OsStr::new(&file.name) == name) {
                return Err(Error::Edited { path: shown(&place.to_string_lossy()), file: taken.name.clone() });
            }
            // A second name for the same file, so it is in the old folder and in the new one, whichever stays.
            fs::hard_link(place.join(&name), draft.join(&name)).map_err(failed("writing", &draft.join(&name)))?;
        }
        sync(&draft)?;
    }
    for export in exports {
        let (place, draft) = (out.join(&export.target), out.join(format!(".{}.new", export.target)));
        swap(&draft, &place).map_err(failed("replacing", &place))?;
        remove(&draft)?;
    }
    drafts.0.clear();
    sync(out)?;
    Ok(exports.iter().map(|export| export.manifest.clone()).collect())
}

/// Removes what was begun, when it is not finished.
struct Drafts(Vec<PathBuf>);

impl Drop for Drafts {
    fn drop(&mut self) {
        for draft in &self.0 {
            // The error that led here is the one to tell.
            let _ = fs::remove_dir_all(draft);
        }
    }
}

fn fill(draft: &Path, export: &Rendered) -> Result<(), Error> {
    let mut manifest = serde_json::to_vec_pretty(&export.manifest)
        .map_err(|error| failed("writing", &draft.join(MANIFEST))(error.into()))?;
    manifest.push(b'\n');
    let mut sums: Vec<(&str, String)> =
        export.files.iter().map(|file| (file.name.as_str(), sha256(&file.bytes))).collect();
    sums.push((MANIFEST, sha256(&manifest)));
    sums.sort_unstable();
    // As `sha256sum -c` reads it; the star means that the bytes count, on every system.
    let sums = sums.iter().fold(String::new(), |text, (name, sum)| text + sum + " *" + name + "\n");
    for file in &export.files {
        put(&draft.join(&file.name), &file.bytes, file.mode)?;
    }
    put(&draft.join(MANIFEST), &manifest, 0o644)?;
    put(&draft.join(CHECKSUMS), sums.as_bytes(), 0o644)
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode & 0o600).open(path)?;
        file.write_all(bytes)?;
        // The mode is what was said, whatever the umask of the session.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()
    };
    written().map_err(failed("writing", path))
}

/// The files beside an earlier export at `place`, which are not ours; none where there is nothing.
fn look_at(place: &Path, target: &str) -> Result<Vec<std::ffi::OsString>, Error> {
    let path = || shown(&place.to_string_lossy());
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("reading", place)(error)),
        // A link would lead elsewhere.
        Ok(metadata) if !metadata.is_dir() => return Err(Error::NotAnExport { path: path() }),
        Ok(_) => {}
    }
    let manifest = fs::read(place.join(MANIFEST)).ok();
    let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let manifest = manifest
        .filter(|manifest| manifest.made_by == MADE_BY && manifest.target == target)
        .ok_or_else(|| Error::NotAnExport { path: path() })?;
    let mut kept = Vec::new();
    for entry in fs::read_dir(place).map_err(failed("reading", place))? {
        let entry = entry.map_err(failed("reading", place))?;
        let name = entry.file_name();
        if name == OsStr::new(MANIFEST) || name == OsStr::new(CHECKSUMS) {
            continue;
        }
        let file = || shown(&name.to_string_lossy());
        let is_file = entry.file_type().map_err(failed("reading", place))?.is_file();
        match manifest.files.iter().find(|file| OsStr::new(&file.name) == name) {
            Some(ours) => {
                let bytes = if is_file { fs::read(entry.path()).ok() } else { None };
                if bytes.is_none_or(|bytes| sha256(&bytes) != ours.sha256) {
                    return Err(Error::Edited { path: path(), file: file() });
                }
            }
            None if is_file => kept.push(name),
            None => return Err(Error::Foreign { path: path(), file: file() }),
        }
    }
    Ok(kept)
}

/// Puts the new folder in its place; the old one, if there is one, then has the new one's name.
fn swap(draft: &Path, place: &Path) -> io::Result<()> {
    if fs::symlink_metadata(place).is_err() {
        return fs::rename(draft, place);
    }
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, draft, here, place, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Not every file system can exchange; then there is a moment without the folder, and no way around it.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let old = aside(place);
            fs::rename(place, &old)?;
            fs::rename(draft, place)?;
            fs::rename(&old, draft)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the old folder waits while the new one takes its place.
fn aside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.old"))
}

/// Puts an old folder back that a crash has left aside, or removes it when its successor is there already: it would be
/// in the way of the next one, and holds a token.
fn recover(place: &Path) -> Result<(), Error> {
    let old = aside(place);
    if fs::symlink_metadata(&old).is_err() {
        return Ok(());
    }
    if fs::symlink_metadata(place).is_ok() {
        return remove(&old);
    }
    fs::rename(&old, place).map_err(failed("replacing", place))
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("replacing", folder)(error)),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("writing", folder))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = shown(&path.to_string_lossy());
    move |source| Error::File { doing, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_folder_that_a_crash_left_beside_its_successor_is_removed() {
        let out = tempfile::tempdir().expect("a folder");
        let place = out.path().join("msiexec");
        fs::create_dir(aside(&place)).expect("made");
        fs::write(aside(&place).join("old"), "").expect("made");
        recover(&place).expect("put back");
        assert!(place.join("old").exists() && !aside(&place).exists());
        fs::create_dir(aside(&place)).expect("made");
        fs::write(aside(&place).join("older"), "").expect("made");
        recover(&place).expect("removed");
        assert!(place.join("old").exists() && !aside(&place).exists());
    }
}
