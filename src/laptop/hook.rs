//! The agent's hook, as the user once the laptop is theirs: what its definition says, which an export placed here with the
//! settings; then a program that its package put beside the enrollment.
//!
//! Only the system can have put either there, as nobody else may write to that folder. A program is given the path of the
//! activation, and what is in it as variables, of which none is a secret:
//!
//! ```text
//! IMD_ACTIVATION (the path) IMD_DEVICE IMD_ACCOUNT IMD_MAIL IMD_USER IMD_PROFILE IMD_STORAGE IMD_LOCATION
//! IMD_QUOTA (bytes; empty: nobody said)
//! IMD_RESTORE (yes or no) IMD_OLD_DEVICE IMD_REPLACED        what the device map says
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::Readers;
use super::kept::Activation;
use super::{Error, Laptop, files};
use crate::model::on_activation::OnActivation;

impl Laptop {
    /// Runs the hook for an activation for which it has not come to its end yet. That it has is kept, so it is not run
    /// at every log-on; where there is none, one that comes later is run.
    pub fn run_hook(&self) -> Result<(), Error> {
        let path = self.activation_file();
        let Some(mut activation) = files::read::<Activation>(&path)? else { return Ok(()) };
        if activation.hook_done || activation.account.is_none() {
            return Ok(());
        }
        let defined = self.claim_code()?.deployed.on_activation;
        if let Some(text) = &defined {
            self.do_as_defined(text, &activation)?;
        }
        let hook = self.shared().join(if cfg!(windows) { "on-activation.cmd" } else { "on-activation" });
        match hook.metadata() {
            Ok(metadata) => {
                self.is_the_systems(&metadata).map_err(|why| Error::Hook { path: hook.clone(), why })?;
                self.run(&hook, Command::new(&hook).arg(&path), &activation)?;
            }
            Err(_) if defined.is_none() => return Ok(()),
            Err(_) => {}
        }
        activation.hook_done = true;
        files::write(&path, &activation, Readers::Owner)
    }

    /// Writes the file and runs the program that the agent's definition names.
    fn do_as_defined(&self, text: &str, activation: &Activation) -> Result<(), Error> {
        let unfit = |why: String| Error::Hook { path: self.claim_file(), why };
        let defined = OnActivation::parse(text).map_err(unfit)?;
        if let Some(write) = &defined.write {
            let path = match write.path.strip_prefix("~/") {
                Some(below) => home().ok_or_else(|| unfit("this user has no home folder".to_owned()))?.join(below),
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
    fn is_the_systems(&self, hook: &std::fs::Metadata) -> Result<(), String> {
        use std::os::unix::fs::MetadataExt as _;
        let owner = self.system.metadata().map_err(|error| error.to_string())?.uid();
        let safe = hook.uid() == owner && hook.mode() & 0o022 == 0;
        if safe { Ok(()) } else { Err("others may write to it".to_owned()) }
    }

    /// The folder's permissions see to it.
    #[cfg(windows)]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the other systems have something to look at")]
    fn is_the_systems(&self, _hook: &std::fs::Metadata) -> Result<(), String> {
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
    // No variable can hold a NUL, and one that had one would keep the hook from running at all.
    all.into_iter().map(|(name, value)| (name, value.replace('\0', ""))).collect()
}
