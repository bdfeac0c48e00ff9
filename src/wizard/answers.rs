//! The answers file: the forms of the wizard, filled from TOML.
//!
//! A table is a step (`[storage]` belongs to step 2) and a key is the key of a field, so the file needs no schema of
//! its own. `[[mapping]]` gives several. Paths are relative to the file's folder. A secret is never in the file: it
//! names a file that holds it.

mod edit;
mod export;
mod renamed;
mod schema;

use std::path::{Path, PathBuf};

use crate::engine::{Engine, Error as EngineError};
use crate::model::check::{Check, Outcome};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::model::text;
use crate::secrets::{Secret, read_secret_file};

use super::form::{Choice, Field, Form, Kind, Value, Written};
use super::{Saved, Step};

pub use edit::{Edit, Table};
pub use export::{Exported, export};
pub use schema::schema;

/// Tables in the order of the steps, each the answers to one form.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    forms: Vec<Filled>,
    folder: PathBuf,
}

/// The answers to one form.
#[derive(Debug, Clone, PartialEq)]
struct Filled {
    step: Step,
    /// Field key and value, in the order of the file.
    values: Vec<(String, toml::Value)>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the answers file is not TOML: {0}")]
    Toml(String),
    #[error("the answers file has an unknown {what} {key:?}")]
    Unknown { what: &'static str, key: String, nearest: Option<String> },
    #[error("the answers file has the old key {key:?}")]
    Renamed { key: String, new: &'static str },
    #[error("{key} in the answers file: {message}")]
    Value { key: String, message: String, help: Option<String> },
    #[error("step {number}, {title}: {name} failed: {evidence}", number = .step.number(), title = .step.title())]
    Check { step: Step, name: String, evidence: String, help: Option<String> },
    #[error("the answers file would change the configuration:\n{}", .0.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))]
    WouldChange(Vec<String>),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Toml(_) => "see https://toml.io for the syntax of the file".to_owned(),
            Self::Unknown { nearest: Some(nearest), .. } => format!("did you mean {nearest:?}?"),
            Self::Unknown { nearest: None, .. } => "`imd setup --schema` prints the tables and their keys".to_owned(),
            Self::Renamed { new, .. } => format!("its name is now {new:?}"),
            Self::Value { help: Some(help), .. } | Self::Check { help: Some(help), .. } => help.clone(),
            Self::Value { help: None, .. } => {
                "correct it and run the same command again; nothing was changed".to_owned()
            }
            Self::Check { help: None, .. } => "correct it and run the same command again".to_owned(),
            Self::WouldChange(_) => "run it again with --yes to make these changes".to_owned(),
            Self::Engine(error) => error.help(),
        }
    }

    /// True when nothing failed but the administrator has to decide: exit code 3.
    pub fn needs_you(&self) -> bool {
        match self {
            Self::WouldChange(_) => true,
            Self::Engine(error) => error.needs_you(),
            _ => false,
        }
    }
}

/// What happens while answers are applied.
#[derive(Debug)]
pub enum Event<'a> {
    Step(Step),
    Check(&'a Check),
    Saved(Saved),
}

/// Which tables there are, and the step each belongs to.
const TABLES: [(&str, Step); 8] = [
    ("directory", Step::Directory),
    ("storage", Step::Profile),
    ("profile", Step::Profile),
    ("mapping", Step::Mapping),
    ("frequency", Step::Frequency),
    ("settings", Step::Settings),
    ("token", Step::Token),
    ("installer", Step::Installer),
];

/// The fields that a table of the answers file can set, in the order of the form. Choices that depend on the
/// installation are empty.
pub fn keys(table: &str) -> Vec<Field> {
    let step = TABLES.iter().find(|(name, _)| *name == table).map(|(_, step)| *step);
    let fields = match step {
        Some(Step::Directory) => super::directory::fields(),
        Some(Step::Profile) => super::profile::fields(Vec::new()),
        Some(Step::Mapping) => super::mapping::fields(super::mapping::Choices::default()),
        Some(Step::Frequency) => super::frequency::fields(),
        Some(Step::Settings) => super::settings::fields(),
        Some(Step::Token) => super::token::fields(Vec::new()),
        Some(Step::Installer) => super::installer::fields(&[], &[], Vec::new()),
        None => Vec::new(),
    };
    let of_table = |field: &Field| field.key.split('.').next() == Some(table) && field.written != Written::Implied;
    fields.into_iter().filter(of_table).collect()
}

