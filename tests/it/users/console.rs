//! The console's list of users by keys, over a made company: of 3,000, and with `--long` of 1,000,000.

use std::path::Path;

use crate::support::made;
use crate::support::pty::{Console, State};

/// A state of its own with so many users.
fn company(users: u64) -> State {
    let state = State::new();
    let made = made::state(users);
    let copied = std::process::Command::new("cp").args(["-a", "--reflink=auto"]).arg(made).arg(state.path()).status();
    assert!(copied.expect("cp is there").success());
    state
}

fn many() -> u64 {
    if std::env::var_os("IMD_LONG").is_some() { 1_000_000 } else { 3_000 }
}

/// `3,145`
fn grouped(digits: &str) -> String {
    let parts: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap()).collect();
    parts.join(",")
}

/// Types a search, and waits until the heading says that so many are found.
fn search(console: &mut Console, query: &str, found: &str) {
    console.go("/", "go to list");
    console.go(query, &format!("Users  {}  / {query}", grouped(found)));
    console.go("\r", "search");
}

#[test]
fn users_are_searched_sorted_opened_and_exported_by_keys() {
    let users = many();
    let state = company(users);
    let mut console = state.console();
    console.wait_for("Overview");
    // Keys go nowhere before it is known where the console was left.
    console.at_rest();
    console.go("2", "@corp.exa");
    // As many as sqlite3 counts, which divides names by the letters that it looks for.
    let sql = "SELECT count(*) FROM cached_user u JOIN user_values v ON v.id = u.values_id
               WHERE (u.label LIKE 'Bert%' OR u.label LIKE '% Bert%') AND v.department = 'Legal'";
    let output = std::process::Command::new("sqlite3").arg(state.path().join("imd.db")).arg(sql).output();
    let wanted = String::from_utf8(output.expect("sqlite3 is installed").stdout).expect("digits").trim().to_owned();
    search(&mut console, "BERT legal", &wanted);
    // Another order, and what it says.
    console.go("s", "by account");
    console.go("s", "by mail");
    // To a file that is new; the same name again is refused.
    console.go("w", "> users.csv");
    console.go("\r", &format!("{} users written to users.csv.", grouped(&wanted)));
    let written = std::fs::read_to_string(state.folder().join("users.csv")).expect("written");
    assert_eq!(written.lines().count().to_string(), (wanted.parse::<u64>().expect("a number") + 1).to_string());
    console.go("w", "> users.csv");
    console.go("\r", "already exists");
    let again = std::fs::read_to_string(state.folder().join("users.csv")).expect("there");
    assert_eq!(again, written);
    console.keys("w");
    console.wait_for("> users.csv");
    console.keys(&"\x7f".repeat(3));
    console.go("ldif\r", "users written to users.ldif.");
    assert!(state.folder().join("users.ldif").exists());
    // One of them, with what the mapping gives and the groups.
    console.go("\r", "Laptop limit");
    for fact in ["Bert", "eu-1", "All Staff", "none: no laptop was activated yet", "objectGUID"] {
        let mut pages = 0;
        while !console.at_rest().contains(fact) {
            console.keys(" ");
            pages += 1;
            assert!(pages < 10, "{fact} is nowhere:\n{}", console.screen());
        }
    }
}

#[test]
fn each_screen_opens_over_many_users() {
    let state = company(many());
    let mut console = state.console();
    console.wait_for("Overview");
    console.at_rest();
    for (number, shown) in [
        ("1", "From the directory"),
        ("2", "by name"),
        ("3", "Staff"),
        ("4", "Each sync is a plan first"),
        ("5", "Give an export to your deployment tool"),
        ("6", "Step 6 creates the first one"),
        ("7", "Step 7 writes the exports"),
        ("8", "Who changed what"),
        ("9", "Device map"),
    ] {
        console.go(number, shown);
    }
}

#[test]
fn the_last_of_many_users_is_reached_by_one_key() {
    let state = company(many());
    let last = std::process::Command::new("sqlite3")
        .arg(Path::new(&state.path()).join("imd.db"))
        .arg("SELECT label FROM cached_user u JOIN user_name n ON n.user_id = u.id WHERE form = 'label' ORDER BY key DESC LIMIT 1")
        .output();
    let last = String::from_utf8(last.expect("sqlite3 is installed").stdout).expect("a name").trim().to_owned();
    let mut console = state.console();
    console.wait_for("Overview");
    // Keys go nowhere before it is known where the console was left.
    console.at_rest();
    console.go("2", "@corp.exa");
    console.go("\x1b[F", &last);
}
