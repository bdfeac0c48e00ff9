//! Reads, saves and removes the configuration of the seven steps, with a version check on each change.

use std::path::Path;

use crate::model::Kept;
use crate::model::directory::{Directory, Source};
use crate::model::fold::folded;
use crate::model::frequency::Frequency;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::profile::{Profile, Storage};
use crate::model::settings::Settings;
use crate::secrets::Secret;
use crate::store::Item;

use super::{Engine, Error};

/// The result of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The stored version.
    pub version: u64,
    /// False when nothing differed.
    pub changed: bool,
}

#[derive(serde::Deserialize)]
struct CsvUser {
    mail: String,
    #[serde(default)]
    name: String,
}

impl Engine {
    pub fn directories(&self) -> Result<Vec<Kept<Directory>>, Error> {
        Ok(self.store().list()?)
    }
    pub fn profiles(&self) -> Result<Vec<Kept<Profile>>, Error> {
        Ok(self.store().list()?)
    }
    pub fn storages(&self) -> Result<Vec<Kept<Storage>>, Error> {
        Ok(self.store().list()?)
    }
    /// In the order of their priority.
    pub fn mappings(&self) -> Result<Vec<Kept<Mapping>>, Error> {
        Ok(self.store().list()?)
    }
    pub fn directory(&self, name: &Name) -> Result<Option<Kept<Directory>>, Error> {
        Ok(self.store().get(name)?)
    }
    pub fn profile(&self, name: &Name) -> Result<Option<Kept<Profile>>, Error> {
        Ok(self.store().get(name)?)
    }
    pub fn storage(&self, name: &Name) -> Result<Option<Kept<Storage>>, Error> {
        Ok(self.store().get(name)?)
    }
    pub fn mapping(&self, name: &Name) -> Result<Option<Kept<Mapping>>, Error> {
        Ok(self.store().get(name)?)
    }

    /// Saves a directory and, when one is given, its password, sealed. `expected` is the version that was read,
    /// `None` for a new one. Another account or another server needs the password again.
    pub fn save_directory(
        &self,
        directory: &Directory,
        password: Option<&Secret>,
        expected: Option<u64>,
    ) -> Result<Change, Error> {
        if password.is_none() && self.has_password(&directory.name)? && !self.is_password_for(directory)? {
            return Err(Error::PasswordAgain(directory.name.clone()));
        }
        let mut change = self.save(directory, expected, "directory")?;
        if let Some(password) = password {
            change.changed |= self.seal(&password_label(&directory.name), password, "directory edit")?;
        }
        Ok(change)
    }

    pub fn has_password(&self, directory: &Name) -> Result<bool, Error> {
        Ok(self.store().sealed(&password_label(directory))?.is_some())
    }

    /// Whether the stored password belongs to the account and the servers of `directory`. It is never sent to other
    /// servers, or for another account.
    fn is_password_for(&self, directory: &Directory) -> Result<bool, Error> {
        let Source::Ldap(asked) = &directory.source else { return Ok(true) };
        let kept = self.directory(&directory.name)?.map(|kept| kept.value.source);
        Ok(matches!(kept, Some(Source::Ldap(kept))
            if kept.bind == asked.bind && asked.urls.iter().all(|url| kept.urls.contains(url))))
    }

    /// The stored password, if it belongs to the account and the servers of the directory.
    pub(super) fn password_for(&self, directory: &Directory) -> Result<Option<Secret>, Error> {
        if self.is_password_for(directory)? { self.password(&directory.name) } else { Ok(None) }
    }

    pub(super) fn password(&self, directory: &Name) -> Result<Option<Secret>, Error> {
        self.unseal(&password_label(directory))
    }

    /// Saves a profile and its storage, both or neither.
    pub fn save_profile(
        &self,
        profile: &Profile,
        expected: Option<u64>,
        storage: &Storage,
        storage_expected: Option<u64>,
    ) -> Result<(Change, Change), Error> {
        let (verb, storage_verb) = (verb("profile", expected), verb("storage", storage_expected));
        let storage = (storage, storage_expected, &self.by(&storage_verb)?);
        let (storage, profile) = self.store().save_both(storage, (profile, expected, &self.by(&verb)?))?;
        Ok((changed(profile, expected), changed(storage, storage_expected)))
    }

