//! The wire types of the protocol between laptop and service.
//!
//! JSON over HTTPS; each request and each answer is one object. `assets/openapi.yaml` describes it for other agents, and
//! `tests/with_lab/protocol` tests the service against it. May import `model`. Every text has a length limit that is
//! checked while it is read, an unknown field is an error, and a secret is wiped when it is dropped and has no `Debug`.
//!
//! ```text
//! POST /v1/enroll     token, device key, claim code    -> a pending device      at install time, by the system
//! POST /v1/claim     claim code, credential, auth     -> the account           at log-on, by the user
//! POST /v1/check-in  device key                       -> the device's state    weekly, by the system
//! GET  /v1/health, /metrics
//! ```
//!
//! The laptop makes the keys and the service stores a hash of each. So the service never sends a secret, and a repeated
//! request has the same result as the first.

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

/// Requests a pending device. The same device key gives the same device.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct EnrollRequest {
    /// The mass deployment token.
    pub token: Hidden<1024>,
    /// Authenticates the device from now on; only the system can read it.
    pub device_key: Key,
    /// Allows a claim of this device only; the laptop's users may read it.
    pub claim_code: Key,
    pub laptop: LaptopFacts,
}

/// The laptop's description of itself.
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
    /// The device's id; it is not secret.
    pub device: String,
    pub state: State,
    /// The accepted authentication methods, in the order in which to try them.
    pub auth_methods: Vec<AuthMethod>,
    pub correlation_id: String,
}

/// Requests the account of a user and activates the device for them. Repeating it gives the same answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct ClaimRequest {
    pub claim_code: Key,
    /// Authenticates the user's agent from now on.
    pub credential: Key,
    pub auth: Authentication,
}

/// The user and how they authenticate. Plain fields instead of an enum, because serde would buffer a copy of the password
/// to find the variant.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct Authentication {
    pub method: AuthMethod,
    /// With `password` and `unverified`: the user's name in any form (`CORP\name`, UPN, mail).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Bounded<1024>>,
    /// With `password` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hidden<1024>>,
    /// With `kerberos` only: a Negotiate token of the user's own session (RFC 4559), base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Hidden<65_536>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimAnswer {
    pub device: String,
    pub account: AccountFacts,
    /// How the user was authenticated.
    pub auth: AuthMethod,
    pub activated_at: String,
    #[serde(flatten)]
    pub before: Before,
    pub correlation_id: String,
}

/// The device map's entry about the user's previous laptop, for the agent: imd itself moves no data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Whether its data is to be restored on this laptop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore: bool,
    /// The previous laptop's name in the device map: a device id, a host name or a serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_device: Option<String>,
    /// The device that this one replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
}

/// The user's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// UPN or cn.
    pub name: String,
    pub mail: String,
    /// The display name.
    pub user: String,
    pub profile: String,
    pub storage: String,
    pub location: String,
    /// Bytes; 0 is no limit; absent: not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
}

/// Reports that a device is still in use.
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
    /// The accepted authentication methods from now on; empty: unchanged.
    #[serde(default)]
    pub auth_methods: Vec<AuthMethod>,
    /// The seconds until the next check-in; the laptop adds a random part.
    pub again_in: u64,
    pub correlation_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Pending,
    Activated,
    /// Replaced by another laptop, or reimaged.
    Replaced,
    Released,
    Revoked,
    /// Its user is removed or suspended: nothing is deleted, and the device is activated again when the user is back.
    Preserved,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthAnswer {
    /// `ok`, or `paused`
    pub status: String,
    pub version: String,
}

/// The body of every error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    pub error: Code,
    /// The code in words.
    pub message: String,
    /// With `auth-not-accepted` and a valid claim code: the accepted methods, in the order in which to try them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_methods: Vec<AuthMethod>,
    /// The id by which an administrator finds the reason.
    pub correlation_id: String,
}

/// Why a request was refused, as far as a laptop may know. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Any reason that concerns a person.
    Refused,
    /// The token is unknown, not valid now, or has no activations left.
    TokenRefused,
    /// The device key is unknown, or the device is no longer in use.
    DeviceRefused,
    /// The authentication method is not accepted; the answer lists the accepted ones.
    AuthNotAccepted,
    /// The user is authenticated and has reached the device limit.
    DeviceLimit,
    /// The JSON, a field or a length is invalid.
    Malformed,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    /// The request took too long to arrive, or to be answered.
    Timeout,
    /// Rate limit reached; see Retry-After.
    TooMany,
    /// Activations are paused, or the daily activation limit is reached; see Retry-After.
    Paused,
    /// The directory does not answer; see Retry-After.
    DirectoryUnavailable,
    /// An error in the service; see Retry-After.
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
            Self::Refused => "this user cannot activate this laptop; give the help desk the correlation id",
            Self::TokenRefused => "the deployment token is not accepted",
            Self::DeviceRefused => "this device is unknown or no longer in use",
            Self::AuthNotAccepted => "this authentication method is not accepted",
            Self::DeviceLimit => "the user has reached the device limit",
            Self::Malformed => "invalid request",
            Self::NotFound => "not found",
            Self::MethodNotAllowed => "method not allowed",
            Self::TooLarge => "the request is too large",
            Self::Timeout => "the request took too long",
            Self::TooMany => "too many requests; retry after the time in Retry-After",
            Self::Paused => "activations are paused; retry after the time in Retry-After",
            Self::DirectoryUnavailable => "the directory is not available; retry after the time in Retry-After",
            Self::Internal => "internal error; retry after the time in Retry-After",
        }
    }

    /// Whether the same request may succeed later without any change.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Timeout | Self::TooMany | Self::Paused | Self::DirectoryUnavailable | Self::Internal)
    }
}
