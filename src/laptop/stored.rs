//! The stored files.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::protocol::{AccountFacts, AuthMethod, Before, ClaimAnswer, Key, State};

/// `enrollment.json`, for the system alone.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds keys")]
pub struct Enrollment {
    pub device_key: Key,
    pub claim_code: Key,
    #[serde(flatten)]
    pub deployed: Deployed,
    /// The hash of the token that enrolled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_in: Option<Timestamp>,
    /// Absent until the service has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The keys of the device that replaces this one, until the service answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Keys>,
}

/// Values from the token and the provisioned settings, the same for the system and for users. They must not be secret:
/// serde copies flattened fields through memory that is not wiped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Deployed {
    pub servers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The agent's activation hook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_activation: Option<String>,
}

/// The keys of a device.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds keys")]
pub struct Keys {
    pub device_key: Key,
    pub claim_code: Key,
}

/// `claim.json`, which users may read. Its code is valid for this device only.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds a key")]
pub struct ClaimFile {
    pub device: String,
    pub claim_code: Key,
    #[serde(flatten)]
    pub deployed: Deployed,
    pub auth_methods: Vec<AuthMethod>,
    /// The latest state from the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

/// `activation.json`, for the user alone. The agent reads it.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds a credential")]
pub struct Activation {
    pub device: String,
    pub credential: Key,
    /// Absent until the service has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthMethod>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<String>,
    #[serde(flatten)]
    pub before: Before,
    /// Whether the hook succeeded for this activation. Until then it is run at each log-on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hook_done: bool,
}

impl Keys {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { device_key: random_key()?, claim_code: random_key()? })
    }
}

impl Enrollment {
    pub(super) fn new() -> Result<Self, Error> {
        let Keys { device_key, claim_code } = Keys::new()?;
        Ok(Self {
            device_key,
            claim_code,
            deployed: Deployed::default(),
            token: None,
            next_check_in: None,
            device: None,
            state: None,
            next: None,
        })
    }

    pub(super) fn keys(&self) -> Keys {
        Keys { device_key: self.device_key.clone(), claim_code: self.claim_code.clone() }
    }
}

impl Activation {
    /// With a new credential that was not sent yet.
    pub(super) fn new(device: String) -> Result<Self, Error> {
        Ok(Self {
            device,
            credential: random_key()?,
            account: None,
            auth: None,
            activated_at: None,
            before: Before::default(),
            hook_done: false,
        })
    }

    /// Stores the answer; the hook has to run for it.
    pub(super) fn granted(&mut self, answer: ClaimAnswer) {
        let ClaimAnswer { device: _, account, auth, activated_at, before, correlation_id: _ } = answer;
        (self.account, self.auth, self.activated_at) = (Some(account), Some(auth), Some(activated_at));
        self.before = before;
        self.hook_done = false;
    }
}

fn random_key() -> Result<Key, Error> {
    Key::filled_by(|bytes| getrandom::fill(bytes).map_err(|_| Error::NoRandomness))
}
