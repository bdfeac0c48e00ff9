//! The face for scripts: one verb a request, a table for people or one JSON document for programs.
//!
//! May import `wizard`, `engine` and everything below. Exit codes: 0 done; 1 failed; 2 wrong usage, or no usable
//! terminal; 3 stopped, because an administrator has to decide.

mod accounts;
mod arguments;
mod audit;
mod backup;
mod bundle;
mod configuration;
mod devices;
mod doctor;
mod edit;
mod explain;
mod export;
mod keys;
mod output;
mod report;
mod serve;
mod setup;
mod shell;
mod status;
mod sync;
mod token;
mod users;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::engine::{Engine, Options};
use crate::secrets::Secret;
use crate::wizard::answers;

pub use arguments::Color;
use arguments::{Arguments, Command};
use output::Output;
pub use serve::{Log, Serve};

/// Why a verb did not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Engine(#[from] crate::engine::Error),
    #[error(transparent)]
    Answers(#[from] answers::Error),
    #[error("{message}")]
    Usage { message: String, help: String },
    #[error("{message}")]
    Plain { message: String, help: String },
    /// It was done, and what was found asks for a decision.
    #[error("{message}")]
    NeedsYou { message: String, help: String },
    #[error("the output cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    fn help(&self) -> String {
        match self {
            Self::Engine(error) => error.help(),
            Self::Answers(error) => error.help(),
            Self::Usage { help, .. } | Self::Plain { help, .. } | Self::NeedsYou { help, .. } => help.clone(),
            Self::Output(_) => "check where the output goes".to_owned(),
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            Self::NeedsYou { .. } => 3,
            Self::Engine(error) if error.needs_you() => 3,
            Self::Answers(error) if error.needs_you() => 3,
            _ => 1,
        }
    }
}

/// Opens the console, and returns when it is left.
pub type Console<'a> = dyn Fn(&Engine, Color) -> Result<(), NoFace> + 'a;
/// Asks the same steps as plain prompts.
pub type Plain<'a> = dyn Fn(&Engine) -> Result<(), NoFace> + 'a;
/// Serves laptops until the process is stopped; the last argument prints lines for the administrator who started it.
pub type Service<'a> = dyn Fn(&Engine, &Serve, &dyn Fn(&str)) -> Result<(), NoFace> + 'a;

/// Asks for a passphrase without echo; twice when it says so.
pub type Passphrase<'a> = dyn Fn(bool) -> Result<Secret, NoFace> + 'a;

/// The other faces: which ones there are, `main` knows.
#[allow(missing_debug_implementations, reason = "functions have no useful Debug")]
pub struct Faces<'a> {
    pub console: &'a Console<'a>,
    pub plain: &'a Plain<'a>,
    pub service: &'a Service<'a>,
    pub passphrase: &'a Passphrase<'a>,
}

/// Why another face did not open, or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoFace {
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl From<NoFace> for Failure {
    fn from(NoFace { message, help }: NoFace) -> Self {
        Self::Plain { message, help }
    }
}

/// Runs the program on this process's arguments.
pub fn main(faces: &Faces<'_>) -> ExitCode {
    let mut command = arguments::command();
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed.and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed.map_err(|error| error.format(&mut command)) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return wrong_usage(&error),
        // What was asked for is the help or the version.
        Err(error) => return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
    };
    let output = Output::new(arguments.json, arguments.quiet);
    match run(arguments, faces, &output) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader closed the pipe, as in `imd users | head`.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure.to_string(), &failure.help());
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The verb that was written, as far as there is one: `imd devices revoke`.
fn verb_asked_for() -> String {
    let all = Arguments::command();
    let (mut at, mut verb) = (&all, all.get_name().to_owned());
    for word in std::env::args_os().skip(1) {
        if let Some(found) = at.find_subcommand(&word) {
            (at, verb) = (found, format!("{verb} {}", found.get_name()));
        }
    }
    verb
}

/// Says what clap found in the form that every other failure has.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = text.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let help = match (tip, usage) {
        (Some(tip), _) => tip.to_owned(),
        (None, Some(usage)) => format!("write it as: {usage}"),
        (None, None) => format!("`{} --help` lists the commands and options", verb_asked_for()),
    };
    let json = std::env::args_os().any(|argument| argument == "--json");
    Output::new(json, false).failure(&crate::model::text::shown(&message.replace('\n', " ")), &help);
    ExitCode::from(2)
}

