//! Times as people read them: in one zone, the console's own, with its offset.
//!
//! The zone is set once by the program that shows times ([`show_in`]); until then it is UTC. JSON and the database hold
//! RFC 3339 in UTC and never come from here.

use std::borrow::Borrow;
use std::sync::OnceLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Sets the zone in which all times are shown. Only the first call counts.
pub fn show_in(zone: TimeZone) {
    let _ = ZONE.set(zone);
}

fn local(at: Timestamp) -> Zoned {
    at.to_zoned(ZONE.get().cloned().unwrap_or(TimeZone::UTC))
}

/// `2026-11-24 14:02 +01:00`, to the minute; `UTC` where that is the zone.
pub fn minute(at: impl Borrow<Timestamp>) -> String {
    minute_in(&local(*at.borrow()))
}

/// `2026-11-24`, the day in the zone that is shown.
pub fn day(at: impl Borrow<Timestamp>) -> String {
    local(*at.borrow()).strftime("%Y-%m-%d").to_string()
}

/// The length of time from one moment to the next, in the unit that fits: `11 h`, `9 days`.
pub fn span(from: Timestamp, to: Timestamp) -> String {
    let minutes = to.duration_since(from).as_secs().max(0) / 60;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

fn minute_in(at: &Zoned) -> String {
    let form = if at.offset().is_zero() { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M %:z" };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_with_its_offset() {
        let at: Timestamp = "2026-11-24T13:02:59Z".parse().expect("a timestamp");
        assert_eq!(minute(at), "2026-11-24 13:02 UTC", "UTC until a zone is set");
        let east = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(minute_in(&at.to_zoned(east)), "2026-11-24 14:02 +01:00");
    }
}
