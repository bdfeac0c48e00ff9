//! The explanation of a filter for an entry: the verdict of each clause, and a remedy.

use super::evaluate::{all_of, some_of};
use super::schema::{Syntax, syntax};
use super::{BIT_AND, BIT_OR, Extensible, Filter, IN_CHAIN, Subject, Verdict, evaluate};
use crate::model::explanation::Remedy;
use crate::model::membership::Path;
use crate::model::text::Untrusted;

/// The maximum number of shown values of an attribute.
const SHOWN: usize = 3;

/// A clause with its verdict and its parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    #[serde(rename = "clause", serialize_with = "as_text")]
    pub filter: Filter,
    pub verdict: Verdict,
    /// Some of the entry's values of the attribute, if they are readable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<Untrusted>,
    /// The user's path to the group, if the clause is about a group and the path is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explained>,
}

fn as_text<S: serde::Serializer>(filter: &Filter, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(filter)
}

/// Explains `filter` for one entry. The verdicts are those of [`evaluate`].
pub fn explain(filter: &Filter, subject: &impl Subject) -> Explained {
    let parts: Vec<Explained> = match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().map(|one| explain(one, subject)).collect(),
        Filter::Not(inner) => vec![explain(inner, subject)],
        _ => Vec::new(),
    };
    let verdicts = parts.iter().map(|part| part.verdict);
    let verdict = match filter {
        Filter::And(_) => all_of(verdicts),
        Filter::Or(_) => some_of(verdicts),
        Filter::Not(_) => all_of(verdicts).negated(),
        leaf => evaluate(leaf, subject),
    };
    let has = if parts.is_empty() { values(filter, subject) } else { Vec::new() };
    Explained { filter: filter.clone(), verdict, has, path: None, parts }
}

/// The entry's values of the attribute in a clause, unless they are binary or links.
fn values(leaf: &Filter, subject: &impl Subject) -> Vec<Untrusted> {
    let mut found = Vec::new();
    for name in leaf.attributes() {
        if matches!(syntax(name), Syntax::Guid | Syntax::Sid | Syntax::Octets | Syntax::Opaque | Syntax::Dn) {
            continue;
        }
        subject.any(name, &mut |value| {
            found.push(Untrusted::new(String::from_utf8_lossy(value)));
            found.len() == SHOWN
        });
    }
    found
}

impl Explained {
    /// One change that makes the clause true, or brings it closer; `None` when it is true.
    pub fn remedy(&self) -> Option<Remedy> {
        (self.verdict != Verdict::True).then(|| self.towards(true))
    }

    /// A change towards the wanted verdict.
    fn towards(&self, wanted: bool) -> Remedy {
        let missed = if wanted { Verdict::True } else { Verdict::False };
        // If all conditions are needed, the first that fails; if one is enough, the first that can be fixed.
        let mut missing = self.parts.iter().filter(|part| part.verdict != missed);
        let found = match (&self.filter, wanted) {
            (Filter::Not(_), _) => self.parts.first().map(|part| part.towards(!wanted)),
            (Filter::And(_), true) | (Filter::Or(_), false) => missing.next().map(|part| part.towards(wanted)),
            (Filter::And(_), false) | (Filter::Or(_), true) => {
                let remedies: Vec<_> = missing.map(|part| part.towards(wanted)).collect();
                let good = remedies.iter().position(|remedy| !matches!(remedy, Remedy::ChangeFilter { .. }));
                remedies.into_iter().nth(good.unwrap_or(0))
            }
            (leaf, _) if self.verdict == Verdict::Undefined => Some(change(leaf)),
            (leaf, true) => to_true(leaf),
            (leaf, false) => self.to_false(leaf),
        };
        found.unwrap_or_else(|| change(&self.filter))
    }

