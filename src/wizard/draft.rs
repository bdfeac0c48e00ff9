//! Drafts: the unsaved answers of a form, stored for each object, so that no answer is lost.
//!
//! The most recent draft of a step is stored under the step, so that an interrupted session continues with it. Drafts of
//! other objects of the same step are stored under the names of these objects.

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
        // Saving then detects a change that another administrator made after the draft was begun.
        form.basis = self.basis;
        for (key, answer) in self.answers {
            let value = match answer {
                Answer::Text(text) => Value::Text(text),
                Answer::Many(values) => Value::Many(values),
            };
            // A choice that was not made yet is no answer: choices may exist by now.
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

/// Keeps what the form says, but its secrets, until it is saved.
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

/// Whether something was typed at a step, for whatever of it, and is not saved yet.
pub(super) fn is_entered(engine: &Engine, step: Step, kept: &[String]) -> Result<bool, Error> {
    let beside = format!("{}/", step.key());
    if kept.iter().any(|key| key.starts_with(&beside)) {
        return Ok(true);
    }
    Ok(kept.iter().any(|key| key == step.key()) && super::open(engine, step)?.entered)
}
