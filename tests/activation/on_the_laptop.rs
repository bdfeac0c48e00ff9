//! `imd-activate` itself: what it keeps, who may read it, and what it says.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::installation::Installation;
use super::laptops::served;
use super::service::Service;

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_imd-activate"));
        command.env_clear().env("USER", "user1").env("HOME", self.0.path()).args(arguments).arg("--once");
        command.arg("--state").arg(self.path("system")).arg("--user-state").arg(self.path("user"));
        command.arg("--dmi").arg(self.path("dmi"));
        assert_cmd::Command::from_std(command)
            .write_stdin(input)
            .timeout(std::time::Duration::from_mins(2))
            .output()
            .unwrap()
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

    pub fn token_file(&self, token: &str) -> String {
        let path = self.path("token.txt");
        std::fs::write(&path, format!("{token}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn started() -> (Installation, Service, String, Machine) {
    let (imd, service, token) = served(3, |answers| answers);
    (imd, service, token, Machine::new())
}

#[test]
fn a_laptop_enrols_is_claimed_and_checks_in_and_says_what_it_waits_for() {
    let (imd, _service, token, laptop) = started();
    assert!(laptop.says(&["status"], "").contains("not enrolled"));
    let file = laptop.token_file(&token);
    laptop.says(&["enrol", "--token-file", &file], "");
    assert!(!laptop.path("token.txt").exists(), "the token is deleted once it was used");
    assert!(laptop.says(&["status"], "").contains("waits for its user"));
    let told = laptop.says(&["claim"], "");
    assert!(told.contains("User 1") && told.contains("on the name alone"), "{told}");
    assert!(laptop.says(&["status"], "").contains("activated for User 1"));
    assert!(laptop.says(&["check-in"], "").ends_with("is activated"));
    let kept = laptop.json("user/activation.json");
    assert_eq!((&kept["account"]["profile"], &kept["account"]["storage"]), (&"Laptops".into(), &"eu-1".into()));
    assert_eq!(imd.row("SELECT id FROM device WHERE state = 'activated'")["id"], kept["device"]);
    // The same once more is the same.
    let before = (imd.dump(), kept);
    laptop.says(&["claim"], "");
    laptop.says(&["enrol"], &token);
    assert_eq!((imd.dump(), laptop.json("user/activation.json")), before);
}

#[test]
fn users_may_read_the_claim_code_and_nothing_else_of_the_system() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enrol"], &token);
    laptop.says(&["claim"], "");
    assert_eq!((laptop.mode("system"), laptop.mode("user")), (0o755, 0o700));
    assert_eq!(laptop.mode("system/claim.json"), 0o644);
    assert_eq!(laptop.mode("system/enrolment.json"), 0o600);
    assert_eq!(laptop.mode("user/activation.json"), 0o600);
    let key = laptop.json("system/enrolment.json")["device_key"].as_str().unwrap().to_owned();
    let read = std::fs::read_to_string(laptop.path("system/claim.json")).unwrap();
    assert!(!read.contains(&key) && !read.contains(&token));
}

#[test]
fn a_server_that_is_not_the_one_of_the_token_hears_no_token_and_no_password() {
    let (_imd, service, token, laptop) = started();
    let address = service.address;
    drop(service);
    // Another installation answers where the token's was.
    let theirs =
        super::laptops::company(1, |answers| answers.replace("imd.corp.example.com:7443", &address.to_string()));
    let _impostor = Service::start(&theirs, address);
    let file = laptop.token_file(&token);
    let error = laptop.fails(&["enrol", "--token-file", &file], "");
    assert!(error.contains("is not the service that the token names"), "{error}");
    assert!(laptop.path("token.txt").exists(), "a token that was not used is kept");
    assert_eq!(theirs.row("SELECT count(*) AS n FROM refusal")["n"], 0);
}

#[test]
fn the_agents_hook_runs_after_the_activation_and_only_when_nobody_else_could_have_written_it() {
    let (_imd, _service, token, laptop) = started();
    laptop.says(&["enrol"], &token);
    let hook = laptop.path("system/on-activation");
    std::fs::write(&hook, "#!/bin/sh\ncp \"$1\" \"$(dirname \"$0\")/seen\"\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(laptop.fails(&["claim"], "").contains("others may write to it"));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    laptop.says(&["claim"], "");
    assert_eq!(laptop.json("system/seen"), laptop.json("user/activation.json"));
}

#[test]
fn a_freed_laptop_enrols_anew_with_a_token() {
    let (imd, _service, token, laptop) = started();
    laptop.says(&["enrol"], &token);
    let device = laptop.json("system/enrolment.json")["device"].as_str().unwrap().to_owned();
    imd.imd(["devices", "free", &device]).succeeded();
    assert!(laptop.fails(&["claim"], "").contains("help: enrol again with a token"));
    laptop.says(&["check-in"], "");
    assert!(laptop.says(&["status"], "").contains("is freed"));
    laptop.says(&["enrol"], &token);
    assert_ne!(laptop.json("system/enrolment.json")["device"], *device);
    laptop.says(&["claim"], "");
}
