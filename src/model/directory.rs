//! A registered Active Directory, or an export of one (step 1).

use std::path::PathBuf;

use jiff::Timestamp;

use super::Unreadable;
use super::name::Name;
use super::pin::Pin;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Directory {
    pub name: Name,
    pub source: Source,
}

/// Where its users are read from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Ldap(Ldap),
    /// An LDIF (RFC 2849) or csvde file, read at each sync.
    File(PathBuf),
}

/// How to reach a domain controller. The password is not here: it is sealed in the store under the directory's name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ldap {
    /// Tried in order.
    pub urls: Vec<Url>,
    pub trust: Trust,
    /// UPN, `DOMAIN\user` or DN ([MS-ADTS] 5.1.1.1.1).
    pub bind: String,
}

/// What makes the server's certificate trusted. Verification cannot be switched off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    System,
    /// The certificates of a PEM file. Their text is stored, so the file is not needed later.
    Ca {
        file: PathBuf,
        pem: String,
    },
    /// Pins: the server's key must be one of these, with any issuer of its certificate. One for each server.
    Pins(Vec<Pin>),
}

/// `ldaps://host[:port]`: TLS from the first byte, at 636, or 3269 for a global catalog. `ldap://host[:port]`: StartTLS
/// before anything else, at 389, or 3268.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Url {
    pub security: Security,
    pub host: String,
    pub port: u16,
}

/// How a connection starts TLS. There is none without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `ldaps://`
    Tls,
    /// `ldap://` (RFC 4511, 4.14)
    StartTls,
}

impl Security {
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Tls => "ldaps",
            Self::StartTls => "ldap",
        }
    }

    pub fn default_port(self) -> u16 {
        match self {
            Self::Tls => 636,
            Self::StartTls => 389,
        }
    }
}

/// What a directory reported about the account that reads it, when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AccountSeen {
    pub at: Timestamp,
    /// The name that it bound with.
    pub bind: String,
    /// `None` where the directory does not say.
    pub password: Option<Expiry>,
}

/// When a password ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    Never,
    At(Timestamp),
}

/// How many days before a password expires a warning starts.
pub const PASSWORD_DAYS: i64 = 14;

impl Expiry {
    /// How many whole days are left, when they are few; 0 or less on the last day and later.
    pub fn few_days(self, now: Timestamp) -> Option<i64> {
        let Self::At(end) = self else { return None };
        let days = end.duration_since(now).as_secs().div_euclid(24 * 60 * 60);
        (days < PASSWORD_DAYS).then_some(days)
    }

    /// `expires on 2026-12-01, in 7 days`
    pub fn described(self, now: Timestamp) -> String {
        let Self::At(end) = self else { return "never expires".to_owned() };
        let day = crate::model::moment::day(end);
        match end.duration_since(now).as_secs().div_euclid(24 * 60 * 60) {
            ..0 => format!("expired on {day}"),
            0 => format!("expires on {day}, within a day"),
            1 => format!("expires on {day}, in 1 day"),
            days => format!("expires on {day}, in {days} days"),
        }
    }
}

impl std::str::FromStr for Url {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let wrong = || Unreadable::new("an address such as \"ldaps://dc1.corp.example.com\"", text);
        let url = url::Url::parse(text.trim()).map_err(|_| wrong())?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        let security = match url.scheme() {
            "ldaps" => Security::Tls,
            "ldap" => Security::StartTls,
            _ => return Err(wrong()),
        };
        if !plain {
            return Err(wrong());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if !host.chars().all(usable) {
            return Err(wrong());
        }
        Ok(Self { security, host: host.to_ascii_lowercase(), port: url.port().unwrap_or(security.default_port()) })
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.security.scheme(), self.host)?;
        if self.port == self.security.default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl TryFrom<String> for Url {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_scheme_selects_tls() {
        for (text, security, port, shown) in [
            ("ldaps://DC1.corp.example.com", Security::Tls, 636, "ldaps://dc1.corp.example.com"),
            ("ldaps://dc1:3269", Security::Tls, 3269, "ldaps://dc1:3269"),
            ("ldap://dc1", Security::StartTls, 389, "ldap://dc1"),
            ("ldap://dc1:3268/", Security::StartTls, 3268, "ldap://dc1:3268"),
        ] {
            let url: Url = text.parse().expect("an address");
            assert_eq!((url.security, url.port, url.to_string().as_str()), (security, port, shown));
        }
        for text in
            ["http://dc1", "dc1", "ldaps://", "ldaps://u:p@dc1", "ldaps://dc1/x", "ldaps://dc1?a", "ldaps://a%20b"]
        {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }

    #[test]
    fn password_expiry_warns_fourteen_days_before() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        for (end, days, words) in [
            ("2026-12-08T12:00:00Z", None, "expires on 2026-12-08, in 14 days"),
            ("2026-12-08T11:59:59Z", Some(13), "expires on 2026-12-08, in 13 days"),
            ("2026-11-25T12:00:00Z", Some(1), "expires on 2026-11-25, in 1 day"),
            ("2026-11-25T11:59:59Z", Some(0), "expires on 2026-11-25, within a day"),
            ("2026-11-24T11:59:59Z", Some(-1), "expired on 2026-11-24"),
        ] {
            let expiry = Expiry::At(end.parse().expect("a time"));
            assert_eq!((expiry.few_days(now), expiry.described(now).as_str()), (days, words), "{end}");
        }
        assert_eq!(Expiry::Never.few_days(now), None);
    }
}
