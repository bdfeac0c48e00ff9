//! The state: one SQLite file. Only this module speaks SQL to it.
//!
//! May import `model` and `secrets`. Secrets arrive sealed; nothing here can open them.
//!
//! Rules: write-ahead log with `synchronous=FULL`, so that an answered request survives a power cut; every writing
//! transaction is IMMEDIATE, because one that starts by reading fails when another writes before it does
//! (<https://www.sqlite.org/lang_transaction.html>, 2.2); a change and its audit row are one transaction; only the
//! owner can read the files.

mod account;
mod apply;
mod attributes;
mod audit;
mod bind_account;
mod cells;
mod count;
mod device;
mod device_map;
mod document;
mod error;
mod export;
mod forget;
mod installation;
mod integrity;
mod item;
mod items;
mod look_up;
mod name;
mod open;
mod overview;
mod pilot;
mod plan;
mod plan_counts;
mod plan_lines;
mod plan_scope;
mod preserve;
mod priority;
mod profile_user;
mod queue;
mod reason;
mod report;
mod restore;
mod search;
mod search_index;
mod service;
mod service_lock;
mod signing_key;
mod staging;
#[cfg(test)]
mod tests;
mod token;
mod transaction;
mod undo;
mod user;
mod watch;
mod wizard;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use account::NewAccount;
pub use audit::Verdict;
pub use device::{DeviceBy, Hash, HeldDevice, NewDevice};
pub use document::Document;
pub use error::Error;
pub use export::Export;
pub use item::Item;
pub use look_up::LookUps;
pub use overview::Numbers;
pub use plan::PlannedRemoval;
pub use plan_counts::{LostAttribute, MappingChanges};
pub use plan_lines::PlanLines;
pub use queue::Queue;
pub use report::Rollout;
pub use restore::{BackupOf, Restored, Revoked};
pub use search::UsersPage;
pub use service::{Authority, Pause};
pub use service_lock::ServiceLock;
pub use signing_key::{KeyState, SignsFor, StoredKey};
pub use staging::{Missing, Staging};
pub use token::HeldToken;
pub use transaction::{Snapshot, WriteTransaction};
pub use user::{CachedUser, Seen, UserCounts, UserState};
pub use watch::Watch;

use crate::model::audit::Actor;
use crate::model::fold::folded;

/// How many idle connections are kept. Each holds open files and memory, and a new one takes a moment.
const MOST_IDLE: usize = 16;

/// Who makes a change, when, and by which verb of the command line (`mapping edit`).
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub actor: &'a Actor,
    pub at: Timestamp,
    pub verb: &'a str,
}

/// The state of one installation. Clones share it and may be used from any thread: readers never wait for a writer,
/// and writers wait for each other, in this process and others.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    writer: Mutex<Connection>,
    /// Idle connections for readers.
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.0.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the state in `dir`, creates both if they do not exist, and migrates an older database after backing it up.
    ///
    /// # Errors
    /// [`Error::TooWide`] when other users can read the folder or the database, [`Error::Newer`] when a later `imd`
    /// wrote it, [`Error::NotOurs`] when it is something else.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_with(dir, open::MIGRATIONS)
    }

    fn open_with(dir: &Path, migrations: &open::Migrations) -> Result<Self, Error> {
        open::private_folder(dir)?;
        // The second of two processes that start at once waits here, and finds the database up to date.
        let _lock = open::lock_folder(dir)?;
        let mut writer = open::up_to_date(dir, migrations)?;
        restore::finish(&mut writer, dir).map_err(|error| error.at(dir))?;
        search_index::complete(&mut writer).map_err(|error| error.at(dir))?;
        Ok(Self(Arc::new(Inner { dir: dir.to_owned(), writer: Mutex::new(writer), idle: Mutex::default() })))
    }

    /// Whether there is a state in `dir`.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(open::FILE).exists()
    }

    /// Creates the state folder for its owner only, or checks that it is.
    pub fn make_folder(dir: &Path) -> Result<(), Error> {
        open::private_folder(dir)
    }

    /// The state directory.
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// Runs `act` on a connection of its own, in one read transaction: it sees one moment of the state.
    fn read<T>(&self, act: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = lock(&self.0.idle).pop();
        let mut connection = idle.map_or_else(|| open::another(&self.0.dir), Ok)?;
        let result = {
            let transaction = connection.transaction().map_err(|e| Error::of(e, &self.0.dir))?;
            act(&transaction)
        };
        let mut idle = lock(&self.0.idle);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
        drop(idle);
        result.map_err(|error| error.at(&self.0.dir))
    }

    /// Runs `act` in a write transaction, which is committed only when it succeeds.
    fn write<T>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let result = write(&mut lock(&self.0.writer), act);
        result.map_err(|error| error.at(&self.0.dir))
    }
}

/// The same for a connection that is not the store's common one.
fn write<T>(connection: &mut Connection, act: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = act(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// The key by which names are compared, as a directory compares them.
fn key(name: &str) -> String {
    folded(name).collect()
}

/// A thread that panicked rolled its transaction back, so the data behind the lock is still valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
