//! `imd export`: the files that deployment tools need.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::engine::{Engine, Error};
use crate::export::{Checked, Verdict};
use crate::model::installer::TokenDelivery;
use crate::model::name::Name;
use crate::present::export;

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the targets: the deployment tools that imd can write files for
    List,
    /// List the exports that were written, with the state of their tokens
    Written,
    /// Check exports: files unchanged, tokens valid, and no token readable where it should not be
    ///
    /// Also connects to the servers of the token and compares their certificate with the one that laptops trust. Exit
    /// code 3 when there are findings.
    Check {
        /// The folder of an export, or a folder that contains exports
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Also read each file with an independent reader of this host, and compare the values
        #[arg(long)]
        prove: bool,
        /// Skip the checks that connect to servers
        #[arg(long)]
        offline: bool,
    },
    /// Write an export again, with the same target, token, values and folder
    Rewrite {
        /// The number that `imd export written` lists
        #[arg(value_parser = number)]
        number: i64,
    },
}

fn number(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "the number of an export expected; `imd export written` lists them")
}

/// What to write. Options that are not given are those of step 7.
#[derive(Debug, clap::Args)]
pub(super) struct Write {
    /// The targets to write, as `imd export list` names them
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// The name of the token to deploy; default: the token of step 7
    #[arg(long, value_name = "NAME")]
    token: Option<String>,
    /// Put the token in a file of its own, or inline among the other values, where the target supports both; default:
    /// the choice of step 7
    #[arg(long, value_name = "file|inline")]
    token_delivery: Option<TokenDelivery>,
    /// Write to this folder, one subfolder per target; default: the folder of step 7
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(engine: &Engine, verb: Option<Verb>, write: Write, output: &Output) -> Result<(), Failure> {
    match verb {
        None => self::write(engine, write, output),
        Some(Verb::List) => list(engine, output),
        Some(Verb::Written) => written(engine, output),
        Some(Verb::Check { folder, prove, offline }) => check(engine, &folder, prove, offline, output),
        Some(Verb::Rewrite { number }) => rewrite(engine, number, output),
    }
}

/// A target in `imd export list`.
#[derive(serde::Serialize)]
struct Listed {
    target: String,
    title: String,
    platform: &'static str,
}

fn list(engine: &Engine, output: &Output) -> Result<(), Failure> {
    let target = |target: crate::export::Target| Listed {
        platform: target.platform.word(),
        target: target.id,
        title: target.title,
    };
    let targets: Vec<_> = engine.targets()?.into_iter().map(target).collect();
    Ok(output.list(&targets, ["TARGET", "DEPLOYMENT TOOL", "PLATFORM"], |target| {
        [target.target.clone(), target.title.clone(), target.platform.to_owned()]
    })?)
}

fn write(engine: &Engine, write: Write, output: &Output) -> Result<(), Failure> {
    let Write { targets, token, token_delivery, out } = write;
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
        installer.folder = std::path::absolute(out)?;
    }
    if installer.folder.as_os_str().is_empty() {
        return Err(Failure::Usage {
            message: "no output folder is given, and step 7 has none".to_owned(),
            help: "add --out DIR".to_owned(),
        });
    }
    if let Some(way) = token_delivery {
        installer.token_delivery = way;
    }
    let written = engine.write_exports(&installer)?;
    for export in written.iter().filter(|export| export.token_delivery == TokenDelivery::Inline) {
        for at in &export.exposure {
            output.note(&format!("{}: the token can be read in {}", export.target, at.place))?;
            output.note(&format!("  by {}, until {}", at.readers, at.until))?;
        }
    }
    Ok(output.list(&written, ["TARGET", "FOLDER", "FILES"], |export| {
        [export.target.clone(), export.folder.display().to_string(), export.files.join(" ")]
    })?)
}

/// `imd export written`: what was written, and its state.
fn written(engine: &Engine, output: &Output) -> Result<(), Failure> {
    Ok(output.list_of(&engine.written_exports()?, export::COLUMNS, Clone::clone)?)
}

fn rewrite(engine: &Engine, number: i64, output: &Output) -> Result<(), Failure> {
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

/// Exit code 3 when there are findings.
fn check(engine: &Engine, folder: &Path, prove: bool, offline: bool, output: &Output) -> Result<(), Failure> {
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
            help: "each line says what to do; `imd export rewrite NUMBER` writes an export again".to_owned(),
        });
    }
    Ok(output.note(&format!("{} exports are unchanged.", checked.len()))?)
}

fn lines(checked: &Checked) -> Vec<Line> {
    let line = |file: &str, word, detail| Line { target: checked.target.clone(), file: file.to_owned(), word, detail };
    let findings = checked.findings.iter();
    let findings = findings.map(|found| line(found.file.as_deref().unwrap_or("-"), "bad", found.detail.clone()));
    let read_back = checked.read_back.iter().map(|read| {
        let by = &read.reader;
        match &read.verdict {
            Verdict::Identical => line(&read.file, "ok", format!("read back identical by {by}")),
            Verdict::Lost(lost) => line(&read.file, "bad", format!("{by} does not find {}", lost.join(", "))),
            Verdict::Unreadable => line(&read.file, "bad", format!("{by} cannot read it")),
            Verdict::NoReader => line(&read.file, "skip", format!("not read back: this host lacks {by}")),
        }
    });
    findings.chain(read_back).collect()
}
