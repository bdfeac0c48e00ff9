//! A form: fields with labels, help, values and problems. It knows no terminal and no engine.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::model::fold::same;
use crate::secrets::Secret;

use super::Step;

/// One step's questions, in order.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "a field may hold a secret")]
pub struct Form {
    pub step: Step,
    pub fields: Vec<Field>,
    /// The row versions that the form was filled from, so that saving never overwrites another administrator's change.
    pub basis: Basis,
    /// True when the form has unsaved answers, which changes by others must not replace.
    pub entered: bool,
    /// It is for a new object, so a stored one does not replace it.
    pub is_new: bool,
}

/// Row versions; `None` where the thing does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Basis {
    pub subject: Option<u64>,
    /// Step 2 edits a profile and its storage together.
    pub storage: Option<u64>,
    /// The name of the object that the versions belong to: they do not apply to another name.
    pub subject_name: Option<String>,
    pub storage_name: Option<String>,
}

impl Basis {
    /// The step's subject at this version, without a storage.
    pub(super) fn of(version: u64) -> Self {
        Self { subject: Some(version), ..Self::default() }
    }
}

/// One question.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "its value may be a secret")]
pub struct Field {
    /// Table and key in the answers file: `mapping.base_dn`.
    pub key: Cow<'static, str>,
    pub label: Cow<'static, str>,
    /// One line: what it is for, and what an empty field means.
    pub help: Cow<'static, str>,
    pub kind: Kind,
    pub written: Written,
    pub required: bool,
    /// The answers that make the field relevant; absent: it always is.
    pub when: Option<When>,
    /// False when another answer makes the field irrelevant; it is then neither shown nor read.
    pub visible: bool,
    pub value: Value,
    pub problem: Option<Problem>,
}

/// Another field, and its values that make this one relevant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pub key: &'static str,
    pub is: Vec<String>,
}

/// What is wrong with a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    /// How to fix it, if the message does not already say so.
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
    /// One line that is never shown. `kept`: one is stored already, and an empty field keeps it.
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

/// How the answers file writes a field of a kind with several forms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Written {
    #[default]
    Text,
    /// A list in the file, one line in a form.
    List,
    Number(RangeInclusive<u64>),
    /// Not written: it follows from the keys that are given.
    Implied,
}

/// What the live directory is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// An organizational unit, in a tree that is loaded level by level.
    Unit,
    Group,
    Department,
    Country,
    /// The domain controllers that DNS names.
    Controller,
    /// The keys that the servers show.
    Key,
    /// An existing object: choosing it opens the form filled from it ([`super::open_named`]).
    Existing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// What follows from choosing it, in one sentence.
    pub consequence: String,
    /// Why it cannot be chosen.
    pub refused: Option<String>,
    /// What the check of the step advises when it is chosen.
    pub warning: Option<String>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, consequence: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), consequence: consequence.into(), refused: None, warning: None }
    }

    #[must_use]
    pub fn warning(mut self, advice: impl Into<String>) -> Self {
        self.warning = Some(advice.into());
        self
    }

    /// Shown, but not to be chosen.
    #[must_use]
    pub fn refused(mut self, why: impl Into<String>) -> Self {
        self.refused = Some(why.into());
        self
    }
}

impl Field {
    pub fn new(
        key: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
        kind: Kind,
    ) -> Self {
        let value = match kind {
            Kind::Secret { .. } => Value::Secret(Secret::default()),
            Kind::Several(_) | Kind::Ordered(_) => Value::Many(Vec::new()),
            _ => Value::Text(String::new()),
        };
        Self {
            key: key.into(),
            label: label.into(),
            help: help.into(),
            kind,
            written: Written::Text,
            required: false,
            when: None,
            visible: true,
            value,
            problem: None,
        }
    }

    /// Asked only when the field `key` holds one of these values.
    #[must_use]
    pub fn when(mut self, key: &'static str, is: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.when = Some(When { key, is: is.into_iter().map(Into::into).collect() });
        self
    }

    /// A list of words, separated by spaces.
    #[must_use]
    pub fn list(mut self) -> Self {
        self.written = Written::List;
        self
    }

    /// A whole number in this range.
    #[must_use]
    pub fn number(mut self, range: RangeInclusive<u64>) -> Self {
        self.written = Written::Number(range);
        self
    }

