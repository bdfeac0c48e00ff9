//! Step 1: register the directory.

use std::str::FromStr;

use crate::directory::ldap::{Discovered, ServerKey};
use crate::engine::{Engine, Error};
use crate::model::Unreadable;
use crate::model::check::Check;
use crate::model::directory::{Directory, Ldap, Source, Trust, Url};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::model::pin::Pin;
use crate::secrets::Secret;

use super::form::{Basis, Choice, Field, Form, Kind, Pick, Problem, Value};
use super::pick::Picked;
use super::{Saved, path};

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new("directory.name", "Name", "The name of this directory in imd.", Kind::Pick(Pick::Existing))
            .required(),
        Field::new(
            "directory.source",
            "Source",
            "Where imd reads users at each sync.",
            Kind::Choice(vec![
                Choice::new(
                    "ldaps",
                    "Domain controller",
                    "imd reads users over LDAPS or StartTLS and verifies the server.",
                ),
                Choice::new("file", "File", "imd reads users from an export of ldifde, ldapsearch or csvde."),
            ]),
        )
        .implied()
        .with("ldaps"),
        Field::new(
            "directory.urls",
            "Addresses",
            "Servers in order: ldaps://HOST, or ldap://HOST (StartTLS). Ctrl-O finds them by DNS.",
            Kind::Pick(Pick::Controller),
        )
        .list()
        .when("directory.source", ["ldaps"])
        .required(),
        Field::new(
            "directory.ca_file",
            "CA file",
            "PEM file with the CA of the server certificate. Empty: the CAs of this host.",
            Kind::Path { example: "corp-ca.pem" },
        )
        .when("directory.source", ["ldaps"]),
        Field::new(
            "directory.pins",
            "Public-key pins",
            "Public keys of the servers, used instead of a CA file. Ctrl-O shows the current keys.",
            Kind::Pick(Pick::Key),
        )
        .list()
        .when("directory.source", ["ldaps"]),
        Field::new(
            "directory.bind",
            "Bind account",
            "An account that can read the directory: UPN, DOMAIN\\user or DN.",
            Kind::Text { example: "svc-imd@corp.example.com" },
        )
        .when("directory.source", ["ldaps"])
        .required(),
        Field::new(
            "directory.password",
            "Password",
            "The password of the bind account; imd stores it encrypted and never shows it.",
            Kind::Secret { kept: false },
        )
        .when("directory.source", ["ldaps"])
        .required(),
        Field::new(
            "directory.file",
            "File",
            "An export (LDIF or csvde); imd reads it at each sync.",
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
            match &ldap.trust {
                Trust::System => {}
                Trust::Ca { file, .. } => set("directory.ca_file", file.display().to_string()),
                Trust::Pins(pins) => {
                    set("directory.pins", pins.iter().map(Pin::to_string).collect::<Vec<_>>().join(" "));
                }
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

/// The directory in the form, without the content of the CA file, which [`with_ca`] reads.
fn read(form: &mut Form) -> Option<(Directory, Option<Secret>)> {
    let name = form.parse("directory.name");
    if form.text("directory.source") == Some("file") {
        let file = path(form.text("directory.file")?);
        return Some((Directory { name: name?, source: Source::File(file) }, None));
    }
    let urls = many::<Url>(form, "directory.urls")?;
    let trust = match (form.text("directory.ca_file"), form.text("directory.pins")) {
        (None, None) => Trust::System,
        (Some(file), None) => Trust::Ca { file: path(file), pem: String::new() },
        (None, Some(_)) => Trust::Pins(many(form, "directory.pins")?),
        (Some(_), Some(_)) => {
            let help = "keep one of them and empty the other".to_owned();
            let problem = Problem { help: Some(help), ..Problem::new("a CA file is given, too; use one of them") };
            form.problem("directory.pins", problem);
            return None;
        }
    };
    let bind = form.text("directory.bind")?.to_owned();
    let password = form.field("directory.password").and_then(Field::secret).filter(|secret| !secret.is_empty());
    let password = password.cloned();
    Some((Directory { name: name?, source: Source::Ldap(Ldap { urls, trust, bind }) }, password))
}

/// What a field lists, one after another.
fn many<T: FromStr<Err = Unreadable>>(form: &mut Form, key: &str) -> Option<Vec<T>> {
    let listed = form.text(key)?.split([' ', ',']).filter(|one| !one.is_empty());
    match listed.map(str::parse).collect::<Result<Vec<T>, _>>() {
        Ok(all) if !all.is_empty() => Some(all),
        Ok(_) => {
            form.problem(key, Problem::new("contains only separators: enter a value, or leave it empty"));
            None
        }
        Err(error) => {
            form.problem(key, Problem::new(Unreadable::to_string(&error)));
            None
        }
    }
}

/// What can be picked for the addresses: the controllers that DNS names for the domain which was typed in their place,
/// else for that of the account, else of the addresses that are there.
pub(super) fn controllers(engine: &Engine, form: &Form, job: &Job) -> Result<Vec<Picked>, Error> {
    let typed = form.text("directory.urls").unwrap_or_default();
    let of_account = form.text("directory.bind").and_then(|bind| Some(bind.rsplit_once('@')?.1.to_owned()));
    let of_address = || {
        let url: Url = typed.split([' ', ',']).next()?.parse().ok()?;
        Some(url.host.split_once('.')?.1.to_owned())
    };
    let is_domain = !typed.is_empty() && !typed.contains(['/', ' ', ',', ':']);
    let domain = if is_domain { Some(typed.to_owned()) } else { of_account.or_else(of_address) };
    let found = engine.discover(&domain.ok_or(Error::NoDomain)?, None, None, job)?;
    let picked = |one: &Discovered| {
        let note = if one.within_domain { "" } else { "; outside the domain: verify it" };
        let detail = format!("priority {}, weight {}{note}", one.priority, one.weight);
        Picked::plain(one.url.to_string(), one.url.to_string(), detail)
    };
    let own: Vec<_> = found.iter().filter(|one| one.within_domain).map(|one| one.url.to_string()).collect();
    let all = (own.len() > 1).then(|| {
        let label = format!("all {}, in this order", own.len());
        Picked::plain(own.join(" "), label, "the next is asked when one is down".to_owned())
    });
    Ok(all.into_iter().chain(found.iter().map(picked)).collect())
}

/// What can be picked as pins: the keys that the servers show.
pub(super) fn keys(engine: &Engine, form: &Form, job: &Job) -> Result<Vec<Picked>, Error> {
    let mut form = form.clone();
    let urls = many::<Url>(&mut form, "directory.urls").ok_or(Error::NoAddress)?;
    let keys = engine.server_keys(&urls, job)?;
    let picked = |key: &ServerKey| {
        let detail = format!("{}, signed by \"{}\"", key.url, key.signer);
        Picked::plain(key.pin.to_string(), key.pin.to_string(), detail)
    };
    let mut pins: Vec<_> = keys.iter().map(|key| key.pin.to_string()).collect();
    pins.dedup();
    let all = (pins.len() > 1).then(|| {
        let label = format!("all {}", pins.len());
        Picked::plain(pins.join(" "), label, "one for each server; compare every one".to_owned())
    });
    Ok(all.into_iter().chain(keys.iter().map(picked)).collect())
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
