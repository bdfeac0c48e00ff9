//! Requests of laptops: enrollment, activation, check-in.
//!
//! A laptop receives a correlation id instead of the reason of a refusal; the reason is stored here under that id.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::activation::{self, Attempts, Claim, Enroll, Error as Refused};
use crate::model::device::{DeviceId, DeviceState, Laptop};
use crate::model::device_map::MappedDevice;
use crate::model::name::Name;
use crate::model::refusal::{Act, Reason, Refusal};
use crate::model::settings::AuthMethod;
use crate::model::size::Size;
use crate::model::text::Untrusted;
use crate::model::user::Guid;
use crate::protocol::{
    AccountFacts, Authentication, Before, CheckInAnswer, CheckInRequest, ClaimAnswer, ClaimRequest, Code, EnrollAnswer,
    EnrollRequest, LaptopFacts, State,
};
use crate::secrets::Secret;
use crate::store::{DeviceBy, HeldDevice, Queue};

use super::rate_limits::{CHECK_INS, CLAIMS, ENROLLMENTS, PASSWORDS, RateLimits, UNKNOWN_CALLERS};
use super::tickets::Tickets;
use super::{Engine, Error};

/// The maximum number of claims that query a directory at once, so that a directory that does not answer blocks no
/// others.
const ASKING_AT_ONCE: usize = 64;
/// How long the lockout state of an account is cached: much shorter than any lockout window.
const LOCKOUT_GOOD_FOR: SignedDuration = SignedDuration::from_mins(1);
/// The maximum number of cached lockout states; the cache is emptied when it is full.
const MOST_LOCKOUTS: usize = 10_000;
/// An activated laptop checks in weekly.
const AGAIN_IN: u64 = 7 * 86_400;

/// The sender of a request.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The client address; absent when a trusted proxy does not give it.
    pub peer: Option<IpAddr>,
    /// The correlation id: the laptop receives it instead of the reason.
    pub correlation: String,
    /// The channel binding of its TLS connection; absent when a trusted proxy terminates TLS.
    pub end_point: Option<Arc<[u8]>>,
}

/// The answer to a refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub code: Code,
    /// After how many seconds to try again.
    pub retry_after: Option<u64>,
    /// The accepted authentication methods, when the method was refused.
    pub auth_methods: Vec<AuthMethod>,
}

impl Denial {
    pub const fn of(code: Code) -> Self {
        let retry_after = match code {
            Code::DirectoryUnavailable => Some(60),
            Code::Paused => Some(900),
            Code::TooMany | Code::Internal => Some(30),
            _ => None,
        };
        Self { code, retry_after, auth_methods: Vec::new() }
    }
}

/// The lockout state of one account and when it was read; locked during the query.
type KnownLockout = Arc<Mutex<Option<(Timestamp, Attempts)>>>;

/// State that only activations need.
#[derive(Default)]
pub(super) struct Room {
    queue: OnceLock<Queue>,
    rate_limits: RateLimits,
    lockouts: Mutex<HashMap<(Name, Guid), KnownLockout>>,
    trying: AtomicUsize,
    pub(super) tickets: OnceLock<Tickets>,
}

impl Engine {
    /// An id for a request: 16 hexadecimal digits.
    pub fn correlation_id(&self) -> Result<String, Error> {
        Ok(format!("{:016x}", u64::from_be_bytes(self.random()?)))
    }

    /// Enrolls a laptop with a token as a pending device.
    pub fn enroll(&self, request: &EnrollRequest, asker: &Asker) -> Result<EnrollAnswer, Denial> {
        let about = About { act: Act::Enroll, auth: None, user: None, device: None };
        let enrolled = self.try_enroll(request, asker).map_err(|refused| self.denied(refused, about, asker))?;
        Ok(EnrollAnswer {
            device: enrolled.id.to_string(),
            state: state(enrolled.state),
            auth_methods: self.auth_methods()?,
            correlation_id: asker.correlation.clone(),
        })
    }

