//! Enroll: the system registers the laptop with a token.

use std::path::Path;

use super::check_in::next_check_in;
use super::stored::{ClaimFile, Deployed, Enrollment, Keys};
use super::{Error, Laptop, Readers, files, machine, provisioned};
use crate::protocol::{self, AuthMethod, Code, EnrollAnswer, EnrollRequest, Hidden};
use crate::secrets::Secret;

impl Laptop {
    /// Asks once for a pending device, and returns its id. A device in use is kept; one that has ended is replaced by a new
    /// one. Until the service has answered, an enrolled laptop continues as before: the token may be wrong.
    pub fn enroll(&self, token: &Secret) -> Result<String, Error> {
        let claims = crate::token::read(token.expose().trim()).ok_or(Error::NotAToken)?;
        self.make_folders()?;
        let _lock = self.lock()?;
        let path = self.enrollment_file();
        let mut stored: Enrollment = match files::read(&path)? {
            Some(stored) => stored,
            None => Enrollment::new()?,
        };
        let mut enrollment = stored.clone();
        enrollment.deployed.servers.clone_from(&claims.servers);
        enrollment.deployed.pin = claims.pin.as_ref().map(ToString::to_string);
        self.apply_settings(&mut enrollment.deployed);
        if enrollment.deployed.servers.is_empty() {
            return Err(Error::NoServer);
        }
        if stored.device.is_none() {
            // Written before it is sent: if the answer is lost, the next attempt is the same laptop.
            files::write(&path, &enrollment, Readers::Owner)?;
        }
        let answer = match self.request_enrollment(&enrollment, token) {
            Err(Error::Denied { code: Code::DeviceRefused, .. }) if stored.device.is_some() => {
                let next = match stored.next.take() {
                    Some(next) => next,
                    None => Keys::new()?,
                };
                stored.next = Some(next.clone());
                files::write(&path, &stored, Readers::Owner)?;
                let Keys { device_key, claim_code } = next;
                enrollment = Enrollment { device_key, claim_code, deployed: enrollment.deployed, ..Enrollment::new()? };
                self.request_enrollment(&enrollment, token)?
            }
            answer => answer?,
        };
        enrollment.next = None;
        (enrollment.device, enrollment.state) = (Some(answer.device), Some(answer.state));
        enrollment.token = Some(provisioned::hash(token));
        enrollment.next_check_in = Some(next_check_in(answer.state)?);
        self.write_claim_file(&enrollment, answer.auth_methods)?;
        files::write(&path, &enrollment, Readers::Owner)?;
        Ok(enrollment.device.unwrap_or_default())
    }

    /// Deletes the token's file once the laptop is enrolled.
    pub fn delete_token(&self, path: &Path) -> Result<(), Error> {
        files::remove(path)
    }

    /// Overrides the token's values with the administrator's settings.
    pub(super) fn apply_settings(&self, deployed: &mut Deployed) {
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

    /// Writes the part of an answered enrollment that users need.
    pub(super) fn write_claim_file(&self, enrollment: &Enrollment, auth_methods: Vec<AuthMethod>) -> Result<(), Error> {
        let claim = ClaimFile {
            device: enrollment.device.clone().unwrap_or_default(),
            claim_code: enrollment.claim_code.clone(),
            deployed: enrollment.deployed.clone(),
            auth_methods,
            state: enrollment.state,
        };
        files::write(&self.claim_file(), &claim, Readers::Everybody)
    }

    fn request_enrollment(&self, enrollment: &Enrollment, token: &Secret) -> Result<EnrollAnswer, Error> {
        let Keys { device_key, claim_code } = enrollment.keys();
        let request = EnrollRequest {
            token: Hidden::new(token.expose().trim()),
            device_key,
            claim_code,
            laptop: machine::facts(self.dmi.as_deref().unwrap_or(Path::new(machine::DMI))),
        };
        self.service(&enrollment.deployed)?.post(protocol::ENROLL, &request)
    }
}
