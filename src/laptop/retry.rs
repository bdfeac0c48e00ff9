//! Retries: which errors are tried again, and how long to wait between two attempts.

use std::time::Duration;

use super::Error;

/// The wait before the first retry; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// The longest Retry-After that is honored.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Which errors are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Once,
    /// Transient errors. A person is watching and sees all others at once.
    Attended,
    /// All errors that may be transient: unattended.
    Unattended,
}

impl Policy {
    fn retries(self, error: &Error) -> bool {
        match self {
            Self::Once => false,
            Self::Attended => error.is_transient(),
            Self::Unattended => error.may_be_transient(),
        }
    }
}

/// Tries until `attempt` succeeds or fails for good, without a limit on attempts. `report` gets a line before each wait.
pub fn retry<T>(policy: Policy, report: impl Fn(&str), attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let mut retries = 0;
    loop {
        match attempt() {
            Err(error) if policy.retries(&error) => {
                let mut random = [0; 4];
                getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
                let wait = back_off(retries, error.retry_after(), u32::from_ne_bytes(random));
                report(&format!("{error}; trying again in {} s", wait.as_secs()));
                std::thread::sleep(wait);
                retries += 1;
            }
            done => return done,
        }
    }
}

/// How long to wait before a retry (counted from 0): exponential from 5 s to 15 minutes, with jitter, so that the laptops
/// of an office that are switched on together do not ask together.
fn back_off(retries: u32, retry_after: Option<u64>, random: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << retries.min(16)).min(LONGEST_WAIT);
    let jittered = doubled / 2 + (doubled / 2).mul_f64(f64::from(random) / f64::from(u32::MAX));
    let asked = Duration::from_secs(retry_after.unwrap_or(0)).min(LONGEST_RETRY_AFTER);
    // Retry-After is the minimum; the jitter is added to it.
    jittered.max(asked + jittered.min(asked) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_grows_to_15_minutes_and_honors_retry_after() {
        for random in [0, 1, u32::MAX / 2, u32::MAX] {
            let waits: Vec<u64> = (0..40).map(|retries| back_off(retries, None, random).as_secs()).collect();
            assert!((2..=5).contains(&waits[0]), "{waits:?}");
            assert!(waits.iter().all(|wait| *wait <= 900) && waits[39] >= 450, "{waits:?}");
            assert!(back_off(0, Some(60), random).as_secs() >= 60);
        }
        assert_ne!(back_off(3, None, 0), back_off(3, None, u32::MAX));
    }
}