    fn try_enroll(&self, request: &EnrollRequest, asker: &Asker) -> Result<activation::Enrolled, Denied> {
        let claims = match self.verify_token(request.token.expose()) {
            Ok(Ok(claims)) => claims,
            Ok(Err(refusal)) => return Err(Refused::from(Reason::Token(refusal.code())).into()),
            Err(error) => return Err(Denied::internal(&error)),
        };
        let now = self.now();
        let token = activation::hash(claims.id.as_str().as_bytes());
        self.0.activations.rate_limits.count("enroll", &token, ENROLLMENTS, now).map_err(Denied::TooMany)?;
        let ask = Enroll {
            token: super::tokens::seen(claims, &Secret::new(request.token.expose().trim())),
            from: asker.peer,
            key: activation::hash(request.device_key.bytes()),
            claim_code: activation::hash(request.claim_code.bytes()),
            laptop: laptop(&request.laptop),
            id: DeviceId::from_bytes(self.random().map_err(|error| Denied::internal(&error))?),
        };
        Ok(self.queue()?.run(move |transaction| activation::enroll(transaction, &ask, now))?)
    }

    /// Activates a pending device for its authenticated user.
    pub fn claim(&self, request: &ClaimRequest, asker: &Asker) -> Result<ClaimAnswer, Denial> {
        let claim_code = activation::hash(request.claim_code.bytes());
        let user = request.auth.user.as_ref().map(|user| user.as_str().to_owned());
        let mut about = About {
            act: Act::Claim,
            auth: Some(request.auth.method),
            user: user.clone(),
            device: self.store().snapshot(|snapshot| snapshot.device(DeviceBy::ClaimCode, &claim_code)).ok().flatten(),
        };
        let claim = Claim {
            claim_code,
            credential: activation::hash(request.credential.bytes()),
            user: user.unwrap_or_default(),
            auth: request.auth.method,
        };
        let allowed = self.may_claim(about.device.as_ref(), &claim);
        let granted = match allowed.and_then(|()| self.try_claim(claim, &request.auth, asker, &mut about.user)) {
            Ok(granted) => granted,
            Err(refused) => return Err(self.denied(refused, about, asker)),
        };
        tracing::info!(correlation = asker.correlation, device = %granted.device, "activated");
        Ok(ClaimAnswer {
            device: granted.device.to_string(),
            auth: granted.auth,
            activated_at: granted.activated_at.to_string(),
            before: before(&granted.mapped),
            account: AccountFacts {
                name: granted.account.name.raw().to_owned(),
                mail: granted.account.mail.raw().to_owned(),
                user: granted.account.user,
                profile: granted.account.given.profile.to_string(),
                storage: granted.account.given.storage.to_string(),
                location: granted.account.given.location,
                quota: granted.account.given.quota.map(Size::as_bytes),
            },
            correlation_id: asker.correlation.clone(),
        })
    }

    /// Counts a claim of a known device.
    fn may_claim(&self, device: Option<&HeldDevice>, claim: &Claim) -> Result<(), Denied> {
        let Some(device) = device else { return Ok(()) };
        let (limits, now) = (&self.0.activations.rate_limits, self.now());
        limits.count("claim", &claim.claim_code, CLAIMS, now).map_err(Denied::TooMany)?;
        if claim.auth == AuthMethod::Password {
            let token = activation::hash(device.device.token.as_str().as_bytes());
            limits.count("password", &token, PASSWORDS, now).map_err(Denied::TooMany)?;
        }
        Ok(())
    }

