//! Who changed what.

use crate::model::audit::Entry;

use super::{Engine, Error};

pub use crate::store::Verdict;

impl Engine {
    /// The newest entries, newest first.
    pub fn audit(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        Ok(self.store().audit(limit, None)?)
    }

    /// Whether every entry is still as it was written.
    pub fn verify_audit(&self) -> Result<Verdict, Error> {
        Ok(self.store().verify_audit()?)
    }
}
