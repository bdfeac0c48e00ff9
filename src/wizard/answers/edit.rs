//! One row changed by single answers: what `imd mapping edit NAME KEY=VALUE` does.
//!
//! It uses the forms, checks and row versions of the wizard; the keys are those of the answers file.

use std::fmt::Write as _;
use std::path::Path;

use crate::engine::{Engine, Error as EngineError};
use crate::model::check::Check;
use crate::model::job::Job;
use crate::model::name::Name;
use crate::wizard::form::{Field, Form, Kind, Value, Written};
use crate::wizard::{self, Saved, Step, profile};

use super::{Answers, Error, Filled, keys, read_secret, refuse_problems, secret_of, string};

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

    /// The keys that a verb can set, with what they mean, as clap shows options.
    pub fn help(self) -> String {
        let mut help = String::from("Keys:");
        for field in self.settable() {
            let values: Vec<_> = field.choices().iter().filter(|choice| choice.refused.is_none()).collect();
            let values: Vec<_> = values.iter().map(|choice| choice.value.as_str()).collect();
            let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
            let key = field.file_key();
            let key = key.split_once('.').map_or(&*key, |(_, key)| key);
            let _ = write!(help, "\n  {key}{values}\n          {}", field.file_help());
        }
        help
    }

    /// The same keys, alone.
    pub fn key_words(self) -> Vec<String> {
        let short = |field: &Field| field.file_key().trim_start_matches(self.word()).trim_start_matches('.').to_owned();
        self.settable().iter().map(short).collect()
    }

    fn settable(self) -> Vec<Field> {
        // A verb names the row that it changes.
        let is_name = |field: &Field| field.short_key() == "name";
        keys(self.word()).into_iter().filter(|field| !is_name(field)).collect()
    }

    /// Step 2 has the fields of a profile and of a storage.
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
    /// The row as it is stored.
    ///
    /// # Errors
    /// When no row has that name.
    pub fn open(engine: &Engine, table: Table, name: Option<&Name>) -> Result<Self, Error> {
        let edit = Self::begin(engine, table, name)?;
        match name {
            Some(name) if !edit.exists() => Err(EngineError::Unknown { what: table.word(), name: name.clone() }.into()),
            _ => Ok(edit),
        }
    }

    /// A new row.
    ///
    /// # Errors
    /// When a row has that name already.
    pub fn new(engine: &Engine, table: Table, name: &Name) -> Result<Self, Error> {
        let edit = Self::begin(engine, table, Some(name))?;
        if edit.exists() {
            return Err(Error::Value {
                key: format!("{}.name", table.word()),
                message: format!("the {} \"{name}\" already exists", table.word()),
                help: Some(format!("change it with `imd {0} edit`, or choose another name", table.word())),
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

    /// The stored values by key, safe to show; of a secret only whether one is stored.
    pub fn lines(&self) -> Vec<(String, String)> {
        let line = |field: &Field| {
            let key = field.short_key().to_owned();
            let text = match (&field.value, &field.kind) {
                (Value::Text(text), _) => text.clone(),
                (Value::Many(values), _) => values.join(", "),
                (Value::Secret(_), Kind::Secret { kept: true }) => "stored, never shown".to_owned(),
                (Value::Secret(_), _) => String::new(),
            };
            (key, text)
        };
        self.form.visible().filter(|field| field.written != Written::Implied).map(line).collect()
    }

    /// Sets the answers and checks each field. Relative paths start in `folder`.
    ///
    /// # Errors
    /// With the first key that is unknown or has a wrong value.
    pub fn answer(&mut self, answers: &[(String, String)], folder: &Path) -> Result<(), Error> {
        let mut values = Vec::new();
        for (key, text) in answers {
            let is_name = key == "name";
            let key = format!("{}.{key}", self.table.word());
            if is_name {
                return Err(Error::Value {
                    key,
                    message: "a name cannot be changed: other objects refer to it".to_owned(),
                    help: Some("give the name before the keys".to_owned()),
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
        // An answers file can be applied without its secret files; here the administrator named one to be read.
        for (key, value) in values.iter().filter(|(key, _)| secret_of(&self.form, key).is_some()) {
            read_secret(key, &folder.join(string(key, value)?))?;
        }
        let answers = Answers { forms: Vec::new(), folder: folder.to_owned() };
        answers.fill(&mut self.form, &Filled { step: self.table.step(), values })?;
        self.form.check_fields();
        refuse_problems(&self.form)
    }

    /// The step's checklist, as the wizard runs it.
    pub fn check(&self, engine: &Engine, job: &Job, each: &mut dyn FnMut(Check)) -> Result<(), EngineError> {
        match self.table {
            // The checks of step 2 need both.
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
