//! A BER decoder for untrusted bytes that neither recurses nor copies.
//!
//! With LDAP's restrictions (RFC 4511, 5.1): definite lengths only. Tags of more than one byte, which LDAP does not use, are
//! rejected. Each level is decoded only on request, so nesting has no cost.

/// Invalid bytes, with a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(pub(super) &'static str);

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The header of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tag: u8,
    /// The length of the header in bytes.
    pub(super) size: usize,
    /// The declared length of the value, which may not have arrived yet.
    pub(super) length: usize,
}

impl Header {
    /// Decodes the header at the start of `bytes`; `None` when it is incomplete.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let [tag, first, rest @ ..] = bytes else { return Ok(None) };
        if tag & 0x1f == 0x1f {
            return Err(Malformed("a tag is longer than one byte"));
        }
        let (size, length) = match *first {
            short @ 0..=0x7f => (2, usize::from(short)),
            0x80 => return Err(Malformed("a length is indefinite")),
            long => {
                let count = usize::from(long & 0x7f);
                // Active Directory always writes four bytes; no message needs more.
                if count > 4 {
                    return Err(Malformed("a length takes more than four bytes"));
                }
                let Some(digits) = rest.get(..count) else { return Ok(None) };
                (2 + count, digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
            }
        };
        Ok(Some(Self { tag: *tag, size, length }))
    }
}

/// A sequence of values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a>(pub(super) &'a [u8]);

impl<'a> Values<'a> {
    /// The next value and its tag; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let header = Header::read(self.0)?.ok_or(Malformed("a value is cut off"))?;
        let rest = &self.0[header.size..];
        let (value, rest) =
            rest.split_at_checked(header.length).ok_or(Malformed("a value is longer than its container"))?;
        self.0 = rest;
        Ok(Some((header.tag, value)))
    }

    /// The next value, which must have this tag; `missing` describes the error.
    pub(super) fn expect(&mut self, tag: u8, missing: &'static str) -> Result<&'a [u8], Malformed> {
        match self.next()? {
            Some((found, value)) if found == tag => Ok(value),
            _ => Err(Malformed(missing)),
        }
    }

    /// The next value if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.0.first() != Some(&tag) {
            return Ok(None);
        }
        Ok(self.next()?.map(|(_, value)| value))
    }
}

/// An INTEGER or ENUMERATED from 0 to 2,147,483,647, LDAP's `maxInt`.
pub(super) fn integer(value: &[u8]) -> Result<u32, Malformed> {
    let wrong = Malformed("a number is out of range");
    match value {
        [first, ..] if *first & 0x80 == 0 && value.len() <= 8 => {
            let number = value.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            u32::try_from(number).ok().filter(|number| *number <= i32::MAX.unsigned_abs()).ok_or(wrong)
        }
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn header_is_decoded_in_each_length_form() {
        let read = |bytes: &[u8]| Header::read(bytes);
        assert_eq!(read(&[0x30, 5, 1]), Ok(Some(Header { tag: 0x30, size: 2, length: 5 })));
        assert_eq!(read(&[0x30, 0x81, 0x80]), Ok(Some(Header { tag: 0x30, size: 3, length: 128 })));
        assert_eq!(read(&[0x30, 0x84, 0, 0, 1, 0]), Ok(Some(Header { tag: 0x30, size: 6, length: 256 })));
        for cut in [&[][..], &[0x30], &[0x30, 0x82, 1]] {
            assert_eq!(read(cut), Ok(None));
        }
        for wrong in [&[0x30, 0x80][..], &[0x30, 0x85, 0, 0, 0, 0, 1], &[0x3f, 0x81, 1]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_stay_in_range() {
        assert_eq!(integer(&[0]), Ok(0));
        assert_eq!(integer(&[0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]), Ok(2_147_483_647));
        for wrong in [&[][..], &[0xff], &[0, 0x80, 0, 0, 0], &[0; 9]] {
            assert!(integer(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn all_values_are_decoded_in_order(
            values in prop::collection::vec((0_u8..0x1f, prop::collection::vec(any::<u8>(), 0..300)), 0..6),
        ) {
            let mut bytes = Vec::new();
            for (tag, value) in &values {
                bytes.extend([*tag, 0x84]);
                bytes.extend(u32::try_from(value.len()).expect("short").to_be_bytes());
                bytes.extend(value);
            }
            let mut reader = Values(&bytes);
            for (tag, value) in &values {
                prop_assert_eq!(reader.next(), Ok(Some((*tag, value.as_slice()))));
            }
            prop_assert_eq!(reader.next(), Ok(None));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut values = Values(&bytes);
            while let Ok(Some((_, value))) = values.next() {
                let _ = integer(value);
            }
        }
    }
}