    /// `who` receives the user that the laptop names or authenticates, for the administrator.
    fn try_claim(
        &self,
        mut claim: Claim,
        offer: &Authentication,
        asker: &Asker,
        who: &mut Option<String>,
    ) -> Result<activation::Granted, Denied> {
        let now = self.now();
        let proven = match (offer.method, &offer.password, &offer.ticket) {
            // No directory is needed, so one transaction decides.
            (AuthMethod::Unverified, None, None) => None,
            (AuthMethod::Kerberos, None, Some(ticket)) => Some(self.try_ticket(&mut claim, ticket, asker, who, now)?),
            (AuthMethod::Password, Some(password), None) => {
                let look = || self.store().snapshot(|snapshot| activation::look(snapshot, &claim, now));
                let standing = match look() {
                    Err(Refused::Refused(Reason::UserUnknown)) if self.look_up_named(&claim)? => look()?,
                    other => other?,
                };
                let _turn = self.trying()?;
                let attempts = self.attempts(&standing.directory.name, standing.user.user.guid, now);
                let password = Secret::new(password.expose());
                Some(activation::try_password(self.queue()?, standing, attempts, &password, || self.now())?)
            }
            _ => return Err(Refused::from(Reason::AuthNotAccepted).into()),
        };
        let decide = |now| {
            let (claim, proven) = (claim.clone(), proven.clone());
            self.queue()
                .map(|queue| queue.run(move |transaction| activation::claim(transaction, &claim, proven.as_ref(), now)))
        };
        match decide(self.now())? {
            Err(Refused::Refused(Reason::UserUnknown)) if proven.is_none() && self.look_up_named(&claim)? => {
                Ok(decide(self.now())??)
            }
            other => Ok(other?),
        }
    }

    /// The authentication methods of the settings, in their order.
    fn auth_methods(&self) -> Result<Vec<AuthMethod>, Denial> {
        let settings = self.store().snapshot(|snapshot| snapshot.settings()).map_err(|error| internal(&error))?;
        Ok(settings.auth)
    }

    /// The methods that can succeed now: Kerberos needs a keytab.
    fn possible_auth(&self) -> Vec<AuthMethod> {
        let has_keytab = self.0.activations.tickets.get().is_some();
        let mut auth_methods = self.auth_methods().unwrap_or_default();
        auth_methods.retain(|auth| has_keytab || *auth != AuthMethod::Kerberos);
        auth_methods
    }

    /// Records a check-in of a device.
    pub fn check_in(&self, request: &CheckInRequest, asker: &Asker) -> Result<CheckInAnswer, Denial> {
        let (now, key) = (self.now(), activation::hash(request.device_key.bytes()));
        let device =
            self.store().snapshot(|snapshot| snapshot.device(DeviceBy::Key, &key)).map_err(|error| internal(&error))?;
        let is_known = device.is_some();
        let about = About { act: Act::CheckIn, auth: None, user: None, device };
        let done = || -> Result<_, Denied> {
            if !is_known {
                return Err(Refused::from(Reason::DeviceUnknown).into());
            }
            self.0.activations.rate_limits.count("check-in", &key, CHECK_INS, now).map_err(Denied::TooMany)?;
            let agent = Untrusted::new(request.agent.as_str());
            Ok(self.queue()?.run(move |transaction| activation::check_in(transaction, &key, &agent, now))?)
        };
        let device = done().map_err(|refused| self.denied(refused, about, asker))?;
        Ok(CheckInAnswer {
            device: device.id.to_string(),
            state: match &device.activation {
                Some(activation) if activation.preserved && device.state == DeviceState::Activated => State::Preserved,
                _ => state(device.state),
            },
            auth_methods: self.auth_methods()?,
            again_in: AGAIN_IN,
            correlation_id: asker.correlation.clone(),
        })
    }

