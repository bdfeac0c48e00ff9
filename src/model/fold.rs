//! Text comparison as in a directory: ignores case and repeated spaces (RFC 4518, 2.2 and 2.6.1).
//!
//! Each character is mapped to one upper-case character, as in Active Directory and Samba. Windows also ignores diacritics,
//! kana type and width ([MS-ADTS] 3.1.1.2.2.4); Samba and imd do not, so `oberg` is not `Öberg`.

/// The characters of `text` in upper case, trimmed, with runs of spaces collapsed.
pub fn folded(text: &str) -> Folded<'_> {
    Folded { rest: text.trim_matches(' ').chars(), in_spaces: false }
}

/// Whether two texts are equal in a directory.
pub fn same(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

/// The iterator of [`folded`].
#[derive(Debug, Clone)]
pub struct Folded<'a> {
    rest: std::str::Chars<'a>,
    in_spaces: bool,
}

impl Iterator for Folded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            let c = self.rest.next()?;
            if c == ' ' && self.in_spaces {
                continue;
            }
            self.in_spaces = c == ' ';
            return Some(upper(c));
        }
    }
}

/// A part of a value, such as the `b` of `(cn=a*b*)`: like [`folded`], but not trimmed.
pub fn folded_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != ' ' || !out.ends_with(' ') {
            out.push(upper(c));
        }
    }
    out
}

/// `c` in upper case if that is one character, else `c` itself (`ß`).
fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> String {
        folded(text).collect()
    }

    #[test]
    fn case_and_spaces_are_ignored() {
        assert_eq!(all("  Team   Sales 0 "), "TEAM SALES 0");
        assert_eq!(all("Παπαδοπούλου Öberg żółć"), "ΠΑΠΑΔΟΠΟΎΛΟΥ ÖBERG ŻÓŁĆ");
        assert_eq!(all("straße"), "STRAßE");
        assert_ne!(all("Öberg"), all("Oberg"));
        assert_eq!(all("   "), "");
    }

    #[test]
    fn part_is_not_trimmed() {
        assert_eq!(folded_part("  of  the "), " OF THE ");
    }
}
