//! Renders the files of a target for a deployment. Without I/O, so the preview and the export are the same.

use std::collections::BTreeMap;

use minijinja::{Environment, Value};
use zeroize::Zeroizing;

use super::facts::{Facts, filled_in, way};
use super::manifest::{CHECKSUMS, Exposure, MADE_BY, MANIFEST, Manifest, ManifestFile, ManifestToken, ManifestValue};
use super::quote::{Carried, Grammar, Raw, environment, in_words};
use super::target::Encoding;
use super::templates::shared;
use super::value::is_file_name;
use super::{Deployment, Error, Target, TokenFrom};
use crate::model::hash::sha256;
use crate::model::text::shown;
use crate::secrets::Secret;
use crate::token;

/// Shown instead of the token in a preview.
const MASK: &str = "<the token>";

/// One target's files, ready to be shown or written.
#[derive(Debug)]
pub struct Rendered {
    /// The target's id.
    pub target: String,
    pub files: Vec<File>,
    /// Where the token can be read when the files are in use.
    pub exposure: Vec<Exposure>,
    pub manifest: Manifest,
}

/// One file of an export.
pub struct File {
    pub name: String,
    pub bytes: Zeroizing<Vec<u8>>,
    /// Permission bits.
    pub mode: u32,
    pub holds_token: bool,
    masked: String,
}

impl File {
    /// The file for display: without the token, and with hidden and control characters escaped.
    pub fn preview(&self) -> String {
        self.masked.lines().map(|line| shown(line) + "\n").collect()
    }
}

impl std::fmt::Debug for File {
    /// The bytes may hold the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File")
            .field("name", &self.name)
            .field("mode", &self.mode)
            .field("holds_token", &self.holds_token)
            .finish_non_exhaustive()
    }
}

/// Renders each file of the target for this deployment.
///
/// # Errors
/// When a value is missing, or the target cannot represent it.
pub fn render(deployment: &Deployment, target: &Target) -> Result<Rendered, Error> {
    check_token(deployment)?;
    let values = filled_in(deployment, target)?;
    let way = way(deployment, target);
    let facts = Facts { deployment, target, values: &values, way, token: &deployment.token };
    let real = texts(&facts)?;
    let masked = texts(&Facts { token: &Secret::new(MASK), ..facts })?;
    let mut files: Vec<File> = Vec::new();
    let mut listed: Vec<ManifestFile> = Vec::new();
    for (Filled { name, text, bytes, grammar, carries }, Filled { text: masked, .. }) in real.into_iter().zip(masked) {
        let taken = files.iter().any(|file| file.name.eq_ignore_ascii_case(&name));
        if taken || [MANIFEST, CHECKSUMS].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return Err(wrong(target, &name, "two files of the export have this name".to_owned()));
        }
        // A file that changes with the token contains it, in any quoting.
        let holds_token = *text != *masked;
        let mode = if holds_token { 0o600 } else { 0o644 };
        listed.push(ManifestFile { name: name.clone(), sha256: sha256(&bytes), holds_token, grammar, carries });
        files.push(File { name, bytes, mode, holds_token, masked: masked.to_string() });
    }
    // By name, independent of the order in the definition.
    files.sort_by(|a, b| a.name.cmp(&b.name));
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let exposure = target.exposure(way);
    let manifest = Manifest {
        made_by: MADE_BY.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: target.id.clone(),
        agent: deployment.agent.id.clone(),
        token: ManifestToken {
            id: deployment.token_id.clone(),
            name: deployment.token_name.clone(),
            expires_at: deployment.token_expires_at,
            travels_by: way,
        },
        exposure: exposure.clone(),
        files: listed,
    };
    Ok(Rendered { target: target.id.clone(), files, exposure, manifest })
}

fn check_token(deployment: &Deployment) -> Result<(), Error> {
    let text = deployment.token.expose();
    let ours = text.starts_with(token::PREFIX);
    let why = match deployment.agent.token {
        TokenFrom::Ours if !ours => "it needs a token of imd",
        TokenFrom::Elsewhere if ours => "it needs a token of its own server, not a token of imd",
        _ if text.is_empty() => "it is empty",
        _ if text.len() > 4096 => "it is longer than 4096 bytes",
        _ => return Ok(()),
    };
    Err(Error::WrongToken { agent: deployment.agent.id.clone(), why })
}

