//! From an answers file to an activated laptop on Windows: the installer, its command line, enroll and claim under Wine.
//!
//! Wine sets no permissions and knows no scheduled tasks, so those are read in the installer's tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::workflow::{export_with_a_hook, set_up};
use crate::support::controller::Controller;
use crate::support::installation::Installation;
use crate::support::service::{Service, free_address};
use crate::support::wine::Wine;

const KEY: &str = r"HKLM\SOFTWARE\imd\activate";
const RUN: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run";

/// The tables of SMBIOS 2.8 as Windows keeps them: a head of eight bytes, one structure of type 1, and the end. The UUID's
/// first three fields are little-endian (SMBIOS 2.8, 7.2.1).
fn smbios() -> String {
    let mut system = vec![1, 27, 1, 0, 1, 2, 3, 4];
    system.extend([0x44, 0x45, 0x4c, 0x4c, 0x42, 0x00, 0x10, 0x35, 0x80, 0x53, 0xb7, 0xc0, 0x4f, 0x4e, 0x37, 0x32]);
    system.extend([6, 0, 0]);
    system.extend(b"Example Inc.\0Laptop 5\0A01\0 5B5S7N2 \0\0");
    let end = [127, 4, 2, 0, 0, 0];
    let length = u32::try_from(system.len() + end.len()).unwrap().to_le_bytes();
    let all = [0, 2, 8, 0].into_iter().chain(length).chain(system).chain(end);
    all.fold(String::new(), |text, byte| text + &format!("{byte:02X}"))
}

/// `imd-activate.exe`; there is nothing to build when `tests/run` has done so.
fn program() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_imd")).parent().unwrap().parent().unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--target", "x86_64-pc-windows-gnu", "--bin", "imd-activate"])
        .args(["--no-default-features", "--features", "laptop"])
        .env("CARGO_TARGET_DIR", target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success(), "rustup target add x86_64-pc-windows-gnu");
    target.join("x86_64-pc-windows-gnu/debug/imd-activate.exe")
}

