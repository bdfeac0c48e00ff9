//! Accounts that a test makes in the lab's domain for itself.

use std::process::Command;

use base64::Engine as _;

use crate::support::controller::Controller;

/// An account made for one test, and removed after it; its password is the lab users' own.
pub struct Account {
    pub dn: String,
    pub name: String,
}

impl Account {
    pub fn new(controller: &Controller, name: &str) -> Self {
        Self::with(controller, name, "")
    }

    /// The same with more attributes, in lines of LDIF.
    pub fn with(controller: &Controller, name: &str, more: &str) -> Self {
        Self::made(controller, name, name, more)
    }

    /// The same where the name in the DN is another than the account's.
    pub fn of_another_dn(controller: &Controller, name: &str, common: &str) -> Self {
        Self::made(controller, name, common, "")
    }

    fn made(controller: &Controller, name: &str, common: &str, more: &str) -> Self {
        let this = Self { dn: format!("CN={common},OU=Lab,{}", controller.base_dn), name: name.to_owned() };
        this.gone();
        let password: String = format!("\"{}\"", controller.user_password);
        let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encoded = base64::engine::general_purpose::STANDARD.encode(utf16);
        let ldif = format!(
            "dn: {}\nobjectClass: user\nsAMAccountName: {name}\nuserPrincipalName: {name}@one.test\n\
             mail: {name}@one.test\nunicodePwd:: {encoded}\nuserAccountControl: 512\n{more}",
            this.dn
        );
        admin("ldapadd", &[], &ldif);
        this
    }

    pub fn disable(&self) {
        self.replace("userAccountControl", "514");
    }

    pub fn enable(&self) {
        self.replace("userAccountControl", "512");
    }

    /// Moves it below another entry.
    pub fn moved(&mut self, below: &str) {
        let name = format!("CN={}", self.name);
        let ldif =
            format!("dn: {}\nchangetype: modrdn\nnewrdn: {name}\ndeleteoldrdn: 1\nnewsuperior: {below}\n", self.dn);
        admin("ldapmodify", &[], &ldif);
        self.dn = format!("{name},{below}");
    }

    pub fn replace(&self, attribute: &str, value: &str) {
        let ldif = format!("dn: {}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n", self.dn);
        admin("ldapmodify", &[], &ldif);
    }

    pub fn gone(&self) {
        remove(&self.dn);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.gone();
    }
}

/// That it is not there is well.
pub fn remove(dn: &str) {
    let _ = run("ldapdelete", &[dn], "");
}

fn run(tool: &str, more: &[&str], input: &str) -> std::process::Output {
    let variable = |name: &str| std::env::var(format!("IMD_LAB_{name}")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, variable("ADMIN_PASSWORD")).unwrap();
    let mut command = Command::new(tool);
    command.args(["-x", "-H", &variable("URL"), "-D", &variable("ADMIN_BIND"), "-y"]).arg(&password).args(more);
    command.env("LDAPTLS_CACERT", variable("CA"));
    assert_cmd::Command::from_std(command)
        .write_stdin(input)
        .timeout(std::time::Duration::from_mins(1))
        .output()
        .unwrap()
}

#[track_caller]
pub fn admin(tool: &str, more: &[&str], input: &str) {
    let output = run(tool, more, input);
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
}
