//! Writes a deployment as the files that each deployment tool needs.
//!
//! May import `token`, `secrets` and `model`. The files of a tool and the parameters of an agent's installer are data:
//! `assets/targets/` and `assets/agents/`, and folders of the same names in the state folder, which add to them or
//! replace them by id. `assets/targets/README.md` describes how to add one. The code keeps that data safe: every value
//! passes a quoting filter ([`Grammar`]), a value that a tool cannot represent is refused before anything is written,
//! and a folder is written completely or not at all.

mod agent;
mod check;
mod definition;
mod facts;
mod library;
mod manifest;
mod prove;
mod quote;
mod render;
mod target;
mod templates;
mod value;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::installer::Proxy;
pub use crate::model::installer::TokenDelivery;
use crate::model::name::Name;
use crate::model::token::TokenId;
use crate::secrets::Secret;

pub use agent::{Agent, Property, TokenFrom};
pub use check::{Checked, Finding, Tokens, What, check};
pub use library::{agents, targets};
pub use manifest::{Exposure, Manifest, ManifestFile, ManifestToken, ManifestValue};
pub use prove::{ReadBack, Verdict};
pub use quote::Grammar;
pub use render::{File, Rendered, render};
pub use target::{Platform, Target};
pub use value::Kind;
pub use write::write;

/// The input of an export. The same deployment gives the same bytes.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it holds the token")]
pub struct Deployment {
    pub agent: Agent,
    /// The installation's id. Identifiers that must be the same in each export are derived from it.
    pub installation: String,
    /// A token of imd or of another server: see [`Agent::token`].
    pub token: Secret,
    /// Absent for a token of another server.
    pub token_id: Option<TokenId>,
    pub token_name: Name,
    pub token_expires_at: Option<Timestamp>,
    /// How the token is carried if the target supports both ways.
    pub token_delivery: TokenDelivery,
    /// `https://host[:port]`, tried in order.
    pub servers: Vec<String>,
    pub proxy: Proxy,
    /// The values that the administrator filled in, by the keys of the agent's properties.
    pub properties: BTreeMap<String, String>,
}

/// Why an export failed. Never contains the token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} is not a valid agent or target definition: {why}")]
    Definition { path: String, why: String },
    #[error("cannot render the template {template} of the target {target}: {why}")]
    Template { target: String, template: String, why: String },
    #[error("the agent {agent} has no property {key:?}")]
    UnknownProperty {
        agent: String,
        key: String,
        /// The nearest property of the agent.
        nearest: Option<String>,
    },
    #[error("{label} is not filled in, and {target} requires it")]
    Missing { target: String, key: String, label: String, help: String },
    #[error("{label} is {value:?}, which {why}")]
    Unfit { label: String, value: String, why: &'static str },
    #[error("{target} cannot represent {what}: it {why}")]
    Refused { target: String, what: String, why: &'static str },
    #[error("the agent {agent} has no installer for {}, the platform of {target}", platform.title())]
    NoInstaller { agent: String, target: String, platform: Platform },
    #[error("the agent {agent} does not read {what}, which {target} writes")]
    NoSettings { agent: String, target: String, what: &'static str },
    #[error("the agent {agent} does not accept this token: {why}")]
    WrongToken { agent: String, why: &'static str },
    #[error("there is no server, and the agent {agent} requires one")]
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
    #[error("{path} already exists, and is not an export of this target")]
    NotAnExport { path: String },
    #[error("{path} is an earlier export, but its file {file} was changed since")]
    Edited { path: String, file: String },
    #[error("{path} is an earlier export, but contains the folder {file}, which is not part of it")]
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
            Self::UnknownProperty { nearest: None, .. } => "remove this property".to_owned(),
            Self::Missing { key, help, .. } => {
                format!("fill in {key}{}{help}", if help.is_empty() { "" } else { ": " })
            }
            Self::Unfit { label, .. } => format!("correct {label} in step 7"),
            Self::Refused { .. } => "choose another value, or do not export this target".to_owned(),
            Self::NoInstaller { .. } | Self::NoSettings { .. } => "choose another target or another agent".to_owned(),
            Self::WrongToken { .. } => "choose the agent that the token is for".to_owned(),
            Self::NoServer { .. } => "add a server to the token in step 6".to_owned(),
            Self::File { doing: "reading", .. } => "check the path and its permissions".to_owned(),
            Self::File { path, .. } => format!("check the permissions and the free space of {path}"),
            Self::NoExport { .. } => {
                "give the folder that `imd export` wrote, or the folder of a target in it".to_owned()
            }
            Self::NotAnExport { .. } => "choose another folder, or move this folder away".to_owned(),
            Self::Edited { file, .. } => format!("move {file} away to keep it, or choose another folder"),
            Self::Foreign { file, .. } => format!("move the folder {file} away, or choose another output folder"),
        }
    }
}
