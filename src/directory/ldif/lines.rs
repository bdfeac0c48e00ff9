//! The logical lines of an LDIF file (RFC 2849): unfolded, with CRLF or LF, in UTF-8 or UTF-16.
//!
//! `ldifde -u` and `csvde -u` write UTF-16 with a byte order mark, which is converted to UTF-8.

use std::io::{BufRead, BufReader, Read};

use super::{Fault, What};

/// The longest unfolded line: more than any value of a directory in base64.
pub(super) const MAX_LINE: usize = 16 << 20;

/// Reads a file line by line, with constant memory.
pub(super) struct Lines {
    from: Box<dyn BufRead + Send>,
    /// The number of physical lines that were read.
    read: u64,
}

/// The text of a file, without its byte order mark.
pub(super) fn text(from: impl Read + Send + 'static) -> Result<Box<dyn BufRead + Send>, Fault> {
    let mut from = BufReader::with_capacity(256 << 10, from);
    let head = from.fill_buf().map_err(|error| Fault { line: None, what: What::Read(error) })?;
    let utf_16 = match head {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    let mark = if utf_16.is_some() { 2 } else { 3 * usize::from(head.starts_with(b"\xef\xbb\xbf")) };
    from.consume(mark);
    Ok(match utf_16 {
        Some(unit) => {
            let decoded = Utf16 { from, unit, ready: Vec::new(), given: 0 };
            Box::new(BufReader::with_capacity(64 << 10, decoded))
        }
        None => Box::new(from),
    })
}

impl Lines {
    pub(super) fn new(from: Box<dyn BufRead + Send>) -> Self {
        Self { from, read: 0 }
    }

    /// Reads the next unfolded line into `line`, without its line break, and returns the number of its first physical line;
    /// `None` at the end of the file.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> Result<Option<u64>, Fault> {
        line.clear();
        match self.peek()? {
            None => return Ok(None),
            Some(b' ') => return Err(Fault::at(self.read + 1, What::NothingToContinue)),
            Some(_) => {}
        }
        let first = self.read + 1;
        self.physical(line, first)?;
        while !line.is_empty() && self.peek()? == Some(b' ') {
            self.from.consume(1);
            self.physical(line, first)?;
        }
        Ok(Some(first))
    }

    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        let line = self.read + 1;
        let ahead = self.from.fill_buf().map_err(|error| Fault::at(line, What::Read(error)))?;
        Ok(ahead.first().copied())
    }

    /// Appends the rest of a physical line.
    fn physical(&mut self, line: &mut Vec<u8>, first: u64) -> Result<(), Fault> {
        self.read += 1;
        let room = (MAX_LINE + 2).saturating_sub(line.len());
        let mut bounded = (&mut self.from).take(u64::try_from(room).unwrap_or(u64::MAX));
        bounded.read_until(b'\n', line).map_err(|error| Fault::at(first, What::Read(error)))?;
        let out_of_room = bounded.limit() == 0;
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            let what = if out_of_room { What::LineTooLong } else { What::CutOff };
            return Err(Fault::at(first, what));
        }
        line.pop_if(|byte| *byte == b'\r');
        Ok(())
    }
}

/// Converts UTF-16 to UTF-8.
struct Utf16<R> {
    from: R,
    unit: fn([u8; 2]) -> u16,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Utf16<R> {
    /// Decodes some characters into `ready`.
    fn refill(&mut self) -> std::io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.len() < 64 << 10 {
            let Some(unit) = self.next_unit()? else { break };
            // A surrogate pair is one character.
            let pair = if (0xd800..0xdc00).contains(&unit) { self.next_unit()? } else { None };
            let mut bytes = [0; 4];
            for c in char::decode_utf16([unit].into_iter().chain(pair)) {
                let c = c.map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "invalid UTF-16"))?;
                self.ready.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
            }
        }
        Ok(())
    }

    fn next_unit(&mut self) -> std::io::Result<Option<u16>> {
        if self.from.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut unit = [0; 2];
        self.from.read_exact(&mut unit)?;
        Ok(Some((self.unit)(unit)))
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let rest = &self.ready[self.given..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}
