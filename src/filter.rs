//! Search filters (RFC 4515): parsing, printing, evaluation as in Active Directory, and explanation.
//!
//! May import `model`. Grammar: RFC 4515; semantics: RFC 4511 (4.5.1.7) with the differences of Active Directory ([MS-ADTS]
//! 3.1.1.3.1.3.1). `tests/with_lab/filters.rs` compares [`evaluate`] with a Samba domain controller; comments note where
//! Samba differs from Windows.

mod evaluate;
mod explanation;
mod parse;
mod schema;
mod value;

use std::fmt::Write as _;

pub use evaluate::{Prepared, Subject, Verdict, evaluate};
pub use explanation::{Explained, explain};
pub use parse::Wrong;

use crate::model::dn::Dn;
use crate::model::mapping::Mapping;
use crate::model::text;

/// LDAP_MATCHING_RULE_BIT_AND: every bit of the asserted number is set ([MS-ADTS] 3.1.1.3.4.4.1).
pub const BIT_AND: &str = "1.2.840.113556.1.4.803";
/// LDAP_MATCHING_RULE_BIT_OR: some bit of the asserted number is set ([MS-ADTS] 3.1.1.3.4.4.2).
pub const BIT_OR: &str = "1.2.840.113556.1.4.804";
/// LDAP_MATCHING_RULE_TRANSITIVE_EVAL: in-chain, over any number of links ([MS-ADTS] 3.1.1.3.4.4.3).
pub const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// The maximum nesting of filters.
pub const MAX_DEPTH: usize = 64;
/// The maximum length of a filter's text, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;

/// A search filter.
///
/// Values are bytes without escapes. A parsed filter prints to text that parses to the same filter; so does a filter built
/// in code with valid attribute names, non-empty `And` and `Or`, and valid [`Substrings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Equal(String, Vec<u8>),
    Substrings(String, Substrings),
    AtLeast(String, Vec<u8>),
    AtMost(String, Vec<u8>),
    Present(String),
    /// In Active Directory the same as `Equal` ([MS-ADTS] 3.1.1.3.1.3.1).
    Approx(String, Vec<u8>),
    Extensible(Extensible),
}

/// The parts of `first*middle*middle*last`. At least one is present, and none is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Substrings {
    pub first: Option<Vec<u8>>,
    pub middle: Vec<Vec<u8>>,
    pub last: Option<Vec<u8>>,
}

/// `attribute:dn:rule:=value`, with an attribute, a rule, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extensible {
    pub attribute: Option<String>,
    /// Active Directory ignores it ([MS-ADTS] 3.1.1.3.1.3.1).
    pub dn: bool,
    pub rule: Option<String>,
    pub value: Vec<u8>,
}

/// Why a filter is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("invalid filter at column {column}: {wrong}")]
    Syntax {
        /// In characters from 1, including line breaks.
        column: usize,
        wrong: Wrong,
    },
    #[error("the group is not a valid DN: {given}")]
    Group {
        /// Safe to show.
        given: String,
    },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Syntax { wrong, .. } => wrong.help().to_owned(),
            Self::Group { .. } => {
                "give the complete DN, such as \"CN=Laptop Users,OU=Groups,DC=corp,DC=example,DC=com\"".to_owned()
            }
        }
    }

    /// The column of the error in the filter's text; `None` when the error is not in the text.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Syntax { column, .. } => Some(*column),
            Self::Group { .. } => None,
        }
    }
}

impl Filter {
    /// `(&(objectCategory=person)(objectClass=user))`: users, without computers and contacts.
    pub fn people() -> Self {
        Self::And(vec![equal("objectCategory", "person"), equal("objectClass", "user")])
    }

    /// The filter that selects the users of a mapping, whether or not it is enabled.
    ///
    /// It requires [`Filter::people`] and, where given, the group (including nested groups, and users with a `primaryGroupID`
    /// in `primary`: [`Nested::primary_ids`] of that group), the department, the country and the mapping's own filter.
    /// The own filter is used unchanged: an in-chain clause in it does not include primary groups. Base DN and OU are not
    /// part of the filter: [`Mapping::search_base`].
    ///
    /// [`Nested::primary_ids`]: crate::model::membership::Nested::primary_ids
    pub fn of_mapping(mapping: &Mapping, primary: &[u32]) -> Result<Self, Error> {
        let mut all = match Self::people() {
            Self::And(people) => people,
            other => vec![other],
        };
        if let Some(group) = &mapping.group {
            let dn: Dn = group.parse().map_err(|_| Error::Group { given: text::shown(group) })?;
            let linked = Self::in_chain("memberOf", dn.text());
            let by_primary = primary.iter().map(|id| equal("primaryGroupID", &id.to_string()));
            all.push(if primary.is_empty() {
                linked
            } else {
                Self::Or([linked].into_iter().chain(by_primary).collect())
            });
        }
        all.extend(mapping.department.iter().map(|value| equal("department", value)));
        all.extend(mapping.country.iter().map(|value| equal("c", value)));
        if let Some(own) = &mapping.filter {
            all.push(own.parse()?);
        }
        Ok(Self::And(all))
    }

