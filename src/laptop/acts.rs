//! Enrol, claim, check in: what is asked, and what is kept of the answer.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::connection::{Peer, Service, written};
use super::files::Readers;
use super::placed::{self, Placed, Settings};
use super::{Error, files, machine};
use crate::kerberos;
use crate::model::token::Pin;
use crate::protocol::{
    self, AccountFacts, Bounded, CheckInAnswer, CheckInRequest, ClaimAnswer, ClaimRequest, Code, EnrolAnswer,
    EnrolRequest, Hidden, Key, ProofKind, ProofOffer, State,
};
use crate::secrets::Secret;

/// How long after one check-in the next is due, but for the random part: a week on average.
const BETWEEN_CHECK_INS: SignedDuration = SignedDuration::from_hours(6 * 24 + 12);
/// The random part, which spreads laptops that were installed at once.
const SPREAD: SignedDuration = SignedDuration::from_hours(24);

/// This laptop: where its files are, and how it reaches the service.
#[derive(Debug, Clone)]
pub struct Laptop {
    /// The system's folder.
    pub system: PathBuf,
    /// The user's folder.
    pub user: PathBuf,
    /// What an administrator placed here; whoever claims finds it in `claim.json`.
    pub settings: Settings,
    /// `none`, `system` or an address, from the command line: it wins over the settings.
    pub proxy: Option<String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The hash of the token that let it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_in: Option<Timestamp>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
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

/// What came of tending.
#[derive(Debug)]
pub enum Tended {
    Enrolled {
        device: String,
    },
    CheckedIn(CheckInAnswer),
    /// There is nothing to do before then.
    Until(Timestamp),
    /// Nobody has placed a token here.
    WaitsForToken,
}

/// How the user shows who they are.
#[allow(missing_debug_implementations, reason = "it holds a password")]
pub enum Claim {
    /// By the tickets of the session.
    Kerberos,
    Password {
        user: String,
        password: Secret,
    },
    Claimed {
        user: String,
    },
}

impl Laptop {
    fn enrolment_file(&self) -> PathBuf {
        self.system.join("enrolment.json")
    }

    fn claim_file(&self) -> PathBuf {
        self.shared().join("claim.json")
    }

    /// Where users may read. On Windows a file's readers are those of its folder, so it is one of its own there.
    fn shared(&self) -> PathBuf {
        if cfg!(windows) { self.system.join("users") } else { self.system.clone() }
    }

    /// Makes the system's folders, with their permissions.
    fn make_folders(&self) -> Result<(), Error> {
        files::folder(&self.system, Readers::Everybody)?;
        #[cfg(windows)]
        {
            super::acl::protect(&self.system)?;
            files::folder(&self.shared(), Readers::Everybody)?;
            super::acl::share(&self.shared())?;
        }
        Ok(())
    }

