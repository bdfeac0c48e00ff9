//! Texts and keys with a length limit, which is checked while they are read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A text of at most `LONGEST` characters, as JSON Schema counts them (6.3.1), without NUL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Bounded<const LONGEST: usize>(String);

impl<const LONGEST: usize> Bounded<LONGEST> {
    /// Truncates the text to the limit.
    pub fn cut(text: &str) -> Self {
        Self(text.chars().filter(|c| *c != '\0').take(LONGEST).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const LONGEST: usize> Deserialize<'de> for Bounded<LONGEST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Short::<LONGEST>).map(|text| Self((*text).clone()))
    }
}

/// A secret text of at most `LONGEST` characters: no `Debug`, wiped when it is dropped.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "it is a secret")]
pub struct Hidden<const LONGEST: usize>(Zeroizing<String>);

impl<const LONGEST: usize> Hidden<LONGEST> {
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<const LONGEST: usize> Serialize for Hidden<LONGEST> {
    /// Only requests to the service are serialized.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const LONGEST: usize> Deserialize<'de> for Hidden<LONGEST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Short::<LONGEST>).map(Self)
    }
}

/// 32 random bytes, written as 43 characters of base64url (RFC 4648, 5) without padding.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "it is a secret")]
pub struct Key(Zeroizing<[u8; 32]>);

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("43 characters of base64url expected")]
pub struct NotAKey;

impl Key {
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Filled in place, so that no copy remains.
    pub fn filled_by<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = Zeroizing::new([0; 33]);
        match URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()) {
            Ok(32) => {
                let mut key = Zeroizing::new([0; 32]);
                key.copy_from_slice(&bytes[..32]);
                Ok(Self(key))
            }
            _ => Err(NotAKey),
        }
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_str(Short::<43>)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// Reads a text of limited length. Its errors never contain the text, which may be a password.
struct Short<const LONGEST: usize>;

impl<const LONGEST: usize> Visitor<'_> for Short<LONGEST> {
    type Value = Zeroizing<String>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a text of at most {LONGEST} characters without NUL")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.chars().nth(LONGEST).is_some() || text.contains('\0') {
            return Err(E::invalid_value(Unexpected::Other("another"), &self));
        }
        Ok(Zeroizing::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_round_trips_and_other_text_is_rejected() {
        let key = Key::from_random([0xfb; 32]);
        assert_eq!(Key::parse(&key.to_text()).expect("a key").bytes(), &[0xfb; 32]);
        assert_eq!(key.to_text().len(), 43);
        for text in ["", "AAAA", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(42)), &"+".repeat(43)] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn long_or_unknown_input_is_rejected_and_not_repeated() {
        let read = |text: &str| serde_json::from_str::<super::super::CheckInRequest>(text);
        let key = "A".repeat(43);
        assert!(read(&format!(r#"{{"device_key":"{key}","agent":"x"}}"#)).is_ok());
        for text in [
            format!(r#"{{"device_key":"{key}","agent":"{}"}}"#, "secret".repeat(11)),
            format!(r#"{{"device_key":"{key}secret","agent":"x"}}"#),
            format!(r#"{{"device_key":"{key}","agent":"secret\u0000"}}"#),
            format!(r#"{{"device_key":"{key}","agent":"x","more":1}}"#),
            r#"{"agent":"x"}"#.to_owned(),
        ] {
            let error = read(&text).err().expect("refused").to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let read = |text: &str| serde_json::from_value::<Bounded<3>>(text.into()).is_ok();
        assert!(read("åååå".get(..6).expect("three characters")) && !read("åååå"));
        assert_eq!(Bounded::<3>::cut("aååå").as_str(), "aåå");
        assert_eq!(Bounded::<8>::cut("a\0b").as_str(), "ab");
    }
}
