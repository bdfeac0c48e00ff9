//! Distinguished names (RFC 4514): parsing, comparison as in a directory, and parents.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Unreadable;
use super::fold::{folded, folded_part};

/// A distinguished name. Compare names by [`Dn::key`], which ignores case, spacing and escaping.
#[derive(Debug, Clone)]
pub struct Dn {
    text: String,
    rdns: Vec<Rdn>,
}

/// One level of a name: `OU=Sales`, rarely `CN=a+OU=b`.
#[derive(Debug, Clone)]
struct Rdn {
    /// Its byte offset in the text.
    at: usize,
    kind: String,
    value: String,
    key: String,
}

impl Dn {
    /// The original text, trimmed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The canonical form: levels joined by commas, each folded and escaped in the same way.
    pub fn key(&self) -> String {
        self.key_from(0)
    }

    fn key_from(&self, level: usize) -> String {
        let keys: Vec<&str> = self.rdns.iter().skip(level).map(|rdn| rdn.key.as_str()).collect();
        keys.join(",")
    }

    /// The key of the DN in `text`, with a fast path without parsing; `None` when it is not a DN.
    pub fn key_of(text: &str) -> Option<String> {
        if is_plain(text) && text.split(',').all(has_kind) {
            return Some(text.to_ascii_uppercase());
        }
        text.parse::<Self>().ok().map(|dn| dn.key())
    }

    /// The text of the parent of the DN in `text`, without validation.
    pub fn parent_of(text: &str) -> Option<&str> {
        let mut escaped = false;
        let comma = text.bytes().position(|byte| {
            let ends = byte == b',' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        Some(text[comma + 1..].trim_ascii_start())
    }

    /// The names of the OUs and containers above the DN in `text`, nearest first, without the domain; empty when it is not a
    /// DN.
    pub fn units_of(text: &str) -> Vec<Cow<'_, str>> {
        let of_domain = |kind: &str| kind.trim().eq_ignore_ascii_case("DC");
        if is_plain(text) && text.split(',').all(has_kind) {
            let levels = text.split(',').skip(1).filter_map(|level| level.split_once('='));
            return levels.filter(|(kind, _)| !of_domain(kind)).map(|(_, name)| Cow::Borrowed(name)).collect();
        }
        let Ok(dn) = text.parse::<Self>() else { return Vec::new() };
        let levels = dn.rdns.into_iter().skip(1).filter(|level| !of_domain(&level.kind));
        levels.map(|level| Cow::Owned(level.value)).collect()
    }

    /// Whether the name with the key `key` is at or below the one with the key `base`.
    pub fn is_key_at_or_below(key: &str, base: &str) -> bool {
        key.strip_suffix(base).is_some_and(|above| above.is_empty() || above.ends_with(','))
    }

    /// Whether the DN in `text` has the key `key`; faster than computing the key, because nearly all DNs of a directory only
    /// differ in case.
    pub fn has_key(text: &str, key: &str) -> bool {
        if is_plain(text) {
            return text.eq_ignore_ascii_case(key);
        }
        text.parse::<Self>().is_ok_and(|dn| dn.key() == key)
    }

    /// The number of levels.
    pub fn depth(&self) -> usize {
        self.rdns.len()
    }

    /// The name one level up; `None` for the topmost.
    pub fn parent(&self) -> Option<Self> {
        let next = self.rdns.get(1)?;
        let rdns = self.rdns[1..].iter().map(|rdn| Rdn { at: rdn.at - next.at, ..rdn.clone() }).collect();
        Some(Self { text: self.text[next.at..].to_owned(), rdns })
    }

    /// The type of the lowest level as written: `OU`.
    pub fn kind(&self) -> &str {
        self.rdns.first().map_or("", |rdn| &rdn.kind)
    }

    /// The value of the lowest level, unescaped: `Doe, Jane`.
    pub fn name(&self) -> &str {
        self.rdns.first().map_or("", |rdn| &rdn.value)
    }

    /// Whether this name is `base` or below it.
    pub fn is_at_or_below(&self, base: &Self) -> bool {
        let above = self.rdns.len().checked_sub(base.rdns.len());
        above.is_some_and(|skip| self.rdns[skip..].iter().zip(&base.rdns).all(|(mine, its)| mine.key == its.key))
    }

    /// `corp.example.com` for a name with the topmost levels `DC=corp,DC=example,DC=com`; empty when there are none.
    pub fn domain(&self) -> String {
        let labels = self.rdns.iter().rev().take_while(|rdn| rdn.kind.eq_ignore_ascii_case("DC"));
        let mut labels: Vec<&str> = labels.map(|rdn| rdn.value.as_str()).collect();
        labels.reverse();
        labels.join(".")
    }

    /// The number of topmost `DC=` levels.
    pub fn domain_depth(&self) -> usize {
        self.rdns.iter().rev().take_while(|rdn| rdn.kind.eq_ignore_ascii_case("DC")).count()
    }
}

impl std::str::FromStr for Dn {
    type Err = Unreadable;