    fn to_false(&self, leaf: &Filter) -> Option<Remedy> {
        match leaf {
            Filter::Extensible(it) => match it.rule.as_deref() {
                Some(IN_CHAIN) => {
                    // The membership ends when the user leaves the direct group.
                    let nearest = self.path.as_ref().filter(|path| !path.primary).and_then(|path| path.groups.first());
                    let group = nearest.cloned().unwrap_or_else(|| text(&it.value));
                    is(it, "memberOf").then_some(Remedy::Leave { group })
                }
                Some(BIT_AND | BIT_OR) if is(it, "userAccountControl") && it.value == b"2" => {
                    Some(Remedy::EnableAccount)
                }
                _ => None,
            },
            Filter::Equal(name, value) if name.eq_ignore_ascii_case("memberOf") => {
                Some(Remedy::Leave { group: text(value) })
            }
            Filter::Present(name) => can_change(name).then(|| Remedy::Clear { attribute: name.clone() }),
            Filter::Equal(name, value) | Filter::Approx(name, value) => {
                can_change(name).then(|| Remedy::Take { attribute: name.clone(), value: text(value) })
            }
            Filter::Substrings(name, _) | Filter::AtLeast(name, _) | Filter::AtMost(name, _) => {
                let value = self.has.first().filter(|_| can_change(name))?.clone();
                Some(Remedy::Take { attribute: name.clone(), value })
            }
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => None,
        }
    }
}

fn to_true(leaf: &Filter) -> Option<Remedy> {
    let like =
        |name: &String, like: String| can_change(name).then(|| Remedy::GiveLike { attribute: name.clone(), like });
    match leaf {
        Filter::Extensible(it) if it.rule.as_deref() == Some(IN_CHAIN) => {
            is(it, "memberOf").then(|| Remedy::Join { group: text(&it.value) })
        }
        Filter::Extensible(Extensible { attribute: Some(name), rule: None, value, .. })
        | Filter::Equal(name, value)
        | Filter::Approx(name, value) => {
            if name.eq_ignore_ascii_case("memberOf") {
                return Some(Remedy::Join { group: text(value) });
            }
            can_change(name).then(|| Remedy::Give { attribute: name.clone(), value: text(value) })
        }
        Filter::Present(name) => like(name, String::new()),
        // Substrings of numbers and DNs are not compared.
        Filter::Substrings(name, _) if !matches!(syntax(name), Syntax::Text | Syntax::Exact) => None,
        Filter::Substrings(name, parts) => like(name, format!("like {parts}")),
        Filter::AtLeast(name, value) => like(name, format!("of {} or more", super::escaped(value))),
        Filter::AtMost(name, value) => like(name, format!("of {} or less", super::escaped(value))),
        Filter::Extensible(_) | Filter::And(_) | Filter::Or(_) | Filter::Not(_) => None,
    }
}

fn change(clause: &Filter) -> Remedy {
    Remedy::ChangeFilter { clause: clause.to_string() }
}

fn text(value: &[u8]) -> Untrusted {
    Untrusted::new(String::from_utf8_lossy(value))
}

fn is(it: &Extensible, attribute: &str) -> bool {
    it.attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(attribute))
}

/// Whether administrators can set the attribute, which the directory does not maintain itself.
fn can_change(attribute: &str) -> bool {
    const FIXED: &[&str] = &[
        "cn",
        "distinguishedName",
        "instanceType",
        "isCriticalSystemObject",
        "memberOf",
        "name",
        "objectCategory",
        "objectClass",
        "objectGUID",
        "objectSid",
        "primaryGroupID",
        "pwdLastSet",
        "sAMAccountType",
        "userAccountControl",
    ];
    let maintained_by_directory =
        matches!(syntax(attribute), Syntax::Time | Syntax::Opaque | Syntax::Sid | Syntax::Guid);
    let counted = ["uSN", "lastLogon", "badP", "logonCount", "msDS-"];
    !maintained_by_directory
        && !FIXED.iter().any(|name| name.eq_ignore_ascii_case(attribute))
        && !counted.iter().any(|prefix| attribute.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix)))
}
