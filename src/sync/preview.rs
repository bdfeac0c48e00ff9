//! What a mapping would match before it is saved: how many users, a sample, and who is excluded.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::rules::own_reason;
use super::{Error, query};
use crate::directory::{Query, Read};
use crate::filter::Filter;
use crate::model::dn::Dn;
use crate::model::fold::folded;
use crate::model::job::{Job, Progress};
use crate::model::mapping::{Kind, Mapping};
use crate::model::name::Name;
use crate::model::plan::{Excluded, PlannedExcluded};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// What a mapping would do with the directory as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Preview {
    /// How many users the filter matches.
    pub matched: u64,
    /// How many of them the mapping would take.
    pub takes: u64,
    /// Some of those, in the order in which the directory gave them.
    pub sample: Vec<User>,
    /// How many are excluded for each reason, by [`Excluded::code`].
    pub reasons: BTreeMap<&'static str, u64>,
    /// Some of those who are excluded.
    pub excluded: Vec<PlannedExcluded>,
    /// How many of the matched users each later mapping matches, too.
    pub also: Vec<(Name, u64)>,
}

impl Preview {
    /// How many of the matched users are excluded.
    pub fn excluded_total(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// How many are excluded and why, in one line: `12 excluded: 9 no-mail, 3 disabled`.
    pub fn excluded_summary(&self) -> String {
        if self.reasons.is_empty() {
            return "none excluded".to_owned();
        }
        let reasons: Vec<_> = self.reasons.iter().map(|(code, users)| format!("{users} {code}")).collect();
        format!("{} excluded: {}", self.excluded_total(), reasons.join(", "))
    }
}

/// Reads the users that `mapping` matches and applies the rules of a sync to them; nothing is stored.
///
/// `earlier` are the mappings of higher priority: those that are enabled, for mass deployment and of the same directory
/// are read too, because they take their users first and may share a mail with one. `limit` is the most that the
/// sample and the list of who is excluded hold each; memory grows by a small entry for each user.
pub fn preview(
    read: &mut dyn Read,
    mapping: &Mapping,
    earlier: &[Mapping],
    now: Timestamp,
    limit: usize,
    job: &Job,
) -> Result<Preview, Error> {
    let counts = |other: &&Mapping| {
        other.enabled && other.kind == Kind::Imd && other.directory == mapping.directory && other.name != mapping.name
    };
    let earlier: Vec<&Mapping> = earlier.iter().filter(counts).collect();
    let mut sorting =
        Sorting { mapping, earlier: &earlier, now, limit, first: HashMap::new(), preview: Preview::default() };
    let mut done = 0;
    for (at, of) in earlier.iter().enumerate().map(|(at, of)| (Some(at), *of)).chain([(None, mapping)]) {
        let query = query::of_mapping(read, of, job).map_err(|why| Error::unasked(of, why))?.query;
        let mut take = |users: Vec<User>| {
            done += u64::try_from(users.len()).unwrap_or(0);
            job.report(Progress::of("reading users", done));
            for user in users {
                match at {
                    Some(at) => sorting.earlier(at, &user),
                    None => sorting.mine(user),
                }
            }
            Ok(())
        };
        read.users(&query, job, &mut take).map_err(|source| Error::unread(&mapping.directory, source))?;
    }
    Ok(sorting.preview)
}

/// How many of the users whom `mapping` matches each of the mappings `later` matches, too: those that are enabled, for
/// mass deployment and of the same directory. One search each, which gives only users whom both match.
pub fn overlaps(
    read: &mut dyn Read,
    mapping: &Mapping,
    later: &[Mapping],
    job: &Job,
) -> Result<Vec<(Name, u64)>, Error> {
    let filter = |of: &Mapping, read: &mut dyn Read| {
        let asked = query::of_mapping(read, of, job).map_err(|why| Error::unasked(of, why))?;
        Ok::<_, Error>(asked.query.filter)
    };
    let mut overlaps = Vec::new();
    for other in later.iter().filter(|other| other.enabled && other.kind == Kind::Imd) {
        if other.directory != mapping.directory || other.name == mapping.name {
            continue;
        }
        let bases = [mapping.search_base(), other.search_base()];
        let Ok(base) = lower(bases.into_iter().flatten()) else { continue };
        let query = Query { base, filter: Filter::And(vec![filter(mapping, read)?, filter(other, read)?]) };
        let users = read.users(&query, job, &mut |_| Ok(()));
        let users = users.map_err(|source| Error::unread(&mapping.directory, source))?;
        if users > 0 {
            overlaps.push((other.name.clone(), users));
        }
    }
    Ok(overlaps)
}

/// Two bases that have nothing in common.
struct Apart;

/// The base that is below the others; `None` when there is none at all, which is the whole directory.
fn lower<'a>(bases: impl Iterator<Item = &'a str>) -> Result<Option<String>, Apart> {
    let mut lowest: Option<(&str, String)> = None;
    for base in bases {
        // An invalid DN fails when it is searched.
        let key = Dn::key_of(base).unwrap_or_default();
        lowest = match lowest {
            Some((other, above)) if Dn::is_key_at_or_below(&above, &key) => Some((other, above)),
            Some((_, above)) if !Dn::is_key_at_or_below(&key, &above) => return Err(Apart),
            _ => Some((base, key)),
        };
    }
    Ok(lowest.map(|(base, _)| base.to_owned()))
}

