//! Whether the servers that exports send laptops to are those that laptops will believe.

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

/// How long a server may take, its name included.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a server showed of itself.
#[derive(Debug)]
enum Seen {
    Believed,
    /// Why a laptop would not believe it.
    NotBelieved(String),
    Unreached(String),
}

impl Engine {
    /// Asks each server of the tokens that these exports carry for its certificate, as a laptop would, and adds what a
    /// laptop would refuse to the findings. Nothing is sent to it but what begins TLS. Answers with those that could not
    /// be reached from here, and why: laptops may be elsewhere.
    pub fn check_servers(&self, checked: &mut [Checked]) -> Result<Vec<(String, String)>, Error> {
        let records = self.tokens()?;
        let mut asked: Vec<(String, Option<Pin>, Seen)> = Vec::new();
        for export in checked {
            // What a token says goes with it wherever it was made; what is kept of it, where its file is gone.
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
                    let detail = format!("laptops will not believe {}: {}", shown(address), shown(why));
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

/// Looks from a thread of its own: a name may take its resolver longer than anybody waits.
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
        let at = all.next().ok_or_else(|| std::io::Error::other("its name means no address"))?;
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
                Some(why) => Seen::NotBelieved(told(why, pin.is_some())),
                None => unreached(&error),
            };
        }
    }
    Seen::Believed
}

fn told(why: &rustls::Error, pinned: bool) -> String {
    use rustls::CertificateError::{NotValidForName, NotValidForNameContext, UnknownIssuer};
    match why {
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "its certificate is for another name".to_owned()
        }
        rustls::Error::InvalidCertificate(UnknownIssuer) if pinned => {
            "its certificate is not of the authority whose pin the token carries".to_owned()
        }
        other => other.to_string(),
    }
}
