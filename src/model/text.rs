//! Untrusted text from a directory, a laptop or a file, and its safe form for display.
//!
//! Terminals interpret control characters, and bidi controls, zero-width and tag characters mislead readers (Unicode
//! Technical Report 36, section 2.5; UAX 9). They are always shown escaped, as `\u{202e}`.

use std::fmt::Write as _;

/// Text from outside. It has no `Display`: use [`Untrusted::shown`] for people, and [`Untrusted::raw`] for the database,
/// comparisons and outputs that escape it themselves.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Untrusted(String);

impl Untrusted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The original text. Never write it to a terminal, a log or JSON for people.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text with hidden characters escaped.
    pub fn shown(&self) -> String {
        shown(&self.0)
    }
}

impl std::fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.shown())
    }
}

impl serde::Serialize for Untrusted {
    /// JSON contains the escaped form.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// `text` with each hidden character escaped as `\u{...}`.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON with every hidden character in its strings escaped (RFC 8259, 7).
pub fn without_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Line breaks outside strings stay.
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character controls a terminal, reorders text, or has no width.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped() {
        assert_eq!(shown("a\u{1b}[31mb\u{202e}c\u{200b}"), "a\\u{1b}[31mb\\u{202e}c\\u{200b}");
        assert_eq!(shown("Åsa 山田 محمد"), "Åsa 山田 محمد");
    }

    #[test]
    fn json_contains_the_escaped_form() {
        let json = serde_json::to_string(&Untrusted::new("x\u{9b}y")).expect("a string serializes");
        assert_eq!(json, "\"x\\\\u{9b}y\"");
    }
}