    /// Saves a profile and no storage.
    pub fn save_profile_alone(&self, profile: &Profile, expected: Option<u64>) -> Result<Change, Error> {
        self.save(profile, expected, "profile")
    }

    pub fn save_storage(&self, storage: &Storage, expected: Option<u64>) -> Result<Change, Error> {
        self.save(storage, expected, "storage")
    }

    pub fn save_mapping(&self, mapping: &Mapping, expected: Option<u64>) -> Result<Change, Error> {
        self.save(mapping, expected, "mapping")
    }

    /// Mappings in their new order of priority; all of them.
    pub fn order_mappings(&self, names: &[Name]) -> Result<(), Error> {
        Ok(self.store().order_mappings(names, &self.by("mapping order")?)?)
    }

    /// The same if they are still in the order `from`, so that a change by someone else is not overwritten.
    pub fn reorder_mappings(&self, from: &[Name], names: &[Name]) -> Result<(), Error> {
        Ok(self.store().reorder_mappings(from, names, &self.by("mapping order")?)?)
    }

    /// Removes a directory and its password, so that a new directory of that name does not get the password.
    pub fn remove_directory(&self, name: &Name) -> Result<(), Error> {
        self.remove::<Directory>(name, Some(&password_label(name)), "directory")
    }
    pub fn remove_profile(&self, name: &Name) -> Result<(), Error> {
        self.remove::<Profile>(name, None, "profile")
    }
    pub fn remove_storage(&self, name: &Name) -> Result<(), Error> {
        self.remove::<Storage>(name, None, "storage")
    }
    pub fn remove_mapping(&self, name: &Name) -> Result<(), Error> {
        self.remove::<Mapping>(name, None, "mapping")
    }

    pub fn frequency(&self) -> Result<Option<Kept<Frequency>>, Error> {
        Ok(self.store().document()?)
    }
    pub fn save_frequency(&self, frequency: &Frequency, expected: Option<u64>) -> Result<Change, Error> {
        let version = self.store().save_document(frequency, expected, &self.by("frequency set")?)?;
        Ok(changed(version, expected))
    }
    pub fn settings(&self) -> Result<Option<Kept<Settings>>, Error> {
        Ok(self.store().document()?)
    }
    pub fn save_settings(&self, settings: &Settings, expected: Option<u64>) -> Result<Change, Error> {
        let version = self.store().save_document(settings, expected, &self.by("settings set")?)?;
        Ok(changed(version, expected))
    }

    /// How many users were added to a profile one by one, from a CSV file.
    pub fn users_by_csv(&self, profile: &Name) -> Result<u64, Error> {
        Ok(self.store().users_by_csv(profile)?)
    }

    /// Adds the users of a CSV file to a profile: a heading line with `mail` and, optionally, `name`. Returns
    /// how many are new; an invalid line adds none of them.
    pub fn import_profile_users(&self, profile: &Name, file: &Path) -> Result<u64, Error> {
        let unreadable = |error: csv::Error| Error::Csv { path: file.to_owned(), why: error.to_string() };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(unreadable)?;
        let users = reader.deserialize().map(|row| row.map(|CsvUser { mail, name }| (mail, name)));
        let users = users.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        Ok(self.store().import_profile_users(profile, users, &self.by("profile users import")?)?)
    }

    fn save<T: Item>(&self, item: &T, expected: Option<u64>, what: &str) -> Result<Change, Error> {
        let version = self.store().save(item, expected, &self.by(&verb(what, expected))?)?;
        Ok(changed(version, expected))
    }

    fn remove<T: Item>(&self, name: &Name, secret: Option<&str>, what: &str) -> Result<(), Error> {
        let verb = format!("{what} remove");
        Ok(self.store().remove_with::<T>(name, secret, &self.by(&verb)?)?)
    }
}

fn changed(version: u64, expected: Option<u64>) -> Change {
    Change { version, changed: Some(version) != expected }
}

fn verb(what: &str, expected: Option<u64>) -> String {
    format!("{what} {}", if expected.is_some() { "edit" } else { "add" })
}

/// Folded, because a directory is the same in whatever case its name is written.
fn password_label(directory: &Name) -> String {
    format!("directory/{}/password", folded(directory.as_str()).collect::<String>())
}
