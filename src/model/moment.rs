//! A moment as it is shown to somebody who sits at this host: in its time zone, with the offset.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-24 14:02 +01:00`, to the minute.
pub fn shown(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}