impl Answers {
    /// Reads the text of an answers file; `folder` is where its relative paths start.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Error> {
        let file: toml::Table = text.parse().map_err(|error| not_toml(text, &error))?;
        let known = TABLES.map(|(table, _)| table);
        if let Some(unknown) = file.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(unknown_key("table", unknown, known));
        }
        let mut forms = Vec::new();
        for step in Step::ALL {
            let of = |table| rows(&file, table);
            let filled = if step == Step::Profile { pair(&of("profile")?, &of("storage")?) } else { of(step.key())? };
            forms.extend(filled.into_iter().map(|values| Filled { step, values }));
        }
        Ok(Self { forms, folder: folder.to_owned() })
    }

    /// The typed answers of a step as a draft, for a console that starts with them. Secrets stay out.
    pub fn as_drafts(&self, engine: &Engine) -> Result<(), Error> {
        for filled in &self.forms {
            let mut form = super::blank(engine, filled.step)?;
            self.fill(&mut form, filled)?;
            super::keep_draft(engine, &form)?;
        }
        Ok(())
    }

    /// Applies every step in order. Everything that can be judged without a directory is judged before anything is
    /// saved; each step's checks then run before it is saved, and a failed one stops there. Without `yes`, nothing
    /// that exists is changed: [`Error::WouldChange`] says what would be. True when anything was changed.
    pub fn apply(&self, engine: &Engine, yes: bool, job: &Job, each: &mut dyn FnMut(Event<'_>)) -> Result<bool, Error> {
        let mut differences = Vec::new();
        for filled in &self.forms {
            let (mut form, existing) = Self::open(engine, filled)?;
            let before = (existing || form.basis.storage.is_some()).then(|| form.clone());
            self.fill(&mut form, filled)?;
            self.allow_what_this_file_makes(&mut form);
            form.check_fields();
            refuse_problems(&form)?;
            if let Some(before) = before {
                differences.extend(difference(&before, &form));
            }
        }
        if let Some(order) = self.reordered(engine)? {
            differences.push(format!("mapping order: {}", names(&order)));
        }
        if !yes && !differences.is_empty() {
            return Err(Error::WouldChange(differences));
        }
        let mut changed = false;
        let mut synced = false;
        for filled in &self.forms {
            if filled.step > Step::Settings && !synced {
                synced = true;
                self.first_sync(engine, changed, job)?;
            }
            changed |= self.apply_one(engine, filled, job, each)?;
            if filled.step == Step::Mapping
                && let Some(order) = self.reordered(engine)?
            {
                engine.order_mappings(&order)?;
                changed = true;
            }
        }
        if !synced {
            self.first_sync(engine, changed, job)?;
        }
        Ok(changed)
    }

    /// The order of all mappings that the file wants, when it is another than that of now: those that it names change places
    /// with each other, the rest stay where they are.
    fn reordered(&self, engine: &Engine) -> Result<Option<Vec<Name>>, Error> {
        let was: Vec<Name> = engine.mappings()?.into_iter().map(|kept| kept.value.name).collect();
        let named = self.forms.iter().flat_map(|filled| &filled.values).filter(|(key, _)| key == "mapping.name");
        let named = named.filter_map(|(_, value)| Name::new(value.as_str()?).ok());
        let named: Vec<Name> = named.filter(|name| was.iter().any(|other| other.is_same(name))).collect();
        let mut wanted = named.iter();
        let of_the_file = |name: &Name| named.iter().any(|other| other.is_same(name));
        let is: Vec<Name> = was
            .iter()
            .map(|name| if of_the_file(name) { wanted.next().unwrap_or(name) } else { name }.clone())
            .collect();
        let same = was.iter().zip(&is).all(|(was, is)| was.is_same(is));
        Ok(if same { None } else { Some(is) })
    }

    /// Fills the cache once its configuration is complete; the same file applied again reads nothing, unless
    /// the reading failed or was stopped.
    fn first_sync(&self, engine: &Engine, changed: bool, job: &Job) -> Result<(), Error> {
        let mapped = self.forms.iter().any(|filled| filled.step == Step::Mapping);
        if mapped && (changed || !engine.is_cache_of_now()?) {
            engine.sync(job)?;
        }
        Ok(())
    }

    fn apply_one(
        &self,
        engine: &Engine,
        filled: &Filled,
        job: &Job,
        each: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, Error> {
        each(Event::Step(filled.step));
        let (mut form, _) = Self::open(engine, filled)?;
        self.fill(&mut form, filled)?;
        let mut failed = None;
        super::check(engine, &form, job, &mut |check| {
            if check.outcome != Outcome::Running {
                each(Event::Check(&check));
            }
            if check.outcome == Outcome::Failed {
                failed.get_or_insert(check);
            }
        })?;
        if let Some(Check { name, evidence, help, .. }) = failed {
            return Err(Error::Check { step: filled.step, name: name.into_owned(), evidence, help });
        }
        let saved = super::save(engine, &mut form)?;
        refuse_problems(&form)?;
        each(Event::Saved(saved));
        Ok(saved == Saved::Kept)
    }

    /// The form that the answers fill: that of the thing they name, when it exists.
    fn open(engine: &Engine, filled: &Filled) -> Result<(Form, bool), Error> {
        let name = |key: &str| {
            let value = filled.values.iter().find(|(k, _)| k == key).and_then(|(_, value)| value.as_str());
            value.and_then(|text| Name::new(text).ok())
        };
        let form = match (filled.step, name(&format!("{}.name", filled.step.key())), name("storage.name")) {
            (Step::Profile, Some(profile), Some(storage)) => super::open_profile(engine, &profile, &storage)?,
            (step, Some(name), _) => super::open_named(engine, step, &name)?,
            (step, None, _) => super::blank(engine, step)?,
        };
        let existing = form.basis.subject.is_some();
        Ok((form, existing))
    }

    fn fill(&self, form: &mut Form, filled: &Filled) -> Result<(), Error> {
        // A given key decides the implied field that makes it visible: a hidden field would lose its value.
        let implied_by = |field: &Field| {
            let when = field.when.clone()?;
            let implied = form.field(when.key)?.written == Written::Implied;
            let given = filled.values.iter().any(|(given, _)| *given == field.file_key());
            (implied && given).then_some(when)
        };
        let conditions: Vec<_> = form.fields.iter().filter_map(implied_by).collect();
        for when in conditions {
            form.set(when.key, Value::Text(when.is.concat()));
        }
        // A CA file and pins exclude each other: the given one replaces the other.
        for (key, other) in [("directory.ca_file", "directory.pins"), ("directory.pins", "directory.ca_file")] {
            if filled.values.iter().any(|(given, _)| given == key) {
                form.set(other, Value::Text(String::new()));
            }
        }
        for (key, value) in &filled.values {
            if let Some(field) = secret_of(form, key) {
                let path = self.folder.join(string(key, value)?);
                if field.kind == (Kind::Secret { kept: true }) && !path.exists() {
                    // An exported file is applied to its own installation, which already has the secret.
                    continue;
                }
                let field = field.key.clone();
                form.set(&field, Value::Secret(read_secret(key, &path)?));
                continue;
            }
            let Some(field) = form.field(key) else {
                return Err(unknown_field(form, key));
            };
            let value = match field.kind {
                Kind::Secret { .. } => {
                    return Err(Error::Value {
                        key: key.clone(),
                        message: "a secret does not belong in an answers file".to_owned(),
                        help: Some(format!("write it to a file with mode 0600 and set {key}_file")),
                    });
                }
                Kind::Several(_) | Kind::Ordered(_) => Value::Many(strings(key, value)?),
                Kind::Path { .. } => Value::Text(self.path(string(key, value)?)),
                _ => Value::Text(strings(key, value)?.join(" ")),
            };
            form.set(key, value);
        }
        Ok(())
    }

    fn path(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let from_here = if text.starts_with("~/") { PathBuf::from(text) } else { self.folder.join(text) };
        super::path(&from_here.to_string_lossy()).display().to_string()
    }

    /// A choice may be something that this very file makes in an earlier step.
    fn allow_what_this_file_makes(&self, form: &mut Form) {
        let makers = [
            ("profile.login_directory", "directory.name"),
            ("mapping.directory", "directory.name"),
            ("mapping.profile", "profile.name"),
            ("mapping.storage", "storage.name"),
            ("token.mappings", "mapping.name"),
            ("installer.token", "token.name"),
        ];
        for (key, maker) in makers {
            let made: Vec<_> = self
                .forms
                .iter()
                .flat_map(|filled| &filled.values)
                .filter(|(key, _)| key == maker)
                .filter_map(|(_, value)| value.as_str())
                .map(str::to_owned)
                .collect();
            let Some(field) = form.field_mut(key) else { continue };
            let is_one = matches!(field.kind, Kind::Choice(_));
            if let Kind::Choice(choices) | Kind::Several(choices) = &mut field.kind {
                for name in &made {
                    if !choices.iter().any(|choice| choice.value == *name) {
                        choices.push(Choice::new(name, name, ""));
                    }
                }
            }
            if let (true, Some(name)) = (is_one && field.is_empty(), made.last()) {
                field.value = Value::Text(name.clone());
            }
        }
    }
}

/// The rows of a table that may be given once or several times, with the full keys of their fields.
fn rows(file: &toml::Table, table: &str) -> Result<Vec<Vec<(String, toml::Value)>>, Error> {
    let wrong = || Error::Value { key: table.to_owned(), message: "a table is expected".to_owned(), help: None };
    let rows = match file.get(table) {
        None => return Ok(Vec::new()),
        Some(toml::Value::Table(one)) => vec![one],
        Some(toml::Value::Array(many)) => {
            many.iter().map(|row| row.as_table().ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(wrong()),
    };
    Ok(rows.into_iter().map(|row| full_keys(table, row)).collect())
}

/// `table.key`, and `table.inner.key` for a table inside it.
fn full_keys(table: &str, row: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut full = Vec::new();
    for (key, value) in row {
        let key = format!("{table}.{key}");
        match value {
            toml::Value::Table(inner) => full.extend(full_keys(&key, inner)),
            value => full.push((key, value.clone())),
        }
    }
    full
}

/// Step 2 sets up a profile and a storage together: the first with the first, and so on; the last one goes with the
/// rest.
fn pair<T: Clone>(profiles: &[Vec<T>], storages: &[Vec<T>]) -> Vec<Vec<T>> {
    let count = profiles.len().max(storages.len());
    let of = |rows: &[Vec<T>], at: usize| rows.get(at).or(rows.last()).cloned().unwrap_or_default();
    (0..count).map(|at| [of(profiles, at), of(storages, at)].concat()).collect()
}

fn refuse_problems(form: &Form) -> Result<(), Error> {
    let field = form.visible().find_map(|field| field.problem.as_ref().map(|problem| (field, problem)));
    match field {
        None => Ok(()),
        Some((field, problem)) => {
            let help = problem.help.clone().or_else(|| Some(field.help.to_string()));
            Err(Error::Value { key: field.key.to_string(), message: problem.message.clone(), help })
        }
    }
}

/// The problem and its place. The line itself is not repeated: it may contain a secret.
fn not_toml(text: &str, error: &toml::de::Error) -> Error {
    let message = text::shown(error.message());
    let before = error.span().and_then(|span| text.get(..span.start));
    Error::Toml(match before {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {message}")
        }
        None => message,
    })
}

/// `mapping "Staff": department: Sales -> IT`, a line for each visible field that differs from what is stored.
fn difference(before: &Form, after: &Form) -> Vec<String> {
    let subject = match before.fields.first() {
        Some(field) if field.key.ends_with(".name") => {
            format!("{} \"{}\"", before.step.key(), text::shown(field.text()))
        }
        _ => before.step.key().to_owned(),
    };
    let said = |value: &Value| match value {
        Value::Text(text) if text.trim().is_empty() => "(none)".to_owned(),
        Value::Text(text) => text::shown(text.trim()),
        Value::Many(values) => text::shown(&values.join(", ")),
        Value::Secret(_) => String::new(),
    };
    let exists = |field: &&Field| {
        let basis = &before.basis;
        if field.key.starts_with("storage.") { basis.storage.is_some() } else { basis.subject.is_some() }
    };
    let differs = |field: &&Field| {
        let old = before.field(&field.key).map(|field| said(&field.value)).unwrap_or_default();
        old != said(&field.value)
    };
    let line = |field: &Field| {
        let old = before.field(&field.key).map(|field| said(&field.value)).unwrap_or_default();
        format!("{subject}: {}: {old} -> {}", field.label, said(&field.value))
    };
    after.visible().filter(exists).filter(differs).map(line).collect()
}

fn names(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

fn string<'a>(key: &str, value: &'a toml::Value) -> Result<&'a str, Error> {
    let wrong = || Error::Value { key: key.to_owned(), message: "text is expected".to_owned(), help: None };
    value.as_str().ok_or_else(wrong)
}

/// The secret field with this key for its file.
fn secret_of<'a>(form: &'a Form, key: &str) -> Option<&'a Field> {
    form.fields.iter().find(|field| matches!(field.kind, Kind::Secret { .. }) && field.file_key() == key)
}

