//! What may be written on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::{accounts, audit, backup, bundle, configuration, devices, keys, report, serve, sync, token, users};
use crate::model::installer::TokenBy;
use crate::model::name::Name;

/// Integrated mass deployment: from an Active Directory to activated laptops, in seven steps.
///
/// Without a verb, the console opens: on the wizard while something is missing, at the step you left.
#[derive(Debug, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "they are switches that can all be given at once")]
#[command(name = "imd", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Where imd keeps its state
    #[arg(long, value_name = "DIR", env = "IMD_STATE", global = true)]
    pub(super) state: Option<PathBuf>,
    /// Write one JSON document
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say nothing that was not asked for
    #[arg(long, global = true)]
    pub(super) quiet: bool,
    /// Color in the console
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(super) color: Color,
    /// Answer yes to whatever would be asked
    #[arg(long, global = true)]
    pub(super) yes: bool,
    /// Change nothing
    #[arg(long, global = true)]
    pub(super) read_only: bool,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done; 1 failed; 2 wrong usage, or no usable terminal; 3 stopped, because it needs you.";

/// Whether the console may use color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Try the console over a sample directory; nothing is kept
    Demo {
        /// Start with these answers in the forms
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
    },
    /// Walk through the seven steps, or replay them from a file
    Setup {
        /// Apply these answers and exit
        #[arg(long, value_name = "FILE", conflicts_with = "plain")]
        answers: Option<PathBuf>,
        /// Ask line by line: for screen readers and serial lines
        #[arg(long)]
        plain: bool,
        /// Write what is set up to an answers file, without its secrets, and exit
        #[arg(long, value_name = "FILE", conflicts_with_all = ["plain", "answers"])]
        export: Option<PathBuf>,
    },
    /// Directories: where users come from
    #[command(subcommand)]
    Directory(configuration::Directories),
    /// Profiles: what users get
    #[command(subcommand)]
    Profile(configuration::Profiles),
    /// Storages: where their data goes
    #[command(subcommand)]
    Storage(configuration::Storages),
    /// Mappings: which users get what
    #[command(subcommand)]
    Mapping(configuration::Mappings),
    /// How often the directories are read
    Frequency {
        #[command(subcommand)]
        verb: Option<configuration::Frequency>,
    },
    /// What holds for every activation
    Settings {
        #[command(subcommand)]
        verb: Option<configuration::Settings>,
    },
    /// Read the directories and bring the cache up to date
    Sync(sync::Arguments),
    /// Find cached users: list, look at one, write them down, forget who has left
    #[command(args_conflicts_with_subcommands = true)]
    Users {
        #[command(subcommand)]
        verb: Option<users::Verb>,
        #[command(flatten)]
        list: users::List,
    },
    /// Say why a user is or is not activated: the first broken link, and what to do
    Explain {
        /// CORP\name, UPN, mail, alias, DN or GUID; the user need not be cached. Or the correlation id that a refused laptop shows
        user: String,
        /// Look in this directory only
        #[arg(long, value_name = "NAME")]
        directory: Option<Name>,
    },
    /// Mass deployment tokens
    #[command(subcommand)]
    Token(token::Verb),
    /// The keys that sign tokens; `imd keys` alone lists them
    Keys {
        #[command(subcommand)]
        verb: Option<keys::Verb>,
    },
    /// Carry registrations, revocations and users across an air gap
    #[command(subcommand)]
    Bundle(bundle::Verb),
    /// Write what deployment tools need: `imd export list`, `imd export TARGET... --token NAME --out DIR`,
    /// `imd export written`, `imd export again NUMBER`, or `imd export check DIR`
    Export {
        /// Targets; or the word list or written; or check and a folder; or again and a number
        #[arg(required = true)]
        targets: Vec<String>,
        /// With check: read each file back with a reader of this host that is none of imd's own
        #[arg(long)]
        prove: bool,
        /// With check: ask no server for its certificate
        #[arg(long)]
        offline: bool,
        /// The token that the laptops present
        #[arg(long, value_name = "NAME")]
        token: Option<String>,
        /// How the token travels, where a target can do either: in a file of its own, or inline, among the other values
        #[arg(long, value_name = "file|inline")]
        token_by: Option<TokenBy>,
        /// The folder to write to; each target gets a folder in it
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Answer laptops over HTTPS, and read the directories when it is time
    Serve(serve::Serve),
    /// Refuse enrollments and activations for a while
    Pause {
        /// How long ("2h"), or until when ("2026-11-24T18:00:00Z"); absent: until `imd resume`
        #[arg(long, value_name = "TIME")]
        until: Option<serve::Until>,
    },
    /// Let laptops enroll and activate again
    Resume,
    /// Laptops: find, revoke, free
    #[command(args_conflicts_with_subcommands = true)]
    Devices {
        #[command(subcommand)]
        verb: Option<devices::Verb>,
        /// An id, a state, or part of a host name, a serial number or a user's name
        query: Option<String>,
        /// How many to show, newest first
        #[arg(long, default_value_t = 100)]
        limit: u64,
    },
    /// Accounts: what users got at their first activation
    #[command(args_conflicts_with_subcommands = true)]
    Accounts {
        #[command(subcommand)]
        verb: Option<accounts::Verb>,
        /// Part of a name or a mail
        query: Option<String>,
        /// Those of users who left, and whose days are over
        #[arg(long)]
        due: bool,
        /// How many to show
        #[arg(long, default_value_t = 100)]
        limit: u64,
    },
    /// Look for what is wrong, or soon will be, and say what to do; exit code 3 when something is
    Doctor {
        /// Ask no directory whether it can be reached
        #[arg(long)]
        offline: bool,
    },
    /// Write to stdout what completes imd's words in a shell: `imd completions bash` tells that shell's own way to load it
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Write a man page for imd and for each of its verbs into a folder
    Man {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// How far the setup is, how the cache and the activations are, and what needs you
    Status,
    /// Write the whole state to one file, sealed with a passphrase; the service may run
    Backup(backup::Sealed),
    /// Put the state of a backup in place; over another with --yes
    Restore(backup::Sealed),
    /// How far the rollout is and what is stuck, for whoever pays for it
    Report(report::Arguments),
    /// Who changed what
    #[command(args_conflicts_with_subcommands = true)]
    Audit {
        #[command(subcommand)]
        verb: Option<audit::Verb>,
        #[command(flatten)]
        filter: audit::Filter,
    },
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory as _;

    use super::*;

    /// What stands between `imd ` and the end of the code span, for each code span of a text.
    fn commands(text: &str) -> Vec<&str> {
        let spans = text.split('`').skip(1).step_by(2);
        spans.filter_map(|span| span.strip_prefix("imd ")).filter(|rest| !rest.contains('\n')).collect()
    }

    /// The first word of `line` that is no verb and no option where it stands.
    fn unknown_word(line: &str) -> Option<&str> {
        // What a format string fills in is not known here.
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
                // Where a verb must come, nothing else may; elsewhere it is a value.
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
