//! Why a domain controller could not be read, and what to do about it.
//!
//! Result codes are those of RFC 4511 (appendix A); the `data` codes of a refused bind are Windows' own
//! ([MS-ERREF] 2.2, written in hexadecimal into the diagnostic message).

use crate::model::pin::Pin;
use crate::model::text;

/// What went wrong. Every text in it is safe to show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the name {host} does not resolve: {why}")]
    Resolve { host: String, why: String },
    #[error("{server} refuses connections")]
    Refused { server: String },
    #[error("{server} cannot be reached: {why}")]
    Unreachable { server: String, why: String },
    /// A deadline passed.
    #[error("{server} did not {what} within {after:?}")]
    Late { server: String, what: &'static str, after: std::time::Duration },
    #[error("{server} answers, but not in TLS")]
    NotTls { server: String },
    #[error("{server} closed the connection while TLS was being set up")]
    NoTls { server: String },
    #[error("{server} refuses StartTLS with {}", result(*code, said))]
    NoStartTls { server: String, code: u32, said: String },
    /// It may be somebody else's words, put in where nothing was protected yet.
    #[error("{server} said more than was asked before TLS was set up")]
    SaidTooEarly { server: String },
    #[error("the certificate of {server} is signed by \"{signer}\", which is not trusted; its key is {pin}")]
    UnknownAuthority { server: String, signer: String, pin: Box<Pin> },
    #[error(transparent)]
    OtherKey(Box<OtherKey>),
    #[error("the certificate of {server} does not carry that name: it is for {}", listed(names))]
    WrongName { server: String, names: Vec<String> },
    #[error("the certificate of {server} expired on {on}")]
    Expired { server: String, on: String },
    #[error("the certificate of {server} is not valid before {from}")]
    NotYetValid { server: String, from: String },
    #[error("TLS with {server} failed: {why}")]
    Tls { server: String, why: String },
    #[error("this system has no list of trusted certificate authorities")]
    NoRoots,
    #[error("{file} holds no usable certificate of an authority: {why}")]
    BadCa { file: String, why: String },
    #[error("no password is given for {bind}")]
    NoPassword { bind: String },
    #[error("the password for {bind} cannot be one: it {why}")]
    UnusablePassword { bind: String, why: &'static str },
    #[error("\"{bind}\" is no name that an account binds with")]
    BindName { bind: String },
    #[error("{bind} may not bind: {} ({})", .why.what(), .why.code)]
    Bind { bind: String, why: Refusal },
    #[error("the server wants a stronger bind than a password over TLS (8 strongerAuthRequired)")]
    StrongerAuth,
    #[error("the bind failed with {}", result(*code, said))]
    BindResult { code: u32, said: String },
    #[error("{server} closed the connection while it was asked to {what}")]
    Closed { server: String, what: &'static str },
    #[error("{server} disconnected: {said}")]
    Notice { server: String, said: String },
    #[error("{server} sent what is no LDAP: {what}")]
    Malformed { server: String, what: &'static str },
    /// A search that did not end with success; what came before it was thrown away.
    #[error("the search below \"{base}\" failed with {}", result(*code, said))]
    Search { base: String, code: u32, said: String },
    #[error("\"{base}\" is kept by another server: {to}")]
    Referral { base: String, to: String },
    #[error("{server} names no naming context")]
    NoNamingContext { server: String },
    #[error("\"{given}\" is no name of a domain or a site in DNS")]
    NoDnsName { given: String },
    #[error("the name servers do not answer: {why}")]
    Dns { why: String },
    #[error("DNS knows no domain controller: there is no record {asked}")]
    NoControllers { asked: String },
    #[error("the filter cannot be sent: {filter}")]
    Filter { filter: String },
    #[error("no server can be reached: {}", joined(.0))]
    All(Vec<Error>),
    #[error("nothing can be sent or received: {0}")]
    System(std::io::Error),
}

/// A server shows a key that is not pinned.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key of {server} is not the pinned one: it is {seen} (signed by \"{signer}\"), pinned is {}",
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
            Self::Resolve { .. } => "check the spelling, and that this machine asks the domain's DNS servers",
            Self::Refused { .. } => {
                "check the port (636 for ldaps://, 389 for ldap://) and that it is a domain controller"
            }
            Self::Unreachable { .. } => "check the route and the firewall between here and there",
            Self::Late { .. } => {
                "check the firewall between here and there, and how busy the server is; then try again"
            }
            Self::NotTls { .. } => {
                "ldaps:// wants port 636 (3269 for a global catalog); at 389 and 3268 TLS begins with StartTLS: ldap://"
            }
            Self::NoStartTls { .. } => {
                "a domain controller without a certificate does this: give it one (Active Directory Certificate \
                 Services, or import one with the purpose \"server authentication\"); imd sends nothing without TLS"
            }
            Self::SaidTooEarly { .. } => {
                "somebody in between may put words into its mouth; use ldaps:// and find out who before a password \
                 goes there"
            }
            Self::NoTls { .. } => {
                "a domain controller without a certificate does this: give it one (Active Directory Certificate \
                 Services, or import one with the purpose \"server authentication\") and restart it"
            }
            Self::UnknownAuthority { signer, .. } => {
                return format!(
                    "if \"{signer}\" is your own authority, export its certificate as PEM and name it as the CA file; if \
                     the key is the one that the controller itself shows you, give it as the pin; else somebody may \
                     be in between"
                );
            }
            Self::OtherKey(_) => {
                "if the controller was given a new key, compare the two on the controller itself and change the pin; \
                 else somebody may be in between"
            }
            Self::WrongName { server, names } => match names.iter().find(|name| !name.contains('*')) {
                Some(name) => {
                    let (scheme, _) = server.split_once("://").unwrap_or(("ldaps", ""));
                    return format!("use a name that it carries: {scheme}://{name}");
                }
                None => "give the server a certificate with its DNS name as a subjectAltName",
            },
            Self::Expired { .. } => "renew the certificate on the server, and check this machine's clock",
            Self::NotYetValid { .. } => "check this machine's clock",
            Self::Tls { .. } => {
                "the server has to offer TLS 1.2 or 1.3 with a certificate that this machine can verify"
            }
            Self::NoRoots => "install the package ca-certificates, or name a CA file",
            Self::BadCa { .. } => {
                "export the authority's certificate as PEM (Base-64), beginning with BEGIN CERTIFICATE"
            }
            Self::NoPassword { .. } => "give the password; a bind without one would be anonymous",
            Self::UnusablePassword { .. } => "give the account's password as it is, without anything around it",
            Self::BindName { .. } => "give user@corp.example.com, CORP\\user or the account's DN",
            Self::Bind { why, .. } => return why.help(),
            Self::StrongerAuth => {
                "the controller demands what a simple bind cannot give; check its policy \"LDAP server signing \
                 requirements\", and that nothing between here and there takes TLS apart"
            }
            Self::BindResult { .. } => "look up the result in the event log of the domain controller",
            Self::Closed { .. } | Self::Notice { .. } => {
                "nothing was changed; try again, and look into the event log of the domain controller if it stays so"
            }
            Self::Malformed { .. } => {
                "check that the address is that of a domain controller and not of something in between"
            }
            Self::Search { code: 32, .. } => "the DN does not exist, or the account may not see it: check its spelling",
            Self::Search { code: 34, .. } => "write a whole DN, such as \"OU=Staff,DC=corp,DC=example,DC=com\"",
            Self::Search { code: 50, .. } => "let the account read that part of the directory",
            Self::Search { code: 3 | 4 | 11, .. } => {
                "nothing was changed, because users are missing from the answer; narrow the mapping or raise the \
                 server's limits"
            }
            Self::Search { code: 51 | 52, .. } => "nothing was changed; try again when the server is less busy",
            Self::Search { .. } => "nothing was changed; see what the server said",
            Self::Referral { .. } => {
                "register that domain as a directory of its own: a password is never sent to a server that was not named"
            }
            Self::NoNamingContext { .. } => "check that the address is that of a domain controller",
            Self::NoDnsName { .. } => {
                "give the domain's DNS name, such as corp.example.com, and the site's as it is called"
            }
            Self::Dns { .. } => "name one that knows the domain: `imd directory discover DOMAIN --dns-server ADDRESS`",
            Self::NoControllers { .. } => {
                "check the domain's spelling, and that this machine asks the domain's own name servers; another one is \
                 asked with `imd directory discover DOMAIN --dns-server ADDRESS`"
            }
            Self::Filter { .. } => "write the filter anew",
            Self::All(errors) => return errors.first().map_or_else(String::new, Self::help),
            Self::System(_) => "check this machine's limits (open files, memory)",
        };
        text.to_owned()
    }
}

