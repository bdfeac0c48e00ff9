//! The certificate authority of the installation: created once, it signs all certificates of the service.
//!
//! Tokens contain its pin, so its key must last as long as they do. The certificates that it signs are valid for weeks
//! and can be replaced at any time. `rcgen` gets the randomness of keys from the operating system itself, and offers no
//! other way. Rules: RFC 5280; the pin is that of RFC 7469, 2.4.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};
use sha2::{Digest as _, Sha256};

use super::{Error, Secret};

/// Clocks of laptops are often slow, so a certificate is valid from a time before it was signed.
const BEFORE: SignedDuration = SignedDuration::from_hours(48);
/// How long a certificate of the service is valid.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How long the authority is valid.
const LASTS: SignedDuration = SignedDuration::from_hours(30 * 366 * 24);

/// Signs certificates. No `Debug`: it holds a private key.
#[expect(missing_debug_implementations, reason = "a private key must not end up in a debug print")]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
}

/// A certificate of the service and its key.
#[expect(missing_debug_implementations, reason = "a private key must not end up in a debug print")]
pub struct Leaf {
    /// DER: the certificate of the service, then that of the authority.
    pub chain: Vec<Vec<u8>>,
    /// PKCS #8, DER.
    pub key: zeroize::Zeroizing<Vec<u8>>,
}

impl Authority {
    /// Creates an authority for that installation: its key (to be sealed), its certificate (DER) and its pin.
    pub fn create(installation: &str, now: Timestamp) -> Result<(Secret, Vec<u8>, String), Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = params_of(installation)?;
        last(&mut params, now, LASTS);
        let certificate = params.self_signed(&key).map_err(failed)?;
        let pin = URL_SAFE_NO_PAD.encode(Sha256::digest(key.subject_public_key_info()));
        Ok((Secret::new(key.serialize_pem()), certificate.der().to_vec(), pin))
    }

    /// Reads the output of [`Self::create`].
    pub fn open(installation: &str, key: &Secret, certificate: Vec<u8>) -> Result<Self, Error> {
        let key = KeyPair::from_pem(key.expose()).map_err(failed)?;
        Ok(Self { issuer: Issuer::new(params_of(installation)?, key), certificate })
    }

    /// Signs a certificate with a new key for these names and addresses.
    pub fn issue(&self, names: &[String], now: Timestamp) -> Result<Leaf, Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::new(names.to_vec()).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, "imd service");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        last(&mut params, now, GOOD_FOR);
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let chain = vec![certificate.der().to_vec(), self.certificate.clone()];
        Ok(Leaf { chain, key: zeroize::Zeroizing::new(key.serialize_der()) })
    }
}

fn params_of(installation: &str) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(Vec::<String>::new()).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, format!("imd installation {installation}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// The day of a time: certificates begin and end at midnight (UTC).
fn day(now: Timestamp, after: SignedDuration) -> (i32, u8, u8) {
    let at = now.checked_add(after).unwrap_or(now).to_zoned(jiff::tz::TimeZone::UTC);
    (at.year().into(), at.month().unsigned_abs(), at.day().unsigned_abs())
}

fn last(params: &mut CertificateParams, now: Timestamp, good_for: SignedDuration) {
    let ((y, m, d), (to_y, to_m, to_d)) = (day(now, -BEFORE), day(now, good_for));
    params.not_before = rcgen::date_time_ymd(y, m, d);
    params.not_after = rcgen::date_time_ymd(to_y, to_m, to_d);
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn failed(why: rcgen::Error) -> Error {
    Error::Authority { why: why.to_string() }
}
