//! Step 7: previews and writes the exports for deployment tools.

use std::path::{Path, PathBuf};

use crate::export::{self, Agent, Checked, Deployment, Exposure, Manifest, Rendered, Target, TokenDelivery, TokenFrom};
use crate::model::Kept;
use crate::model::hash::sha256;
use crate::model::installer::{Inputs, Installer};
use crate::model::name::Name;
use crate::model::token::{Record, State, TokenId};
use crate::secrets::Secret;
use crate::token::{self, Refusal, Trusted};

use super::{Change, Engine, Error};

/// A file as step 7 shows it before it is written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PreviewFile {
    pub target: String,
    pub name: String,
    /// Without the token, and safe to show.
    pub text: String,
    /// Where the token can be read, by whom and for how long, for the whole target.
    pub exposure: String,
}

/// A folder that was written for a target.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    pub target: String,
    pub folder: PathBuf,
    pub files: Vec<String>,
    /// False when the folder already held exactly this.
    pub changed: bool,
    /// How these files carry the token.
    pub token_delivery: TokenDelivery,
    /// Where the token can be read after deployment.
    pub exposure: Vec<Exposure>,
}

impl Engine {
    /// The agents that can be installed: those built in and those of the state directory.
    pub fn agents(&self) -> Result<Vec<Agent>, Error> {
        Ok(export::agents(Some(self.state()))?)
    }

    /// The deployment tools that can be written for: those built in and those of the state directory.
    pub fn targets(&self) -> Result<Vec<Target>, Error> {
        Ok(export::targets(Some(self.state()))?)
    }

    pub fn installer(&self) -> Result<Option<Kept<Installer>>, Error> {
        Ok(self.store().document()?)
    }

    /// The saved values of step 7, used where an export gives none; its defaults before the first save.
    pub fn settled_installer(&self) -> Result<Installer, Error> {
        let settled = self.installer()?.map(|kept| kept.value);
        Ok(settled.unwrap_or(Installer { agent: "imd-activate".to_owned(), ..Installer::default() }))
    }

    /// Saves step 7 and, if given, the sealed token of the agent's own server.
    pub fn save_installer(
        &self,
        installer: &Installer,
        foreign: Option<&Secret>,
        expected: Option<u64>,
    ) -> Result<Change, Error> {
        let version = self.store().save_document(installer, expected, &self.by("export")?)?;
        let mut change = Change { version, changed: Some(version) != expected };
        if let Some(token) = foreign {
            change.changed |= self.seal(&foreign_label(&installer.agent), token, "export")?;
        }
        Ok(change)
    }

    /// Whether a token of the agent's own server is stored.
    pub fn has_foreign_token(&self, agent: &str) -> Result<bool, Error> {
        Ok(self.store().sealed(&foreign_label(agent))?.is_some())
    }

    /// The files that would be written, with the token masked.
    pub fn preview_exports(&self, installer: &Installer, foreign: Option<&Secret>) -> Result<Vec<PreviewFile>, Error> {
        let rendered = self.render(installer, foreign)?;
        let files = rendered.iter().flat_map(|rendered| {
            let places = rendered.exposure.iter();
            let places = places.map(|at| format!("{}: {}, {}", at.place, at.readers, at.until));
            let exposure = places.collect::<Vec<_>>().join("\n");
            rendered.files.iter().map(move |file| PreviewFile {
                target: rendered.target.clone(),
                name: file.name.clone(),
                text: file.preview(),
                exposure: exposure.clone(),
            })
        });
        Ok(files.collect())
    }

    /// Writes a folder for each target, whole or not at all.
    pub fn write_exports(&self, installer: &Installer) -> Result<Vec<Written>, Error> {
        let by = self.by("export")?;
        let rendered = self.render(installer, None)?;
        let folder = |rendered: &Rendered| installer.folder.join(&rendered.target);
        let there: Vec<_> = rendered.iter().map(|rendered| manifest_in(&folder(rendered))).collect();
        export::write(&rendered, &installer.folder)?;
        let recorded = self.store().exports()?;
        let inputs = Inputs {
            agent: installer.agent.clone(),
            proxy: installer.proxy.clone(),
            properties: installer.properties.clone(),
            token_delivery: installer.token_delivery,
        };
        let mut exports = Vec::new();
        for (rendered, there) in rendered.iter().zip(there) {
            let folder = folder(rendered);
            let changed = there.as_ref() != Some(&rendered.manifest);
            let token = rendered.manifest.token.id.as_ref();
            let is_this = |export: &crate::store::Export| {
                export.target == rendered.target && export.folder == folder && export.token.as_ref() == token
            };
            // An earlier run may have written this export without recording it, because the disk was full.
            if changed || !recorded.iter().any(is_this) {
                self.store().add_export(&rendered.target, &folder, token, &inputs, &by)?;
            }
            let files = rendered.files.iter().map(|file| file.name.clone()).collect();
            exports.push(Written {
                target: rendered.target.clone(),
                folder,
                files,
                changed,
                token_delivery: rendered.manifest.token.travels_by,
                exposure: rendered.exposure.clone(),
            });
        }
        Ok(exports)
    }

