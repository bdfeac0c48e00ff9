//! Decodes the raw attribute values of an entry into a [`User`], for LDAP and files alike.
//!
//! May import `model`. Rules: attribute descriptions and their options (RFC 4512, 2.5), objectGUID ([MS-DTYP] 2.3.4),
//! objectSid ([MS-DTYP] 2.4.2), ranges of values ([MS-ADTS] 3.1.1.3.1.3.3).

use std::fmt::Write as _;

use crate::model::sid::Sid;
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// An entry that cannot be decoded as a [`User`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {why}", dn.shown())]
pub struct Undecodable {
    pub dn: Untrusted,
    pub why: Why,
}

/// What is wrong with the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("has no objectGUID")]
    NoGuid,
    #[error("has an objectGUID that is not 16 bytes long")]
    Guid,
    #[error("has more than one objectGUID")]
    TwoGuids,
    #[error("has an invalid objectSid")]
    Sid,
    /// Only a range of the values (`;range=0-1499`) is present.
    #[error("has only some of the values of {}", .0.name())]
    Cut(Attribute),
}

impl Undecodable {
    /// What to do next.
    pub fn help(&self) -> String {
        match self.why {
            Why::NoGuid => "give the account read access to objectGUID, or export the file with that attribute: it \
                            identifies users"
                .to_owned(),
            Why::Guid | Why::TwoGuids | Why::Sid => {
                "export the file again with ldifde or ldapsearch, which write binary values as base64".to_owned()
            }
            Why::Cut(attribute) => {
                format!("export the file again with every value of {} (no \";range=\")", attribute.name())
            }
        }
    }
}

/// Decodes the entry `dn` as a user.
///
/// `attributes` are the entry's values, each with its attribute description in any case, with or without options. The
/// option `;binary` is ignored, and ranges are joined when the last one (`;range=1500-*`) is present. Values with other
/// options and attributes outside [`Attribute::ALL`] are dropped. The DN is `dn`, not a distinguishedName in the entry.
///
/// objectGUID and objectSid may be binary or text. Every other value is text; each byte that is not UTF-8 becomes U+FFFD
/// and two hexadecimal digits, so that different invalid values stay different.
pub fn user<'a>(dn: &str, attributes: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<User, Undecodable> {
    let wrong = |why| Undecodable { dn: Untrusted::new(dn), why };
    let mut values = Vec::with_capacity(32);
    values.push((Attribute::DistinguishedName, Untrusted::new(dn)));
    let mut guid = None;
    // A bit per attribute: some range was seen, and the last range was seen.
    let (mut pieces, mut ends) = (0_u64, 0_u64);
    for (description, value) in attributes {
        let Some((attribute, range)) = wanted(description) else { continue };
        match range {
            Range::All => {}
            Range::Piece => pieces |= bit(attribute),
            Range::Last => ends |= bit(attribute),
        }
        let text = match attribute {
            Attribute::DistinguishedName => continue,
            Attribute::ObjectGuid => {
                let this = read_guid(value).ok_or_else(|| wrong(Why::Guid))?;
                if guid.replace(this).is_some() {
                    return Err(wrong(Why::TwoGuids));
                }
                this.to_string()
            }
            Attribute::ObjectSid => Sid::from_value(value).ok_or_else(|| wrong(Why::Sid))?.to_string(),
            _ => text(value),
        };
        values.push((attribute, Untrusted::new(text)));
    }
    if let Some(cut) = Attribute::ALL.iter().copied().find(|attribute| pieces & !ends & bit(*attribute) != 0) {
        return Err(wrong(Why::Cut(cut)));
    }
    Ok(User::new(guid.ok_or_else(|| wrong(Why::NoGuid))?, values))
}

/// The text of a value; bytes that are not UTF-8 become U+FFFD and two hexadecimal digits each.
pub(super) fn text(value: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(value) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(value.len() + 8);
    for chunk in value.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\u{fffd}{byte:02x}");
        }
    }
    out
}

/// The name of a functional level (msDS-Behavior-Version, [MS-ADTS] 6.1.4.2 to 6.1.4.4).
pub(super) fn level(number: &str) -> String {
    let name = match number {
        "0" => return "Windows 2000".to_owned(),
        "1" => "2003 interim",
        "2" => "2003",
        "3" => "2008",
        "4" => "2008 R2",
        "5" => "2012",
        "6" => "2012 R2",
        "7" => "2016",
        "10" => "2025",
        _ => return format!("level {}", crate::model::text::shown(number)),
    };
    format!("Windows Server {name}")
}

const fn bit(attribute: Attribute) -> u64 {
    1 << attribute as u64
}

/// Reads an objectGUID, binary or text.
pub(super) fn read_guid(value: &[u8]) -> Option<Guid> {
    match value.try_into() {
        Ok(bytes) => Some(Guid(bytes)),
        Err(_) => std::str::from_utf8(value).ok()?.parse().ok(),
    }
}

/// Which part of an attribute's values a description covers.
#[derive(Clone, Copy)]
enum Range {
    All,
    Piece,
    Last,
}

/// The attribute and range of a description such as `memberOf;range=0-1499`; `None` for attributes that are not used.
fn wanted(description: &str) -> Option<(Attribute, Range)> {
    let Some((name, options)) = description.split_once(';') else {
        return Some((of_name(description)?, Range::All));
    };
    let attribute = of_name(name)?;
    let mut range = Range::All;
    for option in options.split(';') {
        match option.split_at_checked(6) {
            Some((word, bounds)) if word.eq_ignore_ascii_case("range=") => {
                range = if bounds.ends_with("-*") { Range::Last } else { Range::Piece };
            }
            Some((word, "")) if word.eq_ignore_ascii_case("binary") => {}
            _ => return None,
        }
    }
    Some((attribute, range))
}

