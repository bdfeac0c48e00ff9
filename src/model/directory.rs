//! A registered Active Directory, or an LDIF export of one (step 1).

use std::path::PathBuf;

use super::Unreadable;
use super::name::Name;

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
    /// An LDIF file (RFC 2849), read anew at each sync.
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

/// Whose signature on the server's certificate is believed. Nothing switches verification off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    System,
    /// The certificates of a PEM file. Their text is kept, so that the file may go.
    Ca {
        file: PathBuf,
        pem: String,
    },
}

/// `ldaps://host[:port]`: 636 for a domain controller, 3269 for a global catalog.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Url {
    pub host: String,
    pub port: u16,
}

impl Url {
    pub const DEFAULT_PORT: u16 = 636;
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
        if url.scheme() != "ldaps" || !plain {
            return Err(wrong());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if !host.chars().all(usable) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port: url.port().unwrap_or(Self::DEFAULT_PORT) })
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            Self::DEFAULT_PORT => write!(f, "ldaps://{}", self.host),
            port => write!(f, "ldaps://{}:{port}", self.host),
        }
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
    fn only_a_verified_scheme_is_an_address() {
        assert_eq!(
            "ldaps://DC1.corp.example.com".parse::<Url>().expect("plain").to_string(),
            "ldaps://dc1.corp.example.com"
        );
        assert_eq!("ldaps://dc1:3269".parse::<Url>().expect("with a port").port, 3269);
        for text in
            ["ldap://dc1", "dc1", "ldaps://", "ldaps://u:p@dc1", "ldaps://dc1/x", "ldaps://dc1?a", "ldaps://a%20b"]
        {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }
}