/// A rendered file.
struct Filled {
    name: String,
    text: Zeroizing<String>,
    bytes: Zeroizing<Vec<u8>>,
    grammar: Grammar,
    carries: Vec<ManifestValue>,
}

/// Each file, in the order of the definition.
fn texts(facts: &Facts<'_>) -> Result<Vec<Filled>, Error> {
    let (target, way) = (facts.target, facts.way);
    let mut context = facts.context()?;
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    let carried = Carried::default();
    let fill = |name: &str, template: &str, grammar, context: &BTreeMap<String, Value>| {
        fill(target, name, template, &environment(grammar, template, &carried), context)
    };
    for part in &target.parts {
        let text = fill(&part.template, template(target, &part.template), part.grammar, &context)?;
        let text = Zeroizing::new(text.trim_end_matches('\n').to_owned());
        check_percent(target, part.expands_percent, &part.name, &text)?;
        check_ascii(target, part.ascii, &part.name, &text)?;
        let label = format!("the {}", part.name.replace('_', " "));
        let value = Raw { label, text, part_of: Some(part.grammar) };
        parts.insert(part.name.clone(), Value::from_object(value));
        context.insert("part".to_owned(), Value::from(parts.clone()));
    }
    let mut files = Vec::new();
    for file in target.files.iter().filter(|file| file.when.is_none_or(|when| when == way)) {
        let name = fill(&file.name, &file.name, Grammar::Name, &context)?.to_string();
        if !is_file_name(&name) {
            return Err(wrong(target, &file.name, format!("{:?} is not a file name", shown(&name))));
        }
        carried.take();
        let text = fill(&file.template, template(target, &file.template), file.grammar, &context)?;
        let values = carried.take().into_iter().map(|(what, sha256)| ManifestValue { what, sha256 }).collect();
        check_percent(target, file.expands_percent, &name, &text)?;
        check_ascii(target, file.encoding == Encoding::Ascii, &name, &text)?;
        if let Some(why) = file.grammar.objection(&text) {
            return Err(Error::Refused { target: target.id.clone(), what: name, why });
        }
        let text = if file.crlf { Zeroizing::new(text.replace('\n', "\r\n")) } else { text };
        let bytes = Zeroizing::new(file.encoding.bytes(&text));
        files.push(Filled { name, text, bytes, grammar: file.grammar, carries: values });
    }
    Ok(files)
}

fn template<'a>(target: &'a Target, name: &str) -> &'a str {
    // Target::parse refuses a target with a missing template.
    target.templates.get(name).map(String::as_str).or_else(|| shared(name)).unwrap_or_default()
}

/// A tool that replaces `%NAME%` and has no escape accepts at most one percent sign in a line.
fn check_percent(target: &Target, expands: bool, what: &str, text: &str) -> Result<(), Error> {
    if expands && text.lines().any(|line| line.matches('%').count() > 1) {
        return Err(Error::Refused {
            target: target.id.clone(),
            what: what.replace('_', " "),
            why: "would contain two percent signs, and the text between them would be replaced on the laptop",
        });
    }
    Ok(())
}

/// In an unknown code page only ASCII characters are read correctly.
fn check_ascii(target: &Target, ascii: bool, what: &str, text: &str) -> Result<(), Error> {
    if ascii && !text.is_ascii() {
        return Err(Error::Refused {
            target: target.id.clone(),
            what: what.replace('_', " "),
            why: "would contain a character that is not ASCII, which may be misread on a laptop",
        });
    }
    Ok(())
}

fn fill(
    target: &Target,
    name: &str,
    template: &str,
    environment: &Environment<'_>,
    context: &BTreeMap<String, Value>,
) -> Result<Zeroizing<String>, Error> {
    environment
        .render_named_str(name, template, context)
        .map(Zeroizing::new)
        .map_err(|error| target.refusal(&error).unwrap_or_else(|| wrong(target, name, in_words(&error))))
}

fn wrong(target: &Target, template: &str, why: String) -> Error {
    Error::Template { target: target.id.clone(), template: template.to_owned(), why }
}
