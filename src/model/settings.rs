//! Limits and authentication for every activation (step 5).

use super::Unreadable;
use super::dn::Dn;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Settings {
    /// 1 to 100 laptops activated per user.
    pub devices_per_user: u32,
    pub at_limit: AtLimit,
    /// In the order in which they are tried; `unverified` only alone.
    pub auth: Vec<AuthMethod>,
    pub safeguard: Safeguard,
    pub offline_tokens: OfflineTokens,
    /// The DN of the pilot group: only its members are activated. Absent: every user of a mapping.
    pub pilot_group: Option<String>,
    /// Daily activation limit, from midnight to midnight UTC; 0 is no limit.
    pub daily_activation_limit: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            devices_per_user: 2,
            at_limit: AtLimit::Refuse,
            auth: vec![AuthMethod::Password],
            safeguard: Safeguard::default(),
            offline_tokens: OfflineTokens::Accept,
            pilot_group: None,
            daily_activation_limit: 0,
        }
    }
}

/// What happens to a user's next laptop when the limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtLimit {
    Refuse,
    ReplaceOldest,
}

impl AtLimit {
    /// As it is typed and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::ReplaceOldest => "replace-oldest",
        }
    }
}

/// What happens to a token that another host signed with a key of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfflineTokens {
    /// Accepted and recorded when a laptop first uses it.
    Accept,
    /// Refused until it is imported.
    RequireImport,
}

impl OfflineTokens {
    /// As it is typed and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::RequireImport => "require-import",
        }
    }
}

/// How a laptop's user is authenticated at activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMethod {
    /// A Kerberos ticket of the user's own session.
    Kerberos,
    /// The user's password, tried once against the directory over verified TLS.
    Password,
    /// Not authenticated: the laptop names the user and nothing checks it.
    Unverified,
}

impl AuthMethod {
    /// The word for it, on the wire, in the settings and on every screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kerberos => "kerberos",
            Self::Password => "password",
            Self::Unverified => "unverified",
        }
    }
}

/// How many users a sync may remove or disable before it stops for approval, per mapping and kind of change: the larger
/// of two users and the smaller of `percent` of the mapping's users and 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Safeguard {
    percent: u8,
}

impl Safeguard {
    /// # Errors
    /// When `percent` is more than 100.
    pub fn percent(percent: u8) -> Result<Self, Unreadable> {
        if percent <= 100 { Ok(Self { percent }) } else { Err(Self::wrong(&percent.to_string())) }
    }

    /// The largest number of users who may be removed from a mapping of `users` without approval.
    pub fn allows(self, users: u64) -> u64 {
        (users * u64::from(self.percent) / 100).clamp(2, 50)
    }

    fn wrong(text: &str) -> Unreadable {
        Unreadable::new("a percentage such as \"10%\" (0% to 100%)", text)
    }
}

impl Default for Safeguard {
    fn default() -> Self {
        Self { percent: 10 }
    }
}

impl std::str::FromStr for Safeguard {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let number = text.trim().strip_suffix('%').ok_or_else(|| Self::wrong(text))?;
        Self::percent(number.trim().parse().map_err(|_| Self::wrong(text))?).map_err(|_| Self::wrong(text))
    }
}

impl std::fmt::Display for Safeguard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.percent)
    }
}

impl TryFrom<String> for Safeguard {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Safeguard> for String {
    fn from(safeguard: Safeguard) -> Self {
        safeguard.to_string()
    }
}

/// Why settings cannot be used: the rules of step 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("must be 1 to 100 devices, not {0}")]
    Devices(u32),
    #[error("no authentication method is chosen")]
    NoAuth,
    #[error("\"unverified\" cannot be combined with other methods")]
    UnverifiedWithOthers,
    #[error("an authentication method is listed twice")]
    AuthTwice,
    #[error("expected the DN of a group, such as CN=Pilot,OU=Groups,DC=corp,DC=example,DC=com")]
    PilotGroup,
}

impl Unfit {
    /// The field that it is about, by its key in the answers file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Devices(_) => "settings.devices_per_user",
            Self::PilotGroup => "settings.pilot_group",
            Self::NoAuth | Self::UnverifiedWithOthers | Self::AuthTwice => "settings.auth",
        }
    }
}

impl Settings {
    pub fn unfit(&self) -> Vec<Unfit> {
        let mut reasons = Vec::new();
        if !(1..=100).contains(&self.devices_per_user) {
            reasons.push(Unfit::Devices(self.devices_per_user));
        }
        if self.auth.is_empty() {
            reasons.push(Unfit::NoAuth);
        }
        if self.auth.contains(&AuthMethod::Unverified) && self.auth.len() > 1 {
            reasons.push(Unfit::UnverifiedWithOthers);
        }
        if self.auth.iter().enumerate().any(|(at, auth)| self.auth[..at].contains(auth)) {
            reasons.push(Unfit::AuthTwice);
        }
        if self.pilot_group.as_ref().is_some_and(|group| group.parse::<Dn>().is_err()) {
            reasons.push(Unfit::PilotGroup);
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safeguard_allows_at_least_two_and_at_most_fifty() {
        let safeguard = Safeguard::default();
        for (users, allowed) in [(0, 2), (10, 2), (40, 4), (300, 30), (6_000, 50), (100_000, 50)] {
            assert_eq!(safeguard.allows(users), allowed, "{users} users");
        }
    }

    #[test]
    fn unverified_cannot_be_combined() {
        let settings = Settings { auth: vec![AuthMethod::Password, AuthMethod::Unverified], ..Settings::default() };
        assert_eq!(settings.unfit(), [Unfit::UnverifiedWithOthers]);
        assert!(Settings::default().unfit().is_empty());
    }
}
