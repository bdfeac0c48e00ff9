//! `imd demo` by keystrokes: all seven steps over the sample directory, and nothing is kept.

use crate::support::console::Console;
use crate::support::installation::Installation;
use crate::support::terminal::key;

/// The folders of demos that run or were not cleared away.
fn throw_away(imd: &Installation) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(imd.folder()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("imd-demo")).collect()
}

#[test]
fn the_demo_walks_through_all_seven_steps_and_keeps_nothing() {
    let imd = Installation::new();
    let mut console = Console::start(&imd, &["demo"], 80, 24);
    console.is_at(1, "Directory");
    console.terminal.press(&key::ctrl('t'));
    console.terminal.wait_for("users are visible");
    console.next(2, "Profile");
    console.next(3, "Mapping");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("excluded");
    console.next(4, "Frequency");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("The users are stored.");
    console.next(5, "Settings");
    console.next(6, "Token");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("write to a file");
    console.next(7, "Installer");
    console.terminal.wait_for("imd-activate.msi");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("File 1 of");
    console.terminal.press(&key::ctrl('n'));
    console.terminal.wait_for("Device map");

    let [folder] = <[_; 1]>::try_from(throw_away(&imd)).expect("one throw-away folder");
    let written = walk(&folder);
    for file in ["msiexec/install.cmd", "configmgr/create-application.ps1", "ivanti-mac/install.sh"] {
        assert!(written.iter().any(|path| path.ends_with(file)), "{file}: {written:?}");
    }
    console.leave();
    assert!(throw_away(&imd).is_empty(), "the demo left its folder behind");
    assert!(!imd.state().exists(), "the demo touched the real state");
}

#[test]
fn escape_sequences_in_names_do_not_reach_the_terminal() {
    let imd = Installation::new();
    let mut console = Console::start(&imd, &["demo"], 120, 60);
    console.is_at(1, "Directory");
    console.next(2, "Profile");
    console.next(3, "Mapping");
    console.go_to("LDAP filter");
    console.terminal.type_text("(sAMAccountName=lrat*)");
    console.terminal.press(key::ESC);
    console.terminal.wait_while("Filter (RFC 4515)");
    console.terminal.press(&key::ctrl('r'));
    // The words of the names are there, so what stood between them was taken out.
    for word in ["Red Alert", "Title Setter", "Clear Screen", "Invoice", "Isolated", "Ringer"] {
        console.terminal.wait_for(word);
    }
    let bytes = String::from_utf8_lossy(&console.terminal.bytes()).into_owned();
    // The sample directory holds names with these; none may come out raw.
    for control in ["\u{202e}", "\u{2066}", "\u{200b}", "\u{9b}", "\x1b]0;", "\x07", "\x1b[31m"] {
        assert!(!bytes.contains(control), "{control:?} reached the terminal");
    }
    console.leave();
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}
