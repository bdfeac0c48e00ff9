//! The choices in forms: organizational units, groups, and values of user attributes.

use std::collections::{BTreeSet, HashMap};

use tokio::io::{AsyncRead, AsyncWrite};

use super::PAGE;
use super::connection::{Connection, Watch};
use super::request::{Scope, Search};
use crate::directory::{Error as DirectoryError, Group, Unit, decode};
use crate::filter::{Filter, Substrings};
use crate::model::text::Untrusted;
use crate::model::user::Attribute;

/// Containers of users. Windows' tools hide the others, too, unless "Advanced Features" is on.
const UNITS: &str = "(&(|(objectClass=organizationalUnit)(objectClass=container)(objectClass=builtinDomain))(!(showInAdvancedViewOnly=TRUE)))";
/// No attributes (RFC 4511, 4.5.1.8).
const NOTHING: &[&str] = &["1.1"];

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) async fn units(&mut self, dn: &str, watch: Watch<'_>) -> Result<Vec<Unit>, DirectoryError> {
        let level =
            |base, attributes, size_limit| Search { base, scope: Scope::One, filter: UNITS, attributes, size_limit };
        let mut units = Vec::new();
        let search = level(dn, &["name", "ou", "cn"], 0);
        self.all(&search, PAGE, watch, |entry| {
            let value = |name: &str| entry.values.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
            let name = ["name", "ou", "cn"].into_iter().find_map(value);
            let name = name.map_or_else(|| entry.dn.to_owned(), |(_, value)| decode::text(value));
            units.push(Unit { dn: entry.dn.into(), name: Untrusted::new(name), has_children: false });
            Ok(())
        })
        .await?;
        let below: Vec<_> = units.iter().map(|unit| level(unit.dn.raw(), NOTHING, 1)).collect();
        let have = self.any(&below, watch).await?;
        for (unit, has_children) in units.iter_mut().zip(have) {
            unit.has_children = has_children;
        }
        units.sort_by_cached_key(|unit| (unit.name.raw().to_lowercase(), unit.dn.clone()));
        Ok(units)
    }

    pub(super) async fn groups(
        &mut self,
        base: &str,
        prefix: &str,
        limit: usize,
        watch: Watch<'_>,
    ) -> Result<Vec<Group>, DirectoryError> {
        let mut filter = vec![Filter::Equal("objectClass".to_owned(), b"group".to_vec())];
        if !prefix.is_empty() {
            let pieces = Substrings { first: Some(prefix.as_bytes().to_vec()), ..Substrings::default() };
            filter.push(Filter::Substrings("cn".to_owned(), pieces));
        }
        let filter = Filter::And(filter).to_string();
        let search = Search { base, scope: Scope::Subtree, filter: &filter, attributes: &["cn"], size_limit: 0 };
        // The server does not sort by name, so only the first `limit` names so far are kept.
        let mut first = BTreeSet::new();
        self.all(&search, PAGE, watch, |entry| {
            let Some((_, name)) = entry.values.first() else { return Ok(()) };
            let name = decode::text(name);
            first.insert((name.to_lowercase(), name, entry.dn.to_owned()));
            if first.len() > limit {
                first.pop_last();
            }
            Ok(())
        })
        .await?;
        Ok(first
            .into_iter()
            .map(|(_, name, dn)| Group { dn: Untrusted::new(dn), name: Untrusted::new(name) })
            .collect())
    }

    pub(super) async fn values(
        &mut self,
        attribute: Attribute,
        base: &str,
        watch: Watch<'_>,
    ) -> Result<Vec<(Untrusted, u64)>, DirectoryError> {
        let name = attribute.name();
        let filter = Filter::And(vec![Filter::people(), Filter::Present(name.to_owned())]).to_string();
        let search = Search { base, scope: Scope::Subtree, filter: &filter, attributes: &[name], size_limit: 0 };
        let mut counts: HashMap<String, u64> = HashMap::new();
        self.all(&search, PAGE, watch, |entry| {
            for (_, value) in &entry.values {
                *counts.entry(decode::text(value)).or_default() += 1;
            }
            Ok(())
        })
        .await?;
        let mut counts: Vec<_> = counts.into_iter().map(|(value, count)| (Untrusted::new(value), count)).collect();
        counts.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        Ok(counts)
    }
}
