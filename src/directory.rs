//! Where users come from: a domain controller over TLS, or a file that was exported from one.
//!
//! The only room that speaks LDAP. May import `model`, `filter` and `secrets`. Everything it hands out is complete or
//! an error: a read that stops early is never mistaken for a directory with fewer users.

mod check;
pub mod decode;
mod known;
pub mod ldap;
pub mod ldif;

pub use check::check;
pub use known::Known;

use std::collections::HashMap;

use crate::filter::Filter;
use crate::model::directory::{Expiry, Source};
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::membership::Nested;
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};
use crate::secrets::Secret;

/// The directory that a source describes, ready to be read: a session that is bound, or a file that is there.
///
/// The password is for a domain controller's account; a file takes none.
pub fn open(source: &Source, password: Option<&Secret>, job: &Job) -> Result<Box<dyn Read>, Error> {
    match source {
        Source::Ldap(source) => {
            Ok(Box::new(ldap::Controller::open(source, password, ldap::Deadlines::default(), job)?))
        }
        Source::File(path) => Ok(Box::new(ldif::File::open(path)?)),
    }
}

/// What came of a user's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthMethod {
    /// It is the user's own; the user as the directory has them now.
    Proven(Box<User>),
    /// The directory refused it: the `data` code of Active Directory, for the administrator alone. Some codes say that
    /// the password was right.
    Refused { code: String },
    /// It was right for another account than the one that was asked for.
    SomebodyElse,
}

/// When a domain locks an account: after `threshold` wrong passwords (0 is never) that are less than `window` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    pub threshold: u32,
    pub window: std::time::Duration,
}

impl Lockout {
    /// What holds where both do.
    pub fn stricter(self, other: Self) -> Self {
        let threshold = match (self.threshold, other.threshold) {
            (0, one) | (one, 0) => one,
            (one, other) => one.min(other),
        };
        Self { threshold, window: self.window.max(other.window) }
    }
}

/// Tries a user's password once, by the name that they bind with. Of a file, nobody's password can be known.
pub fn prove(source: &Source, name: &str, password: &Secret, guid: Guid, job: &Job) -> Result<AuthMethod, Error> {
    match source {
        Source::Ldap(source) => ldap::prove(source, name, password, guid, job),
        Source::File(_) => Err(Error::NoPasswords),
    }
}

/// What became of a user, asked on a connection of its own and with little patience: somebody waits for the answer.
pub fn status(source: &Source, password: Option<&Secret>, guid: Guid, job: &Job) -> Result<Finding, Error> {
    match source {
        Source::Ldap(source) => {
            let mut controller = ldap::Controller::open(source, password, ldap::IMPATIENT, job)?;
            let mut found = controller.find(&[guid], None, job)?;
            Ok(found.pop().unwrap_or(Finding::Absent))
        }
        Source::File(_) => Err(Error::NoPasswords),
    }
}

/// When the account of that user is locked; `None` when the directory does not say, or not to the account that reads.
pub fn lockout(source: &Source, password: Option<&Secret>, guid: Guid, job: &Job) -> Result<Option<Lockout>, Error> {
    match source {
        Source::Ldap(source) => ldap::Controller::open(source, password, ldap::IMPATIENT, job)?.lockout(guid, job),
        Source::File(_) => Err(Error::NoPasswords),
    }
}

/// Which users to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Absent: the directory's default naming context.
    pub base: Option<String>,
    pub filter: Filter,
}

/// What a directory says of itself (its rootDSE; for a file, what its entries show).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Root {
    /// The default naming context: `DC=corp,DC=example,DC=com`.
    pub naming_context: String,
    /// `corp.example.com`
    pub domain: String,
    /// `CORP`, for names such as `CORP\jdoe`.
    pub netbios: Option<String>,
    pub forest: Option<String>,
    /// The domain's functional level, in words: `Windows Server 2016`.
    pub level: Option<String>,
    /// The DNS name of the domain controller that answered.
    pub host: Option<String>,
    /// `highestCommittedUSN` read before anything else, and the controller's invocationId.
    pub usn: Option<u64>,
    pub invocation_id: Option<String>,
}

/// What a directory says of the account that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// When its password ends; `None` where the directory does not say.
    pub password: Option<Expiry>,
    /// The groups that it is in, however deep, and that let it do more than read; `None` where it may not see them.
    pub rights: Option<Vec<&'static str>>,
}

/// One level of the tree in which an OU is picked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unit {
    pub dn: Untrusted,
    pub name: Untrusted,
    pub has_children: bool,
}

/// A group that a mapping may name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    pub dn: Untrusted,
    pub name: Untrusted,
}

/// What became of a user who was known by objectGUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    There(Box<User>),
    /// Found, but what every user has cannot be read.
    Unreadable,
    /// Deleted: what is left of the user says so.
    Deleted,
    /// Not found: deleted, hidden from the account that reads, or not selected by the filter.
    Absent,
}

