//! Nested groups, the number of members, and single entries for the explanation of a filter.

use tokio::io::{AsyncRead, AsyncWrite};

use super::PAGE;
use super::ber::Malformed;
use super::connection::{Connection, NO_SUCH_OBJECT, OwnedEntry, Watch};
use super::error::Error;
use super::request::{Scope, Search};
use super::root::ANYTHING;
use super::users::every_attribute;
use crate::directory::known::is_of;
use crate::directory::{Error as DirectoryError, Known, decode};
use crate::filter::{Filter, Prepared};
use crate::model::dn::Dn;
use crate::model::membership::{Group, Nested};
use crate::model::sid::Sid;
use crate::model::text::Untrusted;

const SID: &str = "objectSid";
const MEMBER_OF: &str = "memberOf";

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A group and its nested groups below `base`, with two searches.
    pub(super) async fn nested(&mut self, base: &str, group: &Dn, watch: Watch<'_>) -> Result<Nested, DirectoryError> {
        let itself = self.entry(group.text(), &[SID, MEMBER_OF], watch).await?;
        let in_it = Filter::in_chain(MEMBER_OF, group.text());
        let filter = Filter::And(vec![Filter::Equal("objectClass".to_owned(), b"group".to_vec()), in_it]).to_string();
        let attributes = &[SID, MEMBER_OF];
        let search = Search { base, scope: Scope::Subtree, filter: &filter, attributes, size_limit: 0 };
        let mut found: Vec<OwnedEntry> = Vec::new();
        self.all(&search, PAGE, watch, |entry| {
            found.push(entry.into());
            Ok(())
        })
        .await?;
        let mut inside = Vec::with_capacity(found.len());
        for entry in found {
            inside.push(read_group(&self.completed(entry, watch).await?));
        }
        Ok(Nested { group: itself.as_ref().map(read_group), inside, several_domains: self.is_global_catalog() })
    }

    /// The number of direct members of a group.
    pub(super) async fn members(&mut self, group: &Dn, watch: Watch<'_>) -> Result<Option<u64>, DirectoryError> {
        if self.entry(group.text(), &["1.1"], watch).await?.is_none() {
            return Ok(None);
        }
        match self.count(group.text(), "member", watch).await? {
            Some(count) => Ok(Some(count)),
            None => Err(self.incomplete()),
        }
    }

    /// The entry `dn` for `filter`: its values, and the server's answer to each in-chain clause and to the whole filter.
    pub(super) async fn known(
        &mut self,
        dn: &Dn,
        filter: &Filter,
        watch: Watch<'_>,
    ) -> Result<Option<Known>, DirectoryError> {
        // The attributes of the cache and those of the filter.
        let mut attributes = every_attribute();
        for name in filter.attributes() {
            if !attributes.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                attributes.push(name);
            }
        }
        let Some(OwnedEntry { dn, values }) = self.entry(dn.text(), &attributes, watch).await? else { return Ok(None) };
        let prepared = Prepared::new(filter);
        let chains = prepared.chains();
        let whole = filter.to_string();
        let asked = chains.iter().map(|(attribute, to)| Filter::in_chain(attribute, to.text()).to_string());
        let asked: Vec<String> = asked.chain([whole]).collect();
        let search = |filter| Search { base: &dn, scope: Scope::Base, filter, attributes: &["1.1"], size_limit: 1 };
        let searches: Vec<_> = asked.iter().map(|filter| search(filter)).collect();
        let mut answers = self.any(&searches, watch).await?;
        let selected = answers.pop().unwrap_or(false);
        let keyed = |((attribute, to), reached): (&(&str, &Dn), bool)| ((*attribute).to_owned(), to.key(), reached);
        let chains = chains.iter().zip(answers).map(keyed).collect();
        let groups = values.iter().filter(|(description, _)| is_of(description, MEMBER_OF));
        let member_of = groups.map(|(_, value)| decode::text(value)).collect();
        Ok(Some(Known { dn, values, chains, member_of, selected }))
    }

    /// The entry with that DN and all its values; `None` when it does not exist or is on another server.
    async fn entry(
        &mut self,
        dn: &str,
        attributes: &[&str],
        watch: Watch<'_>,
    ) -> Result<Option<OwnedEntry>, DirectoryError> {
        let search = Search { base: dn, scope: Scope::Base, filter: ANYTHING, attributes, size_limit: 0 };
        match self.few(&search, watch).await {
            Ok(mut found) => match found.pop() {
                Some(entry) => self.completed(entry, watch).await.map(Some),
                None => Ok(None),
            },
            Err(DirectoryError::Ldap(Error::Search { code: NO_SUCH_OBJECT, .. } | Error::Referral { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn completed(&mut self, mut entry: OwnedEntry, watch: Watch<'_>) -> Result<OwnedEntry, DirectoryError> {
        if self.complete(&mut entry, watch).await? { Ok(entry) } else { Err(self.incomplete()) }
    }

    fn incomplete(&self) -> DirectoryError {
        self.malformed(Malformed("requested values are missing")).into()
    }

    /// Whether this is a global catalog, which has the users of all domains of the forest, by its ports 3268 and 3269.
    fn is_global_catalog(&self) -> bool {
        [":3268", ":3269"].iter().any(|port| self.server().ends_with(port))
    }
}

fn read_group(entry: &OwnedEntry) -> Group {
    let groups = entry.values.iter().filter(|(description, _)| is_of(description, MEMBER_OF));
    Group {
        dn: Untrusted::new(entry.dn.clone()),
        sid: entry.bytes(SID).and_then(Sid::from_value),
        member_of: groups.map(|(_, value)| Untrusted::new(decode::text(value))).collect(),
    }
}