fn read_secret(key: &str, path: &Path) -> Result<Secret, Error> {
    let wrong = |message, help| Error::Value { key: key.to_owned(), message, help: Some(help) };
    read_secret_file(path).map_err(|error| wrong(error.to_string(), error.help()))
}

/// A scalar as one string, an array of scalars as several.
fn strings(key: &str, value: &toml::Value) -> Result<Vec<String>, Error> {
    let one = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(on) => Some(on.to_string()),
        _ => None,
    };
    let all = match value {
        toml::Value::Array(values) => values.iter().map(one).collect(),
        value => one(value).map(|text| vec![text]),
    };
    let message = "text, a whole number, true or false, or a list of these is expected".to_owned();
    all.ok_or_else(|| Error::Value { key: key.to_owned(), message, help: None })
}

fn unknown_field(form: &Form, key: &str) -> Error {
    if let Some(new) = renamed::new_name(key) {
        return Error::Renamed { key: key.to_owned(), new };
    }
    let table = key.split('.').next().unwrap_or_default();
    let known: Vec<_> =
        form.fields.iter().filter(|field| field.written != Written::Implied).map(Field::file_key).collect();
    let known = known.iter().map(AsRef::as_ref).filter(|known: &&str| known.split('.').next() == Some(table));
    unknown_key("key", key, known)
}

