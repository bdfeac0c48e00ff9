//! Why a domain controller could not be read, and what to do about it.
//!
//! Result codes are those of RFC 4511 (appendix A); the `data` codes of a refused bind are Windows' own
//! ([MS-ERREF] 2.2, written in hexadecimal into the diagnostic message).

use crate::model::pin::Pin;
use crate::model::text;

/// Why a domain controller could not be used. All texts are safe to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot resolve {host}: {why}")]
    Resolve { host: String, why: String },
    #[error("{server} refused the connection")]
    Refused { server: String },
    #[error("cannot reach {server}: {why}")]
    Unreachable { server: String, why: String },
    #[error("timed out after {after:?}: {server} did not {what}")]
    TimedOut { server: String, what: &'static str, after: std::time::Duration },
    #[error("{server} does not speak TLS on this port")]
    NotTls { server: String },
    #[error("{server} closed the connection during the TLS handshake")]
    ClosedInHandshake { server: String },
    #[error("{server} refused StartTLS: {}", result(*code, message))]
    StartTlsRefused { server: String, code: u32, message: String },
    /// Unprotected data, which may have been injected.
    #[error("{server} sent unexpected data before TLS")]
    DataBeforeTls { server: String },
    #[error("the certificate of {server} is issued by \"{signer}\", which is not trusted; its key is {pin}")]
    UnknownAuthority { server: String, signer: String, pin: Box<Pin> },
    #[error(transparent)]
    OtherKey(Box<OtherKey>),
    #[error("the certificate of {server} is for another name: {}", listed(names))]
    WrongName { server: String, names: Vec<String> },
    #[error("the certificate of {server} expired on {on}")]
    Expired { server: String, on: String },
    #[error("the certificate of {server} is not valid before {from}")]
    NotYetValid { server: String, from: String },
    #[error("TLS with {server} failed: {why}")]
    Tls { server: String, why: String },
    #[error("this system has no trusted certificate authorities")]
    NoRoots,
    #[error("{file} contains no usable CA certificate: {why}")]
    BadCa { file: String, why: String },
    #[error("no password for {bind}")]
    NoPassword { bind: String },
    #[error("invalid password for {bind}: it {why}")]
    UnusablePassword { bind: String, why: &'static str },
    #[error("\"{bind}\" is not a valid bind name")]
    BindName { bind: String },
    #[error("cannot bind as {bind}: {} ({})", .why.what(), .why.code)]
    Bind { bind: String, why: Refusal },
    #[error("the server requires stronger authentication than a password over TLS (8 strongerAuthRequired)")]
    StrongerAuth,
    #[error("the bind failed: {}", result(*code, message))]
    BindResult { code: u32, message: String },
    #[error("{server} closed the connection instead of sending its answer ({what})")]
    Closed { server: String, what: &'static str },
    #[error("{server} disconnected: {message}")]
    Notice { server: String, message: String },
    #[error("{server} sent invalid LDAP: {what}")]
    Malformed { server: String, what: &'static str },
    /// The search did not end with success; its entries were discarded.
    #[error("the search below \"{base}\" failed: {}", result(*code, message))]
    Search { base: String, code: u32, message: String },
    #[error("\"{base}\" is on another server: {to}")]
    Referral { base: String, to: String },
    #[error("{server} has no naming context")]
    NoNamingContext { server: String },
    #[error("\"{given}\" is not a valid DNS name of a domain or site")]
    NoDnsName { given: String },
    #[error("DNS query failed: {why}")]
    Dns { why: String },
    #[error("no domain controller in DNS: no record {asked}")]
    NoControllers { asked: String },
    #[error("cannot encode the filter: {filter}")]
    Filter { filter: String },
    #[error("cannot reach any server: {}", joined(.0))]
    All(Vec<Error>),
    #[error("network error: {0}")]
    System(std::io::Error),
}

/// The server's key is not pinned.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key of {server} is not pinned: it is {seen} (issued by \"{signer}\"), pinned: {}",
    pins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
)]
pub struct OtherKey {
    pub server: String,
    pub seen: Pin,
    pub signer: String,
    pub pins: Vec<Pin>,
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        let text = match self {
            Self::Resolve { .. } => "check the spelling, and that this machine uses the domain's DNS servers",
            Self::Refused { .. } => {
                "check the port (636 for ldaps://, 389 for ldap://) and that the server is a domain controller"
            }
            Self::Unreachable { .. } => "check the network and the firewall",
            Self::TimedOut { .. } => "check the firewall and the load of the server, then try again",
            Self::NotTls { .. } => {
                "use port 636 with ldaps:// (3269 for a global catalog); ports 389 and 3268 use StartTLS: ldap://"
            }
            Self::StartTlsRefused { .. } => {
                "the domain controller probably has no certificate: install one (Active Directory Certificate Services, or \
                 import one with the purpose \"server authentication\"); imd sends nothing without TLS"
            }
            Self::DataBeforeTls { .. } => {
                "the connection may be intercepted: use ldaps://, and find the cause before you send a password"
            }
            Self::ClosedInHandshake { .. } => {
                "the domain controller probably has no certificate: install one (Active Directory Certificate Services, or \
                 import one with the purpose \"server authentication\") and restart it"
            }
            Self::UnknownAuthority { signer, .. } => {
                return format!(
                    "if \"{signer}\" is your own CA, export its certificate as PEM and set it as the CA file; if you \
                     see the same key on the controller itself, set it as the pin; otherwise the connection may be \
                     intercepted"
                );
            }
            Self::OtherKey(_) => {
                "if the controller has a new key, compare it on the controller itself and change the pin; otherwise the \
                 connection may be intercepted"
            }
            Self::WrongName { server, names } => match names.iter().find(|name| !name.contains('*')) {
                Some(name) => {
                    let (scheme, _) = server.split_once("://").unwrap_or(("ldaps", ""));
                    return format!("use a name in the certificate: {scheme}://{name}");
                }
                None => "install a certificate with the server's DNS name as a subjectAltName",
            },
            Self::Expired { .. } => "renew the certificate on the server, and check this machine's clock",
            Self::NotYetValid { .. } => "check this machine's clock",
            Self::Tls { .. } => {
                "the server must support TLS 1.2 or 1.3 and have a certificate that this machine can verify"
            }
            Self::NoRoots => "install the package ca-certificates, or set a CA file",
            Self::BadCa { .. } => "export the CA certificate as PEM (Base-64), which begins with BEGIN CERTIFICATE",
            Self::NoPassword { .. } => "enter the password; a bind without one would be anonymous",
            Self::UnusablePassword { .. } => "enter only the account's password",
            Self::BindName { .. } => "use user@corp.example.com, CORP\\user or the account's DN",
            Self::Bind { why, .. } => return why.help(),
            Self::StrongerAuth => {
                "the controller rejects simple binds; check its policy \"LDAP server signing requirements\", and that no \
                 proxy terminates TLS in between"
            }
            Self::BindResult { .. } => "look for the bind in the domain controller's event log",
            Self::Closed { .. } | Self::Notice { .. } => {
                "nothing was changed; try again, and if it fails again check the domain controller's event log"
            }
            Self::Malformed { .. } => {
                "check that the address is that of a domain controller, not of a proxy or another service"
            }
            Self::Search { code: 32, .. } => "the DN does not exist, or the account cannot see it: check the spelling",
            Self::Search { code: 34, .. } => "give a complete DN, such as \"OU=Staff,DC=corp,DC=example,DC=com\"",
            Self::Search { code: 50, .. } => "give the account read access to that part of the directory",
            Self::Search { code: 3 | 4 | 11, .. } => {
                "nothing was changed, because the answer is incomplete; narrow the mapping or raise the server's limits"
            }
            Self::Search { code: 51 | 52, .. } => "nothing was changed; try again when the server is less busy",
            Self::Search { .. } => "nothing was changed; see the server's message",
            Self::Referral { .. } => {
                "register that domain as another directory: imd sends a password only to configured servers"
            }
            Self::NoNamingContext { .. } => "check that the address is that of a domain controller",
            Self::NoDnsName { .. } => "give the domain's DNS name, such as corp.example.com, and the name of the site",
            Self::Dns { .. } => "use a DNS server of the domain: `imd directory discover DOMAIN --dns-server ADDRESS`",
            Self::NoControllers { .. } => {
                "check the spelling of the domain, and that this machine uses the domain's DNS servers; or give one: \
                 `imd directory discover DOMAIN --dns-server ADDRESS`"
            }
            Self::Filter { .. } => "correct the filter",
            Self::All(errors) => return errors.first().map_or_else(String::new, Self::help),
            Self::System(_) => "check this machine's limits (open files, memory)",
        };
        text.to_owned()
    }
}

