//! What holds for every activation unless a profile says otherwise (step 5).

use super::Unreadable;
use super::dn::Dn;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settings {
    /// 1 to 100 laptops activated per user.
    pub devices_per_user: u32,
    pub at_limit: AtLimit,
    /// In the order in which they are asked for; `claimed` only alone.
    pub proof: Vec<Proof>,
    pub fuse: Fuse,
    /// Whether a token of this installation's keys that was made elsewhere has to be imported before it lets anybody in.
    pub require_registered: bool,
    /// The DN of the group whose members alone may be activated, while a pilot runs. Absent: everybody whom a mapping
    /// takes.
    pub allow: Option<String>,
    /// How many laptops may be activated on one day, from midnight to midnight UTC; 0 is no cap.
    pub daily_cap: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            devices_per_user: 2,
            at_limit: AtLimit::Refuse,
            proof: vec![Proof::Password],
            fuse: Fuse::default(),
            require_registered: false,
            allow: None,
            daily_cap: 0,
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

/// How a laptop's user proves who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// A Kerberos ticket of the user's own session.
    Kerberos,
    /// The user's password, tried once against the directory over verified TLS.
    Password,
    /// The name alone, found in the cache: no proof at all.
    Claimed,
}

impl Proof {
    /// As it is shown of a laptop; what proves nothing is said as loudly as it deserves.
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Kerberos => "kerberos",
            Self::Password => "password",
            Self::Claimed => "claimed: none",
        }
    }
}

/// How much a sync may take away before it stops and asks, per mapping and kind of change: the larger of two users
/// and the smaller of `percent` of the mapping's users and 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fuse {
    percent: u8,
}

impl Fuse {
    /// # Errors
    /// When `percent` is more than 100.
    pub fn percent(percent: u8) -> Result<Self, Unreadable> {
        if percent <= 100 { Ok(Self { percent }) } else { Err(Self::wrong(&percent.to_string())) }
    }

    /// The largest number of users who may leave a mapping of `users` without asking.
    pub fn allows(self, users: u64) -> u64 {
        (users * u64::from(self.percent) / 100).clamp(2, 50)
    }

    fn wrong(text: &str) -> Unreadable {
        Unreadable::new("a percentage such as \"10%\" (0% to 100%)", text)
    }
}

impl Default for Fuse {
    fn default() -> Self {
        Self { percent: 10 }
    }
}

impl std::str::FromStr for Fuse {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let number = text.trim().strip_suffix('%').ok_or_else(|| Self::wrong(text))?;
        Self::percent(number.trim().parse().map_err(|_| Self::wrong(text))?).map_err(|_| Self::wrong(text))
    }
}

impl std::fmt::Display for Fuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.percent)
    }
}

impl TryFrom<String> for Fuse {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Fuse> for String {
    fn from(fuse: Fuse) -> Self {
        fuse.to_string()
    }
}

/// Why settings cannot be used: the rules of step 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("a user needs 1 to 100 devices, not {0}")]
    Devices(u32),
    #[error("no proof is chosen")]
    NoProof,
    #[error("\"claimed\" proves nothing, so it cannot stand beside another proof")]
    ClaimedWithOthers,
    #[error("a proof is named twice")]
    ProofTwice,
    #[error("that is no DN of a group, such as CN=Pilot,OU=Groups,DC=corp,DC=example,DC=com")]
    Allow,
}

impl Settings {
    pub fn unfit(&self) -> Vec<Unfit> {
        let mut reasons = Vec::new();
        if !(1..=100).contains(&self.devices_per_user) {
            reasons.push(Unfit::Devices(self.devices_per_user));
        }
        if self.proof.is_empty() {
            reasons.push(Unfit::NoProof);
        }
        if self.proof.contains(&Proof::Claimed) && self.proof.len() > 1 {
            reasons.push(Unfit::ClaimedWithOthers);
        }
        if self.proof.iter().enumerate().any(|(at, proof)| self.proof[..at].contains(proof)) {
            reasons.push(Unfit::ProofTwice);
        }
        if self.allow.as_ref().is_some_and(|group| group.parse::<Dn>().is_err()) {
            reasons.push(Unfit::Allow);
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuse_never_means_nothing_in_a_small_company_nor_everybody_in_a_large_one() {
        let fuse = Fuse::default();
        for (users, allowed) in [(0, 2), (10, 2), (40, 4), (300, 30), (6_000, 50), (100_000, 50)] {
            assert_eq!(fuse.allows(users), allowed, "{users} users");
        }
    }

    #[test]
    fn claimed_stands_alone() {
        let settings = Settings { proof: vec![Proof::Password, Proof::Claimed], ..Settings::default() };
        assert_eq!(settings.unfit(), [Unfit::ClaimedWithOthers]);
        assert!(Settings::default().unfit().is_empty());
    }
}
