//! Authentication by password: counted before it is tried, and tried once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Error, Standing};
use crate::directory::{self, Lockout, PasswordOutcome};
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::refusal::Reason;
use crate::model::user::{Attribute, Guid, User};
use crate::secrets::Secret;
use crate::store::{Queue, WriteTransaction};

/// How many wrong passwords of one user reach the directory before further attempts are blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    pub most: u64,
    /// How long no attempt may have been made before counting starts again.
    pub quiet: SignedDuration,
}

impl Attempts {
    /// The highest limit.
    const MOST: u64 = 3;
    /// The shortest block; a domain's policy may require a longer one.
    const QUIET: Duration = Duration::from_mins(30);
    const LONGEST: Duration = Duration::from_hours(24);

    /// At most three, and at most half the domain's lockout threshold, so that a user who mistypes during an attack
    /// still has the other half. A domain that does not report its threshold is assumed to lock at three.
    pub fn under(lockout: Option<Lockout>) -> Self {
        let lockout = lockout.unwrap_or(Lockout { threshold: 3, window: Self::QUIET });
        let most = if lockout.threshold == 0 { Self::MOST } else { u64::from(lockout.threshold / 2).min(Self::MOST) };
        let quiet = lockout.window.clamp(Self::QUIET, Self::LONGEST);
        Self { most, quiet: SignedDuration::try_from(quiet).unwrap_or(SignedDuration::from_hours(24)) }
    }

    /// How many of the attempts, the newest first, a domain may still be counting. It starts again only after a quiet
    /// period, so one attempt every 29 minutes adds up.
    fn counting(self, now: Timestamp, newest_first: &[Timestamp]) -> u64 {
        let mut later = now;
        let mut count = 0;
        for at in newest_first {
            // An attempt in the future was made before the clock was set back.
            if later.duration_since(*at) >= self.quiet {
                break;
            }
            count += 1;
            later = *at;
        }
        count
    }

    /// Records that a password is about to be tried.
    fn reserve(self, transaction: &WriteTransaction<'_>, standing: &Standing, now: Timestamp) -> Result<i64, Error> {
        let (directory, guid) = (&standing.user.directory, standing.user.user.guid);
        let tried = transaction.password_attempts(directory, guid, self.most)?;
        if self.counting(now, &tried) >= self.most {
            return Err(Reason::TooManyPasswords.into());
        }
        Ok(transaction.add_password_attempt(directory, guid, now)?)
    }
}

/// Tries the user's password once, with the attempt on the disk before the first byte is sent.
pub fn try_password(
    queue: &Queue,
    standing: Standing,
    attempts: Attempts,
    password: &Secret,
    now: impl Fn() -> Timestamp,
) -> Result<(Guid, Option<User>), Error> {
    let name = bind_name(&standing.user.user).ok_or(Reason::NameReassigned)?;
    let source = standing.directory.source.clone();
    let (directory, guid) = (standing.user.directory.clone(), standing.user.user.guid);
    let at = now();
    let attempt = queue.run(move |transaction| attempts.reserve(transaction, &standing, at))?;
    let auth = match directory::verify_password(&source, &name, password, guid, &Job::unwatched()) {
        Ok(auth) => auth,
        Err(error) => {
            if !error.may_have_bound() {
                queue.run(move |transaction| Ok::<_, Error>(transaction.remove_password_attempt(attempt)?))?;
            }
            // An empty or unusable password is not an error of the directory.
            return Err(match &error {
                directory::Error::Ldap(
                    directory::ldap::Error::NoPassword { .. } | directory::ldap::Error::UnusablePassword { .. },
                ) => Reason::Password(error.to_string()).into(),
                _ => error.into(),
            });
        }
    };
    match auth {
        PasswordOutcome::Verified(user) => {
            queue.run(move |transaction| Ok::<_, Error>(transaction.clear_password_attempts(&directory, guid)?))?;
            Ok((guid, Some(*user)))
        }
        PasswordOutcome::Refused { code } => {
            let why = directory::ldap::Refusal { code };
            Err(Reason::Password(format!("{} ({})", why.what(), why.code)).into())
        }
        PasswordOutcome::OtherAccount => Err(Reason::NameReassigned.into()),
    }
}

/// The name that a user binds with: the implicit UPN ([MS-ADTS] 5.1.1.1.1), which every account has in its domain, else
/// the DN. Who is bound is checked afterwards.
fn bind_name(user: &User) -> Option<String> {
    let dn = user.first(Attribute::DistinguishedName)?.raw();
    let domain = dn.parse::<Dn>().ok().map(|dn| dn.domain()).filter(|domain| !domain.is_empty());
    match (user.first(Attribute::SamAccountName), domain) {
        (Some(sam), Some(domain)) => Some(format!("{}@{domain}", sam.raw())),
        _ => Some(dn.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locking(threshold: u32, minutes: u64) -> Attempts {
        Attempts::under(Some(Lockout { threshold, window: Duration::from_mins(minutes) }))
    }

    #[test]
    fn half_the_lockout_threshold_is_allowed() {
        for (threshold, most) in [(0, 3), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (10, 3), (999, 3)] {
            assert_eq!(locking(threshold, 30).most, most, "{threshold}");
        }
        assert_eq!(Attempts::under(None).most, 1);
    }

    #[test]
    fn short_waits_between_attempts_reset_nothing() {
        let attempts = locking(10, 30);
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        // One attempt every 29 minutes: the domain keeps counting.
        assert_eq!(attempts.counting(at(87), &[at(58), at(29), at(0)]), 3);
        assert_eq!(attempts.counting(at(88), &[at(58), at(29), at(0)]), 0);
        assert_eq!(attempts.counting(at(40), &[at(30), at(0)]), 1);
        assert_eq!(attempts.counting(at(0), &[at(600)]), 1, "the clock was put back");
        let patient = locking(10, 600);
        assert_eq!(patient.counting(at(599), &[at(0)]), 1);
    }
}
