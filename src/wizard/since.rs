//! What became of a form since it was opened, when several administrators work at once.

use jiff::Timestamp;

use crate::engine::{Engine, Error};
use crate::model::audit::Actor;
use crate::model::name::Name;
use crate::model::{Kept, moment};

use super::form::{Form, Value};
use super::{Step, blank, open, open_named, open_profile};

/// A form as it is saved now.
#[allow(missing_debug_implementations, reason = "a field may hold a secret")]
pub struct Since {
    pub form: Form,
    /// The administrator who changed the saved values since the form was opened, and when:
    /// `mapping "Staff" was changed by anna at 2026-11-24 14:02 +01:00`.
    pub by: Option<String>,
}

/// Reads the saved values of the form again. It stores nothing.
pub fn since(engine: &Engine, form: &Form) -> Result<Since, Error> {
    let names = (name(form.basis.subject_name.as_deref()), name(form.basis.storage_name.as_deref()));
    let now = match (form.step, names) {
        // Another storage with an existing profile.
        (Step::Profile, (Some(_), None)) if form.is_new => return Ok(Since { form: form.clone(), by: None }),
        (Step::Frequency | Step::Settings | Step::Installer, _) => blank(engine, form.step)?,
        (Step::Profile, (Some(profile), Some(storage))) => open_profile(engine, &profile, &storage)?,
        (step, (Some(subject), _)) => open_named(engine, step, &subject)?,
        // A new object is being entered, so no one else can have changed it.
        (_, (None, _)) if form.entered || form.is_new => return Ok(Since { form: form.clone(), by: None }),
        (step, (None, _)) => open(engine, step)?,
    };
    let differs = now.basis != form.basis;
    let by = if differs { who(engine, form, &now)? } else { None };
    Ok(Since { form: now, by })
}

fn name(text: Option<&str>) -> Option<Name> {
    text.and_then(|text| Name::new(text).ok())
}

fn who(engine: &Engine, form: &Form, now: &Form) -> Result<Option<String>, Error> {
    let subject = name(form.basis.subject_name.as_deref());
    let storage = name(form.basis.storage_name.as_deref());
    let what = |name: &Name| format!("{} \"{name}\"", form.step.key());
    if form.basis.subject == now.basis.subject {
        let Some(name) = storage else { return Ok(None) };
        return Ok(Some(told(&format!("storage \"{name}\""), last(engine.storage(&name)?))));
    }
    let one = |last| Ok(Some(told(&form.step.title().to_lowercase(), last)));
    match (form.step, subject) {
        (Step::Frequency, _) => one(last(engine.frequency()?)),
        (Step::Settings, _) => one(last(engine.settings()?)),
        (Step::Installer, _) => one(last(engine.installer()?)),
        (Step::Directory, Some(name)) => Ok(Some(told(&what(&name), last(engine.directory(&name)?)))),
        (Step::Profile, Some(name)) => Ok(Some(told(&what(&name), last(engine.profile(&name)?)))),
        (Step::Mapping, Some(name)) => Ok(Some(told(&what(&name), last(engine.mapping(&name)?)))),
        (Step::Token, Some(name)) => Ok(Some(told(&what(&name), None))),
        (_, None) => Ok(None),
    }
}

fn last<T>(kept: Option<Kept<T>>) -> Option<(Actor, Timestamp)> {
    kept.map(|kept| (kept.changed_by, kept.changed_at))
}

fn told(what: &str, last: Option<(Actor, Timestamp)>) -> String {
    match last {
        Some((by, at)) => format!("{what} was changed by {} at {}", by.0.shown(), moment::minute(at)),
        None => format!("{what} was removed"),
    }
}

impl Form {
    /// Whether both ask the same and say the same.
    pub fn is_like(&self, other: &Self) -> bool {
        let value = |value: &Value| match value {
            Value::Text(text) => vec![text.clone()],
            Value::Many(values) => values.clone(),
            Value::Secret(_) => Vec::new(),
        };
        self.basis == other.basis
            && self.fields.len() == other.fields.len()
            && self.fields.iter().zip(&other.fields).all(|(one, other)| {
                one.key == other.key && one.kind == other.kind && value(&one.value) == value(&other.value)
            })
    }
}
