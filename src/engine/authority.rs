//! The installation's certificate authority: whom laptops believe to be this service.

use crate::model::token::{Pin, State, server};
use crate::secrets::{Authority, Leaf, Secret};
use crate::store;

use super::{Engine, Error};

const LABEL: &str = "authority";

impl Engine {
    /// The pin that tokens carry. Makes the authority at first use.
    pub fn pin(&self) -> Result<Pin, Error> {
        let pin = self.authority()?.pin;
        pin.parse().map_err(|_| Error::Secrets(crate::secrets::Error::Damaged { label: LABEL.to_owned() }))
    }

    /// A certificate of the authority for the service, which may be reached under these names and under those that the
    /// valid tokens carry.
    pub fn service_certificate(&self, names: &[String]) -> Result<Leaf, Error> {
        let authority = self.authority()?;
        let key: Secret = self.identity()?.unseal(&authority.sealed_key, LABEL)?;
        let mut all = names.to_vec();
        all.extend(self.server_names()?);
        all.sort();
        all.dedup();
        Ok(Authority::open(self.installation(), &key, authority.certificate)?.issue(&all, self.now())?)
    }

    /// The hosts that the valid tokens send laptops to.
    pub fn server_names(&self) -> Result<Vec<String>, Error> {
        let now = self.now();
        let valid = self.tokens()?.into_iter().filter(|token| token.state(now) == State::Valid);
        let hosts = valid.flat_map(|token| token.servers).filter_map(|address| {
            server(&address).ok()?.host_str().map(|host| host.trim_matches(['[', ']']).to_owned())
        });
        let mut hosts: Vec<_> = hosts.collect();
        hosts.sort();
        hosts.dedup();
        Ok(hosts)
    }

    fn authority(&self) -> Result<store::Authority, Error> {
        if let Some(authority) = self.store().authority()? {
            return Ok(authority);
        }
        let by = self.by("keys create")?;
        let (key, certificate, pin) = Authority::create(self.installation(), by.at)?;
        let sealed_key = self.identity()?.seal(&key, LABEL)?;
        let made = store::Authority { certificate, pin, sealed_key, created_at: by.at };
        self.store().add_authority(&made, &by)?;
        // Of two that start at once, the first one's is the authority of both.
        Ok(self.store().authority()?.unwrap_or(made))
    }
}
