//! A user's values in a row: JSON that `sqlite3` can query, and a hash that changes with the values.

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// `{"mail":["a@x"],...}`, in the order of [`Attribute::ALL`].
pub(super) fn json(user: &User) -> String {
    let mut out = String::with_capacity(1_024);
    let mut open = None;
    for (attribute, value) in user.all() {
        if open == Some(*attribute) {
            out.push(',');
        } else {
            out.push_str(if open.is_some() { "],\"" } else { "{\"" });
            out.push_str(attribute.name());
            out.push_str("\":[");
            open = Some(*attribute);
        }
        quote(value.raw(), &mut out);
    }
    out.push_str(if open.is_some() { "]}" } else { "{}" });
    out
}

/// A JSON string (RFC 8259, 7).
fn quote(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// The user of a row; `None` when the JSON is not what [`json`] writes.
pub(super) fn user(guid: Guid, json: &str) -> Option<User> {
    let Values(values) = serde_json::from_str(json).ok()?;
    Some(User::new(guid, values))
}

/// The values as they are read, without a map in between: a look-up spends most of its time here.
struct Values(Vec<(Attribute, Untrusted)>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lists of texts by attribute")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut values = Vec::with_capacity(32);
        let mut rest = Attribute::ALL.iter();
        while let Some(name) = map.next_key::<&str>()? {
            // The row has the attributes in their own order, so the search goes on where it ended.
            let attribute = rest.find(|attribute| attribute.name() == name);
            let attribute = *attribute.ok_or_else(|| A::Error::custom("an attribute that is not cached"))?;
            let texts: Vec<String> = map.next_value()?;
            values.extend(texts.into_iter().map(|text| (attribute, Untrusted::new(text))));
        }
        Ok(Values(values))
    }
}

/// SHA-256 of every value that is or is not operational, each after its attribute and its length.
pub(super) fn hash(user: &User, operational: bool) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (attribute, value) in user.all().iter().filter(|(attribute, _)| attribute.is_operational() == operational) {
        hash.update(attribute.name());
        hash.update([0]);
        hash.update((value.raw().len() as u64).to_be_bytes());
        hash.update(value.raw());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_user() -> impl Strategy<Value = User> {
        let value = (prop::sample::select(Attribute::ALL), any::<String>());
        prop::collection::vec(value, 0..12).prop_map(|values| {
            User::new(Guid([7; 16]), values.into_iter().map(|(a, text)| (a, Untrusted::new(text))).collect())
        })
    }

    proptest! {
        #[test]
        fn a_user_reads_back_as_it_was_written(one in any_user()) {
            let text = json(&one);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            prop_assert_eq!(user(Guid([7; 16]), &text), Some(one));
        }

        #[test]
        fn user_hash_depends_on_lasting_values_only(one in any_user(), other in any_user()) {
            let lasting = |user: &User| -> Vec<_> {
                user.all().iter().filter(|(attribute, _)| !attribute.is_operational()).cloned().collect()
            };
            prop_assert_eq!(hash(&one, false) == hash(&other, false), lasting(&one) == lasting(&other));
            let without = User::new(one.guid, lasting(&one));
            prop_assert_eq!(hash(&one, false), hash(&without, false));
            prop_assert_eq!(hash(&without, true), hash(&User::new(one.guid, Vec::new()), true));
        }
    }
}
