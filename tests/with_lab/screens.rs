//! Each screen of the day after setup, walked by keys that it offers, over what a real domain controller gave.

use crate::support::pty::{Console, State, is_offered};

/// A state that was set up and synced over the lab's controller.
fn synced() -> State {
    let state = State::new();
    let variable = |name: &str| std::env::var(format!("IMD_LAB_{name}")).expect("the lab is up");
    let password = state.folder().join("bind.pw");
    std::fs::write(&password, variable("PASSWORD")).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&password, mode).expect("a file of one's own");
    // What the lab's other suites make and remove is not among these.
    let answers = format!(
        r#"
        [directory]
        name = "one"
        urls = ["{}"]
        ca_file = "{}"
        bind = '{}'
        password_file = "bind.pw"
        [storage]
        name = "eu-1"
        location = "s3://backup-eu-1"
        [profile]
        name = "Laptops"
        login = "active-directory"
        login_directory = "one"
        [[mapping]]
        name = "Sales"
        directory = "one"
        department = "Sales"
        profile = "Laptops"
        storage = "eu-1"
        [[mapping]]
        name = "Everybody else"
        directory = "one"
        filter = "(sAMAccountName=u0*)"
        profile = "Laptops"
        storage = "eu-1"
        [frequency]
        interval = "24h"
        [settings]
        devices_per_user = 2
        auth = ["password"]
        [token]
        name = "rollout-2026"
        expires = "90d"
        max_activations = 100
        servers = ["https://imd.one.test:7443"]
        [installer]
        agent = "imd-activate"
        targets = ["msiexec", "shell"]
        folder = "rollout"
        "#,
        variable("URL"),
        variable("CA"),
        variable("BIND")
    );
    let file = state.folder().join("answers.toml");
    std::fs::write(&file, answers).expect("a file");
    let mut setup = std::process::Command::new(env!("CARGO_BIN_EXE_imd"));
    setup.current_dir(state.folder()).args(["--state"]).arg(state.path()).args(["setup", "--answers"]).arg(file);
    let output = assert_cmd::Command::from_std(setup).output().expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    state
}

/// Presses a key that the screen offers, in its bar or next to the name of a screen, and waits for what it leads to.
fn press(console: &mut Console, name: &str, leads_to: &str) -> String {
    let screen = console.at_rest();
    let tabs = screen.lines().nth(1).unwrap_or_default();
    let is_tab = name.len() == 1 && tabs.split([' ', '[']).any(|tab| tab.starts_with(name));
    assert!(is_tab || is_offered(&screen, name), "{name} is not offered:\n{screen}");
    console.keys(match name {
        "Enter" => "\r",
        "Esc" => "\x1b",
        "Down" => "\x1b[B",
        "Ctrl-P" => "\x10",
        "Ctrl-N" => "\x0e",
        name => name,
    });
    console.wait_for(leads_to);
    console.at_rest()
}

