//! Errors of the engine, each with the next step.

use std::path::PathBuf;

use crate::model::name::Name;
use crate::{directory, export, filter, kerberos, secrets, store, sync, token};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Filter(#[from] filter::Error),
    #[error(transparent)]
    Secrets(#[from] secrets::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Sync(#[from] sync::Error),
    #[error(transparent)]
    Token(#[from] token::Error),
    #[error(transparent)]
    Export(#[from] export::Error),
    #[error(transparent)]
    Kerberos(#[from] kerberos::Error),
    #[error("this console is read-only; nothing was changed")]
    ReadOnly,
    #[error("nothing is set up in {}", state.display())]
    NothingSetUp { state: PathBuf },
    #[error("this host provides no random bytes")]
    NoRandomness,
    #[error("there is no {what} called \"{name}\"")]
    Unknown { what: &'static str, name: Name },
    #[error("{what} {id} no longer exists")]
    Gone { what: &'static str, id: String },
    #[error("{given:?} is not a valid name: {why}")]
    NotAName { given: String, why: crate::model::Unreadable },
    #[error("a {what} called \"{name}\" already exists")]
    Taken { what: &'static str, name: Name },
    #[error("no password is stored for the directory \"{0}\"")]
    NoPassword(Name),
    #[error("the stored password of the directory \"{0}\" belongs to another account or server")]
    PasswordAgain(Name),
    #[error("cannot read {}: {why}", path.display())]
    File { path: PathBuf, why: std::io::Error },
    #[error("cannot write {}: {why}", path.display())]
    NotWritten { path: PathBuf, why: std::io::Error },
    #[error("{} is not a CSV file of users: {why}", path.display())]
    Csv { path: PathBuf, why: String },
    #[error("{} is not a device map: {why}", path.display())]
    DeviceMap { path: PathBuf, why: String },
    #[error("{} contains no certificate in PEM format", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} already exists", path.display())]
    Exists { path: PathBuf },
    #[error("cannot choose a format for {}: its name has no known extension", path.display())]
    NoFormat { path: PathBuf },
    #[error("cannot write the token \"{0}\" again: it was not signed with a key of this installation")]
    NotOurs(Name),
    #[error("{} does not contain an export of the agent of step 7", .0.display())]
    NotThatExport(PathBuf),
    #[error("{} no longer contains the export that was written there", .0.display())]
    NotThere(PathBuf),
    #[error("this installation has no signing key for tokens")]
    NoKey,
    #[error("{} is not a signing key file of imd, or it was changed", path.display())]
    NotAKeyFile { path: PathBuf },
    #[error("{} is not a bundle of imd, or it was changed", path.display())]
    NotABundle { path: PathBuf },
    #[error("{} is not a bundle of this installation: the key that signed it {}", path.display(), key(refusal))]
    BundleRefused { path: PathBuf, refusal: token::Refusal },
    #[error("the bundle {} contains no LDIF", path.display())]
    NoLdif { path: PathBuf },
    #[error("cannot read {}: another program is still writing it", path.display())]
    Changing { path: PathBuf },
    #[error("the signing key of this host cannot sign tokens for {0}")]
    BeyondScope(String),
    #[error("no deployment tool is called {0:?}")]
    NoTarget(String),
    #[error("no agent is called {0:?}")]
    NoAgent(String),
    #[error("the agent \"{0}\" needs a token of its own server")]
    NoForeignToken(String),
    #[error("no token is chosen for the export")]
    NoToken,
    #[error("cannot export the token \"{0}\": it is no longer valid")]
    DeadToken(Name),
    #[error("no export has the number {0}")]
    NoExport(i64),
    #[error("no plan has the number or hash {0}")]
    NoPlan(String),
    #[error("no applied plan to undo")]
    NothingApplied,
    #[error("no mapping exists")]
    NoMapping,
    #[error("no directory is registered")]
    NoDirectory,
    #[error("no refusal has the id {0}, and no user has that name")]
    NoRefusal(String),
    #[error("no user is named {given} in {looked_in}")]
    UserNotFound { given: String, looked_in: String },
    #[error("{given} matches {} users: {}", who.len(), listed(who))]
    Several { given: String, who: Vec<String> },
    #[error("no user named {0} is in the cache")]
    NotCached(String),
    #[error("cannot forget {0}: the user is active")]
    StillActive(String),
    #[error("cannot forget {user}: the account {account} is {}", state(*until))]
    HasAccount { user: String, account: String, until: Option<jiff::Timestamp> },
    #[error("no user named {0} has an account")]
    NoAccount(String),
    #[error("the account {account} stays preserved: its user {why}")]
    UserLeft { account: String, why: String },
    #[error("cannot delete the account {account}: it is {}", state(*until))]
    NotDue { account: String, until: Option<jiff::Timestamp> },
    #[error("cannot look up domain controllers in DNS: no domain is given")]
    NoDomain,
    #[error("cannot show the key of a server: no server address is given")]
    NoAddress,
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Directory(error) => error.help(),
            Self::Filter(error) => error.help(),
            Self::Secrets(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::Sync(error) => error.help(),
            Self::Token(error) => error.help().to_owned(),
            Self::Export(error) => error.help(),
            Self::Kerberos(error) => error.help(),
            Self::ReadOnly => "start imd without --read-only to change things".to_owned(),
            Self::NothingSetUp { .. } => {
                "set it up with `imd` or `imd setup`, as the user that runs the service; if the state is in another \
                 folder, give that folder with --state DIR or IMD_STATE"
                    .to_owned()
            }
            Self::NoRandomness => "keys need random bytes: check that /dev/urandom is readable".to_owned(),
            Self::Gone { .. } => "it was removed or changed in the meantime: reload the list".to_owned(),
            Self::NotAName { .. } => "choose another name".to_owned(),
            Self::Taken { .. } => "choose another name; nothing was changed".to_owned(),
            Self::Unknown { what, .. } => format!("`imd {what} list` shows those that exist"),
            Self::PasswordAgain(_) => "enter the password of the current account again in step 1".to_owned(),
            Self::NoPassword(_) => "enter it in step 1: `imd setup`".to_owned(),
            Self::File { .. } => "check the path and its permissions".to_owned(),
            Self::NotWritten { .. } => "choose a writable folder with enough free space".to_owned(),
            Self::Csv { .. } => "the first line names the columns: mail and, optionally, name".to_owned(),
            Self::DeviceMap { .. } => {
                "the first line names the columns: e-mail, host name, device id, id type, user name, old device, \
                 restore; nothing was changed"
                    .to_owned()
            }
            Self::NoCertificate { .. } => {
                "export the CA's certificate as Base-64 encoded X.509 (.cer or .pem)".to_owned()
            }
            Self::Exists { .. } => "choose another file name: imd does not overwrite files".to_owned(),
            Self::NoFormat { .. } => "use a file name that ends in .csv, .json or .ldif".to_owned(),
            Self::NotOurs(_) => "create a new token (`imd token create`), and export it".to_owned(),
            Self::NoTarget(_) | Self::NoAgent(_) => "`imd export list` shows those that exist".to_owned(),
            Self::NoForeignToken(_) => "copy the token from that server, and paste it in step 7".to_owned(),
            Self::NotAKeyFile { .. } => "write it again with `imd keys export`, and copy the whole file".to_owned(),
            Self::NotABundle { .. } => "write it again with `imd bundle out`, and copy the whole file".to_owned(),
            Self::BundleRefused { .. } => "import it on a host that has its key: `imd keys list`".to_owned(),
            Self::NoLdif { .. } => {
                "run it without --ldif, or write the bundle with `imd bundle out FILE --ldif USERS`".to_owned()
            }
            Self::Changing { .. } => "try again when the file is complete".to_owned(),
            Self::BeyondScope(_) => "`imd keys list --json` shows the scope of the key".to_owned(),
            Self::NotThatExport(_) | Self::NotThere(_) => {
                "write the export again (`imd export`) if it is still used".to_owned()
            }
            Self::NoKey => "create one with `imd keys rotate`".to_owned(),
            Self::NoToken | Self::DeadToken(_) => "create one in step 6, or with `imd token create`".to_owned(),
            Self::NoExport(_) => "`imd export written` lists the exports and their numbers".to_owned(),
            Self::NoPlan(_) | Self::NothingApplied => "`imd sync list` lists the plans".to_owned(),
            Self::NoMapping => "add one in step 3".to_owned(),
            Self::NoDirectory => "add one in step 1".to_owned(),
            Self::UserNotFound { .. } => "give the DOMAIN\\name, UPN, mail, alias, DN or objectGUID of the user, and check that the bind account \
                                    can read the user"
                .to_owned(),
            Self::NoRefusal(_) => {
                "copy the whole id from the laptop, or give a name of the user: `imd explain USER`"
                    .to_owned()
            }
            Self::Several { .. } => {
                "give the DN or DOMAIN\\name of one of them, or choose the directory with --directory".to_owned()
            }
            Self::NotCached(_) => {
                "`imd users` searches the cache, and `imd explain` the directories".to_owned()
            }
            Self::StillActive(_) => "first remove the user from the directory or the mappings, and run `imd sync`"
                .to_owned(),
            Self::HasAccount { .. } => {
                "delete the account first, when its retention has ended: `imd accounts delete`".to_owned()
            }
            Self::NoAccount(_) => {
                "`imd accounts` lists the accounts; an account is created at the first activation".to_owned()
            }
            Self::UserLeft { .. } => {
                "put the user back in the directory, and run `imd sync`: the account is in use again".to_owned()
            }
            Self::NotDue { until: None, .. } => {
                "preserve it with `imd accounts preserve`, and delete it when its retention has ended".to_owned()
            }
            Self::NotDue { .. } => "wait until then, or shorten the retention of its profile (step 2)".to_owned(),
            Self::NoDomain => {
                "enter the domain instead of the addresses, or the account as user@corp.example.com, and try again"
                    .to_owned()
            }
            Self::NoAddress => "enter the addresses of the servers first".to_owned(),
        }
    }

    /// True when the administrator has to decide, and nothing failed: exit code 3.
    pub fn needs_you(&self) -> bool {
        match self {
            Self::Sync(error) => error.needs_you(),
            Self::Several { .. } => true,
            _ => false,
        }
    }

    /// True when someone else saved in the meantime: the form has to be loaded again.
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::Store(store::Error::ChangedBy { .. }))
    }

    /// True when something changed between a plan and its application.
    pub fn is_drift(&self) -> bool {
        matches!(self, Self::Sync(sync::Error::Store(store::Error::Drift { .. })))
    }

    /// True when the job was canceled.
    pub fn is_canceled(&self) -> bool {
        matches!(self, Self::Directory(directory::Error::Canceled) | Self::Sync(sync::Error::Canceled))
    }
}

/// Why the key of a bundle is not accepted.
const fn key(refusal: &token::Refusal) -> &'static str {
    match refusal {
        token::Refusal::KeyRevoked => "was revoked",
        _ => "is unknown here",
    }
}

/// The state of an account: in use, or preserved until then.
fn state(until: Option<jiff::Timestamp>) -> String {
    match until {
        None => "in use".to_owned(),
        Some(until) => format!("preserved until {}", crate::model::moment::minute(until)),
    }
}

/// The first few of them.
fn listed(who: &[String]) -> String {
    const FEW: usize = 5;
    let mut listed = who.iter().take(FEW).cloned().collect::<Vec<_>>().join("; ");
    if who.len() > FEW {
        listed.push_str("; ...");
    }
    listed
}
