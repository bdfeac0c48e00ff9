//! What a template may use: the deployment's facts by name, as values that print nothing until they are quoted.
//!
//! `assets/targets/README.md` lists them for whoever writes a template.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use zeroize::Zeroizing;

use super::agent::{Detection, Kind, Mac, Scope, Settings, Source, Text, Values, Windows, items};
use super::quote::{Grammar, Quoted, Raw, environment};
use super::render::{exposure_rules, failed};
use super::{Deployment, Error, Platform, Property, Target, TokenBy, TokenFrom};
use crate::model::text::shown;
use crate::secrets::Secret;

/// The token's file, beside the installer.
const TOKEN_FILE: &str = "token.txt";

/// The administrator's values, checked, and the defaults that need no confirmation.
pub(super) fn filled_in(deployment: &Deployment, target: &Target) -> Result<Values, Error> {
    let agent = &deployment.agent;
    for key in deployment.properties.keys() {
        if agent.property(key).is_none() {
            let nearest = agent.properties.iter().map(|property| &property.key);
            let nearest = nearest.max_by(|a, b| strsim::jaro(a, key).total_cmp(&strsim::jaro(b, key))).cloned();
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

/// How the token travels for this agent by this target: as wanted where there is a choice.
pub(super) fn way(deployment: &Deployment, target: &Target) -> TokenBy {
    let agent = &deployment.agent;
    let (file, inline) = match target.platform {
        Platform::Windows => {
            let has = |wanted: &Source| {
                agent.windows.iter().flat_map(|windows| &windows.parameters).any(|parameter| parameter.value == *wanted)
            };
            (has(&Source::TokenFile), has(&Source::Token))
        }
        Platform::Mac => {
            let file = agent.mac.as_ref().is_some_and(|mac| mac.token_path.is_some());
            (file, !file)
        }
    };
    match deployment.token_by {
        TokenBy::File if file => TokenBy::File,
        TokenBy::Inline if !inline && file => TokenBy::File,
        _ => TokenBy::Inline,
    }
}

/// Where the facts come from.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) target: &'a Target,
    pub(super) values: &'a Values,
    /// How the token travels.
    pub(super) way: TokenBy,
    /// The deployment's, or what stands for it in a preview.
    pub(super) token: &'a Secret,
}

impl Facts<'_> {
    /// Everything that a template may use, by name.
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
            ("token_in_file".to_owned(), Value::from(self.way == TokenBy::File)),
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
            ("unpublished".to_owned(), self.unpublished()),
            ("exposure".to_owned(), self.exposure()),
            ("part".to_owned(), Value::from(BTreeMap::<String, Value>::new())),
        ]);
        match (target.platform, &agent.windows, &agent.mac) {
            (Platform::Windows, Some(windows), _) => {
                facts.insert("parameters".to_owned(), self.parameters(windows)?);
                facts.insert("windows".to_owned(), self.windows(windows));
            }
            (Platform::Mac, _, Some(mac)) => {
                facts.insert("mac".to_owned(), self.mac(mac)?);
            }
            _ => {
                return Err(Error::NoInstaller {
                    agent: agent.id.clone(),
                    target: target.id.clone(),
                    platform: target.platform,
                });
            }
        }
        Ok(facts)
    }

    /// What an agent's settings may use too.
    fn common(&self) -> BTreeMap<String, Value> {
        let servers = self.deployment.servers.iter().map(|server| raw("a server", server));
        BTreeMap::from([
            ("token".to_owned(), raw("the token", self.token.expose())),
            ("proxy".to_owned(), raw("the proxy", &self.deployment.proxy.to_string())),
            ("servers".to_owned(), servers.collect()),
            ("properties".to_owned(), self.properties()),
        ])
    }

    /// The properties by key: a list's items, else the value; none where nothing is filled in.
    fn properties(&self) -> Value {
        let value = |key: &str, kind, label: &str| match self.values.get(key) {
            Some(text) if kind == Kind::List => items(text).map(|item| raw(label, item)).collect(),
            Some(text) => raw(label, text),
            None => Value::from(()),
        };
        let all = self.deployment.agent.properties.iter();
        all.map(|one| (one.key.clone(), value(&one.key, one.kind, &one.label))).collect::<BTreeMap<_, _>>().into()
    }

    /// What the administrator filled in because no vendor publishes it.
    fn unpublished(&self) -> Value {
        let here = |property: &&Property| !property.public && property.is_needed_by(self.target);
        let all = self.deployment.agent.properties.iter().filter(here);
        all.filter_map(|property| Some((property, self.values.get(&property.key)?)))
            .map(|(property, value)| context! { label => prose(&property.label), value => raw(&property.label, value) })
            .collect()
    }

    fn exposure(&self) -> Value {
        exposure_rules(self.target, self.way)
            .map(|rule| {
                context! { place => prose(&rule.place), readers => prose(&rule.readers), until => prose(&rule.until) }
            })
            .collect()
    }

    fn parameters(&self, windows: &Windows) -> Result<Value, Error> {
        let skipped = if self.way == TokenBy::File { Source::Token } else { Source::TokenFile };
        let mut parameters = Vec::new();
        for parameter in windows.parameters.iter().filter(|parameter| parameter.value != skipped) {
            let name = self.text(&parameter.name, "the name of an installer's property");
            parameters.push(context! { name => name, value => self.value(&parameter.value)? });
        }
        Ok(Value::from(parameters))
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
        context! { installer => installer, product_code => code, registry_key => key, registry_value => value }
    }

    fn mac(&self, mac: &Mac) -> Result<Value, Error> {
        let optional =
            |text: &Option<Text>, label| text.as_ref().map_or(Value::from(()), |text| self.text(text, label));
        let package_url = optional(&mac.package_url, "the package's address");
        let package_sha256 = optional(&mac.package_sha256, "the package's SHA-256");
        // What is fetched is installed by root: never without knowing what it must be.
        if !package_url.is_none() && package_sha256.is_none() {
            let key = match &mac.package_sha256 {
                Some(Text::Property(key)) => key.as_str(),
                _ => "package_sha256",
            };
            return Err(Error::Missing {
                target: self.target.id.clone(),
                key: key.to_owned(),
                label: self.label(key),
                help: "a package that is fetched needs it".to_owned(),
            });
        }
        Ok(context! {
            installer => self.text(&mac.installer, "the Mac installer"),
            package_id => raw("the package id", &mac.package_id),
            package_url => package_url,
            package_sha256 => package_sha256,
            token_path => mac.token_path.as_deref().map(|path| raw("the token's path", path)),
            settings_path => self.text(&mac.settings.path, "the path of the settings"),
            settings_of_user => mac.settings.scope == Scope::User,
            settings => self.settings(&mac.settings)?,
        })
    }

    /// The settings' lines, each fit for the settings' own grammar and still to be quoted for the target's.
    fn settings(&self, settings: &Settings) -> Result<Value, Error> {
        let agent = &self.deployment.agent.id;
        // A token of ours names the servers; one that was issued elsewhere brings properties for its own.
        if self.deployment.agent.token == TokenFrom::Ours {
            self.servers()?;
        }
        let text = environment(settings.grammar)
            .render_named_str("settings", &settings.template, self.common())
            .map(Zeroizing::new)
            .map_err(|error| {
                failed(self.target, &error)
                    .unwrap_or_else(|| Error::Definition { path: format!("the agent {agent}"), why: error.to_string() })
            })?;
        Ok(text.lines().map(|line| raw("a line of the settings", line)).collect())
    }

    /// None, as templates have it, where an optional property is not filled in.
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
            Source::Property(key) => {
                raw(&self.label(key), self.values.get(key).map(String::as_str).unwrap_or_default())
            }
        })
    }

    fn servers(&self) -> Result<&[String], Error> {
        match self.deployment.servers.as_slice() {
            [] => Err(Error::NoServer { agent: self.deployment.agent.id.clone() }),
            servers => Ok(servers),
        }
    }

    /// Several servers as one value, with semicolons between them.
    fn joined(&self, servers: &[String]) -> Result<String, Error> {
        if servers.iter().any(|server| server.is_empty() || server.contains(';')) {
            return Err(Error::Refused {
                target: self.target.id.clone(),
                what: "a server".to_owned(),
                why: "is empty or holds a semicolon, which would part it in two",
            });
        }
        Ok(servers.join(";"))
    }

    fn label(&self, key: &str) -> String {
        self.deployment.agent.property(key).map_or_else(|| key.to_owned(), |property| property.label.clone())
    }
}

/// A value that prints nothing until it is quoted.
fn raw(label: &str, text: &str) -> Value {
    let text = Zeroizing::new(text.to_owned());
    Value::from_object(Raw { label: label.to_owned(), text, part_of: None })
}

/// Text of a definition, which is written as Markdown and comes from where the templates come from.
fn prose(text: &str) -> Value {
    Value::from_object(Quoted { grammar: Grammar::Md, text: Zeroizing::new(text.to_owned()) })
}
