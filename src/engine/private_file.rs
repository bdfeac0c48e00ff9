//! Writes files for the administrator that only their owner can read.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::secrets::Secret;

use super::{Engine, Error};

impl Engine {
    /// Writes a token to a new file that only its owner can read.
    pub fn write_token_file(&self, path: &Path, token: &Secret) -> Result<(), Error> {
        write(path, token.expose().as_bytes(), b"\n")
    }

    /// Writes an answers file that only its owner can read. An existing file is replaced in one step if
    /// `over` is set; otherwise the error is [`Error::Exists`].
    pub fn write_answers_file(&self, path: &Path, text: &str, over: bool) -> Result<(), Error> {
        replace(path, over, |out| Ok(out.write_all(text.as_bytes())))
    }
}

/// Reads a file of at most `longest` bytes.
pub(super) fn read(path: &Path, longest: u64) -> Result<Vec<u8>, Error> {
    let failed = |why| Error::File { path: path.to_owned(), why };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(longest).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// Creates a file that only its owner can read.
pub(super) fn write(path: &Path, text: &[u8], end: &[u8]) -> Result<(), Error> {
    write_new(path, |out| Ok(out.write_all(text).and_then(|()| out.write_all(end))))
}

/// The same, written as a stream. An incomplete file is deleted.
pub(super) fn write_new<T>(
    path: &Path,
    act: impl FnOnce(&mut dyn Write) -> Result<std::io::Result<T>, Error>,
) -> Result<T, Error> {
    let failed = failed(path);
    let file = new(path).map_err(&failed)?;
    let mut out = BufWriter::new(&file);
    let written = act(&mut out).and_then(|written| {
        let whole = written.and_then(|value| out.flush().and_then(|()| file.sync_all()).map(|()| value));
        whole.map_err(&failed)
    });
    or_remove(path, written)
}

/// The same, written under a temporary name first, so that the final name never belongs to an incomplete file. An
/// existing file is replaced in one step if `over` is set; otherwise the error is [`Error::Exists`].
pub(super) fn replace<T>(
    path: &Path,
    over: bool,
    act: impl FnOnce(&mut dyn Write) -> Result<std::io::Result<T>, Error>,
) -> Result<T, Error> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = PathBuf::from(aside);
    let written = write_new(&aside, act).map_err(|error| match error {
        Error::NotWritten { why, .. } => Error::NotWritten { path: path.to_owned(), why },
        other => other,
    })?;
    // The name is reserved first, so that a file that another process creates at this moment is not overwritten.
    let taken = if over { Ok(()) } else { new(path).map(|_| ()).map_err(failed(path)) };
    or_remove(&aside, taken)?;
    let placed = or_remove(&aside, std::fs::rename(&aside, path).map_err(failed(path)));
    if over { placed } else { or_remove(path, placed) }?;
    Ok(written)
}

/// Deletes a new file when recording it failed, because the audit would have no entry for it.
pub(super) fn or_remove<T, E>(path: &Path, done: Result<T, E>) -> Result<T, E> {
    if done.is_err() {
        // The first error is reported.
        let _ = std::fs::remove_file(path);
    }
    done
}

fn new(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |why| match why.kind() {
        ErrorKind::AlreadyExists => Error::Exists { path: path.clone() },
        _ => Error::NotWritten { path: path.clone(), why },
    }
}
