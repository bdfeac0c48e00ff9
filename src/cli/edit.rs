//! `imd directory|profile|storage|mapping show|add|edit` and `imd frequency|settings show|set`: one object, by the keys
//! of the answers file.

use clap::Args;

use crate::engine::Engine;
use crate::model::check::{Check, Outcome};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::present::{directory, mapping, profile, storage};
use crate::wizard::Saved;
use crate::wizard::answers::{Edit, Table};

use super::Failure;
use super::output::Output;

/// The values to set.
#[derive(Debug, Args)]
pub(super) struct Answers {
    /// Set a key to a value; an empty value clears it, and commas separate several values
    #[arg(value_name = "KEY=VALUE", value_parser = answer)]
    answers: Vec<Answer>,
    /// Save without checking the values against the directory
    #[arg(long)]
    unchecked: bool,
}

#[derive(Debug, Clone)]
struct Answer(String, String);

fn answer(text: &str) -> Result<Answer, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Answer(key.trim().to_owned(), value.to_owned())),
        _ => Err("a key of the answers file, an equals sign and a value expected".to_owned()),
    }
}

/// The keys of step 4, and what an interval means with several mappings.
pub(super) fn frequency_help() -> String {
    format!(
        "{}\n\nimd reads all directories at the shortest interval: this one, or that of a mapping. Mappings are always \
         evaluated\ntogether, because a user belongs to the first one that matches.",
        Table::Frequency.help()
    )
}

/// The stored values of one row as lines, by key.
pub(super) fn lines(engine: &Engine, table: Table, name: Option<&Name>) -> Result<Vec<(String, String)>, Failure> {
    Ok(Edit::open(engine, table, name)?.lines())
}

/// Shows one thing: all that is known of it, and the keys that `edit` takes.
pub(super) fn show(engine: &Engine, table: Table, name: &Name, output: &Output) -> Result<(), Failure> {
    let lines = lines(engine, table, Some(name))?;
    if output.is_json() {
        return Ok(output.document(&kept(engine, table, Some(name))?)?);
    }
    let unknown = || crate::engine::Error::Unknown { what: table.word(), name: name.clone() };
    let (what, facts) = match table {
        Table::Profile => {
            let kept = engine.profile(name)?.ok_or_else(unknown)?;
            ("Profile", profile::facts(&kept, engine.users_by_csv(&kept.value.name)?))
        }
        Table::Storage => ("Storage", storage::facts(&engine.storage(name)?.ok_or_else(unknown)?)),
        Table::Mapping => ("Mapping", mapping::facts(&engine.mapping(name)?.ok_or_else(unknown)?)),
        _ => ("Directory", directory::facts(&engine.directory(name)?.ok_or_else(unknown)?)),
    };
    output.facts(&(), what, name.as_str(), &facts)?;
    output.raw("\nKeys for edit:")?;
    let lines: Vec<_> = lines.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    Ok(output.one(&(), &lines)?)
}

/// Makes one that is not there yet.
pub(super) fn add(
    engine: &Engine,
    table: Table,
    name: &Name,
    answers: &Answers,
    output: &Output,
) -> Result<(), Failure> {
    settle(engine, table, Some(name), Edit::new(engine, table, name)?, answers, output)
}

/// Changes what is there, or of what there is one only.
pub(super) fn edit(
    engine: &Engine,
    table: Table,
    name: Option<&Name>,
    answers: &Answers,
    output: &Output,
) -> Result<(), Failure> {
    let opened = Edit::open(engine, table, name)?;
    if answers.answers.is_empty() {
        return Err(Failure::Usage {
            message: "no setting to change is given".to_owned(),
            help: format!("add KEY=VALUE; the keys are: {}", table.key_words().join(" ")),
        });
    }
    settle(engine, table, name, opened, answers, output)
}

fn settle(
    engine: &Engine,
    table: Table,
    name: Option<&Name>,
    mut edit: Edit,
    answers: &Answers,
    output: &Output,
) -> Result<(), Failure> {
    let said: Vec<_> = answers.answers.iter().map(|Answer(key, value)| (key.clone(), value.clone())).collect();
    let folder = std::env::current_dir()?;
    edit.answer(&said, &folder)?;
    let mut checks: Vec<Check> = Vec::new();
    if !answers.unchecked {
        edit.check(engine, &Job::unwatched(), &mut |check| {
            if check.outcome != Outcome::Running {
                checks.push(check);
            }
        })?;
    }
    if let Some(failed) = checks.iter().find(|check| check.outcome == Outcome::Failed) {
        let evidence = crate::model::text::shown(&failed.evidence);
        return Err(Failure::Plain {
            message: format!("nothing was saved: {} failed: {evidence}", failed.name),
            help: failed
                .help
                .clone()
                .unwrap_or_else(|| "correct the value, or save it without checks with --unchecked".to_owned()),
        });
    }
    let changed = edit.save(engine)? == Saved::Kept;
    if output.is_json() {
        let kept = kept(engine, table, name)?;
        return Ok(output.document(&serde_json::json!({ "changed": changed, "checks": checks, "kept": kept }))?);
    }
    if !checks.is_empty() {
        output.rows(&checks, ["CHECK", "OUTCOME", "EVIDENCE"], |check| {
            [check.name.to_string(), check.outcome.word().to_owned(), check.evidence.clone()]
        })?;
    }
    let what = match name {
        Some(name) => format!("{} \"{name}\"", table.word()),
        None => table.word().to_owned(),
    };
    Ok(output.note(&format!("{}: {what}.", if changed { "Saved" } else { "No changes" }))?)
}

/// Reads the saved object, with its version and the administrator who changed it last.
fn kept(engine: &Engine, table: Table, name: Option<&Name>) -> Result<serde_json::Value, Failure> {
    fn value<T: serde::Serialize>(kept: Option<T>) -> Result<serde_json::Value, Failure> {
        serde_json::to_value(kept).map_err(|error| Failure::Output(error.into()))
    }
    let Some(name) = name else {
        return if table == Table::Frequency { value(engine.frequency()?) } else { value(engine.settings()?) };
    };
    match table {
        Table::Profile => value(engine.profile(name)?),
        Table::Storage => value(engine.storage(name)?),
        Table::Mapping => value(engine.mapping(name)?),
        _ => value(engine.directory(name)?),
    }
}
