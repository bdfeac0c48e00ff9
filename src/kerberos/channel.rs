//! Channel binding to a TLS connection: `tls-server-end-point` (RFC 5929, 4), the hash of the server's certificate.

#[cfg(feature = "kerberos")]
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The channel binding for a server certificate (DER), with the prefix of RFC 5056 (2.1). The hash is that of the
/// certificate's signature; SHA-256 where that is weaker or missing.
#[cfg(feature = "kerberos")]
pub fn end_point(certificate: &[u8]) -> Vec<u8> {
    let algorithm = x509_parser::parse_x509_certificate(certificate)
        .map(|(_, certificate)| certificate.signature_algorithm.algorithm.to_id_string())
        .unwrap_or_default();
    let hash = match algorithm.as_str() {
        // RSA (RFC 8017, appendix C) and ECDSA (RFC 5758, 3.2) with SHA-384 and SHA-512.
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Sha384::digest(certificate).to_vec(),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Sha512::digest(certificate).to_vec(),
        _ => Sha256::digest(certificate).to_vec(),
    };
    [b"tls-server-end-point:".as_slice(), &hash].concat()
}

/// Unused without Kerberos.
#[cfg(not(feature = "kerberos"))]
pub fn end_point(_certificate: &[u8]) -> Vec<u8> {
    Vec::new()
}
