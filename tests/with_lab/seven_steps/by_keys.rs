//! The seven steps by keystrokes in a pseudo-terminal, from an empty state to written exports.

use serde_json::json;

use super::by_answers_file::excluded;
use super::rollout::{SERVER, SUM, TARGETS};
use crate::support::console::Console;
use crate::support::controller::Controller;
use crate::support::installation::{Installation, eventually};
use crate::support::terminal::key;

const GIB: u64 = 1 << 30;

/// Step 1, filled in for the lab.
fn fill_directory(console: &mut Console, controller: &Controller, password: &str) {
    console.is_at(1, "Directory");
    console.fill("Name", "one");
    console.fill("Addresses", &controller.url);
    console.fill("CA file", &controller.ca.display().to_string());
    console.fill("Bind account", &controller.bind);
    console.fill_secret("Password", password);
}

fn fill_profile(console: &mut Console) {
    console.is_at(2, "Profile");
    console.fill("Profile", "Laptops");
    console.fill("Quota", "50 GiB");
    console.fill("Storage", "eu-1");
    console.fill("Location", "s3://backup-eu-1");
}

#[test]
fn all_seven_steps_by_keystrokes_from_an_empty_state() {
    let controller = Controller::of_the_lab();
    let imd = Installation::new();
    let mut console = Console::start(&imd, &[], 80, 24);

    fill_directory(&mut console, &controller, &controller.password);
    console.terminal.press(&key::ctrl('t'));
    console.terminal.wait_for("users are visible");
    console.next(2, "Profile");

    fill_profile(&mut console);
    console.next(3, "Mapping");

    console.fill("Mapping", "Sales first");
    console.go_to("OU");
    console.terminal.press(&key::ctrl('o'));
    console.terminal.wait_for("Corp");
    console.select("Corp");
    console.terminal.press(key::RIGHT);
    console.terminal.wait_for("Engineering");
    console.select("Sales");
    console.terminal.press(key::ENTER);
    console.terminal.wait_for("OU=Sales");
    let sales = format!("OU=Sales,OU=Corp,{}", controller.base_dn);
    let people = controller.ldapsearch(
        &sales,
        "(&(objectCategory=person)(objectClass=user))",
        &["mail", "userAccountControl", "accountExpires"],
    );
    let fit = people.values().filter(|entry| excluded(entry, &people).is_none()).count();
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for(&format!("Preview  {fit} users, {} excluded", people.len() - fit));
    console.next(4, "Frequency");

    console.fill("Sync interval", "12h");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("The users are stored.");
    console.next(5, "Settings");

    console.fill("Devices per user", "3");
    console.choose("At the limit", "Replace the oldest");
    console.next(6, "Token");

    console.fill("Name", "rollout-2026");
    console.fill("Servers", SERVER);
    console.terminal.press(&key::ctrl('r'));
    let token = token_written_by_keys(&mut console, &imd);
    console.next(7, "Installer");

    console.go_to("Deployment tools");
    console.terminal.press(&key::ctrl('o'));
    console.terminal.wait_for("Space marks");
    for target in ["msiexec", "Configuration Manager", "for Mac"] {
        console.mark(target);
    }
    console.terminal.press(key::ENTER);
    console.fill("Address of the Mac installer", "https://repo.corp.example.com/imd-activate.pkg");
    console.fill("SHA-256 of the Mac installer", SUM);
    console.fill("Folder", "rollout");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("File 1 of");
    assert!(!console.terminal.screen().contains(&token[..20]));
    console.terminal.press(&key::ctrl('f'));
    console.terminal.wait_for("each with a README and checksums:");
    console.terminal.press(&key::ctrl('n'));
    console.terminal.wait_for("Device map");
    let everything = console.terminal.bytes();
    console.leave();

    // The same rows as by the answers file.
    assert_eq!(imd.row("SELECT name, bind FROM directory"), json!({ "name": "one", "bind": controller.bind }));
    assert_eq!(
        imd.row("SELECT name, login, quota FROM profile"),
        json!({ "name": "Laptops", "login": "active-directory", "quota": 50 * GIB })
    );
    assert_eq!(
        imd.row("SELECT name, location FROM storage"),
        json!({ "name": "eu-1", "location": "s3://backup-eu-1" })
    );
    assert_eq!(
        imd.row("SELECT name, kind, ou, auto_import FROM mapping"),
        json!({ "name": "Sales first", "kind": "imd", "ou": sales, "auto_import": 0 })
    );
    assert_eq!(
        imd.row("SELECT value ->> 'interval' AS interval FROM document WHERE name = 'frequency'"),
        json!({ "interval": "12h" })
    );
    assert_eq!(
        imd.row("SELECT value ->> 'devices_per_user' AS devices_per_user, value ->> 'at_limit' AS at_limit FROM document WHERE name = 'settings'"),
        json!({ "devices_per_user": 3, "at_limit": "replace-oldest" })
    );
    assert_eq!(
        imd.row("SELECT name, servers FROM token"),
        json!({ "name": "rollout-2026", "servers": json!([SERVER]).to_string() })
    );
    for target in TARGETS {
        assert!(imd.path("rollout").join(target).join("SHA256SUMS").exists(), "{target}");
    }
    let cached = imd.row("SELECT count(*) AS users FROM user WHERE state = 'active'");
    assert_eq!(cached, json!({ "users": fit }));
    imd.write_secret("token", &token);
    assert_eq!(imd.json(["token", "verify", "token"])["name"], "rollout-2026");

    let password = controller.password.as_bytes();
    assert!(!everything.windows(password.len()).any(|window| window == password), "the password was drawn");
}

