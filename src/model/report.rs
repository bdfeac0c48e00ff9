//! A rollout as whoever pays for it asks for it: how far it is, what is stuck and why, what to see to first.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Unreadable;
use super::duration::Duration;
use super::name::Name;
use super::overview::{Day, Stages};
use super::plan::Excluded;
use super::refusal;
use super::text::Untrusted;

/// The longest that a report goes back, in days.
const LONGEST: i64 = 3_660;

/// From when on a report tells day by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So many days, today included.
    Days(i64),
    On(Date),
}

impl Since {
    /// How many days that are, today included; at least today, and at most ten years.
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

/// How many laptops and users are named, of each kind; the numbers are of all.
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
    /// Activated laptops of users whom no mapping takes any more.
    pub others: u64,
    /// From then until today, UTC.
    pub days: Vec<Day>,
    /// Users whom a mapping matched at the last sync, and excluded.
    pub excluded: Vec<Stuck>,
    /// Laptops that wait, by why their last log-on was refused.
    pub waiting: Vec<Stuck>,
    /// Refused requests since then.
    pub refused: Vec<Stuck>,
    /// The laptops that have waited longest.
    pub longest: Vec<Waiting>,
    /// Users who have more laptops than the limit allows now.
    pub beyond: Vec<Beyond>,
    /// What frees most people and costs nothing.
    pub first: Vec<Fix>,
}

/// How far the users of a mapping are.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OfMapping {
    pub mapping: Name,
    pub cached: u64,
    /// Of them, those who have an activated laptop.
    pub started: u64,
    /// Their activated laptops.
    pub laptops: u64,
}

/// How many are stuck for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stuck {
    /// The stable word; empty for laptops that nobody has logged on to yet.
    pub reason: String,
    pub count: u64,
    /// The reason, to be read after the number.
    pub says: &'static str,
    /// One thing to do.
    pub to_do: &'static str,
}

impl Stuck {
    pub fn excluded((reason, count): (String, u64)) -> Self {
        let (says, to_do) = excluded(&reason);
        Self { reason, count, says, to_do }
    }

    pub fn waiting((reason, count): (String, u64)) -> Self {
        let (says, to_do) = match reason.as_str() {
            "" => ("nobody has logged on to yet", "ask whoever has them to log on"),
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
            "share their mail with somebody",
            Excluded::DuplicateMail { mail: Untrusted::default(), other: super::user::Guid([0; 16]) },
        ),
        _ => return ("are excluded for a reason that this imd does not know", "`imd explain USER` says why"),
    };
    (says, like.remedy())
}

/// A laptop that waits for a log-on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Waiting {
    pub device: super::device::DeviceId,
    pub host_name: Untrusted,
    pub enrolled_at: Timestamp,
    /// Why its last log-on was refused; empty: nobody has logged on.
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

/// Something that costs nothing, and whom it frees.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fix {
    pub frees: u64,
    /// `users` or `laptops`
    pub what: &'static str,
    pub to_do: &'static str,
    pub why: &'static str,
}

/// What is worth doing first: what frees most. What stands as it is meant (who is disabled, who has left) is no fault to
/// be mended.
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
    let mendable = |stuck: &&Stuck| stuck.count > 0 && !MEANT.contains(&stuck.reason.as_str());
    let mut all: Vec<Fix> = excluded.iter().filter(mendable).map(of("users")).collect();
    all.extend(waiting.iter().filter(mendable).map(of("laptops")));
    all.sort_by_key(|fix| std::cmp::Reverse(fix.frees));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_goes_back_so_many_days_or_to_a_day() {
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
    fn what_frees_most_stands_first_and_what_is_meant_so_is_no_fault() {
        let excluded = [("disabled", 90), ("no-mail", 12), ("duplicate-mail", 2)];
        let excluded = excluded.map(|(code, count)| Stuck::excluded((code.to_owned(), count)));
        let waiting = [("", 30), ("device-limit", 5), ("user-left", 8), ("user-unknown", 0)];
        let waiting = waiting.map(|(code, count)| Stuck::waiting((code.to_owned(), count)));
        let found: Vec<_> = fixes(&excluded, &waiting).into_iter().map(|fix| (fix.frees, fix.what, fix.why)).collect();
        assert_eq!(
            found,
            [
                (30, "laptops", "nobody has logged on to yet"),
                (12, "users", "have no mail"),
                (5, "laptops", "belong to users who have reached the limit of laptops"),
                (2, "users", "share their mail with somebody"),
            ]
        );
    }
}
