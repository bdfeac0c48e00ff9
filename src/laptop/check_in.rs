//! Check-in: reports that the laptop is still in use, and gets the current state of its device. `tend` is the run of the
//! system's timer: it enrolls with a provisioned token or checks in when it is due.

use jiff::{SignedDuration, Timestamp};

use super::provisioned::{self, Provisioned};
use super::stored::Enrollment;
use super::{Error, Laptop, Readers, files, machine};
use crate::protocol::{self, CheckInAnswer, CheckInRequest, State};

/// The time between two check-ins, without the random part: a week on average.
const INTERVAL: SignedDuration = SignedDuration::from_hours(6 * 24 + 12);
/// The random part, which spreads laptops that were installed at once.
const SPREAD: SignedDuration = SignedDuration::from_hours(24);
/// The same while the device is pending: a day on average. Users cannot write to the system's folder, so the system learns
/// from the service that a user has activated the laptop.
const PENDING_INTERVAL: SignedDuration = SignedDuration::from_hours(20);
const PENDING_SPREAD: SignedDuration = SignedDuration::from_hours(8);

/// What a run of `tend` did.
#[derive(Debug)]
pub enum Tended {
    Enrolled {
        device: String,
    },
    CheckedIn(CheckInAnswer),
    /// Nothing is due before then.
    NotDueUntil(Timestamp),
    /// The laptop is not enrolled, and no token was provisioned.
    NoToken,
}

impl Laptop {
    /// Enrolls with a provisioned token, which is then deleted; else checks in when it is due. An enrolled laptop checks
    /// in even when its new token is refused, and then reports the refusal.
    pub fn tend(&self, provisioned: &Provisioned) -> Result<Tended, Error> {
        let stored: Option<Enrollment> = files::read(&self.enrollment_file())?;
        let mut refused = None;
        if let Some(token) = &provisioned.token {
            // A token that an MDM leaves in place enrolls the laptop once: a released device stays released.
            let hash = provisioned::hash(&token.secret);
            let used = stored.as_ref().is_some_and(|stored| stored.token.as_deref() == Some(&hash));
            if !(used && token.is_permanent()) {
                match self.enroll(&token.secret) {
                    Ok(device) => {
                        token.delete()?;
                        return Ok(Tended::Enrolled { device });
                    }
                    Err(error) if stored.as_ref().is_some_and(|stored| stored.device.is_some()) => {
                        refused = Some(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let Some(stored) = stored.filter(|stored| stored.device.is_some()) else { return Ok(Tended::NoToken) };
        let tended = match stored.next_check_in {
            // A time beyond the interval comes from a clock that was set back: check in now.
            Some(at) if at > Timestamp::now() && at <= Timestamp::now() + INTERVAL + SPREAD => {
                Ok(Tended::NotDueUntil(at))
            }
            _ => self.check_in().map(Tended::CheckedIn),
        };
        match (refused, tended) {
            (None, tended) => tended,
            // A retry tries the token again, too.
            (Some(_), Err(error)) if error.may_be_transient() => Err(error),
            (Some(refused), _) => Err(refused),
        }
    }

    /// Checks in once.
    pub fn check_in(&self) -> Result<CheckInAnswer, Error> {
        let path = self.enrollment_file();
        let _lock = if path.exists() { self.lock()? } else { return Err(Error::NotEnrolled) };
        let mut enrollment: Enrollment = files::read(&path)?.ok_or(Error::NotEnrolled)?;
        self.apply_settings(&mut enrollment.deployed);
        let request = CheckInRequest { device_key: enrollment.device_key.clone(), agent: machine::agent() };
        let answer: CheckInAnswer = self.service(&enrollment.deployed)?.post(protocol::CHECK_IN, &request)?;
        (enrollment.device, enrollment.state) = (Some(answer.device.clone()), Some(answer.state));
        enrollment.next_check_in = Some(next_check_in(answer.state)?);
        // These servers have answered: from now on users use them and the current authentication methods, too.
        let auth_methods = match &answer.auth_methods[..] {
            [] => self.claim_code()?.auth_methods,
            auth_methods => auth_methods.to_vec(),
        };
        self.write_claim_file(&enrollment, auth_methods)?;
        files::write(&path, &enrollment, Readers::Owner)?;
        Ok(answer)
    }
}

/// When to check in next, with a random part.
pub(super) fn next_check_in(state: State) -> Result<Timestamp, Error> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
    let share = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    let (after, spread) = match state {
        State::Pending | State::Preserved => (PENDING_INTERVAL, PENDING_SPREAD),
        _ => (INTERVAL, SPREAD),
    };
    Ok(Timestamp::now() + after + SignedDuration::from_secs_f64(spread.as_secs_f64() * share))
}
