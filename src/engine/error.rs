//! Why the engine could not do what it was asked.

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
    #[error("this host gives no random bytes")]
    NoRandomness,
    #[error("there is no {what} called \"{name}\"")]
    Unknown { what: &'static str, name: Name },
    #[error("there is no {what} {id} any more")]
    Gone { what: &'static str, id: String },
    #[error("{given:?} is no name: {why}")]
    NotAName { given: String, why: crate::model::Unreadable },
    #[error("there is a {what} called \"{name}\" already")]
    Taken { what: &'static str, name: Name },
    #[error("no password is kept for the directory \"{0}\"")]
    NoPassword(Name),
    #[error("the kept password of the directory \"{0}\" was given for another account or server")]
    PasswordAgain(Name),
    #[error("{} cannot be read: {why}", path.display())]
    File { path: PathBuf, why: std::io::Error },
    #[error("{} cannot be written: {why}", path.display())]
    NotWritten { path: PathBuf, why: std::io::Error },
    #[error("{} is not a CSV file of users: {why}", path.display())]
    Csv { path: PathBuf, why: String },
    #[error("{} is not a device map: {why}", path.display())]
    DeviceMap { path: PathBuf, why: String },
    #[error("{} holds no certificate in PEM form", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} already exists", path.display())]
    Exists { path: PathBuf },
    #[error("the name {} does not say how users are to be written", path.display())]
    NoFormat { path: PathBuf },
    #[error("the token \"{0}\" was not minted by a key of this installation, so it cannot be written again")]
    NotOurs(Name),
    #[error("{} holds no export of the agent that step 7 is about", .0.display())]
    NotThatExport(PathBuf),
    #[error("{} no longer holds the export that was written there", .0.display())]
    NotThere(PathBuf),
    #[error("no key signs tokens here")]
    NoKey,
    #[error("{} is no signing key that imd wrote, or it was changed", path.display())]
    NotAKeyFile { path: PathBuf },
    #[error("{} is no bundle that imd wrote, or it was changed", path.display())]
    NotABundle { path: PathBuf },
    #[error("{} is no bundle of this installation: it was signed with a key that {}", path.display(), key(refusal))]
    BundleRefused { path: PathBuf, refusal: token::Refusal },
    #[error("{} carries no LDIF", path.display())]
    NoLdif { path: PathBuf },
    #[error("{} is being written while it is read", path.display())]
    Changing { path: PathBuf },
    #[error("the key of this host makes no tokens for {0}")]
    BeyondScope(String),
    #[error("no deployment tool is called {0:?}")]
    NoTarget(String),
    #[error("no agent is called {0:?}")]
    NoAgent(String),
    #[error("the agent \"{0}\" needs a token that its own product issued")]
    NoForeignToken(String),
    #[error("no token is chosen for the laptops to present")]
    NoToken,
    #[error("the token \"{0}\" is no longer valid, and an export would carry it to every laptop")]
    DeadToken(Name),
    #[error("no export has the number {0}")]
    NoExport(i64),
    #[error("no plan has the number or hash {0}")]
    NoPlan(String),
    #[error("no plan was applied yet, so there is nothing to take back")]
    NothingApplied,
    #[error("no mapping is there to be read")]
    NoMapping,
    #[error("no directory is registered")]
    NoDirectory,
    #[error("no refusal has the id {0}, and nobody is called so")]
    NoRefusal(String),
    #[error("nobody is called {given} in {looked_in}")]
    Nobody { given: String, looked_in: String },
    #[error("{given} means {} users: {}", who.len(), listed(who))]
    Several { given: String, who: Vec<String> },
    #[error("nobody called {0} is cached")]
    NotCached(String),
    #[error("{0} is not forgotten: the user is active")]
    StillActive(String),
    #[error("{user} is not forgotten: the account {account} {}", kept(*until))]
    HasAccount { user: String, account: String, until: Option<jiff::Timestamp> },
    #[error("nobody called {0} has an account")]
    NoAccount(String),
    #[error("the account {account} stays preserved: its user {why}")]
    UserLeft { account: String, why: String },
    #[error("the account {account} is not deleted: {}", not_due(*until))]
    NotDue { account: String, until: Option<jiff::Timestamp> },
    #[error("no domain is known whose controllers DNS could name")]
    NoDomain,
    #[error("no server is given whose key could be shown")]
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
                "set it up first, with `imd` or `imd setup`, as the user who serves; if that was done \
                                          elsewhere, name that folder with --state DIR or IMD_STATE"
                    .to_owned()
            }
            Self::NoRandomness => "keys cannot be made without it; see whether /dev/urandom is readable".to_owned(),
            Self::Gone { .. } => "somebody changed it meanwhile: look at the list again".to_owned(),
            Self::NotAName { .. } => "choose another one".to_owned(),
            Self::Taken { .. } => "choose another name; nothing was changed".to_owned(),
            Self::Unknown { what, .. } => format!("`imd {what} list` shows those that exist"),
            Self::PasswordAgain(_) => "type it again for this one".to_owned(),
            Self::NoPassword(_) => "give it in step 1: `imd setup`".to_owned(),
            Self::File { .. } => "check the path and its permissions".to_owned(),
            Self::NotWritten { .. } => "choose a folder that exists and that you may write to".to_owned(),
            Self::Csv { .. } => "the first line names the columns: mail and, optionally, name".to_owned(),
            Self::DeviceMap { .. } => {
                "the first line names the columns: e-mail, host name, device id, id type, user name, old device, \
                 restore; nothing was changed"
                    .to_owned()
            }
            Self::NoCertificate { .. } => {
                "export the CA's certificate as Base-64 encoded X.509 (.cer or .pem)".to_owned()
            }
            Self::Exists { .. } => "choose another file; imd overwrites none".to_owned(),
            Self::NoFormat { .. } => "end it in .csv, .json or .ldif".to_owned(),
            Self::NotOurs(_) => "make a new token and export it".to_owned(),
            Self::NoTarget(_) | Self::NoAgent(_) => "`imd export list` shows those that exist".to_owned(),
            Self::NoForeignToken(_) => "paste it in step 7".to_owned(),
            Self::NotAKeyFile { .. } => "write it anew with `imd keys export`, and copy the whole file".to_owned(),
            Self::NotABundle { .. } => "write it anew with `imd bundle out`, and copy the whole file".to_owned(),
            Self::BundleRefused { .. } => "take it in where its key is: `imd keys list` shows those of here".to_owned(),
            Self::NoLdif { .. } => {
                "leave out --ldif, or write the bundle with `imd bundle out FILE --ldif USERS`".to_owned()
            }
            Self::Changing { .. } => "try again when it is complete".to_owned(),
            Self::BeyondScope(_) => "`imd keys list --json` says what it may make".to_owned(),
            Self::NotThatExport(_) | Self::NotThere(_) => {
                "export there again by hand, or leave it if nobody uses it any more".to_owned()
            }
            Self::NoKey => "make one with `imd keys rotate`".to_owned(),
            Self::NoToken | Self::DeadToken(_) => "make one in step 6, or with `imd token create`".to_owned(),
            Self::NoExport(_) => "`imd export written` lists those that were written".to_owned(),
            Self::NoPlan(_) | Self::NothingApplied => "`imd sync list` shows the plans".to_owned(),
            Self::NoMapping => "make one in step 3".to_owned(),
            Self::NoDirectory => "register one in step 1".to_owned(),
            Self::Nobody { .. } => "write CORP\\name, a UPN, a mail, an alias, a DN or an objectGUID as it is in the \
                                    directory; an account that may not see the user finds nobody either"
                .to_owned(),
            Self::NoRefusal(_) => {
                "copy all of it from the laptop; `imd devices` finds the laptop by its host name, and \
                                   `imd explain` explains a user by any name"
                    .to_owned()
            }
            Self::Several { .. } => {
                "name one of them by the DN or CORP\\name, or say where with --directory".to_owned()
            }
            Self::NotCached(_) => {
                "`imd users` finds users by the first letters of a name; `imd explain` asks the directories".to_owned()
            }
            Self::StillActive(_) => "who leaves the directory or every mapping may be forgotten after the sync \
                                     (`imd sync`) that sees it"
                .to_owned(),
            Self::HasAccount { .. } => {
                "`imd accounts delete` deletes it when its days are over; nothing else does".to_owned()
            }
            Self::NoAccount(_) => {
                "`imd accounts` lists them; an account comes into being at the first log-on".to_owned()
            }
            Self::UserLeft { .. } => {
                "put the user back in the directory; the next sync (`imd sync`) gives the same account back".to_owned()
            }
            Self::NotDue { until: None, .. } => {
                "`imd accounts preserve` keeps it from being used, and begins its days".to_owned()
            }
            Self::NotDue { .. } => "wait, or shorten the days of its profile (step 2: preserve for)".to_owned(),
            Self::NoDomain => {
                "type the domain in place of the addresses, or the account as user@corp.example.com, and pick again"
                    .to_owned()
            }
            Self::NoAddress => "give the addresses first".to_owned(),
        }
    }

    /// True when nothing is wrong but somebody has to decide: exit code 3.
    pub fn needs_you(&self) -> bool {
        match self {
            Self::Sync(error) => error.needs_you(),
            Self::Several { .. } => true,
            _ => false,
        }
    }

    /// True when somebody else saved meanwhile: the form has to be read anew.
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::Store(store::Error::ChangedBy { .. }))
    }

    /// True when something changed between a plan and its application.
    pub fn is_drift(&self) -> bool {
        matches!(self, Self::Sync(sync::Error::Store(store::Error::Drift { .. })))
    }

    /// True when it was stopped on purpose.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Directory(directory::Error::Cancelled) | Self::Sync(sync::Error::Cancelled))
    }
}

/// What is wrong with the key of a bundle.
const fn key(refusal: &token::Refusal) -> &'static str {
    match refusal {
        token::Refusal::KeyRevoked => "was revoked",
        _ => "is not known here",
    }
}

fn not_due(until: Option<jiff::Timestamp>) -> String {
    match until {
        None => "it is in use".to_owned(),
        Some(until) => format!("it is preserved until {}", crate::model::moment::minute(until)),
    }
}

fn kept(until: Option<jiff::Timestamp>) -> String {
    match until {
        None => "is in use".to_owned(),
        Some(until) => format!("is preserved until {}", crate::model::moment::minute(until)),
    }
}

/// The first few of many.
fn listed(who: &[String]) -> String {
    const FEW: usize = 5;
    let mut listed = who.iter().take(FEW).cloned().collect::<Vec<_>>().join("; ");
    if who.len() > FEW {
        listed.push_str("; ...");
    }
    listed
}
