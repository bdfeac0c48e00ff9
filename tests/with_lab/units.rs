//! What is handed to systemd and to launchd, read by systemd's own tool, by Python's reader of property lists and by
//! `xmllint`.

use std::path::{Path, PathBuf};
use std::process::Command;

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/units")
}

/// The units in a folder of their own, with the programs where they were built.
fn as_installed(folder: &Path) {
    for entry in std::fs::read_dir(units()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("/usr/bin/imd-activate", env!("CARGO_BIN_EXE_imd-activate"));
        let text = text.replace("/usr/bin/imd ", concat!(env!("CARGO_BIN_EXE_imd"), " "));
        std::fs::write(folder.join(path.file_name().unwrap()), text).unwrap();
    }
}

#[test]
fn systemd_units_verify_and_are_hardened() {
    let folder = tempfile::tempdir().unwrap();
    as_installed(folder.path());
    let check = |arguments: &[&str], unit: &str| {
        let mut command = Command::new("systemd-analyze");
        command.env("XDG_RUNTIME_DIR", folder.path());
        let output = command.args(arguments).arg(folder.path().join(unit)).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    for (unit, more) in [
        ("imd.service", &["verify", "--man=no"][..]),
        ("imd-activate.service", &["verify", "--man=no"]),
        ("imd-activate.timer", &["verify", "--man=no"]),
        ("imd-activate-claim.service", &["verify", "--man=no", "--user"]),
    ] {
        let (good, said) = check(more, unit);
        let ours: Vec<_> = said.lines().filter(|line| line.contains("imd")).collect();
        assert!(good && ours.is_empty(), "{unit}: {said}");
    }
    // From 0, which is nothing, to 100; a unit that says nothing has 96. Only the laptop's has to be root's.
    for (unit, exposure) in [("imd.service", "20"), ("imd-activate.service", "30")] {
        let (good, said) =
            check(&["security", "--no-pager", "--offline=true", &format!("--threshold={exposure}")], unit);
        assert!(good, "{unit}: {said}");
    }
}

#[test]
fn launchd_plists_are_valid() {
    let read = "import json, plistlib, sys\nprint(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    for (name, arguments) in [("imd.activate.tend", &["tend"][..]), ("imd.activate.claim", &["claim", "--log-on"])] {
        let path = units().join(format!("{name}.plist"));
        let output = Command::new("python3").args(["-c", read]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let run: Vec<&str> =
            list["ProgramArguments"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert_eq!(run, [&["/usr/local/bin/imd-activate"], arguments].concat());
        assert_eq!((&list["Label"], &list["RunAtLoad"]), (&name.into(), &true.into()));
        assert!(Command::new("xmllint").arg("--noout").arg(&path).status().unwrap().success());
        // The program takes what launchd passes to it.
        let help = Command::new(env!("CARGO_BIN_EXE_imd-activate")).args(arguments).arg("--help").output().unwrap();
        assert!(help.status.success(), "{help:?}");
    }
}

#[test]
fn windows_task_is_valid_and_runs_as_system() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/installers/windows/task.xml");
    let folder = tempfile::tempdir().unwrap();
    let encoded = folder.path().join("task.xml");
    // As the installer carries it: in the encoding that it says it has.
    let text = std::fs::read_to_string(path).unwrap();
    let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    std::fs::write(&encoded, bytes).unwrap();
    let of = |name: &str| {
        let query = format!("string(//*[local-name() = '{name}'])");
        let output = Command::new("xmllint").args(["--xpath", &query]).arg(&encoded).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!((of("UserId"), of("Arguments")), ("S-1-5-18".to_owned(), "tend".to_owned()));
    assert_eq!((of("Interval"), of("ExecutionTimeLimit")), ("PT1H".to_owned(), "PT0S".to_owned()));
}
