//! The records of an LDIF file (RFC 2849), one at a time: entries, and what `ldapsearch` writes around them.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::lines::Lines;
use super::{Fault, What};
use crate::directory::decode;
use crate::directory::known::is_of;
use crate::filter::Subject;
use crate::model::dn::Dn;

/// The largest entry: a group of a million members takes about 90 MB.
pub(super) const MAX_ENTRY: usize = 128 << 20;

/// Base64 as the tools write it, and as people cut it: with its padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What `ldapsearch` says of the search itself, in records that have no DN.
const TRAILERS: [&str; 7] = ["search", "result", "ref", "matchedDN", "text", "control", "pagedresults"];

/// An entry of the file, with every attribute that it has there.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The line of its `dn:`.
    pub(super) line: u64,
    pub(super) dn: String,
    names: String,
    values: Vec<u8>,
    /// Where each name and its value end.
    ends: Vec<(usize, usize)>,
}

impl Entry {
    /// Puts one more value in.
    pub(super) fn add(&mut self, name: &str, value: &[u8]) -> Result<(), What> {
        self.values.extend_from_slice(value);
        self.named(name)
    }

    /// Gives a name to the value that was just put in.
    fn named(&mut self, name: &str) -> Result<(), What> {
        self.names.push_str(name);
        self.ends.push((self.names.len(), self.values.len()));
        if self.names.len() + self.values.len() > MAX_ENTRY { Err(What::EntryTooLarge) } else { Ok(()) }
    }

    pub(super) fn clear(&mut self) {
        self.dn.clear();
        self.names.clear();
        self.values.clear();
        self.ends.clear();
    }

    /// Every value with the description under which it stands.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut from = (0, 0);
        self.ends.iter().map(move |to| {
            let pair = (&self.names[from.0..to.0], &self.values[from.1..to.1]);
            from = *to;
            pair
        })
    }

    /// The values of one attribute, under whatever options they stand.
    pub(super) fn values<'a>(&'a self, attribute: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.all().filter(move |(description, _)| is_of(description, attribute)).map(|(_, value)| value)
    }

    /// The first value of an attribute, as text.
    pub(super) fn text(&self, attribute: &str) -> Option<String> {
        self.values(attribute).next().map(decode::text)
    }

    pub(super) fn has_class(&self, class: &str) -> bool {
        self.values("objectClass").any(|value| value.eq_ignore_ascii_case(class.as_bytes()))
    }

    /// A tombstone, which no search shows that did not ask for them.
    pub(super) fn is_deleted(&self) -> bool {
        self.values("isDeleted").any(|value| value.eq_ignore_ascii_case(b"TRUE"))
    }

    /// True when only a part of the values of an attribute is there: `member;range=0-1499` and no last piece.
    pub(super) fn is_cut(&self, attribute: &str) -> bool {
        let mut ranges = self.all().filter_map(|(description, _)| {
            let (name, options) = description.split_once(';')?;
            let (option, bounds) = options.split_at_checked(6)?;
            (name.eq_ignore_ascii_case(attribute) && option.eq_ignore_ascii_case("range=")).then_some(bounds)
        });
        let mut cut = false;
        ranges.all(|bounds| {
            cut = !bounds.ends_with("-*");
            cut
        }) && cut
    }

    /// The key of the entry's DN.
    pub(super) fn key(&self) -> Result<String, Fault> {
        Dn::key_of(&self.dn).ok_or_else(|| Fault::at(self.line, What::Dn))
    }
}

/// An entry with what only the whole file knows of it.
pub(super) struct Placed<'a> {
    pub(super) entry: &'a Entry,
    pub(super) key: &'a str,
    pub(super) links: &'a super::links::Links,
}

impl Subject for Placed<'_> {
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool> {
        if attribute.eq_ignore_ascii_case("distinguishedName") {
            return Some(test(self.entry.dn.as_bytes()));
        }
        Some(self.entry.values(attribute).any(test))
    }

    fn reaches(&self, attribute: &str, to: &Dn) -> Option<bool> {
        self.links.reaches(self.key, attribute, to)
    }
}

/// Reads the entries of a file in their order.
pub(super) struct Records {
    lines: Lines,
    line: Vec<u8>,
    begun: bool,
}

