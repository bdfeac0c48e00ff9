//! Rate limits per minute, per token or device, counted in memory.
//!
//! Only known tokens and devices have their own count; all unknown callers share one, so that invented keys cannot fill the
//! memory or reset the counts of others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::store::Hash;

/// Enrollments per token.
pub(super) const ENROLLMENTS: u32 = 6_000;
/// Claims per device.
pub(super) const CLAIMS: u32 = 30;
/// Password attempts per token, for all its laptops and users: otherwise many laptops could try one password on all users.
pub(super) const PASSWORDS: u32 = 600;
/// Check-ins per device.
pub(super) const CHECK_INS: u32 = 10;
/// Refusals with a reason to callers without a valid token or device key, in total: each adds a row to the database.
pub(super) const UNKNOWN_CALLERS: u32 = 60;

/// A minute, in seconds.
const SPAN: i64 = 60;

#[derive(Default)]
pub(super) struct RateLimits(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// The minute that is counted.
    span: i64,
    of: HashMap<(&'static str, Hash), u32>,
}

impl RateLimits {
    /// Counts a request `what` by `who`. Returns the seconds to wait when there were `most` of them in this minute.
    pub(super) fn count(&self, what: &'static str, who: &Hash, most: u32, now: Timestamp) -> Result<(), u64> {
        let span = now.as_second().div_euclid(SPAN);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A caller may have read the clock just before the minute began. Any other difference starts a new minute, also when
        // the clock was set back.
        if span != counts.span && span + 1 != counts.span {
            *counts = Counts { span, of: HashMap::new() };
        }
        let count = counts.of.entry((what, *who)).or_default();
        if *count >= most {
            return Err((SPAN - now.as_second().rem_euclid(SPAN)).unsigned_abs());
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn limits_are_independent() {
        let limits = RateLimits::default();
        for _ in 0..3 {
            assert_eq!(limits.count("claim", &[1; 32], 3, at(70)), Ok(()));
        }
        assert_eq!(limits.count("claim", &[1; 32], 3, at(80)), Err(40));
        assert_eq!(limits.count("claim", &[2; 32], 3, at(80)), Ok(()));
        assert_eq!(limits.count("enroll", &[1; 32], 3, at(80)), Ok(()));
        assert_eq!(limits.count("claim", &[1; 32], 3, at(120)), Ok(()));
        assert_eq!(limits.count("claim", &[2; 32], 1, at(119)), Ok(()), "the clock was read before the minute began");
        assert_eq!(limits.count("claim", &[2; 32], 1, at(120)), Err(60));
        assert_eq!(limits.count("claim", &[2; 32], 1, at(0)), Ok(()), "the clock was set back");
    }

    #[test]
    fn counts_last_for_the_whole_minute() {
        let limits = RateLimits::default();
        assert_eq!(limits.count("claim", &[0xff; 32], 1, at(60)), Ok(()));
        for number in 0..250_000_u32 {
            let mut who = [0; 32];
            who[..4].copy_from_slice(&number.to_be_bytes());
            assert_eq!(limits.count("claim", &who, 1, at(60)), Ok(()));
        }
        assert_eq!(limits.count("claim", &[0xff; 32], 1, at(61)), Err(59));
        assert_eq!(limits.count("claim", &[0xff; 32], 1, at(120)), Ok(()));
        assert_eq!(limits.0.lock().expect("no panic").of.len(), 1, "counts of the previous minute are dropped");
    }
}