/// A fast `Attribute::of_name`, because it runs for every value of every entry.
fn of_name(name: &str) -> Option<Attribute> {
    let same_length = BY_LENGTH.get(name.len())?;
    same_length.iter().flatten().copied().find(|attribute| attribute.name().eq_ignore_ascii_case(name))
}

const LONGEST_NAME: usize = 18;
const MOST_OF_ONE_LENGTH: usize = 6;

/// The attributes by the length of their names. Too many names of one length fail the build.
static BY_LENGTH: [[Option<Attribute>; MOST_OF_ONE_LENGTH]; LONGEST_NAME + 1] = {
    let mut table = [[None; MOST_OF_ONE_LENGTH]; LONGEST_NAME + 1];
    let mut next = 0;
    while next < Attribute::ALL.len() {
        let attribute = Attribute::ALL[next];
        let row = attribute.name().len();
        let mut place = 0;
        while table[row][place].is_some() {
            place += 1;
        }
        table[row][place] = Some(attribute);
        next += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GUID: &[u8] =
        &[0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

    fn decode(attributes: &[(&str, &[u8])]) -> Result<User, Why> {
        user("CN=a,DC=x", attributes.iter().copied()).map_err(|error| error.why)
    }

    fn all(user: &User, attribute: Attribute) -> Vec<&str> {
        user.values(attribute).map(Untrusted::raw).collect()
    }

    #[test]
    fn entry_is_decoded_as_user() {
        let sid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        let user = decode(&[
            ("objectGUID", GUID),
            ("objectSid", &sid),
            ("MAIL", b"a@x.example"),
            ("telephoneNumber", b"+44"),
            ("distinguishedName", b"CN=another,DC=x"),
        ])
        .expect("decodes");
        assert_eq!(user.guid.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        let kept: Vec<_> = user.all().iter().map(|(attribute, value)| (attribute.name(), value.raw())).collect();
        let expected = [
            ("objectGUID", "00112233-4455-6677-8899-aabbccddeeff"),
            ("objectSid", "S-1-5-32-544"),
            ("distinguishedName", "CN=a,DC=x"),
            ("mail", "a@x.example"),
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn identifiers_in_text_form_are_accepted() {
        let user = decode(&[("objectGUID", b"00112233-4455-6677-8899-AABBCCDDEEFF"), ("objectSid", b"S-1-5-18")])
            .expect("decodes");
        assert_eq!(user.guid, Guid(GUID.try_into().expect("16 bytes")));
        assert_eq!(all(&user, Attribute::ObjectSid), ["S-1-5-18"]);
    }

    #[test]
    fn entry_without_unique_identifier_is_rejected() {
        assert_eq!(decode(&[("mail", b"a@x")]), Err(Why::NoGuid));
        assert_eq!(decode(&[("objectGUID", b"short")]), Err(Why::Guid));
        assert_eq!(decode(&[("objectGUID", GUID), ("objectGUID", GUID)]), Err(Why::TwoGuids));
        assert_eq!(decode(&[("objectGUID", GUID), ("objectSid", &[1, 9, 0])]), Err(Why::Sid));
    }

    #[test]
    fn ranges_are_joined_when_the_last_is_present() {
        let first: (&str, &[u8]) = ("memberOf;range=0-0", b"CN=1");
        let last: (&str, &[u8]) = ("memberOf;Range=1-*", b"CN=2");
        let whole = decode(&[("objectGUID", GUID), first, last]).expect("decodes");
        assert_eq!(all(&whole, Attribute::MemberOf), ["CN=1", "CN=2"]);
        assert_eq!(decode(&[("objectGUID", GUID), first]), Err(Why::Cut(Attribute::MemberOf)));
    }

    #[test]
    fn attribute_subtypes_are_dropped() {
        let user = decode(&[("objectGUID;binary", GUID), ("cn;lang-de", b"b"), ("mail;", b"c")]).expect("decodes");
        assert_eq!(all(&user, Attribute::CommonName), [""; 0]);
        assert_eq!(all(&user, Attribute::Mail), [""; 0]);
    }

    #[test]
    fn invalid_utf_8_stays_visible_and_distinct() {
        let user = decode(&[("objectGUID", GUID), ("cn", b"J\xfcrgen \xc3"), ("displayName", b"J\xf6rgen")]);
        let user = user.expect("decodes");
        assert_eq!(all(&user, Attribute::CommonName), ["J\u{fffd}fcrgen \u{fffd}c3"]);
        assert_eq!(all(&user, Attribute::DisplayName), ["J\u{fffd}f6rgen"]);
    }

    #[test]
    fn every_attribute_is_found_in_any_case() {
        for attribute in Attribute::ALL {
            assert_eq!(of_name(&attribute.name().to_ascii_uppercase()), Some(*attribute));
        }
        assert_eq!(of_name("mai1"), None);
        assert_eq!(of_name(&"x".repeat(LONGEST_NAME + 1)), None);
    }

    proptest! {
        #[test]
        fn no_values_make_it_panic(
            names in prop::collection::vec("(objectGUID|objectSid|memberOf|mail|cn|\\PC{0,8})(;range=[0-9*-]{0,5}|;\\PC{0,9})?", 0..8),
            values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 8),
        ) {
            let entry = names.iter().zip(&values).map(|(name, value)| (name.as_str(), value.as_slice()));
            let _ = user("CN=a", entry);
        }
    }
}
