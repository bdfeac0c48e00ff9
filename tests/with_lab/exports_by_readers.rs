//! What the readers of each format find in thousands of exports of random and hostile values is what went in; and the
//! scripts that a tool asks a question give the verdict that this tool understands.
//!
//! The readers are none of ours: Python's `json` and `plistlib`, PyYAML, `dash`, `xmllint`; one process for all cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use imd::export::{Deployment, Rendered, TokenDelivery};
use imd::model::installer::Proxy;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::deployments::{TOKEN, cases, deployment, hostile, insync, ours, render, server, text};
use crate::support::stubs::{agent_below, run_script};

const TARGETS: [&str; 7] = ["json", "env", "mobileconfig", "munki", "ansible", "registry", "intune"];

/// What was exported in one case.
struct Case {
    servers: Vec<String>,
    proxy: String,
    property: String,
    /// The targets that could carry the values; the others refused them with a reason.
    carried: Vec<&'static str>,
    preinstall: String,
}

fn put(rendered: &Rendered, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for file in rendered.files.iter().filter(|file| file.name != "README.md") {
        fs::write(folder.join(&file.name), &*file.bytes).unwrap();
    }
}

fn read(folder: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/with_lab/exports_by_readers/read.py");
    // Debian's own, which has Debian's python3-yaml.
    let ran = Command::new("/usr/bin/python3").arg(script).arg(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn hostile_deployments_round_trip() {
    read_back(1000, false);
}

#[test]
fn hostile_deployments_with_token_round_trip() {
    read_back(1000, true);
}

fn read_back(count: usize, inline: bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::new(cases(1));
    let values = (proptest::collection::vec(server(), 1..3), hostile(), hostile());
    // Other values than those of the other way.
    for _ in 0..usize::from(inline) * count {
        values.new_tree(&mut runner).unwrap();
    }
    let mut all: BTreeMap<String, Case> = BTreeMap::new();
    for at in 0..count {
        let (servers, proxy, property) = values.new_tree(&mut runner).unwrap().current();
        let mut deployment = ours();
        deployment.servers.clone_from(&servers);
        deployment.proxy = Proxy::Url(proxy.clone());
        deployment.token_delivery = if inline { TokenDelivery::Inline } else { TokenDelivery::File };
        deployment.properties.insert("mac-package-version".to_owned(), property.clone());
        // A pasted title may hold anything, too.
        deployment.agent.title.clone_from(&property);
        let id = format!("{at:04}");
        let kandji = render(&deployment, "kandji").unwrap();
        let preinstall = text(&kandji, "preinstall.sh").trim_end().to_owned();
        let mut case = Case { servers, proxy, property, carried: Vec::new(), preinstall };
        for target in TARGETS {
            match render(&deployment, target) {
                Ok(rendered) => {
                    put(&rendered, &folder.path().join(&id).join(target));
                    case.carried.push(target);
                }
                Err(imd::export::Error::Refused { .. }) => {}
                Err(error) => panic!("{target}: {error}"),
            }
        }
        all.insert(id, case);
    }
    let read = read(folder.path());
    let mut uuids = None;
    for (id, case) in &all {
        let said = |target: &str| &read[id][target];
        let values = |target: &str| (said(target)["servers"].clone(), said(target)["proxy"].clone());
        let expected = (json!(case.servers), json!([case.proxy]));
        for target in ["json", "env", "mobileconfig", "ansible", "registry"] {
            // Only what no XML can hold is refused, and only by what is XML.
            let refused = !case.carried.contains(&target);
            assert!(!refused || target == "mobileconfig", "{target} refuses {id}");
            if refused {
                continue;
            }
            assert_eq!(values(target), expected, "{target} {id}");
            if target != "ansible" {
                let token = inline.then_some(TOKEN);
                assert_eq!(said(target)["token"], json!(token), "{target} {id}");
            }
        }
        assert_eq!(said("json")["properties"]["mac-package-version"], json!(case.property.trim()));
        assert_eq!(said("intune")["title"], json!(case.property));
        if case.carried.contains(&"munki") {
            assert_eq!(said("munki")["preinstall_script"].as_str().unwrap().trim_end(), case.preinstall, "{id}");
        }
        if case.carried.contains(&"mobileconfig") {
            // Whatever the values are, the MDM finds the same profile.
            let these = said("mobileconfig")["uuids"].clone();
            assert_eq!(*uuids.get_or_insert_with(|| these.clone()), these);
        }
    }
    let carried = all.values().filter(|case| case.carried.len() == TARGETS.len()).count();
    assert!(carried > count / 20 * 19, "only {carried} cases were carried by all");
}

#[test]
fn profile_id_depends_on_the_installation_only() {
    let profile = |deployment: &Deployment| {
        let rendered = render(deployment, "mobileconfig").unwrap();
        let profile = text(&rendered, "settings.mobileconfig").to_owned();
        let uuids = profile.lines().filter(|line| line.trim().len() == 36 + "<string></string>".len());
        uuids.map(|line| line.trim()[8..44].to_owned()).collect::<Vec<_>>()
    };
    let uuids = profile(&ours());
    assert!(uuids.len() == 2 && uuids[0] != uuids[1]);
    // RFC 9562: version 8, variant 10.
    for uuid in &uuids {
        assert!(uuid.as_bytes()[14] == b'8' && b"89AB".contains(&uuid.as_bytes()[19]), "{uuid}");
    }
    let renamed = Deployment { token_name: "rollout-2027".parse().unwrap(), ..ours() };
    assert_eq!(profile(&renamed), uuids);
    let elsewhere = Deployment { installation: "fedcba9876543210".to_owned(), ..ours() };
    assert!(profile(&elsewhere).iter().all(|uuid| !uuids.contains(uuid)));
}

proptest! {
    #![proptest_config(cases(25))]

    #[test]
    fn unix_scripts_write_values_for_the_agent(
        servers in proptest::collection::vec(server(), 1..3),
        proxy in hostile(),
    ) {
        for (target, script) in [("jamf", "install.sh"), ("kandji", "preinstall.sh"), ("shell", "install.sh")] {
            let root = tempfile::tempdir().unwrap();
            let state = agent_below(root.path());
            let deployment = Deployment {
                servers: servers.clone(),
                proxy: Proxy::Url(proxy.clone()),
                ..deployment("imd-activate", Some(state.path()))
            };
            let rendered = render(&deployment, target).unwrap();
            put(&rendered, &root.path().join("here"));
            let package = root.path().join("here/imd-activate.pkg");
            let arguments = ["/", "mac-1", "anna", package.to_str().unwrap()];
            let name = if target == "shell" { "imd-activate.deb" } else { "imd-activate.pkg" };
            let ran = run_script(text(&rendered, script), root.path(), Some(name), &arguments);
            prop_assert!(ran.status.success(), "{} {ran:?}", target);
            let folder = root.path().join("imd-activate");
            prop_assert_eq!(fs::read_to_string(folder.join("token")).unwrap(), format!("{TOKEN}\n"));
            let settings = servers.iter().fold(String::new(), |text, server| text + "server=" + server + "\n");
            prop_assert_eq!(fs::read_to_string(folder.join("settings")).unwrap(), format!("{settings}proxy={proxy}\n"));
            prop_assert!(!String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).contains(TOKEN));
        }
    }
}

#[test]
fn jamf_script_rejects_bad_parameters() {
    let state = |root: &Path| agent_below(root);
    for (arguments, code) in [
        (vec!["/", "mac-1", "anna"], 64),
        (vec!["/", "mac-1", "anna", ""], 64),
        (vec!["/", "mac-1", "anna", "/nowhere.pkg"], 75),
        (vec!["/", "mac-1", "anna", "PACKAGE", "0000"], 1),
        (vec!["/", "mac-1", "anna", "PACKAGE", ""], 0),
    ] {
        let root = tempfile::tempdir().unwrap();
        let state = state(root.path());
        let rendered = render(&deployment("imd-activate", Some(state.path())), "jamf").unwrap();
        let package = root.path().join("here/a.pkg");
        let arguments: Vec<&str> =
            arguments.into_iter().map(|one| if one == "PACKAGE" { package.to_str().unwrap() } else { one }).collect();
        let ran = run_script(text(&rendered, "install.sh"), root.path(), Some("a.pkg"), &arguments);
        assert_eq!(ran.status.code(), Some(code), "{arguments:?} {ran:?}");
        // Nothing of the token is left where nothing was installed.
        assert_eq!(root.path().join("imd-activate/token").exists(), code == 0);
    }
}

/// The table of `assets/targets/README.md`: the same question, and the answers of each tool.
#[test]
fn detection_scripts_return_the_tools_format() {
    let folder = tempfile::tempdir().unwrap();
    put(&render(&ours(), "munki").unwrap(), &folder.path().join("0/munki"));
    // The reader needs an `env` next to it.
    put(&render(&ours(), "env").unwrap(), &folder.path().join("0/env"));
    let munki = read(folder.path())["0"]["munki"].clone();
    let audit = text(&render(&ours(), "kandji").unwrap(), "audit.sh").to_owned();
    for installed in [true, false] {
        let root = tempfile::tempdir().unwrap();
        if !installed {
            fs::write(root.path().join("absent"), "").unwrap();
        }
        let run = |script: &str| run_script(script, root.path(), None, &[]);
        let code = |script: &str| run(script).status.code();
        // Kandji: 0 leaves the Mac alone.
        assert_eq!(code(&audit), Some(i32::from(!installed)));
        // Munki: 0 has it installed, or removed.
        assert_eq!(code(munki["installcheck_script"].as_str().unwrap()), Some(i32::from(installed)));
        assert_eq!(code(munki["uninstallcheck_script"].as_str().unwrap()), Some(i32::from(!installed)));
        let said = run(&audit);
        assert!(said.stderr.is_empty() && !said.stdout.is_empty());
    }
    // An older one is replaced, number by number.
    let mut newer = ours();
    newer.properties.insert("mac-package-version".to_owned(), "1.10".to_owned());
    put(&render(&newer, "munki").unwrap(), &folder.path().join("1/munki"));
    put(&render(&newer, "env").unwrap(), &folder.path().join("1/env"));
    let script = read(folder.path())["1"]["munki"]["installcheck_script"].as_str().unwrap().to_owned();
    let root = tempfile::tempdir().unwrap();
    for (found, install) in [("1.9", true), ("0.99.9", true), ("1.10", false), ("1.10.0", false), ("2", false)] {
        fs::write(root.path().join("version"), found).unwrap();
        assert_eq!(run_script(&script, root.path(), None, &[]).status.code(), Some(i32::from(!install)), "{found}");
    }
}

/// Ansible is not installed here: the conditions are read by a YAML parser and evaluated by hand.
#[test]
fn unenrolled_laptop_gets_the_current_token() {
    let playbook = render(&ours(), "ansible").unwrap();
    let playbook = text(&playbook, "playbook.yml");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("playbook.yml"), playbook).unwrap();
    let script = "import json, sys, yaml\n\
                  yaml.SafeLoader.add_constructor('!unsafe', lambda loader, node: loader.construct_scalar(node))\n\
                  print(json.dumps(yaml.safe_load(open(sys.argv[1]))[0]))";
    let ran = Command::new("/usr/bin/python3").args(["-c", script]).arg(folder.path().join("playbook.yml")).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let play: Value = serde_json::from_slice(&ran.stdout).unwrap();
    // What the agent writes once it is enrolled, and the token nowhere else than there.
    assert_eq!(play["vars"]["enrolled_path"], "/var/lib/imd-activate/claim.json");
    let tasks = play["tasks"].as_array().unwrap();
    let named = |name: &str| tasks.iter().position(|task| task["name"] == name).unwrap();
    let (looks, puts) = (named("See whether the laptop is enrolled"), named("Put the token in place"));
    assert!(looks < puts && tasks[looks]["register"] == "enrolled");
    assert_eq!(tasks[puts]["when"], "package_name not in ansible_facts.packages or not enrolled.stat.exists");
}

