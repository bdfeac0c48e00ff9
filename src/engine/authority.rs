//! The installation's certificate authority, which laptops trust.

use crate::model::token::{Pin, Record, State, server};
use crate::secrets::{Authority, Leaf, Secret};
use crate::store;

use super::{Engine, Error};

const LABEL: &str = "authority";

impl Engine {
    /// The pin in tokens. Creates the authority at first use.
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

    /// The hosts that the tokens send laptops to.
    pub fn server_names(&self) -> Result<Vec<String>, Error> {
        let hosts = self.server_addresses()?.into_iter().filter_map(|address| {
            server(&address).ok()?.host_str().map(|host| host.trim_matches(['[', ']']).to_owned())
        });
        let mut hosts: Vec<_> = hosts.collect();
        hosts.sort();
        hosts.dedup();
        Ok(hosts)
    }

    /// The addresses in tokens that laptops may still use, including tokens that have reached their maximum
    /// activations: their laptops are enrolled and check in.
    pub fn server_addresses(&self) -> Result<Vec<String>, Error> {
        let now = self.now();
        let gone = |token: &Record| matches!(token.state(now), State::Expired | State::Revoked);
        let mut addresses = Vec::new();
        for address in self.tokens()?.into_iter().filter(|token| !gone(token)).flat_map(|token| token.servers) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// The addresses for tokens of a signing key that was imported from another installation.
    pub fn imported_servers(&self) -> Result<Vec<String>, Error> {
        let active = self.store().keys()?.into_iter().find(|key| key.state == store::KeyState::Active);
        Ok(active.and_then(|key| key.signs_for).map(|other| other.servers).unwrap_or_default())
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
        // Two processes that start at once use the authority that was stored first.
        Ok(self.store().authority()?.unwrap_or(made))
    }
}
