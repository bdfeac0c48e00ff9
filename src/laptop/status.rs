//! The laptop's state, as far as the caller may read it.

use super::stored::{Activation, ClaimFile, Enrollment};
use super::{Error, Laptop, files};
use crate::protocol::{AuthMethod, State};

/// How far the laptop is on its way to being activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It needs `imd-activate enroll` with a token.
    NotEnrolled,
    /// The service has not answered the enrollment yet.
    Enrolling,
    /// It is enrolled and needs `imd-activate claim` by its user.
    Pending { device: String, auth_methods: Vec<AuthMethod> },
    Activated {
        device: String,
        /// Absent for another user, or when the caller may not read it.
        user: Option<String>,
    },
    /// The device is no longer in use, or suspended.
    Ended { device: String, state: State },
}

impl Laptop {
    pub fn status(&self) -> Result<Status, Error> {
        let activation: Option<Activation> = files::read(&self.activation_file()).unwrap_or(None);
        let claim: Option<ClaimFile> = files::read(&self.claim_file())?;
        // Only the system may read this file.
        let enrollment: Option<Enrollment> = files::read(&self.enrollment_file()).unwrap_or(None);
        let Some(claim) = claim else {
            let begun = self.enrollment_file().exists();
            return Ok(if begun { Status::Enrolling } else { Status::NotEnrolled });
        };
        let device = claim.device;
        let own = activation.filter(|one| one.device == device);
        // The latest state from the service overrides the user's stored activation.
        let state = claim.state.or_else(|| enrollment.and_then(|enrollment| enrollment.state));
        Ok(match (state, own.map(|own| own.account)) {
            (Some(state @ (State::Replaced | State::Released | State::Revoked | State::Preserved)), _) => {
                Status::Ended { device, state }
            }
            (_, Some(Some(account))) => Status::Activated { device, user: Some(account.user) },
            // An unanswered attempt of this user may be the one that was granted.
            (Some(State::Activated), None) => Status::Activated { device, user: None },
            (Some(State::Pending | State::Activated) | None, _) => {
                Status::Pending { device, auth_methods: claim.auth_methods }
            }
        })
    }
}