    /// Accepts spaces around `,`, `+` and `=`, as directories do.
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        read(text).ok_or_else(|| Unreadable::new("a DN such as \"OU=Sales,DC=corp,DC=example,DC=com\"", text))
    }
}

/// Whether `text`, if it is a DN, differs from its key only in case.
fn is_plain(text: &str) -> bool {
    let mut before = b',';
    for byte in text.bytes() {
        let space = byte == b' ' && matches!(before, b' ' | b',' | b'=');
        let after_space = before == b' ' && matches!(byte, b',' | b'=');
        if space || after_space || !byte.is_ascii() || byte.is_ascii_control() || matches!(byte, b'\\' | b'+') {
            return false;
        }
        before = byte;
    }
    before != b' '
}

/// Whether a plain level has a type before `=`, as in `OU=Sales`.
fn has_kind(level: &str) -> bool {
    level.split_once('=').is_some_and(|(kind, _)| is_kind(kind))
}

fn is_kind(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// Escapes a value for a DN (RFC 4514, 2.4): `Doe, Jane` becomes `Doe\, Jane`.
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, c) in value.char_indices() {
        match c {
            '\0' => out.push_str("\\00"),
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => out.extend(['\\', c]),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            '#' if at == 0 => out.push_str("\\#"),
            _ => out.push(c),
        }
    }
    out
}

fn read(text: &str) -> Option<Dn> {
    let text = trimmed(text);
    let mut rdns = Vec::new();
    let mut at = 0;
    loop {
        let (rdn, end) = read_rdn(text, at)?;
        rdns.push(rdn);
        if end == text.len() {
            return Some(Dn { text: text.to_owned(), rdns });
        }
        at = end + 1;
        at += text[at..].len() - text[at..].trim_start().len();
    }
}

/// Trims white space, except an escaped last space.
fn trimmed(text: &str) -> &str {
    let text = text.trim_ascii_start();
    let cut = text.trim_ascii_end();
    let slashes = cut.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if slashes % 2 == 1 && cut.len() < text.len() { &text[..=cut.len()] } else { cut }
}

/// Parses one level from `at` to the next comma or the end of the text.
fn read_rdn(text: &str, at: usize) -> Option<(Rdn, usize)> {
    let mut parts = Vec::new();
    let mut from = at;
    loop {
        let equals = from + text[from..].find('=')?;
        let kind = text[from..equals].trim();
        if !is_kind(kind) {
            return None;
        }
        let (value, end) = read_value(text, equals + 1)?;
        parts.push((kind, value));
        if text.as_bytes().get(end) != Some(&b'+') {
            let mut keys: Vec<String> = parts.iter().map(|(kind, value)| key(kind, value)).collect();
            keys.sort_unstable();
            let (kind, value) = parts.swap_remove(0);
            return Some((Rdn { at, kind: kind.to_owned(), value, key: keys.join("+") }, end));
        }
        from = end + 1;
    }
}

/// Parses a value up to a `,` or `+`, which must not be the last character of the text.
fn read_value(text: &str, from: usize) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    let mut value = Vec::new();
    // The length of the value without trailing unescaped spaces.
    let mut kept = 0;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b',' | b'+' => break,
            b'\\' => {
                let (read, width) = read_escape(&bytes[at + 1..])?;
                value.push(read);
                kept = value.len();
                at += 1 + width;
                continue;
            }
            0 => return None,
            _ => {
                value.push(byte);
                if byte != b' ' {
                    kept = value.len();
                }
            }
        }
        at += 1;
    }
    if at + 1 == bytes.len() {
        return None;
    }
    value.truncate(kept);
    Some((String::from_utf8(value).ok()?, at))
}

