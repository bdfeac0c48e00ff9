//! The state of a deployment at one moment, in numbers that are cheap to read.
//!
//! [`super::alarm`] decides what of it is an alarm.

use jiff::Timestamp;

use super::account::Kept;
use super::name::Name;
use super::size::Size;
use super::text::Untrusted;
use super::token::{State, TokenId};

/// The number of days in [`Overview::days`], today included.
pub const DAYS: usize = 14;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Overview {
    pub at: Timestamp,
    pub stages: Stages,
    /// The last [`DAYS`] days, UTC; today is the last.
    pub days: Vec<Day>,
    /// The codes of refusals on these days, the most frequent first.
    pub refused_for: Vec<(String, u64)>,
    pub directories: Vec<Read>,
    pub sync: Syncs,
    /// The tokens that are valid, used up, carried by an export, or ended a few days ago; the newest first.
    pub tokens: Vec<Carried>,
    /// How many tokens are registered here, ended ones included.
    pub tokens_created: u64,
    pub storages: Vec<Promised>,
    pub service: Service,
    pub pause: Option<Paused>,
    pub passwords: Vec<Password>,
    /// When the certificate of the service expires, or the authority that signs it.
    pub certificate_ends: Option<Timestamp>,
    pub accounts: Kept,
    pub audit: Chain,
}

/// How many users and laptops are at each stage, from the directory to the activated laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Stages {
    /// Users whom a mapping matched at the last sync, the excluded ones included.
    pub matched: u64,
    /// Of these, those who are not imported: no mail, disabled, ...
    pub excluded: u64,
    pub cached: u64,
    /// Users who have an account.
    pub accounts: u64,
    /// Laptops that are enrolled and wait for their first log-on.
    pub waiting: u64,
    /// Of these, those with a refused last log-on.
    pub refused: u64,
    /// Of these, those of users who have reached the limit of laptops.
    pub over_limit: u64,
    /// Of the waiting ones, those that have waited for more than [`super::alarm::WAITING_DAYS`] days.
    pub waiting_long: u64,
    pub activated: u64,
    /// Users who have more activated laptops than the limit allows now.
    pub beyond_limit: u64,
}

/// What happened on one day, UTC.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Day {
    pub day: jiff::civil::Date,
    /// Users in the cache at the end of the day; today, now.
    pub cached: u64,
    /// Users who were added to the cache, and removed from it.
    pub added: u64,
    pub removed: u64,
    pub enrolled: u64,
    pub activated: u64,
    /// Refused requests; one laptop may make several.
    pub refused: u64,
}

/// When a directory was last read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Read {
    pub name: Name,
    /// Absent: never.
    pub at: Option<Timestamp>,
    /// Its users in the cache.
    pub users: u64,
}

/// The last sync and the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Syncs {
    /// When the directories were last read to update the cache.
    pub last: Option<Timestamp>,
    /// When the next sync is due; absent when no mapping is enabled.
    pub next: Option<Timestamp>,
    /// The last failed sync, when none has succeeded since.
    pub failed: Option<Failed>,
    pub stopped: Option<Stopped>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failed {
    pub at: Timestamp,
    pub why: Untrusted,
    /// The next step.
    pub help: Untrusted,
}

impl Failed {
    pub fn new(at: Timestamp, why: &str, help: &str) -> Self {
        Self { at, why: Untrusted::new(why), help: Untrusted::new(help) }
    }
}

/// A plan that the safeguard stopped and that is not approved.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stopped {
    pub plan: i64,
    pub made_at: Timestamp,
    pub removed: u64,
    /// Until when it may be approved.
    pub until: Timestamp,
}

/// A token, and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Carried {
    pub id: TokenId,
    pub name: Name,
    pub state: State,
    /// When laptops can no longer enroll with it.
    pub ends_at: Option<Timestamp>,
    pub uses: u64,
    /// 0 = no limit.
    pub max: u64,
    /// When it was replaced.
    pub replaced_at: Option<Timestamp>,
    pub last_use: Option<Timestamp>,
    /// How many exports carry it. For a token that is not valid, only exports that are still in their folder.
    pub exports: u64,
    /// The newest of these exports.
    pub export: Option<Carrier>,
}

/// An export that carries a token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Carrier {
    /// The number in `imd export written`.
    pub number: i64,
    pub folder: Untrusted,
}

/// What a storage has to hold when each user uses the whole quota.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Promised {
    pub name: Name,
    pub capacity: Option<Size>,
    /// The sum of the quotas: of cached users, and of preserved accounts of removed users.
    pub promised: Bytes,
    pub users: u64,
    /// Of these, those without a quota.
    pub unlimited: u64,
}

impl Promised {
    /// The sum of the quotas in percent of the capacity; absent where no capacity is set.
    pub fn share(&self) -> Option<u128> {
        let capacity = self.capacity?.as_bytes();
        Some(u128::from(self.promised.0) * 100 / u128::from(capacity.max(1)))
    }
}

/// A number of bytes: a number in JSON, with a unit for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl std::fmt::Display for Bytes {
    /// `1.5 TiB`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut unit, mut scale) = ("B", 1_u64);
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            match scale.checked_mul(1024) {
                Some(larger) if self.0 >= larger => (unit, scale) = (next, larger),
                _ => break,
            }
        }
        let tenths = u128::from(self.0) * 10 / u128::from(scale);
        match (tenths / 10, tenths % 10) {
            (whole, 0) => f.pad(&format!("{whole} {unit}")),
            (whole, tenth) => f.pad(&format!("{whole}.{tenth} {unit}")),
        }
    }
}

/// Whether the service runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Service {
    pub running: bool,
    /// What it recorded at its last start; absent: it never ran.
    pub seen: Option<ServiceSeen>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ServiceSeen {
    pub started_at: Timestamp,
    /// `0.0.0.0:7443`
    pub address: String,
    /// When the administrator's certificate expires; absent for one that imd renews.
    pub certificate_ends: Option<Timestamp>,
    /// Absent: it runs, or ended without being stopped.
    pub stopped_at: Option<Timestamp>,
}

/// A pause: no laptop is enrolled or activated.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Paused {
    pub since: Timestamp,
    /// Absent: until `imd resume`.
    pub until: Option<Timestamp>,
    pub by: Untrusted,
}

/// The password of an account that reads a directory and expires soon, or has expired.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Password {
    pub directory: Name,
    pub bind: Untrusted,
    /// Whole days until it expires; 0 or less on the last day and after it.
    pub days: i64,
    /// `expires on 2026-12-01, in 7 days`
    pub says: String,
}

/// The state of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Chain {
    pub rows: u64,
    /// When every entry was last checked, and how many there were.
    pub checked: Option<(Timestamp, u64)>,
    /// What is wrong with it; absent: nothing was found.
    pub broken: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_the_unit_that_fits() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            ((1 << 40) + (1 << 39), "1.5 TiB"),
            (1_000_000 * (50 << 30), "47.6 PiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
    }
}
