//! Finds the domain controllers of a domain in DNS ([MS-ADTS] 6.3.2.3, SRV records; RFC 2782).
//!
//! Controllers of the site are first, then the others; each sorted by lowest priority, then highest weight. RFC 2782 selects
//! randomly by weight; here the order is stored and shown, so it is fixed. DNS is not authenticated: names outside the
//! domain are marked, and TLS must verify each server.

use std::net::SocketAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData};

use super::connection::{Deadline, Watch};
use super::error::Error;
use super::{Deadlines, Driver};
use crate::directory::Error as DirectoryError;
use crate::model::directory::{Security, Url};
use crate::model::job::Job;
use crate::model::text::shown;

/// A domain controller from DNS.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Discovered {
    pub url: Url,
    pub priority: u16,
    pub weight: u16,
    /// Whether it is in the requested site.
    pub of_site: bool,
    /// Whether its name is in the domain. If not, the administrator should verify it.
    pub within_domain: bool,
}

/// The controllers of a domain in the order in which to try them. `dns` replaces this host's DNS servers.
///
/// # Errors
/// An invalid name, a DNS server that does not answer, and a domain without controllers.
pub fn discover(
    domain: &str,
    site: Option<&str>,
    dns: Option<SocketAddr>,
    job: &Job,
) -> Result<Vec<Discovered>, DirectoryError> {
    let domain = domain.trim().trim_end_matches('.').to_ascii_lowercase();
    let mut names = vec![name(&domain, &format!("_ldap._tcp.dc._msdcs.{domain}."))?];
    if let Some(site) = site {
        names.insert(0, name(site, &format!("_ldap._tcp.{}._sites.dc._msdcs.{domain}.", site.trim()))?);
    }
    let driver = Driver::new()?;
    driver.block_on(async {
        let resolver = resolver(dns)?;
        let mut found: Vec<Discovered> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let of_site = site.is_some() && at == 0;
            for record in ask(&resolver, name, Watch::over(job)).await? {
                let Some(url) = address(&record) else { continue };
                if found.iter().any(|known| known.url == url) {
                    continue;
                }
                let within_domain = url.host == domain || url.host.ends_with(&format!(".{domain}"));
                let SRV { priority, weight, .. } = record;
                found.push(Discovered { url, priority, weight, of_site, within_domain });
            }
        }
        if found.is_empty() {
            return Err(Error::NoControllers { asked: names.last().map(Name::to_ascii).unwrap_or_default() }.into());
        }
        Ok(found)
    })
}

/// The DNS name `whole`, which contains the given `text`.
fn name(text: &str, whole: &str) -> Result<Name, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let usable = !text.trim().is_empty() && text.trim().chars().all(plain);
    let name = usable.then(|| Name::from_ascii(whole).ok()).flatten();
    name.ok_or_else(|| Error::NoDnsName { given: shown(text) })
}

fn resolver(dns: Option<SocketAddr>) -> Result<TokioResolver, Error> {
    let failed = |error: NetError| Error::Dns { why: shown(&error.to_string()) };
    let mut builder = match dns {
        None => TokioResolver::builder_tokio().map_err(failed)?,
        Some(server) => {
            let at = |mut connection: ConnectionConfig| {
                connection.port = server.port();
                connection
            };
            let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
            let server = NameServerConfig::new(server.ip(), true, connections);
            let config = ResolverConfig::from_name_servers(vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    // Each query is sent once.
    builder.options_mut().cache_size = 0;
    builder.build().map_err(failed)
}

/// The sorted SRV records of a name; none if the name does not exist.
async fn ask(resolver: &TokioResolver, name: &Name, watch: Watch<'_>) -> Result<Vec<SRV>, DirectoryError> {
    let deadline = Deadline::of("the name server", "answer", Deadlines::default().connect);
    let answer = match watch.until(deadline, resolver.srv_lookup(name.clone())).await? {
        Ok(answer) => answer,
        Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
        Err(error) => return Err(Error::Dns { why: shown(&error.to_string()) }.into()),
    };
    let record = |data: &RData| if let RData::SRV(record) = data { Some(record.clone()) } else { None };
    let mut records: Vec<SRV> = answer.answers().iter().filter_map(|answer| record(&answer.data)).collect();
    records.sort_by_key(|record| (record.priority, std::cmp::Reverse(record.weight), record.target.to_ascii()));
    Ok(records)
}

/// The address of a controller. Records have the StartTLS port; a controller with a certificate also has LDAPS ([MS-ADTS]
/// 5.1.1). A root target means that the service is not available (RFC 2782).
fn address(record: &SRV) -> Option<Url> {
    let host = record.target.to_ascii();
    let host = host.trim_end_matches('.');
    if host.is_empty() {
        return None;
    }
    if record.port == Security::StartTls.default_port() {
        format!("ldaps://{host}").parse().ok()
    } else {
        format!("ldap://{host}:{}", record.port).parse().ok()
    }
}
