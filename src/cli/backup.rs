//! `imd backup` and `imd restore`: the whole state in one encrypted file.

use std::path::{Path, PathBuf};

use crate::engine::{Engine, Error as EngineError, Options};
use crate::model::text::shown;
use crate::secrets::{Secret, read_secret_file};
use crate::store::{self, Revoked};

use super::output::Output;
use super::{Faces, Failure};

pub(super) fn backup(
    engine: &Engine,
    file: &Path,
    passphrase: Option<&Path>,
    yes: bool,
    faces: &Faces<'_>,
    output: &Output,
) -> Result<(), Failure> {
    if !yes && file.exists() {
        return Err(exists(file));
    }
    let passphrase = self::passphrase(passphrase, true, faces)?;
    let backup = engine.backup(file, &passphrase, yes).map_err(|error| match error {
        EngineError::Exists { path } => exists(&path),
        error => error.into(),
    })?;
    let lines = [
        ("file", shown(&backup.file.display().to_string())),
        ("made", crate::model::moment::minute(backup.made_at)),
        ("bytes", backup.bytes.to_string()),
    ];
    Ok(output.one(&backup, &lines)?)
}

fn exists(path: &Path) -> Failure {
    Failure::NeedsYou {
        message: format!("{} already exists", path.display()),
        help: "choose another file, or replace it with --yes".to_owned(),
    }
}

pub(super) fn restore(
    options: &Options,
    file: &Path,
    passphrase: Option<&Path>,
    yes: bool,
    faces: &Faces<'_>,
    output: &Output,
) -> Result<(), Failure> {
    let passphrase = self::passphrase(passphrase, false, faces)?;
    let restored = Engine::restore(options, file, &passphrase, yes).map_err(|error| match error {
        EngineError::Store(store::Error::Holds { .. }) => {
            Failure::NeedsYou { message: error.to_string(), help: error.help() }
        }
        error => error.into(),
    })?;
    let mut lines = vec![
        ("installation", restored.of.installation.clone()),
        ("backup of", crate::model::moment::minute(restored.of.made_at)),
    ];
    if let Some(kept) = &restored.kept {
        lines.push(("kept", shown(&kept.display().to_string())));
        lines.push(match restored.revoked {
            Some(Revoked { tokens, keys, devices, accounts }) => (
                "revoked since",
                format!("{tokens} tokens, {keys} keys, {devices} devices, {accounts} accounts; they stay revoked"),
            ),
            None => (
                "revoked since",
                "unknown: the replaced state belongs to another installation, or is unreadable".to_owned(),
            ),
        });
    } else {
        lines.push(("revoked since", "unknown: revoke again everything that was revoked after the backup".to_owned()));
    }
    if restored.registered_only {
        lines.push(("unknown tokens", "refused from now on (step 5): import them with `imd bundle in`".into()));
    }
    Ok(output.one(&restored, &lines)?)
}

/// The passphrase from a file, or typed without echo; twice when it encrypts, as a typing error would be final.
pub(super) fn passphrase(file: Option<&Path>, twice: bool, faces: &Faces<'_>) -> Result<Secret, Failure> {
    match file {
        Some(file) => Ok(read_secret_file(file).map_err(EngineError::from)?),
        None => Ok((faces.passphrase)(twice)?),
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Sealed {
    /// The backup file
    pub(super) file: PathBuf,
    /// Read the passphrase from this file, which only you may read; default: ask for it
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}