fn run(arguments: Arguments, faces: &Faces<'_>, output: &Output) -> Result<(), Failure> {
    let Arguments { command, state, read_only, yes, color, .. } = arguments;
    match command {
        None => setup::open_face(&open(state, read_only)?, color, faces, false),
        Some(Command::Demo { answers }) => setup::demo(answers.as_deref(), color, faces, output),
        Some(Command::Setup { schema: true, .. }) => Ok(output.document(&crate::wizard::answers::schema())?),
        Some(Command::Setup { answers, plain, export, schema: false }) => {
            let engine = open(state, read_only)?;
            match (answers, export) {
                (Some(file), _) => setup::answers(&engine, &file, yes, output),
                (None, Some(file)) => setup::export(&engine, &file, yes, output),
                (None, None) => setup::open_face(&engine, color, faces, plain),
            }
        }
        Some(Command::Token(token::Verb::Verify { file, key })) if !key.is_empty() => {
            token::verify_with(file.as_deref(), &key, output)
        }
        // None of these needs a state.
        Some(Command::Help { words }) => shell::help(&words, output),
        Some(Command::Completions { shell }) => shell::completions(shell, output),
        Some(Command::Man { folder }) => shell::man(&folder, output),
        Some(Command::Serve(serve)) => {
            serve::run(&Engine::open_set_up(options(state, read_only)?)?, &serve, faces.service, output)
        }
        Some(Command::Restore(backup::Sealed { file, passphrase_file })) => {
            backup::restore(&options(state, read_only)?, &file, passphrase_file.as_deref(), yes, faces, output)
        }
        Some(command) => {
            let engine = open(state, read_only)?;
            match command {
                Command::Directory(verb) => configuration::directory(&engine, verb, output),
                Command::Profile(verb) => configuration::profile(&engine, verb, output),
                Command::Storage(verb) => configuration::storage(&engine, verb, output),
                Command::Mapping(verb) => configuration::mapping(&engine, verb, yes, output),
                Command::Frequency { verb } => configuration::frequency(&engine, verb.as_ref(), output),
                Command::Settings { verb } => configuration::settings(&engine, verb.as_ref(), output),
                Command::Doctor { offline } => doctor::doctor(&engine, offline, output),
                Command::Sync(arguments) => sync::run(&engine, arguments, yes, output),
                Command::Explain { user, directory } => explain::chain(&engine, &user, directory.as_ref(), output),
                Command::Users { verb, list } => users::run(&engine, verb.as_ref(), &list, yes, output),
                Command::Token(verb) => token::run(&engine, verb, yes, output),
                Command::Bundle(verb) => bundle::run(&engine, &verb, output),
                Command::Keys { verb } => keys::run(&engine, verb.as_ref(), yes, faces, output),
                Command::Export { verb, write } => export::run(&engine, verb, write, output),
                Command::Pause { until } => serve::pause(&engine, until, output),
                Command::Resume => serve::resume(&engine, output),
                Command::Devices { verb, query, limit } => {
                    devices::run(&engine, verb.as_ref(), query.as_deref(), limit, output)
                }
                Command::Accounts { verb: Some(verb), .. } => accounts::run(&engine, &verb, yes, output),
                Command::Accounts { query, due, limit, .. } => {
                    accounts::list(&engine, query.as_deref(), due, limit, output)
                }
                Command::Backup(backup::Sealed { file, passphrase_file }) => {
                    backup::backup(&engine, &file, passphrase_file.as_deref(), yes, faces, output)
                }
                Command::Status => status::status(&engine, output),
                Command::Report(arguments) => report::run(&engine, &arguments, output),
                Command::Audit { verb, filter } => audit::run(&engine, verb.as_ref(), &filter, output),
                Command::Demo { .. }
                | Command::Setup { .. }
                | Command::Restore(_)
                | Command::Serve(_)
                | Command::Completions { .. }
                | Command::Help { .. }
                | Command::Man { .. } => Ok(()),
            }
        }
    }
}

fn open(state: Option<PathBuf>, read_only: bool) -> Result<Engine, Failure> {
    Ok(Engine::open(options(state, read_only)?)?)
}

fn options(state: Option<PathBuf>, read_only: bool) -> Result<Options, Failure> {
    let default = || directories::ProjectDirs::from("", "", "imd").map(|dirs| dirs.data_local_dir().to_owned());
    let state = state.or_else(default).ok_or_else(|| Failure::Usage {
        message: "cannot choose a state folder: this user has no home folder".to_owned(),
        help: "name a folder with --state DIR or IMD_STATE".to_owned(),
    })?;
    Ok(Options { read_only, ..Options::of_host(state) })
}