impl Records {
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines, line: Vec::new(), begun: false }
    }

    /// Reads the next entry into `entry`; false at the end of the file.
    pub(super) fn next(&mut self, entry: &mut Entry) -> Result<bool, Fault> {
        loop {
            entry.clear();
            match self.record(entry)? {
                Record::Entry => return Ok(true),
                Record::Other => {}
                Record::End => return Ok(false),
            }
        }
    }

    fn record(&mut self, entry: &mut Entry) -> Result<Record, Fault> {
        let mut record = Record::Other;
        let mut is_trailer = false;
        while let Some(number) = self.lines.next(&mut self.line)? {
            if self.line.is_empty() {
                if matches!(record, Record::Entry) {
                    return Ok(record);
                }
                is_trailer = false;
                continue;
            }
            if self.line[0] == b'#' {
                continue;
            }
            let fault = |what| Fault::at(number, what);
            let (name, value) = split(&self.line).map_err(fault)?;
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            if !std::mem::replace(&mut self.begun, true) && is("version") {
                let version = value.plain().map_err(fault)?;
                if version != b"1" {
                    return Err(fault(What::Version));
                }
            } else if is("dn") {
                if matches!(record, Record::Entry) || is_trailer {
                    return Err(fault(What::NoBlankLine));
                }
                let mut dn = Vec::new();
                value.append_to(&mut dn).map_err(fault)?;
                entry.dn = decode::text(&dn);
                entry.line = number;
                record = Record::Entry;
            } else if matches!(record, Record::Entry) {
                add(entry, name, &value).map_err(fault)?;
            } else if is_trailer || TRAILERS.iter().any(|trailer| is(trailer)) {
                is_trailer = true;
                if is("result") {
                    finished(value.plain().map_err(fault)?).map_err(fault)?;
                }
            } else {
                return Err(fault(What::NoDn));
            }
        }
        Ok(if matches!(record, Record::Entry) { record } else { Record::End })
    }
}

#[derive(Clone, Copy)]
enum Record {
    Entry,
    Other,
    End,
}

/// What stands after the colon of a line.
enum Value<'a> {
    Plain(&'a [u8]),
    Base64(&'a [u8]),
}

impl Value<'_> {
    fn append_to(&self, into: &mut Vec<u8>) -> Result<(), What> {
        match self {
            Self::Plain(bytes) => into.extend_from_slice(bytes),
            Self::Base64(text) => BASE64.decode_vec(text.trim_ascii(), into).map_err(|_| What::Base64)?,
        }
        Ok(())
    }

    /// A value that is never base64 where tools write it.
    fn plain(&self) -> Result<&[u8], What> {
        match self {
            Self::Plain(bytes) => Ok(bytes.trim_ascii()),
            Self::Base64(_) => Err(What::NotLdif),
        }
    }
}

fn split(line: &[u8]) -> Result<(&str, Value<'_>), What> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(What::NotLdif)?;
    let (name, rest) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return Err(What::NotLdif);
    }
    let name = std::str::from_utf8(name).map_err(|_| What::NotLdif)?;
    let value = match rest.first() {
        Some(b':') => Value::Base64(&rest[1..]),
        Some(b'<') => return Err(What::Url),
        _ => {
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            Value::Plain(&rest[spaces..])
        }
    };
    Ok((name, value))
}

fn add(entry: &mut Entry, name: &str, value: &Value<'_>) -> Result<(), What> {
    if name.eq_ignore_ascii_case("changetype") {
        return if value.plain()?.eq_ignore_ascii_case(b"add") { Ok(()) } else { Err(What::Change) };
    }
    if name.eq_ignore_ascii_case("control") {
        return Err(What::Change);
    }
    value.append_to(&mut entry.values)?;
    entry.named(name)
}

/// Looks at `result: 0 Success`: any other number means that entries are missing.
fn finished(result: &[u8]) -> Result<(), What> {
    let text = decode::text(result);
    let number = text.split_ascii_whitespace().next().and_then(|number| number.parse::<u32>().ok());
    if number == Some(0) { Ok(()) } else { Err(What::Partial(crate::model::text::shown(&text))) }
}
