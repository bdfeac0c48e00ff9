//! Reads the records of an LDIF file (RFC 2849): entries, and the additional records of `ldapsearch`.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::entry::Entry;
use super::lines::Lines;
use super::{Fault, What};
use crate::directory::decode;

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The names in records of `ldapsearch` about the search itself, which have no DN.
const TRAILERS: [&str; 7] = ["search", "result", "ref", "matchedDN", "text", "control", "pagedresults"];

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

/// The value in a line.
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

    /// A value that must not be base64.
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
    entry.name_value(name)
}

/// Checks `result: 0 Success`: any other number means that entries are missing.
fn finished(result: &[u8]) -> Result<(), What> {
    let text = decode::text(result);
    let number = text.split_ascii_whitespace().next().and_then(|number| number.parse::<u32>().ok());
    if number == Some(0) { Ok(()) } else { Err(What::Partial(crate::model::text::shown(&text))) }
}
