//! Reads and checks the audit log.

use crate::model::audit::{Asked, Entry, Page};

use super::{Engine, Error};

pub use crate::store::Verdict;

impl Engine {
    /// The newest entries, newest first.
    pub fn audit(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        Ok(self.store().audit(limit, None)?)
    }

    /// Up to `limit` matching entries from the `offset`th on, newest first, and how many match.
    pub fn audit_page(&self, asked: &Asked, offset: u64, limit: u64) -> Result<Page, Error> {
        Ok(self.store().audit_page(asked, offset, limit)?)
    }

    /// The entry of that number.
    pub fn audit_entry(&self, number: u64) -> Result<Option<Entry>, Error> {
        let found = self.store().audit(1, Some(number.saturating_add(1)))?;
        Ok(found.into_iter().find(|entry| entry.number == number))
    }

    /// Checks that every entry is unchanged, and stores the result for the overview unless the engine is read-only.
    pub fn verify_audit(&self) -> Result<Verdict, Error> {
        let verdict = self.store().verify_audit()?;
        if !self.is_read_only() {
            self.store().save_verdict(&verdict, self.now())?;
        }
        Ok(verdict)
    }
}
