//! Writes users as LDIF (RFC 2849), which every LDIF reader accepts, including this one.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::model::sid::Sid;
use crate::model::user::{Attribute, User};

/// The maximum length of a line (RFC 2849, note 4).
const LINE: usize = 76;

/// The classes of a user; the cache has only users.
const CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "user"];

/// Writes the header.
pub fn begin(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"version: 1\n")
}

/// Writes a user with these attributes. Returns false, without writing, for a user without a DN.
pub fn user(out: &mut dyn Write, user: &User, attributes: &[Attribute]) -> io::Result<bool> {
    let Some(dn) = user.first(Attribute::DistinguishedName) else { return Ok(false) };
    out.write_all(b"\n")?;
    line(out, "dn", dn.raw().as_bytes())?;
    for class in CLASSES {
        line(out, "objectClass", class.as_bytes())?;
    }
    for attribute in attributes {
        match attribute {
            Attribute::DistinguishedName => {}
            // Binary, as in the directory.
            Attribute::ObjectGuid => line(out, attribute.name(), &user.guid.0)?,
            Attribute::ObjectSid => {
                for value in user.values(*attribute) {
                    let sid = value.raw().parse::<Sid>().ok();
                    line(out, attribute.name(), sid.as_ref().map_or(value.raw().as_bytes(), Sid::as_bytes))?;
                }
            }
            _ => {
                for value in user.values(*attribute) {
                    line(out, attribute.name(), value.raw().as_bytes())?;
                }
            }
        }
    }
    Ok(true)
}

fn line(out: &mut dyn Write, name: &str, value: &[u8]) -> io::Result<()> {
    let text = match std::str::from_utf8(value) {
        Ok(text) if is_safe(value) => format!("{name}: {text}"),
        _ => format!("{name}:: {}", BASE64.encode(value)),
    };
    // The text is ASCII, so it can be split anywhere.
    let (first, rest) = text.split_at(text.len().min(LINE));
    writeln!(out, "{first}")?;
    for part in rest.as_bytes().chunks(LINE - 1) {
        out.write_all(b" ")?;
        out.write_all(part)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A SAFE-STRING that does not end in a space (RFC 2849, grammar and note 8), without control characters.
fn is_safe(value: &[u8]) -> bool {
    let begins = value.first().is_none_or(|byte| !matches!(byte, b' ' | b':' | b'<'));
    begins && value.last() != Some(&b' ') && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}
