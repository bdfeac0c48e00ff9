//! A moment as it is shown to somebody who sits at this host: in its time zone, with the offset.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-24 14:02 +01:00`, to the minute; `UTC` where that is the zone.
pub fn shown(at: Timestamp) -> String {
    in_zone(at, TimeZone::system())
}

fn in_zone(at: Timestamp, zone: TimeZone) -> String {
    let at = at.to_zoned(zone);
    let form = if at.offset().is_zero() { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M %:z" };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_offset_is_said_as_utc() {
        let at: Timestamp = "2026-11-24T13:02:59Z".parse().expect("a moment");
        assert_eq!(in_zone(at, TimeZone::UTC), "2026-11-24 13:02 UTC");
        let east = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(in_zone(at, east), "2026-11-24 14:02 +01:00");
    }
}
