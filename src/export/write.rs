//! Writes an export: completely or not at all, and never over anything but an earlier export.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, RenameFlags};

use super::manifest::{CHECKSUMS, MADE_BY, MANIFEST, Manifest};
use super::{Error, Rendered};
use crate::model::hash::sha256;
use crate::model::text::shown;

/// Writes each export to the subfolder of `out` with the name of its target. `out` is created if missing.
///
/// Everything is written to a temporary folder first, then renamed. An earlier export is replaced; files that an
/// administrator added, such as the installer, are kept. Only the owner can read the folders (0700) and the files that
/// contain the token (0600).
///
/// # Errors
/// When `out` contains anything but an unchanged export of that target, and when writing fails. Then no folder was
/// changed, unless a rename failed: then the later folders are unchanged.
pub fn write(exports: &[Rendered], out: &Path) -> Result<Vec<Manifest>, Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(out).map_err(failed("writing", out))?;
    let folder = File::open(out).map_err(failed("writing", out))?;
    // The lock is held until the folder is closed: two exports to the same folder wait for each other.
    rustix::fs::flock(&folder, FlockOperation::LockExclusive).map_err(|e| failed("writing", out)(e.into()))?;
    let mut drafts = Drafts(Vec::new());
    for export in exports {
        let place = out.join(&export.target);
        let draft = out.join(format!(".{}.new", export.target));
        // A draft of a crashed export: the lock excludes other writers.
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
            // A hard link: the file is in the old and in the new folder, whichever is kept.
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

/// Removes unfinished drafts.
struct Drafts(Vec<PathBuf>);

impl Drop for Drafts {
    fn drop(&mut self) {
        for draft in &self.0 {
            // The first error is the one to report.
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
    // The format of `sha256sum -c`; the star means binary mode.
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
        // Independent of the umask of the session.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()
    };
    written().map_err(failed("writing", path))
}

/// The files in an earlier export at `place` that imd did not write; none if there is no export.
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

/// Exchanges the draft and the old folder, or renames the draft if there is no old folder.
fn swap(draft: &Path, place: &Path) -> io::Result<()> {
    if fs::symlink_metadata(place).is_err() {
        return fs::rename(draft, place);
    }
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, draft, here, place, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Not every file system supports the exchange; then the folder is missing for a moment.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let old = aside(place);
            fs::rename(place, &old)?;
            fs::rename(draft, place)?;
            fs::rename(&old, draft)
        }
        Err(error) => Err(error.into()),
    }
}

/// The temporary name of the old folder during the replacement.
fn aside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.old"))
}

/// Restores an old folder after a crash, or removes it if the new folder exists: it contains a token, and would block
/// the next export.
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
    fn an_old_folder_of_a_crash_is_restored_or_removed() {
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