/// Sorts the users of a directory into those whom the mapping takes and those who are excluded.
struct Sorting<'a> {
    mapping: &'a Mapping,
    earlier: &'a [&'a Mapping],
    now: Timestamp,
    limit: usize,
    /// The first user with each mail, of those who have no reason of their own to be excluded.
    first: HashMap<String, First>,
    preview: Preview,
}

struct First {
    guid: Guid,
    label: Box<str>,
    /// The earlier mapping that takes them.
    taken_by: Option<usize>,
    /// The mapping that is previewed matches them too.
    matched: bool,
    /// Another user with the same mail.
    other: Option<Guid>,
}

impl Sorting<'_> {
    /// A user whom an earlier mapping matches.
    fn earlier(&mut self, at: usize, user: &User) {
        if own_reason(user, self.now).is_some() {
            return;
        }
        match self.first.entry(mail_key(user)) {
            Entry::Vacant(free) => {
                let label = user.label().into();
                free.insert(First { guid: user.guid, label, taken_by: Some(at), matched: false, other: None });
            }
            Entry::Occupied(mut first) if first.get().guid != user.guid => first.get_mut().other = Some(user.guid),
            Entry::Occupied(_) => {}
        }
    }

    /// A user whom the mapping itself matches.
    fn mine(&mut self, user: User) {
        self.preview.matched += 1;
        if let Some(why) = own_reason(&user, self.now) {
            return self.leave_out(user.guid, user.label(), why);
        }
        let mail = || user.first(Attribute::Mail).cloned().unwrap_or_default();
        let first = match self.first.entry(mail_key(&user)) {
            Entry::Vacant(free) => {
                let label = user.label().into();
                free.insert(First { guid: user.guid, label, taken_by: None, matched: true, other: None });
                return self.take(user);
            }
            Entry::Occupied(first) => first.into_mut(),
        };
        if first.guid == user.guid {
            let why = match (first.other, first.taken_by) {
                (Some(other), _) => Excluded::DuplicateMail { mail: mail(), other },
                (None, Some(at)) => Excluded::TakenBy { mapping: self.earlier[at].name.clone() },
                // The directory gave the same user twice.
                (None, None) => {
                    self.preview.matched -= 1;
                    return;
                }
            };
            first.matched = true;
            return self.leave_out(user.guid, user.label(), why);
        }
        let duplicate = |other| Excluded::DuplicateMail { mail: mail(), other };
        let (guid, label, taken) = (first.guid, first.label.to_string(), first.taken_by.is_some());
        let newly = first.other.replace(user.guid).is_none() && first.matched;
        if newly {
            self.is_shared(guid, label, taken, duplicate(user.guid));
        }
        self.leave_out(user.guid, user.label(), duplicate(guid));
    }

    fn take(&mut self, user: User) {
        self.preview.takes += 1;
        if self.preview.sample.len() < self.limit {
            self.preview.sample.push(user);
        }
    }

    fn leave_out(&mut self, guid: Guid, label: String, why: Excluded) {
        *self.preview.reasons.entry(why.code()).or_default() += 1;
        if self.preview.excluded.len() < self.limit {
            let mapping = self.mapping.name.clone();
            self.preview.excluded.push(PlannedExcluded { guid, label: Untrusted::new(label), mapping, why });
        }
    }

    /// A user who was already sorted turns out to share their mail.
    fn is_shared(&mut self, guid: Guid, label: String, taken: bool, why: Excluded) {
        if taken {
            if let Some(count) = self.preview.reasons.get_mut("taken-by") {
                *count -= 1;
            }
            self.preview.reasons.retain(|_, count| *count > 0);
            self.preview.excluded.retain(|line| line.guid != guid);
        } else {
            self.preview.takes -= 1;
            self.preview.sample.retain(|user| user.guid != guid);
        }
        self.leave_out(guid, label, why);
    }
}

/// The key by which mails are compared.
fn mail_key(user: &User) -> String {
    user.first(Attribute::Mail).map(|mail| folded(mail.raw()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn two_bases_share_the_lower_one_or_nothing() {
        let of = |bases: &[&str]| lower(bases.iter().copied()).map_err(|_| ());
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["OU=a,DC=x"]), Ok(Some("OU=a,DC=x".into())));
        for bases in [["OU=b,ou=A,DC=x", "OU=a,DC=x"], ["ou=A,DC=x", "OU=b,ou=A,DC=x"]] {
            assert_eq!(of(&bases), Ok(Some("OU=b,ou=A,DC=x".into())));
        }
        assert_eq!(of(&["OU=a,DC=x", "OU=b,DC=x"]), Err(()));
    }
}
