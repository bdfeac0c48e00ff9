//! An entry's raw attribute values as a [`User`], the same for what came over LDAP and what came from a file.
//!
//! May import `model`. Rules: attribute descriptions and their options (RFC 4512, 2.5), objectGUID ([MS-DTYP] 2.3.4),
//! objectSid ([MS-DTYP] 2.4.2), ranges of values ([MS-ADTS] 3.1.1.3.1.3.3).

use std::fmt::Write as _;

use crate::model::sid::Sid;
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// An entry that cannot be a [`User`].
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
    #[error("has an objectSid that is no SID")]
    Sid,
    /// The server sent `;range=0-1499` and nobody fetched the rest: the values are not all there.
    #[error("has only some of the values of {}", .0.name())]
    Cut(Attribute),
}

impl Undecodable {
    /// What to do next.
    pub fn help(&self) -> String {
        match self.why {
            Why::NoGuid => "let the account that reads see objectGUID, or export the file with that attribute: \
                            users are told apart by it"
                .to_owned(),
            Why::Guid | Why::TwoGuids | Why::Sid => {
                "export the file anew with ldifde or ldapsearch, which write binary values as base64".to_owned()
            }
            Why::Cut(attribute) => {
                format!("export the file anew with every value of {} (no \";range=\")", attribute.name())
            }
        }
    }
}

/// The user that the entry `dn` is.
///
/// `attributes` are the entry's values one by one, each with the description under which it came: any case, with or
/// without options. Of the options, `;binary` changes nothing here and pieces of a `;range=` are put together when
/// the last one (`;range=1500-*`) is among them; a value with any other option belongs to a subtype that nobody asked
/// for and is dropped, as is every attribute outside [`Attribute::ALL`]. The DN is `dn`, whether or not the entry
/// repeats it as distinguishedName.
///
/// An objectGUID and an objectSid may be binary or printed. Every other value is text; bytes which are not UTF-8 are
/// each kept as U+FFFD and two hexadecimal digits, so that two broken values stay apart and both look broken.
pub fn user<'a>(dn: &str, attributes: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<User, Undecodable> {
    let wrong = |why| Undecodable { dn: Untrusted::new(dn), why };
    let mut values = Vec::with_capacity(32);
    values.push((Attribute::DistinguishedName, Untrusted::new(dn)));
    let mut guid = None;
    // One bit for an attribute of which a piece came, one for an attribute whose last piece came.
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
            Attribute::ObjectSid => read_sid(value).ok_or_else(|| wrong(Why::Sid))?.to_string(),
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

/// A functional level (msDS-Behavior-Version, [MS-ADTS] 6.1.4.2 to 6.1.4.4) in words.
pub(super) fn level(number: &str) -> String {
    let name = match number {
        "0" => "2000",
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

/// An objectGUID, binary or printed.
pub(super) fn read_guid(value: &[u8]) -> Option<Guid> {
    match value.try_into() {
        Ok(bytes) => Some(Guid(bytes)),
        Err(_) => std::str::from_utf8(value).ok()?.parse().ok(),
    }
}

/// A SID, binary or printed.
pub(super) fn read_sid(value: &[u8]) -> Option<Sid> {
    Sid::from_bytes(value).or_else(|| std::str::from_utf8(value).ok()?.parse().ok())
}

/// How much of an attribute's values came under one description.
#[derive(Clone, Copy)]
enum Range {
    All,
    Piece,
    Last,
}

/// The attribute that a description such as `memberOf;range=0-1499` names, if it is one that is kept.
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

/// `Attribute::of_name` at the price of at most five comparisons: it runs for every value of every entry.
fn of_name(name: &str) -> Option<Attribute> {
    let same_length = BY_LENGTH.get(name.len())?;
    same_length.iter().flatten().copied().find(|attribute| attribute.name().eq_ignore_ascii_case(name))
}

const LONGEST_NAME: usize = 18;
const MOST_OF_ONE_LENGTH: usize = 6;

/// The attributes by the length of their names. A name that finds no room stops the build.
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
    fn an_entry_becomes_the_user_that_it_is() {
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
    fn printed_identifiers_are_read_too() {
        let user = decode(&[("objectGUID", b"00112233-4455-6677-8899-AABBCCDDEEFF"), ("objectSid", b"S-1-5-18")])
            .expect("decodes");
        assert_eq!(user.guid, Guid(GUID.try_into().expect("16 bytes")));
        assert_eq!(all(&user, Attribute::ObjectSid), ["S-1-5-18"]);
    }

    #[test]
    fn an_entry_that_cannot_be_told_apart_is_no_user() {
        assert_eq!(decode(&[("mail", b"a@x")]), Err(Why::NoGuid));
        assert_eq!(decode(&[("objectGUID", b"short")]), Err(Why::Guid));
        assert_eq!(decode(&[("objectGUID", GUID), ("objectGUID", GUID)]), Err(Why::TwoGuids));
        assert_eq!(decode(&[("objectGUID", GUID), ("objectSid", &[1, 9, 0])]), Err(Why::Sid));
    }

    #[test]
    fn pieces_of_a_range_are_one_attribute_when_the_last_is_there() {
        let first: (&str, &[u8]) = ("memberOf;range=0-0", b"CN=1");
        let last: (&str, &[u8]) = ("memberOf;Range=1-*", b"CN=2");
        let whole = decode(&[("objectGUID", GUID), first, last]).expect("decodes");
        assert_eq!(all(&whole, Attribute::MemberOf), ["CN=1", "CN=2"]);
        assert_eq!(decode(&[("objectGUID", GUID), first]), Err(Why::Cut(Attribute::MemberOf)));
    }

    #[test]
    fn a_subtype_is_not_the_attribute() {
        let user = decode(&[("objectGUID;binary", GUID), ("cn;lang-de", b"b"), ("mail;", b"c")]).expect("decodes");
        assert_eq!(all(&user, Attribute::CommonName), [""; 0]);
        assert_eq!(all(&user, Attribute::Mail), [""; 0]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_stay_visible_and_apart() {
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
