//! Is it well, and what needs somebody: the state of a deployment at one moment, in numbers that cost nothing to read.
//!
//! What of it is an alarm, [`super::alarm`] decides.

use jiff::Timestamp;

use super::account::Kept;
use super::alarm::Alarm;
use super::name::Name;
use super::size::Size;
use super::text::Untrusted;
use super::token::{State, TokenId};

/// How many days the series has, today included.
pub const DAYS: usize = 14;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Overview {
    pub at: Timestamp,
    pub stages: Stages,
    /// The last [`DAYS`] days, UTC; today is the last.
    pub days: Vec<Day>,
    /// Why requests were refused on these days, the most frequent first.
    pub refused_for: Vec<(String, u64)>,
    pub directories: Vec<Read>,
    pub sync: Syncs,
    /// Those with which laptops may come, or could until a few days ago; the newest first.
    pub tokens: Vec<Carried>,
    pub storages: Vec<Promised>,
    pub service: Service,
    pub pause: Option<Paused>,
    pub passwords: Vec<Password>,
    /// When the certificate ends that laptops are shown, or the authority that signs it: whichever is sooner.
    pub certificate_ends: Option<Timestamp>,
    pub accounts: Kept,
    pub audit: Chain,
    /// The most pressing first.
    pub alarms: Vec<Alarm>,
}

/// How many are where on the way from a directory to an activated laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Stages {
    /// Users whom a mapping takes, those who are excluded included; as the last sync read them.
    pub matched: u64,
    /// Of these, those who have no mail, are disabled and the like.
    pub excluded: u64,
    pub cached: u64,
    /// Users who have an account.
    pub accounts: u64,
    /// Laptops that are enrolled and wait for a log-on.
    pub waiting: u64,
    /// Of these, those whose last log-on was refused.
    pub refused: u64,
    /// Of these, those whose user has as many laptops as the limit allows.
    pub over_limit: u64,
    /// Of those that wait, those that have done so for more than [`super::alarm::WAITING_DAYS`] days.
    pub waiting_long: u64,
    pub activated: u64,
    /// Users who have more activated laptops than the limit allows now.
    pub beyond_limit: u64,
}

/// What happened on one day, UTC.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Day {
    pub day: jiff::civil::Date,
    /// Users who are cached when it ends; today, now.
    pub cached: u64,
    /// Users who came into the cache, and who left it.
    pub came: u64,
    pub left: u64,
    pub enrolled: u64,
    pub activated: u64,
    /// Requests of laptops, not laptops.
    pub refused: u64,
}

/// How current what is known of a directory is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Read {
    pub name: Name,
    /// When it was read last; absent: never.
    pub at: Option<Timestamp>,
    /// Of its users, those who are cached.
    pub users: u64,
}

/// How the directories are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Syncs {
    /// When the directories were last read for what is cached.
    pub last: Option<Timestamp>,
    /// When the next sync is due; absent when there is nothing to read.
    pub next: Option<Timestamp>,
    /// The one that failed last, when none has gone well since.
    pub failed: Option<Failed>,
    pub stopped: Option<Stopped>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failed {
    pub at: Timestamp,
    pub why: Untrusted,
    /// What to do about it.
    pub help: Untrusted,
}

/// A plan that the fuse stopped and nobody has approved.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stopped {
    pub plan: i64,
    pub made_at: Timestamp,
    pub removed: u64,
    /// Until when it may be approved.
    pub until: Timestamp,
}

/// A token, as far as somebody has to see to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Carried {
    pub id: TokenId,
    pub name: Name,
    pub state: State,
    /// When it lets in its last laptop.
    pub ends_at: Option<Timestamp>,
    pub uses: u64,
    /// 0 = no limit.
    pub max: u64,
    /// When it was replaced, and by which.
    pub replaced_at: Option<Timestamp>,
    pub last_use: Option<Timestamp>,
    /// How many exports carry it.
    pub exports: u64,
}

/// What a storage has to hold when everybody uses what they may.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Promised {
    pub name: Name,
    pub capacity: Option<Size>,
    /// Of those with a quota: cached users, and accounts that are kept though their users left.
    pub promised: Bytes,
    pub users: u64,
    /// Of them, those without a limit.
    pub unlimited: u64,
}

/// A number of bytes that need not be round: written as a number, shown in the unit that fits.
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

/// Whether laptops are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Service {
    pub running: bool,
    /// What it said when it was started last; absent: it never was.
    pub seen: Option<ServiceSeen>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ServiceSeen {
    pub started_at: Timestamp,
    /// `0.0.0.0:7443`
    pub address: String,
    /// Of the administrator's certificate; absent for one that is renewed by itself.
    pub certificate_ends: Option<Timestamp>,
    /// Absent: it runs, or was killed.
    pub stopped_at: Option<Timestamp>,
}

/// Nobody is enrolled or activated.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Paused {
    pub since: Timestamp,
    /// Absent: until somebody resumes.
    pub until: Option<Timestamp>,
    pub by: Untrusted,
}

/// The password of the account that reads a directory ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Password {
    pub directory: Name,
    pub bind: Untrusted,
    /// Whole days that are left; 0 or less on the last day and after it.
    pub days: i64,
    /// `expires on 2026-12-01, in 7 days`
    pub says: String,
}

/// How the record of changes stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Chain {
    pub rows: u64,
    /// When every entry was checked last, and how many there were.
    pub checked: Option<(Timestamp, u64)>,
    /// What is wrong with it, in a sentence.
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
