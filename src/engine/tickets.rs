//! Authentication with Kerberos tickets.

use std::path::Path;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::activation::{self, Claim, Error as Refused};
use crate::kerberos::{self, Acceptor};
use crate::model::refusal::Reason;
use crate::model::settings::AuthMethod;
use crate::model::user::{Guid, User};
use crate::protocol::Hidden;

use super::activations::Denied;
use super::{Asker, Engine, Error};

/// The configuration of a service that accepts tickets.
pub(super) struct Tickets {
    acceptor: Acceptor,
    /// The maximum age of the cache while the directory is not available.
    oldest: SignedDuration,
}

impl Engine {
    /// Accepts tickets for the keys of that keytab from now on. While a directory is not available, the cached user
    /// counts, up to that age of the cache.
    pub fn take_tickets(&self, keytab: &Path, oldest: SignedDuration) -> Result<(), Error> {
        kerberos::restart_with_keytab(keytab, self.state())?;
        let tickets = Tickets { acceptor: Acceptor::open(keytab)?, oldest };
        // If it is already set, it is the same keytab: there is one per process.
        let _ = self.0.activations.tickets.set(tickets);
        Ok(())
    }

    /// Whether the settings accept tickets that this engine cannot verify.
    pub fn lacks_keytab(&self) -> Result<bool, Error> {
        let wanted = self.settings()?.is_some_and(|settings| settings.value.auth.contains(&AuthMethod::Kerberos));
        Ok(wanted && self.0.activations.tickets.get().is_none())
    }

    /// Verifies the ticket, looks up its user, and sets that user in the claim.
    pub(super) fn try_ticket(
        &self,
        claim: &mut Claim,
        ticket: &Hidden<65_536>,
        asker: &Asker,
        who: &mut Option<String>,
        now: Timestamp,
    ) -> Result<(Guid, Option<User>), Denied> {
        self.store().snapshot(|snapshot| activation::admitted(snapshot, &claim.claim_code, claim.auth, now))?;
        let tickets = self.0.activations.tickets.get().ok_or(Refused::from(Reason::AuthNotAccepted))?;
        let refused = |error: kerberos::Error| Refused::from(Reason::Ticket(error.to_string()));
        let token = base64::engine::general_purpose::STANDARD.decode(ticket.expose()).map(Zeroizing::new);
        let token = token.map_err(|_| refused(kerberos::Error::Refused("it is not valid base64".to_owned())))?;
        let principal = tickets.acceptor.accept(&token, asker.end_point.as_deref()).map_err(refused)?;
        *who = Some(principal.to_string());
        let whose = || self.store().snapshot(|snapshot| activation::whose(snapshot, &principal));
        let guid = match whose() {
            Err(Refused::Refused(Reason::UserUnknown))
                if self.look_up(&claim.claim_code, &principal.names(), &|user| principal.identifies(user))? =>
            {
                whose()?
            }
            other => other?,
        };
        claim.user = guid.to_string();
        let standing = self.store().snapshot(|snapshot| activation::look(snapshot, claim, now))?;
        let name = &standing.directory.name;
        let (password, synced) = self
            .password(name)
            .and_then(|password| Ok((password, self.last_sync()?)))
            .map_err(|error| Denied::internal(&error))?;
        let _turn = self.trying()?;
        let user = activation::as_of_now(&standing, &principal, password.as_ref(), synced, tickets.oldest, now)?;
        if user.is_none() {
            tracing::warn!(directory = %name, user = %standing.user.user.label(), "the directory is not available: a ticket was accepted with cached data");
        }
        Ok((guid, user))
    }
}
