//! Profiles and storages, which mappings assign to users (step 2).

use super::duration::Duration;
use super::name::Name;
use super::size::Size;

/// Rules that many users share.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    pub name: Name,
    pub login: Login,
    /// The directory with the credentials for log-on, with [`Login::ActiveDirectory`].
    pub login_directory: Option<Name>,
    /// `Some(0)` is no limit. A user's own quota wins over the mapping's, and the mapping's over this.
    pub quota: Option<Size>,
    /// 0 = no limit, else 1 to 100,000.
    pub max_users: u32,
    /// Overrides the settings' number; 1 to 100.
    pub devices_per_user: Option<u32>,
    /// 1 to 365 days without a check-in make a device inactive.
    pub inactive_after: Duration,
    /// The data of a removed user is preserved for 30 to 366 days.
    pub preserve_for: Duration,
}

/// How the users of a profile log on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Login {
    ActiveDirectory,
    /// A password that the product stores itself: mass deployment cannot use it.
    Local,
}

/// Where the data of users is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Storage {
    pub name: Name,
    /// Free text for the agent: `s3://backup-eu-1`.
    pub location: String,
    pub capacity: Option<Size>,
}

/// Why a profile cannot be used for mass deployment: the guidelines of step 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("{0} users were added to it by CSV")]
    UsersByCsv(u64),
    #[error("its users do not log in with Active Directory")]
    LoginIsNotActiveDirectory,
    #[error("it logs in with Active Directory but names no directory")]
    NoLoginDirectory,
}

impl Profile {
    /// Every reason for which step 2 refuses this profile, to which `users_by_csv` users were added by CSV.
    pub fn unfit(&self, users_by_csv: u64) -> Vec<Unfit> {
        let mut reasons = Vec::new();
        if users_by_csv > 0 {
            reasons.push(Unfit::UsersByCsv(users_by_csv));
        }
        match (self.login, &self.login_directory) {
            (Login::ActiveDirectory, Some(_)) => {}
            (Login::ActiveDirectory, None) => reasons.push(Unfit::NoLoginDirectory),
            (Login::Local, _) => reasons.push(Unfit::LoginIsNotActiveDirectory),
        }
        reasons
    }
}
