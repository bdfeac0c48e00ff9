//! The directory of users: a domain controller over TLS, or a file that was exported from one.
//!
//! The only module that uses LDAP. May import `model`, `filter` and `secrets`. Every result is complete or an error, so that
//! an interrupted read is never mistaken for a directory with fewer users.

mod check;
mod checklist;
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

/// Opens a directory: binds to a domain controller, or opens the file.
///
/// The password is that of the domain controller's account; a file needs none.
pub fn open(source: &Source, password: Option<&Secret>, job: &Job) -> Result<Box<dyn Read>, Error> {
    match source {
        Source::Ldap(source) => {
            Ok(Box::new(ldap::Controller::open(source, password, ldap::Deadlines::default(), job)?))
        }
        Source::File(path) => Ok(Box::new(ldif::File::open(path)?)),
    }
}

/// The result of a password check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// The password is right; the user as the directory has them now.
    Verified(Box<User>),
    /// The bind was refused: the `data` code of Active Directory, for the administrator only. Some codes mean that the
    /// password was right.
    Refused { code: String },
    /// The password is right, but for another account that has the name now.
    OtherAccount,
}

/// A lockout policy: an account is locked after `threshold` wrong passwords (0: never) within `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    pub threshold: u32,
    pub window: std::time::Duration,
}

impl Lockout {
    /// The stricter values of two policies.
    pub fn stricter(self, other: Self) -> Self {
        let threshold = match (self.threshold, other.threshold) {
            (0, one) | (one, 0) => one,
            (one, other) => one.min(other),
        };
        Self { threshold, window: self.window.max(other.window) }
    }
}

/// Checks a user's password with one bind. A file cannot check passwords.
pub fn verify_password(
    source: &Source,
    name: &str,
    password: &Secret,
    guid: Guid,
    job: &Job,
) -> Result<PasswordOutcome, Error> {
    match source {
        Source::Ldap(source) => ldap::verify_password(source, name, password, guid, job),
        Source::File(_) => Err(Error::NoPasswords),
    }
}

/// The current state of a user, read on a new connection with short deadlines, because a laptop waits for the answer.
pub fn status(source: &Source, password: Option<&Secret>, guid: Guid, job: &Job) -> Result<Finding, Error> {
    match source {
        Source::Ldap(source) => {
            let mut controller = ldap::Controller::open(source, password, ldap::Deadlines::INTERACTIVE, job)?;
            let mut found = controller.find(&[guid], None, job)?;
            Ok(found.pop().unwrap_or(Finding::Absent))
        }
        Source::File(_) => Err(Error::NoPasswords),
    }
}

/// The lockout policy of a user; `None` when the account cannot read it.
pub fn lockout(source: &Source, password: Option<&Secret>, guid: Guid, job: &Job) -> Result<Option<Lockout>, Error> {
    match source {
        Source::Ldap(source) => {
            ldap::Controller::open(source, password, ldap::Deadlines::INTERACTIVE, job)?.lockout(guid, job)
        }
        Source::File(_) => Err(Error::NoPasswords),
    }
}

/// The users to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Default: the directory's naming context.
    pub base: Option<String>,
    pub filter: Filter,
}

/// The description of a directory: the rootDSE, or for a file what its entries show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Root {
    /// The default naming context: `DC=corp,DC=example,DC=com`.
    pub naming_context: String,
    /// `corp.example.com`
    pub domain: String,
    /// `CORP`, for names such as `CORP\jdoe`.
    pub netbios: Option<String>,
    pub forest: Option<String>,
    /// The domain's functional level: `Windows Server 2016`.
    pub level: Option<String>,
    /// The DNS name of the domain controller that answered.
    pub host: Option<String>,
    /// `highestCommittedUSN` read before anything else, and the controller's invocationId.
    pub usn: Option<u64>,
    pub invocation_id: Option<String>,
}

/// The directory's information on the account that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The expiry of its password; `None` if unknown.
    pub password: Option<Expiry>,
    /// Its groups, including nested ones, that give more than read access; `None` if it cannot see them.
    pub rights: Option<Vec<&'static str>>,
}

/// A node of the OU tree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unit {
    pub dn: Untrusted,
    pub name: Untrusted,
    pub has_children: bool,
}

/// A group to choose for a mapping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    pub dn: Untrusted,
    pub name: Untrusted,
}

