//! Deployments to export, harmless and hostile.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use imd::export::{self, Deployment, Error, Rendered, TokenDelivery};
use imd::model::installer::Proxy;
use imd::model::name::Name;
use imd::model::token::TokenId;
use imd::secrets::Secret;
use proptest::prelude::*;

pub(crate) const TOKEN: &str = "imd1_eyJqdGkiOiIwMDAxMDIwM2ZjZmRmZWZmIn0.Q0FOQVJZ_-canary";

pub(crate) fn deployment(agent: &str, state: Option<&Path>) -> Deployment {
    let agent = export::agents(state).unwrap().into_iter().find(|one| one.id == agent).unwrap();
    Deployment {
        agent,
        installation: "0123456789abcdef".to_owned(),
        token: Secret::new(TOKEN),
        token_id: Some(TokenId::parse("00010203fcfdfeff").unwrap()),
        token_name: Name::new("rollout-2026").unwrap(),
        token_expires_at: Some("2026-02-21T00:00:00Z".parse().unwrap()),
        token_delivery: TokenDelivery::File,
        servers: vec!["https://imd.corp.example.com:7443".to_owned()],
        proxy: Proxy::System,
        properties: BTreeMap::new(),
    }
}

pub(crate) fn ours() -> Deployment {
    deployment("imd-activate", None)
}

pub(crate) fn insync() -> Deployment {
    let filled = [
        ("windows-installer", "inSync5.9.5r60564.msi"),
        ("product-code", "{12345678-90AB-CDEF-1234-567890ABCDEF}"),
        ("token-property", "TOK_X"),
        ("servers-property", "SRV_X"),
        ("servers", "backup.example.com:6061"),
        ("mac-settings", "Library/Application Support/inSync/inSync.cfg"),
        ("mac-token-key", "TOKEN"),
        ("mac-servers-key", "SERVERS"),
    ];
    Deployment {
        token: Secret::new("issued-elsewhere-CANARY"),
        token_id: None,
        token_expires_at: None,
        properties: filled.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..deployment("insync", None)
    }
}

/// The same, of a package that Macs fetch; what `curl` gives them in these tests holds the word "package".
pub(crate) fn fetched(deployment: &Deployment) -> Deployment {
    let sum = "bc4a71180870f7945155fbb02f4b0a2e3faa2a62d6d31b7039013055ed19869a";
    let mut fetched = deployment.clone();
    let filled = [("mac-package-url", "https://files.example.com/it's%20here.pkg"), ("mac-package-sha256", sum)];
    fetched.properties.extend(filled.map(|(key, value)| (key.to_owned(), value.to_owned())));
    fetched
}

/// Ivanti for Mac takes nothing that is not fetched: it gets that where the deployment names nothing.
pub(crate) fn render(deployment: &Deployment, target: &str) -> Result<Rendered, Error> {
    // Thousands of cases: read once.
    static TARGETS: LazyLock<Vec<export::Target>> = LazyLock::new(|| export::targets(None).unwrap());
    let named = deployment.properties.keys().any(|key| key.starts_with("mac-package-"));
    let deployment = if target == "ivanti-mac" && !named { &fetched(deployment) } else { deployment };
    export::render(deployment, TARGETS.iter().find(|one| one.id == target).unwrap())
}

pub(crate) fn text<'a>(rendered: &'a Rendered, name: &str) -> &'a str {
    let file = rendered.files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    std::str::from_utf8(&file.bytes).unwrap()
}

/// The same cases in every run, so that a failure is there again in the next one.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(20_251_123);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// Text of the characters that each grammar trips over, and of any others that are not control characters.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let nasty = proptest::sample::select(
        "\"'`$%!^&|<>()[]{}\\/*?~#@=:, \u{2018}\u{2019}\u{201a}\u{201b}\u{201c}-+\u{202e}\u{feff}éö山😀"
            .chars()
            .collect::<Vec<_>>(),
    );
    let any = proptest::char::any().prop_filter("no control characters", |c| !c.is_control());
    let piece = prop_oneof![8 => nasty.prop_map(String::from), 4 => "[a-zA-Z0-9]{1,4}", 1 => any.prop_map(String::from),
        1 => proptest::sample::select(vec!["%PATH%", "$(id)", "`id`", "'; id #", "\" & calc & \"", "'\\''", "\"\"", "%%", "\\\"", "-n"]).prop_map(String::from)];
    proptest::collection::vec(piece, 1..12)
        .prop_map(|pieces| pieces.concat().trim().to_owned())
        .prop_filter("something", |text| !text.is_empty())
}

pub(crate) fn server() -> impl Strategy<Value = String> {
    hostile().prop_filter("no separator", |text| !text.contains([';', ',']))
}

/// The same, for grammars that carry nothing but ASCII: else nearly every case is refused.
pub(crate) fn ascii(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    text.prop_map(|text| text.chars().filter(char::is_ascii).collect::<String>().trim().to_owned())
        .prop_filter("something", |text| !text.is_empty())
}
