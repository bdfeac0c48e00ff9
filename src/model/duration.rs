//! Durations in the form `30m`, `24h`, `90d`.

use super::Unreadable;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A whole number of seconds, at most 100 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration(u64);

impl Duration {
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }
    pub const fn hours(hours: u64) -> Self {
        Self(hours * 3_600)
    }
    pub const fn days(days: u64) -> Self {
        Self(days * 86_400)
    }
    pub const fn as_seconds(self) -> u64 {
        self.0
    }
    /// For arithmetic with timestamps.
    pub fn signed(self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

impl std::str::FromStr for Duration {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let wrong = || Unreadable::new("a duration such as \"24h\" or \"90d\" (s, m, h or d)", text);
        let text = text.trim();
        let unit = text.chars().last().ok_or_else(wrong)?;
        let scale = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        let number: u64 = text[..text.len() - unit.len_utf8()].trim_end().parse().map_err(|_| wrong())?;
        number.checked_mul(scale).filter(|s| *s <= 36_525 * 86_400).map(Self).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Days are used from two on, so "24h" stays "24h".
        let unit = UNITS.iter().find(|(name, scale)| {
            self.0 != 0 && self.0.is_multiple_of(*scale) && (*name != 'd' || self.0 >= 2 * scale)
        });
        match unit {
            Some((name, scale)) => f.pad(&format!("{}{name}", self.0 / scale)),
            None => f.pad("0s"),
        }
    }
}

impl TryFrom<String> for Duration {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_round_trips() {
        for text in ["30m", "24h", "12h", "90d", "90s", "0s"] {
            assert_eq!(text.parse::<Duration>().expect(text).to_string(), text);
        }
        assert_eq!("1d".parse::<Duration>().expect("a day"), Duration::hours(24));
        for text in ["", "24", "h", "1w", "-1h", "40000d", "24µ"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
