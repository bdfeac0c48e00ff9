//! From an answers file to an activated laptop on Linux: the exported script under `dash` installs the package, which
//! enrolls, and the user claims.
//!
//! The laptop is a small root of its own, with copies of what the script and `dpkg` need, and no systemd; what the
//! package hands to systemd is looked at in `tests/with_lab/units.rs`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::workflow::{export_with_a_hook, set_up};
use crate::support::controller::Controller;
use crate::support::service::{Service, free_address};

/// What the script and `dpkg` run.
const PROGRAMS: [&str; 25] = [
    "cat",
    "chown",
    "cp",
    "cut",
    "dash",
    "diff",
    "dirname",
    "dpkg",
    "dpkg-deb",
    "dpkg-query",
    "dpkg-split",
    "find",
    "id",
    "install",
    "ldconfig",
    "ls",
    "mkdir",
    "mv",
    "rm",
    "rmdir",
    "sed",
    "start-stop-daemon",
    "stat",
    "tar",
    "true",
];

/// A laptop with Linux.
struct Laptop(TempDir);

impl Laptop {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        let folders = "dev etc media proc run tmp usr/bin usr/lib usr/sbin var/lib/dpkg/info var/lib/dpkg/updates home/user \
                       sys/class/dmi/id";
        for folder in folders.split_whitespace() {
            fs::create_dir_all(this.path(folder)).unwrap();
        }
        // Everybody may look: an unprivileged user works here, too.
        fs::set_permissions(this.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["bin", "lib", "lib64", "sbin"] {
            let name = if folder == "sbin" {
                "usr/sbin"
            } else if folder == "bin" {
                "usr/bin"
            } else {
                "usr/lib"
            };
            symlink(name, this.path(folder)).unwrap();
        }
        for name in PROGRAMS {
            let found =
                ["usr/bin", "bin", "usr/sbin", "sbin"].iter().map(|folder| Path::new("/").join(folder).join(name));
            this.take(&found.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("{name} is not here")));
        }
        symlink("dash", this.path("usr/bin/sh")).unwrap();
        this.take_libraries(Path::new(env!("CARGO_BIN_EXE_imd-activate")));
        fs::write(this.path("dev/null"), "").unwrap();
        let installed = |name: &str| {
            format!(
                "Package: {name}\nStatus: install ok installed\nMaintainer: x\nArchitecture: all\nVersion: 99\nDescription: x\n\n"
            )
        };
        fs::write(this.path("var/lib/dpkg/status"), ["libc6", "libgcc-s1", "libgssapi-krb5-2"].map(installed).concat())
            .unwrap();
        fs::write(this.path("sys/class/dmi/id/product_uuid"), "4c4c4544-0042-3510-8053-b7c04f4e3733\n").unwrap();
        fs::write(this.path("sys/class/dmi/id/product_serial"), "5B5S7N3\n").unwrap();
        std::os::unix::fs::chown(this.path("home/user"), Some(1000), Some(1000)).unwrap();
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Copies a program with what it is linked with.
    fn take(&self, program: &Path) {
        let to = self.path("usr/bin").join(program.file_name().unwrap());
        fs::copy(program, to).unwrap();
        self.take_libraries(program);
    }

    fn take_libraries(&self, program: &Path) {
        let output = Command::new("ldd").arg(program).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let libraries = text.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
        for library in libraries {
            let to = self.path(library.trim_start_matches('/'));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            if !to.exists() {
                fs::copy(library, to).unwrap();
            }
        }
    }

