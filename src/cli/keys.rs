//! `imd keys`: what signs tokens, and who may verify them.

use std::path::PathBuf;

use clap::Subcommand;

use crate::engine::{Engine, Key};
use crate::store::KeyState;

use super::backup::passphrase;
use super::output::Output;
use super::token::Limits;
use super::{Faces, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the keys, with the public half that verifies tokens
    List,
    /// Make a new signing key; tokens of the one before stay good
    Rotate,
    /// Write the signing key to a new file, for a host without a network that is to make tokens for this service
    Export {
        file: PathBuf,
        /// Say what it is: whoever opens the file can make tokens, and nothing else
        #[arg(long, required = true)]
        sign_only: bool,
        /// A file that holds the passphrase which opens it, 12 characters or more; asked for when absent
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        limits: Limits,
    },
    /// Take in a key that `imd keys export` wrote: what is made here is then good at that service
    Import {
        file: PathBuf,
        /// A file that holds the passphrase; asked for when absent
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Refuse every token of a key from the next request on
    Revoke {
        /// Its id, as `imd keys list` names it
        id: String,
    },
}

pub(super) fn run(
    engine: &Engine,
    verb: Option<&Verb>,
    yes: bool,
    faces: &Faces<'_>,
    output: &Output,
) -> Result<(), Failure> {
    match verb {
        None | Some(Verb::List) => {
            Ok(output.list(&engine.keys()?, ["KEY", "STATE", "MADE", "TOKENS", "SIGNS FOR", "PUBLIC"], |key| {
                [
                    key.id.clone(),
                    key.state.word().to_owned(),
                    crate::model::moment::minute(key.created_at),
                    key.tokens.to_string(),
                    key.signs_for.as_ref().map_or("this one", |other| other.issuer.as_str()).to_owned(),
                    key.public.clone(),
                ]
            })?)
        }
        Some(Verb::Export { file, passphrase_file, limits, .. }) => {
            let passphrase = passphrase(passphrase_file.as_deref(), true, faces)?;
            shown(&engine.export_key(file, limits.scope(), &passphrase)?, output)
        }
        Some(Verb::Import { file, passphrase_file }) => {
            let passphrase = passphrase(passphrase_file.as_deref(), false, faces)?;
            shown(&engine.import_key(file, &passphrase)?, output)
        }
        Some(Verb::Rotate) => shown(&engine.rotate_keys()?, output),
        Some(Verb::Revoke { id }) => {
            let found = engine.keys()?.into_iter().find(|key| key.id == *id);
            let Some(key) = found else { return Err(unknown(id)) };
            if key.tokens > 0 && key.state != KeyState::Revoked && !yes {
                return Err(Failure::NeedsYou {
                    message: format!("{} tokens that this key signed would be refused from now on", key.tokens),
                    help: "look at them with `imd token list`; to refuse them all, give --yes as well".to_owned(),
                });
            }
            engine.revoke_key(id)?;
            let now = engine.keys()?.into_iter().find(|key| key.id == *id);
            now.map_or_else(|| Err(unknown(id)), |key| shown(&key, output))
        }
    }
}

fn shown(key: &Key, output: &Output) -> Result<(), Failure> {
    let lines = [
        ("key", key.id.clone()),
        ("state", key.state.word().to_owned()),
        ("public", key.public.clone()),
        ("tokens", key.tokens.to_string()),
    ];
    Ok(output.one(key, &lines)?)
}

fn unknown(id: &str) -> Failure {
    Failure::Plain {
        message: format!("no key has the id {}", crate::model::text::shown(id)),
        help: "list them with `imd keys list`".to_owned(),
    }
}
