//! The laptop's side: enroll by the system, claim by the user, check in weekly.
//!
//! May import `model`, `protocol`, `secrets`, `kerberos` and `token`; it is built without the console, the store and the directory
//! (`--no-default-features --features laptop`). There is no service on the laptop and nothing that takes commands from
//! others: the system's part and the user's part are two runs of one program that share one file, the claim code.
//!
//! ```text
//! system   enroll      token ──> enrollment.json (0600)        keys, servers, pin      token deleted
//!                           └─> claim.json     (0644)        claim code, servers, pin
//! user     claim      claim.json ──> activation.json (0600)  credential, account     then the agent's hook
//! system   check-in   enrollment.json, claim.json             state, proofs and servers as they are now
//! system   tend       one of enroll and check-in, when there is something to do: for timers
//! ```
//!
//! On Windows a file has the permissions of its folder, so what users may read is in a folder of its own, `users`.
//!
//! Whatever is made here (keys, codes, credentials) is on the disk before it is first sent, so a lost answer, a crash
//! or a second run never makes a second device.

#[cfg(windows)]
mod acl;
mod acts;
mod connection;
mod files;
mod hook;
mod kept;
mod machine;
pub mod placed;
mod prompt;

use std::path::PathBuf;

use crate::protocol::{AuthMethod, Code};

pub use acts::{Claim, Laptop, Tended, Waits};
pub use kept::{Activation, ClaimFile, Deployed, Enrollment, Keys};
pub use prompt::{password_from_stdin, password_from_terminal, token_from_stdin};

/// Why an act did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} cannot be {doing}: {why}", path.display())]
    File { doing: &'static str, path: PathBuf, why: std::io::Error },
    #[error("{} is not what this program wrote: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("the settings in {} cannot be understood: {why}", path.display())]
    Settings { path: PathBuf, why: String },
    #[cfg(windows)]
    #[error("the token in the registry below {key} cannot be deleted: {why}")]
    Registry { key: &'static str, why: String },
    #[error("the proxy is not an address such as http://proxy.corp.example.com:3128")]
    Proxy,
    #[error(transparent)]
    Secret(#[from] crate::secrets::Error),
    #[error("this is no deployment token")]
    NotAToken,
    #[error("the token names no server")]
    NoServer,
    #[error(transparent)]
    Kerberos(#[from] crate::kerberos::Error),
    #[error("this laptop is not enrolled")]
    NotEnrolled,
    #[error("this laptop is not enrolled yet")]
    NotYetEnrolled,
    #[error("no proof of the user that the service accepts can be given from here ({0})")]
    NoAuth(String),
    #[error("no password was given")]
    NoPassword,
    #[error("{server} cannot be reached: {why}")]
    Unreachable { server: String, why: String },
    #[error("{server} is not the service that the token names: {why}")]
    Impostor { server: String, why: String },
    #[error("{server} answers something else than this program understands: {why}")]
    Answer { server: String, why: String },
    #[error("{message} ({correlation})")]
    Denied {
        code: Code,
        message: String,
        correlation: String,
        retry_after: Option<u64>,
        /// What would be accepted, where the proof was not and the service says.
        auth_methods: Vec<AuthMethod>,
    },
    #[error("this laptop gives no random bytes")]
    NoRandomness,
    #[error("the connection cannot be made: {0}")]
    System(std::io::Error),
    #[error("the hook {} failed: {why}", path.display())]
    Hook { path: PathBuf, why: String },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::File { .. } => "check who owns it; enroll and check-in are for the system (root)".to_owned(),
            Self::Unreadable { path, .. } => format!("delete {} and enroll again", path.display()),
            Self::Settings { .. } => "correct the file, or export again and run the installer".to_owned(),
            #[cfg(windows)]
            Self::Registry { .. } => "run it as SYSTEM or as an administrator".to_owned(),
            Self::Proxy => "correct --proxy, the setting or HTTPS_PROXY, or give --proxy none".to_owned(),
            Self::Secret(error) => error.help(),
            Self::Kerberos(error) => error.help(),
            Self::NotAToken => "give the file that `imd token create NAME --out FILE` or an export wrote".to_owned(),
            Self::NoServer => "make a token that names the servers: `imd token create NAME --server URL`".to_owned(),
            Self::NotEnrolled | Self::NotYetEnrolled => {
                "run, as root: imd-activate enroll --token-file FILE".to_owned()
            }
            Self::NoAuth(_) => "ask the administrator which proof is meant (step 5 of imd)".to_owned(),
            Self::NoPassword => "type it, or give it on standard input with --password-stdin".to_owned(),
            Self::Unreachable { .. } => {
                "check the network, the proxy and the server's name; it is tried again".to_owned()
            }
            Self::Impostor { .. } => {
                "check this laptop's clock; if it is right, somebody may be in between: tell the administrator"
                    .to_owned()
            }
            Self::Answer { .. } => "check that the address is that of imd, and its version".to_owned(),
            Self::Denied { code, .. } if code.is_passing() => "it is tried again".to_owned(),
            Self::Denied { code: Code::TokenRefused, .. } => "ask the administrator for a new token".to_owned(),
            Self::Denied { code: Code::DeviceRefused, .. } => "enroll again with a token".to_owned(),
            Self::Denied { code: Code::AuthNotAccepted, auth_methods, .. } if !auth_methods.is_empty() => {
                wanted(auth_methods)
            }
            Self::Denied { code: Code::AuthNotAccepted, .. } => {
                "ask the administrator which proof is meant (step 5 of imd)".to_owned()
            }
            Self::Denied { .. } => "give the help desk the id in parentheses".to_owned(),
            Self::NoRandomness | Self::System(_) => "check the limits of this machine".to_owned(),
            Self::Hook { .. } => {
                "the laptop is activated; the hook is run again at each log-on until it succeeds".to_owned()
            }
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NotYetEnrolled => true,
            Self::Denied { code, .. } => code.is_passing(),
            _ => false,
        }
    }

    /// Whether waiting may mend it, for a program that nobody looks at: a network that asks to be paid first, a balancer
    /// whose servers are away, a session that has no ticket yet.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Impostor { .. } | Self::Answer { .. } | Self::Kerberos(crate::kerberos::Error::NoTicket(_)) => true,
            other => other.is_passing(),
        }
    }

    /// In how many seconds the service wants to be asked again.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Denied { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// How to give one of the proofs that are wanted.
