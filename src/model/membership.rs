//! Effective members of a group: direct members, members of groups inside it, and users with one of these groups as
//! primary group.

use std::collections::{HashMap, VecDeque};

use super::dn::Dn;
use super::sid::Sid;
use super::text::Untrusted;

/// A group and every group inside it, however deep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nested {
    /// The group itself, if it exists.
    pub group: Option<Group>,
    /// The groups inside it, in any order; the group itself may be among them, since groups may contain each other.
    pub inside: Vec<Group>,
    /// The directory has users of several domains. A relative id means another group in each, so primary groups are not
    /// used.
    pub several_domains: bool,
}

/// A group, and the groups that it is directly in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub dn: Untrusted,
    pub sid: Option<Sid>,
    pub member_of: Vec<Untrusted>,
}

/// How a user is in a group: from the group nearest to the user to the one that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Path {
    /// The first group is the user's primary group, rather than one that has the user as a member.
    pub primary: bool,
    pub groups: Vec<Untrusted>,
}

impl Nested {
    fn all(&self) -> impl Iterator<Item = &Group> {
        self.group.iter().chain(&self.inside)
    }

    /// The relative ids by which a user may have one of the groups as primary group, in order.
    pub fn primary_ids(&self) -> Vec<u32> {
        if self.several_domains {
            return Vec::new();
        }
        let mut ids: Vec<u32> = self.all().filter_map(|group| Some(group.sid.as_ref()?.in_domain()?.1)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The shortest path from a user, who is directly in the groups `member_of` and has the primary group `primary`, to
    /// the group `to`. Circular memberships are allowed.
    pub fn path<'a>(
        &self,
        to: &Dn,
        member_of: impl IntoIterator<Item = &'a str>,
        primary: Option<u32>,
    ) -> Option<Path> {
        let to = to.key();
        let keyed = self.all().filter_map(|group| Some((Dn::key_of(group.dn.raw())?, group)));
        let groups: HashMap<String, &Group> = keyed.collect();
        let mut from: HashMap<String, Option<String>> = HashMap::new();
        let mut next = VecDeque::new();
        let visit = |from: &mut HashMap<_, _>, next: &mut VecDeque<String>, key: String, before: Option<&String>| {
            if (key == to || groups.contains_key(&key)) && !from.contains_key(&key) {
                from.insert(key.clone(), before.cloned());
                next.push_back(key);
            }
        };
        member_of.into_iter().filter_map(Dn::key_of).for_each(|key| visit(&mut from, &mut next, key, None));
        let by_primary = |group: &&Group| {
            let id = group.sid.as_ref().and_then(Sid::in_domain).map(|(_, id)| id);
            !self.several_domains && id.is_some() && id == primary
        };
        let primary = self.all().find(by_primary).and_then(|group| Dn::key_of(group.dn.raw()));
        if let Some(primary) = &primary {
            visit(&mut from, &mut next, primary.clone(), None);
        }
        while let Some(key) = next.pop_front() {
            if key == to {
                let mut keys = vec![key];
                while let Some(Some(before)) = keys.last().and_then(|last| from.get(last)) {
                    keys.push(before.clone());
                }
                keys.reverse();
                let shown =
                    |key: &String| groups.get(key).map_or_else(|| Untrusted::new(key.clone()), |it| it.dn.clone());
                return Some(Path {
                    primary: keys.first() == primary.as_ref(),
                    groups: keys.iter().map(shown).collect(),
                });
            }
            let above = groups.get(&key).into_iter().flat_map(|group| &group.member_of);
            above
                .filter_map(|dn| Dn::key_of(dn.raw()))
                .for_each(|above| visit(&mut from, &mut next, above, Some(&key)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, id: u32, member_of: &[&str]) -> Group {
        Group {
            dn: Untrusted::new(format!("CN={name},DC=x")),
            sid: format!("S-1-5-21-1-2-3-{id}").parse().ok(),
            member_of: member_of.iter().map(|name| Untrusted::new(format!("CN={name},DC=x"))).collect(),
        }
    }

    /// a is in b, b in c, c in a: a circle, with d inside b only.
    fn circle() -> Nested {
        Nested {
            group: Some(group("c", 3, &["a"])),
            inside: vec![group("a", 1, &["b"]), group("b", 2, &["c"]), group("d", 4, &["b"])],
            several_domains: false,
        }
    }

    fn names(path: Option<Path>) -> Option<(bool, String)> {
        let name = |dn: &Untrusted| dn.raw()[3..4].to_owned();
        path.map(|path| (path.primary, path.groups.iter().map(name).collect::<Vec<_>>().join(" ")))
    }

    #[test]
    fn the_shortest_way_is_found_and_a_circle_ends() {
        let to: Dn = "cn=C, dc=X".parse().expect("a DN");
        let path = |member_of: &[&str], primary| names(circle().path(&to, member_of.iter().copied(), primary));
        assert_eq!(path(&["CN=z,DC=x", "cn=D,dc=x"], None), Some((false, "d b c".to_owned())));
        assert_eq!(path(&["CN=a,DC=x", "CN=b,DC=x"], None), Some((false, "b c".to_owned())));
        assert_eq!(path(&["CN=c,DC=x"], Some(4)), Some((false, "c".to_owned())));
        assert_eq!(path(&[], Some(4)), Some((true, "d b c".to_owned())));
        assert_eq!(path(&[], Some(3)), Some((true, "c".to_owned())));
        assert_eq!(path(&["CN=z,DC=x"], Some(513)), None);
    }

    #[test]
    fn relative_ids_are_ignored_across_domains() {
        assert_eq!(circle().primary_ids(), [1, 2, 3, 4]);
        let several = Nested { several_domains: true, ..circle() };
        assert!(several.primary_ids().is_empty());
        assert_eq!(several.path(&"CN=c,DC=x".parse().expect("a DN"), [], Some(3)), None);
    }
}
