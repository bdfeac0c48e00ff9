//! Verifies the certificate of the service: the authority that the token pins must have signed it.
//!
//! The authority's certificate comes from the server itself, and is trusted because its public key has that hash
//! (RFC 7469, 2.4). `rustls` and `webpki` verify the rest: the chain, the name, the dates.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerified;
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use sha2::{Digest as _, Sha256};

use super::{Judge, Judged, Shown};
use crate::model::token::Pin;

/// Trusts the authority of the token.
#[derive(Debug)]
struct Pinned {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

/// The TLS configuration for a service: its authority has that pin, or is a CA of this system.
///
/// # Errors
/// Never with the built-in provider; errors of the library are passed on.
pub fn client_config(pin: Option<&Pin>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let Some(pin) = pin else {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    };
    let judge = Pinned { pin: pin.clone(), provider: Arc::clone(&provider) };
    let pinned = Arc::new(Judged { judge, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(pinned).with_no_client_auth())
}

impl Judge for Pinned {
    fn judge(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, rustls::Error> {
        let unknown = || rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let roots = shown.intermediates.iter().find_map(|authority| {
            let mut roots = RootCertStore::empty();
            roots.add(authority.clone().into_owned()).ok()?;
            let key = roots.roots.first()?.subject_public_key_info.as_ref();
            (pin_of(key) == self.pin.as_str()).then_some(roots)
        });
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots.ok_or_else(unknown)?),
            Arc::clone(&self.provider),
        )
        .build()
        .map_err(|_| unknown())?;
        shown.by(&verifier)
    }
}

/// The pin of a public key in the form of `webpki`: the contents of the SubjectPublicKeyInfo without its header.
fn pin_of(contents: &[u8]) -> String {
    let length = contents.len();
    let mut hash = Sha256::new();
    // The header of a SEQUENCE (X.690, 8.1.3): one byte of length up to 127, else the number of bytes first.
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => hash.update([0x30, short]),
        Ok(one) => hash.update([0x30, 0x81, one]),
        Err(_) => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            hash.update([0x30, 0x82, high, low]);
        }
    }
    hash.update(contents);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
