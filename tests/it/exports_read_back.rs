//! Each exported file, read back by its own grammar, yields the values that went in, whatever they are.

mod readers;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use imd::export::{self, Deployment, Error, Rendered, TokenDelivery};
use imd::model::installer::Proxy;
use imd::secrets::Secret;
use proptest::prelude::*;

use crate::support::deployments::{
    TOKEN, ascii, cases, deployment, fetched, hostile, insync, ours, render, server, text,
};
use crate::support::stubs::{agent_below, run_sh};

const SCRIPT_FOLDER: &str = "\\\\server\\share\\drop here\\";

/// The msiexec line of `install.cmd`, as msiexec gets it.
fn install_cmd(rendered: &Rendered) -> Result<readers::Msiexec, String> {
    let script = text(rendered, "install.cmd");
    assert!(script.lines().count() > 5 && script.matches("\r\n").count() == script.matches('\n').count());
    let line = script.lines().find(|line| line.contains("msiexec.exe")).unwrap();
    let variables = BTreeMap::from([("SystemRoot", "C:\\Windows"), ("LOG", "C:\\Windows\\Temp\\imd-install.log")]);
    readers::msiexec(&readers::cmd_line(line, SCRIPT_FOLDER, &variables)?)
}

fn assert_refused(error: &Error) {
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(!error.help().is_empty());
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn msiexec_gets_the_values_from_both_command_lines(
        servers in proptest::collection::vec(ascii(server()), 1..3),
        proxy in ascii(hostile()),
        by in proptest::sample::select(vec![TokenDelivery::File, TokenDelivery::Inline]),
    ) {
        let deployment = Deployment { servers: servers.clone(), proxy: Proxy::Url(proxy.clone()), token_delivery: by, ..ours() };
        let percents = servers.iter().chain([&proxy]).map(|text| text.matches('%').count()).sum::<usize>();
        let rendered = match render(&deployment, "msiexec") {
            Ok(rendered) => rendered,
            Err(error) => {
                assert_refused(&error);
                prop_assert!(percents > 1, "{error}");
                return Ok(());
            }
        };
        prop_assert!(percents <= 1);
        let mut properties = BTreeMap::from([
            ("IMD_SERVERS".to_owned(), servers.join(";")),
            ("IMD_PROXY".to_owned(), proxy),
        ]);
        match by {
            TokenDelivery::File => properties.insert("IMD_TOKEN_FILE".to_owned(), "token.txt".to_owned()),
            TokenDelivery::Inline => properties.insert("IMD_TOKEN".to_owned(), TOKEN.to_owned()),
        };
        let read = install_cmd(&rendered).unwrap();
        prop_assert_eq!(read.install.as_deref(), Some("\\\\server\\share\\drop here\\imd-activate.msi"));
        prop_assert_eq!(read.switches, ["/qn", "/norestart"]);
        prop_assert_eq!(&read.properties, &properties);
        // Ivanti runs the same line.
        let read = install_cmd(&render(&deployment, "ivanti-windows").unwrap()).unwrap();
        prop_assert_eq!(&read.properties, &properties);
        let line = text(&rendered, "command-line.txt");
        let read = readers::msiexec(line.strip_suffix("\r\n").unwrap()).unwrap();
        prop_assert_eq!(read.install.as_deref(), Some("imd-activate.msi"));
        prop_assert_eq!(&read.properties, &properties);
    }

    #[test]
    fn foreign_token_survives_every_windows_target(token in ascii(hostile()), servers in ascii(server())) {
        let mut deployment = insync();
        deployment.token = Secret::new(token.clone());
        deployment.properties.insert("servers".to_owned(), servers.clone());
        for target in ["msiexec", "configmgr"] {
            match render(&deployment, target) {
                Ok(rendered) => {
                    let read = match target {
                        "msiexec" => install_cmd(&rendered).unwrap(),
                        _ => install_command(&rendered),
                    };
                    prop_assert_eq!(&read.properties["TOK_X"], &token);
                    prop_assert_eq!(&read.properties["SRV_X"], &servers);
                }
                Err(error) => {
                    assert_refused(&error);
                    prop_assert!(token.matches('%').count() + servers.matches('%').count() > 1, "{error}");
                }
            }
        }
    }

    #[test]
    fn powershell_reads_the_values_and_nothing_of_them_as_code(servers in proptest::collection::vec(server(), 1..3), proxy in hostile()) {
        let deployment = Deployment { servers: servers.clone(), proxy: Proxy::Url(proxy.clone()), ..ours() };
        let rendered = match render(&deployment, "configmgr") {
            Ok(rendered) => rendered,
            Err(error) => {
                assert_refused(&error);
                let percents = servers.iter().chain([&proxy]).map(|text| text.matches('%').count()).sum::<usize>();
                prop_assert!(percents > 1, "{error}");
                return Ok(());
            }
        };
        let read = install_command(&rendered);
        prop_assert_eq!(&read.properties["IMD_SERVERS"], &servers.join(";"));
        prop_assert_eq!(&read.properties["IMD_PROXY"], &proxy);
        prop_assert_eq!(&read.properties["IMD_TOKEN_FILE"], "token.txt");
        // Whatever the values are, the code is the same.
        let (hostile, _) = readers::powershell(text(&rendered, "create-application.ps1")).unwrap();
        let harmless = render(&ours(), "configmgr").unwrap();
        let (harmless, _) = readers::powershell(text(&harmless, "create-application.ps1")).unwrap();
        prop_assert_eq!(hostile, harmless);
        for (target, script) in [("intune", "install.ps1"), ("gpo-startup", "startup.ps1")] {
            let rendered = render(&deployment, target).unwrap();
            let (hostile, strings) = readers::powershell(text(&rendered, script)).unwrap();
            let properties = strings.iter().find(|string| string.starts_with("IMD_TOKEN_FILE=")).unwrap();
            let read = readers::msiexec(&format!("msiexec {properties}")).unwrap();
            prop_assert_eq!(&read.properties["IMD_SERVERS"], &servers.join(";"));
            prop_assert_eq!(&read.properties["IMD_PROXY"], &proxy);
            let harmless = render(&ours(), target).unwrap();
            prop_assert_eq!(hostile, readers::powershell(text(&harmless, script)).unwrap().0);
        }
    }

    #[test]
    fn a_value_with_a_control_character_is_refused_by_every_target(before in "[a-z]{0,3}", control in proptest::char::ranges(vec!['\0'..='\u{1f}', '\u{7f}'..='\u{9f}'].into()), after in "[a-z]{1,3}") {
        let value = format!("{before}{control}{after}");
        for target in export::targets(None).unwrap().iter().map(|target| target.id.as_str()) {
            let deployment = Deployment { servers: vec![value.clone()], ..ours() };
            assert_refused(&render(&deployment, target).unwrap_err());
            let deployment = Deployment { token: Secret::new(format!("imd1_{value}")), ..ours() };
            assert_refused(&render(&deployment, target).unwrap_err());
        }
    }
}