#[test]
fn configmgr_detects_older_version_as_missing() {
    for (deployment, kind) in [(ours(), "'Version'"), (insync(), "'ProductVersion'")] {
        let script = |deployment: &Deployment| {
            text(&render(deployment, "configmgr").unwrap(), "create-application.ps1").to_owned()
        };
        let reported = |script: &str, word: &str, value: &str| {
            let mut lines = script.lines().map(|line| line.split_once('=').map(|(a, b)| (a.trim(), b.trim())));
            lines.any(|line| line == Some((word, value)))
        };
        let any = script(&deployment);
        assert!(any.contains("Existence") && !any.contains("GreaterEquals"), "{any}");
        let mut versioned = deployment.clone();
        versioned.properties.insert("windows-version".to_owned(), "1.10.2".to_owned());
        let since = script(&versioned);
        assert!(!since.contains("Existence"), "{since}");
        for (word, value) in
            [("PropertyType", kind), ("ExpressionOperator", "'GreaterEquals'"), ("ExpectedValue", "'1.10.2'")]
        {
            assert!(reported(&since, word, value), "{word}: {since}");
        }
    }
}

/// PowerShell is not installed here: the script is checked by the commands that it contains.
#[test]
fn intune_detection_prints_only_its_result() {
    for deployment in [ours(), insync()] {
        let rendered = render(&deployment, "intune").unwrap();
        let script = text(&rendered, "detect.ps1");
        let code: Vec<&str> =
            script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let count = |word: &str| code.iter().filter(|line| line.contains(word)).count();
        // One word of output, where it is installed, and two ways out.
        let output = code.iter().position(|line| line.starts_with("Write-Output")).unwrap();
        assert_eq!((code[output - 1], count("Write-")), ("if (Test-Installed) {", 1));
        assert_eq!((count("exit 1"), count("exit 0"), count("exit")), (1, 1, 2));
        assert_eq!(code.last(), Some(&"exit 0"));
        let failed = code.iter().position(|line| *line == "exit 1").unwrap();
        assert_eq!(code[failed - 1], "catch {");
        // An error stops at once, and so is caught: nothing else could write to standard error.
        assert_eq!(count("$ErrorActionPreference = 'Stop'"), 1);
        for word in ["throw", "Error]", "Out-", "Host]", "echo", "Console"] {
            assert_eq!(count(word), 0, "{word}");
        }
        assert!(script.is_ascii() && script.lines().count() == script.matches("\r\n").count());
    }
}

