//! `imd export`: what deployment tools need, written to a folder.

use std::path::{Path, PathBuf};

use crate::engine::{Engine, Error};
use crate::export::{Checked, Verdict};
use crate::model::installer::TokenBy;
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

/// What is said otherwise than step 7 settled it.
pub(super) struct Asked {
    pub(super) token: Option<String>,
    pub(super) token_by: Option<TokenBy>,
    pub(super) out: Option<PathBuf>,
}

pub(super) fn run(engine: &Engine, targets: Vec<String>, asked: Asked, output: &Output) -> Result<(), Failure> {
    let Asked { token, token_by, out } = asked;
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
    let mut installer = engine.settled_installer()?;
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
    if let Some(way) = token_by {
        installer.token_by = way;
    }
    let written = engine.write_exports(&installer)?;
    for export in written.iter().filter(|export| export.token_by == TokenBy::Inline) {
        for at in &export.exposure {
            output.note(&format!("{}: the token can be read in {}", export.target, at.place))?;
            output.note(&format!("  by {}, until {}", at.readers, at.until))?;
        }
    }
    Ok(output.list(&written, ["TARGET", "FOLDER", "FILES"], |export| {
        [export.target.clone(), export.folder.display().to_string(), export.files.join(" ")]
    })?)
}

/// `imd export written`: what was written, and how it stands.
pub(super) fn written(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let columns = ["NUMBER", "WHEN", "WHO", "TARGET", "TOKEN", "STATE", "FOLDER"];
    Ok(output.list(&engine.written_exports()?, columns, |export| {
        let (token, state) = match &export.token {
            Some(token) => (token.name.to_string(), token.state.word()),
            None => ("issued elsewhere".to_owned(), ""),
        };
        let state = match (export.newest, export.there) {
            (false, _) => "written over",
            (true, false) => "gone",
            (true, true) => state,
        };
        [
            export.id.to_string(),
            crate::model::moment::minute(export.at),
            export.by.0.shown(),
            export.target.clone(),
            token,
            state.to_owned(),
            export.folder.display().to_string(),
        ]
    })?)
}

/// `imd export again NUMBER`: the same once more.
pub(super) fn again(engine: &Engine, number: &str, output: &Output) -> Result<(), Failure> {
    let number = number.parse().map_err(|_| Failure::Usage {
        message: format!("the number of an export expected, not {:?}", crate::model::text::shown(number)),
        help: "`imd export written` lists them".to_owned(),
    })?;
    let written = engine.write_again(number)?;
    let lines = [
        ("target", written.target.clone()),
        ("folder", written.folder.display().to_string()),
        ("files", written.files.join(" ")),
    ];
    Ok(output.one(&written, &lines)?)
}

/// A line of `imd export check`: a finding, or with `--prove` what a reader says of a file.
struct Line {
    target: String,
    file: String,
    word: &'static str,
    detail: String,
}

/// `imd export check DIR`: exit code 3 when something asks for a decision.
pub(super) fn check(
    engine: &Engine,
    folder: &Path,
    prove: bool,
    offline: bool,
    output: &Output,
) -> Result<(), Failure> {
    let mut checked = engine.check_exports(folder, prove)?;
    let unreached = if offline { Vec::new() } else { engine.check_servers(&mut checked)? };
    let mut lines: Vec<Line> = checked.iter().flat_map(lines).collect();
    lines.extend(unreached.iter().map(|(server, why)| Line {
        target: "-".to_owned(),
        file: server.clone(),
        word: "skip",
        detail: format!("not reached from here: {why}"),
    }));
    if output.is_json() {
        output.document(&serde_json::json!({ "items": checked, "unreached": unreached }))?;
    } else if !lines.is_empty() {
        output.rows(&lines, ["TARGET", "FILE", "", ""], |line| {
            [line.target.clone(), line.file.clone(), line.word.to_owned(), line.detail.clone()]
        })?;
    }
    let bad = lines.iter().filter(|line| line.word == "bad").count();
    if bad > 0 {
        return Err(Failure::NeedsYou {
            message: format!("{bad} found in {} exports", checked.len()),
            help: "each line says what to do; `imd export TARGET... --token NAME --out DIR` writes them anew"
                .to_owned(),
        });
    }
    Ok(output.note(&format!("{} exports are as they were written.", checked.len()))?)
}

fn lines(checked: &Checked) -> Vec<Line> {
    let line = |file: &str, word, detail| Line { target: checked.target.clone(), file: file.to_owned(), word, detail };
    let findings = checked.findings.iter();
    let findings = findings.map(|found| line(found.file.as_deref().unwrap_or("-"), "bad", found.detail.clone()));
    let auth_methods = checked.auth_methods.iter().map(|auth| {
        let by = &auth.reader;
        match &auth.verdict {
            Verdict::Identical => line(&auth.file, "ok", format!("read back identical by {by}")),
            Verdict::Lost(lost) => line(&auth.file, "bad", format!("{by} does not find {}", lost.join(", "))),
            Verdict::Unreadable => line(&auth.file, "bad", format!("{by} cannot read it")),
            Verdict::NoReader => line(&auth.file, "skip", format!("not read back: this host lacks {by}")),
        }
    });
    findings.chain(auth_methods).collect()
}