/// The install command in the script for ConfigMgr, as msiexec gets it.
fn install_command(rendered: &Rendered) -> readers::Msiexec {
    let script = text(rendered, "create-application.ps1");
    assert!(script.starts_with('\u{feff}'), "5.1 needs the byte order mark");
    assert_eq!(script.matches("\r\n").count(), script.matches('\n').count());
    let (_, strings) = readers::powershell(script).unwrap();
    let command = strings.iter().find(|string| string.starts_with("msiexec.exe /i ")).unwrap();
    readers::msiexec(command).unwrap()
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn mac_script_writes_where_the_agent_reads(
        servers in proptest::collection::vec(server(), 1..3),
        proxy in hostile(),
    ) {
        let root = tempfile::tempdir().unwrap();
        let state = agent_below(root.path());
        let deployment = Deployment {
            servers: servers.clone(),
            proxy: Proxy::Url(proxy.clone()),
            ..deployment("imd-activate", Some(state.path()))
        };
        let rendered = render(&deployment, "ivanti-mac").unwrap();
        let ran = run_sh(&rendered, root.path(), None);
        prop_assert!(ran.status.success(), "{ran:?}");
        let folder = root.path().join("imd-activate");
        prop_assert_eq!(fs::read_to_string(folder.join("token")).unwrap(), format!("{TOKEN}\n"));
        let settings = servers.iter().fold(String::new(), |text, server| text + "server=" + server + "\n");
        prop_assert_eq!(fs::read_to_string(folder.join("settings")).unwrap(), format!("{settings}proxy={proxy}\n"));
        for name in ["token", "settings"] {
            prop_assert_eq!(fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // The script passes the token to no other program and prints nothing about it.
        for entry in fs::read_dir(root.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            prop_assert!(!fs::read_to_string(entry.path()).unwrap().contains(TOKEN), "{:?}", entry.path());
        }
        prop_assert!(!String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).contains(TOKEN));
        let installed = fs::read_to_string(root.path().join("installer.args")).unwrap();
        let package = installed.strip_prefix("-pkg\n").and_then(|rest| rest.strip_suffix("\n-target\n/\n"));
        prop_assert!(package.is_some_and(|path| path.ends_with("/package.pkg")), "{installed}");
    }

    #[test]
    fn the_settings_of_a_user_hold_the_values_as_python_reads_them(
        token in hostile(),
        servers in proptest::collection::vec(server(), 1..3),
        folder in "[A-Za-z '$\"\\\\]{1,8}[a-z]",
    ) {
        let root = tempfile::tempdir().unwrap();
        let mut deployment = insync();
        deployment.token = Secret::new(token.clone());
        deployment.properties.insert("servers".to_owned(), servers.join(", "));
        deployment.properties.insert("mac-settings".to_owned(), format!("x{folder}/in Sync.cfg"));
        let rendered = render(&deployment, "ivanti-mac").unwrap();
        let ran = run_sh(&rendered, root.path(), None);
        prop_assert!(ran.status.success(), "{ran:?}");
        let settings = fs::read_to_string(root.path().join(format!("home/x{folder}/in Sync.cfg"))).unwrap();
        let path = root.path().join(format!("home/x{folder}/in Sync.cfg"));
        prop_assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        let (first, second) = settings.trim_end_matches('\n').split_once('\n').unwrap();
        prop_assert_eq!(readers::python(first.strip_prefix("SERVERS = ").unwrap()).unwrap(), servers);
        prop_assert_eq!(readers::python(second.strip_prefix("TOKEN = ").unwrap()).unwrap(), [token]);
        let user = fs::read_to_string(root.path().join("sudo.args")).unwrap();
        prop_assert!(user.starts_with("-H\n-u\nanna\n--\n/bin/sh\n"), "{user}");
    }
}

#[test]
fn fetched_package_is_installed_only_with_its_hash() {
    let sum = Command::new("sh").args(["-c", "printf package | sha256sum"]).output().unwrap();
    let real = String::from_utf8(sum.stdout).unwrap()[..64].to_uppercase();
    // Ivanti copies one file to a Mac, so the script cannot have another file in its folder.
    let deployed = |keys: &[&str]| {
        let mut deployment = fetched(&ours());
        deployment.properties.retain(|key, _| keys.contains(&key.as_str()));
        let target = export::targets(None).unwrap().into_iter().find(|target| target.id == "ivanti-mac").unwrap();
        export::render(&deployment, &target)
    };
    for (filled, lacks) in [(&[][..], "mac-package-url"), (&["mac-package-url"][..], "mac-package-sha256")] {
        let refused = deployed(filled).unwrap_err();
        assert!(matches!(&refused, Error::Missing { key, .. } if key == lacks), "{refused}");
    }
    assert!(deployed(&["mac-package-url", "mac-package-sha256"]).is_ok());
    for (sum, installs) in [(real, true), ("0".repeat(64), false)] {
        let root = tempfile::tempdir().unwrap();
        let state = agent_below(root.path());
        let mut deployment = deployment("imd-activate", Some(state.path()));
        let url = "https://files.example.com/it's%20here.pkg";
        deployment.properties.insert("mac-package-url".to_owned(), url.to_owned());
        // A target that also accepts the package in the script's folder rejects an address without a checksum.
        let error = render(&deployment, "jamf").unwrap_err();
        assert!(matches!(error, Error::Missing { key, .. } if key == "mac-package-sha256"));
        deployment.properties.insert("mac-package-sha256".to_owned(), sum);
        let ran = run_sh(&render(&deployment, "ivanti-mac").unwrap(), root.path(), None);
        assert_eq!(ran.status.success(), installs, "{ran:?}");
        assert_eq!(root.path().join("installer.args").exists(), installs);
        assert!(fs::read_to_string(root.path().join("curl.args")).unwrap().contains(&format!("--url\n{url}\n")));
        // Nothing of the token is left on a Mac on which nothing was installed.
        assert_eq!(root.path().join("imd-activate/token").exists(), installs);
    }
}

#[test]
fn the_script_for_macs_says_when_the_package_is_absent() {
    let root = tempfile::tempdir().unwrap();
    let state = agent_below(root.path());
    let rendered = render(&deployment("imd-activate", Some(state.path())), "ivanti-mac").unwrap();
    fs::write(root.path().join("unreachable"), "").unwrap();
    let ran = run_sh(&rendered, root.path(), None);
    assert_eq!(ran.status.code(), Some(75));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("could not fetch https://files.example.com/it's%20here.pkg"));
    assert!(!root.path().join("imd-activate").exists());
}