    /// Runs a program there, by root or by a user.
    fn run(&self, user: u32, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new("chroot");
        command.arg(format!("--userspec={user}:{user}")).arg(self.path("")).args(arguments);
        command.env_clear().env("PATH", "/usr/bin:/usr/sbin").env("HOME", if user == 0 { "/" } else { "/home/user" });
        assert_cmd::Command::from_std(command)
            .write_stdin(input)
            .timeout(std::time::Duration::from_mins(2))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn says(&self, user: u32, arguments: &[&str], input: &str) -> String {
        let output = self.run(user, arguments, input);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Names in a list such as `libc6 (>= 2.39), a | b`.
fn packages(list: &str) -> Vec<String> {
    let names = list.split([',', '|']).filter_map(|one| one.split_whitespace().next());
    names.map(|name| name.split(':').next().unwrap_or_default().to_owned()).collect()
}

/// Every library that the program is linked with is in a package that the package depends on, as Debian's own tools
/// know packages.
fn brings_its_libraries(package: &Path) {
    let mut wanted = packages(&said("dpkg-deb", &["-f", package.to_str().unwrap(), "Depends"]));
    assert!(wanted.contains(&"libgssapi-krb5-2".to_owned()), "tickets are taken: {wanted:?}");
    let mut at = 0;
    while let Some(name) = wanted.get(at).cloned() {
        at += 1;
        let more = Command::new("dpkg-query").args(["-W", "-f=${Pre-Depends},${Depends},", &name]).output().unwrap();
        let more = packages(&String::from_utf8(more.stdout).unwrap());
        wanted.extend(more.into_iter().filter(|one| !wanted.contains(one)).collect::<Vec<_>>());
    }
    for line in said("ldd", &[env!("CARGO_BIN_EXE_imd-activate")]).lines() {
        let Some(path) = line.split_whitespace().find(|word| word.starts_with('/')) else { continue };
        let file = Path::new(path).file_name().unwrap().to_str().unwrap();
        let owner = said("dpkg-query", &["-S", &format!("*/{file}")]);
        let owners: Vec<_> = owner.lines().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect();
        assert!(owners.iter().any(|owner| wanted.contains(owner)), "{file} of {owners:?} is not in {wanted:?}");
    }
}

#[test]
fn exported_script_activates_a_linux_laptop() {
    let controller = Controller::of_the_lab();
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    let _service = Service::start(&imd, address);
    let laptop = Laptop::new();
    // The agent's definition wants a file written and a program run, as the user.
    let hook = r#"run = ["/usr/bin/install", "-m", "0640", "/home/user/.config/agent.json", "/home/user/it's done"]
                  write.path = "~/.config/agent.json"
                  write.grammar = "json"
                  write.template = '{"account": {{ account }}, "profile": {{ profile }}, "quota": {{ quota }}}'
               "#;
    export_with_a_hook(&imd, "linux", "shell", hook);
    for name in ["install.sh", "token.txt"] {
        fs::copy(imd.path("hooked/shell").join(name), laptop.path("media").join(name)).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/installers/linux/build");
    let built = Command::new(script)
        .arg(env!("CARGO_BIN_EXE_imd-activate"))
        .arg(laptop.path("media/imd-activate.deb"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    brings_its_libraries(&laptop.path("media/imd-activate.deb"));

    let install = || laptop.says(0, &["dash", "/media/install.sh"], "");
    assert_eq!(install(), "install.sh: installed");
    let row = imd.row("SELECT id, state, serial, system FROM device");
    assert_eq!((&row["state"], &row["system"]), (&"pending".into(), &"linux".into()), "enrolled while it installed");
    assert_eq!(row["serial"], "5B5S7N3");
    for token in ["media/token.txt", "etc/imd-activate/token"] {
        assert!(!laptop.path(token).exists(), "{token} is deleted once it was used");
    }
    // Root alone reads the settings and the device's key; users read the claim code.
    for (name, mode) in [("etc/imd-activate/settings", 0o600), ("var/lib/imd-activate/enrollment.json", 0o600)] {
        let metadata = laptop.path(name).metadata().unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.uid()), (mode, 0), "{name}");
    }
    let password = &controller.user_password;
    let claim = || {
        let claim = ["imd-activate", "claim", "--once", "--user", r"ONE\lab-user", "--password-stdin"];
        laptop.says(1000, &claim, password)
    };
    assert!(claim().contains("activated for"));
    let row = imd.row("SELECT d.id, d.state, d.auth, a.name FROM device d JOIN account a ON a.id = d.account_id");
    assert_eq!((&row["state"], &row["auth"]), (&"activated".into(), &"password".into()));
    assert_eq!(row["name"], "lab-user@one.test");
    for (name, mode) in [("home/user/.config/agent.json", 0o600), ("home/user/it's done", 0o640)] {
        let metadata = laptop.path(name).metadata().unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.uid()), (mode, 1000), "{name}");
        let read: serde_json::Value = serde_json::from_slice(&fs::read(laptop.path(name)).unwrap()).unwrap();
        let quota = (50_u64 << 30).to_string();
        assert_eq!(read, serde_json::json!({"account": "lab-user@one.test", "profile": "Laptops", "quota": quota}));
    }

    // Repeating it changes nothing; the token is no longer next to the script and is not needed.
    let before = imd.dump();
    assert_eq!(install(), "install.sh: installed");
    claim();
    assert!(laptop.says(0, &["imd-activate", "tend"], "").starts_with("next check-in after"));
    assert_eq!(imd.dump(), before);

    // Nothing of it stays.
    laptop.says(0, &["dpkg", "--purge", "imd-activate"], "");
    for name in ["usr/bin/imd-activate", "var/lib/imd-activate", "etc/imd-activate", "usr/lib/systemd"] {
        assert!(!laptop.path(name).exists(), "{name}");
    }
}
