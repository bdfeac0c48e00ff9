//! A form: fields with labels, help, values and problems. It knows no terminal and no engine.

use crate::secrets::Secret;

use super::Step;

/// One step's questions, in order.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "a field may hold a secret")]
pub struct Form {
    pub step: Step,
    pub fields: Vec<Field>,
    /// The versions of what the form was filled from, so that saving never overwrites somebody else's change.
    pub basis: Basis,
}

/// Row versions; `None` where the thing does not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Basis {
    pub subject: Option<u64>,
    /// Step 2 edits a profile and its storage together.
    pub storage: Option<u64>,
}

/// One question.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "its value may be a secret")]
pub struct Field {
    /// Table and key in the answers file: `mapping.base_dn`.
    pub key: &'static str,
    pub label: &'static str,
    /// One line: what it is for, and what an empty field means.
    pub help: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// False when another answer makes the question moot; it is then neither shown nor read.
    pub visible: bool,
    pub value: Value,
    pub problem: Option<Problem>,
}

/// What is wrong with a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    /// What to do about it, when the message does not already say so.
    pub help: Option<String>,
    /// Where in the value, in characters from 1, when that is known.
    pub column: Option<usize>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, column: None }
    }
}

#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "it may be a secret")]
pub enum Value {
    Text(String),
    Secret(Secret),
    /// For [`Kind::Several`] and [`Kind::Ordered`]: the chosen values, in order.
    Many(Vec<String>),
}

/// How a field is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// One line. The example is shown while it is empty.
    Text { example: &'static str },
    /// A file or folder of this host.
    Path { example: &'static str },
    /// One line that is never shown. `kept`: one is sealed already, and an empty field keeps it.
    Secret { kept: bool },
    /// RFC 4515 text over several lines; its problem has a column.
    Filter,
    /// One line that can also be picked from the live directory.
    Pick(Pick),
    /// One of these.
    Choice(Vec<Choice>),
    /// Any of these.
    Several(Vec<Choice>),
    /// Any of these, in an order that matters.
    Ordered(Vec<Choice>),
}

/// What the live directory is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// An organizational unit, in a tree that is loaded level by level.
    Unit,
    Group,
    Department,
    Country,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// What follows from choosing it, in one sentence.
    pub consequence: String,
    /// Why it cannot be chosen.
    pub refused: Option<String>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, consequence: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), consequence: consequence.into(), refused: None }
    }
}

impl Field {
    pub fn new(key: &'static str, label: &'static str, help: &'static str, kind: Kind) -> Self {
        let value = match kind {
            Kind::Secret { .. } => Value::Secret(Secret::default()),
            Kind::Several(_) | Kind::Ordered(_) => Value::Many(Vec::new()),
            _ => Value::Text(String::new()),
        };
        Self { key, label, help, kind, required: false, visible: true, value, problem: None }
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub fn with(mut self, text: impl Into<String>) -> Self {
        self.value = Value::Text(text.into());
        self
    }

    #[must_use]
    pub fn with_many(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.value = Value::Many(values.into_iter().map(Into::into).collect());
        self
    }

    /// The text of a field that is neither secret nor many.
    pub fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            _ => "",
        }
    }

    pub fn many(&self) -> &[String] {
        match &self.value {
            Value::Many(values) => values,
            _ => &[],
        }
    }

    pub fn secret(&self) -> Option<&Secret> {
        match &self.value {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Text(text) => text.trim().is_empty(),
            Value::Secret(secret) => secret.is_empty() && self.kind != Kind::Secret { kept: true },
            Value::Many(values) => values.is_empty(),
        }
    }

    /// The choices of a field that has some.
    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::Choice(choices) | Kind::Several(choices) | Kind::Ordered(choices) => choices,
            _ => &[],
        }
    }
}

impl Form {
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub fn field_mut(&mut self, key: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.key == key)
    }

    /// The text of a visible field, trimmed; `None` when it is empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        let field = self.field(key).filter(|field| field.visible)?;
        Some(field.text().trim()).filter(|text| !text.is_empty())
    }

    /// The fields that are asked, in order.
    pub fn visible(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.visible)
    }

    pub fn has_problems(&self) -> bool {
        self.visible().any(|field| field.problem.is_some())
    }

    pub(super) fn problem(&mut self, key: &str, problem: Problem) {
        if let Some(field) = self.field_mut(key) {
            field.problem.get_or_insert(problem);
        }
    }
}
