//! `imd keys`: the keys that sign tokens.

use std::path::PathBuf;

use clap::Subcommand;

use crate::engine::{Engine, Key};
use crate::present::key;
use crate::store::KeyState;

use super::backup::passphrase;
use super::output::Output;
use super::token::Limits;
use super::{Faces, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the keys, with the public keys that verify tokens
    List,
    /// Create a new signing key; tokens of the previous key stay valid
    Rotate,
    /// Write the signing key to a new file, so that an offline host can create tokens for this service
    Export {
        /// Write to this new file
        file: PathBuf,
        /// Confirm that the file and its passphrase allow their holder to create tokens, and nothing else
        #[arg(long, required = true)]
        sign_only: bool,
        /// Read the passphrase from this file, at least 12 characters; default: ask for it
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        limits: Limits,
    },
    /// Import a key that `imd keys export` wrote, to create tokens for that service
    Import {
        /// The file that `imd keys export` wrote
        file: PathBuf,
        /// Read the passphrase from this file; default: ask for it
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Refuse all tokens of a key from the next request on
    Revoke {
        /// The key id, as `imd keys list` shows it
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
        None | Some(Verb::List) => Ok(output.list_of(&engine.keys()?, key::COLUMNS, Clone::clone)?),
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
                    message: format!("revoking this key refuses {} tokens that it signed", key.tokens),
                    help: "review them with `imd token list`, then repeat the command with --yes".to_owned(),
                });
            }
            engine.revoke_key(id)?;
            let now = engine.keys()?.into_iter().find(|key| key.id == *id);
            now.map_or_else(|| Err(unknown(id)), |key| shown(&key, output))
        }
    }
}

fn shown(key: &Key, output: &Output) -> Result<(), Failure> {
    Ok(output.facts(key, "Key", &key.id, &key::facts(key))?)
}

fn unknown(id: &str) -> Failure {
    Failure::Plain {
        message: format!("no key has the id {}", crate::model::text::shown(id)),
        help: "`imd keys list` lists the keys".to_owned(),
    }
}
