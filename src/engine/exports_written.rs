//! Exports that were written: where, by whom, with which token, and what has become of both; and one of them again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::model::audit::Actor;
use crate::model::installer::{Inputs, Installer};
use crate::model::name::Name;
use crate::model::token::{Record, State, TokenId};
use crate::store::Export;

use super::exports::manifest_in;
use super::{Engine, Error, Written};

/// An export as it was written, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WrittenExport {
    pub id: i64,
    pub at: Timestamp,
    pub by: Actor,
    pub target: String,
    pub folder: PathBuf,
    /// The agent that it installs; absent for one of before that was kept.
    pub agent: Option<String>,
    /// Absent for a token that the agent's own product issued.
    pub token: Option<Carries>,
    /// False when the same folder was written again since.
    pub newest: bool,
    /// Whether the folder holds an export for that target with that token now.
    pub there: bool,
}

/// The token of an export, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Carries {
    pub id: TokenId,
    pub name: Name,
    pub state: State,
    pub ends_at: Option<Timestamp>,
}

impl Engine {
    /// What was written, the newest first.
    pub fn written_exports(&self) -> Result<Vec<WrittenExport>, Error> {
        let (now, tokens) = (self.now(), self.store().tokens()?);
        let mut folders = std::collections::HashSet::new();
        let written = |export: Export| {
            let newest = folders.insert(export.folder.clone());
            let record = tokens.iter().find(|record| Some(&record.id) == export.token.as_ref());
            let carries = |record: &Record| Carries {
                id: record.id.clone(),
                name: record.name.clone(),
                state: record.state(now),
                ends_at: record.ends_at(),
            };
            let there = is_there(&export);
            WrittenExport {
                id: export.id,
                at: export.at,
                by: export.by,
                target: export.target,
                folder: export.folder,
                agent: export.inputs.map(|inputs| inputs.agent),
                token: record.map(carries),
                newest,
                there,
            }
        };
        Ok(self.store().exports()?.into_iter().map(written).collect())
    }

    /// Writes an export once more from what it was made from: with its token, or with the one that has taken its place
    /// under its name.
    ///
    /// # Errors
    /// [`Error::NoExport`]; [`Error::DeadToken`] when no token of that name is good.
    pub fn write_again(&self, id: i64) -> Result<Written, Error> {
        let exports = self.store().exports()?;
        let export = exports.into_iter().find(|export| export.id == id).ok_or(Error::NoExport(id))?;
        let record = match &export.token {
            Some(token) => self.store().tokens()?.into_iter().find(|record| record.id == *token),
            None => None,
        };
        self.written_with(&export, record.map(|record| record.name))
    }

    /// Writes an export once more from what it was made from, with the valid token of that name.
    pub(super) fn written_with(&self, export: &Export, token: Option<Name>) -> Result<Written, Error> {
        let inputs = export.inputs.clone().map_or_else(|| self.settled_inputs(&export.folder), Ok)?;
        let installer = Installer {
            agent: inputs.agent,
            proxy: inputs.proxy,
            properties: inputs.properties,
            token_by: inputs.token_by,
            targets: vec![export.target.clone()],
            token,
            out: export.folder.parent().unwrap_or(Path::new("/")).to_owned(),
        };
        self.write_exports(&installer)?.pop().ok_or_else(|| Error::NoTarget(export.target.clone()))
    }

    /// What an export was made from that was written before that was kept: step 7 was the only place for it.
    fn settled_inputs(&self, folder: &Path) -> Result<Inputs, Error> {
        let settled = self.settled_installer()?;
        let there = manifest_in(folder).filter(|there| there.agent == settled.agent);
        let there = there.ok_or_else(|| Error::NotThatExport(folder.to_owned()))?;
        Ok(Inputs {
            agent: settled.agent,
            proxy: settled.proxy,
            properties: settled.properties,
            // As it does, whatever was settled since.
            token_by: there.token.travels_by,
        })
    }
}

/// Whether the folder of an export holds it now, with that token.
pub(super) fn is_there(export: &Export) -> bool {
    manifest_in(&export.folder).is_some_and(|there| there.target == export.target && there.token.id == export.token)
}
