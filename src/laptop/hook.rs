//! The activation hook, run as the user after the claim: first the action in the agent's definition, which an export
//! provisioned with the settings; then a program that the agent's package installed next to the enrollment.
//!
//! Only the system can write to that folder. The program gets the path of the activation file and its values as
//! environment variables; none of them is a secret:
//!
//! ```text
//! IMD_ACTIVATION (the path) IMD_DEVICE IMD_ACCOUNT IMD_MAIL IMD_USER IMD_PROFILE IMD_STORAGE IMD_LOCATION
//! IMD_QUOTA (bytes; empty: not set)
//! IMD_RESTORE (yes or no) IMD_OLD_DEVICE IMD_REPLACED        from the device map
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::Readers;
use super::stored::Activation;
use super::{Error, Laptop, files};
use crate::model::on_activation::OnActivation;

impl Laptop {
    /// Runs the hook unless it has already succeeded for this activation. Without a hook nothing is recorded, so a hook
    /// that is installed later still runs.
    pub fn run_hook(&self) -> Result<(), Error> {
        let path = self.activation_file();
        let Some(mut activation) = files::read::<Activation>(&path)? else { return Ok(()) };
        if activation.hook_done || activation.account.is_none() {
            return Ok(());
        }
        let defined = self.claim_code()?.deployed.on_activation;
        if let Some(text) = &defined {
            self.run_defined(text, &activation)?;
        }
        let hook = self.shared_folder().join(if cfg!(windows) { "on-activation.cmd" } else { "on-activation" });
        match hook.metadata() {
            Ok(metadata) => {
                self.check_owner(&metadata).map_err(|why| Error::Hook { path: hook.clone(), why })?;
                self.run(&hook, Command::new(&hook).arg(&path), &activation)?;
            }
            Err(_) if defined.is_none() => return Ok(()),
            Err(_) => {}
        }
        activation.hook_done = true;
        files::write(&path, &activation, Readers::Owner)
    }

    /// Writes the file and runs the program of the agent's definition.
    fn run_defined(&self, text: &str, activation: &Activation) -> Result<(), Error> {
        let invalid = |why: String| Error::Hook { path: self.claim_file(), why };
        let defined = OnActivation::parse(text).map_err(invalid)?;
        if let Some(write) = &defined.write {
            let path = match write.path.strip_prefix("~/") {
                Some(below) => home().ok_or_else(|| invalid("this user has no home folder".to_owned()))?.join(below),
                None => PathBuf::from(&write.path),
            };
            let values = variables(activation);
            let value = |name: &str| {
                let variable = format!("IMD_{}", name.to_ascii_uppercase());
                values.iter().find(|(name, _)| **name == variable).map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let filled = write.fill(value).map_err(|why| Error::Hook { path: path.clone(), why })?;
            files::folder(path.parent().unwrap_or(&path), Readers::Owner)?;
            files::put(&path, filled.as_bytes(), Readers::Owner)?;
        }
        match defined.run.split_first() {
            Some((program, arguments)) => {
                self.run(Path::new(program), Command::new(program).args(arguments), activation)
            }
            None => Ok(()),
        }
    }

    fn run(&self, program: &Path, command: &mut Command, activation: &Activation) -> Result<(), Error> {
        let failed = |why: String| Error::Hook { path: program.to_owned(), why };
        command.stdin(Stdio::null()).env("IMD_ACTIVATION", self.activation_file()).envs(variables(activation));
        let status = command.status().map_err(|error| failed(error.to_string()))?;
        if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
    }

    #[cfg(unix)]
    fn check_owner(&self, hook: &std::fs::Metadata) -> Result<(), String> {
        use std::os::unix::fs::MetadataExt as _;
        let owner = self.system.metadata().map_err(|error| error.to_string())?.uid();
        let safe = hook.uid() == owner && hook.mode() & 0o022 == 0;
        if safe { Ok(()) } else { Err("other users may write to it".to_owned()) }
    }

    /// On Windows the folder's permissions protect it.
    #[cfg(windows)]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "other systems check the owner")]
    fn check_owner(&self, _hook: &std::fs::Metadata) -> Result<(), String> {
        Ok(())
    }
}

fn home() -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn variables(activation: &Activation) -> Vec<(&'static str, String)> {
    let account = activation.account.as_ref();
    let of = |text: Option<&String>| text.cloned().unwrap_or_default();
    let all = [
        ("IMD_DEVICE", activation.device.clone()),
        ("IMD_ACCOUNT", of(account.map(|account| &account.name))),
        ("IMD_MAIL", of(account.map(|account| &account.mail))),
        ("IMD_USER", of(account.map(|account| &account.user))),
        ("IMD_PROFILE", of(account.map(|account| &account.profile))),
        ("IMD_STORAGE", of(account.map(|account| &account.storage))),
        ("IMD_LOCATION", of(account.map(|account| &account.location))),
        ("IMD_QUOTA", account.and_then(|account| account.quota).map(|quota| quota.to_string()).unwrap_or_default()),
        ("IMD_RESTORE", if activation.before.restore { "yes" } else { "no" }.to_owned()),
        ("IMD_OLD_DEVICE", of(activation.before.old_device.as_ref())),
        ("IMD_REPLACED", of(activation.before.replaced.as_ref())),
    ];
    // A NUL in a variable would prevent the program from starting.
    all.into_iter().map(|(name, value)| (name, value.replace('\0', ""))).collect()
}
