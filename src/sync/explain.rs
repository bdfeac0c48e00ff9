//! Why each mapping takes a user or does not: clause by clause, with the one change that would fix it.
//!
//! The search and the rules are those of a sync; the user is read again from the directory.

use jiff::Timestamp;

use super::rules::own_reason;
use super::{Error, query};
use crate::directory::{Query, Read};
use crate::filter::{BIT_AND, Explained, Filter, IN_CHAIN, Verdict, explain};
use crate::model::dn::Dn;
use crate::model::explanation::Remedy;
use crate::model::fold::folded;
use crate::model::job::Job;
use crate::model::mapping::{Kind, Mapping};
use crate::model::membership::{Nested, Path};
use crate::model::name::Name;
use crate::model::plan::Excluded;
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, User};

/// The verdict of a mapping on a user, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    pub mapping: Name,
    pub outcome: Outcome,
    pub scope: Scope,
    pub filter: Explained,
    /// The directory evaluates the filter differently than imd. Its answer decides.
    pub directory_differs: bool,
    /// The one change to begin with; absent when the mapping takes the user.
    pub remedy: Option<Remedy>,
}

/// Where a mapping searches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Scope {
    pub base: Untrusted,
    /// The user is there.
    pub inside: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Takes,
    /// The mapping is not read: it is not enabled, or was made for importing.
    NotRead,
    /// The user is elsewhere in the tree.
    OutOfScope,
    /// The filter does not select the user.
    NoMatch,
    /// A guideline excludes the user.
    Excluded(Excluded),
}

impl std::fmt::Display for Outcome {
    /// What the mapping does, after its name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Takes => f.write_str("takes the user"),
            Self::NotRead => f.write_str("is not synced"),
            Self::OutOfScope => f.write_str("does not match: the user is outside its base"),
            Self::NoMatch => f.write_str("does not match"),
            Self::Excluded(why) => write!(f, "matches, but the user {why}"),
        }
    }
}

impl Explanation {
    /// How many conditions the user fails to belong to the mapping; 0 when it takes the user.
    pub fn distance(&self) -> usize {
        let missing = self.filter.parts.iter().filter(|part| part.verdict != Verdict::True).count();
        match self.outcome {
            Outcome::Takes => 0,
            Outcome::NotRead => usize::MAX,
            _ => 1 + missing + usize::from(!self.scope.inside),
        }
    }

    /// The explanation line by line, safe to show: each with its verdict, if it has one, and its depth.
    pub fn lines(&self) -> Vec<Line> {
        let inside = if self.scope.inside { Verdict::True } else { Verdict::False };
        let mut lines = vec![Line::of(0, inside, format!("is below {}", self.scope.base.shown()))];
        clause(&self.filter, 0, &mut lines);
        if self.directory_differs {
            let answer = if self.filter.verdict == Verdict::True { "does not return" } else { "returns" };
            lines.push(Line::text(
                0,
                format!("the directory {answer} the user for this filter; the answer of the directory decides"),
            ));
        }
        if let Outcome::Excluded(why) = &self.outcome {
            lines.push(Line::of(0, Verdict::False, format!("guideline: the user {}", shown(&why.to_string()))));
        }
        lines
    }
}

/// A line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub depth: usize,
    pub verdict: Option<Verdict>,
    pub text: String,
}

impl Line {
    fn of(depth: usize, verdict: Verdict, text: String) -> Self {
        Self { depth, verdict: Some(verdict), text }
    }

    fn text(depth: usize, text: String) -> Self {
        Self { depth, verdict: None, text }
    }
}

fn clause(explained: &Explained, depth: usize, lines: &mut Vec<Line>) {
    let Explained { filter, verdict, parts, .. } = explained;
    let whole = |text: &str| Line::of(depth, *verdict, text.to_owned());
    match filter {
        Filter::And(_) => lines.push(whole("all of these:")),
        Filter::Or(_) => lines.push(whole("one of these:")),
        Filter::Not(_) => lines.push(whole("not:")),
        leaf => {
            let mut text = in_words(leaf);
            if *verdict != Verdict::True && !explained.has.is_empty() {
                let has: Vec<_> = explained.has.iter().map(|value| format!("\"{}\"", value.shown())).collect();
                text = format!("{text}  has {}", has.join(", "));
            }
            lines.push(Line::of(depth, *verdict, text));
        }
    }
    if let Some(Path { primary, groups }) = &explained.path {
        let first = if *primary { "by primary group: " } else { "through: " };
        let names: Vec<_> = groups.iter().map(|dn| name_of(dn.raw())).collect();
        lines.push(Line::text(depth + 1, format!("{first}{}", names.join(" > "))));
    }
    // The relative ids of the groups inside a group are many and say nothing to a reader, so they share one line.
    let ids = parts.iter().filter(|part| is_primary(&part.filter)).count();
    let told_together = matches!(filter, Filter::Or(_)) && ids > 0 && parts.len() == ids + 1;
    for part in parts.iter().filter(|part| !(told_together && is_primary(&part.filter))) {
        clause(part, depth + 1, lines);
    }
    if told_together {
        let some = parts.iter().any(|part| is_primary(&part.filter) && part.verdict == Verdict::True);
        let verdict = if some { Verdict::True } else { Verdict::False };
        lines.push(Line::of(depth + 1, verdict, "the group, or a group inside it, is the primary group".to_owned()));
    }
}

