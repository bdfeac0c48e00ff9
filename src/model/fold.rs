//! How a directory compares text: letters in one case, and runs of spaces as one (RFC 4518, 2.2 and 2.6.1).
//!
//! Case is folded to upper case one character for one, as Active Directory and Samba do. Windows also ignores
//! diacritics, kana type and width ([MS-ADTS] 3.1.1.2.2.4), Samba does not; here `oberg` is not `Öberg`.

/// The characters of `text` in upper case, with the spaces around it dropped and each run of spaces inside it one.
pub fn folded(text: &str) -> Folded<'_> {
    Folded { rest: text.trim_matches(' ').chars(), in_spaces: false }
}

/// Whether two texts are the same to a directory.
pub fn same(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

/// What [`folded`] gives, character by character.
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

/// A part of a value, such as the `b` of `(cn=a*b*)`: as [`folded`], but spaces at its ends stay, as one.
pub fn folded_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != ' ' || !out.ends_with(' ') {
            out.push(upper(c));
        }
    }
    out
}

/// `c` in upper case where that is one character, else `c` itself (`ß`).
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
    fn case_and_spaces_do_not_count() {
        assert_eq!(all("  Team   Sales 0 "), "TEAM SALES 0");
        assert_eq!(all("Παπαδοπούλου Öberg żółć"), "ΠΑΠΑΔΟΠΟΎΛΟΥ ÖBERG ŻÓŁĆ");
        assert_eq!(all("straße"), "STRAßE");
        assert_ne!(all("Öberg"), all("Oberg"));
        assert_eq!(all("   "), "");
    }

    #[test]
    fn a_part_keeps_the_spaces_at_its_ends() {
        assert_eq!(folded_part("  of  the "), " OF THE ");
    }
}
