//! The API for all user interfaces: each action of an administrator is one call of the [`Engine`].
//!
//! It owns the clock, randomness, the store and the secrets, and passes them to the modules below, which never read
//! them on their own. May import `sync`, `activation`, `export` and everything below. Calls block; long ones take a
//! [`Job`](crate::model::job::Job). An `Engine` is cheap to clone and can be used from several threads.

mod accounts;
mod activations;
mod actor;
mod audit;
mod audit_file;
mod authority;
mod backup;
mod bundle;
mod configuration;
mod device_map;
mod devices;
mod doctor;
mod error;
mod explain;
mod exports;
mod exports_written;
mod key_file;
mod keys;
mod look_up;
mod overview;
mod priority;
mod private_file;
mod rate_limits;
mod reading;
mod report;
mod sample;
mod schedule;
mod servers;
mod service_run;
mod tickets;
mod tokens;
mod user_file;
mod users;
mod wizard_state;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use crate::model::audit::Actor;
use crate::secrets::{Identity, Secret};
use crate::store::{By, Store};

pub use activations::{Asker, Denial};
pub use actor::current_actor;
pub use audit::Verdict;
pub use audit_file::{AuditFile, AuditForm};
pub use backup::Backup;
pub use bundle::Carried;
pub use configuration::Change;
pub use device_map::Imported;
pub use devices::Standing;
pub use error::Error;
pub use explain::{Among, Explained, Found};
pub use exports::{PreviewFile, Written};
pub use exports_written::{Carries, WrittenExport, WrittenFile};
pub use keys::Key;
pub use reading::{EndingPassword, GroupSize};
pub use sample::SAMPLE_ANSWERS;
pub use schedule::Ran;
pub use service_run::certificate_end;
pub use tokens::{Believes, Minted, OVERLAP, Rewritten, Rotated, verify_with};
pub use user_file::{UserCell, UserExport, UserFormat};
pub use users::{Gives, UserPage};

/// Fills its argument with random bytes fit for keys.
pub type Random = Arc<dyn Fn(&mut [u8]) -> Result<(), Error> + Send + Sync>;

/// The state directory of the engine, and its sources of time and randomness.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "functions have no useful Debug")]
pub struct Options {
    /// Created when it does not exist, with owner-only permissions.
    pub state: PathBuf,
    pub actor: Actor,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub random: Random,
    /// Refuses every change.
    pub read_only: bool,
}

impl Options {
    /// The host's clock and randomness, and the user who runs the program.
    pub fn of_host(state: impl Into<PathBuf>) -> Self {
        Self {
            state: state.into(),
            actor: current_actor(),
            clock: Arc::new(Timestamp::now),
            random: Arc::new(|bytes| getrandom::fill(bytes).map_err(|_| Error::NoRandomness)),
            read_only: false,
        }
    }
}

#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "it holds the installation's secrets")]
pub struct Engine(Arc<Inner>, Actor);

struct Inner {
    options: Options,
    store: Store,
    /// Opened at first use: most calls need no secret.
    identity: OnceLock<Identity>,
    installation: String,
    activations: activations::Room,
}

impl Engine {
    /// Opens the state directory, and creates it at first use.
    pub fn open(options: Options) -> Result<Self, Error> {
        let store = Store::open(&options.state)?;
        let installation = if let Some(id) = store.installation_id()? {
            id
        } else {
            let mut bytes = [0; 8];
            (options.random)(&mut bytes)?;
            let id = format!("{:016x}", u64::from_be_bytes(bytes));
            let by = By { actor: &options.actor, at: (options.clock)(), verb: "setup" };
            store.initialize(&id, &by)?;
            // Two processes that start at once use the one that was stored first.
            store.installation_id()?.unwrap_or(id)
        };
        let actor = options.actor.clone();
        let activations = activations::Room::default();
        Ok(Self(Arc::new(Inner { options, store, identity: OnceLock::new(), installation, activations }), actor))
    }

    /// Opens an existing state, and never creates one.
    ///
    /// # Errors
    /// [`Error::NothingSetUp`] when there is none: a service that created one would be another installation, with an
    /// authority that no token contains.
    pub fn open_set_up(options: Options) -> Result<Self, Error> {
        let nothing = Error::NothingSetUp { state: options.state.clone() };
        if !Store::is_in(&options.state) {
            return Err(nothing);
        }
        let engine = Self::open(options)?;
        if engine.directories()?.is_empty() && engine.store().tokens()?.is_empty() { Err(nothing) } else { Ok(engine) }
    }

    /// The same engine for another actor, under whom the audit records its changes.
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self(Arc::clone(&self.0), actor)
    }

    pub fn now(&self) -> Timestamp {
        (self.0.options.clock)()
    }

    /// The state directory.
    pub fn state(&self) -> &Path {
        &self.0.options.state
    }

    /// The issuer in the tokens of this installation: 16 hexadecimal digits.
    pub fn installation(&self) -> &str {
        &self.0.installation
    }

    pub fn is_read_only(&self) -> bool {
        self.0.options.read_only
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn identity(&self) -> Result<&Identity, Error> {
        if let Some(identity) = self.0.identity.get() {
            return Ok(identity);
        }
        let identity = Identity::open_or_create(&self.0.options.state)?;
        Ok(self.0.identity.get_or_init(|| identity))
    }

    /// Stores a secret, sealed under a label. False when it was stored already.
    fn seal(&self, label: &str, secret: &Secret, verb: &str) -> Result<bool, Error> {
        if self.unseal(label)?.as_ref() == Some(secret) {
            return Ok(false);
        }
        let sealed = self.identity()?.seal(secret, label)?;
        self.store().save_sealed(label, &sealed, &self.by(verb)?)?;
        Ok(true)
    }

    fn unseal(&self, label: &str) -> Result<Option<Secret>, Error> {
        let sealed = self.store().sealed(label)?;
        sealed.map(|sealed| Ok(self.identity()?.unseal(&sealed, label)?)).transpose()
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        (self.0.options.random)(&mut bytes)?;
        Ok(bytes)
    }

    /// The actor, time and verb of a change; an error when the engine is read-only.
    fn by<'a>(&'a self, verb: &'a str) -> Result<By<'a>, Error> {
        if self.0.options.read_only {
            return Err(Error::ReadOnly);
        }
        Ok(By { actor: &self.1, at: self.now(), verb })
    }
}
