//! Drafts: unsaved entries of a form, stored per object so that no entry is lost.
//!
//! The newest draft of a step is stored under the key of the step, so that an interrupted session returns to it. When
//! another object of the step is edited, the older draft moves to a key with the names of its objects.

use std::collections::BTreeMap;

use crate::engine::{Engine, Error};

use super::Step;
use super::form::{Basis, Field, Form, Value};

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Draft {
    pub(super) basis: Basis,
    /// By the keys of the fields; secrets are never among them.
    answers: BTreeMap<String, Answer>,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Answer {
    Text(String),
    Many(Vec<String>),
}

impl Draft {
    /// What was typed, over what is saved by now.
    pub(super) fn over(self, saved: &Form) -> Form {
        let mut form = saved.clone();
        // Saving then detects a change by another administrator instead of overwriting it.
        form.basis = self.basis;
        for (key, answer) in self.answers {
            let value = match answer {
                Answer::Text(text) => Value::Text(text),
                Answer::Many(values) => Value::Many(values),
            };
            // An empty choice is no answer: there may be something to choose now.
            let empty = matches!(&value, Value::Text(text) if text.is_empty());
            let unmade = |field: &Field| empty && !field.choices().is_empty();
            if form.field(&key).is_some_and(|field| field.secret().is_none() && !unmade(field)) {
                form.set(&key, value);
            }
        }
        form.entered = !form.is_like(saved);
        form
    }
}

/// Whether both are of the same things; of something new there is one at a time.
fn is_same(one: &Basis, other: &Basis) -> bool {
    (&one.subject_name, &one.storage_name) == (&other.subject_name, &other.storage_name)
}

/// Where a draft waits while another one has the step's own place.
fn aside(step: Step, basis: &Basis) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    format!("{}/{}/{}", step.key(), name(&basis.subject_name), name(&basis.storage_name))
}

/// The draft that was typed into last at a step.
pub(super) fn last(engine: &Engine, step: Step) -> Result<Option<Draft>, Error> {
    engine.wizard_draft(step.key())
}

/// The form, with the draft that is of the same things.
pub(super) fn onto(engine: &Engine, form: Form) -> Result<Form, Error> {
    let of_this = |draft: &Draft| is_same(&draft.basis, &form.basis);
    let draft = match last(engine, form.step)?.filter(of_this) {
        Some(draft) => Some(draft),
        None => engine.wizard_draft(&aside(form.step, &form.basis))?,
    };
    Ok(match draft {
        Some(draft) => draft.over(&form),
        None => form,
    })
}

/// Stores the entries of the form, without secrets, until it is saved.
pub fn keep_draft(engine: &Engine, form: &Form) -> Result<(), Error> {
    let answer = |field: &Field| match &field.value {
        Value::Text(text) => Some((field.key.to_string(), Answer::Text(text.clone()))),
        Value::Many(values) => Some((field.key.to_string(), Answer::Many(values.clone()))),
        Value::Secret(_) => None,
    };
    let answers = form.fields.iter().filter(|field| field.visible).filter_map(answer).collect();
    if let Some(other) = last(engine, form.step)?.filter(|draft| !is_same(&draft.basis, &form.basis)) {
        engine.save_wizard_draft(&aside(form.step, &other.basis), &other)?;
    }
    engine.drop_wizard_draft(&aside(form.step, &form.basis))?;
    engine.save_wizard_draft(form.step.key(), &Draft { basis: form.basis.clone(), answers })
}

/// Forgets what was typed for the things of `basis`.
pub(super) fn forget(engine: &Engine, step: Step, basis: &Basis) -> Result<(), Error> {
    if last(engine, step)?.is_none_or(|draft| is_same(&draft.basis, basis)) {
        engine.drop_wizard_draft(step.key())?;
    }
    engine.drop_wizard_draft(&aside(step, basis))
}

/// Whether a step has unsaved entries, for any of its objects.
pub(super) fn is_entered(engine: &Engine, step: Step, kept: &[String]) -> Result<bool, Error> {
    let older = format!("{}/", step.key());
    if kept.iter().any(|key| key.starts_with(&older)) {
        return Ok(true);
    }
    Ok(kept.iter().any(|key| key == step.key()) && super::open(engine, step)?.entered)
}
