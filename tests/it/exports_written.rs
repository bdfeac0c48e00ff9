//! An export is written whole or not at all, never over anything else, and `sha256sum -c` finds it as it was written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use imd::export::{self, Deployment, Error, Rendered, TokenDelivery};
use imd::model::installer::Proxy;
use imd::model::name::Name;
use imd::model::token::TokenId;
use imd::secrets::Secret;

const TOKEN: &str = "imd1_eyJqdGkiOiIwMDAxMDIwM2ZjZmRmZWZmIn0.Q0FOQVJZ_-canary";

fn deployment() -> Deployment {
    Deployment {
        agent: export::agents(None).unwrap().remove(0),
        installation: "0123456789abcdef".to_owned(),
        token: Secret::new(TOKEN),
        token_id: Some(TokenId::parse("00010203fcfdfeff").unwrap()),
        token_name: Name::new("rollout-2026").unwrap(),
        token_expires_at: None,
        token_delivery: TokenDelivery::File,
        servers: vec!["https://imd.corp.example.com:7443".to_owned()],
        proxy: Proxy::System,
        // Ivanti for Mac cannot do without them.
        properties: BTreeMap::from([
            ("mac-package-url".to_owned(), "https://files.example.com/a.pkg".to_owned()),
            ("mac-package-sha256".to_owned(), "0".repeat(64)),
        ]),
    }
}

/// Three of the targets: how a folder is written is the same for all.
fn rendered(deployment: &Deployment) -> Vec<Rendered> {
    let targets = export::targets(None).unwrap();
    let these = targets.iter().filter(|target| ["msiexec", "configmgr", "ivanti-mac"].contains(&target.id.as_str()));
    these.map(|target| export::render(deployment, target).unwrap()).collect()
}

/// Every file below a folder, by its path, with its bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(tree(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            all.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    all
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn sums_agree(folder: &Path) -> bool {
    Command::new("sha256sum")
        .args(["--strict", "-c", "SHA256SUMS"])
        .current_dir(folder)
        .output()
        .unwrap()
        .status
        .success()
}

#[test]
fn what_is_written_is_what_was_rendered_and_sha256sum_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/rollout");
    let exports = rendered(&deployment());
    let manifests = export::write(&exports, &out).unwrap();
    assert_eq!(mode(&out), 0o700);
    let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["configmgr", "ivanti-mac", "msiexec"]);
    for (export, manifest) in exports.iter().zip(&manifests) {
        let place = out.join(&export.target);
        assert_eq!(mode(&place), 0o700);
        assert!(sums_agree(&place), "{}", export.target);
        let sums = fs::read_to_string(place.join("SHA256SUMS")).unwrap();
        assert_eq!(sums.lines().count(), export.files.len() + 1);
        for file in &export.files {
            assert_eq!(fs::read(place.join(&file.name)).unwrap(), *file.bytes);
            assert_eq!(mode(&place.join(&file.name)), if file.holds_token { 0o600 } else { 0o644 }, "{}", file.name);
        }
        let read: export::Manifest = serde_json::from_slice(&fs::read(place.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(&read, manifest);
        assert_eq!(read.token.id, Some(TokenId::parse("00010203fcfdfeff").unwrap()));
        let first = &export.files[0].name;
        fs::write(place.join(first), "changed").unwrap();
        assert!(!sums_agree(&place));
    }
}

#[test]
fn token_is_only_in_files_of_the_manifest() {
    let out = tempfile::tempdir().unwrap();
    for by in [TokenDelivery::File, TokenDelivery::Inline] {
        let manifests =
            export::write(&rendered(&Deployment { token_delivery: by, ..deployment() }), out.path()).unwrap();
        let named: Vec<String> = manifests
            .iter()
            .flat_map(|manifest| {
                let holders = manifest.files.iter().filter(|file| file.holds_token);
                holders.map(|file| format!("{}/{}", manifest.target, file.name)).collect::<Vec<_>>()
            })
            .collect();
        let found: Vec<String> = tree(out.path())
            .into_iter()
            .filter(|(_, bytes)| bytes.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes()))
            .map(|(path, _)| path)
            .collect();
        let mut named = named;
        named.sort();
        assert_eq!(found, named, "{by:?}");
    }
}

