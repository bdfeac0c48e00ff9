//! How often one key, device or token may ask in a minute: a count for each, kept in memory.
//!
//! Only what is known here is counted by itself. Whoever makes something up, a key each time, is one among strangers; so
//! nobody fills the memory, and nobody's count begins anew because of others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::store::Hash;

/// In seconds.
const SPAN: i64 = 60;

#[derive(Default)]
pub(super) struct Limiter(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Which span of time is counted.
    span: i64,
    of: HashMap<(&'static str, Hash), u32>,
}

impl Limiter {
    /// Counts one more of `what` by `who`. In how many seconds to ask again, when there were `most` of them in this
    /// minute already.
    pub(super) fn count(&self, what: &'static str, who: &Hash, most: u32, now: Timestamp) -> Result<(), u64> {
        let span = now.as_second().div_euclid(SPAN);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who looked at the clock just before the span began may come just after; a clock that was put back is another.
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
    fn one_that_asks_too_often_waits_and_holds_up_nobody_else() {
        let limiter = Limiter::default();
        for _ in 0..3 {
            assert_eq!(limiter.count("claim", &[1; 32], 3, at(70)), Ok(()));
        }
        assert_eq!(limiter.count("claim", &[1; 32], 3, at(80)), Err(40));
        assert_eq!(limiter.count("claim", &[2; 32], 3, at(80)), Ok(()));
        assert_eq!(limiter.count("enroll", &[1; 32], 3, at(80)), Ok(()));
        assert_eq!(limiter.count("claim", &[1; 32], 3, at(120)), Ok(()));
        assert_eq!(limiter.count("claim", &[2; 32], 1, at(119)), Ok(()), "the clock was read before the minute began");
        assert_eq!(limiter.count("claim", &[2; 32], 1, at(120)), Err(60));
        assert_eq!(limiter.count("claim", &[2; 32], 1, at(0)), Ok(()), "the clock was put back");
    }

    #[test]
    fn however_many_are_counted_nobody_begins_anew_before_the_minute_is_over() {
        let limiter = Limiter::default();
        assert_eq!(limiter.count("claim", &[0xff; 32], 1, at(60)), Ok(()));
        for number in 0..250_000_u32 {
            let mut who = [0; 32];
            who[..4].copy_from_slice(&number.to_be_bytes());
            assert_eq!(limiter.count("claim", &who, 1, at(60)), Ok(()));
        }
        assert_eq!(limiter.count("claim", &[0xff; 32], 1, at(61)), Err(59));
        assert_eq!(limiter.count("claim", &[0xff; 32], 1, at(120)), Ok(()));
        assert_eq!(limiter.0.lock().expect("no panic").of.len(), 1, "those of the minute before are let go");
    }
}