fn build_msi(program: &Path, msi: &Path, version: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/installers/windows/build");
    let output = Command::new(script).arg(program).arg(msi).env("VERSION", version).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The command that `create-application.ps1` gives Configuration Manager: a string in single quotes.
fn configmgr_command(imd: &Installation, name: &str) -> String {
    let script = imd.read("rollout/configmgr/create-application.ps1");
    let line = script.lines().find_map(|line| line.strip_prefix(&format!("${name} = '"))).unwrap();
    line.trim_end().strip_suffix('\'').unwrap().replace("''", "'")
}

/// The lines of a dump that were not there before.
fn changed(before: &str, after: &str) -> Vec<String> {
    after.lines().filter(|line| !before.lines().any(|other| other == *line)).map(str::to_owned).collect()
}

fn device(imd: &Installation, state: &str) -> serde_json::Value {
    imd.row(&format!("SELECT id, hex(hardware) AS hardware, serial, system FROM device WHERE state = '{state}'"))
}

#[test]
fn exported_installer_activates_a_windows_laptop() {
    let controller = Controller::of_the_lab();
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    let service = Service::start(&imd, address);
    let program = program();
    // The agent's definition wants a file written as the user.
    let hook = r#"write.path = "~/agent 1.json"
                  write.grammar = "json"
                  write.template = '["100% [~] [IMD_TOKEN]", {{ account }}]'
               "#;
    export_with_a_hook(&imd, "windows", "msiexec", hook);
    let [by_hand, by_configmgr] = ["hooked/msiexec", "rollout/configmgr"].map(|folder| imd.path(folder));
    build_msi(&program, &by_hand.join("imd-activate.msi"), "0.1.0");
    let wine = Wine::new();
    let tables = smbios();
    let data = r"HKLM\SYSTEM\CurrentControlSet\Services\mssmbios\Data";
    wine.run(&by_hand, &["reg", "add", data, "/v", "SMBiosData", "/t", "REG_BINARY", "/d", &tables]).succeeded();

    // The exported line, in the folder of the installer.
    let line = imd.read("hooked/msiexec/command-line.txt");
    wine.batch(&by_hand, line.trim()).succeeded();
    let state = wine.drive("ProgramData/imd-activate");
    let row = device(&imd, "pending");
    assert_eq!((&row["serial"], &row["system"]), (&"5B5S7N2".into(), &"windows".into()), "enrolled while it installed");
    let hash = Sha256::digest("4c4c4544004235108053b7c04f4e3732\n5b5s7n2");
    let hex = hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
    assert_eq!(row["hardware"], hex, "the UUID and the serial number");
    assert!(!state.join("token").exists(), "the token is deleted once it was used");
    assert!(by_hand.join("token.txt").exists(), "and nothing of the source");
    let servers = format!("https://{address}");
    assert_eq!(wine.registry(KEY, "Servers").as_deref(), Some(servers.as_str()));
    assert_eq!(wine.registry(KEY, "Version").as_deref(), Some("0.1.0"));

    // What Windows runs at log-on, as the user.
    std::fs::write(by_hand.join("password"), &controller.user_password).unwrap();
    let at_log_on = wine.registry(RUN, "imd-activate").unwrap();
    let log_on = || {
        let lines = format!(
            "set USERDOMAIN=ONE\nset USERNAME=lab-user\nset USERPROFILE=C:\\me\n{at_log_on} --once --password-stdin < password"
        );
        wine.batch(&by_hand, &lines)
    };
    let reported = log_on();
    assert!(reported.succeeded().contains("activated for"), "{reported:?}");
    let row = imd.row(
        "SELECT d.state, d.auth, a.name, p.name AS profile FROM device d JOIN account a ON a.id = d.account_id
         JOIN profile p ON p.id = a.profile_id",
    );
    assert_eq!((&row["state"], &row["auth"]), (&"activated".into(), &"password".into()));
    assert_eq!((&row["name"], &row["profile"]), (&"lab-user@one.test".into(), &"Laptops".into()));

    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(wine.drive("me/agent 1.json")).unwrap()).unwrap();
    assert_eq!(written, serde_json::json!(["100% [~] [IMD_TOKEN]", "lab-user@one.test"]));

    // The same once more is the same.
    let before = imd.dump();
    wine.batch(&by_hand, line.trim()).succeeded();
    assert!(log_on().succeeded().contains("activated for"));
    assert_eq!(changed(&before, &imd.dump()), Vec::<String>::new());

    // An upgrade without properties keeps the old ones and the enrollment. Windows looks for
    // the old values, says why it removes the old version, and then does; Wine does not say so by itself.
    let first = device(&imd, "activated");
    let removed = "msiexec.exe /x imd-activate.msi UPGRADINGPRODUCTCODE={00000000-0000-0000-0000-000000000000} /qn";
    wine.batch(&by_hand, removed).succeeded();
    assert!(!wine.drive("Program Files/imd-activate").exists() && wine.registry(KEY, "Version").is_none());
    for (name, value) in [("Version", "0.1.0"), ("Servers", servers.as_str())] {
        wine.run(&by_hand, &["reg", "add", KEY, "/v", name, "/d", value]).succeeded();
    }
    build_msi(&program, &by_hand.join("newer.msi"), "0.1.1");
    wine.batch(&by_hand, "msiexec.exe /i newer.msi /qn /norestart").succeeded();
    let reported = |version: &str| {
        assert_eq!(wine.registry(KEY, "Servers").as_deref(), Some(servers.as_str()));
        assert_eq!(wine.registry(KEY, "Version").as_deref(), Some(version));
    };
    reported("0.1.1");
    assert!(log_on().succeeded().contains("activated for"));
    assert_eq!(changed(&before, &imd.dump()), Vec::<String>::new());

    // Nothing of it stays.
    wine.batch(&by_hand, "msiexec.exe /x newer.msi /qn /norestart").succeeded();
    assert!(!state.exists() && !wine.drive("Program Files/imd-activate").exists());
    assert_eq!((wine.registry(RUN, "imd-activate"), wine.registry(KEY, "Servers")), (None, None));
    assert_eq!(wine.registry(KEY, "Version"), None);

    // Installed while the service is away, by the command of another tool: it waits, and enrolls when it is asked again.
    service.kill();
    build_msi(&program, &by_configmgr.join("imd-activate.msi"), "0.1.1");
    wine.batch(&by_configmgr, &configmgr_command(&imd, "installCommand")).succeeded();
    assert!(state.join("token").exists());
    let installed = wine.drive("Program Files/imd-activate/imd-activate.exe");
    let says = |arguments: &[&str]| {
        let all: Vec<&str> = std::iter::once(installed.to_str().unwrap()).chain(arguments.iter().copied()).collect();
        wine.run(&by_hand, &all).succeeded().to_owned()
    };
    assert!(says(&["status"]).contains("the service has not answered"));
    let _service = Service::start(&imd, address);
    assert!(says(&["tend"]).contains("enrolled as device"));
    assert!(!state.join("token").exists());
    assert_eq!(device(&imd, "pending")["hardware"], first["hardware"]);
    assert!(says(&["status"]).contains("not activated"));

    // The newest takes the place of the one before.
    build_msi(&program, &by_configmgr.join("newest.msi"), "0.1.2");
    wine.batch(&by_configmgr, "msiexec.exe /i newest.msi /qn /norestart").succeeded();
    reported("0.1.2");
    assert!(installed.exists());
    let absent = wine.batch(&by_configmgr, &configmgr_command(&imd, "uninstallCommand"));
    assert_ne!(absent.code, 0, "the one before is not installed any more");
    std::fs::rename(by_configmgr.join("newest.msi"), by_configmgr.join("imd-activate.msi")).unwrap();
    wine.batch(&by_configmgr, &configmgr_command(&imd, "uninstallCommand")).succeeded();
    assert!(!state.exists() && !installed.exists());
}