#[test]
fn screens_are_reachable_by_their_keys() {
    let state = synced();
    let mut console = state.console();
    console.wait_for("Overview");
    // Users: a search as it is typed, an entry, why the user is activated or not, and back.
    press(&mut console, "2", "Anderson, Ahmed");
    press(&mut console, "/", "go to list");
    console.keys("brown");
    let found = console.at_rest();
    assert!(
        found.lines().skip(5).take(3).all(|row| row.trim().is_empty() || row.to_lowercase().contains("brown")),
        "{found}"
    );
    press(&mut console, "Esc", "Anderson, Ahmed");
    let list = press(&mut console, "Down", "Users");
    let row = list.lines().nth(console.cursor_row()).expect("a row");
    let name = row.trim().split("  ").next().expect("a name").to_owned();
    let entry = press(&mut console, "Enter", "objectGUID");
    assert!(entry.contains(&name), "{name} in {entry}");
    press(&mut console, "e", "Explain: ");
    press(&mut console, "Esc", "objectGUID");
    press(&mut console, "Esc", "Anderson, Ahmed");
    // Mappings: a copy that begins switched off, and the order with who would change place.
    press(&mut console, "3", "Everybody else");
    press(&mut console, "d", "copy of \"Sales\"");
    press(&mut console, "Enter", "Sales copy");
    assert!(
        console.at_rest().lines().any(|row| row.contains("Sales copy") && row.contains("off")),
        "{}",
        console.screen()
    );
    // The copy is what e changes now; what is typed there is kept for it, and for nothing else.
    let copy = press(&mut console, "e", "Step 3 of 7");
    assert!(copy.contains("Sales copy") && copy.contains("Esc back"), "{copy}");
    console.keys("X");
    press(&mut console, "Esc", "Mappings  3");
    console.keys("\x1b[H");
    let sales = press(&mut console, "e", "Step 3 of 7");
    assert!(!sales.contains("Sales copy"), "{sales}");
    press(&mut console, "Esc", "Mappings  3");
    console.keys("\x1b[F");
    press(&mut console, "e", "Sales copyX");
    press(&mut console, "Ctrl-N", "this adds a new mapping");
    press(&mut console, "n", "Not saved.");
    press(&mut console, "Esc", "Mappings  3");
    let new = press(&mut console, "n", "Step 3 of 7");
    assert!(!new.contains("Sales"), "{new}");
    press(&mut console, "Esc", "Mappings  3");
    press(&mut console, "o", "Order of mappings");
    press(&mut console, "Esc", "Mappings  3");
    // Syncs: another one changes nothing, and its plan can be looked at.
    press(&mut console, "4", "applied");
    press(&mut console, "r", "The users are stored.");
    press(&mut console, "Esc", "Syncs  2");
    press(&mut console, "Enter", "Plan 1");
    press(&mut console, "Esc", "Syncs  2");
    // Devices and accounts: both lists are empty, and the screen shows the next step.
    press(&mut console, "5", "Give an export to your deployment tool");
    press(&mut console, "a", "No user is activated yet.");
    // Exports: one is checked. Tokens: one is replaced after a yes, and then carried by the exports.
    press(&mut console, "7", "msiexec");
    press(&mut console, "c", "is unchanged");
    press(&mut console, "6", "rollout-2026");
    press(&mut console, "r", "2 exports are rewritten");
    press(&mut console, "n", "No changes.");
    press(&mut console, "r", "2 exports are rewritten");
    press(&mut console, "y", "was rewritten");
    press(&mut console, "Esc", "replaced");
    // Audit: it lists what was done, and no entry was changed since.
    let audit = press(&mut console, "8", "token rotate");
    assert!(audit.contains("mapping add"), "{audit}");
    press(&mut console, "v", "none changed or removed");
    // Setup: the seven steps, each opened alone; and the palette leads on from one.
    press(&mut console, "9", "7 Installer");
    for _ in 0..8 {
        press(&mut console, "Down", "Setup");
    }
    press(&mut console, "Enter", "Profiles  1");
    press(&mut console, "D", "Remove the profile");
    press(&mut console, "y", "is in use by mapping");
    press(&mut console, "Esc", "not saved yet;");
    press(&mut console, "Ctrl-P", "Go to or do");
    console.keys("keys");
    press(&mut console, "Enter", "Keys  1");
    press(&mut console, "r", "It signs from now on.");
    press(&mut console, "y", "retired");
    press(&mut console, "b", "which new file");
    press(&mut console, "Enter", "holds 2 tokens");
    assert!(state.folder().join("imd.bundle").is_file());
    press(&mut console, "9", "7 Installer");
    press(&mut console, "Enter", "Step 1 of 7");
    press(&mut console, "Ctrl-P", "Go to or do");
    console.keys("audit");
    press(&mut console, "Enter", "Audit  ");
    press(&mut console, "q", "All seven steps are done.");
    assert_eq!(console.end(), 0);
}

#[test]
fn lists_send_few_bytes_and_none_when_idle() {
    let state = synced();
    let mut console = state.console();
    console.wait_for("Overview");
    let mut medians = Vec::new();
    for tab in ["2", "3", "4", "6", "7", "8"] {
        press(&mut console, tab, "Enter open");
        let mut costs: Vec<usize> = (0..16)
            .map(|at| {
                let before = console.bytes().len();
                console.keys(if at % 2 == 0 { "\x1b[B" } else { "\x1b[A" });
                console.at_rest();
                console.bytes().len() - before
            })
            .collect();
        costs.sort_unstable();
        medians.push((tab, costs[costs.len() / 2]));
    }
    assert!(medians.iter().all(|(_, bytes)| *bytes <= 200), "{medians:?}");
    // Where there are several lines, the keys moved.
    let moved = medians.iter().filter(|(tab, _)| ["2", "3", "7", "8"].contains(tab));
    assert!(moved.clone().count() == 4 && moved.clone().all(|(_, bytes)| *bytes > 0), "{medians:?}");
    let before = console.bytes().len();
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(console.bytes().len(), before, "nothing is written while nothing happens");
}
