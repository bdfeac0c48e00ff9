//! One deployment in the form that each deployment tool wants: files to copy, and what to do with them.
//!
//! May import `token`, `secrets` and `model`. Which files a tool wants, and what an agent's installer is told, is
//! data: `assets/targets/` and `assets/agents/`, and folders of the same names in the state directory, which add to
//! them or replace them by id. `assets/targets/README.md` tells how to add one. Here is only what keeps that data
//! safe: every value passes a quoting filter ([`Grammar`]), a value that a tool cannot carry is refused before
//! anything is written, and a folder is written whole or not at all.

mod agent;
mod check;
mod facts;
mod library;
mod prove;
mod quote;
mod render;
mod target;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::installer::Proxy;
pub use crate::model::installer::TokenBy;
use crate::model::name::Name;
use crate::model::token::TokenId;
use crate::secrets::Secret;

pub use agent::{Agent, Kind, Property, TokenFrom};
pub use check::{Checked, Finding, Tokens, What, check};
pub use library::{agents, targets};
pub use prove::{AuthMethod, Verdict};
pub use quote::Grammar;
pub use render::{Exposure, File, Rendered, render};
pub use target::{Platform, Target};
pub use write::{Manifest, ManifestFile, ManifestToken, ManifestValue, write};

/// Everything that an export is made from. The same deployment gives the same bytes.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it holds the token")]
pub struct Deployment {
    pub agent: Agent,
    /// The installation's id: what must stay the same from one export to the next is made from it.
    pub installation: String,
    /// Ours, or the one that was issued elsewhere: [`Agent::token`] says which.
    pub token: Secret,
    /// Absent for a token that was issued elsewhere.
    pub token_id: Option<TokenId>,
    pub token_name: Name,
    pub token_expires_at: Option<Timestamp>,
    /// How the token travels where both ways are open.
    pub token_by: TokenBy,
    /// `https://host[:port]`, tried in order.
    pub servers: Vec<String>,
    pub proxy: Proxy,
    /// What the administrator filled in, by the keys of the agent's properties.
    pub properties: BTreeMap<String, String>,
}

/// Why an export could not be made. Never says anything of the token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} is no description of an agent or a target: {why}")]
    Definition { path: String, why: String },
    #[error("the template {template} of the target {target} is wrong: {why}")]
    Template { target: String, template: String, why: String },
    #[error("the agent {agent} has no property {key:?}")]
    UnknownProperty {
        agent: String,
        key: String,
        /// The nearest one that it has.
        nearest: Option<String>,
    },
    #[error("{label} is not filled in, and {target} cannot do without it")]
    Missing { target: String, key: String, label: String, help: String },
    #[error("{label} is {value:?}, which {why}")]
    Unfit { label: String, value: String, why: &'static str },
    #[error("{target} cannot carry {what}: it {why}")]
    Refused { target: String, what: String, why: &'static str },
    #[error("the agent {agent} has no installer for {}, which {target} is for", platform.title())]
    NoInstaller { agent: String, target: String, platform: Platform },
    #[error("the agent {agent} takes no {what}, which {target} is made of")]
    NoSettings { agent: String, target: String, what: &'static str },
    #[error("the token is not one that the agent {agent} takes: {why}")]
    WrongToken { agent: String, why: &'static str },
    #[error("no server is named, and the agent {agent} needs one")]
    NoServer { agent: String },
    #[error("{doing} {path} failed: {source}")]
    File {
        /// `reading`, `writing`, `replacing`
        doing: &'static str,
        path: String,
        source: std::io::Error,
    },
    #[error("there is no export in {path}")]
    NoExport { path: String },
    #[error("{path} is there already, and it is no export of this target")]
    NotAnExport { path: String },
    #[error("{path} is an earlier export, but {file} in it was changed since")]
    Edited { path: String, file: String },
    #[error("{path} is an earlier export, but the folder {file} in it is not part of it")]
    Foreign { path: String, file: String },
}

impl Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Definition { path, .. } => format!("correct {path}; assets/targets/README.md describes the format"),
            Self::Template { target, .. } => {
                format!("correct the target {target}; assets/targets/README.md describes its templates")
            }
            Self::UnknownProperty { nearest: Some(nearest), .. } => format!("did you mean {nearest:?}?"),
            Self::UnknownProperty { nearest: None, .. } => "remove it".to_owned(),
            Self::Missing { key, help, .. } => {
                format!("fill in {key}{}{help}", if help.is_empty() { "" } else { ": " })
            }
            Self::Unfit { .. } => "correct it".to_owned(),
            Self::Refused { .. } => "choose another value, or leave this target out".to_owned(),
            Self::NoInstaller { .. } | Self::NoSettings { .. } => "choose another target, or another agent".to_owned(),
            Self::WrongToken { .. } => "choose the agent that the token was made for".to_owned(),
            Self::NoServer { .. } => "name a server in step 6".to_owned(),
            Self::File { doing: "reading", .. } => "check the path and its permissions".to_owned(),
            Self::File { path, .. } => format!("check that {path} can be written and that there is room"),
            Self::NoExport { .. } => "name the folder that `imd export` wrote, or one of a target in it".to_owned(),
            Self::NotAnExport { .. } => "choose another folder, or move this one away".to_owned(),
            Self::Edited { file, .. } => format!("move {file} away to keep it, or choose another folder"),
            Self::Foreign { file, .. } => format!("move {file} out of it, or choose another folder"),
        }
    }
}
