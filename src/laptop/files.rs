//! What is kept on the laptop: JSON files that are whole or not there, readable by whom they are for.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::Error;

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |why| Error::File { doing, path, why }
}

/// The value in a file; `None` when there is none.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let value = serde_json::from_slice(&text);
    value.map(Some).map_err(|error| Error::Unreadable { path: path.to_owned(), why: error.to_string() })
}

/// Puts a value in a file in one step: whoever reads sees what was there or what is there now.
pub(super) fn write<T: Serialize>(path: &Path, value: &T, mode: u32) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    let mut text = Zeroizing::new(serde_json::to_vec_pretty(value).unwrap_or_default());
    text.push(b'\n');
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("replaced", draft)(error)),
        _ => {}
    }
    let written = (|| {
        // Made anew, so that nobody holds it open, and with its mode from the first moment.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(draft)?;
        // Whatever the umask took away: users have to read what is for them.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(draft, path)?;
        fs::File::open(folder)?.sync_all()
    })();
    written.map_err(failed("written", path))
}

/// A folder with that mode; those above it are made when they are missing.
pub(super) fn folder(path: &Path, mode: u32) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    let done = DirBuilder::new().recursive(true).mode(mode).create(path);
    done.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode))).map_err(failed("made", path))
}

/// Removes a file that held a secret.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("deleted", path)(error)),
        _ => Ok(()),
    }
}
