//! The permissions of the system's folders on Windows.
//!
//! Whoever is logged on may make a folder below `%ProgramData%`, so what is there already may be theirs. The installer
//! sets the same permissions in its tables; this is for an enrollment by hand. It is the system's own `icacls` that sets
//! them, by numbers because the groups have other names in every language.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Error;
use super::files::failed;

const SYSTEM: &str = "*S-1-5-18";
const ADMINISTRATORS: &str = "*S-1-5-32-544";
const USERS: &str = "*S-1-5-32-545";

/// The system's folder: SYSTEM and the administrators own what is in it, and users may go through it.
pub(super) fn protect(folder: &Path) -> Result<(), Error> {
    let through = format!("{USERS}:(RX)");
    set(folder, &through)
}

/// The folder inside it whose files users may read.
pub(super) fn share(folder: &Path) -> Result<(), Error> {
    let read = format!("{USERS}:(OI)(CI)(RX)");
    set(folder, &read)
}

fn set(folder: &Path, users: &str) -> Result<(), Error> {
    let refused = |why: &str| failed("protected", folder)(std::io::Error::other(why.to_owned()));
    // A junction would have the permissions of something else set.
    let metadata = folder.symlink_metadata().map_err(failed("protected", folder))?;
    if metadata.file_type().is_symlink() {
        return Err(refused("it leads elsewhere"));
    }
    let [system, administrators] = [SYSTEM, ADMINISTRATORS].map(|who| format!("{who}:(OI)(CI)F"));
    for arguments in
        [&["/setowner", ADMINISTRATORS][..], &["/inheritance:r", "/grant:r", &system, &administrators, users]]
    {
        let windows = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        let mut icacls = Command::new(Path::new(&windows).join(r"System32\icacls.exe"));
        let status = icacls.arg(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
        if !status.map_err(failed("protected", folder))?.success() {
            return Err(refused("icacls does not set its permissions"));
        }
    }
    Ok(())
}
