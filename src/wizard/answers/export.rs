//! What is set up, as the answers file that would set it up again. It holds no secret: it names files for them.

use std::fmt::Write as _;

use crate::engine::{Engine, Error};
use crate::model::text;
use crate::wizard::form::{Field, Form, Kind, Value, Written};
use crate::wizard::{self, Step};

/// An answers file, and the secret files that it needs in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub text: String,
    /// The files that have to hold a secret before it is applied elsewhere, by their names in it.
    pub secret_files: Vec<String>,
}

/// Exports the whole configuration. Applied to the same state it changes nothing; applied to an empty one, with its
/// secret files in its folder, it creates the same configuration. An empty value is written where it means something:
/// applied to a state with a value, it clears that value.
pub fn export(engine: &Engine) -> Result<Exported, Error> {
    let mut exported = Exported { text: String::new(), secret_files: Vec::new() };
    let forms = forms(engine)?;
    for (table, step) in super::TABLES {
        let rows: Vec<String> = forms
            .iter()
            .filter(|(form, tables)| form.step == step && tables.contains(&table))
            .map(|(form, _)| exported.rows(form, table))
            .collect();
        for row in &rows {
            let heading = if rows.len() == 1 { format!("[{table}]") } else { format!("[[{table}]]") };
            let _ = write!(exported.text, "\n{heading}\n{row}");
        }
    }
    let mut head = String::from("# What imd was set up with, without its secrets. `imd setup --answers` applies it.\n");
    if !exported.secret_files.is_empty() {
        let files = exported.secret_files.join(", ");
        let _ =
            writeln!(head, "# Elsewhere, these files have to hold the secrets first, readable by you alone: {files}");
    }
    exported.text.insert_str(0, &head);
    Ok(exported)
}

/// The forms of everything that there is, each with the tables that are written from it.
fn forms(engine: &Engine) -> Result<Vec<(Form, Vec<&'static str>)>, Error> {
    let mut forms = Vec::new();
    for kept in engine.directories()? {
        forms.push((wizard::open_named(engine, Step::Directory, &kept.value.name)?, vec!["directory"]));
    }
    // A file has profiles and storages in pairs; the last one of the shorter list is repeated for the rest.
    let (profiles, storages) = (engine.profiles()?, engine.storages()?);
    for at in 0..profiles.len().max(storages.len()) {
        let (profile, storage) = (profiles.get(at).or(profiles.last()), storages.get(at).or(storages.last()));
        let (Some(profile), Some(storage)) = (profile, storage) else { break };
        let form = wizard::open_profile(engine, &profile.value.name, &storage.value.name)?;
        let tables = [("profile", profiles.len()), ("storage", storages.len())];
        forms.push((form, tables.into_iter().filter(|(_, count)| at < *count).map(|(table, _)| table).collect()));
    }
    for kept in engine.mappings()? {
        forms.push((wizard::open_named(engine, Step::Mapping, &kept.value.name)?, vec!["mapping"]));
    }
    for (step, is_there) in
        [(Step::Frequency, engine.frequency()?.is_some()), (Step::Settings, engine.settings()?.is_some())]
    {
        if is_there {
            forms.push((wizard::blank(engine, step)?, vec![step.key()]));
        }
    }
    for record in engine.valid_tokens()? {
        forms.push((wizard::open_named(engine, Step::Token, &record.name)?, vec!["token"]));
    }
    if engine.installer()?.is_some() {
        forms.push((wizard::blank(engine, Step::Installer)?, vec!["installer"]));
    }
    Ok(forms)
}

impl Exported {
    /// The lines of one table.
    fn rows(&mut self, form: &Form, table: &str) -> String {
        let mut lines = String::new();
        let name = form.fields.first().map(Field::text).unwrap_or_default();
        for field in form.visible() {
            let Some(key) = field.key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let (key, value) = match &field.value {
                Value::Secret(_) => {
                    let file = format!("{}.secret", file_name(name));
                    if !self.secret_files.contains(&file) {
                        self.secret_files.push(file.clone());
                    }
                    (format!("{key}_file"), quoted(&file))
                }
                Value::Many(values) => (key.to_owned(), list(values.iter().map(String::as_str))),
                Value::Text(text) => match value(field, text.trim()) {
                    Some(value) => (key.to_owned(), value),
                    None => continue,
                },
            };
            let key: Vec<String> = key.split('.').map(bare).collect();
            let _ = writeln!(lines, "{} = {value}", key.join("."));
        }
        lines
    }
}

/// A field's text as TOML; `None` for what says nothing, or is said by another key.
fn value(field: &Field, text: &str) -> Option<String> {
    if text.is_empty() && (field.required || matches!(field.kind, Kind::Choice(_))) {
        return None;
    }
    let is_switch = matches!(field.kind, Kind::Choice(_)) && matches!(text, "true" | "false");
    match field.written {
        Written::Implied => None,
        Written::List => Some(list(field.words())),
        Written::Number(_) if text.parse::<u64>().is_ok() => Some(text.to_owned()),
        Written::Text if is_switch => Some(text.to_owned()),
        Written::Number(_) | Written::Text => Some(quoted(text)),
    }
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
}

/// A basic string of TOML 1.0 with all hidden characters escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if text::is_hidden(c) => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key, quoted where it has to be.
fn bare(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A name as a file may be called.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_reads_back_and_holds_nothing_hidden() {
        for text in ["plain", "a\"b\\c", "line\nline", "\u{202e}\u{1b}[2J\u{e0041}", "Åsa 山田", "'''"] {
            let line = format!("key = {}", quoted(text));
            assert!(!line.chars().any(text::is_hidden), "{line:?}");
            let table: toml::Table = line.parse().expect("TOML");
            assert_eq!(table["key"].as_str(), Some(text));
        }
    }

    #[test]
    fn a_field_is_written_as_number_list_or_text() {
        let field = || Field::new("f.key", "", "", Kind::Text { example: "" });
        let text = |field: Field, text: &str| value(&field.with(text), text);
        assert_eq!(text(field().number(0..=9_999), "5000").as_deref(), Some("5000"));
        assert_eq!(text(field(), "2026").as_deref(), Some("\"2026\""));
        assert_eq!(text(field().list(), "https://a https://b").as_deref(), Some("[\"https://a\", \"https://b\"]"));
        assert_eq!(text(field(), "").as_deref(), Some("\"\""), "an empty field is written as empty");
    }
}
