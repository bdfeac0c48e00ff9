//! A laptop with `imd-activate` on it.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A laptop's folders, and the program on it.
pub struct Machine(TempDir);

impl Machine {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dmi = folder.path().join("dmi");
        std::fs::create_dir(&dmi).unwrap();
        std::fs::write(dmi.join("product_uuid"), "4c4c4544-0042-3510-8053-b7c04f4e3732\n").unwrap();
        std::fs::write(dmi.join("product_serial"), "5B5S7N2\n").unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        self.run_in(&[], arguments, input)
    }

    /// The same with more in its environment.
    pub fn run_in(&self, environment: &[(&str, String)], arguments: &[&str], input: &str) -> Output {
        self.run_as("user", environment, arguments, input)
    }

    fn run_as(&self, user: &str, environment: &[(&str, String)], arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(user, arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value))).arg("--once");
        assert_cmd::Command::from_std(command)
            .write_stdin(input)
            .timeout(std::time::Duration::from_mins(2))
            .output()
            .unwrap()
    }

    /// The program, which tries for as long as it takes, with the files of that user.
    pub fn command(&self, user: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imd-activate"));
        command.env_clear().env("USER", "user1").env("HOME", self.0.path()).args(arguments);
        command.arg("--state").arg(self.path("system")).arg("--user-state").arg(self.path(user));
        command.arg("--dmi").arg(self.path("dmi")).arg("--root").arg(self.path("root"));
        command
    }

    /// A log-on of another of its users.
    pub fn as_another(&self, name: &str, arguments: &[&str], input: &str) -> Output {
        self.run_as(name, &[("USER", name.to_owned())], arguments, input)
    }

    #[track_caller]
    pub fn says(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[track_caller]
    pub fn fails(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("error: ") && text.contains("\nhelp: "), "{text}");
        text
    }

    pub fn mode(&self, name: &str) -> u32 {
        self.path(name).metadata().unwrap().mode() & 0o777
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    /// Puts a file among those of the system.
    pub fn keep(&self, name: &str, value: &Value) {
        std::fs::create_dir_all(self.path("system")).unwrap();
        std::fs::write(self.path("system").join(name), value.to_string()).unwrap();
    }

    pub fn token_file(&self, token: &str) -> String {
        self.secret("token.txt", token)
    }

    /// What an export or a package puts below `/etc/imd-activate`.
    pub fn place(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path("root/etc/imd-activate")).unwrap();
        self.secret(&format!("root/etc/imd-activate/{name}"), text);
    }

    fn secret(&self, name: &str, token: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, format!("{token}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}
