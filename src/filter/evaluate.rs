//! Evaluates a filter for an entry: true, false, or undefined (RFC 4511, 4.5.1.7).

use super::schema::{Syntax, syntax};
use super::value::{Check, Order};
use super::{BIT_AND, BIT_OR, Extensible, Filter, IN_CHAIN};
use crate::model::dn::Dn;
use crate::model::user::{Attribute, User};

/// The result of a filter for an entry. Only [`Verdict::True`] selects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    True,
    False,
    /// The filter cannot be evaluated: an invalid value for the attribute's syntax, an unknown rule, or an attribute that is
    /// not available. Its negation is undefined, too.
    ///
    /// Windows has had three values since 2003 ([MS-ADTS] 3.1.1.3.1.3.1). Samba has two, so `(!(uSNChanged=x))` selects
    /// everything there and nothing here.
    #[serde(rename = "unknown")]
    Undefined,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::True => "true",
            Self::False => "false",
            Self::Undefined => "unknown",
        })
    }
}

/// An entry that a filter can be evaluated for.
pub trait Subject {
    /// Whether `test` is true for a value of an attribute. The name is as written in the filter; case is ignored. `None` when
    /// the attribute is not available; `Some(false)` when the entry has no values.
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool>;

    /// Whether `to` can be reached from the entry over one or more links of `attribute`, such as memberOf; cycles are
    /// allowed. `None` when the links are not available.
    fn reaches(&self, attribute: &str, to: &Dn) -> Option<bool>;
}

/// Evaluates `filter` for one entry. For many entries, see [`Prepared`].
pub fn evaluate(filter: &Filter, subject: &impl Subject) -> Verdict {
    Prepared::new(filter).evaluate(subject)
}

/// A filter with parsed values, for many entries.
#[derive(Debug, Clone)]
pub struct Prepared(Node);

#[derive(Debug, Clone)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Fixed(Verdict),
    Present(String),
    Any(String, Check),
    Reaches(String, Dn),
}

impl Prepared {
    pub fn new(filter: &Filter) -> Self {
        Self(prepare(filter))
    }

    pub fn evaluate(&self, subject: &impl Subject) -> Verdict {
        answer(&self.0, subject)
    }

    /// The in-chain clauses of the filter: the arguments for [`Subject::reaches`].
    pub fn chains(&self) -> Vec<(&str, &Dn)> {
        let mut found = Vec::new();
        chains(&self.0, &mut found);
        found
    }

    pub fn selects(&self, subject: &impl Subject) -> bool {
        self.evaluate(subject) == Verdict::True
    }
}

fn chains<'a>(node: &'a Node, found: &mut Vec<(&'a str, &'a Dn)>) {
    match node {
        Node::And(all) | Node::Or(all) => all.iter().for_each(|one| chains(one, found)),
        Node::Not(inner) => chains(inner, found),
        Node::Reaches(attribute, to) => found.push((attribute, to)),
        Node::Fixed(_) | Node::Present(_) | Node::Any(..) => {}
    }
}

fn prepare(filter: &Filter) -> Node {
    let any =
        |name: &String, check: fn(Syntax, &[u8]) -> Option<Check>, value: &[u8]| leaf(name, check(syntax(name), value));
    match filter {
        Filter::And(all) => Node::And(all.iter().map(prepare).collect()),
        Filter::Or(all) => Node::Or(all.iter().map(prepare).collect()),
        Filter::Not(inner) => Node::Not(Box::new(prepare(inner))),
        Filter::Equal(name, value) | Filter::Approx(name, value) => equal(name, value),
        Filter::AtLeast(name, value) => any(name, |syntax, value| Check::ordered(syntax, Order::AtLeast, value), value),
        Filter::AtMost(name, value) => any(name, |syntax, value| Check::ordered(syntax, Order::AtMost, value), value),
        Filter::Substrings(name, parts) => leaf(name, Check::parts(syntax(name), parts)),
        // Always true, whatever the entry ([MS-ADTS] 3.1.1.3.1.3.1).
        Filter::Present(name) if is_one_of(name, &["objectClass", "distinguishedName", "name", "objectGUID"]) => {
            Node::Fixed(Verdict::True)
        }
        Filter::Present(name) => Node::Present(name.clone()),
        Filter::Extensible(it) => extensible(it),
    }
}