#[test]
fn earlier_export_is_replaced_and_the_installer_stays() {
    let out = tempfile::tempdir().unwrap();
    export::write(&rendered(&Deployment { token_delivery: TokenDelivery::File, ..deployment() }), out.path()).unwrap();
    fs::write(out.path().join("msiexec/imd-activate.msi"), "an installer").unwrap();
    let inline = rendered(&Deployment { token_delivery: TokenDelivery::Inline, ..deployment() });
    export::write(&inline, out.path()).unwrap();
    let place = out.path().join("msiexec");
    assert_eq!(fs::read_to_string(place.join("imd-activate.msi")).unwrap(), "an installer");
    assert!(!place.join("token.txt").exists(), "the earlier token stays behind");
    assert!(sums_agree(&place));
    // Nothing but the three folders is left, hidden or not.
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 3);
    let once = tree(out.path());
    export::write(&inline, out.path()).unwrap();
    assert_eq!(tree(out.path()), once);
}

#[test]
fn nothing_else_is_ever_replaced_and_no_other_target_is_touched() {
    type Prepare = fn(&Path);
    let refuse: [(&str, Prepare); 6] = [
        ("an empty folder", |place| fs::create_dir(place).unwrap()),
        ("somebody's folder", |place| {
            fs::create_dir(place).unwrap();
            fs::write(place.join("manifest.json"), "{\"made_by\": \"me\"}").unwrap();
        }),
        ("an export of another target", |place| {
            fs::rename(place.with_file_name("msiexec"), place).unwrap();
        }),
        ("a file", |place| fs::write(place, "x").unwrap()),
        ("a link to an export", |place| {
            let elsewhere = place.with_file_name("elsewhere");
            export::write(&rendered(&deployment()), &elsewhere).unwrap();
            symlink(elsewhere.join("ivanti-mac"), place).unwrap();
        }),
        ("a broken link", |place| symlink("nowhere", place).unwrap()),
    ];
    for (what, prepare) in refuse {
        let out = tempfile::tempdir().unwrap();
        let exports = rendered(&deployment());
        export::write(&exports[..2], out.path()).unwrap();
        prepare(&out.path().join("ivanti-mac"));
        let before = fs::read_dir(out.path()).unwrap().count();
        let other = Deployment { servers: vec!["https://another.example.com".to_owned()], ..deployment() };
        let msiexec = out.path().join("msiexec/install.cmd");
        let kept = fs::read(&msiexec).ok();
        let error = export::write(&rendered(&other), out.path()).unwrap_err();
        assert!(matches!(error, Error::NotAnExport { .. }), "{what}: {error}");
        assert!(!error.help().is_empty());
        assert_eq!(fs::read(&msiexec).ok(), kept, "{what}");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), before, "{what} leaves something behind");
    }
}

#[test]
fn edited_export_is_not_replaced() {
    for (name, edited) in [("install.cmd", true), ("more", false)] {
        let out = tempfile::tempdir().unwrap();
        export::write(&rendered(&deployment()), out.path()).unwrap();
        let path = out.path().join("msiexec").join(name);
        if edited {
            fs::write(&path, "edited").unwrap();
        } else {
            fs::create_dir(&path).unwrap();
        }
        let before = tree(out.path());
        let error = export::write(&rendered(&deployment()), out.path()).unwrap_err();
        assert!(
            matches!(&error, Error::Edited { file, .. } if edited && file == name)
                || matches!(&error, Error::Foreign { file, .. } if !edited && file == name),
            "{error}"
        );
        assert!(error.help().contains(name));
        assert_eq!(tree(out.path()), before);
    }
}

