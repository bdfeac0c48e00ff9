//! Compares an asserted value with an entry's value by the attribute's syntax ([MS-ADTS] 3.1.1.2.2.4).

use jiff::civil::DateTime;

use super::schema::Syntax;
use super::{BIT_AND, BIT_OR, Substrings};
use crate::model::dn::{self, Dn};
use crate::model::fold::{folded, folded_part};
use crate::model::sid::Sid;
use crate::model::user::Guid;

/// A test of a value, with the asserted value already parsed.
#[derive(Debug, Clone)]
pub(super) enum Check {
    /// Folded.
    Text(String),
    TextOrder(Order, String),
    TextParts(Parts<String>),
    Bytes(Vec<u8>),
    BytesOrder(Order, Vec<u8>),
    BytesParts(Parts<Vec<u8>>),
    Number(Width, i64),
    NumberOrder(Width, Order, i64),
    /// The digits of a number, for filters such as `(employeeID=10*)`.
    NumberParts(Width, Parts<String>),
    AllBits(Width, i64),
    SomeBits(Width, i64),
    Boolean(bool),
    /// Seconds since 1970.
    Time(i64),
    TimeOrder(Order, i64),
    /// The key of a DN.
    Dn(String),
    /// The short form of a category.
    Category(String),
    Guid(Guid),
    Sid(Sid),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AtLeast,
    AtMost,
}

/// The width of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    W32,
    W64,
    /// An attribute that is not a number in the schema but may have numeric values.
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct Parts<T> {
    first: T,
    middle: Vec<T>,
    last: T,
}

impl Check {
    /// Equality; `None` when the value is invalid for the syntax.
    pub(super) fn equal(syntax: Syntax, value: &[u8]) -> Option<Self> {
        Some(match syntax {
            Syntax::Text => Self::Text(folded(text(value)?).collect()),
            Syntax::Exact | Syntax::Octets => Self::Bytes(value.to_vec()),
            Syntax::Integer => Self::Number(Width::W32, number(Width::W32, value)?),
            Syntax::LargeInteger => Self::Number(Width::W64, number(Width::W64, value)?),
            Syntax::Boolean => Self::Boolean(boolean(value)?),
            Syntax::Time => Self::Time(time(value)?),
            Syntax::Dn => Self::Dn(read_dn(value)?.key()),
            Syntax::Category => match text(value)? {
                long if long.contains('=') => Self::Dn(read_dn(value)?.key()),
                short => Self::Category(category(short)),
            },
            Syntax::Guid => Self::Guid(guid(value)?),
            Syntax::Sid => Self::Sid(Sid::from_value(value)?),
            Syntax::Opaque => return None,
        })
    }

    pub(super) fn ordered(syntax: Syntax, order: Order, value: &[u8]) -> Option<Self> {
        Some(match syntax {
            Syntax::Text => Self::TextOrder(order, folded(text(value)?).collect()),
            Syntax::Exact => Self::BytesOrder(order, value.to_vec()),
            Syntax::Integer => Self::NumberOrder(Width::W32, order, number(Width::W32, value)?),
            Syntax::LargeInteger => Self::NumberOrder(Width::W64, order, number(Width::W64, value)?),
            Syntax::Time => Self::TimeOrder(order, time(value)?),
            _ => return None,
        })
    }

    /// Substrings. DNs do not support them: on Windows `(memberOf=CN=Sales*)` selects nothing; Samba answers when the part is
    /// a valid DN itself.
    pub(super) fn parts(syntax: Syntax, parts: &Substrings) -> Option<Self> {
        Some(match syntax {
            Syntax::Text => Self::TextParts(Parts::of(parts, |part| Some(folded_part(text(part)?)))?.trimmed()),
            Syntax::Exact | Syntax::Octets | Syntax::Guid => {
                Self::BytesParts(Parts::of(parts, |part| Some(part.to_vec()))?)
            }
            Syntax::Integer => Self::NumberParts(Width::W32, Parts::of(parts, |part| Some(text(part)?.to_owned()))?),
            Syntax::LargeInteger => {
                Self::NumberParts(Width::W64, Parts::of(parts, |part| Some(text(part)?.to_owned()))?)
            }
            _ => return None,
        })
    }

