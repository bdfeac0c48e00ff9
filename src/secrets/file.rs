//! Reads a secret from a file: a password, or a token of another server.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::{Error, Secret};
use crate::model::text::shown;

/// The longest secret, in bytes. A wrong file must not fill the memory.
pub(super) const LONGEST: usize = 4096;

/// The group may read: administrators give secrets to service accounts that way. Wider modes are refused.
const WIDEST: u32 = 0o640;

/// Reads a secret from a file that contains nothing else, without the newline at its end.
///
/// A file that its group can write, or that other users can read, is refused: its content is not secret, and a warning
/// would be overlooked. (Windows has no modes: there, the permissions of the folder apply.)
/// At most 4 KiB of UTF-8 without NUL.
pub fn read_secret_file(path: &Path) -> Result<Secret, Error> {
    let mut text = read_guarded(path, WIDEST)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(Error::Empty { path: name(path) });
    }
    Ok(Secret(text))
}

/// The text of a regular file of at most [`LONGEST`] bytes with a mode of `widest` or narrower.
pub(super) fn read_guarded(path: &Path, widest: u32) -> Result<Zeroizing<String>, Error> {
    let file = open(path)?;
    let failed = |source| Error::File { doing: "reading", path: name(path), source };
    // The opened file is checked, so it cannot be replaced between the check and the read.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: name(path) });
    }
    let mode = mode(&metadata);
    // The bits of the owner do not matter: the owner can change them.
    if mode & 0o077 & !widest != 0 {
        return Err(Error::TooWide { path: name(path), mode: mode & 0o7777, widest });
    }
    // The size is only a hint, so the read has its own limit. The buffer never grows, because growing would leave
    // copies of the secret in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > LONGEST {
        return Err(Error::TooLong { path: name(path) });
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::NotText { path: name(path), what: "something that is not UTF-8 text" })?;
    if text.contains('\0') {
        return Err(Error::NotText { path: name(path), what: "a NUL character" });
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Opens without blocking: a FIFO would wait for its writer.
fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    options.read(true).open(path).map_err(|source| Error::File { doing: "reading", path: name(path), source })
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata)
}

#[cfg(windows)]
fn mode(_metadata: &Metadata) -> u32 {
    0
}

/// The path, escaped for display.
pub(super) fn name(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    fn file(content: impl AsRef<[u8]>, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bind.pw");
        write(&path, content).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn read(content: impl AsRef<[u8]>, mode: u32) -> Result<Secret, Error> {
        let (_folder, path) = file(content, mode);
        read_secret_file(&path)
    }

    #[test]
    fn one_newline_at_the_end_is_not_part_of_the_secret() {
        for (content, secret) in [("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), ("pw\n\n", "pw\n"), (" pw ", " pw ")]
        {
            assert!(read(content, 0o600).unwrap().expose() == secret, "{content:?}");
        }
    }

    #[test]
    fn a_file_that_others_may_use_is_refused() {
        for mode in [0o604, 0o602, 0o601, 0o620, 0o610, 0o660, 0o644, 0o777] {
            let error = read("pw", mode).err().unwrap();
            assert!(matches!(error, Error::TooWide { mode: found, .. } if found == mode), "{mode:o}: {error}");
            assert!(error.help().contains("chmod 600"));
        }
        for mode in [0o400, 0o600, 0o640, 0o440, 0o700] {
            assert!(read("pw", mode).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused() {
        assert!(matches!(read("", 0o600), Err(Error::Empty { .. })));
        assert!(matches!(read("\n", 0o600), Err(Error::Empty { .. })));
        assert!(matches!(read("a\0b", 0o600), Err(Error::NotText { .. })));
        assert!(matches!(read([0xff, 0xfe], 0o600), Err(Error::NotText { .. })));
        assert!(matches!(read("x".repeat(LONGEST + 1), 0o600), Err(Error::TooLong { .. })));
        assert!(read("x".repeat(LONGEST), 0o600).is_ok());
    }

    #[test]
    fn only_a_regular_file_is_read_and_nothing_waits_for_a_fifo() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_secret_file(folder.path()), Err(Error::NotAFile { .. })));
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        // In a thread of its own, so that a read that waits fails the test instead of holding it up for ever.
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(matches!(read_secret_file(&fifo), Err(Error::NotAFile { .. }))));
        assert_eq!(told.recv_timeout(std::time::Duration::from_secs(20)), Ok(true));
        assert!(matches!(read_secret_file(&folder.path().join("absent")), Err(Error::File { .. })));
    }
}