/// Where an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As the directory writes it now.
    pub dn: Untrusted,
    /// Absent when it cannot be read.
    pub guid: Option<Guid>,
}

/// A directory that can be read.
///
/// Each method fails within its deadline, stops soon after the job is cancelled ([`Error::Cancelled`]), and is safe
/// to call again after a failure.
pub trait Read: Send {
    fn root(&mut self, job: &Job) -> Result<Root, Error>;

    /// The account that reads; nothing for a file, and where the account may not see itself.
    fn account(&mut self, _job: &Job) -> Result<Option<Account>, Error> {
        Ok(None)
    }

    /// Reads every user that the query selects and hands them on in batches of at most 1,000. Only when this
    /// returns `Ok` were they all. An error of `take` ends the read at once and comes back as [`Error::Taker`].
    fn users(&mut self, query: &Query, job: &Job, take: &mut Taker<'_>) -> Result<u64, Error>;

    /// The organizational units and containers directly below `dn` (absent: below the naming context), by name.
    fn units(&mut self, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, Error>;

    /// Groups whose name starts with `prefix`, by name, at most `limit`.
    fn groups(&mut self, prefix: &str, limit: usize, job: &Job) -> Result<Vec<Group>, Error>;

    /// A group and the groups inside it, however deep. That there is no such group is no error.
    fn nested(&mut self, group: &Dn, job: &Job) -> Result<Nested, Error>;

    /// How many direct members a group has, users and groups alike; `None` when there is no such group. They are
    /// counted to the last, however many the directory hands out at a time.
    fn members(&mut self, group: &Dn, job: &Job) -> Result<Option<u64>, Error>;

    /// What the entry `dn` is to `filter`; `None` when there is no such entry.
    fn known(&mut self, dn: &Dn, filter: &Filter, job: &Job) -> Result<Option<Known>, Error>;

    /// The values of an attribute among the users below `base`, and how many users have each; most frequent first.
    fn values(&mut self, attribute: Attribute, base: Option<&str>, job: &Job) -> Result<Vec<(Untrusted, u64)>, Error>;

    /// What became of each of `guids`, wherever in the directory they are now, in their order; with a filter, only
    /// those whom it selects are found.
    ///
    /// As it stands it reads every user, which is what a file has to do anyway.
    fn find(&mut self, guids: &[Guid], filter: Option<&Filter>, job: &Job) -> Result<Vec<Finding>, Error> {
        let mut found: HashMap<Guid, Finding> = guids.iter().map(|guid| (*guid, Finding::Absent)).collect();
        let query = Query { base: None, filter: filter.cloned().unwrap_or_else(Filter::people) };
        self.users(&query, job, &mut |users| {
            for user in users {
                if let Some(finding) = found.get_mut(&user.guid) {
                    *finding = Finding::There(Box::new(user));
                }
            }
            Ok(())
        })?;
        Ok(guids.iter().map(|guid| found.get(guid).cloned().unwrap_or(Finding::Absent)).collect())
    }

    /// The entry of that DN; `None` when there is nothing to be seen. Whoever cannot tell says that it is there,
    /// without a GUID.
    fn place(&mut self, dn: &str, _job: &Job) -> Result<Option<Place>, Error> {
        Ok(Some(Place { dn: Untrusted::new(dn), guid: None }))
    }

    /// Where the entry with that objectGUID is now; `None` when there is nothing to be seen.
    fn place_of(&mut self, _guid: Guid, _job: &Job) -> Result<Option<Place>, Error> {
        Ok(None)
    }
}

/// What takes the users of a read, a batch at a time.
pub type Taker<'a> = dyn FnMut(Vec<User>) -> Result<(), TakerFailed> + 'a;

/// Said by a taker that cannot go on; it keeps the reason itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was read could not be taken")]
pub struct TakerFailed;

/// Why a directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the read was cancelled; nothing was changed")]
    Cancelled,
    #[error(transparent)]
    Taker(#[from] TakerFailed),
    #[error(transparent)]
    Ldap(#[from] ldap::Error),
    #[error(transparent)]
    Ldif(#[from] ldif::Error),
    /// An entry of a domain controller that cannot be a user.
    #[error(transparent)]
    Undecodable(#[from] decode::Undecodable),
    #[error("the directory is a file, which knows nobody's password")]
    NoPasswords,
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Cancelled => "start it again when it suits".to_owned(),
            Self::Taker(_) => "see the error before this one".to_owned(),
            Self::Ldap(error) => error.help(),
            Self::Ldif(error) => error.help(),
            Self::Undecodable(error) => error.help(),
            Self::NoPasswords => {
                "register the domain controller itself (step 1), or choose another proof (step 5)".to_owned()
            }
        }
    }

    /// Whether a password that was being tried may have reached the directory.
    pub fn may_have_bound(&self) -> bool {
        match self {
            Self::Ldap(error) => ldap::may_have_bound(error),
            Self::Ldif(_) | Self::NoPasswords => false,
            _ => true,
        }
    }
}
