//! Files on the laptop: written atomically, with restricted permissions.
//!
//! On Unix each file and folder has a mode. On Windows a file inherits the permissions of its folder: those of the system's
//! folders are set in `acl`, and a user's folder is in a place that only the user, SYSTEM and administrators can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::Error;

/// Who may read a file; only its owner may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Owner,
    Everybody,
}

impl Readers {
    #[cfg(unix)]
    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everybody => 0o644,
        }
    }
}

pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |why| Error::File { doing, path, why }
}

/// The value in a file; `None` when there is no file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let value = serde_json::from_slice(&text);
    value.map(Some).map_err(|error| Error::Unreadable { path: path.to_owned(), why: error.to_string() })
}

/// Replaces a file atomically: readers see the old or the new content.
pub(super) fn write<T: Serialize>(path: &Path, value: &T, readers: Readers) -> Result<(), Error> {
    let mut text = Zeroizing::new(serde_json::to_vec_pretty(value).unwrap_or_default());
    text.push(b'\n');
    put(path, &text, readers)
}

/// The same with raw bytes.
pub(super) fn put(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Error> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("replace", draft)(error)),
        _ => {}
    }
    let written = (|| {
        let mut file = create(draft, readers)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(draft, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))
    })();
    written.map_err(failed("write", path))
}

/// Creates a new file, which no other process has open, with its mode from the start.
#[cfg(unix)]
fn create(path: &Path, readers: Readers) -> std::io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let file = OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(path)?;
    // Independent of the umask: users must be able to read their files.
    file.set_permissions(fs::Permissions::from_mode(readers.mode()))?;
    Ok(file)
}

#[cfg(windows)]
fn create(path: &Path, _readers: Readers) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// NTFS journals by itself, and std cannot open a folder there.
#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail at it")]
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Creates a folder with these readers, and the missing folders above it.
pub(super) fn folder(path: &Path, readers: Readers) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    make(path, readers).map_err(failed("create", path))
}

#[cfg(unix)]
fn make(path: &Path, readers: Readers) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    // Readers may also enter it.
    let mode = readers.mode() | (readers.mode() & 0o444) >> 2;
    DirBuilder::new().recursive(true).mode(mode).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(windows)]
fn make(path: &Path, _readers: Readers) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// Removes a file that held a secret.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("delete", path)(error)),
        _ => Ok(()),
    }
}