/// Why Active Directory refused a bind: the `data` code of its diagnostic message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// As Windows writes it, in lower-case hexadecimal: `52e`; `49` when there is no such code.
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

    /// What the code means.
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
            _ => "the server gives a reason that is not known here",
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
                "set a new password in the directory and give it here; one that never expires suits a service account"
            }
            "533" => "enable the account in the directory, or use another",
            "701" => "move the account's expiry date in the directory, or use another account",
            "773" => "set a password without \"must change password at next logon\", and give it here",
            "775" => "unlock the account, and look for what else uses it with an old password",
            _ => "look for the bind in the domain controller's event log (4625, 4776)",
        }
        .to_owned()
    }
}

/// A result code in words, with what the server said of it.
fn result(code: u32, said: &str) -> String {
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
        _ => "a result that is not known here",
    };
    if said.is_empty() { format!("{code} {name}") } else { format!("{code} {name}: {said}") }
}

/// What a server said, made safe to show and short.
pub(super) fn said(diagnostic: &[u8]) -> String {
    let text = text::shown(String::from_utf8_lossy(diagnostic).trim_end_matches(['\0', '\n']));
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}

fn joined(errors: &[Error]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_bind_is_explained_from_its_code() {
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
            assert_ne!(why.help(), Refusal::of(&message("1")).help(), "{code} has a help of its own");
        }
    }

    #[test]
    fn a_refusal_without_a_code_is_still_one() {
        for diagnostic in ["", "invalid credentials", "data , v1", "data xyz,", "data 123456789,"] {
            assert_eq!(Refusal::of(diagnostic).code, "49", "{diagnostic}");
        }
    }

    #[test]
    fn what_a_server_says_cannot_reach_the_terminal_raw() {
        let shown = said(b"\x1b[31mred\0");
        assert_eq!(shown, "\\u{1b}[31mred");
        assert!(said(&[b'a'; 5000]).len() < 400);
    }
}
