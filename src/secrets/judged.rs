//! The part of TLS that is the same whoever is believed: that the server holds the key of the certificate it shows.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// What a server shows of itself, for which name and when.
#[derive(Debug)]
pub struct Shown<'a> {
    pub certificate: &'a CertificateDer<'a>,
    pub intermediates: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    now: UnixTime,
}

impl Shown<'_> {
    /// What `webpki` says of it, by the authorities that the verifier trusts.
    pub fn by(&self, verifier: &WebPkiServerVerifier) -> Result<ServerCertVerified, Error> {
        let Self { certificate, intermediates, name, ocsp_response, now } = self;
        verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, *now)
    }
}

/// Says whether a certificate is the server's. It cannot say that the server need not hold the key: [`Judged`] asks for
/// that whatever the judge says.
pub trait Judge: Debug + Send + Sync {
    fn judge(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, Error>;
}

/// A verifier whose certificates are judged by `J`.
#[derive(Debug)]
pub struct Judged<J> {
    pub judge: J,
    pub provider: Arc<CryptoProvider>,
}

impl<J: Judge> ServerCertVerifier for Judged<J> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge.judge(&Shown { certificate, intermediates, name, ocsp_response, now })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
