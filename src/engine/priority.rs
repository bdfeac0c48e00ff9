//! The order of the mappings and its effect, and switching mappings off and on.

use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::priority::{Difference, Overlap, Reordered};
use crate::store;

use super::{Change, Engine, Error};

impl Engine {
    /// Users whom several mappings matched at the last sync; none when the mappings were changed since.
    pub fn overlaps(&self) -> Result<Vec<Overlap>, Error> {
        Ok(self.store().overlaps()?)
    }

    /// The users who would get another mapping, profile, storage or quota if the mappings were in this order. Changes
    /// nothing. Uses the last sync, or reads the directories again if the mappings were changed since.
    pub fn reordered(&self, names: &[Name], job: &Job) -> Result<Reordered, Error> {
        let unknown = |name: &&Name| self.mapping(name).is_ok_and(|kept| kept.is_none());
        if let Some(name) = names.iter().find(unknown) {
            return Err(Error::Unknown { what: "mapping", name: name.clone() });
        }
        if let Some(known) = self.reordered_as_read(names)? {
            return Ok(known);
        }
        self.plan(job)?;
        let known = self.reordered_as_read(names)?;
        Ok(known.ok_or_else(|| store::Error::Drift { what: "the mappings".to_owned() })?)
    }

    /// The same without reading a directory; `None` if the mappings were changed since the last sync.
    pub fn reordered_as_read(&self, names: &[Name]) -> Result<Option<Reordered>, Error> {
        let Some(mut found) = self.store().reordered(names)? else { return Ok(None) };
        for one in &mut found.moves {
            if let (Some(from), Some(to)) = (self.mapping(&one.from)?, self.mapping(&one.to)?) {
                one.gets = self.differences(&from.value, &to.value)?;
            }
        }
        Ok(Some(found))
    }

    fn differences(&self, from: &Mapping, to: &Mapping) -> Result<Vec<Difference>, Error> {
        let quota = |mapping: &Mapping| -> Result<String, Error> {
            let inherited = || Ok::<_, Error>(self.profile(&mapping.profile)?.and_then(|kept| kept.value.quota));
            let quota = mapping.quota.map_or_else(inherited, |quota| Ok(Some(quota)))?;
            Ok(quota.map_or_else(|| "none".to_owned(), |quota| quota.to_string()))
        };
        let all = [
            ("profile", from.profile.to_string(), to.profile.to_string()),
            ("storage", from.storage.to_string(), to.storage.to_string()),
            ("quota", quota(from)?, quota(to)?),
        ];
        let differ = all.into_iter().filter(|(_, before, after)| before != after);
        Ok(differ.map(|(what, before, after)| Difference { what, before, after }).collect())
    }

    /// Copies a mapping under a new name; the copy is last in the order, and disabled until it is enabled.
    pub fn duplicate_mapping(&self, name: &Name, new: &Name) -> Result<Change, Error> {
        let unknown = || Error::Unknown { what: "mapping", name: name.clone() };
        let kept = self.mapping(name)?.ok_or_else(unknown)?;
        if self.mapping(new)?.is_some() {
            return Err(Error::Taken { what: "mapping", name: new.clone() });
        }
        let copy = Mapping { name: new.clone(), enabled: false, ..kept.value };
        let version = self.store().save(&copy, None, &self.by("mapping duplicate")?)?;
        Ok(Change { version, changed: true })
    }

    /// Enables or disables a mapping. A disabled mapping matches no users; its cached users do not change.
    pub fn enable_mapping(&self, name: &Name, enabled: bool) -> Result<Change, Error> {
        let unknown = || Error::Unknown { what: "mapping", name: name.clone() };
        let kept = self.mapping(name)?.ok_or_else(unknown)?;
        self.save_mapping(&Mapping { enabled, ..kept.value }, Some(kept.version))
    }
}