    /// Reserves a directory query until the result is dropped.
    pub(super) fn trying(&self) -> Result<Trying<'_>, Refused> {
        Trying::begin(&self.0.activations.trying)
    }

    pub(super) fn queue(&self) -> Result<&Queue, Denied> {
        if self.is_read_only() {
            return Err(Denied::internal(&Error::ReadOnly));
        }
        let room = &self.0.activations;
        if let Some(queue) = room.queue.get() {
            return Ok(queue);
        }
        let queue = self.store().queue().map_err(|error| Denied::internal(&error))?;
        Ok(room.queue.get_or_init(|| queue))
    }

    /// How many wrong passwords of that user imd forwards to the directory; one while the lockout threshold is unknown.
    fn attempts(&self, directory: &Name, guid: Guid, now: Timestamp) -> Attempts {
        let of_user = {
            let mut lockouts = self.0.activations.lockouts.lock().unwrap_or_else(PoisonError::into_inner);
            if lockouts.len() >= MOST_LOCKOUTS {
                lockouts.clear();
            }
            Arc::clone(lockouts.entry((directory.clone(), guid)).or_default())
        };
        // Only one request per user queries the directory: fifty laptops of one user must not send fifty queries.
        let mut known = of_user.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, attempts)) = *known
            && now.duration_since(at).abs() < LOCKOUT_GOOD_FOR
        {
            return attempts;
        }
        let lockout = self.lockout(directory, guid).unwrap_or_else(|error| {
            tracing::warn!(%directory, %error, "cannot read the lockout threshold: one password attempt is forwarded");
            None
        });
        let attempts = Attempts::under(lockout);
        *known = Some((now, attempts));
        attempts
    }

    /// Stores the reason, and returns the answer for the laptop.
    fn denied(&self, denied: Denied, about: About, asker: &Asker) -> Denial {
        if let Denied::Refused(Refused::Refused(reason)) = &denied
            && about.is_of_a_stranger(reason)
            && let Err(seconds) = self.0.activations.rate_limits.count("unknown", &[0; 32], UNKNOWN_CALLERS, self.now())
        {
            return Denial { retry_after: Some(seconds), ..Denial::of(Code::TooMany) };
        }
        let (code, reason, detail) = match denied {
            Denied::Internal => return Denial::of(Code::Internal),
            Denied::TooMany(retry_after) => {
                return Denial { retry_after: Some(retry_after), ..Denial::of(Code::TooMany) };
            }
            Denied::Refused(Refused::Paused { until }) => {
                let wait = until.map(|until| until.duration_since(self.now()).as_secs().max(1).unsigned_abs());
                let denial = Denial::of(Code::Paused);
                return Denial { retry_after: wait.or(denial.retry_after), ..denial };
            }
            Denied::Refused(Refused::Store(error)) => return internal(&error),
            Denied::Refused(Refused::Crowded) => return Denial::of(Code::DirectoryUnavailable),
            Denied::Refused(Refused::Directory(error)) => {
                (Code::DirectoryUnavailable, "directory-unavailable", error.to_string())
            }
            Denied::Refused(Refused::Refused(reason)) => (code(&reason, about.auth), reason.code(), reason.to_string()),
        };
        let denial = Denial::of(code);
        let denial = match reason {
            "daily-limit" => Denial { retry_after: Some(until_midnight(self.now())), ..denial },
            _ => denial,
        };
        // Only a laptop with a claim code may learn the settings.
        let denial = match (code, &about.device) {
            (Code::AuthNotAccepted, Some(_)) => Denial { auth_methods: self.possible_auth(), ..denial },
            _ => denial,
        };
        let peer =
            asker.peer.map_or_else(|| "an address that the proxy did not report".to_owned(), |peer| peer.to_string());
        tracing::debug!(correlation = asker.correlation, reason, detail, peer, "refused");
        let refusal = Refusal {
            at: self.now(),
            correlation: asker.correlation.clone(),
            act: about.act,
            reason: reason.to_owned(),
            detail: Untrusted::new(detail),
            device: about.device.map(|held| held.device.id),
            user: about.user.map(Untrusted::new),
            peer,
        };
        let kept = self.queue().map(|queue| queue.run(move |transaction| transaction.refuse(&refusal)));
        if !matches!(kept, Ok(Ok(()))) {
            // A refusal without a stored reason could not be explained, so the answer is an internal error.
            return Denial::of(Code::Internal);
        }
        denial
    }
}

