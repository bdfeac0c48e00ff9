//! The command line: its commands, its options and their help texts.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

use super::{accounts, audit, backup, bundle, configuration, devices, export, keys, report, serve, sync, token, users};
use crate::model::name::Name;

/// Integrated mass deployment: from an Active Directory domain to activated laptops, in seven steps.
///
/// Without a command, imd opens the console: at the first incomplete step of the setup, or at the step where you
/// stopped.
#[derive(Debug, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "they are switches that can all be given at once")]
#[command(name = "imd", version, after_long_help = EXIT_CODES, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Keep the state in this folder; default: imd in your data folder, such as ~/.local/share/imd
    #[arg(long, value_name = "DIR", env = "IMD_STATE", global = true, help_heading = "Global options")]
    pub(super) state: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
    /// Print only the requested output
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) quiet: bool,
    /// Use color in the console
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, help_heading = "Global options")]
    pub(super) color: Color,
    /// Assume yes to all prompts
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) yes: bool,
    /// Refuse every change
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) read_only: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  Success
  1  Failure: the error says what failed, why, and what to do
  2  Wrong usage, or no usable terminal
  3  Your decision is needed: nothing was changed, or problems were found";

/// The commands as `imd help` groups them. A test keeps that each is in one group.
const GROUPS: [(&str, &[&str]); 7] = [
    ("Setup", &["demo", "setup", "directory", "profile", "storage", "mapping", "frequency", "settings"]),
    ("Users", &["sync", "users", "accounts", "explain"]),
    ("Deployment", &["token", "keys", "export", "bundle"]),
    ("Laptops and service", &["serve", "pause", "resume", "devices"]),
    ("Monitoring", &["status", "doctor", "report", "audit"]),
    ("Backup", &["backup", "restore"]),
    ("Shell and documentation", &["completions", "man", "help"]),
];

/// The command line, with its commands in groups.
pub(super) fn command() -> clap::Command {
    let command = Arguments::command();
    let longest = command.get_subcommands().map(|one| one.get_name().len()).max().unwrap_or_default();
    let mut groups = String::new();
    for (title, names) in GROUPS {
        let _ = writeln!(groups, "{title}:");
        for one in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = one.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(groups, "  {:longest$}  {about}", one.get_name());
        }
        groups.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}`imd help COMMAND` describes a command.\n\n\
         Options:\n{{options}}{{after-help}}"
    );
    command.help_template(template)
}

