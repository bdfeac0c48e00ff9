//! Amounts of storage: quotas and capacities.

use super::Unreadable;

const UNITS: [(&str, u64); 6] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("PiB", 1 << 50)];

/// A number of bytes, written as "50 GiB" (IEC 80000-13 binary units).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(u64);

impl Size {
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(self) -> u64 {
        self.0
    }
}

impl std::str::FromStr for Size {
    type Err = Unreadable;

    /// Parses a whole number with a unit from B to PiB; the ambiguous `GB` and `G` are rejected. `0` needs no unit.
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let wrong = || Unreadable::new("a size such as \"50 GiB\" (B, KiB, MiB, GiB, TiB or PiB)", text);
        let text = text.trim();
        if text == "0" {
            return Ok(Self(0));
        }
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(digits);
        let scale = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim())).ok_or_else(wrong)?.1;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(scale).filter(|bytes| i64::try_from(*bytes).is_ok()).map(Self).ok_or_else(wrong)
    }
}

impl std::fmt::Display for Size {
    /// Uses the largest unit that divides the number of bytes, so that parsing gives the same value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = UNITS.iter().rev().find(|(_, scale)| self.0 != 0 && self.0.is_multiple_of(*scale));
        match unit {
            Some((name, scale)) => f.pad(&format!("{} {name}", self.0 / scale)),
            None => f.pad("0"),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_round_trips() {
        for text in ["0", "1 B", "1023 B", "1 KiB", "50 GiB", "1536 GiB", "200 TiB"] {
            assert_eq!(text.parse::<Size>().expect(text).to_string(), text);
        }
        assert_eq!("50gib".parse::<Size>().expect("case and space do not matter"), Size::bytes(50 << 30));
    }

    #[test]
    fn ambiguous_size_is_rejected() {
        for text in ["", "50", "50 GB", "50G", "-1 GiB", "1.5 GiB", "99999999999 PiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
