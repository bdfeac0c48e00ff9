//! Step 7: the files that the deployment tool runs on each laptop.

use std::collections::BTreeMap;

use crate::engine::{Engine, Error};
use crate::export::{Agent, Property, Target, TokenFrom};
use crate::model::check::Check;
use crate::model::installer::{Installer, Proxy, TokenDelivery};
use crate::secrets::Secret;

use super::form::{Basis, Choice, Field, Form, Kind, Value};
use super::{PreviewFile, Saved, path};

const AGENT: &str = "installer.agent";
/// The prefix of the keys of an agent's own fields.
const PROPERTIES: &str = "installer.properties.";

pub(super) fn fields(agents: &[Agent], targets: &[Target], tokens: Vec<Choice>) -> Vec<Field> {
    let issued = |by: TokenFrom| agents.iter().filter(move |agent| agent.token == by).map(|agent| agent.id.clone());
    let agent = |agent: &Agent| {
        let token = match agent.token {
            TokenFrom::Ours => "It uses a token of step 6.",
            TokenFrom::Elsewhere => "It uses a token from its own product.",
        };
        Choice::new(&agent.id, &agent.title, token)
    };
    let target = |target: &Target| Choice::new(&target.id, &target.title, format!("For {}.", target.platform.title()));
    // Grouped by platform, so that a long list is easier to read.
    let mut targets: Vec<&Target> = targets.iter().collect();
    targets.sort_by_key(|target| target.platform);
    let newest = tokens.last().map(|token| token.value.clone()).unwrap_or_default();
    let mut fields = vec![
        Field::new(
            AGENT,
            "Agent",
            "The program that is installed on the laptops.",
            Kind::Choice(agents.iter().map(agent).collect()),
        )
        .with("imd-activate")
        .required(),
        Field::new(
            "installer.targets",
            "Deployment tools",
            "The tools that install the agent; imd writes one folder for each.",
            Kind::Several(targets.into_iter().map(target).collect()),
        )
        .required(),
        Field::new("installer.token", "Token", "The token that the laptops enroll with.", Kind::Choice(tokens))
            .with(newest)
            .when(AGENT, issued(TokenFrom::Ours))
            .required(),
        Field::new(
            "installer.foreign_token",
            "Token",
            "A token from the agent's own product; imd stores it encrypted and never shows it.",
            Kind::Secret { kept: false },
        )
        .when(AGENT, issued(TokenFrom::Elsewhere))
        .required(),
    ];
    fields.extend(agents.iter().flat_map(|agent| agent.properties.iter().map(|value| property(agent, value))));
    fields.extend([
        Field::new(
            "installer.proxy",
            "Proxy",
            "The proxy for laptops: none, system or an address; default system.",
            Kind::Text { example: "http://proxy.corp.example.com:8080" },
        )
        .with("system"),
        Field::new(
            "installer.token_delivery",
            "Token delivery",
            "How laptops get the token, if the deployment tool supports both.",
            Kind::Choice(vec![
                Choice::new("file", "File", "A separate file; give it only to the people who install the agent."),
                Choice::new(
                    "inline",
                    "Command line",
                    "Visible in the laptop's process list, its logs and the logs of the tool.",
                ),
            ]),
        )
        .with("file"),
        Field::new(
            "installer.folder",
            "Folder",
            "The folder that imd writes the files to.",
            Kind::Path { example: "rollout" },
        )
        .with("rollout")
        .required(),
    ]);
    fields
}

/// A field of the agent's definition.
fn property(agent: &Agent, property: &Property) -> Field {
    let help = if property.public {
        property.help.clone()
    } else {
        format!("{} The vendor does not document it: confirm it.", property.help).trim_start().to_owned()
    };
    let field =
        Field::new(format!("{PROPERTIES}{}", property.key), property.label.clone(), help, Kind::Text { example: "" });
    field.with(property.default.clone().unwrap_or_default()).when(AGENT, [agent.id.as_str()])
}

pub(super) fn open(engine: &Engine, form: &mut Form) -> Result<(), Error> {
    let Some(kept) = engine.installer()? else { return Ok(()) };
    let installer = kept.value;
    form.set(AGENT, Value::Text(installer.agent.clone()));
    form.set("installer.targets", Value::Many(installer.targets));
    form.set("installer.proxy", Value::Text(installer.proxy.to_string()));
    form.set("installer.token_delivery", Value::Text(installer.token_delivery.word().to_owned()));
    form.set("installer.folder", Value::Text(installer.folder.display().to_string()));
    for (key, value) in installer.properties {
        form.set(&format!("{PROPERTIES}{key}"), Value::Text(value));
    }
    if let Some(token) = installer.token {
        form.set("installer.token", Value::Text(token.to_string()));
    }
    if let Some(field) = form.field_mut("installer.foreign_token") {
        field.kind = Kind::Secret { kept: engine.has_foreign_token(&installer.agent)? };
    }
    form.basis = Basis::of(kept.version);
    Ok(())
}

fn read(form: &mut Form) -> Option<(Installer, Option<Secret>)> {
    let proxy = form.parse("installer.proxy").unwrap_or(Proxy::System);
    let token = form.parse("installer.token");
    let token_delivery = form.parse("installer.token_delivery").unwrap_or(TokenDelivery::File);
    let filled = form.visible().filter_map(|field| Some((field.key.strip_prefix(PROPERTIES)?, field.text().trim())));
    let filled = filled.filter(|(_, value)| !value.is_empty());
    let properties: BTreeMap<_, _> = filled.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    if form.has_problems() {
        return None;
    }
    let foreign = form.field("installer.foreign_token").filter(|field| field.visible).and_then(Field::secret);
    let foreign = foreign.filter(|secret| !secret.is_empty()).cloned();
    let installer = Installer {
        agent: form.text(AGENT)?.to_owned(),
        targets: form.field("installer.targets").map(Field::many).unwrap_or_default().to_vec(),
        token,
        proxy,
        token_delivery,
        folder: path(form.text("installer.folder")?),
        properties,
    };
    Some((installer, foreign))
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

pub(super) fn files(engine: &Engine, form: &mut Form) -> Result<Vec<PreviewFile>, Error> {
    form.check_fields();
    match read(form) {
        Some((installer, foreign)) => engine.preview_exports(&installer, foreign.as_ref()),
        None => Ok(Vec::new()),
    }
}

pub(super) fn check(engine: &Engine, form: &mut Form, each: &mut dyn FnMut(Check)) {
    let Some((installer, foreign)) = read(form) else { return super::report_problems(form, each) };
    each(match engine.preview_exports(&installer, foreign.as_ref()) {
        Ok(files) => {
            let folders = installer.targets.len();
            let folders = if folders == 1 { "1 folder".to_owned() } else { format!("{folders} folders") };
            Check::ok("files", format!("{} files in {folders}", files.len()))
        }
        Err(error) => Check::failed("files", error.to_string(), error.help()),
    });
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some((installer, foreign)) = read(form) else { return Ok(Saved::Problems) };
    let saved = engine.save_installer(&installer, foreign.as_ref(), form.basis.subject)?;
    form.basis.subject = Some(saved.version);
    let written = engine.write_exports(&installer)?;
    Ok(if saved.changed || written.iter().any(|export| export.changed) { Saved::Kept } else { Saved::Unchanged })
}
