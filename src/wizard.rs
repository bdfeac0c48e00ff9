//! The seven steps as forms: fields, rules, live checks. No drawing, no I/O.
//!
//! May import everything below it: `engine` and further down. The console draws these forms, the plain prompts ask
//! them, and the answers file fills them: a field's key is its key in that file.

pub mod answers;
mod directory;
pub mod form;
mod frequency;
mod installer;
mod mapping;
mod pick;
mod profile;
mod settings;
mod since;
mod standing;
mod step;
mod task;
mod token;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::{Change, Engine, Error, Explained};
use crate::model::check::{Check, Outcome};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::sync::Preview;

pub use crate::engine::{Minted, PreviewFile, Written};
pub use pick::{Picked, pick};
pub use since::{Since, since};
pub use standing::{Standing, State, standing};
pub use step::Step;
pub use task::{Task, facts, mint, write};

use form::{Choice, Form, Value};

/// What saving a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Kept,
    /// It already said so.
    Unchanged,
    /// Nothing: the form now carries the problems.
    Problems,
}

impl From<Change> for Saved {
    fn from(change: Change) -> Self {
        if change.changed { Self::Kept } else { Self::Unchanged }
    }
}

/// The step that was last worked on, if any.
pub fn at(engine: &Engine) -> Result<Option<Step>, Error> {
    Ok(engine.wizard_at()?.as_deref().and_then(Step::of_key))
}

pub fn set_at(engine: &Engine, step: Step) -> Result<(), Error> {
    engine.set_wizard_at(step.key())
}

/// The form of a step: what is saved, with what was typed since and not saved yet; else defaults.
pub fn open(engine: &Engine, step: Step) -> Result<Form, Error> {
    let subject = engine.wizard_subject(step.key())?;
    let mut form = match subject {
        Some(name) => open_named(engine, step, &name)?,
        None => blank(engine, step)?,
    };
    if let Some(draft) = engine.wizard_draft::<Draft>(step.key())? {
        let saved = form.clone();
        // Saving then meets whoever changed it since the draft was begun, instead of overwriting them.
        form.basis = draft.basis;
        for (key, answer) in draft.answers {
            let value = match answer {
                Answer::Text(text) => Value::Text(text),
                Answer::Many(values) => Value::Many(values),
            };
            // A choice that nobody made yet is no answer: there may be something to choose by now.
            let empty = matches!(&value, Value::Text(text) if text.is_empty());
            let unmade = |field: &form::Field| empty && !field.choices().is_empty();
            if form.field(&key).is_some_and(|field| field.secret().is_none() && !unmade(field)) {
                form.set(&key, value);
            }
        }
        form.entered = !form.is_like(&saved);
    }
    Ok(form)
}

/// The form of a step as it is saved, without what was typed since: after somebody else changed it.
pub fn reload(engine: &Engine, step: Step) -> Result<Form, Error> {
    engine.drop_wizard_draft(step.key())?;
    open(engine, step)
}

/// The form of a step, filled from the thing of that name; with its name alone when there is none.
pub fn open_named(engine: &Engine, step: Step, name: &Name) -> Result<Form, Error> {
    let mut form = blank(engine, step)?;
    let (found, key) = match step {
        Step::Directory => (directory::open(engine, &mut form, name)?, "directory.name"),
        Step::Profile => (profile::open(engine, &mut form, name)?, "profile.name"),
        Step::Mapping => (mapping::open(engine, &mut form, name)?, "mapping.name"),
        Step::Token => (token::open(engine, &mut form, name)?, "token.name"),
        Step::Frequency | Step::Settings | Step::Installer => return Ok(form),
    };
    if !found {
        form.set(key, Value::Text(name.to_string()));
    }
    if let (Step::Profile, Some(storage)) = (step, engine.storages()?.first()) {
        profile::open_storage(engine, &mut form, &storage.value.name)?;
    }
    form.name_basis();
    Ok(form)
}

/// The same, with the storage of that name beside the profile (step 2).
pub fn open_profile(engine: &Engine, name: &Name, storage: &Name) -> Result<Form, Error> {
    let mut form = open_named(engine, Step::Profile, name)?;
    if !profile::open_storage(engine, &mut form, storage)? {
        for key in ["storage.name", "storage.location", "storage.capacity"] {
            form.set(key, Value::Text(String::new()));
        }
        form.set("storage.name", Value::Text(storage.to_string()));
        form.basis.storage = None;
    }
    form.name_basis();
    Ok(form)
}

fn blank(engine: &Engine, step: Step) -> Result<Form, Error> {
    let named =
        |names: Vec<Name>| names.into_iter().map(|name| Choice::new(name.as_str(), name.as_str(), "")).collect();
    let directories = || Ok::<_, Error>(engine.directories()?.into_iter().map(|kept| kept.value.name).collect());
    let fields = match step {
        Step::Directory => directory::fields(),
        Step::Profile => profile::fields(named(directories()?)),
        Step::Mapping => {
            let storages = engine.storages()?.into_iter().map(|kept| kept.value.name).collect();
            mapping::fields(mapping::Choices {
                directories: named(directories()?),
                profiles: profiles(engine)?,
                storages: named(storages),
            })
        }
        Step::Frequency => frequency::fields(),
        Step::Settings => settings::fields(),
        Step::Token => token::fields(named(engine.mappings()?.into_iter().map(|kept| kept.value.name).collect())),
        Step::Installer => {
            let tokens = engine.valid_tokens()?.into_iter().map(|record| record.name).collect();
            installer::fields(&engine.agents()?, &engine.targets()?, named(tokens))
        }
    };
    let mut form = Form::new(step, fields);
    match step {
        Step::Frequency => frequency::open(engine, &mut form)?,
        Step::Settings => settings::open(engine, &mut form)?,
        Step::Installer => installer::open(engine, &mut form)?,
        _ => {}
    }
    Ok(form)
}

