//! Stores the position of each administrator's wizard, so that a lost connection loses no input. It is not audited,
//! because it changes no configuration.

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

    /// The object that this administrator, or else anyone, last saved at a step: the step opens with it.
    pub fn wizard_subject(&self, step: &str) -> Result<Option<Name>, Error> {
        let name = self.store().wizard_subject(self.actor(), step)?;
        Ok(name.and_then(|name| Name::new(&name).ok()))
    }

    pub fn set_wizard_subject(&self, step: &str, name: &Name) -> Result<(), Error> {
        self.refuse_when_read_only()?;
        Ok(self.store().set_wizard_subject(self.actor(), step, name.as_str())?)
    }

    /// The unsaved input of a step.
    pub fn wizard_draft<T: DeserializeOwned>(&self, step: &str) -> Result<Option<T>, Error> {
        let draft = self.store().wizard_draft(self.actor(), step)?;
        // An unreadable draft of an older version is ignored.
        Ok(draft.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// The keys of the stored drafts.
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

    /// Detects all writes to the state from now on.
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
