//! How often one key, device or token may ask: a count for each in a span of time, kept in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::store::Hash;

/// How many are counted at a time; beyond that, counting begins anew for all.
const MOST: usize = 200_000;

#[derive(Default)]
pub(super) struct Limiter(Mutex<HashMap<(&'static str, Hash), Count>>);

/// Which span of time is counted, and how many there were in it.
type Count = (i64, u32);

impl Limiter {
    /// Counts one more of `what` by `who`. In how many seconds to ask again, when there were `most` of them within
    /// `seconds` already.
    pub(super) fn count(
        &self,
        what: &'static str,
        who: &Hash,
        most: u32,
        seconds: i64,
        now: Timestamp,
    ) -> Result<(), u64> {
        let span = now.as_second().div_euclid(seconds);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST {
            counts.clear();
        }
        let (counted, count) = counts.entry((what, *who)).or_insert((span, 0));
        if *counted != span {
            (*counted, *count) = (span, 0);
        }
        if *count >= most {
            return Err((seconds - now.as_second().rem_euclid(seconds)).unsigned_abs());
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_asks_too_often_waits_and_holds_up_nobody_else() {
        let limiter = Limiter::default();
        let at = |second| Timestamp::from_second(second).expect("a time");
        for _ in 0..3 {
            assert_eq!(limiter.count("claim", &[1; 32], 3, 60, at(70)), Ok(()));
        }
        assert_eq!(limiter.count("claim", &[1; 32], 3, 60, at(80)), Err(40));
        assert_eq!(limiter.count("claim", &[2; 32], 3, 60, at(80)), Ok(()));
        assert_eq!(limiter.count("enrol", &[1; 32], 3, 60, at(80)), Ok(()));
        assert_eq!(limiter.count("claim", &[1; 32], 3, 60, at(120)), Ok(()));
    }
}