fn is_primary(filter: &Filter) -> bool {
    matches!(filter, Filter::Equal(name, _) if name.eq_ignore_ascii_case("primaryGroupID"))
}

/// A clause as it is written, or in words where that says more.
fn in_words(leaf: &Filter) -> String {
    match leaf {
        Filter::Extensible(it) => match (it.attribute.as_deref(), it.rule.as_deref()) {
            (Some(name), Some(IN_CHAIN)) if name.eq_ignore_ascii_case("memberOf") => {
                format!("is in {}, or in a group inside it", shown(&String::from_utf8_lossy(&it.value)))
            }
            (Some(name), Some(BIT_AND)) if name.eq_ignore_ascii_case("userAccountControl") && it.value == b"2" => {
                format!("{leaf}  (set in disabled accounts)")
            }
            _ => leaf.to_string(),
        },
        _ => leaf.to_string(),
    }
}

fn name_of(dn: &str) -> String {
    dn.parse::<Dn>().map_or_else(|_| shown(dn), |dn| shown(dn.name()))
}

/// Explains a user of the directory that `read` reads to each of its mappings, which are given in their order of
/// priority. An earlier one that matches takes the user first.
pub fn explain_user(
    read: &mut dyn Read,
    user: &User,
    mappings: &[Mapping],
    now: Timestamp,
    job: &Job,
) -> Result<Vec<Explanation>, Error> {
    let mut explained = Vec::new();
    for mapping in mappings {
        let unread = |source| Error::unread(&mapping.directory, source);
        let dn = user.first(Attribute::DistinguishedName).and_then(|dn| dn.raw().parse::<Dn>().ok());
        let Some(dn) = dn else { break };
        let asked = query::of_mapping(read, mapping, job).map_err(|why| Error::unasked(mapping, why))?;
        let base = match &asked.query.base {
            Some(base) => base.clone(),
            None => read.root(job).map_err(unread)?.naming_context,
        };
        let Some(known) = read.known(&dn, &asked.query.filter, job).map_err(unread)? else { break };
        let mut filter = explain(&asked.query.filter, &known);
        let mut groups: Vec<(Dn, Nested)> = asked.group.into_iter().collect();
        let member_of: Vec<&str> = known.member_of.iter().map(String::as_str).collect();
        let primary = user.first(Attribute::PrimaryGroupId).and_then(|id| id.raw().trim().parse().ok());
        add_paths(&mut filter, &mut |to: &Dn| {
            if !groups.iter().any(|(dn, _)| dn.key() == to.key()) {
                groups.push((to.clone(), read.nested(to, job).map_err(unread)?));
            }
            let nested = groups.iter().find(|(dn, _)| dn.key() == to.key());
            Ok(nested.and_then(|(to, nested)| nested.path(to, member_of.iter().copied(), primary)))
        })?;
        let inside = base.parse::<Dn>().is_ok_and(|base| dn.is_at_or_below(&base));
        let scope = Scope { base: Untrusted::new(base), inside };
        let directory_differs = known.selected != (filter.verdict == Verdict::True);
        let outcome = if !mapping.enabled || mapping.kind == Kind::Import {
            Outcome::NotRead
        } else if !inside {
            Outcome::OutOfScope
        } else if !known.selected {
            Outcome::NoMatch
        } else {
            own_reason(user, now).map_or(Outcome::Takes, Outcome::Excluded)
        };
        let mapping = mapping.name.clone();
        explained.push(Explanation { mapping, outcome, scope, filter, directory_differs, remedy: None });
    }
    among_others(read, user, &mut explained, mappings, now, job)?;
    for one in &mut explained {
        one.remedy = remedy(one);
    }
    Ok(explained)
}

