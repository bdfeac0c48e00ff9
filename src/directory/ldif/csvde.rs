//! Reads the rows of a `csvde` export as entries.
//!
//! The first line has the attribute names, including DN; columns are separated and quoted as in Excel (RFC 4180); binary
//! values are `X'...'` in hexadecimal; several values are separated by semicolons (Microsoft, "Comma Separated Value (CSV)
//! Scripts"). A backslash escapes a semicolon or backslash in a value; before other characters it is literal, so that a DN
//! is the same whether or not its own backslashes were doubled.

use std::io::{BufRead, Read};

use super::entry::{Entry, MAX_ENTRY};
use super::{Fault, What};
use crate::directory::decode;
use crate::model::dn::Dn;

/// Whether a file is a csvde export: its first line has a column DN.
pub(super) fn begins(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    line.split(|byte| *byte == b',').any(is_dn)
}

fn is_dn(column: &[u8]) -> bool {
    let column = column.trim_ascii();
    let bare = column.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(column);
    bare.eq_ignore_ascii_case(b"DN")
}

/// Reads the entries of a file in their order.
pub(super) struct Rows {
    from: csv::Reader<Watched>,
    row: csv::ByteRecord,
    /// The column names and the index of the DN, once the first line has been read.
    columns: Option<(Vec<String>, usize)>,
}

impl Rows {
    pub(super) fn new(from: Box<dyn BufRead + Send>) -> Self {
        let from = Watched { from, open: false, last: b'\n', two_byte_ends: false, ended: false, since: 0 };
        let from = csv::ReaderBuilder::new().has_headers(false).from_reader(from);
        Self { from, row: csv::ByteRecord::new(), columns: None }
    }

    /// Reads the next entry into `entry`; false at the end of the file.
    pub(super) fn next(&mut self, entry: &mut Entry) -> Result<bool, Fault> {
        if self.columns.is_none() {
            self.columns = Some(self.header()?);
        }
        let Some(line) = self.read()? else { return Ok(false) };
        let Some((names, dn)) = &self.columns else { return Ok(false) };
        entry.clear();
        entry.line = line;
        let fault = |what| Fault::at(line, what);
        for (at, (name, cell)) in names.iter().zip(&self.row).enumerate() {
            if at == *dn {
                entry.dn = dn_of(cell);
            } else {
                values(cell, |value| entry.add(name, value)).map_err(fault)?;
            }
        }
        if entry.dn.is_empty() { Err(fault(What::NoDnInRow)) } else { Ok(true) }
    }

    fn header(&mut self) -> Result<(Vec<String>, usize), Fault> {
        let line = self.read()?.ok_or(Fault { line: None, what: What::Empty })?;
        let names: Vec<String> = self.row.iter().map(|name| decode::text(name.trim_ascii())).collect();
        let dn = names.iter().position(|name| name.eq_ignore_ascii_case("DN"));
        Ok((names, dn.ok_or(Fault::at(line, What::NoDnColumn))?))
    }

    /// Reads the next row, and returns the number of its first line; `None` at the end of a complete file.
    fn read(&mut self) -> Result<Option<u64>, Fault> {
        let read = self.from.read_byte_record(&mut self.row);
        let line = self.row.position().map_or(self.from.position().line(), csv::Position::line);
        let is_later = self.columns.is_some();
        let watched = self.from.get_mut();
        // The reader counts the LF of a CRLF with the next line.
        let line = line + u64::from(is_later && watched.two_byte_ends);
        watched.since = 0;
        // The last row of a truncated file may look complete.
        let is_cut = watched.ended && (watched.open || watched.last != b'\n');
        match read {
            Ok(true) => Ok(Some(line)),
            Ok(false) if is_cut => Err(Fault::at(line, What::CutOff)),
            Ok(false) => Ok(None),
            Err(error) => match error.into_kind() {
                csv::ErrorKind::UnequalLengths { .. } if is_cut => Err(Fault::at(line, What::CutOff)),
                csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
                    Err(Fault::at(line, What::Columns { found: len, wanted: expected_len }))
                }
                csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                    Err(Fault::at(line, What::EntryTooLarge))
                }
                csv::ErrorKind::Io(error) => Err(Fault::at(line, What::Read(error))),
                other => Err(Fault::at(line, What::Read(std::io::Error::other(format!("{other:?}"))))),
            },
        }
    }
}