#[test]
fn administrators_file_is_not_replaced() {
    let out = tempfile::tempdir().unwrap();
    export::write(&rendered(&Deployment { token_delivery: TokenDelivery::Inline, ..deployment() }), out.path())
        .unwrap();
    fs::write(out.path().join("msiexec/token.txt"), "another token").unwrap();
    let error = export::write(&rendered(&deployment()), out.path()).unwrap_err();
    assert!(matches!(&error, Error::Edited { file, .. } if file == "token.txt"), "{error}");
    assert_eq!(fs::read_to_string(out.path().join("msiexec/token.txt")).unwrap(), "another token");
}

#[test]
fn what_a_crash_left_behind_is_cleared_away() {
    let out = tempfile::tempdir().unwrap();
    export::write(&rendered(&deployment()), out.path()).unwrap();
    fs::create_dir(out.path().join(".msiexec.new")).unwrap();
    fs::write(out.path().join(".msiexec.new/token.txt"), TOKEN).unwrap();
    fs::rename(out.path().join("configmgr"), out.path().join(".configmgr.old")).unwrap();
    fs::write(out.path().join(".configmgr.old/imd-activate.msi"), "an installer").unwrap();
    export::write(&rendered(&deployment()), out.path()).unwrap();
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 3);
    assert!(out.path().join("configmgr/imd-activate.msi").exists());
}

#[test]
fn many_that_export_at_once_leave_one_whole_export() {
    let out = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for by in [TokenDelivery::File, TokenDelivery::Inline, TokenDelivery::File, TokenDelivery::Inline] {
            let exports = rendered(&Deployment { token_delivery: by, ..deployment() });
            let out = out.path();
            scope.spawn(move || {
                for _ in 0..5 {
                    export::write(&exports, out).unwrap();
                }
            });
        }
    });
    for target in ["msiexec", "configmgr", "ivanti-mac"] {
        assert!(sums_agree(&out.path().join(target)));
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 3);
}

/// A state directory with one target of these files.
fn own_target(toml: &str, templates: &[(&str, &str)]) -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join("targets/own");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("target.toml"), toml).unwrap();
    for (name, text) in templates {
        fs::write(folder.join(name), text).unwrap();
    }
    state
}

const OWN: &str = r#"
id = "own"
title = "Our own tool"
platform = "windows"
[[part]]
name = "line"
template = "line.j2"
grammar = "msi"
[[file]]
name = "NAME"
template = "file.j2"
grammar = "ps"
[[file]]
name = "README.md"
template = "readme.j2"
grammar = "md"
[[exposure]]
place = "there"
readers = "them"
until = "then"
"#;

fn render_own(name: &str, file: &str) -> Result<Rendered, Error> {
    let toml = OWN.replace("NAME", &name.replace('\\', "\\\\").replace('"', "\\\""));
    let templates = [("line.j2", "run {{ token | msi }}"), ("file.j2", file), ("readme.j2", "{{ agent.title | md }}")];
    let state = own_target(&toml, &templates);
    let target = export::targets(Some(state.path())).unwrap().into_iter().find(|one| one.id == "own").unwrap();
    export::render(&deployment(), &target)
}

