//! What can go wrong with the state, and what to do about it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::ErrorCode;

use crate::model::audit::Actor;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} can be read by other users (mode {mode:o})", path.display())]
    TooWide { path: PathBuf, mode: u32, wanted: u32 },

    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },

    #[error(
        "SQLite {found} is too old: it can corrupt a database that several processes write; {wanted} or later is required"
    )]
    Sqlite { found: &'static str, wanted: &'static str },

    #[error("{} is not a database of imd", path.display())]
    NotOurs { path: PathBuf },

    #[error("{} was written by a newer imd (schema {found}; this one knows {known})", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },

    #[error("cannot migrate the database {}: {why}", path.display())]
    Migration { path: PathBuf, why: String, backup: Option<PathBuf> },

    #[error("there is already a state: {}", path.display())]
    Holds { path: PathBuf },

    #[error("another imd has {} open; nothing was changed", path.display())]
    InUse { path: PathBuf },

    #[error("{} is not a backup of imd", path.display())]
    NotABackup { path: PathBuf },

    #[error("{} was made by a newer imd", path.display())]
    NewerBackup { path: PathBuf },

    #[error(transparent)]
    Identity(#[from] crate::secrets::Error),

    #[error("the disk that holds {} is full; nothing was changed", path.display())]
    Full { path: PathBuf },

    #[error("timed out waiting for another process that writes to {}", path.display())]
    Busy { path: PathBuf },

    #[error("{} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },

    #[error("{what} was changed by {} at {}", by.0.shown(), crate::model::moment::minute(*at))]
    ChangedBy { what: String, by: Actor, at: Timestamp },

    #[error("there is already a {0}")]
    Exists(String),

    #[error("there is no {0}")]
    Unknown(String),

    #[error("{what} is in use by {}", by.join(", "))]
    Needed { what: String, by: Vec<String> },

    #[error("{what} cannot be saved: {why}")]
    Unfit { what: String, why: &'static str },

    #[error("{what} changed after the plan was made; nothing was applied")]
    Drift { what: String },

    #[error("another administrator changed the mappings or their order meanwhile; nothing was saved")]
    OtherOrder,

    #[error("the change could not be saved: {why}")]
    Uncommitted { why: String },

    #[error("canceled; nothing was changed")]
    Canceled,

    #[error("the database {}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::TooWide { path, wanted, .. } => format!("run: chmod {wanted:o} {}", path.display()),
            Self::File { path, .. } => {
                format!("check that you own {} and can write to it, or choose another state directory with --state", path.display())
            }
            Self::Sqlite { .. } => "build imd with its bundled SQLite".to_owned(),
            Self::NotOurs { .. } => "choose another state directory with --state".to_owned(),
            Self::Newer { path, .. } => format!(
                "use the newer imd; or replace {} by the backup imd-schema-*.db that it made in the same folder before it migrated",
                path.display()
            ),
            Self::Migration { backup: Some(copy), .. } => {
                format!("nothing was changed; {} is a backup from before the migration", copy.display())
            }
            Self::Migration { backup: None, .. } => "nothing was changed; see the reason above".to_owned(),
            Self::Holds { .. } => {
                "replace it with --yes (the old database is kept in the same folder), or choose another state directory with --state"
                    .to_owned()
            }
            Self::InUse { .. } => "stop the service, close every console, and restore again".to_owned(),
            Self::NotABackup { .. } => "nothing was changed; name a file that `imd backup` wrote".to_owned(),
            Self::NewerBackup { .. } => "nothing was changed; restore it with that version of imd or a later one".to_owned(),
            Self::Identity(error) => error.help(),
            Self::Full { path } => {
                let dir = path.parent().unwrap_or(path).display();
                format!("free some space (df -h {dir} shows how much there is) and try again")
            }
            Self::Busy { .. } => "wait for the other imd to finish (a sync may take a minute) and try again".to_owned(),
            Self::Damaged { path, .. } => {
                format!("restore a backup; do not change {} until then", path.display())
            }
            Self::ChangedBy { .. } => "reload it, review the change, and save again".to_owned(),
            Self::Exists(_) => "choose another name, or edit the existing one".to_owned(),
            Self::Unknown(_) => "check the name; it may have been removed".to_owned(),
            Self::Needed { .. } => "change or remove them first".to_owned(),
            Self::Unfit { .. } => "correct it and save again".to_owned(),
            Self::Drift { .. } => "make a new plan, review it, and apply it".to_owned(),
            Self::OtherOrder => "review the mappings and their order, and try again".to_owned(),
            Self::Uncommitted { .. } => "see the reason above, and try again".to_owned(),
            Self::Canceled => "start it again when you are ready".to_owned(),
            Self::Database { .. } => {
                "try again; if it still fails, restore a backup".to_owned()
            }
        }
    }

    /// The same error for another change of the failed commit.
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
    /// The path is unknown here; [`Error::at`] adds it.
    fn from(source: rusqlite::Error) -> Self {
        Self::Database { path: PathBuf::new(), source }
    }
}