/// Monitors the bytes for the CSV reader, which accepts an incomplete last row and buffers without limit after an open quote.
struct Watched {
    from: Box<dyn BufRead + Send>,
    /// Whether a quote is open.
    open: bool,
    last: u8,
    /// Whether lines end with CRLF.
    two_byte_ends: bool,
    ended: bool,
    /// Bytes since the last complete row.
    since: usize,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.since > MAX_ENTRY {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let count = self.from.read(into)?;
        for byte in &into[..count] {
            // A doubled quote inside quotes toggles twice.
            self.open ^= *byte == b'"';
            self.two_byte_ends |= *byte == b'\n' && self.last == b'\r';
            self.last = *byte;
        }
        self.since += count;
        self.ended = count == 0;
        Ok(count)
    }
}

/// Splits a cell into values.
fn values(cell: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), What>) -> Result<(), What> {
    let mut value = Vec::with_capacity(cell.len());
    let mut bytes = cell.iter().copied().peekable();
    let mut flush = |value: &mut Vec<u8>| {
        let done = match value.as_slice() {
            [] => Ok(()),
            plain => each(&binary(plain).unwrap_or_else(|| plain.to_vec())),
        };
        value.clear();
        done
    };
    while let Some(byte) = bytes.next() {
        match byte {
            b';' => flush(&mut value)?,
            b'\\' => value.push(bytes.next_if(|next| matches!(next, b';' | b'\\')).unwrap_or(byte)),
            byte => value.push(byte),
        }
    }
    flush(&mut value)
}