fn remedy(of: &Explanation) -> Option<Remedy> {
    match &of.outcome {
        Outcome::Takes => None,
        Outcome::NotRead => Some(Remedy::EnableMapping),
        Outcome::OutOfScope => Some(Remedy::Move { below: of.scope.base.clone() }),
        Outcome::Excluded(Excluded::Disabled) => Some(Remedy::EnableAccount),
        Outcome::Excluded(why) => Some(Remedy::Fix { why: why.clone() }),
        Outcome::NoMatch => {
            let change = || Remedy::ChangeFilter { clause: of.filter.filter.to_string() };
            Some(of.filter.remedy().unwrap_or_else(change))
        }
    }
}

/// Finds the way into a group for each in-chain clause that is true, and for each group that the primary group makes
/// true.
fn add_paths(
    explained: &mut Explained,
    path: &mut impl FnMut(&Dn) -> Result<Option<Path>, Error>,
) -> Result<(), Error> {
    let is_group = |filter: &Filter| match filter {
        Filter::Extensible(it) if it.rule.as_deref() == Some(IN_CHAIN) => {
            let of_groups = it.attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("memberOf"));
            of_groups.then(|| std::str::from_utf8(&it.value).ok()?.parse::<Dn>().ok()).flatten()
        }
        _ => None,
    };
    // The clause of a mapping's group: one path is enough to show, and the primary group is one.
    let of_mapping = explained.parts.first().map(|first| &first.filter).and_then(is_group);
    let by_primary = explained.parts.iter().skip(1).any(|part| is_primary(&part.filter));
    match (of_mapping, is_group(&explained.filter)) {
        (Some(group), _) if by_primary && matches!(explained.filter, Filter::Or(_)) => {
            if explained.verdict == Verdict::True {
                explained.path = path(&group)?;
            }
            return Ok(());
        }
        (_, Some(group)) if explained.verdict == Verdict::True => explained.path = path(&group)?,
        _ => {}
    }
    explained.parts.iter_mut().try_for_each(|part| add_paths(part, path))
}

/// Applies what depends on other mappings and users: the first mapping takes the user, and users who share a mail are
/// both excluded.
fn among_others(
    read: &mut dyn Read,
    user: &User,
    explained: &mut [Explanation],
    mappings: &[Mapping],
    now: Timestamp,
    job: &Job,
) -> Result<(), Error> {
    if !explained.iter().any(|one| one.outcome == Outcome::Takes) {
        return Ok(());
    }
    let other = twin(read, user, mappings, now, job)?;
    let mut first: Option<Name> = None;
    for one in explained.iter_mut().filter(|one| one.outcome == Outcome::Takes) {
        if let Some(other) = &other {
            one.outcome = Outcome::Excluded(other.clone());
        } else if let Some(mapping) = &first {
            one.outcome = Outcome::Excluded(Excluded::TakenBy { mapping: mapping.clone() });
        } else {
            first = Some(one.mapping.clone());
        }
    }
    Ok(())
}

/// Another user whom a mapping matches and who has the same mail.
fn twin(
    read: &mut dyn Read,
    user: &User,
    mappings: &[Mapping],
    now: Timestamp,
    job: &Job,
) -> Result<Option<Excluded>, Error> {
    let Some(mail) = user.first(Attribute::Mail) else { return Ok(None) };
    let same = |other: &User| {
        let key = |mail: &Untrusted| folded(mail.raw()).collect::<String>();
        other.guid != user.guid
            && own_reason(other, now).is_none()
            && other.first(Attribute::Mail).is_some_and(|theirs| key(theirs) == key(mail))
    };
    for mapping in mappings.iter().filter(|mapping| mapping.enabled && mapping.kind == Kind::Imd) {
        let asked = query::of_mapping(read, mapping, job).map_err(|why| Error::unasked(mapping, why))?;
        let with_mail = Filter::Equal("mail".to_owned(), mail.raw().as_bytes().to_vec());
        let query = Query { base: asked.query.base, filter: Filter::And(vec![asked.query.filter, with_mail]) };
        let mut found = None;
        let mut take = |users: Vec<User>| {
            found = found.take().or_else(|| users.iter().find(|other| same(other)).map(|other| other.guid));
            Ok(())
        };
        read.users(&query, job, &mut take).map_err(|source| Error::unread(&mapping.directory, source))?;
        if let Some(other) = found {
            return Ok(Some(Excluded::DuplicateMail { mail: mail.clone(), other }));
        }
    }
    Ok(None)
}