/// The subject of a refusal.
struct About {
    act: Act,
    auth: Option<AuthMethod>,
    user: Option<String>,
    device: Option<HeldDevice>,
}

impl About {
    /// Whether the client has neither a known token nor a known device: anyone who can reach the service.
    fn is_of_a_stranger(&self, reason: &Reason) -> bool {
        match self.act {
            Act::Enroll => matches!(reason, Reason::Token(_)),
            Act::Claim | Act::CheckIn => self.device.is_none(),
        }
    }
}

/// Why a request was not granted, including the reasons of this module.
pub(super) enum Denied {
    Refused(Refused),
    /// After how many seconds to try again.
    TooMany(u64),
    Internal,
}

impl Denied {
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        internal(error);
        Self::Internal
    }
}

impl<E: Into<Refused>> From<E> for Denied {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

fn internal(error: &dyn std::fmt::Display) -> Denial {
    tracing::error!(%error, "cannot answer a request");
    Denial::of(Code::Internal)
}

/// A claim that may query a directory.
pub(super) struct Trying<'a>(&'a AtomicUsize);

impl<'a> Trying<'a> {
    fn begin(count: &'a AtomicUsize) -> Result<Self, Refused> {
        let this = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= ASKING_AT_ONCE { Err(Refused::Crowded) } else { Ok(this) }
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The reason for the laptop. All reasons that concern a person are the same word.
fn code(reason: &Reason, auth: Option<AuthMethod>) -> Code {
    match reason {
        Reason::Token(_)
        | Reason::TokenUnknown
        | Reason::TokenRevoked
        | Reason::TokenReplaced
        | Reason::TokenPlatform
        | Reason::TokenNetwork
        | Reason::TokenUsedUp => Code::TokenRefused,
        Reason::DeviceUnknown
        | Reason::DeviceRevoked
        | Reason::DeviceEnded
        | Reason::CredentialTaken
        | Reason::KeyMismatch => Code::DeviceRefused,
        Reason::AuthNotAccepted => Code::AuthNotAccepted,
        // It is checked before any data of a person is read.
        Reason::DailyLimit(_) => Code::Paused,
        // Only an authenticated user gets this answer.
        Reason::DeviceLimit(_) if matches!(auth, Some(AuthMethod::Password | AuthMethod::Kerberos)) => {
            Code::DeviceLimit
        }
        _ => Code::Refused,
    }
}

/// The number of seconds until the next day, UTC: at least one.
fn until_midnight(now: Timestamp) -> u64 {
    (86_400 - now.as_second().rem_euclid(86_400)).unsigned_abs()
}

/// The old laptop in the device map rows that a laptop used.
fn before(mapped: &[MappedDevice]) -> Before {
    let old = mapped.iter().map(|row| row.old_device.raw().trim()).find(|old| !old.is_empty());
    let replaced = mapped.iter().find_map(|row| row.used.as_ref()?.replaced.as_ref());
    Before {
        restore: mapped.iter().any(|row| row.restore),
        old_device: old.map(str::to_owned),
        replaced: replaced.map(ToString::to_string),
    }
}

fn laptop(facts: &LaptopFacts) -> Laptop {
    let LaptopFacts { host_name, uuid, serial, system, agent } = facts;
    Laptop {
        host_name: host_name.as_str().into(),
        uuid: uuid.as_str().into(),
        serial: serial.as_str().into(),
        system: system.as_str().into(),
        agent: agent.as_str().into(),
    }
}

fn state(state: DeviceState) -> State {
    match state {
        DeviceState::Pending => State::Pending,
        DeviceState::Activated => State::Activated,
        DeviceState::Replaced => State::Replaced,
        DeviceState::Released => State::Released,
        DeviceState::Revoked => State::Revoked,
    }
}
