//! What can go wrong with the state, and what to do about it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::ErrorCode;

use crate::model::audit::Actor;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} can be read by others (mode {mode:o})", path.display())]
    TooWide { path: PathBuf, mode: u32, wanted: u32 },

    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },

    #[error("SQLite {found} is too old to be trusted with several processes; {wanted} is needed")]
    Sqlite { found: &'static str, wanted: &'static str },

    #[error("{} is not a database of imd", path.display())]
    NotOurs { path: PathBuf },

    #[error("{} was written by a newer imd (schema {found}; this one knows {known})", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },

    #[error("the database {} could not be brought up to date: {why}", path.display())]
    Migration { path: PathBuf, why: String, backup: Option<PathBuf> },

    #[error("there is a state already: {}", path.display())]
    Holds { path: PathBuf },

    #[error("another imd has {} open; nothing was changed", path.display())]
    InUse { path: PathBuf },

    #[error("{} is no backup of imd", path.display())]
    NotABackup { path: PathBuf },

    #[error("{} was made by a newer imd", path.display())]
    NewerBackup { path: PathBuf },

    #[error(transparent)]
    Identity(#[from] crate::secrets::Error),

    #[error("no room is left on the disk that holds {}; nothing was changed", path.display())]
    Full { path: PathBuf },

    #[error("another process has been writing to {} for a while", path.display())]
    Busy { path: PathBuf },

    #[error("{} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },

    #[error("{what} was changed by {} at {}", by.0.shown(), crate::model::moment::minute(*at))]
    ChangedBy { what: String, by: Actor, at: Timestamp },

    #[error("there is already a {0}")]
    Exists(String),

    #[error("there is no {0}")]
    Unknown(String),

    #[error("{what} is needed by {}", by.join(", "))]
    Needed { what: String, by: Vec<String> },

    #[error("{what} cannot be kept: {why}")]
    Unfit { what: String, why: &'static str },

    #[error("{what} changed after the plan was made; nothing was applied")]
    Drift { what: String },

    #[error("the mappings or their order were changed meanwhile; nothing was saved")]
    OtherOrder,

    #[error("the change could not be kept: {why}")]
    Uncommitted { why: String },

    #[error("cancelled; nothing was changed")]
    Cancelled,

    #[error("the database {}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::TooWide { path, wanted, .. } => format!("run: chmod {wanted:o} {}", path.display()),
            Self::File { path, .. } => {
                format!("make sure that you own {} and may write to it, or name another with --state", path.display())
            }
            Self::Sqlite { .. } => "build imd with its bundled SQLite".to_owned(),
            Self::NotOurs { .. } => "name another state directory with --state".to_owned(),
            Self::Newer { path, .. } => format!(
                "use the newer imd; or move {} away and put back the copy that it made beside it before it migrated",
                path.display()
            ),
            Self::Migration { backup: Some(copy), .. } => {
                format!("nothing is lost: {} is a copy from before", copy.display())
            }
            Self::Migration { backup: None, .. } => "nothing was changed; see the reason above".to_owned(),
            Self::Holds { .. } => {
                "restore over it with --yes (it is kept beside), or name another state directory with --state"
                    .to_owned()
            }
            Self::InUse { .. } => "stop the service and leave every console, then restore again".to_owned(),
            Self::NotABackup { .. } => "nothing was changed; name a file that `imd backup` wrote".to_owned(),
            Self::NewerBackup { .. } => "nothing was changed; restore it with that imd, or a later one".to_owned(),
            Self::Identity(error) => error.help(),
            Self::Full { path } => {
                let dir = path.parent().unwrap_or(path).display();
                format!("free some space (df -h {dir} shows how much there is), then repeat what you did")
            }
            Self::Busy { .. } => "wait for the other imd to finish (a sync may take a minute), then repeat".to_owned(),
            Self::Damaged { path, .. } => {
                format!("restore a backup; until then keep {} as it is", path.display())
            }
            Self::ChangedBy { .. } => "reload it, look at what changed, and save again".to_owned(),
            Self::Exists(_) => "choose another name, or edit the one that is there".to_owned(),
            Self::Unknown(_) => "check the name; it may have been removed".to_owned(),
            Self::Needed { .. } => "change or remove those first".to_owned(),
            Self::Unfit { .. } => "correct it and save again".to_owned(),
            Self::Drift { .. } => "plan again, look at the new plan, and apply that one".to_owned(),
            Self::OtherOrder => "look at the mappings as they are now, and order those".to_owned(),
            Self::Uncommitted { .. } => "repeat it; see the reason above".to_owned(),
            Self::Cancelled => "start it again when it suits".to_owned(),
            Self::Database { .. } => {
                "repeat it; if it fails again, go back to a copy of the state directory".to_owned()
            }
        }
    }

    /// The same once more, for another who waited for the same commit.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Full { path } => Self::Full { path: path.clone() },
            Self::Busy { path } => Self::Busy { path: path.clone() },
            Self::Damaged { path, why } => Self::Damaged { path: path.clone(), why: why.clone() },
            other => Self::Uncommitted { why: other.to_string() },
        }
    }

    /// The error that `source` means for the database in `dir`.
    pub(super) fn of(source: rusqlite::Error, dir: &Path) -> Self {
        let path = dir.join(super::open::FILE);
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::NotADatabase) => Self::NotOurs { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, why: source.to_string() },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::File { path, source: std::io::Error::other(source) }
            }
            _ => match source {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged { path, why: source.to_string() },
                source => Self::Database { path, source },
            },
        }
    }

    /// The same error, with the file that it is about.
    pub(super) fn at(self, dir: &Path) -> Self {
        match self {
            Self::Database { source, .. } => Self::of(source, dir),
            other => other,
        }
    }
}

impl From<rusqlite::Error> for Error {
    /// Inside the room the path is not at hand: [`Error::at`] adds it on the way out.
    fn from(source: rusqlite::Error) -> Self {
        Self::Database { path: PathBuf::new(), source }
    }
}
