//! Groups inside groups, how many members one has, and what a single entry is to a filter.

use tokio::io::{AsyncRead, AsyncWrite};

use super::PAGE;
use super::ber::Malformed;
use super::connection::{Connection, Kept, NO_SUCH_OBJECT, Watch};
use super::error::Error;
use super::request::{Scope, Search};
use super::root::ANYTHING;
use super::users::every_attribute;
use crate::directory::known::is_of;
use crate::directory::{Error as DirectoryError, Known, decode};
use crate::filter::{Filter, Prepared};
use crate::model::dn::Dn;
use crate::model::membership::{Group, Nested};
use crate::model::text::Untrusted;

const SID: &str = "objectSid";
const MEMBER_OF: &str = "memberOf";

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A group, and those inside it below `base`: one search each, however deep they are.
    pub(super) async fn nested(&mut self, base: &str, group: &Dn, watch: Watch<'_>) -> Result<Nested, DirectoryError> {
        let itself = self.entry(group.text(), &[SID, MEMBER_OF], watch).await?;
        let in_it = Filter::in_chain(MEMBER_OF, group.text());
        let filter = Filter::And(vec![Filter::Equal("objectClass".to_owned(), b"group".to_vec()), in_it]).to_string();
        let attributes = &[SID, MEMBER_OF];
        let search = Search { base, scope: Scope::Subtree, filter: &filter, attributes, size_limit: 0 };
        let mut found: Vec<Kept> = Vec::new();
        self.all(&search, PAGE, watch, |entry| {
            found.push(entry.into());
            Ok(())
        })
        .await?;
        let mut inside = Vec::with_capacity(found.len());
        for entry in found {
            inside.push(read_group(&self.whole(entry, watch).await?));
        }
        Ok(Nested { group: itself.as_ref().map(read_group), inside, several_domains: self.is_global_catalog() })
    }

    /// How many direct members a group has.
    pub(super) async fn members(&mut self, group: &Dn, watch: Watch<'_>) -> Result<Option<u64>, DirectoryError> {
        if self.entry(group.text(), &["1.1"], watch).await?.is_none() {
            return Ok(None);
        }
        match self.count(group.text(), "member", watch).await? {
            Some(count) => Ok(Some(count)),
            None => Err(self.withheld()),
        }
    }

    /// What the entry `dn` is to `filter`: its values, and the server's own answer to each in-chain clause and to the
    /// whole.
    pub(super) async fn known(
        &mut self,
        dn: &Dn,
        filter: &Filter,
        watch: Watch<'_>,
    ) -> Result<Option<Known>, DirectoryError> {
        // What is cached of a user, and what the filter asks about: no more.
        let mut attributes = every_attribute();
        for name in filter.attributes() {
            if !attributes.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                attributes.push(name);
            }
        }
        let Some(Kept { dn, values }) = self.entry(dn.text(), &attributes, watch).await? else { return Ok(None) };
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

    /// The entry of that name, all of its values; `None` when it is not there, or kept by another server.
    async fn entry(&mut self, dn: &str, attributes: &[&str], watch: Watch<'_>) -> Result<Option<Kept>, DirectoryError> {
        let search = Search { base: dn, scope: Scope::Base, filter: ANYTHING, attributes, size_limit: 0 };
        match self.few(&search, watch).await {
            Ok(mut found) => match found.pop() {
                Some(entry) => self.whole(entry, watch).await.map(Some),
                None => Ok(None),
            },
            Err(DirectoryError::Ldap(Error::Search { code: NO_SUCH_OBJECT, .. } | Error::Referral { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn whole(&mut self, mut entry: Kept, watch: Watch<'_>) -> Result<Kept, DirectoryError> {
        if self.complete(&mut entry, watch).await? { Ok(entry) } else { Err(self.withheld()) }
    }

    fn withheld(&self) -> DirectoryError {
        self.malformed(Malformed("it keeps values back that were asked for")).into()
    }

    /// A global catalog shows the users of every domain of the forest; its ports are 3268 and 3269.
    fn is_global_catalog(&self) -> bool {
        [":3268", ":3269"].iter().any(|port| self.server().ends_with(port))
    }
}

fn read_group(entry: &Kept) -> Group {
    let groups = entry.values.iter().filter(|(description, _)| is_of(description, MEMBER_OF));
    Group {
        dn: Untrusted::new(entry.dn.clone()),
        sid: entry.bytes(SID).and_then(decode::read_sid),
        member_of: groups.map(|(_, value)| Untrusted::new(decode::text(value))).collect(),
    }
}
