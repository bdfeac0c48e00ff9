//! `imd directory|profile|storage|mapping|frequency|settings`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::check::Outcome;
use crate::model::count::{counted, grouped};
use crate::model::job::Job;
use crate::model::moment::minute;
use crate::model::name::Name;
use crate::present::{directory, mapping, profile, storage};
use crate::wizard::answers::Table;

use super::output::Output;
use super::{Failure, edit};

#[derive(Debug, Subcommand)]
pub(super) enum Directories {
    /// List the directories
    List,
    /// Show all settings of a directory
    Show {
        /// The name of the directory
        name: Name,
    },
    /// Add a directory
    #[command(after_help = Table::Directory.help())]
    Add {
        /// The name of the directory
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Change a directory
    #[command(after_help = Table::Directory.help())]
    Edit {
        /// The name of the directory
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// List the OUs of a directory, with their DNs
    Browse {
        /// The name of the directory
        name: Name,
        /// List the OUs below this DN; default: below the domain
        dn: Option<String>,
    },
    /// Connect to a directory and report each check
    Test {
        /// The name of the directory
        name: Name,
    },
    /// Find the domain controllers of a domain in DNS
    Discover {
        /// The domain's DNS name, such as corp.example.com
        domain: String,
        /// List controllers of this site first
        #[arg(long, value_name = "SITE")]
        site: Option<String>,
        /// Query this name server, as ADDRESS or ADDRESS:PORT; default: the name server of this host
        #[arg(long, value_name = "ADDRESS", value_parser = dns_server)]
        dns_server: Option<SocketAddr>,
    },
    /// Remove a directory that no mapping uses
    Remove {
        /// The name of the directory
        name: Name,
    },
}

/// `10.0.0.1`, `10.0.0.1:5353`, `[::1]:5353`
fn dns_server(text: &str) -> Result<SocketAddr, String> {
    let bare = || text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    text.parse().or_else(|_| bare()).map_err(|_| "an IP address expected".to_owned())
}

#[derive(Debug, Subcommand)]
pub(super) enum Profiles {
    /// List the profiles
    List,
    /// Show all settings of a profile
    Show {
        /// The name of the profile
        name: Name,
    },
    /// Add a profile
    #[command(after_help = Table::Profile.help())]
    Add {
        /// The name of the profile
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Change a profile
    #[command(after_help = Table::Profile.help())]
    Edit {
        /// The name of the profile
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Manage users who are added to a profile individually
    #[command(subcommand)]
    Users(ProfileUsers),
    /// Remove a profile that no mapping uses
    Remove {
        /// The name of the profile
        name: Name,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ProfileUsers {
    /// Add the users of a CSV file to a profile
    Import {
        /// The CSV file; its header line has the column mail and, optionally, name
        file: PathBuf,
        /// The name of the profile
        #[arg(long, value_name = "NAME")]
        profile: Name,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Storages {
    /// List the storages
    List,
    /// Show all settings of a storage
    Show {
        /// The name of the storage
        name: Name,
    },
    /// Add a storage
    #[command(after_help = Table::Storage.help())]
    Add {
        /// The name of the storage
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Change a storage
    #[command(after_help = Table::Storage.help())]
    Edit {
        /// The name of the storage
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Remove a storage that no mapping uses
    Remove {
        /// The name of the storage
        name: Name,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Mappings {
    /// List the mappings in order of priority
    List,
    /// Show all settings of a mapping
    Show {
        /// The name of the mapping
        name: Name,
    },
    /// Add a mapping with the lowest priority
    #[command(after_help = Table::Mapping.help())]
    Add {
        /// The name of the mapping
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Change a mapping
    #[command(after_help = Table::Mapping.help())]
    Edit {
        /// The name of the mapping
        name: Name,
        #[command(flatten)]
        answers: edit::Answers,
    },
    /// Copy a mapping; the copy has the lowest priority and is disabled
    Duplicate {
        /// The name of the mapping to copy
        name: Name,
        /// The name of the copy
        new: Name,
    },
    /// Show how many users match, and which are excluded and why
    Preview {
        /// The name of the mapping
        name: Name,
    },
    /// Explain why each mapping matches a user or not, condition by condition, and what to change
    Explain {
        /// CORP\name, UPN, mail, alias, DN or GUID of a user, cached or not
        user: String,
        /// Explain only this mapping, with the users of its directory
        #[arg(long, value_name = "NAME", conflicts_with = "directory")]
        mapping: Option<Name>,
        /// Search only this directory
        #[arg(long, value_name = "NAME")]
        directory: Option<Name>,
    },
    /// Set the priority of mappings: a user belongs to the first mapping that matches
    ///
    /// Shows first which users would change mapping, profile, storage or quota. If any would, nothing is changed
    /// without --yes (exit code 3).
    Order {
        /// The mappings, highest priority first; mappings that are not named follow
        #[arg(value_name = "NAME", required = true)]
        names: Vec<Name>,
    },
    /// Disable a mapping: it matches no user, and its current users are kept
    Disable {
        /// The name of the mapping
        name: Name,
    },
    /// Enable a mapping
    Enable {
        /// The name of the mapping
        name: Name,
    },
    /// Remove a mapping
    Remove {
        /// The name of the mapping
        name: Name,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Frequency {
    /// Show the sync interval and the next syncs
    Show,
    /// Change the sync interval
    #[command(after_help = edit::frequency_help())]
    Set(edit::Answers),
}

#[derive(Debug, Subcommand)]
pub(super) enum Settings {
    /// Show the limits and authentication methods for every activation
    Show,
    /// Change the limits and authentication methods for every activation
    #[command(after_help = Table::Settings.help())]
    Set(edit::Answers),
}

pub(super) fn directory(engine: &Engine, verb: Directories, output: &Output) -> Result<(), Failure> {
    match verb {
        Directories::List => Ok(output.list_of(&engine.directories()?, directory::COLUMNS, Clone::clone)?),
        Directories::Test { name } => {
            let unknown = || crate::engine::Error::Unknown { what: "directory", name: name.clone() };
            let directory = engine.directory(&name)?.ok_or_else(unknown)?.value;
            let mut checks = Vec::new();
            engine.check_directory(&directory, None, &Job::unwatched(), &mut |check| {
                if check.outcome != Outcome::Running {
                    checks.push(check);
                }
            })?;
            output.list(&checks, ["CHECK", "OUTCOME", "EVIDENCE"], |check| {
                [check.name.to_string(), check.outcome.word().to_owned(), check.evidence.clone()]
            })?;
            match checks.into_iter().find(|check| check.outcome == Outcome::Failed) {
                None => Ok(()),
                Some(check) => Err(Failure::Plain {
                    message: format!("{} failed: {}", check.name, check.evidence),
                    help: check.help.unwrap_or_default(),
                }),
            }
        }
        Directories::Discover { domain, site, dns_server } => {
            let found = engine.discover(&domain, site.as_deref(), dns_server, &Job::unwatched())?;
            Ok(output.list(&found, ["ADDRESS", "PRIORITY", "WEIGHT", "NOTE"], |one| {
                let note = match (one.of_site, one.within_domain) {
                    (_, false) => "outside the domain: verify it",
                    (true, true) => "in the site",
                    (false, true) => "",
                };
                [one.url.to_string(), one.priority.to_string(), one.weight.to_string(), note.to_owned()]
            })?)
        }
        Directories::Show { name } => edit::show(engine, Table::Directory, &name, output),
        Directories::Add { name, answers } => edit::add(engine, Table::Directory, &name, &answers, output),
        Directories::Edit { name, answers } => edit::edit(engine, Table::Directory, Some(&name), &answers, output),
        Directories::Browse { name, dn } => {
            let units = engine.units(&name, dn.as_deref(), &Job::unwatched())?;
            Ok(output.list(&units, ["NAME", "DN", ""], |unit| {
                let more = if unit.has_children { "more below" } else { "" };
                [unit.name.shown(), unit.dn.shown(), more.to_owned()]
            })?)
        }
        Directories::Remove { name } => {
            engine.remove_directory(&name)?;
            removed("directory", &name, output)
        }
    }
}

pub(super) fn profile(engine: &Engine, verb: Profiles, output: &Output) -> Result<(), Failure> {
    match verb {
        Profiles::List => Ok(output.list_of(&engine.profiles()?, profile::COLUMNS, Clone::clone)?),
        Profiles::Users(ProfileUsers::Import { file, profile }) => {
            let count = engine.import_profile_users(&profile, &file)?;
            let document = serde_json::json!({ "profile": profile, "added": count });
            Ok(output
                .done(&document, &format!("{} added to the profile \"{profile}\".", counted(count, "user", "users")))?)
        }
        Profiles::Show { name } => edit::show(engine, Table::Profile, &name, output),
        Profiles::Add { name, answers } => edit::add(engine, Table::Profile, &name, &answers, output),
        Profiles::Edit { name, answers } => edit::edit(engine, Table::Profile, Some(&name), &answers, output),
        Profiles::Remove { name } => {
            engine.remove_profile(&name)?;
            removed("profile", &name, output)
        }
    }
}

pub(super) fn storage(engine: &Engine, verb: Storages, output: &Output) -> Result<(), Failure> {
    match verb {
        Storages::List => Ok(output.list_of(&engine.storages()?, storage::COLUMNS, Clone::clone)?),
        Storages::Show { name } => edit::show(engine, Table::Storage, &name, output),
        Storages::Add { name, answers } => edit::add(engine, Table::Storage, &name, &answers, output),
        Storages::Edit { name, answers } => edit::edit(engine, Table::Storage, Some(&name), &answers, output),
        Storages::Remove { name } => {
            engine.remove_storage(&name)?;
            removed("storage", &name, output)
        }
    }
}

pub(super) fn mapping(engine: &Engine, verb: Mappings, yes: bool, output: &Output) -> Result<(), Failure> {
    match verb {
        Mappings::List => {
            if output.is_json() {
                return Ok(output.document(&serde_json::json!({ "items": engine.mappings()? }))?);
            }
            Ok(output.rows_of(&mapping::rows(engine)?, mapping::COLUMNS)?)
        }
        Mappings::Preview { name } => {
            let unknown = || crate::engine::Error::Unknown { what: "mapping", name: name.clone() };
            let mapping = engine.mapping(&name)?.ok_or_else(unknown)?.value;
            let preview = engine.preview(&mapping, &Job::unwatched())?;
            if output.is_json() {
                return Ok(output.document(&preview)?);
            }
            output.note(&format!(
                "{} match; {}.",
                counted(preview.matched, "user", "users"),
                preview.excluded_summary()
            ))?;
            for (other, users) in &preview.also {
                output.note(&format!("{} of these also match the later mapping \"{other}\".", grouped(*users)))?;
            }
            Ok(output.list(&preview.excluded, ["USER", "REASON", "TO DO"], |left| {
                [left.label.shown(), left.why.to_string(), left.why.remedy().to_owned()]
            })?)
        }
        Mappings::Explain { user, mapping, directory } => {
            super::explain::mappings(engine, &user, mapping.as_ref(), directory.as_ref(), output)
        }
        Mappings::Order { names } => order(engine, &names, yes, output),
        Mappings::Show { name } => edit::show(engine, Table::Mapping, &name, output),
        Mappings::Add { name, answers } => edit::add(engine, Table::Mapping, &name, &answers, output),
        Mappings::Edit { name, answers } => edit::edit(engine, Table::Mapping, Some(&name), &answers, output),
        Mappings::Duplicate { name, new } => {
            engine.duplicate_mapping(&name, &new)?;
            let kept = engine.mapping(&new)?;
            Ok(output.done(
                &kept,
                &format!("\"{new}\" is a copy of \"{name}\". It has the lowest priority and is disabled."),
            )?)
        }
        Mappings::Disable { name } => enable(engine, &name, false, output),
        Mappings::Enable { name } => enable(engine, &name, true, output),
        Mappings::Remove { name } => {
            engine.remove_mapping(&name)?;
            removed("mapping", &name, output)
        }
    }
}

fn enable(engine: &Engine, name: &Name, on: bool, output: &Output) -> Result<(), Failure> {
    let changed = engine.enable_mapping(name, on)?.changed;
    let document = serde_json::json!({ "mapping": name, "enabled": on, "changed": changed });
    let word = if on { "enabled" } else { "disabled" };
    let what = if changed { format!("is {word}") } else { format!("was already {word}") };
    Ok(output.done(&document, &format!("The mapping \"{name}\" {what}."))?)
}

fn removed(what: &str, name: &Name, output: &Output) -> Result<(), Failure> {
    Ok(output
        .done(&serde_json::json!({ "removed": what, "name": name }), &format!("The {what} \"{name}\" is removed."))?)
}

/// Shows which users would move to another mapping, then saves the order.
fn order(engine: &Engine, names: &[Name], yes: bool, output: &Output) -> Result<(), Failure> {
    let found = match engine.reordered(names, &Job::unwatched()) {
        Ok(found) => found,
        // With --yes, the order is saved even if no directory can be read.
        Err(error) if yes && !matches!(error, crate::engine::Error::Unknown { .. }) => {
            output.note(&format!("it is unknown which users would move: {error}"))?;
            return Ok(engine.order_mappings(names)?);
        }
        Err(error) => return Err(error.into()),
    };
    let saved = yes || found.moves.is_empty();
    if saved {
        engine.order_mappings(names)?;
    }
    if output.is_json() {
        output.document(&serde_json::json!({ "saved": saved, "effect": found }))?;
    } else if found.moves.is_empty() {
        output.note("No user moves to another mapping.")?;
    } else {
        output.list(&found.moves, ["USERS", "FROM", "TO", "CHANGE", "EXAMPLES"], |one| {
            let gets: Vec<_> = one.gets.iter().map(ToString::to_string).collect();
            let sample: Vec<_> = one.sample.iter().map(crate::model::text::Untrusted::shown).collect();
            [grouped(one.users), one.from.to_string(), one.to.to_string(), gets.join("; "), sample.join(", ")]
        })?;
    }
    if saved {
        return Ok(());
    }
    let users: u64 = found.moves.iter().map(|one| one.users).sum();
    let read_at = crate::model::moment::minute(found.read_at);
    Err(Failure::NeedsYou {
        message: format!(
            "{} would move to another mapping, as read at {read_at}; nothing was changed",
            counted(users, "user", "users")
        ),
        help: "repeat with --yes to save the order; the users move at the next sync".to_owned(),
    })
}

pub(super) fn frequency(engine: &Engine, verb: Option<&Frequency>, output: &Output) -> Result<(), Failure> {
    if let Some(Frequency::Set(answers)) = verb {
        return edit::edit(engine, Table::Frequency, None, answers, output);
    }
    let frequency = engine.frequency()?.map(|kept| kept.value).unwrap_or_default();
    let next = frequency.next_runs(engine.now(), engine.last_sync()?, 3);
    let shown: Vec<_> = next.iter().map(|run| minute(run.timestamp())).collect();
    let runs: Vec<_> = next.iter().map(|run| run.strftime("%Y-%m-%d %H:%M %:z").to_string()).collect();
    let mut lines = edit::lines(engine, Table::Frequency, None)?;
    lines.push(("next runs".to_owned(), shown.join(", ")));
    let lines: Vec<_> = lines.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    Ok(output.one(&serde_json::json!({ "frequency": frequency, "next_runs": runs }), &lines)?)
}

pub(super) fn settings(engine: &Engine, verb: Option<&Settings>, output: &Output) -> Result<(), Failure> {
    if let Some(Settings::Set(answers)) = verb {
        return edit::edit(engine, Table::Settings, None, answers, output);
    }
    let settings = engine.settings()?.map(|kept| kept.value).unwrap_or_default();
    let lines = edit::lines(engine, Table::Settings, None)?;
    let lines: Vec<_> = lines.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    Ok(output.one(&settings, &lines)?)
}
