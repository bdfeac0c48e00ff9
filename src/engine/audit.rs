//! Who changed what.

use crate::model::audit::{Asked, Entry, Page};

use super::{Engine, Error};

pub use crate::store::Verdict;

impl Engine {
    /// The newest entries, newest first.
    pub fn audit(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        Ok(self.store().audit(limit, None)?)
    }

    /// Entries that were asked for, the newest first, from the `offset`th on, at most `limit`; and how many there are.
    pub fn audit_page(&self, asked: &Asked, offset: u64, limit: u64) -> Result<Page, Error> {
        Ok(self.store().audit_page(asked, offset, limit)?)
    }

    /// The entry of that number.
    pub fn audit_entry(&self, number: u64) -> Result<Option<Entry>, Error> {
        let found = self.store().audit(1, Some(number.saturating_add(1)))?;
        Ok(found.into_iter().find(|entry| entry.number == number))
    }

    /// Whether every entry is still as it was written. What was found is kept, for the overview, unless this is read-only.
    pub fn verify_audit(&self) -> Result<Verdict, Error> {
        let verdict = self.store().verify_audit()?;
        if !self.is_read_only() {
            self.store().save_verdict(&verdict, self.now())?;
        }
        Ok(verdict)
    }
}