    /// Not written to the answers file: the keys that are given decide it.
    #[must_use]
    pub fn implied(mut self) -> Self {
        self.written = Written::Implied;
        self
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

    /// The values of the field, of any kind; none for a secret.
    fn chosen(&self) -> &[String] {
        match &self.value {
            Value::Text(text) => std::slice::from_ref(text),
            Value::Many(values) => values,
            Value::Secret(_) => &[],
        }
    }

    /// The choices that are made, in the order of the field.
    pub fn chosen_choices(&self) -> impl Iterator<Item = &Choice> {
        let find = |value: &String| self.choices().iter().find(|choice| choice.value == *value);
        self.chosen().iter().filter_map(find)
    }

    fn chosen_but_refused(&self) -> Option<Problem> {
        if !self.visible || self.choices().is_empty() {
            return None;
        }
        self.chosen().iter().filter(|value| !value.is_empty()).find_map(|value| {
            match self.choices().iter().find(|choice| choice.value == *value) {
                Some(Choice { refused: Some(why), label, .. }) => Some(Problem::new(format!("{label}: {why}"))),
                Some(_) => None,
                None => {
                    let known: Vec<_> = self.choices().iter().map(|choice| choice.value.as_str()).collect();
                    let value = crate::model::text::shown(value);
                    Some(Problem::new(format!("{value:?} is none of: {}", known.join(", "))))
                }
            }
        })
    }

    fn out_of_range(&self) -> Option<Problem> {
        let Written::Number(range) = &self.written else { return None };
        let text = self.text().trim();
        if !self.visible || text.is_empty() || text.parse().is_ok_and(|number| range.contains(&number)) {
            return None;
        }
        Some(Problem::new(if *range.end() == u64::from(u32::MAX) {
            format!("must be a whole number, {} or more", range.start())
        } else {
            format!("must be a whole number from {} to {}", range.start(), range.end())
        }))
    }

    /// The words of a field that lists some on one line.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.text().split([' ', ',']).filter(|word| !word.is_empty())
    }

    /// The key without its table: `base_dn`.
    pub fn short_key(&self) -> &str {
        self.key.split_once('.').map_or(&*self.key, |(_, key)| key)
    }

    /// The key that the answers file has for it: that of a secret names the file that holds it.
    pub fn file_key(&self) -> Cow<'_, str> {
        match self.kind {
            Kind::Secret { .. } => format!("{}_file", self.key).into(),
            _ => Cow::Borrowed(&*self.key),
        }
    }

    /// The help for the answers file: without the keys of the console, and with the file of a secret.
    pub fn file_help(&self) -> String {
        let help = self.help.split(" Ctrl-O").next().unwrap_or_default();
        match self.kind {
            Kind::Secret { .. } => format!("A file that holds the secret. {help}"),
            _ => help.to_owned(),
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
    pub fn new(step: Step, fields: Vec<Field>) -> Self {
        let mut form = Self { step, fields, basis: Basis::default(), entered: false, is_new: false };
        form.show_and_hide();
        form
    }

    /// The field of that key; of several, the one that is asked.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.position(key).map(|at| &self.fields[at])
    }

    pub fn field_mut(&mut self, key: &str) -> Option<&mut Field> {
        self.position(key).map(|at| &mut self.fields[at])
    }

    fn position(&self, key: &str) -> Option<usize> {
        let of_key = |field: &Field| field.key == key;
        let asked = self.fields.iter().position(|field| field.visible && of_key(field));
        asked.or_else(|| self.fields.iter().position(of_key))
    }

    fn show_and_hide(&mut self) {
        for at in 0..self.fields.len() {
            let visible = self.fields[at].when.as_ref().is_none_or(|when| {
                let decides = self.fields.iter().find(|field| field.key == when.key);
                decides.is_some_and(|field| when.is.iter().any(|value| value == field.text().trim()))
            });
            self.fields[at].visible = visible;
        }
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

    /// Sets a value, forgets the field's problem, and shows or hides the fields that depend on it.
    pub fn set(&mut self, key: &str, value: Value) {
        if let Some(field) = self.field_mut(key) {
            field.value = value;
            field.problem = None;
        }
        self.show_and_hide();
    }

    /// Holds every visible field against its rule and notes what is wrong. True when nothing is.
    pub fn check_fields(&mut self) -> bool {
        for field in &mut self.fields {
            field.problem = None;
            if field.visible && field.required && field.is_empty() {
                field.problem = Some(Problem::new(format!("{} is missing", field.label)));
            }
        }
        for at in 0..self.fields.len() {
            let refused = self.fields[at].chosen_but_refused().or_else(|| self.fields[at].out_of_range());
            if let Some(problem) = refused {
                self.fields[at].problem.get_or_insert(problem);
            }
        }
        self.step.check_fields(self);
        !self.has_problems()
    }

    pub fn has_problems(&self) -> bool {
        self.visible().any(|field| field.problem.is_some())
    }

    pub(super) fn problem(&mut self, key: &str, problem: Problem) {
        if let Some(field) = self.field_mut(key) {
            field.problem.get_or_insert(problem);
        }
    }

    /// Reads a field as a `T`; `None` when it is empty, or unreadable, which is then its problem.
    pub(super) fn parse<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        let parsed = self.text(key)?.parse::<T>();
        parsed.map_err(|error| self.problem(key, Problem::new(error.to_string()))).ok()
    }

    /// Records that the versions of the basis belong to the names in the form.
    pub(super) fn name_basis(&mut self) {
        let subject = self.fields.first().filter(|field| field.key.ends_with(".name"));
        let subject = subject.map(|field| field.text().to_owned());
        let storage = self.field("storage.name").map(|field| field.text().to_owned());
        self.basis.subject_name = subject.filter(|_| self.basis.subject.is_some());
        self.basis.storage_name = storage.filter(|_| self.basis.storage.is_some());
    }

    /// The name in the form, if there is one.
    pub fn name(&self) -> Option<&str> {
        let field = self.fields.first().filter(|field| field.key.ends_with(".name"))?;
        Some(field.text().trim()).filter(|name| !name.is_empty())
    }

    /// Objects with another name in the form than in the state, as kind, old and new name. A name cannot be changed, so
    /// saving adds another object.
    pub fn named_otherwise(&self) -> Vec<(&'static str, String, String)> {
        let what = match self.step {
            Step::Directory => "directory",
            Step::Profile => "profile",
            Step::Mapping => "mapping",
            // A token is created by a button of its own.
            _ => return Vec::new(),
        };
        let pairs = [
            (what, self.basis.subject_name.as_deref(), self.name()),
            ("storage", self.basis.storage_name.as_deref(), self.text("storage.name")),
        ];
        let other = pairs.into_iter().filter_map(|(what, was, is)| {
            let (was, is) = (was?, is?);
            (!same(was, is)).then(|| (what, was.to_owned(), is.to_owned()))
        });
        other.collect()
    }

    /// The version that the subject must have to be saved; `None` when the form has another name now, which must not
    /// exist yet.
    pub(super) fn subject_version(&self) -> Option<u64> {
        let named = self.fields.first().map(Field::text);
        self.basis.subject.filter(|_| self.basis.subject_name.as_deref().is_none_or(|name| is_same(named, name)))
    }

    /// The same for the storage of step 2.
    pub(super) fn storage_version(&self) -> Option<u64> {
        let named = self.field("storage.name").map(Field::text);
        self.basis.storage.filter(|_| self.basis.storage_name.as_deref().is_none_or(|name| is_same(named, name)))
    }
}

