//! The report on a rollout: its progress, what is blocked and why, and what to fix first.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Unreadable;
use super::duration::Duration;
use super::name::Name;
use super::overview::{Day, Stages};
use super::plan::Excluded;
use super::refusal;
use super::text::Untrusted;

/// The maximum period of a report, in days.
const LONGEST: i64 = 3_660;

/// The start of the daily figures of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// This number of days, including today.
    Days(i64),
    On(Date),
}

impl Since {
    /// The number of days, including today; at least one, and at most ten years.
    pub fn days(self, now: Timestamp) -> usize {
        let days = match self {
            Self::Days(days) => days,
            Self::On(first) => {
                let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
                today.since(first).map_or(LONGEST, |span| i64::from(span.get_days())) + 1
            }
        };
        usize::try_from(days.clamp(1, LONGEST)).unwrap_or(1)
    }
}

impl std::str::FromStr for Since {
    type Err = Unreadable;

    /// `7d`, or `2026-11-24`
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let wrong = || Unreadable::new("a length of time such as \"7d\" or a day such as \"2026-11-24\"", text);
        if let Ok(length) = text.parse::<Duration>() {
            let days = i64::try_from(length.as_seconds().div_ceil(86_400)).unwrap_or(LONGEST);
            return if days > 0 { Ok(Self::Days(days)) } else { Err(wrong()) };
        }
        text.trim().parse().map(Self::On).map_err(|_| wrong())
    }
}

/// How many laptops and users are listed, of each kind; the counts cover all.
pub const NAMED: u64 = 20;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub at: Timestamp,
    /// The first moment of the first day of [`Report::days`].
    pub since: Timestamp,
    pub installation: String,
    pub stages: Stages,
    /// In the order of priority.
    pub mappings: Vec<OfMapping>,
    /// Activated laptops of users whom no mapping takes now.
    pub others: u64,
    /// From then until today, UTC.
    pub days: Vec<Day>,
    /// Users whom a mapping matched at the last sync, and excluded.
    pub excluded: Vec<Stuck>,
    /// Waiting laptops by the reason of their last refused log-on.
    pub waiting: Vec<Stuck>,
    /// Refused requests since then.
    pub refused: Vec<Stuck>,
    /// The laptops that have waited longest.
    pub longest: Vec<Waiting>,
    /// Users who have more laptops than the limit allows now.
    pub beyond: Vec<Beyond>,
    /// The fixes that help most users and laptops.
    pub first: Vec<Fix>,
}

/// The progress of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OfMapping {
    pub mapping: Name,
    pub cached: u64,
    /// Of them, those who have an activated laptop.
    pub started: u64,
    /// Their activated laptops.
    pub laptops: u64,
}

/// The number of users or laptops that one reason blocks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stuck {
    /// The stable code; empty for laptops without a log-on yet.
    pub reason: String,
    pub count: u64,
    /// The reason in a sentence, after the number.
    pub says: &'static str,
    /// The next step.
    pub to_do: &'static str,
}

impl Stuck {
    pub fn excluded((reason, count): (String, u64)) -> Self {
        let (says, to_do) = excluded(&reason);
        Self { reason, count, says, to_do }
    }

    pub fn waiting((reason, count): (String, u64)) -> Self {
        let (says, to_do) = match reason.as_str() {
            "" => ("have had no log-on yet", "ask their users to log on"),
            code => (refusal::sentence(code), refusal::remedy(code)),
        };
        Self { reason, count, says, to_do }
    }

    pub fn refused((reason, count): (String, u64)) -> Self {
        let (says, to_do) = (refusal::sentence(&reason), refusal::remedy(&reason));
        Self { reason, count, says, to_do }
    }
}

fn excluded(code: &str) -> (&'static str, &'static str) {
    let (says, like) = match code {
        "no-mail" => ("have no mail", Excluded::NoMail),
        "disabled" => ("are disabled", Excluded::Disabled),
        "expired" => ("have an account that expired", Excluded::Expired { at: Timestamp::UNIX_EPOCH }),
        "duplicate-mail" => (
            "share their mail with another user",
            Excluded::DuplicateMail { mail: Untrusted::default(), other: super::user::Guid([0; 16]) },
        ),
        _ => {
            return ("are excluded for a reason that this version of imd does not know", "`imd explain USER` says why");
        }
    };
    (says, like.remedy())
}

/// A laptop that waits for a log-on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Waiting {
    pub device: super::device::DeviceId,
    pub host_name: Untrusted,
    pub enrolled_at: Timestamp,
    /// The reason of its last refused log-on; empty: no log-on yet.
    pub refused: String,
}

/// A user with more laptops than the limit allows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Beyond {
    pub user: Untrusted,
    pub account: Untrusted,
    pub laptops: u64,
    pub limit: u64,
}

/// A fix, and how many users or laptops it unblocks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fix {
    pub frees: u64,
    /// `users` or `laptops`
    pub what: &'static str,
    pub to_do: &'static str,
    pub why: &'static str,
}

/// The fixes that unblock most, first. Intended states, such as disabled or removed users, need no fix.
pub fn fixes(excluded: &[Stuck], waiting: &[Stuck]) -> Vec<Fix> {
    const MEANT: [&str; 8] = [
        "disabled",
        "expired",
        "user-left",
        "user-disabled",
        "user-expired",
        "device-revoked",
        "daily-limit",
        "not-allowed-yet",
    ];
    let of =
        |what: &'static str| move |stuck: &Stuck| Fix { frees: stuck.count, what, to_do: stuck.to_do, why: stuck.says };
    let fixable = |stuck: &&Stuck| stuck.count > 0 && !MEANT.contains(&stuck.reason.as_str());
    let mut all: Vec<Fix> = excluded.iter().filter(fixable).map(of("users")).collect();
    all.extend(waiting.iter().filter(fixable).map(of("laptops")));
    all.sort_by_key(|fix| std::cmp::Reverse(fix.frees));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_period_is_days_or_a_date() {
        let now: Timestamp = "2026-11-24T13:00:00Z".parse().expect("a time");
        let days = |text: &str| text.parse::<Since>().map(|since| since.days(now));
        for (text, count) in [
            ("7d", 7),
            ("24h", 1),
            ("25h", 2),
            ("2026-11-24", 1),
            ("2026-11-01", 24),
            ("2025-11-24", 366),
            ("2027-01-01", 1),
        ] {
            assert_eq!(days(text), Ok(count), "{text}");
        }
        for text in ["", "7", "0d", "yesterday", "2026-13-01"] {
            assert!(days(text).is_err(), "{text}");
        }
    }

    #[test]
    fn largest_fix_is_first_and_intended_states_need_none() {
        let excluded = [("disabled", 90), ("no-mail", 12), ("duplicate-mail", 2)];
        let excluded = excluded.map(|(code, count)| Stuck::excluded((code.to_owned(), count)));
        let waiting = [("", 30), ("device-limit", 5), ("user-left", 8), ("user-unknown", 0)];
        let waiting = waiting.map(|(code, count)| Stuck::waiting((code.to_owned(), count)));
        let found: Vec<_> = fixes(&excluded, &waiting).into_iter().map(|fix| (fix.frees, fix.what, fix.why)).collect();
        assert_eq!(
            found,
            [
                (30, "laptops", "have had no log-on yet"),
                (12, "users", "have no mail"),
                (5, "laptops", "belong to users who have reached the limit of laptops"),
                (2, "users", "share their mail with another user"),
            ]
        );
    }
}
