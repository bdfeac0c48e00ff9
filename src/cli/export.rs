//! `imd export`: what deployment tools need, written to a folder.

use std::path::PathBuf;

use crate::engine::{Engine, Error};
use crate::model::installer::Installer;
use crate::model::name::Name;

use super::Failure;
use super::output::Output;

/// A target as `imd export list` tells of it.
#[derive(serde::Serialize)]
struct Listed {
    target: String,
    title: String,
    platform: &'static str,
}

pub(super) fn run(
    engine: &Engine,
    targets: Vec<String>,
    token: Option<String>,
    out: Option<PathBuf>,
    output: &Output,
) -> Result<(), Failure> {
    if targets == ["list"] {
        let target = |target: crate::export::Target| Listed {
            platform: target.platform.word(),
            target: target.id,
            title: target.title,
        };
        let targets: Vec<_> = engine.targets()?.into_iter().map(target).collect();
        return Ok(output.list(&targets, ["TARGET", "DEPLOYMENT TOOL", "PLATFORM"], |target| {
            [target.target.clone(), target.title.clone(), target.platform.to_owned()]
        })?);
    }
    // What step 7 settled holds for what is not said here.
    let settled = engine.installer()?.map(|kept| kept.value);
    let mut installer = settled.unwrap_or(Installer { agent: "imd-activate".to_owned(), ..Installer::default() });
    installer.targets = targets;
    if let Some(token) = token {
        let name = token.parse::<Name>().map_err(|error| Failure::Usage {
            message: error.to_string(),
            help: "`imd token list` shows the tokens".to_owned(),
        })?;
        engine.valid_token(&name)?.ok_or(Error::Unknown { what: "token", name: name.clone() })?;
        installer.token = Some(name);
    }
    if let Some(out) = out {
        installer.out = std::path::absolute(out)?;
    }
    if installer.out.as_os_str().is_empty() {
        return Err(Failure::Usage {
            message: "no folder is named to write to".to_owned(),
            help: "add --out DIR".to_owned(),
        });
    }
    let written = engine.write_exports(&installer)?;
    Ok(output.list(&written, ["TARGET", "FOLDER", "FILES"], |export| {
        [export.target.clone(), export.folder.display().to_string(), export.files.join(" ")]
    })?)
}
