//! The grammar of RFC 4515, section 3, with columns for errors.

use super::{Error, Extensible, Filter, MAX_DEPTH, MAX_LENGTH, Substrings};

/// The error in the text of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("the filter is empty")]
    Empty,
    #[error("longer than 64 KiB")]
    TooLong,
    #[error("nested more than 64 levels deep")]
    TooDeep,
    #[error("expected \"(\"")]
    NoOpening,
    #[error("unclosed \"(\"")]
    NeverClosed,
    #[error("unexpected text after the end of the filter")]
    More,
    #[error("\"&\" and \"|\" need a filter after them")]
    EmptyList,
    #[error("\"!\" takes exactly one filter")]
    NotTwice,
    #[error("expected an attribute name")]
    NoAttribute,
    #[error("invalid character in an attribute name")]
    BadName,
    #[error("expected \"=\", \">=\", \"<=\", \"~=\" or \":=\"")]
    NoOperator,
    #[error("\"\\\" must be followed by two hexadecimal digits")]
    BadEscape,
    #[error("\"(\" inside a value")]
    OpeningInValue,
    #[error("NUL inside a value")]
    NulInValue,
    #[error("\"*\" is not allowed here")]
    Star,
    #[error("two \"*\" with nothing between them")]
    TwoStars,
}

impl Wrong {
    /// What to do next.
    pub fn help(self) -> &'static str {
        match self {
            Self::Empty => "write a filter such as (department=Sales), or leave the field empty",
            Self::TooLong => "use a group instead of a list of users",
            Self::TooDeep => "\"&\" and \"|\" take any number of filters: (&(a=1)(b=2)(c=3))",
            Self::NoOpening => "put each filter in parentheses: (mail=*)",
            Self::NeverClosed => "add a \")\" where this filter ends",
            Self::More => "join several filters: (&(a=1)(b=2)); or remove an extra \")\"",
            Self::EmptyList => "for example (&(department=Sales)(c=NO))",
            Self::NotTwice => "to exclude either, write (!(|(a=1)(b=2)))",
            Self::NoAttribute => "for example (department=Sales)",
            Self::BadName => "names consist of letters, digits, \"-\" and \".\"; put no space before the operator",
            Self::NoOperator => "for example (department=Sales), (mail=*) or (uSNChanged>=1000)",
            Self::BadEscape => "write a backslash as \\5c, \"*\" is \\2a, \"(\" is \\28, \")\" is \\29",
            Self::OpeningInValue => "inside a value write \\28 for \"(\" and \\29 for \")\"",
            Self::NulInValue => "inside a value write \\00",
            Self::Star => "use \"*\" only with \"=\"; inside a value write \\2a",
            Self::TwoStars => "one \"*\" is enough; a literal \"*\" is \\2a",
        }
    }
}

/// The byte offset and the error.
type Stop = (usize, Wrong);

pub(super) fn filter(text: &str) -> Result<Filter, Error> {
    let parsed = if text.len() > MAX_LENGTH { Err((MAX_LENGTH, Wrong::TooLong)) } else { whole(text) };
    parsed.map_err(|(at, wrong)| {
        let column = 1 + text.char_indices().take_while(|(index, _)| *index < at).count();
        Error::Syntax { column, wrong }
    })
}

