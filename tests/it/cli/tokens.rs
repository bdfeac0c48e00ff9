//! How a token is delivered, its scope from an answers file, and the installation that created it.

use serde_json::json;

use crate::support::company::{ANSWERS, prepared, set_up};

/// The answers, with more in the table of the token and in that of the installer.
fn with(token: &str, installer: &str) -> String {
    let answers = ANSWERS.replace("name = \"rollout-2026\"", &format!("name = \"rollout-2026\"\n{token}"));
    answers.replace("proxy = \"system\"", &format!("proxy = \"system\"\n{installer}"))
}

#[test]
fn token_is_inline_only_by_choice_with_its_exposure() {
    let imd = prepared(5);
    imd.write("answers.toml", with("", "token_delivery = \"inline\""));
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    let token = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned();
    assert!(imd.read("rollout/msiexec/install.cmd").contains(&format!("IMD_TOKEN=\"{token}\"")));
    assert!(!imd.path("rollout/msiexec/token.txt").exists());
    assert!(
        imd.read("rollout/msiexec/README.md").contains("every user of the laptop while it installs (process list)")
    );
    // A Mac takes it in a file alone.
    assert!(imd.read("rollout/ivanti-mac/manifest.json").contains("\"travels_by\": \"file\""));
    // It is settled, and written into the answers.
    imd.imd(["setup", "--export", "out.toml"]).succeeded();
    assert!(imd.read("out.toml").contains("token_delivery = \"inline\""));
    // An option overrides the delivery for one export, and a replacement token keeps it.
    let run = imd.imd(["export", "msiexec", "--token", "rollout-2026", "--token-delivery", "file", "--out", "files"]);
    assert!(!run.succeeded().stderr.contains("process list"), "{run:#?}");
    assert!(imd.path("files/msiexec/token.txt").exists());
    let run = imd.imd(["export", "msiexec", "--token", "rollout-2026", "--out", "inline"]);
    assert!(run.succeeded().stderr.contains("every user of the laptop while it installs (process list)"), "{run:#?}");
    imd.imd(["token", "rotate", "rollout-2026"]).succeeded();
    let new = imd.imd(["token", "show", "rollout-2026"]).succeeded().stdout.trim().to_owned();
    assert!(new != token && imd.read("inline/msiexec/install.cmd").contains(&new));
    assert_eq!(imd.read("files/msiexec/token.txt").trim(), new);
    assert!(!imd.read("files/msiexec/install.cmd").contains(&new), "in its file alone");
    let run = imd.imd(["export", "msiexec", "--token", "rollout-2026", "--token-delivery", "pigeon", "--out", "files"]);
    run.failed_with(2, ["file or inline"]);
    imd.write("answers.toml", with("", "token_delivery = \"pigeon\""));
    imd.imd(["setup", "--answers", "answers.toml", "--yes"])
        .failed_with(1, ["installer.token_delivery", "file, inline"]);
}

#[test]
fn answers_file_carries_token_scope_and_note() {
    const LIMITS: &str = "mappings = [\"Staff\"]\nplatforms = [\"windows\", \"mac\"]\n\
                          networks = [\"10.20.0.0/16\", \"2001:db8::/32\"]\nnot_before = \"2099-12-01T06:00:00Z\"\n\
                          note = \"for the Bergen office\"";
    let imd = prepared(5);
    imd.write("answers.toml", with(LIMITS, ""));
    // It is not good before its first day, so no export carries it yet.
    let without_exports = imd.read("answers.toml").split("[installer]").next().unwrap().to_owned();
    imd.write("answers.toml", without_exports);
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    let record = imd.json(["token", "list", "rollout-2026"])["record"].clone();
    let scope = json!({
        "mappings": ["Staff"], "platforms": ["windows", "mac"], "networks": ["10.20.0.0/16", "2001:db8::/32"],
        "not_before": "2099-12-01T06:00:00Z",
    });
    assert_eq!((&record["scope"], &record["note"]), (&scope, &json!("for the Bergen office")));
    assert_eq!(record["expires_at"], "2100-03-01T06:00:00Z", "90 days from its first one");
    // Again, nothing changes; from an empty state, its export gives the same.
    let before = imd.rows("SELECT id FROM token");
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd.imd(["setup", "--export", "out.toml"]).succeeded();
    imd.imd(["setup", "--answers", "out.toml"]).succeeded();
    assert_eq!(before, imd.rows("SELECT id FROM token"));
    let elsewhere = prepared(5);
    elsewhere.write(
        "out.toml",
        imd.read("out.toml").replace(imd.folder().to_str().unwrap(), elsewhere.folder().to_str().unwrap()),
    );
    elsewhere.imd(["setup", "--answers", "out.toml"]).succeeded();
    assert_eq!(elsewhere.json(["token", "list", "rollout-2026"])["record"]["scope"], scope);
    // Another scope under the same name is another token.
    imd.write("answers.toml", imd.read("answers.toml").replace("10.20.0.0/16", "10.21.0.0/16"));
    imd.imd(["setup", "--answers", "answers.toml", "--yes"]).failed_with(1, ["rollout-2026", "has other values"]);
    for (was, is, key) in [
        ("10.21.0.0/16", "10.21.3.4/16", "token.networks"),
        ("\"windows\"", "\"amiga\"", "token.platforms"),
        ("\"Staff\"]", "\"Nobody\"]", "token.mappings"),
        ("2099-12-01T06:00:00Z", "soon", "token.not_before"),
    ] {
        imd.write("wrong.toml", imd.read("answers.toml").replace(was, is));
        imd.imd(["setup", "--answers", "wrong.toml", "--yes"]).failed_with(1, [key]);
    }
}

#[test]
fn export_check_names_a_foreign_token() {
    let (imd, other) = (set_up(5), set_up(5));
    imd.imd(["export", "check", "rollout", "--offline"]).succeeded();
    let there = other.path("rollout");
    let run = imd.imd(["export", "check", there.to_str().unwrap(), "--offline"]);
    run.failed_with(3, ["3 exports"]);
    let found = run.stdout.lines().filter(|line| line.contains("was made by another installation"));
    assert!(found.count() >= 3, "{run:#?}");
    // A token with an invalid signature gets another reason.
    let token = imd.read("rollout/msiexec/token.txt");
    let (start, rest) = token.split_at(60);
    let other = if rest.starts_with('A') { 'B' } else { 'A' };
    imd.write("rollout/msiexec/token.txt", format!("{start}{other}{}", &rest[1..]));
    let run = imd.imd(["export", "check", "rollout/msiexec", "--offline"]);
    assert!(run.stdout.contains("is not valid: "), "{run:#?}");
}
