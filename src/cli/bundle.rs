//! `imd bundle`: registrations, revocations and users across an air gap.

use std::path::PathBuf;

use clap::Subcommand;

use crate::engine::{Carried, Engine};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write what this state knows of tokens to a new, signed file
    Out {
        file: PathBuf,
        /// Carry this LDIF as well
        #[arg(long, value_name = "FILE")]
        ldif: Option<PathBuf>,
    },
    /// Take in what the other side wrote; what is revoked here stays so
    In {
        file: PathBuf,
        /// Write the LDIF that it carries to this new file
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