/// The bytes of `X'...'`.
fn binary(value: &[u8]) -> Option<Vec<u8>> {
    let digits = value.strip_prefix(b"X'")?.strip_suffix(b"'")?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// The DN in a cell: one value, with single backslashes unless only doubled ones make a valid DN.
fn dn_of(cell: &[u8]) -> String {
    let cell = cell.trim_ascii();
    let dn = decode::text(&binary(cell).unwrap_or_else(|| cell.to_vec()));
    if Dn::key_of(&dn).is_some() {
        return dn;
    }
    let single = dn.replace("\\\\", "\\");
    if Dn::key_of(&single).is_some() { single } else { dn }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In csvde's format: DNs and values with commas are quoted, and an attribute's values are in one column.
    const CSVDE: &str = "DN,objectClass,cn,objectGUID,memberOf,description\r\n\
\"CN=Doe\\, Jane,OU=Sales,DC=corp,DC=example\",top;person;user,\"Doe, Jane\",X'00112233445566778899aabbccddeeff',\
\"CN=A\\\\, B,DC=corp,DC=example;CN=C,DC=corp,DC=example\",\"say \"\"hi\"\"\"\r\n\
\"CN=B,DC=corp,DC=example\",top,B,,,X'4ac3bc7267656e'\r\n";

    /// An entry: its DN, and each value with its attribute.
    type Listed = (String, Vec<(String, Vec<u8>)>);

    fn rows(text: &[u8]) -> Result<Vec<Listed>, Fault> {
        let mut rows = Rows::new(Box::new(std::io::Cursor::new(text.to_vec())));
        let mut entry = Entry::default();
        let mut all = Vec::new();
        while rows.next(&mut entry)? {
            let values = entry.all().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
            all.push((entry.dn.clone(), values));
        }
        Ok(all)
    }

    #[test]
    fn every_value_of_every_column_is_read() {
        let all = rows(CSVDE.as_bytes()).expect("csvde");
        let value = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
        let jane = vec![
            value("objectClass", b"top"),
            value("objectClass", b"person"),
            value("objectClass", b"user"),
            value("cn", b"Doe, Jane"),
            value("objectGUID", b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"),
            value("memberOf", b"CN=A\\, B,DC=corp,DC=example"),
            value("memberOf", b"CN=C,DC=corp,DC=example"),
            value("description", b"say \"hi\""),
        ];
        let b = vec![value("objectClass", b"top"), value("cn", b"B"), value("description", "J\u{fc}rgen".as_bytes())];
        let expected = [
            ("CN=Doe\\, Jane,OU=Sales,DC=corp,DC=example".to_owned(), jane),
            ("CN=B,DC=corp,DC=example".to_owned(), b),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn backslash_escapes_only_semicolons_and_backslashes() {
        let of = |cell: &str| {
            let mut all = Vec::new();
            let taken = values(cell.as_bytes(), |value| {
                all.push(String::from_utf8_lossy(value).into_owned());
                Ok(())
            });
            taken.expect("parsed");
            all
        };
        assert_eq!(of(r"a\;b;c"), ["a;b", "c"]);
        assert_eq!(of(r"a\\;b"), [r"a\", "b"]);
        assert_eq!(of(r"CN=a\, b"), [r"CN=a\, b"]);
        assert_eq!(of(r"CN=a\\, b"), [r"CN=a\, b"]);
        assert_eq!(of("X'4142';X'4';;X'zz'"), ["AB", "X'4'", "X'zz'"]);
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn truncation_at_any_byte_is_detected() {
        let end_of_header = CSVDE.find("\r\n").expect("a line") + 2;
        let end_of_first = CSVDE.find("\r\n\"CN=B").expect("a row") + 2;
        for cut in 1..CSVDE.len() {
            let whole = cut == end_of_header || cut == end_of_first;
            let read = rows(&CSVDE.as_bytes()[..cut]);
            assert_eq!(read.is_ok(), whole, "cut after {cut} bytes: {read:?}");
        }
        // A line break inside a value does not end a row; a truncated row is reported as such.
        for cut in ["DN,info\r\n\"CN=a,DC=x\",\"first\r\n", "DN,cn,sn\r\n\"CN=a,DC=x\",a"] {
            let read = rows(cut.as_bytes());
            assert!(matches!(read, Err(Fault { what: What::CutOff, .. })), "{read:?}");
        }
    }

    #[test]
    fn other_csv_files_are_rejected() {
        let what = |text: &str| rows(text.as_bytes()).expect_err("rejected");
        assert!(matches!(what("name,cn\r\na,b\r\n"), Fault { line: Some(1), what: What::NoDnColumn }));
        assert!(matches!(what("DN;cn\r\n"), Fault { line: Some(1), what: What::NoDnColumn }));
        let row = what("DN,cn\r\n\"CN=a,DC=x\",a\r\nCN=b,DC=x,b\r\n");
        assert!(matches!(row, Fault { line: Some(3), what: What::Columns { found: 3, wanted: 2 } }), "{row:?}");
        assert!(matches!(what("DN,cn\r\n,a\r\n"), Fault { line: Some(2), what: What::NoDnInRow }));
        assert!(matches!(what(""), Fault { what: What::Empty, .. }));
    }

    #[test]
    fn csvde_is_detected_by_its_first_line() {
        for csvde in ["DN,objectClass\r\n", "\"DN\",\"cn\"\n", "objectClass,DN,cn\n", "dn\n"] {
            assert!(begins(csvde.as_bytes()), "{csvde}");
        }
        for ldif in ["dn: CN=a,DC=b\n", "version: 1\n", "# extended LDIF\n", "", "dn:: Q049YQ==\n"] {
            assert!(!begins(ldif.as_bytes()), "{ldif}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "(DN,cn\n)?[\\PC\n\";X'\\\\,]{0,80}") {
            let _ = rows(text.as_bytes());
        }
    }
}
