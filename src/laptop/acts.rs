//! Enrol, claim, check in: what is asked, and what is kept of the answer.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use super::connection::Service;
use super::{Error, files, machine};
use crate::model::token::Pin;
use crate::protocol::{
    self, AccountFacts, Bounded, CheckInAnswer, CheckInRequest, ClaimAnswer, ClaimRequest, Code, EnrolAnswer,
    EnrolRequest, Hidden, Key, ProofKind, ProofOffer, State,
};
use crate::secrets::Secret;

/// This laptop: where its files are, and how it reaches the service.
#[derive(Debug, Clone)]
pub struct Laptop {
    /// The system's folder.
    pub system: PathBuf,
    /// The user's folder.
    pub user: PathBuf,
    pub proxy: Option<Url>,
    /// Where the hardware says what it is; Linux' own folder when absent.
    pub dmi: Option<PathBuf>,
}

/// What the system keeps: `enrolment.json`, for itself alone.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds keys")]
pub struct Enrolment {
    pub device_key: Key,
    pub claim_code: Key,
    pub servers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Absent until the service has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

/// What users may read: `claim.json`. Its code is good for this device and no other.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds a key")]
pub struct ClaimFile {
    pub device: String,
    pub claim_code: Key,
    pub servers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    pub proofs: Vec<ProofKind>,
}

/// What the user keeps: `activation.json`, for themselves alone. The agent reads it.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_debug_implementations, reason = "it holds a credential")]
pub struct Activation {
    pub device: String,
    pub credential: Key,
    /// Absent until the service has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<String>,
}

/// What a laptop waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// Nobody has enrolled it.
    ForToken,
    /// The service has not answered yet.
    ForService,
    ForUser {
        device: String,
        proofs: Vec<ProofKind>,
    },
    ForNothing {
        device: String,
        user: Option<String>,
    },
    /// It is no longer in use, or not for now.
    Ended {
        device: String,
        state: State,
    },
}

/// How the user shows who they are.
#[allow(missing_debug_implementations, reason = "it holds a password")]
pub enum Claim {
    Password { user: String, password: Secret },
    Claimed { user: String },
}

impl Laptop {
    fn enrolment_file(&self) -> PathBuf {
        self.system.join("enrolment.json")
    }

    fn claim_file(&self) -> PathBuf {
        self.system.join("claim.json")
    }

    /// Where the agent finds the account.
    pub fn activation_file(&self) -> PathBuf {
        self.user.join("activation.json")
    }

    /// Asks once for a pending device. A device that is in use already is kept; one that has ended makes room for a new
    /// one.
    pub fn enrol(&self, token: &Secret) -> Result<String, Error> {
        let claims = crate::token::read(token.expose().trim()).ok_or(Error::NotAToken)?;
        if claims.servers.is_empty() {
            return Err(Error::NoServer);
        }
        files::folder(&self.system, 0o755)?;
        let kept: Option<Enrolment> = files::read(&self.enrolment_file())?;
        let new = || -> Result<Enrolment, Error> {
            let (device_key, claim_code) = (random_key()?, random_key()?);
            Ok(Enrolment { device_key, claim_code, servers: Vec::new(), pin: None, device: None, state: None })
        };
        let mut enrolment = match kept {
            Some(kept) => kept,
            None => new()?,
        };
        enrolment.servers.clone_from(&claims.servers);
        enrolment.pin = claims.pin.as_ref().map(ToString::to_string);
        let answer = match self.ask_to_enrol(&enrolment, token) {
            Err(Error::Denied { code: Code::DeviceRefused, .. }) if enrolment.device.is_some() => {
                enrolment = Enrolment { servers: enrolment.servers, pin: enrolment.pin, ..new()? };
                self.ask_to_enrol(&enrolment, token)?
            }
            answer => answer?,
        };
        (enrolment.device, enrolment.state) = (Some(answer.device.clone()), Some(answer.state));
        let claim = ClaimFile {
            device: answer.device.clone(),
            claim_code: enrolment.claim_code.clone(),
            servers: enrolment.servers.clone(),
            pin: enrolment.pin.clone(),
            proofs: answer.proofs,
        };
        files::write(&self.claim_file(), &claim, 0o644)?;
        files::write(&self.enrolment_file(), &enrolment, 0o600)?;
        Ok(answer.device)
    }

    fn ask_to_enrol(&self, enrolment: &Enrolment, token: &Secret) -> Result<EnrolAnswer, Error> {
        // On the disk first: were the answer lost, the next try is the same laptop.
        files::write(&self.enrolment_file(), enrolment, 0o600)?;
        let request = EnrolRequest {
            token: Hidden::new(token.expose().trim()),
            device_key: enrolment.device_key.clone(),
            claim_code: enrolment.claim_code.clone(),
            laptop: machine::facts(self.dmi.as_deref().unwrap_or(Path::new(machine::DMI))),
        };
        self.service(&enrolment.servers, enrolment.pin.as_deref())?.post(protocol::ENROL, &request)
    }

