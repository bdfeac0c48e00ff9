//! Runs exported scripts under `dash`, with stubs in the place of the programs of a Mac or of Linux.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use imd::export::Rendered;

use super::deployments::text;

/// The agent `imd-activate` with its paths below `root`, in a state directory.
pub(crate) fn agent_below(root: &Path) -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/agents/imd-activate.toml");
    let toml = fs::read_to_string(path).unwrap();
    let root = root.to_str().unwrap();
    let moved = toml
        .replace("/Library/Application Support", root)
        .replace("/etc/imd-activate", &format!("{root}/imd-activate"));
    assert_ne!(toml, moved);
    fs::create_dir(state.path().join("agents")).unwrap();
    fs::write(state.path().join("agents/imd-activate.toml"), moved).unwrap();
    state
}

/// Runs an exported script with stubs in the place of the Mac's own programs. Each stub writes its arguments to a file
/// of its name, one a line.
pub(crate) fn run_sh(rendered: &Rendered, root: &Path, package: Option<&str>) -> std::process::Output {
    run_script(text(rendered, "install.sh"), root, package, &[])
}

/// The same for any script, with these arguments.
pub(crate) fn run_script(script: &str, root: &Path, package: Option<&str>, arguments: &[&str]) -> std::process::Output {
    let (stubs, here, home) = (root.join("stubs"), root.join("here"), root.join("home"));
    for folder in [&stubs, &here, &home] {
        fs::create_dir_all(folder).unwrap();
    }
    let record = format!("printf '%s\\n' \"$@\" > '{}'/\"${{0##*/}}\".args", root.display());
    let stub = |name: &str, does: &str| {
        let path = stubs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{record}\n{does}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    stub("id", "echo 0");
    stub("chown", "");
    stub("installer", "[ -s \"$2\" ]");
    let receipt = "printf 'package-id: a\nversion: %s\nvolume: /\n'";
    let pkgutil = format!("{receipt} \"$(cat '{0}/version' || echo 1.0)\" 2> '{0}/unread'", root.display());
    stub("pkgutil", &format!("[ ! -e '{}/absent' ] || exit 1\n{pkgutil}", root.display()));
    stub("dpkg", "[ -s \"$2\" ]");
    stub("dpkg-query", "printf 'install ok installed'");
    stub("stat", "echo anna");
    stub("shasum", "exec sha256sum \"$3\"");
    let fetch = "while [ \"$1\" != --output ]; do shift; done; printf 'package' > \"$2\"";
    stub("curl", &format!("[ ! -e '{}/unreachable' ] || exit 6\n{fetch}", root.display()));
    stub("sudo", &format!("while [ \"$1\" != -- ]; do shift; done; shift; HOME='{}' exec \"$@\"", home.display()));
    let path = "PATH=/usr/bin:/bin:/usr/sbin:/sbin\n";
    assert_eq!(script.matches(path).count(), 1);
    let script = script.replace(path, &format!("PATH='{}':/usr/bin:/bin\n", stubs.display()));
    fs::write(here.join("install.sh"), script).unwrap();
    if let Some(package) = package {
        fs::write(here.join(package), "package").unwrap();
    }
    let syntax = Command::new("dash").arg("-n").arg(here.join("install.sh")).output().unwrap();
    assert!(syntax.status.success(), "{}", String::from_utf8_lossy(&syntax.stderr));
    Command::new("dash").arg(here.join("install.sh")).args(arguments).current_dir(root).output().unwrap()
}