/// Of each shell script that is exported for a deployment, a file with it; those of Munki stand inside its plist.
fn scripts(deployment: &Deployment, at: usize, folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for target in ["jamf", "kandji", "mobileconfig", "shell", "ivanti-mac"] {
        let Ok(rendered) = render(deployment, target) else { continue };
        for file in rendered.files.iter().filter(|file| file.name.strip_suffix(".sh").is_some()) {
            let path = folder.join(format!("{at}-{target}-{}", file.name));
            fs::write(&path, &*file.bytes).unwrap();
            paths.push(path);
        }
    }
    let Ok(munki) = render(deployment, "munki") else { return paths };
    let place = folder.join(format!("{at}/munki"));
    put(&munki, &place);
    put(&render(deployment, "env").unwrap(), &folder.join(format!("{at}/env")));
    paths
}

fn scripts_of_munki(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for (id, read) in read(folder).as_object().unwrap() {
        for (name, script) in read["munki"].as_object().unwrap() {
            let path = folder.join(format!("{id}-munki-{name}.sh"));
            fs::write(&path, script.as_str().unwrap()).unwrap();
            paths.push(path);
        }
    }
    paths
}

fn shellcheck(paths: &[PathBuf], severity: &str) {
    let found = Command::new("shellcheck").args(["-s", "sh", "-S", severity]).args(paths).output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn shellcheck_finds_nothing_in_any_script() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<_> =
        [ours(), insync()].iter().enumerate().flat_map(|(at, one)| scripts(one, at, folder.path())).collect();
    assert_eq!(paths.len(), 6 + 4);
    let munki = scripts_of_munki(folder.path());
    assert_eq!(munki.len(), 2 * 3);
    paths.extend(munki);
    shellcheck(&paths, "style");
}

/// That a value holds `$(id)` it may find worth a remark; that a quote is not closed would be an error.
#[test]
fn no_value_makes_shellcheck_find_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::new(cases(1));
    let values = (proptest::collection::vec(server(), 1..3), hostile());
    let mut paths = Vec::new();
    for at in 0..20 {
        let (servers, proxy) = values.new_tree(&mut runner).unwrap().current();
        let deployment = Deployment { servers, proxy: Proxy::Url(proxy), ..ours() };
        paths.extend(scripts(&deployment, at, folder.path()));
    }
    paths.extend(scripts_of_munki(folder.path()));
    assert!(paths.len() > 20 * 8, "{}", paths.len());
    shellcheck(&paths, "error");
}
