//! Where each administrator's wizard is, so that a lost connection costs nothing. None of it is audited: it changes
//! nothing yet.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::audit::Actor;
use crate::model::name::Name;

use crate::store::Watch;

use super::{Engine, Error};

impl Engine {
    pub fn wizard_at(&self) -> Result<Option<String>, Error> {
        Ok(self.store().wizard_at(self.actor())?)
    }

    pub fn set_wizard_at(&self, step: &str) -> Result<(), Error> {
        self.refuse_when_read_only()?;
        Ok(self.store().set_wizard_at(self.actor(), step)?)
    }

    /// The thing that was last saved at a step, by oneself or else by anybody, so that it opens on it again.
    pub fn wizard_subject(&self, step: &str) -> Result<Option<Name>, Error> {
        let name = self.store().wizard_subject(self.actor(), step)?;
        Ok(name.and_then(|name| Name::new(&name).ok()))
    }

    pub fn set_wizard_subject(&self, step: &str, name: &Name) -> Result<(), Error> {
        self.refuse_when_read_only()?;
        Ok(self.store().set_wizard_subject(self.actor(), step, name.as_str())?)
    }

    /// What was typed into a step and not saved yet.
    pub fn wizard_draft<T: DeserializeOwned>(&self, step: &str) -> Result<Option<T>, Error> {
        let draft = self.store().wizard_draft(self.actor(), step)?;
        // A draft that an older version wrote otherwise is worth nothing, and stops nothing.
        Ok(draft.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// What drafts there are, by the keys that they were kept under.
    pub fn wizard_drafts(&self) -> Result<Vec<String>, Error> {
        Ok(self.store().wizard_drafts(self.actor())?)
    }

    pub fn save_wizard_draft<T: Serialize>(&self, step: &str, draft: &T) -> Result<(), Error> {
        self.refuse_when_read_only()?;
        let draft = serde_json::to_value(draft).unwrap_or_default();
        Ok(self.store().save_wizard_draft(self.actor(), step, &draft)?)
    }

    pub fn drop_wizard_draft(&self, step: &str) -> Result<(), Error> {
        self.refuse_when_read_only()?;
        Ok(self.store().save_wizard_draft(self.actor(), step, &serde_json::Value::Null)?)
    }

    /// Notices what anybody writes to the state from now on.
    pub fn watch(&self) -> Result<Watch, Error> {
        Ok(self.store().watch()?)
    }

    fn actor(&self) -> &Actor {
        &self.0.options.actor
    }

    fn refuse_when_read_only(&self) -> Result<(), Error> {
        if self.is_read_only() { Err(Error::ReadOnly) } else { Ok(()) }
    }
}