    /// The bit rules. Windows supports them for numbers only; Samba also for numeric text, as does this function.
    pub(super) fn bits(syntax: Syntax, rule: &str, value: &[u8]) -> Option<Self> {
        let width = match syntax {
            Syntax::Integer => Width::W32,
            Syntax::LargeInteger => Width::W64,
            Syntax::Text => Width::Unknown,
            _ => return None,
        };
        let bits = number(width, value)?;
        match rule {
            BIT_AND => Some(Self::AllBits(width, bits)),
            BIT_OR => Some(Self::SomeBits(width, bits)),
            _ => None,
        }
    }

    /// Whether the value matches; a value that is invalid for the syntax never does.
    pub(super) fn holds(&self, value: &[u8]) -> bool {
        self.answer(value).unwrap_or(false)
    }

    fn answer(&self, value: &[u8]) -> Option<bool> {
        Some(match self {
            Self::Text(asked) => {
                let value = text(value)?;
                value == asked || folded(value).eq(asked.chars())
            }
            Self::TextOrder(order, asked) => order.fits(folded(text(value)?).cmp(asked.chars())),
            Self::TextParts(parts) => {
                let value: String = folded(text(value)?).collect();
                parts.hold(value.as_bytes())
            }
            Self::Bytes(asked) => value == asked,
            Self::BytesOrder(order, asked) => order.fits(value.cmp(asked.as_slice())),
            Self::BytesParts(parts) => parts.hold(value),
            Self::Number(width, asked) => number(*width, value)? == *asked,
            Self::NumberOrder(width, order, asked) => order.fits(number(*width, value)?.cmp(asked)),
            Self::NumberParts(width, parts) => parts.hold(number(*width, value)?.to_string().as_bytes()),
            Self::AllBits(width, asked) => number(*width, value)? & asked == *asked,
            Self::SomeBits(width, asked) => number(*width, value)? & asked != 0,
            Self::Boolean(asked) => boolean(value)? == *asked,
            Self::Time(asked) => time(value)? == *asked,
            Self::TimeOrder(order, asked) => order.fits(time(value)?.cmp(asked)),
            Self::Dn(asked) => Dn::has_key(text(value)?, asked),
            Self::Category(asked) => dn::category(read_dn(value)?.name()) == *asked,
            Self::Guid(asked) => guid(value)? == *asked,
            Self::Sid(asked) => Sid::from_value(value)? == *asked,
        })
    }
}

impl Order {
    fn fits(self, value_to_asked: std::cmp::Ordering) -> bool {
        match self {
            Self::AtLeast => value_to_asked.is_ge(),
            Self::AtMost => value_to_asked.is_le(),
        }
    }
}

impl<T: Default> Parts<T> {
    fn of(parts: &Substrings, read: impl Fn(&[u8]) -> Option<T>) -> Option<Self> {
        let end = |part: &Option<Vec<u8>>| part.as_ref().map_or(Some(T::default()), |part| read(part));
        let middle = parts.middle.iter().map(|part| read(part)).collect::<Option<_>>()?;
        Some(Self { first: end(&parts.first)?, middle, last: end(&parts.last)? })
    }
}

impl Parts<String> {
    /// Removes spaces at both ends, as folding does with values.
    ///
    /// Inner spaces matter: `(cn=a *)` requires a space after the `a`. Samba drops them from each part and finds more.
    fn trimmed(mut self) -> Self {
        self.first = self.first.trim_start_matches(' ').to_owned();
        self.last = self.last.trim_end_matches(' ').to_owned();
        self
    }
}