    /// Checks that exports are unchanged, and that their token is usable and only in the intended files; with `proves`,
    /// also that the readers of this host find the original values in each file.
    pub fn check_exports(&self, folder: &Path, proves: bool) -> Result<Vec<Checked>, Error> {
        let known = Known { records: self.tokens()?, trusted: self.trusted()?, now: self.now() };
        Ok(export::check(folder, &known, proves)?)
    }

    /// The targets that were written at least once.
    pub fn exported_targets(&self) -> Result<Vec<String>, Error> {
        let mut targets: Vec<_> = self.store().exports()?.into_iter().map(|export| export.target).collect();
        targets.sort();
        targets.dedup();
        Ok(targets)
    }

    fn render(&self, installer: &Installer, foreign: Option<&Secret>) -> Result<Vec<Rendered>, Error> {
        let deployment = self.deployment(installer, foreign)?;
        let known = self.targets()?;
        let find =
            |id: &String| known.iter().find(|target| target.id == *id).ok_or_else(|| Error::NoTarget(id.clone()));
        // A target that is named twice would collide with its own folder.
        let once = |(at, id): &(usize, &String)| !installer.targets[..*at].contains(id);
        let targets = installer.targets.iter().enumerate().filter(once).map(|(_, id)| find(id));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        Ok(targets.into_iter().map(|target| export::render(&deployment, target)).collect::<Result<_, _>>()?)
    }

    fn deployment(&self, installer: &Installer, foreign: Option<&Secret>) -> Result<Deployment, Error> {
        let no_agent = || Error::NoAgent(installer.agent.clone());
        let agent = self.agents()?.into_iter().find(|agent| agent.id == installer.agent).ok_or_else(no_agent)?;
        let properties = installer.properties.clone();
        let proxy = installer.proxy.clone();
        if agent.token == TokenFrom::Elsewhere {
            let label = foreign_label(&agent.id);
            let token = match (foreign, self.unseal(&label)?) {
                (Some(token), _) => token.clone(),
                (None, Some(token)) => token,
                (None, None) => return Err(Error::NoForeignToken(agent.id)),
            };
            return Ok(Deployment {
                installation: self.installation().to_owned(),
                token,
                token_id: None,
                token_name: Name::new(&agent.id).map_err(|_| no_agent())?,
                token_expires_at: None,
                token_delivery: installer.token_delivery,
                servers: Vec::new(),
                proxy,
                properties,
                agent,
            });
        }
        let name = installer.token.as_ref().ok_or(Error::NoToken)?;
        let record = self.token_named(name)?.ok_or_else(|| Error::Unknown { what: "token", name: name.clone() })?;
        if record.state(self.now()) != State::Valid {
            return Err(Error::DeadToken(name.clone()));
        }
        Ok(Deployment {
            installation: self.installation().to_owned(),
            token: self.token_text(&record)?,
            token_id: Some(record.id),
            token_name: record.name,
            token_expires_at: record.expires_at,
            token_delivery: installer.token_delivery,
            servers: record.servers,
            proxy,
            properties,
            agent,
        })
    }
}

/// The tokens that were created here, and the trusted keys.
struct Known {
    records: Vec<Record>,
    trusted: Vec<Trusted>,
    now: jiff::Timestamp,
}

impl Known {
    fn why(&self, is_it: impl Fn(&Record) -> bool) -> Option<String> {
        let record = self.records.iter().find(|record| is_it(record))?;
        match record.state(self.now) {
            State::Valid => None,
            State::Overused => Some("has reached its maximum activations".to_owned()),
            State::Replaced => Some(match record.ends_at() {
                Some(until) if until > self.now => {
                    format!("was replaced, and its overlap ends on {}", crate::model::moment::minute(until))
                }
                _ => "was replaced, and its overlap has ended".to_owned(),
            }),
            State::Expired => Some("has expired".to_owned()),
            State::Revoked => Some("was revoked".to_owned()),
        }
    }
}

impl export::Tokens for Known {
    fn dead(&self, token: &str) -> Option<String> {
        let sum = sha256(token);
        if self.records.iter().any(|record| record.sha256 == sum) {
            return self.why(|record| record.sha256 == sum);
        }
        // Created elsewhere, or before the state was restored: the service would still refuse it.
        match token::verify(token, &self.trusted, self.now) {
            Err(Refusal::KeyRevoked) => Some("was signed with a key that was revoked".to_owned()),
            Err(Refusal::Expired { .. }) => Some("has expired".to_owned()),
            _ => None,
        }
    }

    fn foreign(&self, token: &str) -> Option<String> {
        match token::verify(token, &self.trusted, self.now) {
            Err(Refusal::UnknownKey | Refusal::Issuer) => Some("was made by another installation".to_owned()),
            Err(Refusal::KeyRevoked | Refusal::NotYetValid { .. } | Refusal::Expired { .. }) | Ok(_) => None,
            // No issuer creates such a token.
            Err(refusal) => Some(format!("is not valid: {refusal}")),
        }
    }

    fn dead_id(&self, id: &TokenId) -> Option<String> {
        self.why(|record| record.id == *id)
    }
}

/// The manifest of an earlier export in that folder.
pub(super) fn manifest_in(folder: &Path) -> Option<Manifest> {
    serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).ok()?).ok()
}

fn foreign_label(agent: &str) -> String {
    format!("agent/{agent}/token")
}