fn whole(text: &str) -> Result<Filter, Stop> {
    let mut parser = Parser { bytes: text.as_bytes(), at: 0 };
    parser.skip_space();
    if parser.peek().is_none() {
        return Err((0, Wrong::Empty));
    }
    let filter = parser.filter(0)?;
    parser.skip_space();
    if parser.peek().is_some() { Err((parser.at, Wrong::More)) } else { Ok(filter) }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// One filter from its `(` to its `)`.
    fn filter(&mut self, depth: usize) -> Result<Filter, Stop> {
        let opened = self.at;
        if !self.take(b'(') {
            return Err((self.at, Wrong::NoOpening));
        }
        if depth == MAX_DEPTH {
            return Err((opened, Wrong::TooDeep));
        }
        self.skip_space();
        let filter = match self.peek() {
            None => return Err((opened, Wrong::NeverClosed)),
            Some(b'&') => Filter::And(self.list(depth)?),
            Some(b'|') => Filter::Or(self.list(depth)?),
            Some(b'!') => {
                self.at += 1;
                self.skip_space();
                let inner = self.filter(depth + 1)?;
                self.skip_space();
                if self.peek() == Some(b'(') {
                    return Err((self.at, Wrong::NotTwice));
                }
                Filter::Not(Box::new(inner))
            }
            Some(_) => self.item()?,
        };
        match self.peek() {
            Some(b')') => self.at += 1,
            Some(_) => return Err((self.at, Wrong::NoOpening)),
            None => return Err((opened, Wrong::NeverClosed)),
        }
        Ok(filter)
    }

    /// The filters after `&` or `|`.
    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, Stop> {
        self.at += 1;
        let mut all = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b')') if all.is_empty() => return Err((self.at, Wrong::EmptyList)),
                Some(b')') | None => return Ok(all),
                Some(_) => all.push(self.filter(depth + 1)?),
            }
        }
    }

    fn item(&mut self) -> Result<Filter, Stop> {
        let name = self.name(true)?;
        let operator = self.at;
        if self.take(b'=') {
            return self.equality(name);
        }
        if self.peek() == Some(b':') {
            return self.extensible(name);
        }
        let name = name.ok_or((operator, Wrong::NoAttribute))?;
        let first = self.peek();
        if !matches!(first, Some(b'>' | b'<' | b'~')) {
            let wrong = if matches!(first, None | Some(b')' | b'(')) { Wrong::NoOperator } else { Wrong::BadName };
            return Err((operator, wrong));
        }
        self.at += 1;
        if !self.take(b'=') {
            return Err((operator, Wrong::NoOperator));
        }
        let value = self.value()?;
        Ok(match first {
            Some(b'>') => Filter::AtLeast(name, value),
            Some(b'<') => Filter::AtMost(name, value),
            _ => Filter::Approx(name, value),
        })
    }

    /// An attribute description or a rule: a name or an OID, with options if allowed. `None` when there is no name.
    fn name(&mut self, options: bool) -> Result<Option<String>, Stop> {
        let from = self.at;
        let part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';');
        while self.peek().is_some_and(part_of_name) {
            self.at += 1;
        }
        let name = &self.bytes[from..self.at];
        let Some(head) = name.first() else { return Ok(None) };
        let mut parts = name.split(|byte| *byte == b';');
        let kind = parts.next().unwrap_or_default();
        let good_kind = if head.is_ascii_digit() {
            let number =
                |part: &[u8]| part.iter().all(u8::is_ascii_digit) && (part == b"0" || part.first() > Some(&b'0'));
            kind.split(|byte| *byte == b'.').all(number)
        } else {
            head.is_ascii_alphabetic() && !kind.contains(&b'.')
        };
        let good_options = parts.all(|option| options && !option.is_empty() && !option.contains(&b'.'));
        if !good_kind || !good_options {
            return Err((from, Wrong::BadName));
        }
        Ok(Some(String::from_utf8_lossy(name).into_owned()))
    }

    /// After `name=`: equality, presence or substrings.
    fn equality(&mut self, name: Option<String>) -> Result<Filter, Stop> {
        let name = name.ok_or((self.at - 1, Wrong::NoAttribute))?;
        let mut parts = vec![self.part()?];
        while self.take(b'*') {
            let from = self.at;
            parts.push(self.part()?);
            if self.at == from && self.peek() == Some(b'*') {
                return Err((from, Wrong::TwoStars));
            }
        }
        let last = parts.pop().unwrap_or_default();
        if parts.is_empty() {
            return Ok(Filter::Equal(name, last));
        }
        let first = parts.remove(0);
        if first.is_empty() && parts.is_empty() && last.is_empty() {
            return Ok(Filter::Present(name));
        }
        let end = |part: Vec<u8>| Some(part).filter(|part| !part.is_empty());
        Ok(Filter::Substrings(name, Substrings { first: end(first), middle: parts, last: end(last) }))
    }

    /// At the first `:` of `attribute:dn:rule:=value`.
    fn extensible(&mut self, attribute: Option<String>) -> Result<Filter, Stop> {
        let (mut dn, mut rule) = (false, None);
        loop {
            let colon = self.at;
            if !self.take(b':') {
                return Err((colon, Wrong::NoOperator));
            }
            if self.take(b'=') {
                if attribute.is_none() && rule.is_none() {
                    return Err((colon, Wrong::NoAttribute));
                }
                return Ok(Filter::Extensible(Extensible { attribute, dn, rule, value: self.value()? }));
            }
            let name = self.name(false)?.ok_or((self.at, Wrong::NoOperator))?;
            if name.eq_ignore_ascii_case("dn") && !dn && rule.is_none() {
                dn = true;
            } else if rule.is_none() {
                rule = Some(name);
            } else {
                return Err((colon + 1, Wrong::NoOperator));
            }
        }
    }

    /// A value without `*`.
    fn value(&mut self) -> Result<Vec<u8>, Stop> {
        let value = self.part()?;
        if self.peek() == Some(b'*') { Err((self.at, Wrong::Star)) } else { Ok(value) }
    }

    /// A value, or the part of it before a `*`, unescaped.
    fn part(&mut self) -> Result<Vec<u8>, Stop> {
        let mut value = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b')' | b'*' => break,
                b'(' => return Err((self.at, Wrong::OpeningInValue)),
                0 => return Err((self.at, Wrong::NulInValue)),
                b'\\' => {
                    let digit = |at: usize| char::from(*self.bytes.get(at)?).to_digit(16);
                    let (Some(high), Some(low)) = (digit(self.at + 1), digit(self.at + 2)) else {
                        return Err((self.at, Wrong::BadEscape));
                    };
                    value.extend(u8::try_from(high << 4 | low));
                    self.at += 3;
                }
                _ => {
                    value.push(byte);
                    self.at += 1;
                }
            }
        }
        Ok(value)
    }
}
