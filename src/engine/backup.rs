//! Backs up the whole state to one encrypted file, and restores it.

use std::fs::{self, DirBuilder, File};
use std::io::BufReader;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::secrets::{self, Identity, Secret};
use crate::store::{BackupOf, By, Restored, Store};

use super::{Engine, Error, Options, private_file};

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Backup {
    pub file: PathBuf,
    pub made_at: Timestamp,
    pub bytes: u64,
}

impl Engine {
    /// Writes the current state, including the identity, to a file that only its owner can read, encrypted with the
    /// passphrase. Others may write to the state during the backup. An existing file is replaced in one step if `over`
    /// is set; otherwise the error is [`Error::Exists`].
    pub fn backup(&self, path: &Path, passphrase: &Secret, over: bool) -> Result<Backup, Error> {
        let by = self.by("backup")?;
        if !over && path.exists() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        self.identity()?;
        let of = BackupOf {
            installation: self.installation().to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: by.at,
        };
        let open = self.state().join(format!(".backup-{:016x}.db", u64::from_be_bytes(self.random()?)));
        let copied = self.store().copy_to(&open, &of, &Identity::text(self.state())?);
        let copy = File::open(&open);
        // It contains the identity, so its name is removed at once.
        let _ = fs::remove_file(&open);
        copied?;
        let mut copy = copy.map_err(|why| Error::File { path: open, why })?;
        private_file::replace(path, over, |out| Ok(Ok(secrets::seal_with_passphrase(passphrase, &mut copy, out)?)))?;
        let bytes = fs::metadata(path).map_err(|why| Error::File { path: path.to_owned(), why })?.len();
        let shown = path.display();
        let told = self.store().transaction(|transaction| {
            transaction.audit(&by, "installation", &format!("written to {shown}; {bytes} bytes"))
        });
        // A replaced file cannot be brought back, so the new one stays, and the error says that the audit has no entry.
        if over { told } else { private_file::or_remove(path, told) }?;
        Ok(Backup { file: path.to_owned(), made_at: by.at, bytes })
    }

    /// Restores the state of a backup. An existing state is replaced only if `over` is set; it is kept under another
    /// name, and its revocations stay in force if it belongs to the same installation.
    ///
    /// It opens no engine, which would create an installation where no state exists.
    pub fn restore(options: &Options, path: &Path, passphrase: &Secret, over: bool) -> Result<Restored, Error> {
        if options.read_only {
            return Err(Error::ReadOnly);
        }
        let unreadable = |why| Error::File { path: path.to_owned(), why };
        let sealed = File::open(path).map_err(unreadable)?;
        Store::make_folder(&options.state)?;
        let mut bytes = [0; 8];
        (options.random)(&mut bytes)?;
        let staged = options.state.join(format!(".restore-{:016x}", u64::from_be_bytes(bytes)));
        let failed = |why| Error::File { path: staged.clone(), why };
        DirBuilder::new().mode(0o700).create(&staged).map_err(failed)?;
        let restored = (|| {
            let mut copy = Store::new_database_file(&staged)?;
            secrets::unseal_with_passphrase(passphrase, BufReader::new(sealed), path, &mut copy)?;
            drop(copy);
            let by = By { actor: &options.actor, at: (options.clock)(), verb: "restore" };
            Ok(Store::restore(&options.state, &staged, path, over, &by)?)
        })();
        let _ = fs::remove_dir_all(&staged);
        restored
    }
}
