//! Kerberos authentication: a ticket of the user's session, in a Negotiate token (RFC 4178, RFC 4559), made on the laptop
//! and accepted by the service.
//!
//! May import `model`. The only module that uses `libgssapi`, the system's MIT Kerberos; without the feature `kerberos` its
//! functions return [`Error::NotBuilt`]. The service accepts one message with a Kerberos ticket for a key in the keytab that
//! was not used before and is bound to this TLS connection. It rejects NTLM and exchanges of more than one message.
//!
//! The library reads the keytab and the replay cache from the environment only, and a running program cannot change that
//! safely: [`restart_with_keytab`] starts the program again with both set.

#[cfg(all(feature = "console", feature = "kerberos"))]
mod accept;
mod channel;
#[cfg(feature = "console")]
mod keytab;
#[cfg(feature = "kerberos")]
mod negotiate;
#[cfg(feature = "console")]
mod principal;
#[cfg(not(feature = "kerberos"))]
mod unsupported;

use std::path::PathBuf;

#[cfg(all(feature = "console", feature = "kerberos"))]
pub use accept::Acceptor;
pub use channel::end_point;
#[cfg(feature = "kerberos")]
pub use negotiate::ticket;
#[cfg(feature = "console")]
pub use principal::Principal;
#[cfg(all(feature = "console", not(feature = "kerberos")))]
pub use unsupported::Acceptor;
#[cfg(not(feature = "kerberos"))]
pub use unsupported::ticket;

/// Why Kerberos cannot be used, or a ticket was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this program was built without Kerberos")]
    NotBuilt,
    #[error("cannot read {}: {why}", path.display())]
    File { path: PathBuf, why: std::io::Error },
    #[error("the keytab {} is accessible to other users (mode {mode:03o})", path.display())]
    TooWide { path: PathBuf, mode: u32 },
    #[error("{} is not a keytab", path.display())]
    NoKeytab { path: PathBuf },
    #[error("{} has no key for HTTP/HOST: {others}", path.display())]
    NoService { path: PathBuf, others: String },
    #[error("{} has only outdated keys for {principal} ({kinds})", path.display())]
    OldKeys { path: PathBuf, principal: String, kinds: String },
    #[error("cannot restart the program with the keytab: {0}")]
    Restart(std::io::Error),
    #[error("the Kerberos library rejects the keytab: {0}")]
    Library(String),
    #[error("no Kerberos ticket in this session: {0}")]
    NoTicket(String),
    #[error("the ticket was refused: {0}")]
    Refused(String),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NotBuilt => "build it with --features kerberos, or choose another authentication method (step 5)".to_owned(),
            Self::File { .. } => "check the path and its owner".to_owned(),
            Self::TooWide { path, .. } => format!("run: chmod 600 {}", path.display()),
            Self::NoKeytab { .. } => {
                "give the file that ktpass, `samba-tool domain exportkeytab` or ktutil wrote".to_owned()
            }
            Self::NoService { .. } => {
                "export a keytab for the host in the laptops' server address: HTTP/imd.corp.example.com@CORP.EXAMPLE.COM"
                    .to_owned()
            }
            Self::OldKeys { .. } => {
                "export it with AES keys: ktpass ... /crypto AES256-SHA1, and enable AES on the service account; Active Directory \
                 no longer uses RC4 and DES"
                    .to_owned()
            }
            Self::Restart(_) => "set KRB5_KTNAME and KRB5RCACHENAME before you start it".to_owned(),
            Self::Library(_) => "check it with: klist -ket FILE".to_owned(),
            Self::NoTicket(_) => "log on to the domain, or run: kinit".to_owned(),
            Self::Refused(_) => "see the reason; the clocks may differ by at most five minutes".to_owned(),
        }
    }
}

/// Restarts the program, in the same process, unless its environment already names the keytab and the replay cache in
/// `state`. Returns when both are set.
///
/// The replay cache is in the state, so that a restart does not accept a ticket a second time.
#[cfg(feature = "console")]
pub fn restart_with_keytab(keytab: &std::path::Path, state: &std::path::Path) -> Result<(), Error> {
    use std::os::unix::process::CommandExt as _;
    let absolute =
        |path: &std::path::Path| std::path::absolute(path).map_err(|why| Error::File { path: path.to_owned(), why });
    let mut wanted = [("KRB5_KTNAME", "FILE:"), ("KRB5RCACHENAME", "file2:")].map(|(name, kind)| (name, kind.into()));
    for ((_, value), path) in wanted.iter_mut().zip([absolute(keytab)?, absolute(&state.join("replay.rcache"))?]) {
        let value: &mut std::ffi::OsString = value;
        value.push(path);
    }
    if wanted.iter().all(|(name, value)| std::env::var_os(name).as_ref() == Some(value)) {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(Error::Restart)?;
    let mut arguments = std::env::args_os();
    let mut command = std::process::Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(Error::Restart(command.args(arguments).envs(wanted).exec()))
}