fn unknown_key<'a>(what: &'static str, key: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let distance = |known: &&str| strsim::damerau_levenshtein(known, key);
    let nearest = known.into_iter().min_by_key(distance).filter(|known| distance(known) <= known.len() / 2);
    Error::Unknown { what, key: text::shown(key), nearest: nearest.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::{directory, settings};

    fn parse(text: &str) -> Result<Answers, Error> {
        Answers::parse(text, Path::new("/answers"))
    }

    /// The form of a step, filled from an answers file that has only this step.
    fn filled(mut form: Form, text: &str) -> Result<Form, Error> {
        let answers = parse(text)?;
        answers.fill(&mut form, &answers.forms[0])?;
        Ok(form)
    }

    fn good(form: Form, text: &str) -> Form {
        filled(form, text).unwrap_or_else(|error| panic!("good answers: {error}"))
    }

    fn directory_form() -> Form {
        Form::new(Step::Directory, directory::fields())
    }

    #[test]
    fn unknown_table_or_key_names_the_nearest_one() {
        let error = parse("[directry]\nname = \"x\"").expect_err("a table that is not there");
        assert_eq!(error.help(), "did you mean \"directory\"?");
        let error =
            filled(directory_form(), "[directory]\nurl = \"ldaps://dc1\"").err().expect("a key that is not there");
        assert!(error.to_string().contains("\"directory.url\""), "{error}");
        assert_eq!(error.help(), "did you mean \"directory.urls\"?");
    }

    #[test]
    fn an_old_key_names_the_new_one() {
        for (old, new) in renamed::RENAMED {
            let (table, key) = old.split_once('.').expect("a table and a key");
            let step = TABLES.iter().find(|(name, _)| *name == table).map(|(_, step)| *step).expect("a table");
            let form = Form::new(step, keys(table));
            assert!(form.field(new).is_some() && form.field(old).is_none(), "{old} -> {new}");
            let error = filled(form, &format!("[{table}]\n{key} = \"x\"")).err().expect("an old key");
            assert!(error.to_string().contains(old) && error.help().contains(new), "{error}: {}", error.help());
        }
    }

    #[test]
    fn secret_in_the_file_is_refused_and_not_repeated() {
        let error = filled(directory_form(), "[directory]\npassword = \"hunter2\"").err().expect("a secret in clear");
        assert!(!error.to_string().contains("hunter2") && error.help().contains("directory.password_file"));
    }

    #[test]
    fn relative_paths_start_at_the_answers_file() {
        let form = good(directory_form(), "[directory]\nname = \"corp\"\nfile = \"users.ldif\"");
        assert_eq!(form.text("directory.file"), Some("/answers/users.ldif"));
        assert_eq!(form.text("directory.source"), Some("file"));
        assert_eq!(form.text("directory.urls"), None, "the questions of the other source are not asked");
    }

    #[test]
    fn lists_fill_one_line_or_many_choices() {
        let urls = "[directory]\nurls = [\"ldaps://dc1\", \"ldaps://dc2\"]";
        let form = good(directory_form(), urls);
        assert_eq!(form.text("directory.urls"), Some("ldaps://dc1 ldaps://dc2"));
        let form = Form::new(Step::Settings, settings::fields());
        let mut form = good(form, "[settings]\nauth = [\"unverified\", \"password\"]");
        assert!(!form.check_fields(), "unverified is combined with another method");
        assert!(form.field("settings.auth").is_some_and(|field| field.problem.is_some()));
    }

    #[test]
    fn value_of_a_wrong_type_is_an_error_with_its_key() {
        let error = filled(directory_form(), "[directory]\nname = 1.5").err().expect("a float");
        assert!(error.to_string().starts_with("directory.name"), "{error}");
    }

    #[test]
    fn last_storage_goes_with_the_remaining_profiles() {
        let paired = pair(&[vec!["p1"], vec!["p2"]], &[vec!["s1"]]);
        assert_eq!(paired, [["p1", "s1"], ["p2", "s1"]]);
    }
}
