//! From an empty state to an activated laptop: answers file, export, service, enroll, claim.

use crate::support::controller::Controller;
use crate::support::installation::Installation;
use crate::support::machine::Machine;
use crate::support::service::{Service, free_address};

/// An installation over the lab's accounts, set up and synced; `urls` is where its controller is.
pub fn set_up(controller: &Controller, url: &str, server: &str) -> Installation {
    set_up_with(controller, url, server, r#"["password"]"#)
}

/// The same with other authentication methods.
pub fn set_up_with(controller: &Controller, url: &str, server: &str, auth_methods: &str) -> Installation {
    let imd = Installation::new();
    imd.write_secret("bind.pw", &controller.password);
    let (ca, bind, base) = (controller.ca.display(), &controller.bind, &controller.base_dn);
    let answers = format!(
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
        [profile]
        name = "Laptops"
        login = "active-directory"
        login_directory = "one"
        quota = "50 GiB"
        [mapping]
        name = "Lab"
        directory = "one"
        ou = "OU=Lab,{base}"
        profile = "Laptops"
        storage = "eu-1"
        [frequency]
        interval = "24h"
        [settings]
        devices_per_user = 2
        auth = {auth_methods}
        [token]
        name = "rollout-2026"
        expires = "90d"
        max_activations = 100
        servers = ["https://{server}"]
        [installer]
        agent = "imd-activate"
        targets = ["msiexec", "configmgr", "shell"]
        folder = "rollout"
        "#
    );
    imd.write("answers.toml", answers);
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd
}

/// Exports once more to `hooked`, with what an agent's definition wants done on activation.
pub fn export_with_a_hook(imd: &Installation, platform: &str, target: &str, activation: &str) {
    let builtin = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/agents/imd-activate.toml");
    let definition = std::fs::read_to_string(builtin).unwrap();
    let folder = imd.state().join("agents");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("own.toml"), format!("{definition}\n[{platform}.activation]\n{activation}")).unwrap();
    imd.imd(["export", target, "--token", "rollout-2026", "--out", "hooked"]).succeeded();
}

#[test]
fn answers_file_leads_to_an_activated_laptop() {
    let controller = Controller::of_the_lab();
    let address = free_address();
    let imd = set_up(&controller, &controller.url, &address.to_string());
    let _service = Service::start(&imd, address);
    let laptop = Machine::new();
    // The token as the export carries it to the laptop.
    let exported = imd.read("rollout/msiexec/token.txt");
    let file = laptop.token_file(exported.trim());
    laptop.says(&["enroll", "--token-file", &file], "");
    assert!(!laptop.path("token.txt").exists());
    let password = &controller.user_password;
    let reported = laptop.says(&["claim", "--user", r"ONE\lab-user", "--password-stdin"], password);
    assert!(reported.contains("lab-user") && reported.contains("profile Laptops"), "{reported}");
    let row = imd.row(
        "SELECT d.state, d.auth, a.name, a.mail, a.quota, p.name AS profile, s.name AS storage, hex(a.guid) AS guid
         FROM device d JOIN account a ON a.id = d.account_id JOIN profile p ON p.id = a.profile_id
         JOIN storage s ON s.id = a.storage_id",
    );
    assert_eq!((&row["state"], &row["auth"]), (&"activated".into(), &"password".into()));
    assert_eq!((&row["name"], &row["mail"]), (&"lab-user@one.test".into(), &"lab-user@one.test".into()));
    assert_eq!(
        (&row["profile"], &row["storage"], &row["quota"]),
        (&"Laptops".into(), &"eu-1".into(), &(50_u64 << 30).into())
    );
    let found = controller.ldapsearch(&controller.base_dn, "(sAMAccountName=lab-user)", &["objectGUID"]);
    let guid = found.values().next().unwrap()["objectguid"].first().unwrap();
    let hex = guid.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
    assert_eq!(row["guid"], hex, "the account is the user's whom ldapsearch finds");
    let before = imd.dump();
    laptop.says(&["claim", "--user", "lab-user@one.test", "--password-stdin"], password);
    laptop.says(&["enroll"], exported.trim());
    assert_eq!(imd.dump(), before);
    // The password went to the directory and stayed nowhere.
    for (path, bytes) in imd.files() {
        assert!(!bytes.windows(password.len()).any(|part| part == password.as_bytes()), "{}", path.display());
    }
}