    /// Deletes the token's file once the laptop is enrolled.
    pub fn forget_token(&self, path: &Path) -> Result<(), Error> {
        files::remove(path)
    }

    /// What users may read of the enrolment.
    pub fn claim_code(&self) -> Result<ClaimFile, Error> {
        files::read(&self.claim_file())?.ok_or(Error::NotEnrolled)
    }

    /// Asks once for the user's account, keeps it, and runs the agent's hook.
    pub fn claim(&self, claim: &Claim) -> Result<Activation, Error> {
        let code = self.claim_code()?;
        files::folder(&self.user, 0o700)?;
        let path = self.activation_file();
        let kept: Option<Activation> = files::read(&path)?;
        let mut activation = if let Some(kept) = kept.filter(|kept| kept.device == code.device) {
            kept
        } else {
            let (device, credential) = (code.device.clone(), random_key()?);
            let new = Activation { device, credential, account: None, proof: None, activated_at: None };
            // On the disk first, as with the enrolment.
            files::write(&path, &new, 0o600)?;
            new
        };
        let proof = match claim {
            Claim::Password { user, password } => ProofOffer {
                kind: ProofKind::Password,
                user: Some(Bounded::cut(user)),
                password: Some(Hidden::new(password.expose())),
                ticket: None,
            },
            Claim::Claimed { user } => {
                ProofOffer { kind: ProofKind::Claimed, user: Some(Bounded::cut(user)), password: None, ticket: None }
            }
        };
        let request = ClaimRequest { claim_code: code.claim_code, credential: activation.credential.clone(), proof };
        let answer: ClaimAnswer = self.service(&code.servers, code.pin.as_deref())?.post(protocol::CLAIM, &request)?;
        activation.account = Some(answer.account);
        (activation.proof, activation.activated_at) = (Some(answer.proof), Some(answer.activated_at));
        files::write(&path, &activation, 0o600)?;
        self.run_hook(&path)?;
        Ok(activation)
    }

    /// Runs what the agent's package put beside the enrolment, with the path of the activation: only the system can
    /// have put it there, as nobody else may write to that folder.
    fn run_hook(&self, activation: &Path) -> Result<(), Error> {
        use std::os::unix::fs::MetadataExt as _;
        let path = self.system.join("on-activation");
        let Ok(metadata) = path.metadata() else { return Ok(()) };
        let failed = |why: String| Error::Hook { path: path.clone(), why };
        let owner = self.system.metadata().map_err(|error| failed(error.to_string()))?.uid();
        if metadata.uid() != owner || metadata.mode() & 0o022 != 0 {
            return Err(failed("others may write to it".to_owned()));
        }
        let status = std::process::Command::new(&path).arg(activation).stdin(std::process::Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(status.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Says once that the laptop is still there, and learns how its device is.
    pub fn check_in(&self) -> Result<CheckInAnswer, Error> {
        let path = self.enrolment_file();
        let mut enrolment: Enrolment = files::read(&path)?.ok_or(Error::NotEnrolled)?;
        let request = CheckInRequest { device_key: enrolment.device_key.clone(), agent: machine::agent() };
        let service = self.service(&enrolment.servers, enrolment.pin.as_deref())?;
        let answer: CheckInAnswer = service.post(protocol::CHECK_IN, &request)?;
        if enrolment.state != Some(answer.state) {
            enrolment.state = Some(answer.state);
            files::write(&path, &enrolment, 0o600)?;
        }
        Ok(answer)
    }

    /// What the laptop waits for, as far as whoever asks may read.
    pub fn waits(&self) -> Result<Waits, Error> {
        let activation: Option<Activation> = files::read(&self.activation_file()).unwrap_or(None);
        let claim: Option<ClaimFile> = files::read(&self.claim_file())?;
        // Only the system may read this one.
        let enrolment: Option<Enrolment> = files::read(&self.enrolment_file()).unwrap_or(None);
        let Some(claim) = claim else {
            let begun = self.enrolment_file().exists();
            return Ok(if begun { Waits::ForService } else { Waits::ForToken });
        };
        let device = claim.device;
        if let Some(account) = activation.filter(|one| one.device == device).and_then(|one| one.account) {
            return Ok(Waits::ForNothing { device, user: Some(account.user) });
        }
        Ok(match enrolment.and_then(|enrolment| enrolment.state) {
            Some(State::Activated) => Waits::ForNothing { device, user: None },
            Some(state @ (State::Replaced | State::Freed | State::Revoked | State::Preserved)) => {
                Waits::Ended { device, state }
            }
            Some(State::Pending) | None => Waits::ForUser { device, proofs: claim.proofs },
        })
    }

    fn service(&self, servers: &[String], pin: Option<&str>) -> Result<Service, Error> {
        let unreadable = || Error::Unreadable { path: self.claim_file(), why: "its pin is none".to_owned() };
        let pin = pin.map(str::parse::<Pin>).transpose().map_err(|_| unreadable())?;
        Ok(Service { servers: servers.to_vec(), pin, proxy: self.proxy.clone() })
    }
}

fn random_key() -> Result<Key, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(Key::from_random(bytes))
}