/// The profiles, those that mass deployment cannot use with the reason.
fn profiles(engine: &Engine) -> Result<Vec<Choice>, Error> {
    let choice = |kept: crate::model::Kept<crate::model::profile::Profile>| {
        let unfit = kept.value.unfit(engine.users_by_csv(&kept.value.name)?);
        let refused = unfit.first().map(ToString::to_string);
        Ok(Choice { refused, ..Choice::new(kept.value.name.as_str(), kept.value.name.as_str(), "") })
    };
    engine.profiles()?.into_iter().map(choice).collect()
}

/// What was typed into a form and not saved yet.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Draft {
    basis: form::Basis,
    /// By the keys of the fields; secrets are never among them.
    answers: BTreeMap<String, Answer>,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Answer {
    Text(String),
    Many(Vec<String>),
}

/// Keeps what the form says, but its secrets, until it is saved.
pub fn keep_draft(engine: &Engine, form: &Form) -> Result<(), Error> {
    let answer = |field: &form::Field| match &field.value {
        Value::Text(text) => Some((field.key.to_string(), Answer::Text(text.clone()))),
        Value::Many(values) => Some((field.key.to_string(), Answer::Many(values.clone()))),
        Value::Secret(_) => None,
    };
    let answers = form.fields.iter().filter(|field| field.visible).filter_map(answer).collect();
    engine.save_wizard_draft(form.step.key(), &Draft { basis: form.basis.clone(), answers })
}

/// Runs the step's checklist, reporting each check as it starts and again as it ends.
pub fn check(engine: &Engine, form: &Form, job: &Job, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    let mut form = form.clone();
    if !form.check_fields() {
        report_problems(&form, each);
        return Ok(());
    }
    match form.step {
        Step::Directory => directory::check(engine, &mut form, job, each),
        Step::Profile => profile::check(engine, &mut form, each),
        Step::Mapping => mapping::check(engine, &mut form, job, each),
        Step::Frequency => frequency::check(engine, &mut form, each),
        Step::Settings => settings::check(engine, &mut form, each),
        Step::Token => token::check(engine, &mut form, each),
        Step::Installer => {
            installer::check(engine, &mut form, each);
            Ok(())
        }
    }
}

fn report_problems(form: &Form, each: &mut dyn FnMut(Check)) {
    for field in form.visible() {
        if let Some(problem) = &field.problem {
            let help = problem.help.clone().unwrap_or_else(|| field.help.to_string());
            let label = field.label.to_string();
            each(Check { help: Some(help), ..Check::new(label, Outcome::Failed, problem.message.clone()) });
        }
    }
}

/// Saves the step, or notes in the form why it cannot be.
pub fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    if !form.check_fields() {
        return Ok(Saved::Problems);
    }
    let saved = match form.step {
        Step::Directory => directory::save(engine, form)?,
        Step::Profile => profile::save(engine, form)?,
        Step::Mapping => mapping::save(engine, form)?,
        Step::Frequency => frequency::save(engine, form)?,
        Step::Settings => settings::save(engine, form)?,
        Step::Token => token::save(engine, form)?,
        Step::Installer => installer::save(engine, form)?,
    };
    if saved != Saved::Problems {
        form.entered = false;
        form.name_basis();
        engine.drop_wizard_draft(form.step.key())?;
        let named = form.fields.first().filter(|field| field.key.ends_with(".name"));
        if let Some(name) = named.and_then(|field| Name::new(field.text()).ok()) {
            engine.set_wizard_subject(form.step.key(), &name)?;
        }
    }
    Ok(saved)
}

/// Why the mapping of step 3's form takes a user or does not, whether it is saved or not; `None` when the form carries
/// problems now.
pub fn explain(engine: &Engine, form: &mut Form, name: &str, job: &Job) -> Result<Option<Explained>, Error> {
    mapping::explain(engine, form, name, job)
}

/// Who the mapping of step 3 would match, and who it would leave out. `None`: the form has problems.
pub fn preview(engine: &Engine, form: &mut Form, job: &Job) -> Result<Option<Preview>, Error> {
    mapping::preview(engine, form, job)
}

/// The files that step 7 would write, the token masked. Empty when the form has problems.
pub fn files(engine: &Engine, form: &mut Form) -> Result<Vec<PreviewFile>, Error> {
    installer::files(engine, form)
}

/// A value of the model as the answers file writes it.
fn text(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A path as people type it: `~/` is their home, and what is relative starts where the program was started.
fn path(text: &str) -> PathBuf {
    let home = text.strip_prefix("~/").and_then(|rest| Some(directories::BaseDirs::new()?.home_dir().join(rest)));
    let path = home.unwrap_or_else(|| PathBuf::from(text));
    std::path::absolute(&path).unwrap_or(path)
}
