//! The variables of a template: the values of the deployment, which print nothing until they are quoted.
//!
//! `assets/targets/README.md` lists them for authors of templates.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use zeroize::Zeroizing;

use super::agent::{Detection, Parameter, Scope, Settings, Source, Text, Unix, Values, Windows};
use super::quote::{Carried, Grammar, Quoted, Raw, environment};
use super::target::SettingsBy;
use super::value::{Kind, items};
use super::{Agent, Deployment, Error, Platform, Property, Target, TokenDelivery, TokenFrom};
use crate::model::hash::sha256;
use crate::model::nearest::nearest;
use crate::model::text::shown;
use crate::secrets::Secret;

/// The token file in the folder of the installer.
const TOKEN_FILE: &str = "token.txt";

/// The checked values of the administrator, and the public defaults.
pub(super) fn filled_in(deployment: &Deployment, target: &Target) -> Result<Values, Error> {
    let agent = &deployment.agent;
    for key in deployment.properties.keys() {
        if agent.property(key).is_none() {
            let nearest = nearest(key, agent.properties.iter().map(|property| property.key.as_str()));
            let nearest = nearest.map(str::to_owned);
            return Err(Error::UnknownProperty { agent: agent.id.clone(), key: shown(key), nearest });
        }
    }
    let mut values = Values::new();
    for property in &agent.properties {
        let given = deployment.properties.get(&property.key).map(|text| text.trim()).filter(|text| !text.is_empty());
        let text = given.or_else(|| property.default.as_deref().filter(|text| property.public && !text.is_empty()));
        let needed = property.is_needed_by(target);
        match text {
            Some(text) => {
                if let Some(why) = property.kind.objection(text) {
                    return Err(Error::Unfit { label: property.label.clone(), value: shown(text), why });
                }
                values.insert(property.key.clone(), text.to_owned());
            }
            None if needed => {
                return Err(Error::Missing {
                    target: target.id.clone(),
                    key: property.key.clone(),
                    label: property.label.clone(),
                    help: property.help.clone(),
                });
            }
            None => {}
        }
    }
    Ok(values)
}

/// How this target carries the token of this agent: as the administrator chose, if both ways are possible.
pub(super) fn way(deployment: &Deployment, target: &Target) -> TokenDelivery {
    let agent = &deployment.agent;
    let has = |values: Option<&[Parameter]>, wanted: &Source| {
        values.is_some_and(|values| values.iter().any(|parameter| parameter.value == *wanted))
    };
    let parameters = agent.windows.as_ref().map(|windows| windows.parameters.as_slice());
    let (file, inline) = match (target.settings, target.platform) {
        (Some(by), _) => {
            let path = match by {
                SettingsBy::Registry => agent.windows.as_ref().and_then(|windows| windows.token_path.as_ref()),
                SettingsBy::Preferences => agent.mac.as_ref().and_then(|mac| mac.token_path.as_ref()),
            };
            (path.is_some(), has(settings(agent, by).map(|(_, values)| values), &Source::Token))
        }
        (None, Platform::Windows) => (has(parameters, &Source::TokenFile), has(parameters, &Source::Token)),
        (None, Platform::Mac | Platform::Linux) => {
            let file = unix(agent, target.platform).is_some_and(|unix| unix.token_path.is_some());
            (file, !file)
        }
        (None, Platform::Any) => (true, true),
    };
    match deployment.token_delivery {
        TokenDelivery::File if file => TokenDelivery::File,
        TokenDelivery::Inline if !inline && file => TokenDelivery::File,
        _ => TokenDelivery::Inline,
    }
}

/// The settings that the agent reads without installer parameters: the place and the values.
fn settings(agent: &Agent, by: SettingsBy) -> Option<(&str, &[Parameter])> {
    match by {
        SettingsBy::Registry => {
            let settings = agent.windows.as_ref()?.settings.as_ref()?;
            Some((&settings.key, &settings.values))
        }
        SettingsBy::Preferences => {
            let preferences = agent.mac.as_ref()?.preferences.as_ref()?;
            Some((&preferences.domain, &preferences.values))
        }
    }
}

