//! The mass deployment token: its request, its claims, and its record in the state (step 6).

mod scope;

use jiff::Timestamp;

use super::device::DeviceId;
use super::duration::Duration;
use super::name::Name;
use super::text::Untrusted;

pub use scope::{Outside, Platform, Scope, network};

/// A request for a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub name: Name,
    /// Absent: the token never expires.
    pub expires: Option<Duration>,
    /// How many laptops may enroll; 0: no limit.
    pub max_activations: u64,
    /// `https://host[:port]`, tried in order by the laptop.
    pub servers: Vec<String>,
    pub scope: Scope,
    /// A note of the administrator. It is in the record, and not in the token.
    pub note: Option<String>,
}

/// Reads the address of a server for laptops: `https://host[:port]` and nothing else.
///
/// # Errors
/// When it is anything else.
pub fn server(text: &str) -> Result<url::Url, super::Unreadable> {
    let wrong = || super::Unreadable::new("an address such as \"https://imd.corp.example.com:7443\"", text);
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let bare = url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    if bare { Ok(url) } else { Err(wrong()) }
}

/// The content of a token. Public inside the company: it identifies no user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Public: lists and logs contain it.
    pub id: TokenId,
    /// The installation that issued it.
    pub issuer: String,
    pub name: Name,
    pub issued_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub max_activations: u64,
    pub servers: Vec<String>,
    /// The authority that the laptop trusts; absent: the CAs of its system.
    pub pin: Option<Pin>,
    pub scope: Scope,
}

/// SHA-256 of the SubjectPublicKeyInfo of an authority (RFC 7469, 2.4), as 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin(String);

impl Pin {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Pin {
    type Err = super::Unreadable;
    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        let good = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(super::Unreadable::new("a pin of 43 characters of base64url", text))
        }
    }
}

impl TryFrom<String> for Pin {
    type Error = super::Unreadable;
    fn try_from(text: String) -> Result<Self, super::Unreadable> {
        text.parse()
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

impl TokenId {
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    /// # Errors
    /// When `text` is not 16 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, super::Unreadable> {
        let good = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(super::Unreadable::new("a token id of 16 hexadecimal digits", text))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for TokenId {
    type Err = super::Unreadable;
    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        Self::parse(text)
    }
}

impl TryFrom<String> for TokenId {
    type Error = super::Unreadable;
    fn try_from(text: String) -> Result<Self, super::Unreadable> {
        Self::parse(&text)
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> Self {
        id.0
    }
}

impl std::fmt::Display for TokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// The record of a token in the state. It never contains the token itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Record {
    pub id: TokenId,
    pub name: Name,
    pub note: Option<Untrusted>,
    pub issued_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub max_activations: u64,
    pub servers: Vec<String>,
    pub pin: Option<Pin>,
    pub scope: Scope,
    pub created_by: super::audit::Actor,
    /// When it was revoked, or the key that signed it was.
    pub revoked_at: Option<Timestamp>,
    pub replaced: Option<Replaced>,
    /// The id of the key that signed it; absent until the record is stored.
    pub key: Option<String>,
    /// SHA-256 of the whole token, hexadecimal, to compare a token with the record.
    pub sha256: String,
    /// How many laptops enrolled with it.
    pub uses: u64,
    pub last_use: Option<LastUse>,
}

/// The replacement by another token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    pub by: TokenId,
    /// The end of the overlap: laptops may enroll with the replaced token until then.
    pub until: Timestamp,
}

/// The laptop that enrolled last with a token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LastUse {
    pub at: Timestamp,
    pub device: DeviceId,
    pub host_name: Untrusted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Valid,
    /// Its maximum activations are reached.
    Overused,
    /// It was replaced; laptops may enroll with it during the overlap.
    Replaced,
    Expired,
    Revoked,
}

impl State {
    /// The word that people read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Overused => "overused",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Record {
    /// The state of the token. Final states take precedence.
    pub fn state(&self, now: Timestamp) -> State {
        if self.revoked_at.is_some() {
            State::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            State::Expired
        } else if self.replaced.is_some() {
            State::Replaced
        } else if self.max_activations > 0 && self.uses >= self.max_activations {
            State::Overused
        } else {
            State::Valid
        }
    }

    /// When enrollment ends: at the expiry or the end of the overlap; absent: never.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let replaced = self.replaced.as_ref().map(|replaced| replaced.until);
        [self.expires_at, replaced].into_iter().flatten().min()
    }

    /// Whether laptops can enroll with it, now or later.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.ends_at().is_none_or(|end| end > now)
    }
}
