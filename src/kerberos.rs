//! Kerberos as the proof of who a user is: a ticket of their own session, carried by a Negotiate token (RFC 4178,
//! RFC 4559), made on the laptop and accepted by the service.
//!
//! May import `model`. The only room that names `libgssapi`, which stands for the system's own MIT Kerberos; without the
//! feature `kerberos` the room is there and says that it was absent. What is accepted: one message that holds a
//! Kerberos ticket for a key of the keytab, was not seen before, and was made for this very TLS connection. NTLM is
//! refused unread, and so is whatever needs a second message.
//!
//! The library takes its keytab and its replay cache from the environment alone, and a program that runs cannot safely
//! change that: [`settle`] starts the program once more with both set.

#[cfg(not(feature = "kerberos"))]
mod absent;
#[cfg(all(feature = "console", feature = "kerberos"))]
mod accept;
mod channel;
#[cfg(feature = "console")]
mod keytab;
#[cfg(feature = "kerberos")]
mod negotiate;
#[cfg(feature = "console")]
mod principal;

use std::path::PathBuf;

#[cfg(all(feature = "console", not(feature = "kerberos")))]
pub use absent::Acceptor;
#[cfg(not(feature = "kerberos"))]
pub use absent::ticket;
#[cfg(all(feature = "console", feature = "kerberos"))]
pub use accept::Acceptor;
pub use channel::end_point;
#[cfg(feature = "kerberos")]
pub use negotiate::ticket;
#[cfg(feature = "console")]
pub use principal::Principal;

/// Why Kerberos cannot be used here, or a ticket was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this program was built without Kerberos")]
    Excluded,
    #[error("{} cannot be read: {why}", path.display())]
    File { path: PathBuf, why: std::io::Error },
    #[error("{} may be used by others than its owner (mode {mode:03o}), and it holds keys", path.display())]
    TooWide { path: PathBuf, mode: u32 },
    #[error("{} is no keytab", path.display())]
    NoKeytab { path: PathBuf },
    #[error("{} holds no key of a web service: {others}", path.display())]
    NoService { path: PathBuf, others: String },
    #[error("{} holds only keys that Active Directory no longer uses for {principal} ({kinds})", path.display())]
    OldKeys { path: PathBuf, principal: String, kinds: String },
    #[error("the program cannot be started again with the keytab: {0}")]
    Restart(std::io::Error),
    #[error("the Kerberos library refuses the keytab: {0}")]
    Library(String),
    #[error("no ticket of this session is to be had: {0}")]
    NoTicket(String),
    #[error("the ticket was refused: {0}")]
    Refused(String),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Excluded => "build it with --features kerberos, or choose another proof (step 5)".to_owned(),
            Self::File { .. } => "check the path and who owns it".to_owned(),
            Self::TooWide { path, .. } => format!("run: chmod 600 {}", path.display()),
            Self::NoKeytab { .. } => {
                "give the file that ktpass, `samba-tool domain exportkeytab` or ktutil wrote".to_owned()
            }
            Self::NoService { .. } => {
                "export it for the name in the laptops' server address: HTTP/imd.corp.example.com@CORP.EXAMPLE.COM"
                    .to_owned()
            }
            Self::OldKeys { .. } => {
                "export it with AES keys: ktpass ... /crypto AES256-SHA1 (RC4 and DES are gone from \
                                     Active Directory), and tick AES on the service's account"
                    .to_owned()
            }
            Self::Restart(_) => "set KRB5_KTNAME and KRB5RCACHENAME before it starts".to_owned(),
            Self::Library(_) => "check it with: klist -ket FILE".to_owned(),
            Self::NoTicket(_) => "log on to the domain, or run: kinit".to_owned(),
            Self::Refused(_) => "see the reason; clocks may differ by five minutes at most".to_owned(),
        }
    }
}

/// Starts the program again when its environment does not name the keytab and the replay cache in `state` yet: the
/// process stays the same, and what it has open is closed. Returns when both are named.
///
/// The replay cache lies in the state, so a restart lets no ticket through a second time.
#[cfg(feature = "console")]
pub fn settle(keytab: &std::path::Path, state: &std::path::Path) -> Result<(), Error> {
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
