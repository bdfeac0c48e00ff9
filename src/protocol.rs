//! What travels between a laptop and the service: wire types only.
//!
//! JSON over HTTPS, each request and each answer one object. `assets/openapi.yaml` describes the same for agents that
//! are not ours, and `tests/with_lab/protocol` holds the service to it. May import `model`. Every text has a longest
//! length that is checked while it is read, an unknown field is an error, and a secret is wiped when it is dropped and
//! has no `Debug`.
//!
//! ```text
//! POST /v1/enroll     token, device key, claim code    -> a pending device      at install time, by the system
//! POST /v1/claim     claim code, credential, proof    -> the account           at log-on, by the user
//! POST /v1/check-in  device key                       -> how the device is     weekly, by the system
//! GET  /v1/health, /metrics
//! ```
//!
//! The keys are made on the laptop and sent; the service keeps a hash of each. So the service never sends a secret, and
//! a request that is repeated because its answer was lost means the same as the first time.

mod bounded;

use serde::{Deserialize, Serialize};

pub use crate::model::settings::AuthMethod;
pub use bounded::{Bounded, Hidden, Key, NotAKey};

pub const ENROLL: &str = "/v1/enroll";
pub const CLAIM: &str = "/v1/claim";
pub const CHECK_IN: &str = "/v1/check-in";
pub const HEALTH: &str = "/v1/health";
pub const METRICS: &str = "/metrics";

/// The longest body of a request, in bytes.
pub const LONGEST_BODY: usize = 128 * 1024;

/// Asks for a pending device. Repeating it with the same device key gives the same device.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct EnrollRequest {
    /// The mass deployment token.
    pub token: Hidden<1024>,
    /// Speaks for the device from now on; it stays with the system.
    pub device_key: Key,
    /// Lets whoever holds it claim this device and no other; the laptop's users may read it.
    pub claim_code: Key,
    pub laptop: LaptopFacts,
}

/// What a laptop says of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaptopFacts {
    pub host_name: Bounded<255>,
    /// The UUID of SMBIOS.
    #[serde(default)]
    pub uuid: Bounded<64>,
    #[serde(default)]
    pub serial: Bounded<128>,
    /// `linux`, `windows`, `macos`
    pub system: Bounded<32>,
    /// `imd-activate 0.1.0`
    pub agent: Bounded<64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrollAnswer {
    /// The device's id, which is no secret.
    pub device: String,
    pub state: State,
    /// How users of this device may prove who they are, in the order in which to try.
    pub auth_methods: Vec<AuthMethod>,
    pub correlation_id: String,
}

/// Asks for the account of a user, and makes the device theirs. Repeating it gives the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct ClaimRequest {
    pub claim_code: Key,
    /// Speaks for the user's agent from now on.
    pub credential: Key,
    pub auth: Authentication,
}

/// Who logs on, and what shows it. Plain fields rather than an enum: serde would keep a copy of the password to find out
/// which variant it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct Authentication {
    pub method: AuthMethod,
    /// With `password` and `unverified`: the user's name in any form (`CORP\name`, UPN, mail).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Bounded<1024>>,
    /// With `password` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hidden<1024>>,
    /// With `kerberos` alone: a Negotiate token of the user's own session (RFC 4559), base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Hidden<65_536>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimAnswer {
    pub device: String,
    pub account: AccountFacts,
    /// What was shown of the user: `claimed` is nothing but the name.
    pub auth: AuthMethod,
    pub activated_at: String,
    #[serde(flatten)]
    pub before: Before,
    pub correlation_id: String,
}

/// What the device map says of the laptop that the user had before: for the agent, as imd moves no data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Its data is wanted on this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore: bool,
    /// It, as the device map calls it: a device id, a host name or a serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_device: Option<String>,
    /// The device whose place this one took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
}

/// What the user was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// UPN or cn.
    pub name: String,
    pub mail: String,
    /// The name that people read.
    pub user: String,
    pub profile: String,
    pub storage: String,
    pub location: String,
    /// Bytes; 0 is no limit, absent: nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
}

/// Says that a device is still there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct CheckInRequest {
    pub device_key: Key,
    pub agent: Bounded<64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInAnswer {
    pub device: String,
    pub state: State,
    /// How users of this device may prove who they are from now on; empty from a service that does not say.
    #[serde(default)]
    pub auth_methods: Vec<AuthMethod>,
    /// In how many seconds to check in again; the laptop adds a random part.
    pub again_in: u64,
    pub correlation_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Pending,
    Activated,
    /// Another laptop took its place, or it was imaged anew.
    Replaced,
    Released,
    Revoked,
    /// Its user left or is held back: nothing is deleted, and it is activated again when the user is back.
    Preserved,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthAnswer {
    /// `ok`, or `paused`
    pub status: String,
    pub version: String,
}

/// The body of every answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    pub error: Code,
    /// For people; it says no more than the code.
    pub message: String,
    /// With `auth-not-accepted`, to whoever holds a claim code: the proofs that would be, in the order in which to try.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_methods: Vec<AuthMethod>,
    /// What the help desk finds the reason by.
    pub correlation_id: String,
}

/// Why a request was not granted, as far as a laptop may know. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Every reason that has to do with a person.
    Refused,
    /// The token is not one of this installation, or not valid now, or has let in all that it may.
    TokenRefused,
    /// No device has this key, or it is no longer in use.
    DeviceRefused,
    /// Another proof is wanted: the answer says which.
    AuthNotAccepted,
    /// The user is who they are, and has as many devices as they may.
    DeviceLimit,
    /// The request is no request: its JSON, a field, a length.
    Malformed,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    /// The request took too long to arrive, or to be answered.
    Timeout,
    /// Too many requests of this device or with this token; see Retry-After.
    TooMany,
    /// An administrator stopped activations for now, or for the rest of the day; see Retry-After.
    Paused,
    /// The directory that has to be asked does not answer; see Retry-After.
    DirectoryUnavailable,
    /// Something is wrong here; see Retry-After.
    Internal,
}

impl Code {
    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Refused | Self::TokenRefused | Self::DeviceRefused | Self::DeviceLimit => 403,
            Self::AuthNotAccepted => 422,
            Self::Malformed => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::Timeout => 408,
            Self::TooMany => 429,
            Self::Paused | Self::DirectoryUnavailable | Self::Internal => 503,
        }
    }

    pub const fn message(self) -> &'static str {
        match self {
            Self::Refused => "this user cannot activate this laptop; the help desk finds the reason by the id",
            Self::TokenRefused => "the deployment token is not accepted",
            Self::DeviceRefused => "this device is not known or no longer in use",
            Self::AuthNotAccepted => "another proof of the user is wanted",
            Self::DeviceLimit => "the user has as many laptops as they may",
            Self::Malformed => "the request cannot be read",
            Self::NotFound => "there is nothing here",
            Self::MethodNotAllowed => "this is asked for in another way",
            Self::TooLarge => "the request is too large",
            Self::Timeout => "the request took too long",
            Self::TooMany => "too many requests; wait as long as Retry-After says",
            Self::Paused => "activations are paused; wait as long as Retry-After says",
            Self::DirectoryUnavailable => "the directory cannot be asked now; wait as long as Retry-After says",
            Self::Internal => "the service is in trouble; wait as long as Retry-After says",
        }
    }

    /// Whether trying the same again later can help without anybody doing anything here.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Timeout | Self::TooMany | Self::Paused | Self::DirectoryUnavailable | Self::Internal)
    }
}
