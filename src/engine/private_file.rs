//! Files that are written for the administrator, and that only their owner can read.

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

    /// Writes an answers file that only its owner can read. One that is there is replaced, in one step, when `over` says
    /// so, and else left alone: [`Error::Exists`].
    pub fn write_answers_file(&self, path: &Path, text: &str, over: bool) -> Result<(), Error> {
        replace(path, over, |out| Ok(out.write_all(text.as_bytes())))
    }
}

/// All of a file of at most `longest` bytes.
pub(super) fn read(path: &Path, longest: u64) -> Result<Vec<u8>, Error> {
    let failed = |why| Error::File { path: path.to_owned(), why };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(longest).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// A new file that only its owner can read.
pub(super) fn write(path: &Path, text: &[u8], end: &[u8]) -> Result<(), Error> {
    write_new(path, |out| Ok(out.write_all(text).and_then(|()| out.write_all(end))))
}

/// The same, written as it comes. A file that cannot be written to its end is taken away again.
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

/// The same, written beside its place first, so that a half-written file never has its name. One that is there is
/// replaced, in one step, when `over` says so, and else left alone: [`Error::Exists`].
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
    // The name is taken first, so that nobody's file is written over who was quicker.
    let taken = if over { Ok(()) } else { new(path).map(|_| ()).map_err(failed(path)) };
    or_remove(&aside, taken)?;
    let placed = or_remove(&aside, std::fs::rename(&aside, path).map_err(failed(path)));
    if over { placed } else { or_remove(path, placed) }?;
    Ok(written)
}

/// Takes a new file away again when what it was written for was not done: nothing would tell of it.
pub(super) fn or_remove<T, E>(path: &Path, done: Result<T, E>) -> Result<T, E> {
    if done.is_err() {
        // The error that led here is the one to tell.
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
