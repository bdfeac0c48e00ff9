//! Security identifiers ([MS-DTYP] 2.4.2), in binary form as in the directory and as text.

use super::Unreadable;

/// A well-formed objectSid in binary form ([MS-DTYP] 2.4.2.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid(Vec<u8>);

/// Revision, count of sub-authorities, and six bytes of identifier authority come before the sub-authorities.
const HEAD: usize = 8;
/// The maximum number of sub-authorities ([MS-DTYP] 2.4.2.2).
const MOST: usize = 15;

impl Sid {
    /// Decodes a SID; `None` when its revision is not 1 or its length does not match its count.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [1, count, ..] = bytes else { return None };
        let count = usize::from(*count);
        (count <= MOST && bytes.len() == HEAD + 4 * count).then(|| Self(bytes.to_vec()))
    }

    /// Reads an attribute value, binary or text.
    pub fn from_value(value: &[u8]) -> Option<Self> {
        Self::from_bytes(value).or_else(|| std::str::from_utf8(value).ok()?.parse().ok())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The domain's SID and the relative id in it, of an account or group of a domain: `S-1-5-21-`, three numbers that
    /// are the domain, and one that is unique there ([MS-DTYP] 2.4.2.3). `None` for well-known SIDs such as
    /// those below `S-1-5-32`, which are never a primary group.
    pub fn in_domain(&self) -> Option<(Self, u32)> {
        const OF_A_DOMAIN: &[u8] = &[1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0];
        let (head, last) = self.0.split_last_chunk::<4>().filter(|_| self.0.starts_with(OF_A_DOMAIN))?;
        let mut domain = head.to_vec();
        domain[1] = 4;
        Some((Self(domain), u32::from_le_bytes(*last)))
    }
}

impl std::fmt::Display for Sid {
    /// `S-1-5-21-...`; an authority of 2^32 or more is written in hexadecimal ([MS-DTYP] 2.4.2.1).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let authority = self.0[2..HEAD].iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        if u32::try_from(authority).is_ok() {
            write!(f, "S-1-{authority}")?;
        } else {
            write!(f, "S-1-0x{authority:012X}")?;
        }
        for part in self.0[HEAD..].chunks_exact(4) {
            let part = part.iter().rev().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
            write!(f, "-{part}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Sid {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        read(text.trim())
            .ok_or_else(|| Unreadable::new("a SID such as \"S-1-5-21-1004336348-1177238915-682003330-512\"", text))
    }
}

fn read(text: &str) -> Option<Sid> {
    let mut parts = text.split('-');
    if !parts.next()?.eq_ignore_ascii_case("S") || parts.next()? != "1" {
        return None;
    }
    let authority = parts.next()?;
    let authority = match authority.strip_prefix("0x").or_else(|| authority.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(hex, 16).ok()?,
        Some(_) => return None,
        None => number(authority)?,
    };
    let authority = authority.to_be_bytes();
    if authority[..2] != [0, 0] {
        return None;
    }
    let mut bytes = vec![1, 0];
    bytes.extend_from_slice(&authority[2..]);
    for part in parts {
        bytes[1] += 1;
        if usize::from(bytes[1]) > MOST {
            return None;
        }
        bytes.extend_from_slice(&u32::try_from(number(part)?).ok()?.to_le_bytes());
    }
    Some(Sid(bytes))
}

/// Digits only: `u64::from_str` also accepts a plus sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sid_is_printed_as_in_windows() {
        // BUILTIN\Administrators, S-1-5-32-544 ([MS-DTYP] 2.4.2.4).
        let bytes = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        let sid = Sid::from_bytes(&bytes).expect("well formed");
        assert_eq!(sid.to_string(), "S-1-5-32-544");
        assert_eq!("s-1-5-32-544".parse(), Ok(sid));
    }

    #[test]
    fn domain_sid_is_split_into_domain_and_rid() {
        let users: Sid = "S-1-5-21-1004336348-1177238915-682003330-513".parse().expect("a SID");
        let domain = "S-1-5-21-1004336348-1177238915-682003330".parse().expect("a SID");
        assert_eq!(users.in_domain(), Some((domain, 513)));
        for text in ["S-1-5-32-544", "S-1-5-21-1-2-3", "S-1-5-21-1-2-3-4-5", "S-1-1-0"] {
            assert_eq!(text.parse::<Sid>().expect("a SID").in_domain(), None, "{text}");
        }
    }

    #[test]
    fn a_large_authority_is_hexadecimal() {
        let sid = Sid::from_bytes(&[1, 1, 0, 1, 0, 0, 0, 0, 7, 0, 0, 0]).expect("well formed");
        assert_eq!(sid.to_string(), "S-1-0x000100000000-7");
    }

    #[test]
    fn wrong_length_is_rejected() {
        for bytes in [&[][..], &[1], &[1, 1, 0, 0, 0, 0, 0, 5], &[1, 0, 0, 0, 0, 0, 0, 5, 9], &[2, 0, 0, 0, 0, 0, 0, 5]]
        {
            assert_eq!(Sid::from_bytes(bytes), None, "{bytes:?}");
        }
        let mut sixteen = vec![1, 16, 0, 0, 0, 0, 0, 5];
        sixteen.resize(HEAD + 64, 0);
        assert_eq!(Sid::from_bytes(&sixteen), None);
    }

    #[test]
    fn invalid_text_is_rejected() {
        for text in [
            "",
            "S",
            "S-1",
            "S-2-5",
            "S-1-",
            "S-1-5-",
            "S-1-5-+3",
            "S-1-5-4294967296",
            "S-1-0x1000000000000",
            "S-1-0x+1",
        ] {
            assert!(text.parse::<Sid>().is_err(), "{text}");
        }
        assert!(format!("S-1-5{}", "-1".repeat(16)).parse::<Sid>().is_err());
    }

    proptest! {
        #[test]
        fn printed_sid_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(sid) = Sid::from_bytes(&bytes) {
                prop_assert_eq!(sid.to_string().parse::<Sid>(), Ok(sid));
            }
        }

        #[test]
        fn every_well_formed_sid_reads_back(authority in any::<[u8; 6]>(), parts in prop::collection::vec(any::<u32>(), 0..=15)) {
            let mut bytes = vec![1, u8::try_from(parts.len()).expect("at most 15")];
            bytes.extend_from_slice(&authority);
            bytes.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
            let sid = Sid::from_bytes(&bytes).expect("well formed");
            prop_assert_eq!(sid.to_string().parse::<Sid>(), Ok(sid));
        }
    }
}