/// Why Active Directory refused a bind: the `data` code of its diagnostic message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Windows' code in lower-case hexadecimal, such as `52e`; `49` when there is none.
    pub code: String,
}

impl Refusal {
    /// The refusal in the diagnostic message of an invalidCredentials result, such as `80090308: LdapErr:
    /// DSID-0C090446, comment: AcceptSecurityContext error, data 52e, v3839`.
    pub(super) fn of(diagnostic: &str) -> Self {
        let code = diagnostic.split(',').find_map(|part| {
            let code: String = part.trim().strip_prefix("data ")?.trim().to_ascii_lowercase();
            (!code.is_empty() && code.len() <= 8 && code.bytes().all(|b| b.is_ascii_hexdigit())).then_some(code)
        });
        Self { code: code.unwrap_or_else(|| "49".to_owned()) }
    }

    /// The meaning of the code.
    pub fn what(&self) -> &'static str {
        match self.code.as_str() {
            "525" => "there is no such user",
            "52e" | "49" => "the name or the password is wrong",
            "52f" => "the password is right, but the account is restricted",
            "530" => "the password is right, but the account may not log on at this hour",
            "531" => "the password is right, but the account may not log on from this machine",
            "532" => "the password is right but has expired",
            "533" => "the password is right, but the account is disabled",
            "701" => "the password is right, but the account has expired",
            "773" => "the password is right but must be changed first",
            "775" => "the account is locked out",
            _ => "the server gives an unknown reason",
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self.code.as_str() {
            "525" => "check the name: user@corp.example.com, CORP\\user or the account's DN",
            "52e" | "49" => {
                "check both; a bare account name is not enough: user@corp.example.com, CORP\\user or the account's DN"
            }
            "530" => "allow the account to log on at any hour (its tab \"Account\", \"Logon Hours\")",
            "531" => "allow the account to log on to every machine (its tab \"Account\", \"Log On To\")",
            "532" => {
                "set a new password in the directory and enter it here; for a service account use one that never expires"
            }
            "533" => "enable the account in the directory, or use another",
            "701" => "extend the account's expiry date in the directory, or use another account",
            "773" => "set a password without \"must change password at next logon\", and enter it here",
            "775" => "unlock the account, and find the program that uses an old password",
            _ => "look for the bind in the domain controller's event log (4625, 4776)",
        }
        .to_owned()
    }
}

