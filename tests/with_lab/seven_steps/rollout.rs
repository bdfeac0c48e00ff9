//! The rollout that these tests set up: one answers file for all seven steps on the lab's domain.

use std::fmt::Write as _;

use crate::support::controller::Controller;
use crate::support::installation::Installation;

pub const SERVER: &str = "https://imd.one.test:7443";
pub const TARGETS: [&str; 3] = ["msiexec", "configmgr", "ivanti-mac"];

/// What a Mac that is managed by Ivanti fetches must have this SHA-256.
pub const SUM: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// What differs between the tests.
#[derive(Clone)]
pub struct Rollout {
    pub url: String,
    pub ca: String,
    pub bind: String,
    pub password: String,
    pub base: String,
    pub devices_per_user: u32,
}

impl Rollout {
    pub fn on(controller: &Controller) -> Self {
        Self {
            url: controller.url.clone(),
            ca: controller.ca.display().to_string(),
            bind: controller.bind.clone(),
            password: controller.password.clone(),
            base: controller.base_dn.clone(),
            devices_per_user: 3,
        }
    }

    /// Writes the answers and the password into the installation's folder; `rollout.toml` is the file.
    pub fn write(&self, installation: &Installation) {
        let Self { url, ca, bind, base, devices_per_user, .. } = self;
        installation.write_secret("bind.pw", &self.password);
        let mut text = format!(
            r#"
            [directory]
            name = "one"
            urls = ["{url}"]
            ca_file = "{ca}"
            bind = '{bind}'
            password_file = "bind.pw"

            [storage]
            name = "eu-1"
            location = "s3://backup-eu-1"
            capacity = "200 TiB"

            [profile]
            name = "Laptops"
            login = "active-directory"
            login_directory = "one"
            quota = "50 GiB"

            # Engineers first: whom the first mapping takes, the second does not get.
            [[mapping]]
            name = "Engineers"
            directory = "one"
            ou = "OU=Engineering,OU=Corp,{base}"
            profile = "Laptops"
            storage = "eu-1"
            quota = "100 GiB"

            [[mapping]]
            name = "Everybody else"
            directory = "one"
            ou = "OU=Corp,{base}"
            filter = "(!(sAMAccountName=svc-*))"
            profile = "Laptops"
            storage = "eu-1"

            [frequency]
            interval = "12h"

            [settings]
            devices_per_user = {devices_per_user}
            at_limit = "replace-oldest"
            auth = ["kerberos", "password"]
            safeguard = "15%"

            [token]
            name = "rollout-2026"
            expires = "90d"
            max_activations = 5000
            servers = ["{SERVER}"]

            [installer]
            agent = "imd-activate"
            proxy = "none"
            properties.mac-package-url = "https://repo.corp.example.com/imd-activate.pkg"
            properties.mac-package-sha256 = "{SUM}"
            folder = "rollout"
            "#
        );
        writeln!(text, "targets = {TARGETS:?}").unwrap();
        installation.write("rollout.toml", text);
    }
}

/// An installation on which the rollout was set up.
pub fn set_up(controller: &Controller) -> Installation {
    let installation = Installation::new();
    Rollout::on(controller).write(&installation);
    installation.imd(["setup", "--answers", "rollout.toml"]).succeeded();
    installation
}
