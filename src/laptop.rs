//! The laptop's side: enroll by the system, claim by the user, weekly check-in.
//!
//! May import `model`, `protocol`, `secrets`, `kerberos` and `token`; it is built without the console, the store and the directory
//! (`--no-default-features --features laptop`). The laptop runs no service and takes no commands: the system's part and
//! the user's part are two runs of one program that share one file, the claim code.
//!
//! ```text
//! system   enroll      token ──> enrollment.json (0600)        keys, servers, pin      token deleted
//!                           └─> claim.json     (0644)        claim code, servers, pin
//! user     claim      claim.json ──> activation.json (0600)  credential, account     then the agent's hook
//! system   check-in   enrollment.json, claim.json             current state, authentication methods and servers
//! system   tend       enroll or check in when it is due: for timers
//! ```
//!
//! On Windows a file has the permissions of its folder, so files that users may read are in a separate folder, `users`.
//!
//! Keys, codes and credentials are made here and written to disk before they are first sent, so a lost answer, a crash
//! or a second run never makes a second device.

#[cfg(windows)]
mod acl;
mod check_in;
mod claim;
mod connection;
mod enroll;
mod error;
mod files;
mod hook;
mod machine;
mod prompt;
pub mod provisioned;
pub mod retry;
mod status;
mod stored;

use std::path::PathBuf;

use url::Url;

use crate::model::token::Pin;
use connection::Service;
use files::Readers;
use provisioned::Settings;

pub use check_in::Tended;
pub use claim::Claim;
pub use error::Error;
pub use prompt::{password_from_stdin, password_from_terminal, token_from_stdin};
pub use status::Status;
pub use stored::{Activation, ClaimFile, Deployed, Enrollment, Keys};

/// This laptop: where its files are, and how it reaches the service.
#[derive(Debug, Clone)]
pub struct Laptop {
    /// The system's folder.
    pub system: PathBuf,
    /// The user's folder.
    pub user: PathBuf,
    /// The administrator's settings for the system; users get them from `claim.json`.
    pub settings: Settings,
    /// `none`, `system` or an address, from the command line: it overrides the settings.
    pub proxy: Option<String>,
    /// The folder with the hardware's data; by default Linux' own.
    pub dmi: Option<PathBuf>,
}

impl Laptop {
    fn enrollment_file(&self) -> PathBuf {
        self.system.join("enrollment.json")
    }

    fn claim_file(&self) -> PathBuf {
        self.shared_folder().join("claim.json")
    }

    /// Where the agent finds the account.
    pub fn activation_file(&self) -> PathBuf {
        self.user.join("activation.json")
    }

    /// The folder that users may read. On Windows a file's readers are those of its folder, so it is a separate one.
    fn shared_folder(&self) -> PathBuf {
        if cfg!(windows) { self.system.join("users") } else { self.system.clone() }
    }

    /// Makes the system's folders with their permissions.
    fn make_folders(&self) -> Result<(), Error> {
        files::folder(&self.system, Readers::Everybody)?;
        #[cfg(windows)]
        {
            acl::protect(&self.system)?;
            files::folder(&self.shared_folder(), Readers::Everybody)?;
            acl::share(&self.shared_folder())?;
        }
        Ok(())
    }

    /// Locks the enrollment, so that two runs change it one after the other.
    fn lock(&self) -> Result<std::fs::File, Error> {
        let path = self.system.join("lock");
        let lock = || {
            let file = std::fs::OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(files::failed("lock", &path))
    }

    /// The part of the enrollment that users may read.
    pub fn claim_code(&self) -> Result<ClaimFile, Error> {
        files::read(&self.claim_file())?.ok_or(Error::NotEnrolled)
    }

    fn service(&self, deployed: &Deployed) -> Result<Service, Error> {
        let unreadable = || Error::Unreadable { path: self.claim_file(), why: "invalid pin".to_owned() };
        let pin = deployed.pin.as_deref().map(str::parse::<Pin>).transpose().map_err(|_| unreadable())?;
        Ok(Service { servers: deployed.servers.clone(), pin, proxy: self.proxy(deployed.proxy.as_deref())? })
    }

    /// The proxy of the command line, else of the settings, else of the environment.
    fn proxy(&self, stored: Option<&str>) -> Result<Option<Url>, Error> {
        let system = || ["HTTPS_PROXY", "https_proxy"].iter().find_map(|name| std::env::var(name).ok());
        let text = match self.proxy.as_deref().or(stored) {
            Some("none") => None,
            Some("system") | None => system(),
            Some(url) => Some(url.to_owned()),
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        match Url::parse(&text) {
            Ok(url) if url.scheme() == "http" && url.has_host() => Ok(Some(url)),
            _ => Err(Error::Proxy),
        }
    }
}