/// A result code with its name and the server's message.
fn result(code: u32, message: &str) -> String {
    let name = match code {
        1 => "operationsError",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        4 => "sizeLimitExceeded",
        8 => "strongerAuthRequired",
        10 => "referral",
        11 => "adminLimitExceeded",
        12 => "unavailableCriticalExtension",
        13 => "confidentialityRequired",
        18 => "inappropriateMatching",
        21 => "invalidAttributeSyntax",
        32 => "noSuchObject",
        34 => "invalidDNSyntax",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        80 => "other",
        _ => "unknown result",
    };
    if message.is_empty() { format!("{code} {name}") } else { format!("{code} {name}: {message}") }
}

/// A server's diagnostic message, shortened and safe to show.
pub(super) fn diagnostic(message: &[u8]) -> String {
    let text = text::shown(String::from_utf8_lossy(message).trim_end_matches(['\0', '\n']));
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no name".to_owned() } else { names.join(", ") }
}

fn joined(errors: &[Error]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_bind_is_explained_by_its_code() {
        let message = |code| {
            format!("80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data {code}, v3839")
        };
        for (code, words) in [
            ("525", "no such user"),
            ("52e", "name or the password is wrong"),
            ("530", "at this hour"),
            ("531", "from this machine"),
            ("532", "the password is right but has expired"),
            ("533", "is disabled"),
            ("701", "account has expired"),
            ("773", "must be changed"),
            ("775", "locked out"),
        ] {
            let why = Refusal::of(&message(code));
            assert_eq!(why.code, code);
            let error = Error::Bind { bind: "svc@x".to_owned(), why: why.clone() };
            let text = error.to_string();
            assert!(text.contains(words) && text.ends_with(&format!("({code})")), "{text}");
            assert_ne!(why.help(), Refusal::of(&message("1")).help(), "{code} has its own help");
        }
    }

    #[test]
    fn refusal_without_code_gets_code_49() {
        for diagnostic in ["", "invalid credentials", "data , v1", "data xyz,", "data 123456789,"] {
            assert_eq!(Refusal::of(diagnostic).code, "49", "{diagnostic}");
        }
    }

    #[test]
    fn server_messages_are_escaped_and_shortened() {
        let shown = diagnostic(b"\x1b[31mred\0");
        assert_eq!(shown, "\\u{1b}[31mred");
        assert!(diagnostic(&[b'a'; 5000]).len() < 400);
    }
}
