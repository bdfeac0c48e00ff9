//! Enroll, claim, check in: what is asked, and what is kept of the answer.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::connection::{Peer, Service, written};
use super::files::Readers;
use super::kept::{Activation, ClaimFile, Deployed, Enrollment, Keys};
use super::placed::{self, Placed, Settings};
use super::{Error, files, machine};
use crate::kerberos;
use crate::model::token::Pin;
use crate::protocol::{
    self, AuthMethod, Authentication, Bounded, CheckInAnswer, CheckInRequest, ClaimAnswer, ClaimRequest, Code,
    EnrollAnswer, EnrollRequest, Hidden, State,
};
use crate::secrets::Secret;

/// How long after one check-in the next is due, but for the random part: a week on average.
const BETWEEN_CHECK_INS: SignedDuration = SignedDuration::from_hours(6 * 24 + 12);
/// The random part, which spreads laptops that were installed at once.
const SPREAD: SignedDuration = SignedDuration::from_hours(24);
/// The same while a laptop waits for its user: a day on average. Users cannot write here, so that one of them has claimed
/// it is learnt from the service.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_hours(20);
const SPREAD_OF_LOOKS: SignedDuration = SignedDuration::from_hours(8);

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

/// What a laptop waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// Nobody has enrolled it.
    ForToken,
    /// The service has not answered yet.
    ForService,
    ForUser {
        device: String,
        auth_methods: Vec<AuthMethod>,
    },
    ForNothing {
        device: String,
        /// Absent: somebody else's, or who asks cannot tell.
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
    Unverified {
        user: String,
    },
}

impl Laptop {
    fn enrollment_file(&self) -> PathBuf {
        self.system.join("enrollment.json")
    }

    pub(super) fn claim_file(&self) -> PathBuf {
        self.shared().join("claim.json")
    }

