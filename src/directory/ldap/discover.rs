//! The domain controllers of a domain, as its DNS names them ([MS-ADTS] 6.3.2.3, SRV records; RFC 2782).
//!
//! Those of a site come first, then the others of the domain; in each, the lowest priority, then the highest weight.
//! RFC 2782 draws by weight anew for each connection; here the order is kept and looked at, so the heaviest leads.
//! DNS is nobody's promise: a name that lies outside the domain is marked, and TLS still has to prove every one.

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

/// A domain controller that DNS names.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Discovered {
    pub url: Url,
    pub priority: u16,
    pub weight: u16,
    /// It is of the site that was asked for.
    pub of_site: bool,
    /// Its name lies within the domain's. Where it does not, somebody should be sure of it.
    pub within_domain: bool,
}

/// The controllers of a domain in the order in which to try them. `dns` is asked instead of this host's name servers.
///
/// # Errors
/// A name that is none, a name server that does not answer, and a domain without a single controller.
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

/// A DNS name that `text`, as it was given, goes into.
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
    // Each question is asked once.
    builder.options_mut().cache_size = 0;
    builder.build().map_err(failed)
}

/// The SRV records of a name in their order; none where there is no such name.
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

/// The address of a controller. A record names the port for StartTLS; a controller that has a certificate answers at
/// LDAPS' own as well ([MS-ADTS] 5.1.1). The root as a target means that there is none (RFC 2782).
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
