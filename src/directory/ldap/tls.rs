//! TLS with a domain controller: trust, facts about the certificate, and the reason of a failure.
//!
//! `rustls` and `webpki` verify the certificate, always. Rules: RFC 8446, RFC 5246; names by RFC 9525: the requested name must
//! be among the certificate's subjectAltNames. A pinned key identifies the server by itself (RFC 7858, 4.2): the handshake
//! still verifies that the server has the private key, but issuer, name and dates of the certificate are ignored.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerified;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate, X509Name};

use super::error::{Error, OtherKey};
use crate::model::directory::{Trust, Url};
use crate::model::pin::Pin;
use crate::model::text;
use crate::secrets::{Judge, Judged, Shown};

/// Facts about a TLS connection. All texts are safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// `TLS 1.3`
    pub(super) version: &'static str,
    /// The issuer of the server's certificate.
    pub(super) signer: String,
    /// The expiry of the server's certificate.
    pub(super) until: Option<Timestamp>,
    /// The pinned key, when pins are used.
    pub(super) pinned: Option<Pin>,
}

/// Performs the TLS handshake.
pub(super) async fn handshake(
    tcp: TcpStream,
    url: &Url,
    trust: &Trust,
) -> Result<(TlsStream<TcpStream>, Facts), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = match trust {
        Trust::Pins(pins) => Trusted::Keys(pins.clone()),
        Trust::System | Trust::Ca { .. } => Trusted::Chain(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(trust)?), Arc::clone(&provider))
                .build()
                .map_err(|error| failed(url, &error))?,
        ),
    };
    let judge = Recorder { trusted, seen: Mutex::new(None) };
    let verifier = Arc::new(Judged { judge, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(url, &error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Judged<Recorder>>::clone(&verifier))
        .with_no_client_auth();
    let name =
        ServerName::try_from(url.host.trim_matches(['[', ']']).to_owned()).map_err(|error| failed(url, &error))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let connected = connector.connect(name, tcp).await;
    let certificate = verifier.judge.certificate();
    let stream = connected.map_err(|error| explained(url, &error, trust, &certificate))?;
    let version = match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    let Certificate { signer, until, pin, .. } = certificate;
    let pinned = matches!(trust, Trust::Pins(_)).then_some(pin).flatten();
    Ok((stream, Facts { version, signer, until, pinned }))
}

/// The trusted CA certificates.
fn roots(trust: &Trust) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::System => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(Error::NoRoots);
            }
        }
        Trust::Ca { file, pem } => {
            let bad = |why: String| Error::BadCa { file: text::shown(&file.to_string_lossy()), why };
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| bad(error.to_string()))?;
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(bad("no certificate found".to_owned()));
            }
        }
        // A pinned key needs no CA.
        Trust::Pins(_) => {}
    }
    Ok(roots)
}

/// How the server's certificate is verified.
#[derive(Debug)]
enum Trusted {
    /// By `webpki`, with the trusted CAs.
    Chain(Arc<WebPkiServerVerifier>),
    /// By its key, which must be one of these.
    Keys(Vec<Pin>),
}

/// Verifies the certificate and records it, so that an error can describe it: `rustls` exposes only accepted certificates.
#[derive(Debug)]
struct Recorder {
    trusted: Trusted,
    seen: Mutex<Option<CertificateDer<'static>>>,
}

impl Judge for Recorder {
    fn judge(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown.certificate.clone().into_owned());
        match &self.trusted {
            Trusted::Chain(chain) => shown.by(chain),
            Trusted::Keys(pins) if pin_of(shown.certificate).is_some_and(|pin| pins.contains(&pin)) => {
                Ok(ServerCertVerified::assertion())
            }
            Trusted::Keys(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }
}

/// The content of a certificate. All texts are safe to show.
#[derive(Debug, Default)]
struct Certificate {
    signer: String,
    names: Vec<String>,
    until: Option<Timestamp>,
    pin: Option<Pin>,
}

impl Recorder {
    fn certificate(&self) -> Certificate {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map_or_else(Certificate::default, |der| Certificate::read(der))
    }
}

impl Certificate {
    fn read(der: &[u8]) -> Self {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Self::default() };
        let mut names = Vec::new();
        for extension in certificate.extensions() {
            if let ParsedExtension::SubjectAlternativeName(alternatives) = extension.parsed_extension() {
                names.extend(alternatives.general_names.iter().filter_map(name));
            }
        }
        names.truncate(20);
        let until = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok();
        Self { signer: named(certificate.issuer()), names, until, pin: Some(Pin::of_key(certificate.public_key().raw)) }
    }
}

/// The pin of a certificate's key.
fn pin_of(der: &[u8]) -> Option<Pin> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(Pin::of_key(certificate.public_key().raw))
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(text::shown(name)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
            let v6 = <[u8; 16]>::try_from(*bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
            v4.or(v6).ok()
        }
        _ => None,
    }
}

/// The common name of an issuer, else its complete name.
fn named(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|common| common.as_str().ok());
    text::shown(&common.map_or_else(|| name.to_string(), ToOwned::to_owned))
}

/// Why the handshake failed.
fn explained(url: &Url, error: &io::Error, trust: &Trust, certificate: &Certificate) -> Error {
    let server = url.to_string();
    let Some(reason) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Error::ClosedInHandshake { server }
            }
            _ => Error::Unreachable { server, why: error.to_string() },
        };
    };
    let signer = || certificate.signer.clone();
    match (reason, certificate.pin) {
        (rustls::Error::InvalidMessage(_), _) => return Error::NotTls { server },
        (rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure), Some(seen)) => {
            let pins = if let Trust::Pins(pins) = trust { pins.clone() } else { Vec::new() };
            return Error::OtherKey(Box::new(OtherKey { server, seen, signer: signer(), pins }));
        }
        (rustls::Error::InvalidCertificate(why), Some(pin)) if is_untrusted(why) => {
            return Error::UnknownAuthority { server, signer: signer(), pin: Box::new(pin) };
        }
        _ => {}
    }
    match reason {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Error::WrongName { server, names: certificate.names.clone() },
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Error::Expired { server, on: day(*not_after) }
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
            Error::NotYetValid { server, from: day(*not_before) }
        }
        other => failed(url, other),
    }
}

/// Whether no trusted CA issued a certificate. A self-signed one is often marked as a CA, which `webpki` rejects as an end
/// entity before it looks for an issuer.
fn is_untrusted(why: &CertificateError) -> bool {
    match why {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => other.to_string().contains("CaUsedAsEndEntity"),
        _ => false,
    }
}

fn failed(url: &Url, why: &dyn std::fmt::Display) -> Error {
    Error::Tls { server: url.to_string(), why: text::shown(&why.to_string()) }
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(|_| "an unknown date".to_owned(), crate::model::moment::day)
}
