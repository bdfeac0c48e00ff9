//! Checks that laptops will trust the servers in the tokens of exports.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use crate::export::{Checked, Finding, What};
use crate::model::text::shown;
use crate::model::token::{Pin, server};
use crate::secrets::client_config;

use super::{Engine, Error};

/// The time limit for a server, including name resolution.
const PATIENCE: Duration = Duration::from_secs(3);

/// The result of a connection to a server.
#[derive(Debug)]
enum Seen {
    Believed,
    /// Why a laptop would not trust it.
    NotBelieved(String),
    Unreached(String),
}

impl Engine {
    /// Requests the certificate of each server in the tokens of these exports, as a laptop would, and adds certificates
    /// that a laptop would refuse to the findings. Only the TLS handshake is started. Returns the servers that are not
    /// reachable from this host, and why: laptops may be in another network.
    pub fn check_servers(&self, checked: &mut [Checked]) -> Result<Vec<(String, String)>, Error> {
        let records = self.tokens()?;
        let mut asked: Vec<(String, Option<Pin>, Seen)> = Vec::new();
        for export in checked {
            // The token itself has its addresses, wherever it was created; the record is used when its file is gone.
            let kept = records.iter().find(|record| Some(&record.id) == export.token.as_ref());
            let kept = kept.map(|record| (&record.servers, &record.pin));
            let said = export.claims.iter().map(|claims| (&claims.servers, &claims.pin));
            for (servers, pin) in said.chain(kept) {
                for address in servers {
                    let at = asked.iter().position(|(other, its, _)| other == address && its == pin);
                    let at = at.unwrap_or_else(|| {
                        asked.push((address.clone(), pin.clone(), look(address, pin.clone())));
                        asked.len() - 1
                    });
                    let Seen::NotBelieved(why) = &asked[at].2 else { continue };
                    let detail = format!("laptops will not trust {}: {}", shown(address), shown(why));
                    let finding = Finding { what: What::Server, file: None, detail };
                    if !export.findings.contains(&finding) {
                        export.findings.push(finding);
                    }
                }
            }
        }
        let unreached = asked.into_iter().filter_map(|(address, _, seen)| match seen {
            Seen::Unreached(why) => Some((shown(&address), shown(&why))),
            _ => None,
        });
        let mut unreached: Vec<_> = unreached.collect();
        unreached.sort();
        unreached.dedup();
        Ok(unreached)
    }
}

/// Connects in a separate thread, because name resolution has no time limit.
fn look(address: &str, pin: Option<Pin>) -> Seen {
    let (tell, told) = mpsc::channel();
    let address = address.to_owned();
    std::thread::spawn(move || tell.send(handshake(&address, pin.as_ref())));
    told.recv_timeout(PATIENCE * 2).unwrap_or_else(|_| Seen::Unreached("it does not answer".to_owned()))
}

fn handshake(address: &str, pin: Option<&Pin>) -> Seen {
    let unreached = |why: &dyn std::fmt::Display| Seen::Unreached(why.to_string());
    let url = match server(address) {
        Ok(url) => url,
        Err(error) => return unreached(&error),
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let resolved = (host.as_str(), url.port_or_known_default().unwrap_or(443)).to_socket_addrs();
    let tcp = resolved.and_then(|mut all| {
        let at = all.next().ok_or_else(|| std::io::Error::other("its name has no address"))?;
        let tcp = TcpStream::connect_timeout(&at, PATIENCE)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        Ok(tcp)
    });
    let mut tcp = match tcp {
        Ok(tcp) => tcp,
        Err(error) => return unreached(&error),
    };
    let connection = ServerName::try_from(host).map_err(|error| error.to_string()).and_then(|name| {
        let config = client_config(pin).map_err(|error| error.to_string())?;
        ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())
    });
    let mut connection = match connection {
        Ok(connection) => connection,
        Err(error) => return unreached(&error),
    };
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut tcp) {
            return match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(why) => Seen::NotBelieved(reason(why, pin.is_some())),
                None => unreached(&error),
            };
        }
    }
    Seen::Believed
}

fn reason(why: &rustls::Error, pinned: bool) -> String {
    use rustls::CertificateError::{NotValidForName, NotValidForNameContext, UnknownIssuer};
    match why {
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "its certificate is for another name".to_owned()
        }
        rustls::Error::InvalidCertificate(UnknownIssuer) if pinned => {
            "its certificate is not signed by the authority that the token pins".to_owned()
        }
        other => other.to_string(),
    }
}