fn is_same(text: Option<&str>, name: &str) -> bool {
    text.is_some_and(|text| same(text.trim(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        let fruit = vec![
            Choice::new("apple", "Apple", ""),
            Choice { refused: Some("it is poisonous".to_owned()), ..Choice::new("berry", "Berry", "") },
        ];
        let fields = vec![
            Field::new("f.name", "Name", "", Kind::Text { example: "" }).required(),
            Field::new("f.fruit", "Fruit", "", Kind::Choice(fruit)).with("apple"),
            Field::new("f.peel", "Peel", "", Kind::Text { example: "" }).when("f.fruit", ["apple"]).required(),
        ];
        Form::new(Step::Directory, fields)
    }

    #[test]
    fn irrelevant_field_is_neither_shown_nor_required() {
        let mut form = form();
        assert!(form.field("f.peel").is_some_and(|field| field.visible));
        form.set("f.fruit", Value::Text("berry".to_owned()));
        assert!(form.field("f.peel").is_some_and(|field| !field.visible));
        form.check_fields();
        assert!(form.field("f.peel").is_some_and(|field| field.problem.is_none()));
    }

    #[test]
    fn missing_or_refused_values_are_problems_of_their_field() {
        let mut form = form();
        form.set("f.fruit", Value::Text("berry".to_owned()));
        assert!(!form.check_fields());
        let problem = |key| form.field(key).and_then(|field| field.problem.clone()).map(|problem| problem.message);
        assert_eq!(problem("f.name").as_deref(), Some("Name is missing"));
        assert_eq!(problem("f.fruit").as_deref(), Some("Berry: it is poisonous"));
        form.set("f.fruit", Value::Text("cherry".to_owned()));
        assert!(form.field("f.fruit").is_some_and(|field| field.problem.is_none()), "a new answer forgets the problem");
        form.check_fields();
        let problem = form.field("f.fruit").and_then(|field| field.problem.clone()).expect("an unknown choice");
        assert!(problem.message.contains("none of: apple, berry"), "{}", problem.message);
    }
}
