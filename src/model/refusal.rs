//! Why a laptop was refused: for the administrator. What the laptop is told is less (`protocol`).

use jiff::Timestamp;

use super::device::DeviceId;
use super::text::Untrusted;

/// What a laptop asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Enrol,
    Claim,
    CheckIn,
}

/// Why it was refused. Each has a stable word for scripts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the token is not good: {0}")]
    Token(&'static str),
    #[error("the token was made elsewhere and is not registered here")]
    TokenUnknown,
    #[error("the token was revoked")]
    TokenRevoked,
    #[error("the token has a successor, and its time beside it is over")]
    TokenSuperseded,
    #[error("the token does not let in laptops with this system")]
    TokenPlatform,
    #[error("the token does not let in laptops from this network")]
    TokenNetwork,
    #[error("the laptop was let in by a token that is not for the users of this mapping")]
    TokenMapping,
    #[error("the token has let in as many laptops as it may")]
    TokenUsedUp,
    #[error("no device has this key")]
    DeviceUnknown,
    #[error("the device, or the same hardware, was revoked")]
    DeviceRevoked,
    #[error("the device is no longer in use")]
    DeviceEnded,
    #[error("the device is another user's")]
    DeviceTaken,
    #[error("the device map has the laptop for another user")]
    DeviceMapped,
    #[error("the credential is another device's")]
    CredentialTaken,
    #[error("another key was used with this claim code")]
    KeyMismatch,
    #[error("the proof is not one that the settings accept")]
    ProofNotAccepted,
    #[error("no cached user goes by that name")]
    UserUnknown,
    #[error("several users go by that name")]
    UserAmbiguous,
    #[error("the user left: {0}")]
    UserLeft(String),
    #[error("the user's account is preserved")]
    AccountPreserved,
    #[error("the user is disabled")]
    UserDisabled,
    #[error("the user's account has expired")]
    UserExpired,
    #[error(
        "the mapping that takes the user is switched off or gone, or its profile does not log in with this directory"
    )]
    OutOfScope,
    #[error("the user is not in the group whose members alone are activated now")]
    NotAllowedYet,
    #[error("as many laptops were activated today as may be ({0})")]
    DailyCap(u32),
    #[error("so many passwords were tried for the user that another might lock the account")]
    TooManyPasswords,
    #[error("the password was refused: {0}")]
    Password(String),
    #[error("{0}")]
    Ticket(String),
    #[error("the name is somebody else's by now: the proof is of another account than the cached user's")]
    SomebodyElse,
    #[error("the user has as many devices as the limit allows ({0})")]
    DeviceLimit(u64),
    #[error("the profile has as many accounts as it may")]
    ProfileFull,
}

impl Reason {
    /// The stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(code) => code,
            Self::TokenUnknown => "token-unknown",
            Self::TokenRevoked => "token-revoked",
            Self::TokenSuperseded => "token-superseded",
            Self::TokenPlatform => "token-platform",
            Self::TokenNetwork => "token-network",
            Self::TokenMapping => "token-mapping",
            Self::TokenUsedUp => "token-used-up",
            Self::DeviceUnknown => "device-unknown",
            Self::DeviceRevoked => "device-revoked",
            Self::DeviceEnded => "device-ended",
            Self::DeviceTaken => "device-taken",
            Self::DeviceMapped => "device-mapped",
            Self::CredentialTaken => "credential-taken",
            Self::KeyMismatch => "key-mismatch",
            Self::ProofNotAccepted => "proof-not-accepted",
            Self::UserUnknown => "user-unknown",
            Self::UserAmbiguous => "user-ambiguous",
            Self::UserLeft(_) => "user-left",
            Self::AccountPreserved => "account-preserved",
            Self::UserDisabled => "user-disabled",
            Self::UserExpired => "user-expired",
            Self::OutOfScope => "out-of-scope",
            Self::NotAllowedYet => "not-allowed-yet",
            Self::DailyCap(_) => "daily-cap",
            Self::TooManyPasswords => "too-many-passwords",
            Self::Password(_) => "password",
            Self::Ticket(_) => "ticket",
            Self::SomebodyElse => "somebody-else",
            Self::DeviceLimit(_) => "device-limit",
            Self::ProfileFull => "profile-full",
        }
    }
}

/// A refusal as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    pub at: Timestamp,
    /// What the laptop was told instead of the reason.
    pub correlation: String,
    pub act: Act,
    /// The stable word.
    pub reason: String,
    /// The reason in a sentence.
    pub detail: Untrusted,
    pub device: Option<DeviceId>,
    /// As the laptop named them.
    pub user: Option<Untrusted>,
    pub peer: String,
}
