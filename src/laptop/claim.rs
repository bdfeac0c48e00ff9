//! Claim: the user activates the laptop at log-on.

use base64::Engine as _;

use super::connection::{Peer, json};
use super::stored::Activation;
use super::{Error, Laptop, Readers, files};
use crate::kerberos;
use crate::protocol::{self, AuthMethod, Authentication, Bounded, ClaimAnswer, ClaimRequest, Hidden};
use crate::secrets::Secret;

/// How the user authenticates.
#[allow(missing_debug_implementations, reason = "it holds a password")]
pub enum Claim {
    /// With the tickets of the session.
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
    /// Asks once for the user's account, stores it, and runs the agent's hook.
    pub fn claim(&self, claim: &Claim) -> Result<Activation, Error> {
        let code = self.claim_code()?;
        files::folder(&self.user, Readers::Owner)?;
        let path = self.activation_file();
        let stored: Option<Activation> = files::read(&path)?;
        let mut activation = if let Some(stored) = stored.filter(|stored| stored.device == code.device) {
            stored
        } else {
            let new = Activation::new(code.device.clone())?;
            // Written before it is sent: if the answer is lost, the next attempt sends the same credential.
            files::write(&path, &new, Readers::Owner)?;
            new
        };
        let service = self.service(&code.deployed)?;
        let answer: Result<ClaimAnswer, Error> = service.post_over(protocol::CLAIM, &|peer| {
            let auth = authentication(claim, peer)?;
            let (claim_code, credential) = (code.claim_code.clone(), activation.credential.clone());
            json(&ClaimRequest { claim_code, credential, auth })
        });
        match answer {
            Ok(answer) => activation.granted(answer),
            Err(error) => {
                // A refused user has no activation; a file without an account would look like a lost answer.
                if activation.account.is_none() && matches!(&error, Error::Denied { code, .. } if !code.is_transient())
                {
                    files::remove(&path)?;
                }
                return Err(error);
            }
        }
        files::write(&path, &activation, Readers::Owner)?;
        self.run_hook()?;
        Ok(activation)
    }

    /// Checks whether the user's session has, or gets, a ticket for one of the service's hosts.
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
}

/// The authentication to send on this connection. A ticket is bound to it, so it cannot be forwarded.
fn authentication(claim: &Claim, peer: &Peer<'_>) -> Result<Authentication, Error> {
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
