//! Step 1: register the directory.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::directory::{Directory, Ldap, Source, Trust, Url};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::secrets::Secret;

use super::form::{Basis, Choice, Field, Form, Kind, Pick, Problem, Value};
use super::{Saved, path};

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new("directory.name", "Name", "What this directory is called here.", Kind::Pick(Pick::Existing))
            .required(),
        Field::new(
            "directory.source",
            "Source",
            "A domain controller is read at each sync; so is a file.",
            Kind::Choice(vec![
                Choice::new("ldaps", "Domain controller (LDAPS)", "Users are read over verified TLS."),
                Choice::new("file", "LDIF file", "Users are read from an export made by ldifde or ldapsearch."),
            ]),
        )
        .with("ldaps"),
        Field::new(
            "directory.urls",
            "Addresses",
            "Domain controllers, tried in order; separate them by spaces. 636, or :3269 for a global catalog.",
            Kind::Text { example: "ldaps://dc1.corp.example.com" },
        )
        .when("directory.source", ["ldaps"])
        .required(),
        Field::new(
            "directory.ca_file",
            "CA file",
            "PEM certificates of the CA that signed the controller's. Empty: the CAs this host trusts.",
            Kind::Path { example: "corp-ca.pem" },
        )
        .when("directory.source", ["ldaps"]),
        Field::new(
            "directory.bind",
            "Bind as",
            "An account that may read; nothing more is needed. UPN, DOMAIN\\user or DN.",
            Kind::Text { example: "svc-imd@corp.example.com" },
        )
        .when("directory.source", ["ldaps"])
        .required(),
        Field::new(
            "directory.password",
            "Password",
            "Sealed in the state directory; never shown or logged.",
            Kind::Secret { kept: false },
        )
        .when("directory.source", ["ldaps"])
        .required(),
        Field::new(
            "directory.file",
            "File",
            "An LDIF export, read anew at each sync.",
            Kind::Path { example: "users.ldif" },
        )
        .when("directory.source", ["file"])
        .required(),
    ]
}

pub(super) fn fill(form: &mut Form, directory: &Directory, password_kept: bool) {
    let mut set = |key: &str, text: String| form.set(key, Value::Text(text));
    set("directory.name", directory.name.to_string());
    match &directory.source {
        Source::File(path) => {
            set("directory.source", "file".to_owned());
            set("directory.file", path.display().to_string());
        }
        Source::Ldap(ldap) => {
            set("directory.source", "ldaps".to_owned());
            set("directory.urls", ldap.urls.iter().map(Url::to_string).collect::<Vec<_>>().join(" "));
            set("directory.bind", ldap.bind.clone());
            if let Trust::Ca { file, .. } = &ldap.trust {
                set("directory.ca_file", file.display().to_string());
            }
        }
    }
    if let Some(field) = form.field_mut("directory.password") {
        field.kind = Kind::Secret { kept: password_kept };
    }
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.directory(name)? else { return Ok(false) };
    fill(form, &kept.value, engine.has_password(name)?);
    form.basis = Basis::of(kept.version);
    Ok(true)
}

/// What the form says, but for the CA file's content, which only [`with_ca`] reads.
fn read(form: &mut Form) -> Option<(Directory, Option<Secret>)> {
    let name = form.parse("directory.name");
    if form.text("directory.source") == Some("file") {
        let file = path(form.text("directory.file")?);
        return Some((Directory { name: name?, source: Source::File(file) }, None));
    }
    let mut urls = Vec::new();
    for url in form.text("directory.urls")?.split([' ', ',']).filter(|url| !url.is_empty()) {
        match url.parse::<Url>() {
            Ok(url) => urls.push(url),
            Err(error) => {
                let mut problem = Problem::new(error.to_string());
                if url.starts_with("ldap://") {
                    problem.help = Some("write ldaps:// : credentials leave only over verified TLS".to_owned());
                }
                form.problem("directory.urls", problem);
                return None;
            }
        }
    }
    let trust = match form.text("directory.ca_file") {
        None => Trust::System,
        Some(file) => Trust::Ca { file: path(file), pem: String::new() },
    };
    let bind = form.text("directory.bind")?.to_owned();
    let password = form.field("directory.password").and_then(Field::secret).filter(|secret| !secret.is_empty());
    let password = password.cloned();
    Some((Directory { name: name?, source: Source::Ldap(Ldap { urls, trust, bind }) }, password))
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

/// The same with the CA file read, by the engine: a form does no I/O.
fn with_ca(engine: &Engine, form: &mut Form) -> Option<(Directory, Option<Secret>)> {
    let (mut directory, password) = read(form)?;
    if let Source::Ldap(Ldap { trust: Trust::Ca { file, pem }, .. }) = &mut directory.source {
        match engine.ca_certificates(&directory.name, file) {
            Ok(certificates) => *pem = certificates,
            Err(error) => {
                let problem = Problem { help: Some(error.help()), ..Problem::new(error.to_string()) };
                form.problem("directory.ca_file", problem);
                return None;
            }
        }
    }
    Some((directory, password))
}

pub(super) fn check(engine: &Engine, form: &mut Form, job: &Job, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    if let Some((directory, password)) = with_ca(engine, form) {
        engine.check_directory(&directory, password.as_ref(), job, each)
    } else {
        super::report_problems(form, each);
        Ok(())
    }
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some((directory, password)) = with_ca(engine, form) else { return Ok(Saved::Problems) };
    let saved = match engine.save_directory(&directory, password.as_ref(), form.subject_version()) {
        Err(error @ Error::PasswordAgain(_)) => {
            let problem = Problem { help: Some(error.help()), ..Problem::new(error.to_string()) };
            form.problem("directory.password", problem);
            return Ok(Saved::Problems);
        }
        saved => saved?,
    };
    form.basis.subject = Some(saved.version);
    if password.is_some() {
        form.set("directory.password", Value::Secret(Secret::default()));
        if let Some(field) = form.field_mut("directory.password") {
            field.kind = Kind::Secret { kept: true };
        }
    }
    Ok(Saved::from(saved))
}
