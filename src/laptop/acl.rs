//! The permissions of the system's folders on Windows.
//!
//! Every user may create a folder below `%ProgramData%`, so an existing folder may belong to a user. The installer sets
//! the same permissions in its tables; this code is for manual enrollment. It calls the system's `icacls` with SIDs, because
//! group names are localized.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Error;
use super::files::failed;

const SYSTEM: &str = "*S-1-5-18";
const ADMINISTRATORS: &str = "*S-1-5-32-544";
const USERS: &str = "*S-1-5-32-545";

/// The system's folder: SYSTEM and administrators have full access, users may traverse it.
pub(super) fn protect(folder: &Path) -> Result<(), Error> {
    let traverse = format!("{USERS}:(RX)");
    set(folder, &traverse)
}

/// Lets users read the files of a folder inside the system's folder.
pub(super) fn share(folder: &Path) -> Result<(), Error> {
    let read = format!("{USERS}:(OI)(CI)(RX)");
    set(folder, &read)
}

fn set(folder: &Path, users: &str) -> Result<(), Error> {
    let refused = |why: &str| failed("set permissions of", folder)(std::io::Error::other(why.to_owned()));
    // With a junction, icacls would change another folder.
    let metadata = folder.symlink_metadata().map_err(failed("set permissions of", folder))?;
    if metadata.file_type().is_symlink() {
        return Err(refused("it is a link"));
    }
    let [system, administrators] = [SYSTEM, ADMINISTRATORS].map(|who| format!("{who}:(OI)(CI)F"));
    for arguments in
        [&["/setowner", ADMINISTRATORS][..], &["/inheritance:r", "/grant:r", &system, &administrators, users]]
    {
        let windows = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        let mut icacls = Command::new(Path::new(&windows).join(r"System32\icacls.exe"));
        let status = icacls.arg(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
        if !status.map_err(failed("set permissions of", folder))?.success() {
            return Err(refused("icacls failed"));
        }
    }
    Ok(())
}