    /// Where users may read. On Windows a file's readers are those of its folder, so it is one of its own there.
    pub(super) fn shared(&self) -> PathBuf {
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

    /// Held while the enrollment is changed, so that two runs at once are one after the other.
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
    /// one. Until the service has answered, a laptop that has a device goes on as before: the token may be a wrong one.
    pub fn enroll(&self, token: &Secret) -> Result<String, Error> {
        let claims = crate::token::read(token.expose().trim()).ok_or(Error::NotAToken)?;
        self.make_folders()?;
        let _alone = self.alone()?;
        let path = self.enrollment_file();
        let mut kept: Enrollment = match files::read(&path)? {
            Some(kept) => kept,
            None => Enrollment::new()?,
        };
        let mut enrollment = kept.clone();
        enrollment.deployed.servers.clone_from(&claims.servers);
        enrollment.deployed.pin = claims.pin.as_ref().map(ToString::to_string);
        self.settle(&mut enrollment.deployed);
        if enrollment.deployed.servers.is_empty() {
            return Err(Error::NoServer);
        }
        if kept.device.is_none() {
            // On the disk first: were the answer lost, the next try is the same laptop.
            files::write(&path, &enrollment, Readers::Owner)?;
        }
        let answer = match self.ask_to_enroll(&enrollment, token) {
            Err(Error::Denied { code: Code::DeviceRefused, .. }) if kept.device.is_some() => {
                let next = match kept.next.take() {
                    Some(next) => next,
                    None => Keys::new()?,
                };
                kept.next = Some(next.clone());
                files::write(&path, &kept, Readers::Owner)?;
                let Keys { device_key, claim_code } = next;
                enrollment = Enrollment { device_key, claim_code, deployed: enrollment.deployed, ..Enrollment::new()? };
                self.ask_to_enroll(&enrollment, token)?
            }
            answer => answer?,
        };
        enrollment.next = None;
        (enrollment.device, enrollment.state) = (Some(answer.device), Some(answer.state));
        enrollment.token = Some(placed::hash(token));
        enrollment.next_check_in = Some(next_check_in(answer.state)?);
        self.share(&enrollment, answer.auth_methods)?;
        files::write(&path, &enrollment, Readers::Owner)?;
        Ok(enrollment.device.unwrap_or_default())
    }

    /// Puts what an administrator placed here over what the token says.
    fn settle(&self, deployed: &mut Deployed) {
        if !self.settings.servers.is_empty() {
            deployed.servers.clone_from(&self.settings.servers);
        }
        if self.settings.proxy.is_some() {
            deployed.proxy.clone_from(&self.settings.proxy);
        }
        if self.settings.on_activation.is_some() {
            deployed.on_activation.clone_from(&self.settings.on_activation);
        }
    }

    /// Says to users what they need of an enrollment that the service has answered for.
    fn share(&self, enrollment: &Enrollment, auth_methods: Vec<AuthMethod>) -> Result<(), Error> {
        let claim = ClaimFile {
            device: enrollment.device.clone().unwrap_or_default(),
            claim_code: enrollment.claim_code.clone(),
            deployed: enrollment.deployed.clone(),
            auth_methods,
            state: enrollment.state,
        };
        files::write(&self.claim_file(), &claim, Readers::Everybody)
    }

    fn ask_to_enroll(&self, enrollment: &Enrollment, token: &Secret) -> Result<EnrollAnswer, Error> {
        let Keys { device_key, claim_code } = enrollment.keys();
        let request = EnrollRequest {
            token: Hidden::new(token.expose().trim()),
            device_key,
            claim_code,
            laptop: machine::facts(self.dmi.as_deref().unwrap_or(Path::new(machine::DMI))),
        };
        self.service(&enrollment.deployed)?.post(protocol::ENROLL, &request)
    }

    /// The system's part, from time to time: enrolls with a token that was placed here, which is then deleted; else
    /// checks in when it is due. A laptop that has a device checks in whatever becomes of a token, and then says that.
    pub fn tend(&self, placed: &Placed) -> Result<Tended, Error> {
        let kept: Option<Enrollment> = files::read(&self.enrollment_file())?;
        let mut refused = None;
        if let Some(token) = &placed.token {
            // One that an MDM leaves here lets a laptop in once: a device that was released stays so.
            let used = kept.as_ref().is_some_and(|kept| kept.token.as_deref() == Some(&placed::hash(&token.secret)));
            if !(used && token.stays()) {
                match self.enroll(&token.secret) {
                    Ok(device) => {
                        token.forget()?;
                        return Ok(Tended::Enrolled { device });
                    }
                    Err(error) if kept.as_ref().is_some_and(|kept| kept.device.is_some()) => refused = Some(error),
                    Err(error) => return Err(error),
                }
            }
        }
        let Some(kept) = kept.filter(|kept| kept.device.is_some()) else { return Ok(Tended::WaitsForToken) };
        let tended = match kept.next_check_in {
            // A clock that was put back must not silence it.
            Some(at) if at > Timestamp::now() && at <= Timestamp::now() + BETWEEN_CHECK_INS + SPREAD => {
                Ok(Tended::Until(at))
            }
            _ => self.check_in().map(Tended::CheckedIn),
        };
        match (refused, tended) {
            (None, tended) => tended,
            // What passes is tried again, and the token with it.
            (Some(_), Err(error)) if error.may_pass() => Err(error),
            (Some(refused), _) => Err(refused),
        }
    }

    /// Deletes the token's file once the laptop is enrolled.
    pub fn forget_token(&self, path: &Path) -> Result<(), Error> {
        files::remove(path)
    }

    /// What users may read of the enrollment.
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
            let new = Activation::new(code.device.clone())?;
            // On the disk first, as with the enrollment.
            files::write(&path, &new, Readers::Owner)?;
            new
        };
        let service = self.service(&code.deployed)?;
        let answer: Result<ClaimAnswer, Error> = service.post_over(protocol::CLAIM, &|peer| {
            let auth = offer(claim, peer)?;
            let (claim_code, credential) = (code.claim_code.clone(), activation.credential.clone());
            written(&ClaimRequest { claim_code, credential, auth })
        });
        match answer {
            Ok(answer) => activation.granted(answer),
            Err(error) => {
                // Whoever was refused has no activation: what is left of the try would look like a lost answer.
                if activation.account.is_none() && matches!(&error, Error::Denied { code, .. } if !code.is_passing()) {
                    files::remove(&path)?;
                }
                return Err(error);
            }
        }
        files::write(&path, &activation, Readers::Owner)?;
        self.run_hook()?;
        Ok(activation)
    }

    /// Says once that the laptop is still there, and learns how its device is.
    pub fn check_in(&self) -> Result<CheckInAnswer, Error> {
        let path = self.enrollment_file();
        let _alone = if path.exists() { self.alone()? } else { return Err(Error::NotEnrolled) };
        let mut enrollment: Enrollment = files::read(&path)?.ok_or(Error::NotEnrolled)?;
        self.settle(&mut enrollment.deployed);
        let request = CheckInRequest { device_key: enrollment.device_key.clone(), agent: machine::agent() };
        let answer: CheckInAnswer = self.service(&enrollment.deployed)?.post(protocol::CHECK_IN, &request)?;
        (enrollment.device, enrollment.state) = (Some(answer.device.clone()), Some(answer.state));
        enrollment.next_check_in = Some(next_check_in(answer.state)?);
        // These servers have answered: from now on users ask there, too, and by the proofs that are wanted now.
        let auth_methods = match &answer.auth_methods[..] {
            [] => self.claim_code()?.auth_methods,
            auth_methods => auth_methods.to_vec(),
        };
        self.share(&enrollment, auth_methods)?;
        files::write(&path, &enrollment, Readers::Owner)?;
        Ok(answer)
    }

    /// What the laptop waits for, as far as whoever asks may read.
    pub fn waits(&self) -> Result<Waits, Error> {
        let activation: Option<Activation> = files::read(&self.activation_file()).unwrap_or(None);
        let claim: Option<ClaimFile> = files::read(&self.claim_file())?;
        // Only the system may read this one.
        let enrollment: Option<Enrollment> = files::read(&self.enrollment_file()).unwrap_or(None);
        let Some(claim) = claim else {
            let begun = self.enrollment_file().exists();
            return Ok(if begun { Waits::ForService } else { Waits::ForToken });
        };
        let device = claim.device;
        let own = activation.filter(|one| one.device == device);
        // What the service said last goes before what this user was once given.
        let state = claim.state.or_else(|| enrollment.and_then(|enrollment| enrollment.state));
        Ok(match (state, own.map(|own| own.account)) {
            (Some(state @ (State::Replaced | State::Released | State::Revoked | State::Preserved)), _) => {
                Waits::Ended { device, state }
            }
            (_, Some(Some(account))) => Waits::ForNothing { device, user: Some(account.user) },
            // A try of this user's own that was not answered may be the one that was granted.
            (Some(State::Activated), None) => Waits::ForNothing { device, user: None },
            (Some(State::Pending | State::Activated) | None, _) => {
                Waits::ForUser { device, auth_methods: claim.auth_methods }
            }
        })
    }

    /// Looks whether the user's session has, or gets, a ticket for one of the service's hosts.
    pub fn look_for_ticket(&self) -> Result<(), Error> {
        let mut last = Error::NoServer;
        for server in self.claim_code()?.deployed.servers {
            let url = crate::model::token::server(&server).ok();
            match url.as_ref().and_then(url::Url::host_str).map(|host| kerberos::ticket(host, None)) {
                Some(Ok(_)) => return Ok(()),
                Some(Err(error)) => last = error.into(),
                None => {}
            }
        }
        Err(last)
    }

    fn service(&self, deployed: &Deployed) -> Result<Service, Error> {
        let unreadable = || Error::Unreadable { path: self.claim_file(), why: "its pin is none".to_owned() };
        let pin = deployed.pin.as_deref().map(str::parse::<Pin>).transpose().map_err(|_| unreadable())?;
        Ok(Service { servers: deployed.servers.clone(), pin, proxy: self.proxy(deployed.proxy.as_deref())? })
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

fn next_check_in(state: State) -> Result<Timestamp, Error> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
    let share = f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX);
    let (after, spread) = match state {
        State::Pending | State::Preserved => (BETWEEN_LOOKS, SPREAD_OF_LOOKS),
        _ => (BETWEEN_CHECK_INS, SPREAD),
    };
    Ok(Timestamp::now() + after + SignedDuration::from_secs_f64(spread.as_secs_f64() * share))
}

/// What is sent of a proof on that connection. A ticket is made for it alone: sent on by somebody else, it is worth
/// nothing.
fn offer(claim: &Claim, peer: &Peer<'_>) -> Result<Authentication, Error> {
    let named =
        |method, user: &str| Authentication { method, user: Some(Bounded::cut(user)), password: None, ticket: None };
    Ok(match claim {
        Claim::Kerberos => {
            let token = kerberos::ticket(peer.host, Some(&kerberos::end_point(peer.certificate)))?;
            let ticket = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(token));
            let ticket = Some(Hidden::new(&ticket));
            Authentication { method: AuthMethod::Kerberos, user: None, password: None, ticket }
        }
        Claim::Password { user, password } => {
            Authentication { password: Some(Hidden::new(password.expose())), ..named(AuthMethod::Password, user) }
        }
        Claim::Unverified { user } => named(AuthMethod::Unverified, user),
    })
}
