//! Users as LDIF (RFC 2849), as they would be read: every reader of LDIF takes them, this house's among them.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::model::sid::Sid;
use crate::model::user::{Attribute, User};

/// How long a line may be (RFC 2849, note 4).
const LINE: usize = 76;

/// The classes of whoever can be a user here; the cache keeps users alone.
const CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "user"];

/// What stands before the first entry.
pub fn begin(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"version: 1\n")
}

/// Writes the entry of a user, with these attributes. Without a DN there is no entry: false.
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
            // Octet strings, as the directory holds them.
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
    // All of it is ASCII here, so it may be cut anywhere.
    let (first, rest) = text.split_at(text.len().min(LINE));
    writeln!(out, "{first}")?;
    for part in rest.as_bytes().chunks(LINE - 1) {
        out.write_all(b" ")?;
        out.write_all(part)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A SAFE-STRING that does not end in a space (RFC 2849, the grammar and note 8), without what a terminal acts on.
fn is_safe(value: &[u8]) -> bool {
    let begins = value.first().is_none_or(|byte| !matches!(byte, b' ' | b':' | b'<'));
    begins && value.last() != Some(&b' ') && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}