fn equal(name: &str, value: &[u8]) -> Node {
    // Ambiguous name resolution is a search of its own ([MS-ADTS] 3.1.1.3.1.3.3), not an attribute.
    if name.eq_ignore_ascii_case("anr") {
        return Node::Fixed(Verdict::Undefined);
    }
    let class =
        std::str::from_utf8(value).ok().filter(|_| name.eq_ignore_ascii_case("objectClass")).and_then(class_of_oid);
    leaf(name, Check::equal(syntax(name), class.map_or(value, str::as_bytes)))
}

fn extensible(it: &Extensible) -> Node {
    let Some(name) = &it.attribute else { return Node::Fixed(Verdict::Undefined) };
    match it.rule.as_deref() {
        None => equal(name, &it.value),
        Some(rule @ (BIT_AND | BIT_OR)) => leaf(name, Check::bits(syntax(name), rule, &it.value)),
        Some(IN_CHAIN) if syntax(name) == Syntax::Dn => {
            let to = std::str::from_utf8(&it.value).ok().and_then(|text| text.parse().ok());
            to.map_or(Node::Fixed(Verdict::Undefined), |dn| Node::Reaches(name.clone(), dn))
        }
        // Active Directory supports no other rules, not even standard ones.
        Some(_) => Node::Fixed(Verdict::Undefined),
    }
}

fn leaf(name: &str, check: Option<Check>) -> Node {
    check.map_or(Node::Fixed(Verdict::Undefined), |check| Node::Any(name.to_owned(), check))
}

/// Classes that filters name by OID in practice ([MS-ADSC]).
fn class_of_oid(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.6.0" => "top",
        "2.5.6.5" => "organizationalUnit",
        "2.5.6.6" => "person",
        "2.5.6.7" => "organizationalPerson",
        "1.2.840.113556.1.5.9" => "user",
        "1.2.840.113556.1.5.8" => "group",
        "1.2.840.113556.1.5.15" => "contact",
        "1.2.840.113556.1.3.30" => "computer",
        "2.16.840.1.113730.3.2.2" => "inetOrgPerson",
        _ => return None,
    })
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

fn answer(node: &Node, subject: &impl Subject) -> Verdict {
    match node {
        Node::Fixed(verdict) => *verdict,
        Node::Not(inner) => answer(inner, subject).negated(),
        Node::And(all) => all_of(all.iter().map(|one| answer(one, subject))),
        Node::Or(all) => some_of(all.iter().map(|one| answer(one, subject))),
        // In Windows an attribute that is not in the schema is undefined. A file has no schema, so it counts as missing, as
        // in Samba. An entry without mail matches (!(mail=x)) everywhere.
        Node::Present(name) => known(subject.any(name, &mut |_| true)),
        Node::Any(name, check) => known(subject.any(name, &mut |value| check.holds(value))),
        Node::Reaches(name, dn) => known(subject.reaches(name, dn)),
    }
}

/// The conjunction of verdicts; stops at the first that decides it.
pub(super) fn all_of(all: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut product = Verdict::True;
    for one in all {
        match one {
            Verdict::False => return Verdict::False,
            Verdict::Undefined => product = Verdict::Undefined,
            Verdict::True => {}
        }
    }
    product
}

/// The disjunction of verdicts; stops at the first that decides it.
pub(super) fn some_of(all: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut sum = Verdict::False;
    for one in all {
        match one {
            Verdict::True => return Verdict::True,
            Verdict::Undefined => sum = Verdict::Undefined,
            Verdict::False => {}
        }
    }
    sum
}

fn known(answer: Option<bool>) -> Verdict {
    answer.map_or(Verdict::Undefined, |answer| if answer { Verdict::True } else { Verdict::False })
}

impl Verdict {
    pub(super) fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

impl Subject for User {
    /// A cached user has the attributes of [`Attribute::ALL`] and only direct groups.
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool> {
        let attribute = Attribute::of_name(attribute)?;
        Some(self.values(attribute).any(|value| test(value.raw().as_bytes())))
    }

    fn reaches(&self, _attribute: &str, _to: &Dn) -> Option<bool> {
        None
    }
}