/// The rows of a table of an installer, as `msiinfo` reads them: by the first column.
fn table(msi: &Path, name: &str) -> BTreeMap<String, Vec<String>> {
    let output = Command::new("msiinfo").arg("export").arg(msi).arg(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().skip(3).map(|line| line.trim_end_matches('\r').split('\t').map(str::to_owned));
    rows.map(|mut row| (row.next().unwrap(), row.collect())).collect()
}

#[test]
fn installer_protects_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let (program, msi) = (folder.path().join("imd-activate.exe"), folder.path().join("x.msi"));
    std::fs::write(&program, "no program").unwrap();
    build_msi(&program, &msi, "1.2.3");
    let properties = table(&msi, "Property");
    assert_eq!(properties["MsiHiddenProperties"], ["IMD_TOKEN"]);
    let secure: Vec<&str> = properties["SecureCustomProperties"][0].split(';').collect();
    for name in ["IMD_TOKEN", "IMD_TOKEN_FILE", "IMD_SERVERS", "IMD_PROXY", "IMD_ON_ACTIVATION"] {
        assert!(secure.contains(&name), "{secure:?}");
    }
    // The token is in no command line: only a property of it is written, into a key that is locked.
    let when = table(&msi, "InstallExecuteSequence");
    assert!(when["Forget"][0].contains("NOT UPGRADINGPRODUCTCODE"), "an upgrade does not forget the laptop");
    for (name, row) in table(&msi, "CustomAction") {
        assert!(!row[2].contains("[IMD_TOKEN]"), "{name}");
        let kind: u32 = row[0].parse().unwrap();
        assert!(kind == 51 || kind & 0xC00 == 0xC00, "{name} is run by SYSTEM: {kind}");
    }
    let registry = table(&msi, "Registry");
    let reported: Vec<_> = registry.iter().filter(|(_, row)| row[3].contains("[IMD_TOKEN]")).collect();
    assert_eq!(reported.len(), 1);
    let locks = table(&msi, "MsiLockPermissionsEx");
    // An ACE ends with its trustee; SY is SYSTEM, BA the administrators, BU the users.
    let trustees = |object: &str| -> Vec<(String, String)> {
        let row = locks.values().find(|row| row[0] == object).unwrap();
        let (head, aces) = row[2].split_once('(').unwrap();
        assert_eq!(head, "O:BAG:BAD:P", "nothing is inherited, and the administrators own it");
        let aces = aces.trim_end_matches(')').split(")(");
        aces.map(|ace| (ace.rsplit(';').next().unwrap().to_owned(), ace.split(';').nth(1).unwrap().to_owned()))
            .collect()
    };
    let both = |flags: &str| ["SY", "BA"].map(|who| (who.to_owned(), flags.to_owned())).to_vec();
    assert_eq!(trustees(reported[0].0), both("CI"));
    // Users go through the folder of the token, and what is in it does not inherit that.
    assert_eq!(trustees("STATE"), [both("OICI"), vec![("BU".to_owned(), String::new())]].concat());
    assert_eq!(trustees("STATEOFUSERS"), [both("OICI"), vec![("BU".to_owned(), "OICI".to_owned())]].concat());
}
