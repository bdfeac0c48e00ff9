//! A domain controller, over LDAPS or StartTLS.
//!
//! May import `model`, `filter` and `secrets`. `ldap3` only encodes requests; answers are parsed here, because a hostile
//! server can crash `ldap3`'s parser. Rules: RFC 4511 (LDAP), RFC 4513 (binds), RFC 2696 (paging), [MS-ADTS] for what Active Directory adds.
//!
//! ```text
//! connect     address -> TCP -> TLS -> bind             (tls: certificates and pins; discover: addresses)
//! connection  one session: requests, answers, deadlines (request: encoding; message, ber: decoding)
//! root, browse, users, find, membership, account, check the searches   (ranges: values in several parts)
//! password, lockout                                     verify a user's password; the lockout policy
//! ```

mod account;
mod ber;
mod browse;
mod check;
mod connect;
mod connection;
mod deadlines;
mod discover;
mod error;
mod find;
mod lockout;
mod membership;
mod message;
mod password;
mod ranges;
mod request;
mod root;
mod tls;
mod users;

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

pub(super) use check::{CHECKS, check};
pub use connect::{ServerKey, keys};
pub use deadlines::Deadlines;
pub use discover::{Discovered, discover};
pub use error::{Error, OtherKey, Refusal};
pub(super) use password::{may_have_bound, verify_password};

use super::{Account, Error as DirectoryError, Finding, Group, Known, Place, Query, Read, Root, Taker, Unit};
use crate::filter::Filter;
use crate::model::directory::Ldap;
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::membership::Nested;
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid};
use crate::secrets::Secret;
use connect::Session;
use connection::Watch;

/// The size of a page of search results: Active Directory's limit (MaxPageSize).
const PAGE: u32 = 1000;
/// The idle time after which a new session is opened, because firewalls drop idle connections.
const IDLE: Duration = Duration::from_mins(1);

/// A domain controller with one session, which is reopened after a failure or a long idle time.
pub struct Controller {
    source: Ldap,
    password: Option<Secret>,
    deadlines: Deadlines,
    driver: Driver,
    session: Option<(Session, Instant)>,
    /// The naming context, once read.
    context: Option<String>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Controller {
    /// Connects to the first of the source's servers that answers, and binds.
    ///
    /// # Errors
    /// Without a usable password nothing is sent.
    pub fn open(
        source: &Ldap,
        password: Option<&Secret>,
        deadlines: Deadlines,
        job: &Job,
    ) -> Result<Self, DirectoryError> {
        let mut controller = Self {
            source: source.clone(),
            password: password.cloned(),
            deadlines,
            driver: Driver::new()?,
            session: None,
            context: None,
        };
        controller.with(job, async |_, _| Ok(()))?;
        Ok(controller)
    }

    /// A controller with an open session.
    fn over(driver: Driver, session: Session, source: &Ldap, password: Option<&Secret>, deadlines: Deadlines) -> Self {
        Self {
            source: source.clone(),
            password: password.cloned(),
            deadlines,
            driver,
            session: Some((session, Instant::now())),
            context: None,
        }
    }

    /// Runs `work` in a bound session. The session is kept only when it is known to be usable afterwards.
    fn with<T>(
        &mut self,
        job: &Job,
        work: impl AsyncFnOnce(&mut Session, Watch<'_>) -> Result<T, DirectoryError>,
    ) -> Result<T, DirectoryError> {
        let Self { source, password, deadlines, driver, session, .. } = self;
        let watch = Watch::over(job);
        driver.block_on(async {
            let mut open = match session.take() {
                Some((session, used)) if used.elapsed() < IDLE => session,
                _ => connect::open(source, password.as_ref(), *deadlines, watch).await?,
            };
            let done = work(&mut open, watch).await;
            if matches!(&done, Ok(_) | Err(DirectoryError::Ldap(Error::Search { .. } | Error::Referral { .. }))) {
                *session = Some((open, Instant::now()));
            }
            done
        })
    }

    /// The search base: the given one, else the directory's naming context.
    fn base(&mut self, given: Option<&str>, job: &Job) -> Result<String, DirectoryError> {
        if let Some(base) = given.or(self.context.as_deref()) {
            return Ok(base.to_owned());
        }
        let context = self.with(job, async |session, watch| session.dse(watch).await)?.root.naming_context;
        Ok(self.context.insert(context).clone())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        if let Some((session, _)) = self.session.take() {
            self.driver.block_on(session.close());
        }
    }
}

impl Read for Controller {
    fn root(&mut self, job: &Job) -> Result<Root, DirectoryError> {
        let root = self.with(job, async |session, watch| session.root(watch).await)?;
        self.context = Some(root.naming_context.clone());
        Ok(root)
    }

    fn account(&mut self, job: &Job) -> Result<Option<Account>, DirectoryError> {
        let context = self.base(None, job)?;
        let bind = self.source.bind.clone();
        self.with(job, async |session, watch| session.account(&bind, &context, watch).await)
    }

    fn users(&mut self, query: &Query, job: &Job, take: &mut Taker<'_>) -> Result<u64, DirectoryError> {
        let base = self.base(query.base.as_deref(), job)?;
        self.read_users(&base, &query.filter.to_string(), &users::every_attribute(), job, take)
    }

    fn units(&mut self, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, DirectoryError> {
        let dn = self.base(dn, job)?;
        self.with(job, async |session, watch| session.units(&dn, watch).await)
    }

    fn groups(&mut self, prefix: &str, limit: usize, job: &Job) -> Result<Vec<Group>, DirectoryError> {
        let base = self.base(None, job)?;
        self.with(job, async |session, watch| session.groups(&base, prefix, limit, watch).await)
    }

    fn nested(&mut self, group: &Dn, job: &Job) -> Result<Nested, DirectoryError> {
        let base = self.base(None, job)?;
        self.with(job, async |session, watch| session.nested(&base, group, watch).await)
    }

    fn members(&mut self, group: &Dn, job: &Job) -> Result<Option<u64>, DirectoryError> {
        self.with(job, async |session, watch| session.members(group, watch).await)
    }

    fn known(&mut self, dn: &Dn, filter: &Filter, job: &Job) -> Result<Option<Known>, DirectoryError> {
        self.with(job, async |session, watch| session.known(dn, filter, watch).await)
    }

    fn values(
        &mut self,
        attribute: Attribute,
        base: Option<&str>,
        job: &Job,
    ) -> Result<Vec<(Untrusted, u64)>, DirectoryError> {
        let base = self.base(base, job)?;
        self.with(job, async |session, watch| session.values(attribute, &base, watch).await)
    }

    fn find(&mut self, guids: &[Guid], filter: Option<&Filter>, job: &Job) -> Result<Vec<Finding>, DirectoryError> {
        let filter = filter.map(Filter::to_string);
        self.with(job, async |session, watch| find::find(session, guids, filter.as_deref(), watch).await)
    }

    fn place(&mut self, dn: &str, job: &Job) -> Result<Option<Place>, DirectoryError> {
        self.with(job, async |session, watch| find::place(session, dn, watch).await)
    }

    fn place_of(&mut self, guid: Guid, job: &Job) -> Result<Option<Place>, DirectoryError> {
        self.place(&format!("<GUID={guid}>"), job)
    }
}

/// The runtime of a session, on the calling thread.
struct Driver(Option<Runtime>);

impl Driver {
    fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
        Ok(Self(Some(runtime)))
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("present until it is dropped").block_on(work)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Does not wait for a running name resolution.
            runtime.shutdown_background();
        }
    }
}
