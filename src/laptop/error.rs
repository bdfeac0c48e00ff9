//! What can go wrong on the laptop, and what to do next.

use std::path::PathBuf;

use crate::protocol::{AuthMethod, Code};

/// Why a request or a file operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {doing} {}: {why}", path.display())]
    File { doing: &'static str, path: PathBuf, why: std::io::Error },
    #[error("{} is not a file that imd-activate wrote: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("invalid settings in {}: {why}", path.display())]
    Settings { path: PathBuf, why: String },
    #[cfg(windows)]
    #[error("cannot delete the token in the registry key {key}: {why}")]
    Registry { key: &'static str, why: String },
    #[error("invalid proxy address; expected an address such as http://proxy.corp.example.com:3128")]
    Proxy,
    #[error(transparent)]
    Secret(#[from] crate::secrets::Error),
    #[error("this is not a deployment token")]
    NotAToken,
    #[error("the token contains no server address")]
    NoServer,
    #[error(transparent)]
    Kerberos(#[from] crate::kerberos::Error),
    #[error("this laptop is not enrolled")]
    NotEnrolled,
    #[error("this laptop is not enrolled yet")]
    NotYetEnrolled,
    #[error("none of the accepted authentication methods can be used here ({0})")]
    NoAuth(String),
    #[error("no password was entered")]
    NoPassword,
    #[error("cannot reach {server}: {why}")]
    Unreachable { server: String, why: String },
    #[error("{server} is not the service named in the token: {why}")]
    WrongServer { server: String, why: String },
    #[error("unexpected answer from {server}: {why}")]
    UnexpectedAnswer { server: String, why: String },
    #[error("{message} ({correlation})")]
    Denied {
        code: Code,
        message: String,
        correlation: String,
        retry_after: Option<u64>,
        /// The accepted methods, when the one that was used is not accepted and the service names them.
        auth_methods: Vec<AuthMethod>,
    },
    #[error("this system provides no random bytes")]
    NoRandomness,
    #[error("system error: {0}")]
    System(std::io::Error),
    #[error("the activation hook {} failed: {why}", path.display())]
    Hook { path: PathBuf, why: String },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::File { .. } => "check the owner; enroll and check-in run as the system (root)".to_owned(),
            Self::Unreadable { path, .. } => format!("delete {} and enroll again", path.display()),
            Self::Settings { .. } => "correct the file, or export again and run the installer".to_owned(),
            #[cfg(windows)]
            Self::Registry { .. } => "run it as SYSTEM or as an administrator".to_owned(),
            Self::Proxy => "correct --proxy, the setting or HTTPS_PROXY, or give --proxy none".to_owned(),
            Self::Secret(error) => error.help(),
            Self::Kerberos(error) => error.help(),
            Self::NotAToken => "give the file that `imd token create NAME --out FILE` or an export wrote".to_owned(),
            Self::NoServer => "create a token with a server address: `imd token create NAME --server URL`".to_owned(),
            Self::NotEnrolled | Self::NotYetEnrolled => {
                "run, as root: imd-activate enroll --token-file FILE".to_owned()
            }
            Self::NoAuth(_) => "ask the administrator which authentication method to use (step 5 of imd)".to_owned(),
            Self::NoPassword => "enter it, or pass it on standard input with --password-stdin".to_owned(),
            Self::Unreachable { .. } => {
                "check the network, the proxy and the server's name; imd-activate tries again".to_owned()
            }
            Self::WrongServer { .. } => {
                "check this laptop's clock; if it is right, the connection may be intercepted: inform the administrator"
                    .to_owned()
            }
            Self::UnexpectedAnswer { .. } => "check that the address is that of imd, and its version".to_owned(),
            Self::Denied { code, .. } if code.is_transient() => "imd-activate tries again".to_owned(),
            Self::Denied { code: Code::TokenRefused, .. } => "ask the administrator for a new token".to_owned(),
            Self::Denied { code: Code::DeviceRefused, .. } => "enroll again with a token".to_owned(),
            Self::Denied { code: Code::AuthNotAccepted, auth_methods, .. } if !auth_methods.is_empty() => {
                accepted(auth_methods)
            }
            Self::Denied { code: Code::AuthNotAccepted, .. } => {
                "ask the administrator which authentication method to use (step 5 of imd)".to_owned()
            }
            Self::Denied { .. } => "give the help desk the id in parentheses".to_owned(),
            Self::NoRandomness | Self::System(_) => "check this machine's limits (open files, memory)".to_owned(),
            Self::Hook { .. } => {
                "the laptop is activated; the hook is run again at each log-on until it succeeds".to_owned()
            }
        }
    }

    /// Whether the same request may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NotYetEnrolled => true,
            Self::Denied { code, .. } => code.is_transient(),
            _ => false,
        }
    }

    /// Whether waiting may help an unattended run: a captive portal, a load balancer without servers, a session that has
    /// no ticket yet.
    pub fn may_be_transient(&self) -> bool {
        match self {
            Self::WrongServer { .. }
            | Self::UnexpectedAnswer { .. }
            | Self::Kerberos(crate::kerberos::Error::NoTicket(_)) => true,
            other => other.is_transient(),
        }
    }

    /// The seconds that the service asks to wait.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Denied { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// How to use the accepted methods.
fn accepted(auth_methods: &[AuthMethod]) -> String {
    let ways = auth_methods.iter().map(|auth| match auth {
        AuthMethod::Kerberos => "kerberos (in a session that was logged on to the domain: imd-activate claim)",
        AuthMethod::Password => "password (in a terminal: imd-activate claim --user NAME)",
        AuthMethod::Unverified => "unverified (the name alone: imd-activate claim --user NAME)",
    });
    format!("the service accepts: {}", ways.collect::<Vec<_>>().join(", or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_the_accepted_authentication_methods() {
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
}