/// Whether the console may use color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Try the console on a sample directory; nothing is kept
    Demo {
        /// Prefill the forms from this answers file
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
    },
    /// Set up imd in seven steps: in the console, with prompts, or from an answers file
    Setup {
        /// Apply this answers file and exit
        #[arg(long, value_name = "FILE", conflicts_with = "plain")]
        answers: Option<PathBuf>,
        /// Use line-by-line prompts, for screen readers and serial terminals
        #[arg(long)]
        plain: bool,
        /// Write the current setup to an answers file, without secrets, and exit
        #[arg(long, value_name = "FILE", conflicts_with_all = ["plain", "answers"])]
        export: Option<PathBuf>,
        /// Print the JSON schema of the answers file and exit
        #[arg(long, conflicts_with_all = ["plain", "answers", "export"])]
        schema: bool,
    },
    /// Manage directories: the sources of users
    #[command(subcommand)]
    Directory(configuration::Directories),
    /// Manage profiles: what users get
    #[command(subcommand)]
    Profile(configuration::Profiles),
    /// Manage storages: where the data of users is kept
    #[command(subcommand)]
    Storage(configuration::Storages),
    /// Manage mappings: which users get which profile and storage
    #[command(subcommand)]
    Mapping(configuration::Mappings),
    /// Show or change the sync interval
    Frequency {
        #[command(subcommand)]
        verb: Option<configuration::Frequency>,
    },
    /// Show or change the limits and authentication methods for every activation
    Settings {
        #[command(subcommand)]
        verb: Option<configuration::Settings>,
    },
    /// Read the directories and update the cached users
    Sync(sync::Arguments),
    /// List, search, show, export and forget cached users
    #[command(args_conflicts_with_subcommands = true)]
    Users {
        #[command(subcommand)]
        verb: Option<users::Verb>,
        #[command(flatten)]
        list: users::List,
    },
    /// Explain why a user is or is not activated, and what to do
    Explain {
        /// CORP\name, UPN, mail, alias, DN or GUID of a user, cached or not; or the correlation id that a refused laptop shows
        user: String,
        /// Search only this directory
        #[arg(long, value_name = "NAME")]
        directory: Option<Name>,
    },
    /// Create, list, rotate, revoke and verify mass deployment tokens
    #[command(subcommand)]
    Token(token::Verb),
    /// Manage the keys that sign tokens; without a command: list them
    Keys {
        #[command(subcommand)]
        verb: Option<keys::Verb>,
    },
    /// Carry tokens, revocations and users across an air gap
    #[command(subcommand)]
    Bundle(bundle::Verb),
    /// Write the files that deployment tools need; list, check and rewrite them
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Export {
        #[command(subcommand)]
        verb: Option<export::Verb>,
        #[command(flatten)]
        write: export::Write,
    },
    /// Run the service: answer laptops over HTTPS and sync on schedule
    Serve(serve::Serve),
    /// Refuse enrollments and activations for a while
    Pause {
        /// How long ("2h") or until when ("2026-11-24T18:00:00Z"); default: until `imd resume`
        #[arg(long, value_name = "TIME")]
        until: Option<serve::Until>,
    },
    /// Accept enrollments and activations again
    Resume,
    /// List, search, revoke, release and reserve laptops
    #[command(args_conflicts_with_subcommands = true)]
    Devices {
        #[command(subcommand)]
        verb: Option<devices::Verb>,
        /// An id, a state, or part of a host name, serial number or user name
        query: Option<String>,
        /// Show at most this many, newest first
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: u64,
    },
    /// List, preserve, restore and delete accounts: what users got at their first activation
    #[command(args_conflicts_with_subcommands = true)]
    Accounts {
        #[command(subcommand)]
        verb: Option<accounts::Verb>,
        /// Part of a name or mail address
        query: Option<String>,
        /// List only accounts with an ended retention period
        #[arg(long)]
        due: bool,
        /// Show at most this many
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: u64,
    },
    /// Check the host, the directories and the rollout; exit code 3 when something needs attention
    Doctor {
        /// Skip the checks that connect to directories
        #[arg(long)]
        offline: bool,
    },
    /// Generate shell completions
    ///
    /// Prints a completion script to standard output. On a terminal, imd also prints how to load it.
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Generate man pages for imd and each command
    Man {
        /// Write the pages to this folder; it is created if missing
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Show the setup, the cached users, the activations and the alarms
    Status,
    /// Write the whole state to one encrypted file; the service may keep running
    Backup(backup::Sealed),
    /// Restore the state from a backup; replace an existing state with --yes
    Restore(backup::Sealed),
    /// Write a rollout status report
    Report(report::Arguments),
    /// Show, verify and export the audit log: who changed what
    #[command(args_conflicts_with_subcommands = true)]
    Audit {
        #[command(subcommand)]
        verb: Option<audit::Verb>,
        #[command(flatten)]
        filter: audit::Filter,
    },
    /// Describe a command; without one, list the commands
    Help {
        /// A command and its subcommand, such as `token create`
        #[arg(value_name = "COMMAND")]
        words: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The rest of each code span of a text that begins with `imd `.
    fn commands(text: &str) -> Vec<&str> {
        let spans = text.split('`').skip(1).step_by(2);
        spans.filter_map(|span| span.strip_prefix("imd ")).filter(|rest| !rest.contains('\n')).collect()
    }

    /// The first word of `line` that is neither a command nor an option at its place.
    fn unknown_word(line: &str) -> Option<&str> {
        // The values of a format string are unknown here.
        let line = line.split('{').next().unwrap_or(line);
        let root = Arguments::command();
        let mut command = root.clone();
        for word in line.split_whitespace() {
            let known = if let Some(option) = word.strip_prefix("--") {
                let mut options = command.get_arguments().chain(root.get_arguments());
                option == "help" || options.any(|known| known.get_long() == Some(option))
            } else if let Some(found) = command.find_subcommand(word) {
                command = found.clone();
                true
            } else {
                // It is a value, unless only a command is possible here.
                let value = !word.bytes().all(|b| b.is_ascii_lowercase()) || command.get_positionals().next().is_some();
                value || !command.has_subcommands()
            };
            if !known {
                return Some(word);
            }
        }
        None
    }

    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|e| ["rs", "j2", "md", "toml"].iter().any(|text| e == *text)) {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_command_is_in_one_group_of_the_help() {
        let mut grouped: Vec<_> = GROUPS.into_iter().flat_map(|(_, names)| names.iter().copied()).collect();
        grouped.sort_unstable();
        let command = Arguments::command();
        let mut all: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }

    #[test]
    fn every_command_and_option_has_a_help_text() {
        fn check(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some_and(|about| about.to_string().len() > 5), "{path}");
            for one in command.get_arguments().filter(|one| !matches!(one.get_id().as_str(), "help" | "version")) {
                assert!(one.get_help().is_some_and(|help| help.to_string().len() > 2), "{path} {}", one.get_id());
            }
            command.get_subcommands().for_each(|one| check(one, &format!("{path} {}", one.get_name())));
        }
        check(&command(), "imd");
    }

    #[test]
    fn every_command_that_a_help_line_names_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = vec![root.join("README.md")];
        files(&root.join("src"), &mut found);
        files(&root.join("assets"), &mut found);
        let mut seen = 0;
        for path in found.iter().filter(|path| !path.ends_with("arguments.rs")) {
            let text = std::fs::read_to_string(path).expect("a text");
            for line in text.lines().flat_map(commands) {
                seen += 1;
                assert_eq!(unknown_word(line), None, "`imd {line}` in {}", path.display());
            }
        }
        assert!(seen > 10, "only {seen} commands were found");
        assert_eq!(unknown_word("directory mend"), Some("mend"), "the test can fail");
        assert_eq!(unknown_word("setup --answer FILE"), Some("--answer"), "the test can fail");
    }
}
