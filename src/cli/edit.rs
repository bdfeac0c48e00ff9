//! `imd directory|profile|storage|mapping show|add|edit` and `imd frequency|settings show|set`: one object, by the keys
//! of the answers file.

use clap::Args;

use crate::engine::Engine;
use crate::model::check::{Check, Outcome};
use crate::model::job::Job;
use crate::model::name::Name;
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

pub(super) const DIRECTORY: &str =
    "Keys: urls ca_file pin bind password_file; or file alone, for an LDIF or csvde export";
pub(super) const PROFILE: &str =
    "Keys: login login_directory quota max_users devices_per_user inactive_after preserve_for";
pub(super) const STORAGE: &str = "Keys: location capacity";
pub(super) const MAPPING: &str = "Keys: directory base_dn ou group department country filter account_name profile \
                                  storage quota every kind auto_import";
pub(super) const FREQUENCY: &str = "Keys: every at tz;

imd reads all directories at the shortest interval: this one, or that of a mapping (`imd mapping edit NAME every=12h`).
Mappings are always evaluated together, because a user belongs to the first one that matches.";
pub(super) const SETTINGS: &str =
    "Keys: devices_per_user at_limit auth safeguard offline_tokens pilot_group daily_activation_limit";

/// What is kept of one thing, key by key.
pub(super) fn show(engine: &Engine, table: Table, name: Option<&Name>, output: &Output) -> Result<(), Failure> {
    let lines = Edit::open(engine, table, name)?.lines();
    if output.is_json() {
        return Ok(output.document(&kept(engine, table, name)?)?);
    }
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
            message: "it is not said what to change".to_owned(),
            help: format!("give KEY=VALUE; the keys are: {}", table.keys(engine)?.join(" ")),
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
            help: failed.help.clone().unwrap_or_else(|| "the same with --unchecked saves it nevertheless".to_owned()),
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
        Some(name) => format!("The {} \"{name}\"", table.word()),
        None => format!("The {}", table.word()),
    };
    Ok(output.note(&format!("{what} {}.", if changed { "is saved" } else { "says so already" }))?)
}

/// What is kept, with its version and whoever changed it last.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Options;

    #[test]
    fn the_help_names_every_key_of_the_form() {
        let state = tempfile::tempdir().expect("a folder");
        let engine = Engine::open(Options::of_host(state.path().join("state"))).expect("opened");
        let helps = [DIRECTORY, PROFILE, STORAGE, MAPPING, FREQUENCY, SETTINGS];
        for (table, help) in Table::ALL.into_iter().zip(helps) {
            let words: Vec<_> = help.split([' ', ';', ':', ',']).collect();
            for key in table.keys(&engine).expect("keys") {
                assert!(words.contains(&key.as_str()), "{table:?}: {key}");
            }
        }
    }
}