/// A file's text, in whichever of the two encodings it is.
fn plain(bytes: &[u8]) -> String {
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(wide) => {
            let units: Vec<u16> = wide.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        None => String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// Every combination of an agent, a target and a way for the token.
fn all() -> Vec<(Deployment, Rendered)> {
    let mut all = Vec::new();
    for deployment in [ours(), Deployment { token_delivery: TokenDelivery::Inline, ..ours() }, insync()] {
        for target in export::targets(None).unwrap() {
            match render(&deployment, &target.id) {
                Ok(rendered) => all.push((deployment.clone(), rendered)),
                Err(error) => {
                    // It has no installer for Linux, and reads neither the registry nor managed preferences.
                    let lacks = ["shell", "ansible", "registry", "mobileconfig"].contains(&target.id.as_str());
                    assert!(lacks && deployment.agent.id == "insync", "{}: {error}", target.id);
                }
            }
        }
    }
    all
}

#[test]
fn the_token_is_only_in_the_files_that_the_manifest_names() {
    for (deployment, rendered) in all() {
        let canary = deployment.token.expose();
        let mut holders = 0;
        for file in &rendered.files {
            let holds = plain(&file.bytes).contains(canary);
            assert_eq!(holds, file.holds_token, "{} {}", rendered.target, file.name);
            let listed = rendered.manifest.files.iter().find(|one| one.name == file.name).unwrap();
            assert_eq!(listed.holds_token, holds);
            assert_eq!(file.mode, if holds { 0o600 } else { 0o644 });
            assert!(!file.preview().contains(canary), "the preview of {}", file.name);
            let masked = ["<the token>", "&lt;the token&gt;"].iter().any(|mask| file.preview().contains(mask));
            assert_eq!(masked, holds, "{}", file.name);
            holders += usize::from(holds);
        }
        assert!(holders > 0 && !rendered.exposure.is_empty());
        let manifest = serde_json::to_string(&rendered.manifest).unwrap();
        assert!(!manifest.contains(canary));
        assert!(!format!("{rendered:?}").contains(canary));
    }
}

#[test]
fn token_is_in_a_file_by_default_and_in_no_command() {
    let carried = ["msiexec", "configmgr", "intune", "gpo-startup", "registry", "ivanti-windows"];
    for target in carried.into_iter().chain(["shell", "ansible", "json", "env"]) {
        let rendered = render(&ours(), target).unwrap();
        let holders: Vec<_> = rendered.files.iter().filter(|file| file.holds_token).map(|file| &file.name).collect();
        assert_eq!(holders, ["token.txt"], "{target}");
        assert_eq!(text(&rendered, "token.txt"), format!("{TOKEN}\n"));
    }
}

#[test]
fn export_readme_states_token_exposure() {
    for (deployment, rendered) in all() {
        let readme = text(&rendered, "README.md");
        for exposure in &rendered.exposure {
            for said in [&exposure.place, &exposure.readers, &exposure.until] {
                assert!(readme.contains(said.as_str()), "{}: {said}", rendered.target);
            }
        }
        assert!(readme.contains("`rollout-2026`"));
        assert_eq!(readme.contains("2026-02-21 00:00 UTC"), deployment.token_expires_at.is_some());
        let unpublished = deployment.agent.id == "insync";
        assert_eq!(readme.contains("Check these first"), unpublished);
        // Only what this target uses is to be checked.
        let targets = export::targets(None).unwrap();
        let platform = targets.into_iter().find(|target| target.id == rendered.target).unwrap().platform;
        let on = |this| unpublished && (platform == this || platform == export::Platform::Any);
        assert_eq!(readme.contains("`TOK_X`"), on(export::Platform::Windows));
        assert_eq!(readme.contains("Settings file on a Mac"), on(export::Platform::Mac));
    }
}

#[test]
fn the_same_deployment_gives_the_same_bytes() {
    for (deployment, first) in all() {
        let again = render(&deployment, &first.target).unwrap();
        for (a, b) in first.files.iter().zip(&again.files) {
            assert!(a.name == b.name && *a.bytes == *b.bytes);
        }
        assert_eq!(first.manifest, again.manifest);
    }
}

#[test]
fn no_property_name_is_given_out_as_the_vendors() {
    let agent = insync().agent;
    for property in &agent.properties {
        if property.kind == export::Kind::MsiName {
            assert!(property.default.is_none() && !property.public, "{}", property.key);
        }
    }
    for key in ["token-property", "servers-property", "servers", "windows-installer"] {
        let mut deployment = insync();
        deployment.properties.remove(key);
        let error = render(&deployment, "msiexec").unwrap_err();
        assert!(matches!(&error, Error::Missing { key: missing, .. } if missing == key), "{error}");
    }
    // A suggestion is not used before the administrator has confirmed it.
    let mut deployment = insync();
    deployment.properties.remove("mac-token-key");
    assert!(matches!(render(&deployment, "ivanti-mac"), Err(Error::Missing { .. })));
}

#[test]
fn values_that_are_not_what_they_should_be_are_refused_by_name() {
    for (key, value) in [
        ("token-property", "Tok"),
        ("token-property", "A B"),
        ("token-property", "A=B"),
        ("windows-installer", "..\\x.msi"),
        ("windows-installer", "a\"b.msi"),
        ("product-code", "12345678-90AB-CDEF-1234-567890ABCDEF"),
        ("mac-settings", "../../etc/x"),
        ("mac-package-url", "http://files.example.com/x.pkg"),
        ("mac-package-sha256", "abc"),
        ("servers", " , "),
    ] {
        let mut deployment = insync();
        deployment.properties.insert(key.to_owned(), value.to_owned());
        let error = render(&deployment, "msiexec").unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }), "{key} = {value:?}: {error}");
    }
    let mut deployment = insync();
    deployment.properties.insert("token-proprety".to_owned(), "X".to_owned());
    let error = render(&deployment, "msiexec").unwrap_err();
    assert_eq!(error.help(), "did you mean \"token-property\"?");
}