impl<T: AsRef<[u8]>> Parts<T> {
    fn hold(&self, value: &[u8]) -> bool {
        let ends = value.strip_prefix(self.first.as_ref()).and_then(|rest| rest.strip_suffix(self.last.as_ref()));
        let Some(mut rest) = ends else { return false };
        for part in &self.middle {
            let part = part.as_ref();
            let found =
                if part.is_empty() { Some(0) } else { rest.windows(part.len()).position(|window| window == part) };
            match found {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

/// Parses a decimal number. 32-bit flags may be unsigned, as administrators write them:
/// `(groupType:1.2.840.113556.1.4.803:=2147483648)`.
fn number(width: Width, value: &[u8]) -> Option<i64> {
    let number: i64 = text(value)?.trim().parse().ok()?;
    match width {
        Width::W64 | Width::Unknown => Some(number),
        Width::W32 => match u32::try_from(number) {
            Ok(unsigned) => Some(i64::from(unsigned.cast_signed())),
            Err(_) => i32::try_from(number).ok().map(i64::from),
        },
    }
}

fn boolean(value: &[u8]) -> Option<bool> {
    let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
    if is(b"TRUE") { Some(true) } else { is(b"FALSE").then_some(false) }
}

fn read_dn(value: &[u8]) -> Option<Dn> {
    text(value)?.parse().ok()
}

fn guid(value: &[u8]) -> Option<Guid> {
    match value.try_into() {
        Ok(bytes) => Some(Guid(bytes)),
        Err(_) => text(value)?.parse().ok(),
    }
}

/// The category for the short form, a class name: the class's defaultObjectCategory, which differs only for these
/// ([MS-ADSC]).
fn category(class: &str) -> String {
    let category = dn::category(class);
    match category.as_str() {
        "USER" | "CONTACT" | "ORGANIZATIONALPERSON" | "INETORGPERSON" => dn::category("person"),
        "DOMAIN" => dn::category("domainDNS"),
        _ => category,
    }
}

/// GeneralizedTime (RFC 4517, 3.3.13) or UTCTime (3.3.34), in whole seconds since 1970.
fn time(value: &[u8]) -> Option<i64> {
    let text = text(value)?.trim();
    let (stamp, offset) = if let Some(stamp) = text.strip_suffix(['Z', 'z']) {
        (stamp, 0)
    } else {
        let at = text.rfind(['+', '-'])?;
        (&text[..at], offset(&text[at..])?)
    };
    let stamp = stamp.split_once(['.', ',']).map_or(stamp, |(whole, _)| whole);
    if !stamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pair = |at: usize| stamp.get(at..at + 2)?.parse::<i8>().ok();
    // UTCTime has a year of two digits, and its minutes are required.
    let (year, rest) = match stamp.len() {
        10 | 12 if is_utc_time(stamp) => short_year(stamp)?,
        10 | 12 | 14 => (stamp[..4].parse::<i16>().ok()?, 4),
        _ => return None,
    };
    let or_zero = |at: usize| if at < stamp.len() { pair(at) } else { Some(0) };
    let (minute, second) = (or_zero(rest + 6)?, or_zero(rest + 8)?);
    // A leap second is mapped to the second before it.
    let second = if second == 60 { 59 } else { second };
    let civil = DateTime::new(year, pair(rest)?, pair(rest + 2)?, pair(rest + 4)?, minute, second, 0).ok()?;
    let at = jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?;
    Some(at.as_second() - offset)
}

/// 10 and 12 digits can be either form; a GeneralizedTime begins with 19 or 20.
fn is_utc_time(stamp: &str) -> bool {
    !(stamp.starts_with("19") || stamp.starts_with("20"))
}

fn short_year(stamp: &str) -> Option<(i16, usize)> {
    let year: i16 = stamp[..2].parse().ok()?;
    Some((if year < 50 { 2000 + year } else { 1900 + year }, 2))
}

/// `+0100`, `-05` or `+0530`, in seconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = if let Some(digits) = text.strip_prefix('-') { (-1, digits) } else { (1, &text[1..]) };
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), |part| part.parse::<i64>().ok());
    Some(sign * (part(0..2)? * 3600 + part(2..4)? * 60))
}