fn wanted(auth_methods: &[AuthMethod]) -> String {
    let ways = auth_methods.iter().map(|auth| match auth {
        AuthMethod::Kerberos => "kerberos (in a session that was logged on to the domain: imd-activate claim)",
        AuthMethod::Password => "password (in a terminal: imd-activate claim --user NAME)",
        AuthMethod::Unverified => "claimed (the name alone: imd-activate claim --user NAME)",
    });
    format!("the service wants: {}", ways.collect::<Vec<_>>().join(", or "))
}

/// How long to wait before the `tried`th try again (from 0): from 5 s doubling to 15 minutes, and a random part of it
/// less, so that an office that was switched on at once does not ask at once.
pub fn back_off(tried: u32, wanted: Option<u64>, random: u32) -> std::time::Duration {
    let longest = 15 * 60_000;
    let doubled = 5_000_u64.saturating_mul(1 << tried.min(16)).min(longest);
    let jittered = doubled / 2 + doubled / 2 * u64::from(random) / u64::from(u32::MAX);
    let wanted = wanted.unwrap_or(0).min(86_400) * 1_000;
    // What the service asks for is the least, and the random part comes on top.
    std::time::Duration::from_millis(jittered.max(wanted + jittered.min(wanted) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_instead_of_a_proof_is_said_with_how_to_give_it() {
        let refused = |auth_methods| Error::Denied {
            code: Code::AuthNotAccepted,
            message: Code::AuthNotAccepted.message().to_owned(),
            correlation: "0123456789abcdef".to_owned(),
            retry_after: None,
            auth_methods,
        };
        let help = refused(vec![AuthMethod::Kerberos, AuthMethod::Password]).help();
        for word in ["kerberos", "password", "imd-activate claim --user NAME"] {
            assert!(help.contains(word), "{help}");
        }
        assert!(refused(vec![]).help().contains("step 5"));
    }

    #[test]
    fn waiting_grows_to_a_quarter_of_an_hour_and_is_never_shorter_than_asked() {
        for random in [0, 1, u32::MAX / 2, u32::MAX] {
            let waits: Vec<u64> = (0..40).map(|tried| back_off(tried, None, random).as_secs()).collect();
            assert!((2..=5).contains(&waits[0]), "{waits:?}");
            assert!(waits.iter().all(|wait| *wait <= 900) && waits[39] >= 450, "{waits:?}");
            assert!(back_off(0, Some(60), random).as_secs() >= 60);
        }
        assert_ne!(back_off(3, None, 0), back_off(3, None, u32::MAX));
    }
}
