//! Text from a directory, a laptop or a file, which may hold anything, until it has been made safe to show.
//!
//! Terminals act on control characters, and people misread bidi controls, zero-width and tag characters (Unicode
//! Technical Report 36, section 2.5; UAX 9). None of them leaves the program raw: each is shown as `\u{202e}`.

use std::fmt::Write as _;

/// Text that somebody else wrote. It has no `Display`: [`Untrusted::shown`] is for eyes, [`Untrusted::raw`] for
/// the database, comparisons and outputs with an escaping of their own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Untrusted(String);

impl Untrusted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it came. Never to a terminal, a log or JSON for people.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text with everything that a terminal or an eye would misread written out.
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
    /// What leaves the program as JSON is the shown form.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// `text` with each character that is not plainly visible written as `\u{...}`.
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

/// The same JSON with every hidden character of its strings escaped (RFC 8259, 7).
pub fn without_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Between the strings only the line breaks of the layout are hidden.
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

/// True for characters that control a terminal, reorder text, or take no room on the screen.
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
    fn what_a_terminal_would_act_on_is_written_out() {
        assert_eq!(shown("a\u{1b}[31mb\u{202e}c\u{200b}"), "a\\u{1b}[31mb\\u{202e}c\\u{200b}");
        assert_eq!(shown("Åsa 山田 محمد"), "Åsa 山田 محمد");
    }

    #[test]
    fn json_carries_the_shown_form() {
        let json = serde_json::to_string(&Untrusted::new("x\u{9b}y")).expect("a string serializes");
        assert_eq!(json, "\"x\\\\u{9b}y\"");
    }
}