/// Writes the token that step 6 shows masked to a file by keys, and reads it there.
fn token_written_by_keys(console: &mut Console, imd: &Installation) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    console.terminal.wait_for("write to a file");
    console.terminal.press("w");
    console.terminal.press(&key::ctrl('u'));
    console.terminal.type_text("token.txt");
    console.terminal.press(key::ENTER);
    console.terminal.wait_for("only you can read it");
    let mode = std::fs::metadata(imd.path("token.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = imd.read("token.txt").trim().to_owned();
    assert!(!String::from_utf8_lossy(&console.terminal.bytes()).contains(&token[..40]), "it was masked so far");
    token
}

#[test]
fn refused_password_is_explained_and_not_saved() {
    let controller = Controller::of_the_lab();
    let imd = Installation::new();
    let mut console = Console::start(&imd, &[], 80, 24);
    fill_directory(&mut console, &controller, "not-the-password");
    console.terminal.press(&key::ctrl('t'));
    console.terminal.wait_for("52e");
    console.leave();
    assert!(imd.rows("SELECT 1 FROM sealed_secret").is_empty());
}

#[test]
fn lost_connection_returns_to_the_same_step() {
    let controller = Controller::of_the_lab();
    let imd = Installation::new();
    let mut console = Console::start(&imd, &[], 80, 24);
    fill_directory(&mut console, &controller, &controller.password);
    console.next(2, "Profile");
    fill_profile(&mut console);
    console.next(3, "Mapping");
    console.fill("Mapping", "Half typed");
    // What is typed is kept when its field is left.
    console.terminal.press(key::TAB);
    eventually("the draft in the state", || {
        imd.rows("SELECT value FROM wizard_draft").iter().any(|row| row.to_string().contains("Half typed"))
    });
    console.terminal.kill();

    let console = Console::start(&imd, &[], 80, 24);
    console.is_at(3, "Mapping");
    console.terminal.wait_for("Half typed");
    console.leave();
}

#[test]
fn seven_steps_work_on_small_and_wide_screens() {
    let controller = Controller::of_the_lab();
    for (columns, rows) in [(40, 10), (120, 40)] {
        let imd = Installation::new();
        let mut console = Console { terminal: crate::support::terminal::Terminal::start(&imd, &[], columns, rows) };
        console.terminal.wait_for("Name");
        console.fill("Name", "one");
        console.fill("Addresses", &controller.url);
        console.fill("Bind account", &controller.bind);
        console.leave();
        let draft = imd.rows("SELECT value FROM wizard_draft");
        assert!(draft.iter().any(|row| row.to_string().contains(&controller.bind)), "{columns}x{rows}: {draft:?}");
    }
}
