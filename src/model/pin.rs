//! The pin of a server's public key, independent of the issuer of its certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use super::Unreadable;

/// SHA-256 of a SubjectPublicKeyInfo, written `sha256/BASE64` (RFC 7469, 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a key, given as the DER of its SubjectPublicKeyInfo.
    pub fn of_key(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sha256/{}", BASE64.encode(self.0))
    }
}

impl std::str::FromStr for Pin {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let read = || BASE64.decode(text.trim().strip_prefix("sha256/")?).ok()?.try_into().ok();
        let wrong = || Unreadable::new("a pin: \"sha256/\" and the key's hash in 44 characters of base64", text);
        read().map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Pin {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pin_has_the_standard_format() {
        // The hash of no bytes (FIPS 180-4), as `openssl dgst -sha256 -binary </dev/null | base64` prints it.
        let pin = Pin::of_key(b"");
        assert_eq!(pin.to_string(), "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(pin.to_string().parse(), Ok(pin));
    }

    #[test]
    fn invalid_pin_is_rejected() {
        for text in [
            "",
            "sha256/",
            "sha1/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==",
            "sha256/not base64",
        ] {
            assert!(text.parse::<Pin>().is_err(), "{text}");
        }
    }
}
