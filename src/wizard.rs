//! The seven steps as forms: fields, rules, live checks. No drawing, no I/O.
//!
//! May import everything below it: `engine` and further down. The console draws these forms, the plain prompts ask
//! them, and the answers file fills them: a field's key is its key in that file.

pub mod answers;
mod directory;
mod draft;
pub mod form;
mod frequency;
mod installer;
mod mapping;
mod part;
mod pick;
mod profile;
mod settings;
mod since;
mod standing;
mod step;
mod task;
mod token;

use std::path::PathBuf;

use crate::engine::{Change, Engine, Error, Explained};
use crate::model::check::{Check, Outcome};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::sync::Preview;

pub use crate::engine::{Minted, PreviewFile, Written};
pub use draft::keep_draft;
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

/// The form of a step as it was left: what was typed last and not saved yet, else what was saved last, else defaults.
pub fn open(engine: &Engine, step: Step) -> Result<Form, Error> {
    if let Some(draft) = draft::last(engine, step)? {
        let saved = of_basis(engine, step, &draft.basis)?;
        return Ok(draft.over(&saved));
    }
    match engine.wizard_subject(step.key())? {
        Some(name) => open_entry(engine, step, &name),
        None => blank(engine, step),
    }
}

/// The form of a step for the thing of that name, with what was typed into it since and not saved yet.
pub fn open_entry(engine: &Engine, step: Step, name: &Name) -> Result<Form, Error> {
    draft::onto(engine, open_named(engine, step, name)?)
}

/// The form of a step for something that is not there yet, with what was typed for it and not saved yet.
pub fn open_new(engine: &Engine, step: Step) -> Result<Form, Error> {
    let mut form = blank(engine, step)?;
    if let (Step::Profile, Some(storage)) = (step, engine.storages()?.first()) {
        profile::open_storage(engine, &mut form, &storage.value.name)?;
        form.name_basis();
    }
    form.is_new = true;
    draft::onto(engine, form)
}

/// The form of step 2 with the first profile and the storage of that name; without a name, for a new storage.
pub fn open_storage(engine: &Engine, name: Option<&Name>) -> Result<Form, Error> {
    let first = engine.profiles()?.into_iter().next().map(|kept| kept.value.name);
    let mut form = match &first {
        Some(profile) => open_named(engine, Step::Profile, profile)?,
        None => blank(engine, Step::Profile)?,
    };
    profile::other_storage(engine, &mut form, name)?;
    form.name_basis();
    form.is_new = name.is_none();
    draft::onto(engine, form)
}

/// Reads the saved form after another administrator changed it, and discards the typed answers.
pub fn reload(engine: &Engine, form: &Form) -> Result<Form, Error> {
    draft::forget(engine, form.step, &form.basis)?;
    match (&form.basis.subject_name, form.is_new) {
        (Some(_), _) => of_basis(engine, form.step, &form.basis),
        (None, true) => open_new(engine, form.step),
        (None, false) => open(engine, form.step),
    }
}

/// The form as it is saved now, of what those versions are of.
fn of_basis(engine: &Engine, step: Step, basis: &form::Basis) -> Result<Form, Error> {
    let name = |name: &Option<String>| name.as_deref().and_then(|name| Name::new(name).ok());
    match (step, name(&basis.subject_name), name(&basis.storage_name)) {
        (Step::Profile, Some(profile), Some(storage)) => open_profile(engine, &profile, &storage),
        (step, Some(subject), _) => open_named(engine, step, &subject),
        (step, None, _) => blank(engine, step),
    }
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

/// The same for step 2, with the profile and the storage of these names.
pub fn open_profile(engine: &Engine, name: &Name, storage: &Name) -> Result<Form, Error> {
    let mut form = open_named(engine, Step::Profile, name)?;
    profile::other_storage(engine, &mut form, Some(storage))?;
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
    let basis = form.basis.clone();
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
        form.is_new = false;
        form.name_basis();
        draft::forget(engine, form.step, &basis)?;
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
