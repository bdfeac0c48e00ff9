//! The rows of a file that `csvde` wrote, as entries.
//!
//! The first line names the attributes, DN among them; columns are separated and quoted as Excel does it (RFC 4180);
//! a value that is not plain text is `X'...'` in hexadecimal; several values are joined by semicolons (Microsoft,
//! "Comma Separated Value (CSV) Scripts"). A backslash stands before a semicolon or a backslash that belongs to a
//! value; before anything else it is itself, so that a DN reads alike whether or not its own backslashes were doubled.

use std::io::{BufRead, Read};

use super::records::{Entry, MAX_ENTRY};
use super::{Fault, What};
use crate::directory::decode;
use crate::model::dn::Dn;

/// Whether a file that begins like this is csvde's: its first line has a column DN.
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
    /// The names of the columns, once the first line has been read, and which one is the DN.
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

    /// Reads the next row, and gives the number of its first line; `None` at the end of a file that is whole.
    fn read(&mut self) -> Result<Option<u64>, Fault> {
        let read = self.from.read_byte_record(&mut self.row);
        let line = self.row.position().map_or(self.from.position().line(), csv::Position::line);
        let is_later = self.columns.is_some();
        let watched = self.from.get_mut();
        // The reader takes the second half of a line's end together with the next line.
        let line = line + u64::from(is_later && watched.two_byte_ends);
        watched.since = 0;
        // The last row of a file that was cut off may look whole by itself.
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

/// The bytes of a file on their way to the reader, which by itself takes an unfinished row for a whole one and a quote
/// that is never closed for as much memory as the file has.
struct Watched {
    from: Box<dyn BufRead + Send>,
    /// A quote is open.
    open: bool,
    last: u8,
    /// Lines end with CRLF.
    two_byte_ends: bool,
    ended: bool,
    /// How many bytes came since a row was whole.
    since: usize,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.since > MAX_ENTRY {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let count = self.from.read(into)?;
        for byte in &into[..count] {
            // A quote within quotes is doubled, which opens and closes once more.
            self.open ^= *byte == b'"';
            self.two_byte_ends |= *byte == b'\n' && self.last == b'\r';
            self.last = *byte;
        }
        self.since += count;
        self.ended = count == 0;
        Ok(count)
    }
}

/// The values that a cell holds.
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

/// What `X'...'` stands for.
fn binary(value: &[u8]) -> Option<Vec<u8>> {
    let digits = value.strip_prefix(b"X'")?.strip_suffix(b"'")?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// A DN as its column holds it: one value, whose backslashes are its own unless it is no DN like that.
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

    /// As csvde writes it: the DN and what has a comma quoted, the values of an attribute in one column.
    const CSVDE: &str = "DN,objectClass,cn,objectGUID,memberOf,description\r\n\
\"CN=Doe\\, Jane,OU=Sales,DC=corp,DC=example\",top;person;user,\"Doe, Jane\",X'00112233445566778899aabbccddeeff',\
\"CN=A\\\\, B,DC=corp,DC=example;CN=C,DC=corp,DC=example\",\"say \"\"hi\"\"\"\r\n\
\"CN=B,DC=corp,DC=example\",top,B,,,X'4ac3bc7267656e'\r\n";

    /// An entry: its DN, and its attributes with a value each.
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
    fn a_semicolon_of_a_value_is_no_end_of_it_and_a_backslash_before_anything_else_is_itself() {
        let of = |cell: &str| {
            let mut all = Vec::new();
            let taken = values(cell.as_bytes(), |value| {
                all.push(String::from_utf8_lossy(value).into_owned());
                Ok(())
            });
            taken.expect("it takes everything");
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
    fn a_file_that_ends_in_the_middle_is_seen_wherever_it_ends() {
        let end_of_header = CSVDE.find("\r\n").expect("a line") + 2;
        let end_of_first = CSVDE.find("\r\n\"CN=B").expect("a row") + 2;
        for cut in 1..CSVDE.len() {
            let whole = cut == end_of_header || cut == end_of_first;
            let read = rows(&CSVDE.as_bytes()[..cut]);
            assert_eq!(read.is_ok(), whole, "cut after {cut} bytes: {read:?}");
        }
        // The end of a line inside a value is none of a row; and a row that lacks columns because it was cut says so.
        for cut in ["DN,info\r\n\"CN=a,DC=x\",\"first\r\n", "DN,cn,sn\r\n\"CN=a,DC=x\",a"] {
            let read = rows(cut.as_bytes());
            assert!(matches!(read, Err(Fault { what: What::CutOff, .. })), "{read:?}");
        }
    }

    #[test]
    fn what_csvde_did_not_write_is_refused() {
        let what = |text: &str| rows(text.as_bytes()).expect_err("it is refused");
        assert!(matches!(what("name,cn\r\na,b\r\n"), Fault { line: Some(1), what: What::NoDnColumn }));
        assert!(matches!(what("DN;cn\r\n"), Fault { line: Some(1), what: What::NoDnColumn }));
        let row = what("DN,cn\r\n\"CN=a,DC=x\",a\r\nCN=b,DC=x,b\r\n");
        assert!(matches!(row, Fault { line: Some(3), what: What::Columns { found: 3, wanted: 2 } }), "{row:?}");
        assert!(matches!(what("DN,cn\r\n,a\r\n"), Fault { line: Some(2), what: What::NoDnInRow }));
        assert!(matches!(what(""), Fault { what: What::Empty, .. }));
    }

    #[test]
    fn the_first_line_tells_csvde_from_ldif() {
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
