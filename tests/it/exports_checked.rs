//! `imd export check`: a changed file, a missing one, a token where none should be and a dead one are found.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use assert_cmd::Command;
use imd::engine::{Engine, Options};
use imd::export::What;
use imd::model::installer::Installer;
use imd::model::token::{Request, Scope};
use imd::secrets::Secret;
use jiff::Timestamp;
use serde_json::Value;

fn imd(state: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("imd").unwrap();
    command.arg("--state").arg(state).args(arguments).output().unwrap()
}

/// A state with a token, and exports for these targets.
fn exported(targets: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let (state, out) = (root.path().join("state"), root.path().join("out"));
    let made = imd(&state, &["token", "create", "rollout", "--server", "https://imd.example.com:7443"]);
    assert!(made.status.success(), "{made:?}");
    let out_text = out.to_str().unwrap().to_owned();
    let mut arguments = vec!["export"];
    arguments.extend(targets);
    arguments.extend(["--token", "rollout", "--out", &out_text]);
    let written = imd(&state, &arguments);
    assert!(written.status.success(), "{written:?}");
    (root, out)
}

/// The exit code, and the findings as "what file".
fn check(root: &Path, folder: &Path) -> (Option<i32>, Vec<String>) {
    let ran = imd(&root.join("state"), &["--json", "export", "check", folder.to_str().unwrap()]);
    let read: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let of = |checked: &Value| {
        let findings = checked["findings"].as_array().unwrap().iter();
        findings
            .map(|one| format!("{} {}", one["what"].as_str().unwrap(), one["file"].as_str().unwrap_or("-")))
            .collect::<Vec<_>>()
    };
    (ran.status.code(), read["items"].as_array().unwrap().iter().flat_map(of).collect())
}

#[test]
fn what_was_just_written_is_as_it_should_be() {
    let (root, out) = exported(&["msiexec", "registry", "jamf", "ansible", "json"]);
    assert_eq!(check(root.path(), &out), (Some(0), vec![]));
    assert_eq!(check(root.path(), &out.join("jamf")), (Some(0), vec![]));
    // The check ignores an installer in the same folder.
    fs::write(out.join("jamf/imd-activate.pkg"), vec![7; 100_000]).unwrap();
    assert_eq!(check(root.path(), &out), (Some(0), vec![]));
}

#[test]
fn a_changed_file_and_a_missing_one_are_found() {
    let (root, out) = exported(&["msiexec"]);
    fs::write(out.join("msiexec/install.cmd"), "echo").unwrap();
    fs::remove_file(out.join("msiexec/command-line.txt")).unwrap();
    let (code, found) = check(root.path(), &out);
    assert_eq!(code, Some(3));
    assert_eq!(found, ["missing command-line.txt", "changed install.cmd"]);
    let manifest = out.join("msiexec/manifest.json");
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap() + "\n").unwrap();
    assert!(check(root.path(), &out).1.contains(&"changed manifest.json".to_owned()));
    fs::remove_file(out.join("msiexec/SHA256SUMS")).unwrap();
    assert!(check(root.path(), &out).1.contains(&"missing SHA256SUMS".to_owned()));
}