    /// `(attribute:1.2.840.113556.1.4.1941:=dn)`
    pub fn in_chain(attribute: &str, dn: &str) -> Self {
        Self::Extensible(Extensible {
            attribute: Some(attribute.to_owned()),
            dn: false,
            rule: Some(IN_CHAIN.to_owned()),
            value: dn.as_bytes().to_vec(),
        })
    }

    /// The attributes in the filter, as written, with repetitions. Neither a directory nor [`evaluate`] reports misspelt
    /// names.
    pub fn attributes(&self) -> Vec<&str> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::attributes).collect(),
            Self::Not(inner) => inner.attributes(),
            Self::Equal(name, _)
            | Self::Substrings(name, _)
            | Self::AtLeast(name, _)
            | Self::AtMost(name, _)
            | Self::Present(name)
            | Self::Approx(name, _) => vec![name],
            Self::Extensible(it) => it.attribute.as_deref().into_iter().collect(),
        }
    }
}

impl std::str::FromStr for Filter {
    type Err = Error;

    /// Allows white space between filters, so that a filter can have several lines.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse::filter(text)
    }
}

impl std::fmt::Display for Filter {
    /// RFC 4515 text without white space, accepted by domain controllers and LDAP clients, and safe to show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let item = |f: &mut std::fmt::Formatter<'_>, name: &str, operator: &str, value: &[u8]| {
            write!(f, "({name}{operator}{})", escaped(value))
        };
        let list = |f: &mut std::fmt::Formatter<'_>, sign: &str, all: &[Self]| {
            write!(f, "({sign}")?;
            all.iter().try_for_each(|one| write!(f, "{one}"))?;
            f.write_str(")")
        };
        match self {
            Self::And(all) => list(f, "&", all),
            Self::Or(all) => list(f, "|", all),
            Self::Not(inner) => write!(f, "(!{inner})"),
            Self::Equal(name, value) => item(f, name, "=", value),
            Self::AtLeast(name, value) => item(f, name, ">=", value),
            Self::AtMost(name, value) => item(f, name, "<=", value),
            Self::Approx(name, value) => item(f, name, "~=", value),
            Self::Present(name) => write!(f, "({name}=*)"),
            Self::Substrings(name, parts) => write!(f, "({name}={parts})"),
            Self::Extensible(it) => write!(f, "({it})"),
        }
    }
}

impl std::fmt::Display for Substrings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = |part: &Option<Vec<u8>>| part.as_deref().map(escaped).unwrap_or_default();
        write!(f, "{}*", end(&self.first))?;
        self.middle.iter().try_for_each(|part| write!(f, "{}*", escaped(part)))?;
        f.write_str(&end(&self.last))
    }
}

impl std::fmt::Display for Extensible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.attribute.as_deref().unwrap_or_default())?;
        if self.dn {
            f.write_str(":dn")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, ":{rule}")?;
        }
        write!(f, ":={}", escaped(&self.value))
    }
}

fn equal(name: &str, value: &str) -> Filter {
    Filter::Equal(name.to_owned(), value.as_bytes().to_vec())
}

/// Escapes a value for a filter: `*`, `(`, `)`, `\` and NUL as `\2a` etc. (RFC 4515, 3), and also hidden characters,
/// invalid UTF-8, and spaces at both ends.
pub fn escaped(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    let mut at = 0;
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            let edge = c == ' ' && (at == 0 || at == last);
            if edge || matches!(c, '*' | '(' | ')' | '\\') || text::is_hidden(c) {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| push_escape(&mut out, byte));
            } else {
                out.push(c);
            }
            at += c.len_utf8();
        }
        chunk.invalid().iter().for_each(|byte| push_escape(&mut out, *byte));
        at += chunk.invalid().len();
    }
    out
}

fn push_escape(out: &mut String, byte: u8) {
    let _ = write!(out, "\\{byte:02x}");
}

#[cfg(test)]
mod tests;
