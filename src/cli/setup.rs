//! `imd`, `imd demo` and `imd setup`: the seven steps, by hand or from a file.

use std::io::IsTerminal as _;
use std::path::Path;

use crate::engine::{Engine, Error as EngineError, Options};
use crate::model::job::Job;
use crate::model::text;
use crate::wizard::Saved;
use crate::wizard::answers::{self, Answers, Event};

use super::arguments::Color;
use super::output::Output;
use super::{Faces, Failure};

/// Opens the console, on the wizard while something is missing; the prompts where they are asked for, and on a terminal
/// that cannot move its cursor.
pub(super) fn open_face(engine: &Engine, color: Color, faces: &Faces<'_>, plain: bool) -> Result<(), Failure> {
    refuse_without_terminal()?;
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let ended = if plain || dumb { (faces.plain)(engine) } else { (faces.console)(engine, color) };
    Ok(ended?)
}

fn refuse_without_terminal() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "standard input and output are not a terminal".to_owned(),
        help: "without a terminal, use `imd setup --answers FILE`, or another command: see `imd help`".to_owned(),
    })
}

/// Opens the console on the sample directory, in a state that is removed afterwards.
pub(super) fn demo(answers: Option<&Path>, color: Color, faces: &Faces<'_>, output: &Output) -> Result<(), Failure> {
    refuse_without_terminal()?;
    let state = ThrowAway::new()?;
    let engine = Engine::open(Options::of_host(state.0.join("state")))?;
    let (sample, text) = (engine.write_sample(&state.0)?, crate::engine::SAMPLE_ANSWERS);
    let folder = sample.parent().unwrap_or(&state.0);
    match answers {
        Some(file) => read_answers(file)?.as_drafts(&engine)?,
        None => Answers::parse(text, folder)?.as_drafts(&engine)?,
    }
    open_face(&engine, color, faces, false)?;
    Ok(output.note("The demo has ended; only files that you wrote to your own folders are kept.")?)
}

/// A folder that goes away with the program.
struct ThrowAway(std::path::PathBuf);

impl ThrowAway {
    fn new() -> Result<Self, Failure> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("imd-demo-{}", std::process::id()));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Failure::Plain {
            message: format!("{} cannot be created: {error}", path.display()),
            help: "set TMPDIR to a folder that you can write to".to_owned(),
        })?;
        Ok(Self(path))
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read_answers(file: &Path) -> Result<Answers, Failure> {
    let unreadable = |error: std::io::Error| Failure::Plain {
        message: format!("{} cannot be read: {error}", file.display()),
        help: "check the path and its permissions".to_owned(),
    };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let file = std::path::absolute(file).map_err(unreadable)?;
    Ok(Answers::parse(&text, file.parent().unwrap_or(Path::new("/")))?)
}

/// Applies an answers file, and reports each step.
pub(super) fn answers(engine: &Engine, file: &Path, yes: bool, output: &Output) -> Result<(), Failure> {
    let answers = read_answers(file)?;
    let changed = answers.apply(engine, yes, &Job::unwatched(), &mut |event| {
        // A line that cannot be written stops nothing: the work matters more than its narration.
        let _ = output.note(&narrate(&event));
    })?;
    if output.is_json() {
        let steps = crate::wizard::standing(engine)?;
        return Ok(output.document(&serde_json::json!({ "changed": changed, "steps": steps }))?);
    }
    Ok(output.note(if changed { "Everything is set up." } else { "No changes." })?)
}

/// Writes what is set up to an answers file.
pub(super) fn export(engine: &Engine, file: &Path, yes: bool, output: &Output) -> Result<(), Failure> {
    let exported = answers::export(engine)?;
    engine.write_answers_file(file, &exported.text, yes).map_err(|error| match error {
        EngineError::Exists { path } => Failure::NeedsYou {
            message: format!("{} already exists", path.display()),
            help: "choose another file, or replace it with --yes".to_owned(),
        },
        error => error.into(),
    })?;
    if output.is_json() {
        let document = serde_json::json!({ "file": file, "secret_files": exported.secret_files });
        return Ok(output.document(&document)?);
    }
    output.note(&format!("Written to {}; it contains no secrets.", text::shown(&file.display().to_string())))?;
    if exported.secret_files.is_empty() {
        return Ok(());
    }
    let files = exported.secret_files.join(", ");
    Ok(output
        .note(&format!("To apply it elsewhere, put the secrets into its folder, readable only by you: {files}"))?)
}

fn narrate(event: &Event<'_>) -> String {
    match event {
        Event::Step(step) => format!("{} {}", step.number(), step.title()),
        Event::Check(check) => {
            format!("  {:<7} {}: {}", check.outcome.word(), check.name, text::shown(&check.evidence))
        }
        Event::Saved(Saved::Unchanged) => "          unchanged".to_owned(),
        Event::Saved(_) => "          saved".to_owned(),
    }
}
