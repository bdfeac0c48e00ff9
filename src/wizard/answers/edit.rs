//! One thing changed by single answers: what `imd mapping edit NAME KEY=VALUE` does.
//!
//! The same forms, checks and row versions as everywhere else; the keys are those of the answers file.

use std::path::Path;

use crate::engine::{Engine, Error as EngineError};
use crate::model::check::Check;
use crate::model::job::Job;
use crate::model::name::Name;
use crate::secrets::read_secret_file;
use crate::wizard::form::{Field, Form, Kind, Value};
use crate::wizard::{self, Saved, Step, profile};

use super::{Answers, Error, Filled, IMPLIED, SECRET_FILES, refuse_problems, string};

/// A table of the answers file of which a verb changes one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Directory,
    Profile,
    Storage,
    Mapping,
    Frequency,
    Settings,
}

impl Table {
    pub const ALL: [Self; 6] =
        [Self::Directory, Self::Profile, Self::Storage, Self::Mapping, Self::Frequency, Self::Settings];

    /// Its name in the answers file: `mapping`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Profile => "profile",
            Self::Storage => "storage",
            Self::Mapping => "mapping",
            Self::Frequency => "frequency",
            Self::Settings => "settings",
        }
    }

    const fn step(self) -> Step {
        match self {
            Self::Directory => Step::Directory,
            Self::Profile | Self::Storage => Step::Profile,
            Self::Mapping => Step::Mapping,
            Self::Frequency => Step::Frequency,
            Self::Settings => Step::Settings,
        }
    }

    /// What can be said of one row, in the order of the form; not its name.
    pub fn keys(self, engine: &Engine) -> Result<Vec<String>, EngineError> {
        let mut form = wizard::blank(engine, self.step())?;
        self.narrow(&mut form);
        let key = |field: &Field| {
            let secret = SECRET_FILES.iter().find(|(_, secret)| *secret == field.key);
            let key = secret.map_or(&*field.key, |(file, _)| *file);
            (!IMPLIED.contains(&key)).then(|| key[self.word().len() + 1..].to_owned())
        };
        Ok(form.fields.iter().filter_map(key).filter(|key| key != "name").collect())
    }

    /// Step 2 asks for a profile and a storage together.
    fn narrow(self, form: &mut Form) {
        if self.step() == Step::Profile {
            profile::alone(form, self.word());
        }
    }
}

/// One row of a table, with its answers before they are saved.
#[allow(missing_debug_implementations, reason = "a form may hold a secret")]
pub struct Edit {
    table: Table,
    form: Form,
}

impl Edit {
    /// The row as it is kept.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn open(engine: &Engine, table: Table, name: Option<&Name>) -> Result<Self, Error> {
        let edit = Self::begin(engine, table, name)?;
        match name {
            Some(name) if !edit.exists() => Err(EngineError::Unknown { what: table.word(), name: name.clone() }.into()),
            _ => Ok(edit),
        }
    }

    /// One that is not there yet.
    ///
    /// # Errors
    /// When there is one of that name.
    pub fn new(engine: &Engine, table: Table, name: &Name) -> Result<Self, Error> {
        let edit = Self::begin(engine, table, Some(name))?;
        if edit.exists() {
            return Err(Error::Value {
                key: format!("{}.name", table.word()),
                message: format!("there is a {} \"{name}\" already", table.word()),
                help: Some(format!("`imd {0} edit` changes it; another {0} needs another name", table.word())),
            });
        }
        Ok(edit)
    }

    fn begin(engine: &Engine, table: Table, name: Option<&Name>) -> Result<Self, Error> {
        let mut form = match (table, name) {
            (Table::Storage, Some(name)) => {
                let mut form = wizard::blank(engine, Step::Profile)?;
                if !profile::open_storage(engine, &mut form, name)? {
                    form.set("storage.name", Value::Text(name.to_string()));
                }
                form.name_basis();
                form
            }
            (table, Some(name)) => wizard::open_named(engine, table.step(), name)?,
            (table, None) => wizard::blank(engine, table.step())?,
        };
        table.narrow(&mut form);
        Ok(Self { table, form })
    }

    fn exists(&self) -> bool {
        let basis = &self.form.basis;
        if self.table == Table::Storage { basis.storage.is_some() } else { basis.subject.is_some() }
    }

    /// What is kept, key by key, safe to show; of a secret only whether there is one.
    pub fn lines(&self) -> Vec<(String, String)> {
        let line = |field: &Field| {
            let key = field.key[self.table.word().len() + 1..].to_owned();
            let text = match (&field.value, &field.kind) {
                (Value::Text(text), _) => text.clone(),
                (Value::Many(values), _) => values.join(", "),
                (Value::Secret(_), Kind::Secret { kept: true }) => "kept, and never shown".to_owned(),
                (Value::Secret(_), _) => String::new(),
            };
            (key, text)
        };
        self.form.visible().filter(|field| !IMPLIED.contains(&&*field.key)).map(line).collect()
    }

    /// Puts the answers in and holds each field against its rule. What is relative starts in `folder`.
    ///
    /// # Errors
    /// With the first key that there is not, or whose value cannot be.
    pub fn answer(&mut self, answers: &[(String, String)], folder: &Path) -> Result<(), Error> {
        let mut values = Vec::new();
        for (key, text) in answers {
            let is_name = key == "name";
            let key = format!("{}.{key}", self.table.word());
            if is_name {
                return Err(Error::Value {
                    key,
                    message: "a name is not changed: whatever refers to it would not find it".to_owned(),
                    help: Some("name the one that is meant before the keys".to_owned()),
                });
            }
            let several =
                self.form.field(&key).is_some_and(|field| matches!(field.kind, Kind::Several(_) | Kind::Ordered(_)));
            let value = if several {
                let items = text.split([',', ' ']).filter(|item| !item.is_empty());
                toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
            } else {
                toml::Value::String(text.clone())
            };
            values.push((key, value));
        }
        // A file applied where it came from need not have its secrets beside it; here one is named to be read.
        for (key, value) in values.iter().filter(|(key, _)| SECRET_FILES.iter().any(|(file, _)| file == key)) {
            let read = read_secret_file(&folder.join(string(key, value)?));
            read.map_err(|error| Error::Value {
                key: key.clone(),
                message: error.to_string(),
                help: Some(error.help()),
            })?;
        }
        let answers = Answers { forms: Vec::new(), folder: folder.to_owned() };
        answers.fill(&mut self.form, &Filled { step: self.table.step(), values })?;
        self.form.check_fields();
        refuse_problems(&self.form)
    }

    /// The step's checklist, as the wizard runs it.
    pub fn check(&self, engine: &Engine, job: &Job, each: &mut dyn FnMut(Check)) -> Result<(), EngineError> {
        match self.table {
            // Their checks are about the two together.
            Table::Profile | Table::Storage => Ok(()),
            _ => wizard::check(engine, &self.form, job, each),
        }
    }

    /// Saves it, against the version that was opened.
    pub fn save(&mut self, engine: &Engine) -> Result<Saved, Error> {
        let saved = match self.table {
            Table::Profile | Table::Storage => profile::save_alone(engine, &mut self.form)?,
            _ => wizard::save(engine, &mut self.form)?,
        };
        refuse_problems(&self.form)?;
        Ok(saved)
    }
}
