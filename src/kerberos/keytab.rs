//! The entries of a keytab: MIT Kerberos' file format, version 2 ("keytab file format", MIT Kerberos documentation).
//!
//! No maintained crate reads this format. Only principals and encryption types are read here; the library reads the keys.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::Error;

/// Enough for more than a thousand keys.
const LONGEST: u64 = 1024 * 1024;

/// An entry without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    components: Vec<String>,
    realm: String,
    /// The encryption type (IANA, Kerberos Encryption Type Numbers).
    kind: u16,
}

/// Checks that a keytab can be used for tickets of Active Directory: accessible to its owner only, with an AES key of a
/// web service.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    use std::io::Read as _;
    let failed = |why| Error::File { path: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(failed)?;
    // Metadata of the open file, so that the checked file is the one that is read.
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    // The group may read it: systemd passes credentials to a service that way (LoadCredential).
    if metadata.is_file() && mode & 0o027 != 0 {
        return Err(Error::TooWide { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    let entries = entries(&bytes).ok_or_else(|| Error::NoKeytab { path: path.to_owned() })?;
    let names = |entry: &Entry| crate::model::text::shown(&format!("{}@{}", entry.components.join("/"), entry.realm));
    let web: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.components.len() == 2 && entry.components[0].eq_ignore_ascii_case("HTTP"))
        .collect();
    if web.is_empty() {
        let mut others: Vec<String> = entries.iter().map(names).take(5).collect();
        others.dedup();
        let others = if others.is_empty() { "it is empty".to_owned() } else { others.join(", ") };
        return Err(Error::NoService { path: path.to_owned(), others });
    }
    let Some(old) = web.iter().find(|one| !web.iter().any(|other| same_name(one, other) && is_aes(other.kind))) else {
        return Ok(());
    };
    let kinds: Vec<&str> = web.iter().filter(|other| same_name(old, other)).map(|other| word(other.kind)).collect();
    Err(Error::OldKeys { path: path.to_owned(), principal: names(old), kinds: kinds.join(", ") })
}

fn same_name(one: &Entry, other: &Entry) -> bool {
    (&one.components, &one.realm) == (&other.components, &other.realm)
}

/// AES with SHA-1 (RFC 3962) or with SHA-2 (RFC 8009).
const fn is_aes(kind: u16) -> bool {
    matches!(kind, 17..=20)
}

const fn word(kind: u16) -> &'static str {
    match kind {
        1..=3 => "DES",
        5 | 7 | 16 => "3DES",
        17..=20 => "AES",
        23 | 24 => "RC4",
        _ => "another type",
    }
}

/// The entries; `None` when it is not a keytab.
fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = bytes.strip_prefix(&[5, 2])?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let length = i32::from_be_bytes(take(&mut rest)?);
        let size = usize::try_from(length.unsigned_abs()).ok()?;
        let (record, after) = rest.split_at_checked(size)?;
        rest = after;
        // A negative length is a deleted entry; 0 ends the file.
        match length {
            0 => break,
            1.. => entries.push(entry(record)?),
            _ => {}
        }
    }
    Some(entries)
}

fn entry(mut record: &[u8]) -> Option<Entry> {
    let count = u16::from_be_bytes(take(&mut record)?);
    let realm = text(&mut record)?;
    let components = (0..count).map(|_| text(&mut record)).collect::<Option<Vec<_>>>()?;
    // The name type, the time, and the low byte of the key version.
    take::<9>(&mut record)?;
    Some(Entry { components, realm, kind: u16::from_be_bytes(take(&mut record)?) })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = u16::from_be_bytes(take(rest)?);
    let (text, tail) = rest.split_at_checked(length.into())?;
    *rest = tail;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A complete entry, with key and 32-bit version.
    fn written(principal: &str, kind: u16) -> Vec<u8> {
        let counted = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let components: Vec<&str> = principal.split('/').collect();
        let mut record = u16::try_from(components.len()).unwrap().to_be_bytes().to_vec();
        record.extend(counted("CORP.TEST"));
        record.extend(components.iter().flat_map(|component| counted(component)));
        record.extend([0, 0, 0, 1, 0x65, 0, 0, 0, 7]);
        record.extend(kind.to_be_bytes());
        record.extend([0, 4, 1, 2, 3, 4, 0, 0, 0, 7]);
        [i32::try_from(record.len()).unwrap().to_be_bytes().as_slice(), &record].concat()
    }

    fn keytab(entries: &[Vec<u8>]) -> Vec<u8> {
        [&[5, 2][..], &entries.concat()].concat()
    }

    fn judged(bytes: &[u8], mode: u32) -> Result<(), Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.keytab");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        check(&path)
    }

    #[test]
    fn keytab_with_aes_web_service_key_is_accepted() {
        let hole = [(-6_i32).to_be_bytes().as_slice(), &[0; 6]].concat();
        let good = keytab(&[written("HTTP/imd", 23), hole, written("HTTP/imd", 18), written("imd", 23)]);
        for mode in [0o600, 0o400, 0o440, 0o640] {
            assert!(judged(&good, mode).is_ok(), "{mode:o}");
        }
        for mode in [0o604, 0o644, 0o660, 0o620, 0o602, 0o601] {
            assert!(
                matches!(judged(&good, mode), Err(Error::TooWide { mode: found, .. }) if found == mode),
                "{mode:o}"
            );
        }
    }

    #[test]
    fn keytab_with_only_rc4_is_rejected() {
        let error = judged(&keytab(&[written("HTTP/imd", 23), written("HTTP/imd", 3)]), 0o600).unwrap_err();
        let text = format!("{error} {}", error.help());
        for word in ["HTTP/imd@CORP.TEST", "RC4, DES", "AES256"] {
            assert!(text.contains(word), "{text}");
        }
        // An AES key of another principal does not count.
        let mixed = keytab(&[written("HTTP/imd", 23), written("HTTP/other", 18)]);
        assert!(matches!(judged(&mixed, 0o600), Err(Error::OldKeys { .. })));
    }

    #[test]
    fn other_files_and_principals_are_rejected() {
        for none in [&b""[..], b"\x05", b"\x05\x01", b"-----BEGIN", &keytab(&[vec![0, 0, 0, 9, 1]])] {
            assert!(matches!(judged(none, 0o600), Err(Error::NoKeytab { .. })), "{none:?}");
        }
        let good = keytab(&[written("HTTP/imd", 18)]);
        for end in 3..good.len() {
            assert!(judged(&good[..end], 0o600).is_err(), "cut off after {end}");
        }
        for other in [keytab(&[]), keytab(&[written("host/imd", 18), written("HTTP", 18)])] {
            assert!(matches!(judged(&other, 0o600), Err(Error::NoService { .. })));
        }
    }
}
