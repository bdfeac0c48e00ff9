//! A field together with the part of a value that it shows and sets: a field of a step is added in one place, and opening
//! and reading the form follow from it.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::name::Name;

use super::form::{Field, Form, Problem, Value};
use super::text;

type Get<T> = Box<dyn Fn(&T) -> Value>;
type Set<T> = Box<dyn Fn(&mut T, &Field) -> Result<(), Problem>>;

/// A field, and the part of a `T` that it shows and sets.
pub(super) struct Part<T> {
    field: Field,
    get: Get<T>,
    set: Set<T>,
    /// What a new form starts with instead of the default.
    start: Option<Value>,
}

impl<T: Clone + 'static> Part<T> {
    pub(super) fn new(
        field: Field,
        get: impl Fn(&T) -> Value + 'static,
        set: impl Fn(&mut T, &Field) -> Result<(), Problem> + 'static,
    ) -> Self {
        Self { field, get: Box::new(get), set: Box::new(set), start: None }
    }

    /// A new form starts with this.
    pub(super) fn starting(self, text: impl Into<String>) -> Self {
        Self { start: Some(Value::Text(text.into())), ..self }
    }

    /// A value that is always there; an empty field leaves the default.
    pub(super) fn text<V: FromStr<Err: Display> + Display + 'static>(field: Field, of: fn(&mut T) -> &mut V) -> Self {
        Self::new(
            field,
            move |value| Value::Text(of(&mut value.clone()).to_string()),
            move |value, field| {
                if !field.is_empty() {
                    *of(value) = parsed(field.text().trim())?;
                }
                Ok(())
            },
        )
    }

    /// A value that an empty field takes away.
    pub(super) fn optional<V: FromStr<Err: Display> + Display + 'static>(
        field: Field,
        of: fn(&mut T) -> &mut Option<V>,
    ) -> Self {
        let shown = move |value: &T| of(&mut value.clone()).as_ref().map(V::to_string).unwrap_or_default();
        Self::new(
            field,
            move |value| Value::Text(shown(value)),
            move |value, field| {
                *of(value) = if field.is_empty() { None } else { Some(parsed(field.text().trim())?) };
                Ok(())
            },
        )
    }

    /// One of the choices of the field, by the word that serde has for it.
    pub(super) fn choice<V: Serialize + DeserializeOwned + 'static>(field: Field, of: fn(&mut T) -> &mut V) -> Self {
        Self::new(
            field,
            move |value| Value::Text(text(of(&mut value.clone()))),
            move |value, field| {
                // What is none of the choices is a problem of the field already.
                if let Some(chosen) = word(field.text().trim()) {
                    *of(value) = chosen;
                }
                Ok(())
            },
        )
    }

    /// Any of the choices of the field, in order.
    pub(super) fn choices<V: Serialize + DeserializeOwned + 'static>(
        field: Field,
        of: fn(&mut T) -> &mut Vec<V>,
    ) -> Self {
        let shown = move |value: &T| of(&mut value.clone()).iter().map(text).collect();
        Self::new(
            field,
            move |value| Value::Many(shown(value)),
            move |value, field| {
                *of(value) = field.many().iter().filter_map(|one| word(one)).collect();
                Ok(())
            },
        )
    }

    /// Several values on one line.
    pub(super) fn list<V: FromStr<Err: Display> + Display + 'static>(
        field: Field,
        of: fn(&mut T) -> &mut Vec<V>,
    ) -> Self {
        let shown = move |value: &T| of(&mut value.clone()).iter().map(V::to_string).collect::<Vec<_>>().join(" ");
        Self::new(
            field.list(),
            move |value| Value::Text(shown(value)),
            move |value, field| {
                *of(value) = field.words().map(parsed).collect::<Result<_, _>>()?;
                Ok(())
            },
        )
    }
}

fn parsed<V: FromStr<Err: Display>>(text: &str) -> Result<V, Problem> {
    text.parse().map_err(|error: V::Err| Problem::new(error.to_string()))
}

fn word<V: DeserializeOwned>(word: &str) -> Option<V> {
    let typed = serde_json::Value::String(word.to_owned());
    // A switch is a choice of true and false.
    serde_json::from_value(typed).ok().or_else(|| serde_json::from_str(word).ok())
}

/// The fields, each with what `default` has.
pub(super) fn fields<T>(parts: Vec<Part<T>>, default: &T) -> Vec<Field> {
    let field = |part: Part<T>| {
        let value = part.start.unwrap_or_else(|| (part.get)(default));
        Field { value, ..part.field }
    };
    parts.into_iter().map(field).collect()
}

/// The fields of something that has no name yet; `default` makes one with its defaults.
pub(super) fn blank<T>(parts: Vec<Part<T>>, default: impl Fn(Name) -> T) -> Vec<Field> {
    let mut fields = Name::new("new").map(|name| fields(parts, &default(name))).unwrap_or_default();
    if let Some(name) = fields.first_mut() {
        name.value = Value::Text(String::new());
    }
    fields
}

/// The named object in the form; `None` if the form has no name.
pub(super) fn read_named<T>(form: &mut Form, parts: &[Part<T>], default: impl Fn(Name) -> T) -> Option<T> {
    let name: Option<Name> = parts.first().and_then(|part| form.parse(&part.field.key));
    // Without a name the other fields are still checked.
    let value = default(name.clone().or_else(|| Name::new("new").ok())?);
    let value = read(form, parts, value);
    name.map(|_| value)
}

/// Fills the form from a value.
pub(super) fn fill<T>(form: &mut Form, parts: &[Part<T>], value: &T) {
    for part in parts {
        form.set(&part.field.key, (part.get)(value));
    }
}

/// `value` with the values of the visible fields; problems are noted in the form.
pub(super) fn read<T>(form: &mut Form, parts: &[Part<T>], mut value: T) -> T {
    for part in parts {
        let Some(field) = form.field(&part.field.key).filter(|field| field.visible) else { continue };
        if let Err(problem) = (part.set)(&mut value, field) {
            form.problem(&part.field.key, problem);
        }
    }
    value
}