    /// Held while the enrolment is changed, so that two runs at once are one after the other.
    fn alone(&self) -> Result<std::fs::File, Error> {
        let path = self.system.join("lock");
        let lock = || {
            let file = std::fs::OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(files::failed("locked", &path))
    }

    /// Where the agent finds the account.
    pub fn activation_file(&self) -> PathBuf {
        self.user.join("activation.json")
    }

    /// Asks once for a pending device. A device that is in use already is kept; one that has ended makes room for a new
    /// one.
    pub fn enrol(&self, token: &Secret) -> Result<String, Error> {
        let claims = crate::token::read(token.expose().trim()).ok_or(Error::NotAToken)?;
        self.make_folders()?;
        let _alone = self.alone()?;
        let kept: Option<Enrolment> = files::read(&self.enrolment_file())?;
        let mut enrolment = match kept {
            Some(kept) => kept,
            None => Enrolment::new()?,
        };
        enrolment.servers.clone_from(&claims.servers);
        enrolment.pin = claims.pin.as_ref().map(ToString::to_string);
        self.settle(&mut enrolment);
        if enrolment.servers.is_empty() {
            return Err(Error::NoServer);
        }
        let answer = match self.ask_to_enrol(&enrolment, token) {
            Err(Error::Denied { code: Code::DeviceRefused, .. }) if enrolment.device.is_some() => {
                let Enrolment { servers, pin, proxy, .. } = enrolment;
                enrolment = Enrolment { servers, pin, proxy, ..Enrolment::new()? };
                self.ask_to_enrol(&enrolment, token)?
            }
            answer => answer?,
        };
        (enrolment.device, enrolment.state) = (Some(answer.device.clone()), Some(answer.state));
        enrolment.token = Some(placed::hash(token));
        enrolment.next_check_in = Some(next_check_in()?);
        self.share(&enrolment, &answer.device, answer.proofs)?;
        files::write(&self.enrolment_file(), &enrolment, Readers::Owner)?;
        Ok(answer.device)
    }

    /// Puts what an administrator placed here over what the token says.
    fn settle(&self, enrolment: &mut Enrolment) {
        if !self.settings.servers.is_empty() {
            enrolment.servers.clone_from(&self.settings.servers);
        }
        if self.settings.proxy.is_some() {
            enrolment.proxy.clone_from(&self.settings.proxy);
        }
    }

    fn share(&self, enrolment: &Enrolment, device: &str, proofs: Vec<ProofKind>) -> Result<(), Error> {
        let claim = ClaimFile {
            device: device.to_owned(),
            claim_code: enrolment.claim_code.clone(),
            servers: enrolment.servers.clone(),
            pin: enrolment.pin.clone(),
            proxy: enrolment.proxy.clone(),
            proofs,
        };
        files::write(&self.claim_file(), &claim, Readers::Everybody)
    }

    fn ask_to_enrol(&self, enrolment: &Enrolment, token: &Secret) -> Result<EnrolAnswer, Error> {
        // On the disk first: were the answer lost, the next try is the same laptop.
        files::write(&self.enrolment_file(), enrolment, Readers::Owner)?;
        let request = EnrolRequest {
            token: Hidden::new(token.expose().trim()),
            device_key: enrolment.device_key.clone(),
            claim_code: enrolment.claim_code.clone(),
            laptop: machine::facts(self.dmi.as_deref().unwrap_or(Path::new(machine::DMI))),
        };
        self.service(&enrolment.servers, enrolment.pin.as_deref(), enrolment.proxy.as_deref())?
            .post(protocol::ENROL, &request)
    }

    /// The system's part, from time to time: enrols with a token that was placed here, which is then deleted; else
    /// checks in when a week is over.
    pub fn tend(&self, placed: &Placed) -> Result<Tended, Error> {
        let kept: Option<Enrolment> = files::read(&self.enrolment_file())?;
        if let Some(token) = &placed.token {
            // One that an MDM leaves here lets a laptop in once: a device that was freed stays so.
            let used = kept.as_ref().is_some_and(|kept| kept.token.as_deref() == Some(&placed::hash(&token.secret)));
            if !(used && token.stays()) {
                let device = self.enrol(&token.secret)?;
                token.forget()?;
                return Ok(Tended::Enrolled { device });
            }
        }
        let Some(kept) = kept.filter(|kept| kept.device.is_some()) else { return Ok(Tended::WaitsForToken) };
        match kept.next_check_in {
            // A clock that was put back must not silence it.
            Some(at) if at > Timestamp::now() && at <= Timestamp::now() + BETWEEN_CHECK_INS + SPREAD => {
                Ok(Tended::Until(at))
            }
            _ => self.check_in().map(Tended::CheckedIn),
        }
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
        files::folder(&self.user, Readers::Owner)?;
        let path = self.activation_file();
        let kept: Option<Activation> = files::read(&path)?;
        let mut activation = if let Some(kept) = kept.filter(|kept| kept.device == code.device) {
            kept
        } else {
            let (device, credential) = (code.device.clone(), random_key()?);
            let new = Activation { device, credential, account: None, proof: None, activated_at: None };
            // On the disk first, as with the enrolment.
            files::write(&path, &new, Readers::Owner)?;
            new
        };
        let service = self.service(&code.servers, code.pin.as_deref(), code.proxy.as_deref())?;
        let answer: ClaimAnswer = service.post_over(protocol::CLAIM, &|peer| {
            let proof = offer(claim, peer)?;
            let (claim_code, credential) = (code.claim_code.clone(), activation.credential.clone());
            written(&ClaimRequest { claim_code, credential, proof })
        })?;
        activation.account = Some(answer.account);
        (activation.proof, activation.activated_at) = (Some(answer.proof), Some(answer.activated_at));
        files::write(&path, &activation, Readers::Owner)?;
        self.run_hook(&path)?;
        Ok(activation)
    }

    /// Runs what the agent's package put beside the enrolment, with the path of the activation: only the system can
    /// have put it there, as nobody else may write to that folder.
    fn run_hook(&self, activation: &Path) -> Result<(), Error> {
        let path = self.shared().join(if cfg!(windows) { "on-activation.cmd" } else { "on-activation" });
        let Ok(metadata) = path.metadata() else { return Ok(()) };
        let failed = |why: String| Error::Hook { path: path.clone(), why };
        self.is_the_systems(&metadata).map_err(failed)?;
        let status = std::process::Command::new(&path).arg(activation).stdin(std::process::Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(status.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    #[cfg(unix)]
    fn is_the_systems(&self, hook: &std::fs::Metadata) -> Result<(), String> {
        use std::os::unix::fs::MetadataExt as _;
        let owner = self.system.metadata().map_err(|error| error.to_string())?.uid();
        let safe = hook.uid() == owner && hook.mode() & 0o022 == 0;
        if safe { Ok(()) } else { Err("others may write to it".to_owned()) }
    }

    /// The folder's permissions see to it.
    #[cfg(windows)]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the other systems have something to look at")]
    fn is_the_systems(&self, _hook: &std::fs::Metadata) -> Result<(), String> {
        Ok(())
    }

    /// Says once that the laptop is still there, and learns how its device is.
    pub fn check_in(&self) -> Result<CheckInAnswer, Error> {
        let path = self.enrolment_file();
        let _alone = if path.exists() { self.alone()? } else { return Err(Error::NotEnrolled) };
        let mut enrolment: Enrolment = files::read(&path)?.ok_or(Error::NotEnrolled)?;
        let (servers, proxy) = (enrolment.servers.clone(), enrolment.proxy.clone());
        self.settle(&mut enrolment);
        let request = CheckInRequest { device_key: enrolment.device_key.clone(), agent: machine::agent() };
        let service = self.service(&enrolment.servers, enrolment.pin.as_deref(), enrolment.proxy.as_deref())?;
        let answer: CheckInAnswer = service.post(protocol::CHECK_IN, &request)?;
        if (servers, proxy) != (enrolment.servers.clone(), enrolment.proxy.clone()) {
            // They have answered; from now on users ask there, too.
            let code = self.claim_code()?;
            self.share(&enrolment, &code.device, code.proofs)?;
        }
        enrolment.state = Some(answer.state);
        enrolment.next_check_in = Some(next_check_in()?);
        files::write(&path, &enrolment, Readers::Owner)?;
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

    /// Looks whether the user's session has, or gets, a ticket for one of the service's hosts.
    pub fn look_for_ticket(&self) -> Result<(), Error> {
        let mut last = Error::NoServer;
        for server in self.claim_code()?.servers {
            let url = crate::model::token::server(&server).ok();
            match url.as_ref().and_then(url::Url::host_str).map(|host| kerberos::ticket(host, None)) {
                Some(Ok(_)) => return Ok(()),
                Some(Err(error)) => last = error.into(),
                None => {}
            }
        }
        Err(last)
    }

    fn service(&self, servers: &[String], pin: Option<&str>, kept: Option<&str>) -> Result<Service, Error> {
        let unreadable = || Error::Unreadable { path: self.claim_file(), why: "its pin is none".to_owned() };
        let pin = pin.map(str::parse::<Pin>).transpose().map_err(|_| unreadable())?;
        Ok(Service { servers: servers.to_vec(), pin, proxy: self.proxy(kept)? })
    }

    /// The command line's, else the one that was placed here, else the environment's.
    fn proxy(&self, kept: Option<&str>) -> Result<Option<Url>, Error> {
        let system = || ["HTTPS_PROXY", "https_proxy"].iter().find_map(|name| std::env::var(name).ok());
        let text = match self.proxy.as_deref().or(kept) {
            Some("none") => None,
            Some("system") | None => system(),
            Some(url) => Some(url.to_owned()),
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        match Url::parse(&text) {
            Ok(url) if url.scheme() == "http" && url.has_host() => Ok(Some(url)),
            _ => Err(Error::Proxy),
        }
    }
}

impl Enrolment {
    fn new() -> Result<Self, Error> {
        let (device_key, claim_code) = (random_key()?, random_key()?);
        Ok(Self {
            device_key,
            claim_code,
            servers: Vec::new(),
            pin: None,
            proxy: None,
            token: None,
            next_check_in: None,
            device: None,
            state: None,
        })
    }
}

fn next_check_in() -> Result<Timestamp, Error> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
    let share = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    let spread = SignedDuration::from_secs_f64(SPREAD.as_secs_f64() * share);
    Ok(Timestamp::now() + BETWEEN_CHECK_INS + spread)
}

/// What is sent of a proof on that connection. A ticket is made for it alone: sent on by somebody else, it is worth
/// nothing.
fn offer(claim: &Claim, peer: &Peer<'_>) -> Result<ProofOffer, Error> {
    let named = |kind, user: &str| ProofOffer { kind, user: Some(Bounded::cut(user)), password: None, ticket: None };
    Ok(match claim {
        Claim::Kerberos => {
            let token = kerberos::ticket(peer.host, Some(&kerberos::end_point(peer.certificate)))?;
            let ticket = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(token));
            let ticket = Some(Hidden::new(&ticket));
            ProofOffer { kind: ProofKind::Kerberos, user: None, password: None, ticket }
        }
        Claim::Password { user, password } => {
            ProofOffer { password: Some(Hidden::new(password.expose())), ..named(ProofKind::Password, user) }
        }
        Claim::Claimed { user } => named(ProofKind::Claimed, user),
    })
}

fn random_key() -> Result<Key, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(Key::from_random(bytes))
}