fn unix(agent: &Agent, platform: Platform) -> Option<&Unix> {
    match platform {
        Platform::Mac => agent.mac.as_ref(),
        Platform::Linux => agent.linux.as_ref(),
        Platform::Windows | Platform::Any => None,
    }
}

/// The sources of the variables.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) target: &'a Target,
    pub(super) values: &'a Values,
    /// How the token is carried.
    pub(super) way: TokenDelivery,
    /// The token of the deployment, or its replacement in a preview.
    pub(super) token: &'a Secret,
}

impl Facts<'_> {
    /// All variables of a template, by name.
    pub(super) fn context(&self) -> Result<BTreeMap<String, Value>, Error> {
        let Self { deployment, target, .. } = *self;
        let agent = &deployment.agent;
        let id = deployment.token_id.as_ref().map(|id| raw("the token's id", id.as_str()));
        let expires = deployment.token_expires_at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
        let mut facts = self.common();
        facts.extend([
            ("token_id".to_owned(), Value::from(id)),
            ("token_name".to_owned(), raw("the token's name", deployment.token_name.as_str())),
            ("token_expires".to_owned(), Value::from(expires.map(|at| raw("the token's expiry", &at)))),
            ("token_in_file".to_owned(), Value::from(self.way == TokenDelivery::File)),
            ("token_file".to_owned(), raw("the token's file", TOKEN_FILE)),
            (
                "agent".to_owned(),
                context! {
                    id => raw("the agent's id", &agent.id),
                    title => raw("the agent's title", &agent.title),
                    publisher => raw("the agent's publisher", &agent.publisher),
                    issues_token => agent.token == TokenFrom::Elsewhere,
                },
            ),
            ("filled".to_owned(), self.filled()),
            ("uuid".to_owned(), self.uuid()),
            ("unpublished".to_owned(), self.unpublished()),
            ("exposure".to_owned(), self.exposure()),
            ("part".to_owned(), Value::from(BTreeMap::<String, Value>::new())),
        ]);
        let no_installer =
            || Error::NoInstaller { agent: agent.id.clone(), target: target.id.clone(), platform: target.platform };
        match target.platform {
            Platform::Windows => {
                let windows = agent.windows.as_ref().ok_or_else(no_installer)?;
                facts.insert("parameters".to_owned(), self.values(&windows.parameters)?);
                facts.insert("windows".to_owned(), self.windows(windows));
            }
            Platform::Mac | Platform::Linux => {
                let installer = unix(agent, target.platform).ok_or_else(no_installer)?;
                facts.insert("unix".to_owned(), self.unix(installer)?);
            }
            Platform::Any => {
                self.own_servers()?;
            }
        }
        if let Some(by) = target.settings {
            let (place, values) = settings(agent, by).ok_or_else(|| Error::NoSettings {
                agent: agent.id.clone(),
                target: target.id.clone(),
                what: by.words(),
            })?;
            let place = raw("the place of the settings", place);
            facts.insert("settings".to_owned(), context! { place => place, values => self.values(values)? });
        }
        Ok(facts)
    }

    /// A UUID that depends only on the name, target, agent and installation: version 8, from SHA-256 (RFC 9562, 5.8 and
    /// appendix B.2).
    fn uuid(&self) -> Value {
        let seed = format!("{}\n{}\n{}\n", self.deployment.installation, self.target.id, self.deployment.agent.id);
        Value::from_function(move |name: String| {
            let mut hex = sha256(format!("{seed}{name}").as_bytes());
            hex.truncate(32);
            hex.replace_range(12..13, "8");
            let variant = u8::from_str_radix(&hex[16..17], 16).unwrap_or_default();
            hex.replace_range(16..17, &format!("{:x}", 0x8 | (variant & 0x3)));
            let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-").to_ascii_uppercase();
            raw("a UUID", &uuid)
        })
    }

    /// The variables that the settings of an agent can use too.
    fn common(&self) -> BTreeMap<String, Value> {
        let servers = self.deployment.servers.iter().map(|server| raw("a server", server));
        BTreeMap::from([
            ("token".to_owned(), raw("the token", self.token.expose())),
            ("proxy".to_owned(), raw("the proxy", &self.deployment.proxy.to_string())),
            ("servers".to_owned(), servers.collect()),
            ("properties".to_owned(), self.properties()),
            ("on_activation".to_owned(), self.on_activation().map_or(Value::from(()), |text| activation(&text))),
        ])
    }

    /// The properties by key: the items of a list, else the value; none if not filled in.
    fn properties(&self) -> Value {
        let value = |key: &str, kind, label: &str| match self.values.get(key) {
            Some(text) if kind == Kind::List => items(text).map(|item| raw(label, item)).collect(),
            Some(text) => raw(label, text),
            None => Value::from(()),
        };
        let all = self.deployment.agent.properties.iter();
        all.map(|one| (one.key.clone(), value(&one.key, one.kind, &one.label))).collect::<BTreeMap<_, _>>().into()
    }

    /// The properties with a value, each with its key and its name as a shell variable.
    fn filled(&self) -> Value {
        let all = self.deployment.agent.properties.iter();
        let value = |property: &Property| {
            let value = raw(&property.label, self.values.get(&property.key)?);
            let name = property.key.replace('-', "_").to_ascii_uppercase();
            let (key, name) = (raw("the key of a property", &property.key), raw("the key of a property", &name));
            Some(context! { key => key, name => name, value => value })
        };
        all.filter_map(value).collect()
    }

    /// The values that the administrator filled in because the vendor does not publish them.
    fn unpublished(&self) -> Value {
        let any = self.target.platform == Platform::Any;
        let here = |property: &&Property| !property.public && (any || property.is_needed_by(self.target));
        let all = self.deployment.agent.properties.iter().filter(here);
        all.filter_map(|property| Some((property, self.values.get(&property.key)?)))
            .map(|(property, value)| context! { label => prose(&property.label), value => raw(&property.label, value) })
            .collect()
    }

    fn exposure(&self) -> Value {
        let exposure = self.target.exposure(self.way);
        exposure
            .iter()
            .map(|rule| {
                context! { place => prose(&rule.place), readers => prose(&rule.readers), until => prose(&rule.until) }
            })
            .collect()
    }

    fn values(&self, values: &[Parameter]) -> Result<Value, Error> {
        let skipped = if self.way == TokenDelivery::File { Source::Token } else { Source::TokenFile };
        let mut all = Vec::new();
        let nothing = self.on_activation().is_none();
        let kept = |one: &&Parameter| one.value != skipped && !(nothing && one.value == Source::OnActivation);
        for one in values.iter().filter(kept) {
            let name = self.text(&one.name, "the name of a value");
            all.push(context! { name => name, value => self.value(&one.value)? });
        }
        Ok(Value::from(all))
    }

    fn windows(&self, windows: &Windows) -> Value {
        let none = Value::from(());
        let (code, key, value) = match &windows.detection {
            Detection::ProductCode(code) => (self.text(code, "the product code"), none.clone(), none),
            Detection::Registry { key, value } => {
                (none, raw("the registry key", key), raw("the registry value", value))
            }
        };
        let installer = self.text(&windows.installer, "the Windows installer");
        let version = windows.version.as_ref();
        let version = version.map_or(Value::from(()), |text| self.text(text, "the Windows installer's version"));
        let token_path = windows.token_path.as_deref().map(|path| raw("the token's path", path));
        context! {
            installer => installer,
            product_code => code,
            registry_key => key,
            registry_value => value,
            version => version,
            token_path => token_path,
        }
    }

    fn unix(&self, unix: &Unix) -> Result<Value, Error> {
        let optional =
            |text: &Option<Text>, label| text.as_ref().map_or(Value::from(()), |text| self.text(text, label));
        let package_url = optional(&unix.package_url, "the package's address");
        let package_sha256 = optional(&unix.package_sha256, "the package's SHA-256");
        // A downloaded package is installed by root, so its hash is required.
        if !package_url.is_none() && package_sha256.is_none() {
            let key = match &unix.package_sha256 {
                Some(Text::Property(key)) => key.as_str(),
                _ => "package_sha256",
            };
            return Err(Error::Missing {
                target: self.target.id.clone(),
                key: key.to_owned(),
                label: self.label(key),
                help: "required for a package that is downloaded".to_owned(),
            });
        }
        Ok(context! {
            installer => self.text(&unix.installer, "the installer"),
            package_id => raw("the package id", &unix.package_id),
            package_version => optional(&unix.package_version, "the package's version"),
            package_url => package_url,
            package_sha256 => package_sha256,
            token_path => unix.token_path.as_deref().map(|path| raw("the token's path", path)),
            enrolled_path => unix.enrolled_path.as_deref().map(|path| raw("the path of the enrollment file", path)),
            settings_path => self.text(&unix.settings.path, "the path of the settings"),
            settings_of_user => unix.settings.scope == Scope::User,
            settings => self.settings(&unix.settings)?,
        })
    }

    /// The action after the activation on this platform, as the settings carry it.
    fn on_activation(&self) -> Option<String> {
        let word = self.target.platform.word();
        let of_platform = self.deployment.agent.activations().into_iter().find(|(platform, _)| *platform == word);
        Some(of_platform?.1?.to_text())
    }

    /// The settings' lines, each fit for the settings' own grammar and still to be quoted for the target's.
    fn settings(&self, settings: &Settings) -> Result<Value, Error> {
        let agent = &self.deployment.agent.id;
        self.own_servers()?;
        let text = environment(settings.grammar, &settings.template, &Carried::default())
            .render_named_str("settings", &settings.template, self.common())
            .map(Zeroizing::new)
            .map_err(|error| {
                self.target
                    .refusal(&error)
                    .unwrap_or_else(|| Error::Definition { path: format!("the agent {agent}"), why: error.to_string() })
            })?;
        Ok(text.lines().map(|line| raw("a line of the settings", line)).collect())
    }

    /// The none of templates, if an optional property is not filled in.
    fn text(&self, text: &Text, label: &str) -> Value {
        match text {
            Text::Literal(text) => raw(label, text),
            Text::Property(key) => self.values.get(key).map_or(Value::from(()), |text| raw(&self.label(key), text)),
        }
    }

    fn value(&self, source: &Source) -> Result<Value, Error> {
        Ok(match source {
            Source::Token => raw("the token", self.token.expose()),
            Source::TokenFile => raw("the token's file", TOKEN_FILE),
            Source::Servers => raw("the servers", &self.joined(self.servers()?)?),
            Source::Proxy => raw("the proxy", &self.deployment.proxy.to_string()),
            Source::OnActivation => activation(&self.on_activation().unwrap_or_default()),
            Source::Property(key) => {
                raw(&self.label(key), self.values.get(key).map(String::as_str).unwrap_or_default())
            }
        })
    }

    /// A token of imd needs servers; for a token of another server, the properties of the agent contain them.
    fn own_servers(&self) -> Result<(), Error> {
        if self.deployment.agent.token == TokenFrom::Ours {
            self.servers()?;
        }
        Ok(())
    }

    fn servers(&self) -> Result<&[String], Error> {
        match self.deployment.servers.as_slice() {
            [] => Err(Error::NoServer { agent: self.deployment.agent.id.clone() }),
            servers => Ok(servers),
        }
    }

    /// The servers as one value, separated by semicolons.
    fn joined(&self, servers: &[String]) -> Result<String, Error> {
        if servers.iter().any(|server| server.is_empty() || server.contains(';')) {
            return Err(Error::Refused {
                target: self.target.id.clone(),
                what: "a server".to_owned(),
                why: "is empty or contains a semicolon, which separates servers",
            });
        }
        Ok(servers.join(";"))
    }

    fn label(&self, key: &str) -> String {
        self.deployment.agent.property(key).map_or_else(|| key.to_owned(), |property| property.label.clone())
    }
}

fn activation(text: &str) -> Value {
    raw("the action after the activation", text)
}

/// A value that prints nothing until it is quoted.
fn raw(label: &str, text: &str) -> Value {
    let text = Zeroizing::new(text.to_owned());
    Value::from_object(Raw { label: label.to_owned(), text, part_of: None })
}

/// A text of a definition. It is Markdown, and as trusted as the templates.
fn prose(text: &str) -> Value {
    Value::from_object(Quoted { grammar: Grammar::Md, text: Zeroizing::new(text.to_owned()) })
}