fn read_escape(after: &[u8]) -> Option<(u8, usize)> {
    let digit = |at: usize| char::from(*after.get(at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match (digit(0), digit(1)) {
        (Some(high), Some(low)) => Some((high << 4 | low, 2)),
        _ => after.first().filter(|byte| byte.is_ascii_graphic() || **byte == b' ').map(|byte| (*byte, 1)),
    }
}

fn key(kind: &str, value: &str) -> String {
    let mut out = kind.to_ascii_uppercase();
    out.push('=');
    for c in folded(value) {
        if matches!(c, ',' | '+' | '\\') {
            let _ = write!(out, "\\{:02x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The class of an objectCategory, in short or long form: `ORGANIZATIONALUNIT` for
/// `organizationalUnit` and for `CN=Organizational-Unit,CN=Schema,...`.
pub fn category(name: &str) -> String {
    let name: String = name.chars().filter(|c| *c != '-').collect();
    folded_part(name.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dn(text: &str) -> Dn {
        text.parse().expect("a DN")
    }

    #[test]
    fn key_ignores_spelling() {
        let key = dn(r"CN=Doe\, Jane,OU=R&D,DC=corp").key();
        for text in [
            r"cn=doe\2C jane,ou=r&d,dc=CORP",
            r" CN = Doe\,  Jane , OU=R&D ,DC=corp ",
            r"CN=D\6fe\, Jane,OU=R&D,DC=corp",
        ] {
            assert_eq!(dn(text).key(), key, "{text}");
        }
        for text in
            [r"CN=Doe,CN=Jane,OU=R&D,DC=corp", r"CN=Doe\, Jane,OU=R&D,DC=corp,DC=x", r"CN=Doe\\\, Jane,OU=R&D,DC=corp"]
        {
            assert_ne!(dn(text).key(), key, "{text}");
        }
        assert_eq!(dn("CN=a+OU=b,DC=x").key(), dn("ou=B + cn=A,dc=x").key());
    }

    #[test]
    fn parents_and_domain_of_a_name() {
        let name = dn(r"CN=Tab\, Slash\20,OU=Sales\+,DC=corp,DC=example");
        assert_eq!(name.name(), "Tab, Slash ");
        let parent = name.parent().expect("has one");
        assert_eq!((parent.text(), parent.kind(), parent.name()), (r"OU=Sales\+,DC=corp,DC=example", "OU", "Sales+"));
        assert_eq!(parent.parent().and_then(|up| up.parent()).and_then(|up| up.parent()).map(|up| up.key()), None);
        assert!(name.is_at_or_below(&dn("dc=CORP, dc=example")) && name.is_at_or_below(&name));
        assert_eq!(Dn::parent_of(name.text()), Some(parent.text()));
        assert_eq!(Dn::parent_of("CN=a\\\\, DC=x"), Some("DC=x"));
        assert!(Dn::is_key_at_or_below(&name.key(), "DC=CORP,DC=EXAMPLE"));
        assert!(!Dn::is_key_at_or_below(&name.key(), "P,DC=EXAMPLE") && !Dn::is_key_at_or_below("DC=X", "DC=A,DC=X"));
        assert!(!name.is_at_or_below(&dn("DC=orp,DC=example")) && !parent.is_at_or_below(&name));
        assert_eq!((name.domain().as_str(), name.domain_depth()), ("corp.example", 2));
    }

    #[test]
    fn invalid_dn_is_rejected() {
        for text in [
            "",
            " ",
            "Sales",
            "OU=Sales,",
            "OU=Sales,,DC=x",
            "=x",
            "O U=x",
            "CN=a\\",
            "CN=a\\\u{e9}",
            "CN=\\ff,DC=x",
            "CN=a,+DC=x",
        ] {
            assert!(text.parse::<Dn>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn both_forms_of_a_category_are_equal() {
        assert_eq!(category("organizationalUnit"), category(dn("CN=Organizational-Unit,CN=Schema,DC=x").name()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r##"[ CNOU=,+\\"# a-f0-9é]{0,24}"##) {
            if let Ok(dn) = text.parse::<Dn>() {
                let _ = (dn.parent(), dn.key(), dn.domain(), dn.name().len());
            }
        }

        #[test]
        fn key_of_equals_the_parsed_key(text in r"(CN=)?[ aB=,+\\é]{0,9}") {
            let key = text.parse::<Dn>().ok().map(|dn| dn.key());
            prop_assert_eq!(Dn::key_of(&text), key.clone());
            if let Some(key) = key {
                prop_assert!(Dn::has_key(&text, &key) && Dn::is_key_at_or_below(&key, &key));
            }
        }

        #[test]
        fn escaped_value_round_trips(value in "[^\0]{1,12}", above in r"\PC{1,6}") {
            let text = format!("CN={},OU={},DC=x", escaped(&value), escaped(&above));
            let dn = dn(&text);
            prop_assert_eq!(dn.depth(), 3);
            prop_assert_eq!(dn.name(), value);
        }
    }
}