#[test]
fn template_cannot_emit_an_unquoted_value() {
    for wrong in [
        "{{ token }}",
        "{{ part.line }}",
        "{{ token | msi }}",
        "{{ token | sh }}",
        "{{ part.line | part }}",
        "{{ token | part }}",
        "{{ token | cmd_line }}",
        "{{ token | safe }}",
        "{{ token | ps | ps }}",
        "{{ token ~ '' }}",
        "{{ token ~ '' | ps }}",
        "{{ 'x' }}",
        "{{ 1 }}",
        "{{ absent | ps }}",
        "{{ absent }}",
        "{{ agent.absent | ps }}",
        "{% if absent %}{% endif %}",
        "{% for one in absent %}{% endfor %}",
        "{% set x %}{{ token | ps }}{% endset %}{{ x }}",
        "{% filter ps %}{{ token | ps }}{% endfilter %}",
        "{% macro m(x) %}{{ x | ps }}{% endmacro %}{{ m(token) }}",
        "{% autoescape false %}{{ token }}{% endautoescape %}",
        "{{ token",
        "{% include 'readme.j2' %}",
    ] {
        let error = render_own("a.ps1", wrong).unwrap_err();
        assert!(matches!(error, Error::Template { .. } | Error::Refused { .. }), "{wrong}: {error}");
        assert!(!error.to_string().contains(TOKEN) && !format!("{error:?}").contains(TOKEN), "{wrong}");
    }
    let right = render_own("a.ps1", "{{ part.line | ps }}{% for s in servers %}{{ s | ps }}{% endfor %}").unwrap();
    let file = right.files.iter().find(|file| file.name == "a.ps1").unwrap();
    let expected = format!("'run \"{TOKEN}\"''https://imd.corp.example.com:7443'");
    assert_eq!(std::str::from_utf8(&file.bytes).unwrap(), expected);
}

#[test]
fn file_name_cannot_leave_its_folder() {
    for wrong in [
        "../x",
        "/etc/x",
        "a/b",
        "a\\b",
        "..",
        ".",
        ".hidden",
        "",
        "-rf",
        "nul",
        "CON.txt",
        "com1.cmd",
        "a.",
        "x\u{202e}y",
        "manifest.json",
        "Manifest.JSON",
        "SHA256SUMS",
        "readme.md",
        "{{ token }}",
        "{{ servers[0] | name }}",
    ] {
        assert!(render_own(wrong, "x").is_err(), "{wrong:?}");
    }
    let rendered = render_own("install-{{ agent.id | name }}.ps1", "x").unwrap();
    assert!(rendered.files.iter().any(|file| file.name == "install-imd-activate.ps1"));
}

#[test]
fn target_without_readme_or_exposure_is_rejected() {
    let templates = [("line.j2", "x"), ("file.j2", "x"), ("readme.j2", "x")];
    for (from, to) in [
        ("README.md", "OTHER.md"),
        ("until = \"then\"", "until = \"then\"\nwhen = \"file\""),
        ("id = \"own\"", "id = \"../own\""),
        ("id = \"own\"", "id = \"another\""),
        ("grammar = \"ps\"", "grammar = \"none\""),
        ("platform = \"windows\"", "platform = \"windows\"\ncolor = 1"),
        ("template = \"file.j2\"", "template = \"../file.j2\""),
    ] {
        let toml = OWN.replace("NAME", "a.ps1").replacen(from, to, 1);
        let state = own_target(&toml, &templates);
        let error = export::targets(Some(state.path())).unwrap_err();
        assert!(matches!(error, Error::Definition { .. }), "{to}: {error}");
    }
}

#[test]
fn the_worked_example_of_the_description_exports() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/targets/README.md");
    let description = fs::read_to_string(path).unwrap();
    let state = tempfile::tempdir().unwrap();
    let mut files = 0;
    // Each file is in a block below its path.
    for block in description.split("\n`targets/").skip(1) {
        let (name, rest) = block.split_once('`').unwrap();
        let text = rest.split("```").nth(1).unwrap().split_once('\n').unwrap().1;
        let path = state.path().join("targets").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        files += 1;
    }
    assert_eq!(files, 3);
    let target = export::targets(Some(state.path())).unwrap().into_iter().find(|one| one.id == "share-cmd").unwrap();
    for by in [TokenDelivery::File, TokenDelivery::Inline] {
        let out = tempfile::tempdir().unwrap();
        let rendered = export::render(&Deployment { token_delivery: by, ..deployment() }, &target).unwrap();
        export::write(&[rendered], out.path()).unwrap();
        let run = fs::read_to_string(out.path().join("share-cmd/run.cmd")).unwrap();
        assert_eq!(run.contains("IMD_TOKEN_FILE=\"token.txt\""), by == TokenDelivery::File, "{run}");
        assert_eq!(run.contains(TOKEN), by == TokenDelivery::Inline);
    }
}