/// The state of a user, looked up by objectGUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    There(Box<User>),
    /// Found, but required attributes cannot be read.
    Unreadable,
    /// Deleted: a tombstone was found.
    Deleted,
    /// Not found: deleted, hidden from the account that reads, or not selected by the filter.
    Absent,
}

/// The location of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The current DN.
    pub dn: Untrusted,
    /// Absent when it cannot be read.
    pub guid: Option<Guid>,
}

/// A readable directory.
///
/// Each method fails within its deadline, stops soon after the job is canceled ([`Error::Canceled`]), and can be called
/// again after a failure.
pub trait Read: Send {
    fn root(&mut self, job: &Job) -> Result<Root, Error>;

    /// The account that reads; `None` for a file, or if the account cannot see itself.
    fn account(&mut self, _job: &Job) -> Result<Option<Account>, Error> {
        Ok(None)
    }

    /// Reads every user that the query selects, in batches of at most 1,000. They are complete only when this returns
    /// `Ok`. An error of `take` ends the read at once and is returned as [`Error::Taker`].
    fn users(&mut self, query: &Query, job: &Job, take: &mut Taker<'_>) -> Result<u64, Error>;

    /// The organizational units and containers directly below `dn` (default: the naming context), by name.
    fn units(&mut self, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, Error>;

    /// Lists at most `limit` groups with names that start with `prefix`, sorted by name.
    fn groups(&mut self, prefix: &str, limit: usize, job: &Job) -> Result<Vec<Group>, Error>;

    /// A group and all its nested groups. A missing group is not an error.
    fn nested(&mut self, group: &Dn, job: &Job) -> Result<Nested, Error>;

    /// The number of direct members of a group, users and groups; `None` when there is no such group.
    fn members(&mut self, group: &Dn, job: &Job) -> Result<Option<u64>, Error>;

    /// The entry `dn` with everything that `filter` asks about; `None` when there is no such entry.
    fn known(&mut self, dn: &Dn, filter: &Filter, job: &Job) -> Result<Option<Known>, Error>;

    /// The values of an attribute among the users below `base`, and how many users have each; most frequent first.
    fn values(&mut self, attribute: Attribute, base: Option<&str>, job: &Job) -> Result<Vec<(Untrusted, u64)>, Error>;

    /// The state of each of `guids`, anywhere in the directory, in the same order; with a filter, only users whom it
    /// selects are found.
    ///
    /// The default implementation, for files, reads every user.
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

    /// The entry with that DN; `None` when it is not visible. The default implementation assumes that it exists.
    fn place(&mut self, dn: &str, _job: &Job) -> Result<Option<Place>, Error> {
        Ok(Some(Place { dn: Untrusted::new(dn), guid: None }))
    }

    /// The location of the entry with that objectGUID; `None` when it is not visible.
    fn place_of(&mut self, _guid: Guid, _job: &Job) -> Result<Option<Place>, Error> {
        Ok(None)
    }
}

/// Receives the users of a read, a batch at a time.
pub type Taker<'a> = dyn FnMut(Vec<User>) -> Result<(), TakerFailed> + 'a;

/// The receiver cannot continue; it keeps the reason itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the read result could not be processed")]
pub struct TakerFailed;

/// Why a directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the read was canceled; nothing was changed")]
    Canceled,
    #[error(transparent)]
    Taker(#[from] TakerFailed),
    #[error(transparent)]
    Ldap(#[from] ldap::Error),
    #[error(transparent)]
    Ldif(#[from] ldif::Error),
    /// An entry of a domain controller that cannot be a user.
    #[error(transparent)]
    Undecodable(#[from] decode::Undecodable),
    #[error("the directory is a file, which cannot verify passwords")]
    NoPasswords,
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Canceled => "start it again when you are ready".to_owned(),
            Self::Taker(_) => "see the error before this one".to_owned(),
            Self::Ldap(error) => error.help(),
            Self::Ldif(error) => error.help(),
            Self::Undecodable(error) => error.help(),
            Self::NoPasswords => {
                "register the domain controller (step 1), or choose another authentication method (step 5)".to_owned()
            }
        }
    }

    /// Whether a password may have reached the directory before the error.
    pub fn may_have_bound(&self) -> bool {
        match self {
            Self::Ldap(error) => ldap::may_have_bound(error),
            Self::Ldif(_) | Self::NoPasswords => false,
            _ => true,
        }
    }
}