#[test]
fn a_token_where_it_should_not_be_is_found_in_every_encoding() {
    let (root, out) = exported(&["json"]);
    let token = fs::read_to_string(out.join("json/token.txt")).unwrap();
    let wide: Vec<u8> = token.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [
        ("notes", format!("it is {token}").into_bytes()),
        ("settings.reg", [b"\xff\xfe".as_slice(), &wide].concat()),
        ("odd", [b"\xff\xfe\xff".as_slice(), &wide].concat()),
    ] {
        let path = out.join("json").join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(check(root.path(), &out), (Some(3), vec![format!("token-open {name}")]));
        fs::remove_file(&path).unwrap();
    }
    fs::set_permissions(out.join("json/token.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(check(root.path(), &out), (Some(3), vec!["token-open token.txt".to_owned()]));
}

#[test]
fn a_token_that_was_revoked_or_has_expired_is_found() {
    let (root, out) = exported(&["json", "jamf"]);
    assert!(imd(&root.path().join("state"), &["token", "revoke", "rollout"]).status.success());
    assert_eq!(check(root.path(), &out), (Some(3), vec!["token-dead -".to_owned(), "token-dead -".to_owned()]));
    // The other way to die: the day comes.
    let state = |name: &str, days: i64| {
        let clock = Arc::new(move || Timestamp::from_second(1_767_225_600 + days * 86_400).unwrap());
        Engine::open(Options { clock, ..Options::of_host(root.path().join(name)) }).unwrap()
    };
    let (home, away) = (state("home", 0), state("away", 0));
    let request = Request {
        name: "rollout".parse().unwrap(),
        expires: Some("90d".parse().unwrap()),
        max_activations: 0,
        servers: vec!["https://imd.example.com:7443".to_owned()],
        scope: Scope::default(),
        note: None,
    };
    home.mint(&request).unwrap();
    let installer = Installer {
        agent: "imd-activate".to_owned(),
        targets: vec!["json".to_owned()],
        token: Some(request.name.clone()),
        folder: root.path().join("dated"),
        ..Installer::default()
    };
    home.write_exports(&installer).unwrap();
    let passphrase = Secret::new("seven dry herrings");
    home.export_key(&root.path().join("key"), Scope::default(), &passphrase).unwrap();
    // Away its key is known, and nothing is kept of the token.
    away.import_key(&root.path().join("key"), &passphrase).unwrap();
    assert!(away.tokens().unwrap().is_empty());
    for (name, file) in [("home", None), ("away", Some("token.txt"))] {
        let found = |days| state(name, days).check_exports(&installer.folder, false).unwrap().remove(0).findings;
        assert_eq!(found(89), [], "{name}");
        let after = found(91);
        assert_eq!((after.len(), after[0].what, after[0].file.as_deref()), (1, What::TokenDead, file), "{name}");
        assert!(after[0].detail.contains("has expired"), "{name}: {after:?}");
    }
}

#[test]
fn a_token_in_a_folder_below_is_found_and_no_link_is_followed() {
    let (root, out) = exported(&["json"]);
    let token = fs::read_to_string(out.join("json/token.txt")).unwrap();
    fs::create_dir_all(out.join("json/sub/deeper")).unwrap();
    let path = out.join("json/sub/deeper/token.txt");
    fs::write(&path, &token).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let open = "token-open sub/deeper/token.txt".to_owned();
    assert_eq!(check(root.path(), &out), (Some(3), vec![open.clone(), open]), "it lies there, and others may read it");
    fs::remove_dir_all(out.join("json/sub")).unwrap();
    let elsewhere = root.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("notes"), &token).unwrap();
    std::os::unix::fs::symlink(&elsewhere, out.join("json/sub")).unwrap();
    std::os::unix::fs::symlink(out.join("json"), out.join("json/round")).unwrap();
    assert_eq!(check(root.path(), &out), (Some(0), vec![]));
}

#[test]
fn a_folder_without_an_export_is_no_clean_one() {
    let (root, out) = exported(&["json"]);
    let ran = imd(&root.path().join("state"), &["export", "check", root.path().to_str().unwrap()]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("help: "));
    let ran = imd(&root.path().join("state"), &["export", "check", "/nonesuch"]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(1) && !said.contains("room") && said.contains("check the path"), "{said}");
    // Without a folder.
    let ran = imd(&root.path().join("state"), &["export", "check"]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(2) && said.contains("<DIR>"), "{said}");
    fs::write(out.join("json/manifest.json"), "{}").unwrap();
    assert_eq!(imd(&root.path().join("state"), &["export", "check", out.to_str().unwrap()]).status.code(), Some(1));
}

#[test]
fn each_file_is_read_back_or_its_reader_is_named() {
    let (root, out) = exported(&["json", "env", "munki", "mobileconfig", "shell", "intune"]);
    let prove = || {
        let ran = imd(&root.path().join("state"), &["export", "check", out.to_str().unwrap(), "--prove"]);
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    };
    let line = |said: &str, file: &str| said.lines().find(|line| line.contains(file)).unwrap().to_owned();
    let (code, said) = prove();
    assert_eq!(code, Some(0), "{said}");
    for file in
        ["deployment.json", "deployment.env", "pkginfo.plist", "settings.mobileconfig", "install.sh", "app.json"]
    {
        assert!(line(&said, file).contains("read back identical"), "{said}");
    }
    assert!(line(&said, "install.ps1").contains("this host lacks PowerShell"), "{said}");
    // The checksum is one thing; the reader, which finds another value, is another.
    let path = out.join("json/deployment.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("imd.example.com", "evil.example.com")).unwrap();
    let (code, said) = prove();
    assert_eq!(code, Some(3));
    assert!(said.contains("Python json does not find a server"), "{said}");
    fs::write(&path, "{").unwrap();
    assert!(prove().1.contains("Python json cannot read it"));
}
