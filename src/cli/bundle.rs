//! `imd bundle`: tokens, revocations and users across an air gap.

use std::path::PathBuf;

use clap::Subcommand;

use crate::engine::{Carried, Engine};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write the tokens and revocations of this installation to a new, signed file
    Out {
        /// Write to this new file
        file: PathBuf,
        /// Include this LDIF file
        #[arg(long, value_name = "FILE")]
        ldif: Option<PathBuf>,
    },
    /// Import a bundle of the other side; what is revoked here stays revoked
    In {
        /// The file that `imd bundle out` wrote
        file: PathBuf,
        /// Write the included LDIF to this new file
        #[arg(long, value_name = "FILE")]
        ldif: Option<PathBuf>,
    },
}

pub(super) fn run(engine: &Engine, verb: &Verb, output: &Output) -> Result<(), Failure> {
    let (file, carried, tokens) = match verb {
        Verb::Out { file, ldif } => (file, engine.write_bundle(file, ldif.as_deref())?, "tokens"),
        Verb::In { file, ldif } => (file, engine.read_bundle(file, ldif.as_deref())?, "tokens registered"),
    };
    let Carried { tokens: count, replaced, revoked, revoked_keys, ldif } = &carried;
    let mut lines = vec![
        ("bundle", file.display().to_string()),
        (tokens, count.to_string()),
        ("tokens replaced", replaced.to_string()),
        ("tokens revoked", revoked.to_string()),
        ("keys revoked", revoked_keys.to_string()),
    ];
    lines.extend(ldif.iter().map(|ldif| ("ldif", ldif.display().to_string())));
    Ok(output.one(&carried, &lines)?)
}
