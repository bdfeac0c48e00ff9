//! How often the directories are read (step 4).

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::Unreadable;
use super::duration::Duration;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Frequency {
    /// 15 minutes to 31 days.
    pub interval: Duration,
    /// The time of day of the first run; the others follow at the interval from there.
    pub at: Option<ClockTime>,
    /// An IANA time zone for `at`: `Europe/Oslo`. Absent: UTC.
    pub time_zone: Option<String>,
}

impl Default for Frequency {
    fn default() -> Self {
        Self { interval: Duration::hours(24), at: None, time_zone: None }
    }
}

/// A time of day, `02:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime(Time);

impl std::str::FromStr for ClockTime {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Time::strptime("%H:%M", text.trim())
            .map(Self)
            .map_err(|_| Unreadable::new("a time of day such as \"02:00\"", text))
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl TryFrom<String> for ClockTime {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

/// Why a frequency cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the interval must be 15m to 31d, not {0}")]
    Interval(Duration),
    #[error("unknown time zone {0:?}; an example is Europe/Oslo")]
    TimeZone(String),
}

impl Unfit {
    /// The field that it is about, by its key in the answers file.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Interval(_) => "frequency.interval",
            Self::TimeZone(_) => "frequency.time_zone",
        }
    }
}

impl Frequency {
    pub fn unfit(&self) -> Option<Unfit> {
        if !(Duration::seconds(900)..=Duration::days(31)).contains(&self.interval) {
            return Some(Unfit::Interval(self.interval));
        }
        self.zone().err()
    }

    fn zone(&self) -> Result<TimeZone, Unfit> {
        match self.time_zone.as_deref() {
            None => Ok(TimeZone::UTC),
            Some(name) => TimeZone::get(name).map_err(|_| Unfit::TimeZone(super::text::shown(name))),
        }
    }

    /// The next `count` runs after `now`. With a time of day, whole days keep to it across a change of the clocks;
    /// without one, the runs follow `last` (or `now` when nothing has run yet).
    pub fn next_runs(&self, now: Timestamp, last: Option<Timestamp>, count: usize) -> Vec<Zoned> {
        let Ok(zone) = self.zone() else { return Vec::new() };
        let interval = self.interval.as_seconds().max(1);
        let now_there = now.to_zoned(zone.clone());
        let Some(ClockTime(at)) = self.at else {
            let since = last.map_or(0, |last| now.duration_since(last).as_secs().max(0).unsigned_abs());
            let first = last.unwrap_or(now).checked_add(secs((since / interval + 1) * interval));
            return steps(first.ok(), interval, count, &zone);
        };
        let start = |days: i64| {
            let day = now_there.date().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
            day.to_datetime(at).to_zoned(zone.clone()).ok()
        };
        if interval.is_multiple_of(86_400) {
            let step = i64::try_from(interval / 86_400).unwrap_or(1);
            let first = i64::from(start(0).is_none_or(|run| run.timestamp() <= now));
            return (0..count).filter_map(|n| start(first + step * i64::try_from(n).unwrap_or(0))).collect();
        }
        let Some(anchor) = start(-31) else { return Vec::new() };
        let since = now.duration_since(anchor.timestamp()).as_secs().max(0).unsigned_abs();
        let first = anchor.timestamp().checked_add(secs((since / interval + 1) * interval));
        steps(first.ok(), interval, count, &zone)
    }
}

fn secs(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn steps(first: Option<Timestamp>, interval: u64, count: usize, zone: &TimeZone) -> Vec<Zoned> {
    let runs = std::iter::successors(first, |run| run.checked_add(secs(interval)).ok());
    runs.take(count).map(|run| run.to_zoned(zone.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(interval: &str, at: Option<&str>, time_zone: Option<&str>, now: &str) -> Vec<String> {
        let frequency = Frequency {
            interval: interval.parse().expect("an interval"),
            at: at.map(|at| at.parse().expect("a time")),
            time_zone: time_zone.map(str::to_owned),
        };
        let now = now.parse().expect("a timestamp");
        frequency.next_runs(now, None, 3).iter().map(|run| run.strftime("%Y-%m-%d %H:%M %:z").to_string()).collect()
    }

    #[test]
    fn daily_run_keeps_its_hour_across_dst() {
        assert_eq!(
            runs("24h", Some("02:30"), Some("Europe/Oslo"), "2026-10-24T12:00:00Z"),
            ["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00", "2026-10-27 02:30 +01:00"]
        );
    }

    #[test]
    fn without_a_time_of_day_runs_follow_the_last_one() {
        assert_eq!(
            runs("12h", None, None, "2026-01-01T05:00:00Z"),
            ["2026-01-01 17:00 +00:00", "2026-01-02 05:00 +00:00", "2026-01-02 17:00 +00:00"]
        );
        let frequency = Frequency { interval: Duration::hours(6), at: None, time_zone: None };
        let now: Timestamp = "2026-01-01T20:00:00Z".parse().expect("a timestamp");
        let last = "2026-01-01T01:00:00Z".parse().ok();
        assert_eq!(frequency.next_runs(now, last, 1)[0].timestamp().to_string(), "2026-01-02T01:00:00Z");
    }
}
