//! What a parser of PowerShell that is none of ours finds in thousands of exported scripts: the same program for every
//! value, and in its strings what went in.
//!
//! The reader is tree-sitter with its grammar of the language (PyPI), which `tests/run` installs below `target/`; one
//! process for all cases. PowerShell itself is not installed here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use imd::export::{Deployment, TokenDelivery};
use imd::model::installer::Proxy;
use imd::secrets::Secret;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::support::deployments::{TOKEN, cases, hostile, insync, ours, render, server};

const TARGETS: [&str; 3] = ["configmgr", "intune", "gpo-startup"];

/// Where `tests/run` put it.
fn python() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("tree-sitter/bin/python");
    assert!(program.exists(), "{} is not there; `tests/run --packages` installs it", program.display());
    program
}

fn read(folder: &Path) -> BTreeMap<String, Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/with_lab/exports_by_powershell/read.py");
    let ran = Command::new(python()).arg(script).arg(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// A deployment, and what its scripts are to say: each string that depends on it, by a name.
struct Case {
    deployment: Deployment,
    says: BTreeMap<&'static str, String>,
}

impl Case {
    /// `reported`: the properties of the installer, in its own syntax: a quote in a value is doubled.
    fn new(mut deployment: Deployment, title: &str, installer: &str, reported: &[(&str, String)]) -> Self {
        title.clone_into(&mut deployment.agent.title);
        deployment.agent.publisher = format!("{title} & Co.");
        deployment.properties.insert("windows-installer".to_owned(), installer.to_owned());
        let reported: Vec<_> =
            reported.iter().map(|(name, value)| format!("{name}=\"{}\"", value.replace('"', "\"\""))).collect();
        let properties = reported.join(" ");
        let uninstalled = deployment.properties.get("product-code").map_or(installer, String::as_str);
        let mut says = BTreeMap::from([
            ("install", format!("msiexec.exe /i \"{installer}\" {properties} /qn /norestart")),
            ("uninstall", format!("msiexec.exe /x \"{uninstalled}\" /qn /norestart")),
            ("installer", installer.to_owned()),
            ("title", title.to_owned()),
            ("publisher", deployment.agent.publisher.clone()),
            ("properties", properties),
        ]);
        says.extend(deployment.properties.get("product-code").map(|code| ("product code", code.clone())));
        Self { deployment, says }
    }

    fn ours(servers: Vec<String>, proxy: String, title: &str, installer: &str, by: TokenDelivery) -> Self {
        let token = match by {
            TokenDelivery::File => ("IMD_TOKEN_FILE", "token.txt".to_owned()),
            TokenDelivery::Inline => ("IMD_TOKEN", TOKEN.to_owned()),
        };
        let reported = [token, ("IMD_SERVERS", servers.join(";")), ("IMD_PROXY", proxy.clone())];
        let deployment = Deployment { servers, proxy: Proxy::Url(proxy), token_delivery: by, ..ours() };
        Self::new(deployment, title, installer, &reported)
    }

    fn theirs(servers: &str, token: String, title: &str, installer: &str, code: &str, name: &str) -> Self {
        let mut deployment = Deployment { token: Secret::new(token.clone()), ..insync() };
        for (key, value) in [("servers", servers), ("product-code", code), ("token-property", name)] {
            deployment.properties.insert(key.to_owned(), value.to_owned());
        }
        Self::new(deployment, title, installer, &[(name, token), ("SRV_X", servers.to_owned())])
    }
}

#[test]
fn powershell_parser_finds_the_exported_values() {
    let count = if std::env::var_os("IMD_LONG").is_some() { 5_000 } else { 300 };
    let mut runner = TestRunner::new(cases(1));
    let values = (
        proptest::collection::vec(server(), 1..3),
        hostile(),
        hostile(),
        "[A-Za-z0-9][A-Za-z0-9 ._()-]{0,20}\\.msi",
        "[{][0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}[}]",
        "[A-Z_][A-Z0-9_.]{0,12}",
    );
    // A harmless one of each kind first: the others are to be the same program.
    let kinds = ["file", "inline", "elsewhere"];
    let plain = |kind: &str| {
        let servers = vec!["https://imd.corp.example.com:7443".to_owned()];
        let proxy = "http://proxy.corp.example.com:3128".to_owned();
        match kind {
            "file" => Case::ours(servers, proxy, "Agent", "agent.msi", TokenDelivery::File),
            "inline" => Case::ours(servers, proxy, "Agent", "agent.msi", TokenDelivery::Inline),
            _ => {
                let code = "{12345678-90AB-CDEF-1234-567890ABCDEF}";
                Case::theirs("backup.example.com:6061", "issued".to_owned(), "Agent", "agent.msi", code, "TOK")
            }
        }
    };
    let mut all: BTreeMap<String, Case> = kinds.map(|kind| (format!("{kind}-plain"), plain(kind))).into();
    for at in 0..count {
        for kind in kinds {
            let (servers, other, title, installer, code, name) = values.new_tree(&mut runner).unwrap().current();
            let case = match kind {
                "file" => Case::ours(servers, other, &title, &installer, TokenDelivery::File),
                "inline" => Case::ours(servers, other, &title, &installer, TokenDelivery::Inline),
                _ => Case::theirs(&servers.join(","), other, &title, &installer, &code, &name),
            };
            all.insert(format!("{kind}-{at}"), case);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for (id, case) in &all {
        for target in TARGETS {
            match render(&case.deployment, target) {
                Ok(rendered) => {
                    let place = folder.path().join(id).join(target);
                    fs::create_dir_all(&place).unwrap();
                    for file in rendered.files.iter().filter(|file| file.name.strip_suffix(".ps1").is_some()) {
                        fs::write(place.join(&file.name), &*file.bytes).unwrap();
                    }
                }
                // `exports_read_back` sees to the reasons.
                Err(imd::export::Error::Refused { .. }) => refused += 1,
                Err(error) => panic!("{target}: {error}"),
            }
        }
    }
    assert!(refused < all.len() * TARGETS.len() / 5, "most are carried: {refused}");

    let read = read(folder.path());
    assert!(read.len() > count * 3 * 4, "{}", read.len());
    for (path, script) in &read {
        let (id, file) = path.split_once('/').unwrap();
        let (kind, _) = id.split_once('-').unwrap();
        let plain = &read[&format!("{kind}-plain/{file}")];
        assert!(script.get("wrong").is_none() && plain.get("wrong").is_none(), "{path}: {script} {plain}");
        assert_eq!(script["code"], plain["code"], "{path}");
        assert_eq!(script["tree"], plain["tree"], "{path}");
        let (reported, harmless) = (&all[id].says, &all[&format!("{kind}-plain")].says);
        let strings = |script: &Value| -> Vec<String> { serde_json::from_value(script["strings"].clone()).unwrap() };
        let said = |string: String| match harmless.iter().find(|(_, value)| **value == string) {
            Some((what, _)) => reported[what].clone(),
            None => string,
        };
        let wanted: Vec<String> = strings(plain).into_iter().map(said).collect();
        assert_eq!(strings(script), wanted, "{path}");
    }
    // The harmless ones say all of it, so that the others were asked for all of it.
    for kind in kinds {
        for (what, value) in &all[&format!("{kind}-plain")].says {
            let of_kind = read.iter().filter(|(path, _)| path.starts_with(&format!("{kind}-plain/")));
            let mut strings = of_kind.flat_map(|(_, script)| script["strings"].as_array().unwrap());
            assert!(strings.any(|string| string == value), "{kind} does not say the {what}");
        }
    }
}