#[test]
fn an_agent_gets_only_the_kind_of_token_that_it_takes() {
    let pasted = Deployment { token: Secret::new("something"), ..ours() };
    assert!(matches!(render(&pasted, "msiexec"), Err(Error::WrongToken { .. })));
    let minted = Deployment { token: Secret::new(TOKEN), ..insync() };
    assert!(matches!(render(&minted, "msiexec"), Err(Error::WrongToken { .. })));
    let empty = Deployment { token: Secret::default(), ..insync() };
    assert!(matches!(render(&empty, "msiexec"), Err(Error::WrongToken { .. })));
    let nowhere = Deployment { servers: Vec::new(), ..ours() };
    for target in ["msiexec", "configmgr", "ivanti-mac"] {
        assert!(matches!(render(&nowhere, target), Err(Error::NoServer { .. })));
    }
}

#[test]
fn what_cmd_cannot_carry_is_refused_with_the_reason() {
    let umlaut = Deployment { servers: vec!["https://grün.example.com".to_owned()], ..ours() };
    let error = render(&umlaut, "msiexec").unwrap_err();
    assert!(error.to_string().contains("not ASCII"), "{error}");
    let long = Deployment { servers: vec!["x".repeat(7_900)], ..ours() };
    let error = render(&long, "msiexec").unwrap_err();
    assert!(error.to_string().contains("8191"), "{error}");
    let percent = Deployment { servers: vec!["https://a/%USERNAME%".to_owned()], ..ours() };
    for target in ["msiexec", "configmgr"] {
        let error = render(&percent, target).unwrap_err();
        assert!(error.to_string().contains("percent"), "{error}");
    }
    assert!(render(&umlaut, "configmgr").is_ok() && render(&percent, "ivanti-mac").is_ok());
}

#[cfg(feature = "lab")]
#[test]
fn shellcheck_finds_nothing_in_the_script_for_macs() {
    for deployment in [ours(), insync()] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("install.sh");
        fs::write(&path, text(&render(&deployment, "ivanti-mac").unwrap(), "install.sh")).unwrap();
        let found = Command::new("shellcheck").args(["-s", "sh"]).arg(&path).output().unwrap();
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
    }
}
