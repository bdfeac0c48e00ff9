//! The real binary in a real terminal: what it writes, what it leaves behind, and what it survives.
//!
//! The terminal is vt100's, fed from a pseudo-terminal. How long a test waits for a screen before it gives up can be
//! set with `IMD_TEST_PATIENCE` (seconds).

mod first_walk;

use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::Signal;

use crate::support::pty::{Console, State, patience};

const ESCAPE: &str = "\x1b";
const DOWN: &str = "\x1b[B";
const CTRL_C: &str = "\x03";
const CTRL_L: &str = "\x0c";
const CTRL_N: &str = "\x0e";
const CTRL_T: &str = "\x14";
const CTRL_Z: &str = "\x1a";

#[test]
fn it_starts_walks_and_leaves_the_terminal_as_it_was() {
    let mut console = Console::demo(&[]);
    console.wait_for("Step 1 of 7: Directory");
    assert!(console.alternate() && console.is_raw());
    console.go(CTRL_T, "users are visible");
    console.go(CTRL_N, "Step 2 of 7: Profile");
    console.go(CTRL_N, "Step 3 of 7: Mapping");
    console.go(ESCAPE, "Device map");
    console.keys("q");
    assert_eq!(console.end(), 0);
    console.wait("the ordinary screen", |console| !console.alternate());
    assert!(!console.is_raw());
    let bytes = String::from_utf8_lossy(&console.bytes()).into_owned();
    assert!(bytes.contains("\x1b[?2004h") && bytes.contains("\x1b[?2004l"), "bracketed paste on, then off");
    assert!(console.screen().contains("Start imd again to go on with step 3: Mapping."));
}

#[test]
fn all_seven_steps_are_walked_with_keys_that_are_on_the_screen() {
    let mut console = Console::demo(&[]);
    console.wait_for("Step 1 of 7");
    console.go(CTRL_N, "Step 2 of 7");
    console.go(CTRL_N, "Step 3 of 7");
    console.go("\x12", "excluded");
    console.go(CTRL_N, "Step 4 of 7");
    console.go("\x12", "The users are stored.");
    console.go(CTRL_N, "Step 5 of 7");
    console.go(CTRL_N, "Step 6 of 7");
    console.go("\x12", "s shows it");
    assert!(!console.screen().contains("v4.public"), "masked");
    console.go("s", "s hides it");
    console.go(ESCAPE, "s shows it");
    console.go(CTRL_N, "Step 7 of 7");
    console.go("\x12", "Who can read the token here");
    console.go("\x06", "Written, each with a README");
    console.go(CTRL_N, "All seven steps are done.");
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let mut console = Console::demo(&[]);
    console.wait_for("Step 1 of 7");
    console.go(CTRL_T, "users are visible");
    let quiet = |console: &Console| {
        let before = console.bytes().len();
        // Longer than the watchdog sleeps.
        std::thread::sleep(Duration::from_millis(2_500));
        console.bytes().len() - before
    };
    console.wait("a quiet moment", |console| quiet(console) == 0);
    assert_eq!(quiet(&console), 0);
}

#[test]
fn an_arrow_key_that_arrives_in_parts_is_no_escape() {
    let mut console = Console::demo(&[]);
    console.wait_for("Step 1 of 7");
    console.keys(ESCAPE);
    std::thread::sleep(Duration::from_millis(15));
    console.go("[B", "ldifde, ldapsearch or csvde");
    assert!(console.screen().contains("Step 1 of 7"));
}

#[test]
fn no_color_means_no_color_and_the_selection_is_still_reversed() {
    let mut console = Console::demo(&[("NO_COLOR", "1")]);
    console.wait_for("Step 1 of 7");
    console.go(CTRL_T, "users are visible");
    console.go(ESCAPE, "Device map");
    let bytes = String::from_utf8_lossy(&console.bytes()).into_owned();
    assert!(!bytes.contains("\x1b[38;") && !bytes.contains("\x1b[48;"), "no color is set");
    let inverse = |screen: &vt100::Screen, row| screen.cell(row, 5).is_some_and(vt100::Cell::inverse);
    let reversed = console.terminal.look(|screen| (0..24).any(|row| inverse(screen, row)));
    assert!(reversed, "the selected step is reversed");
}

#[test]
fn a_locale_without_utf8_gets_ascii_only() {
    let mut console = Console::demo(&[("LANG", "C")]);
    console.wait_for("Step 1 of 7");
    console.go(CTRL_T, "users are visible");
    console.go(CTRL_N, "Step 2 of 7");
    console.go(CTRL_N, "Step 3 of 7");
    console.go("\x12", "excluded");
    assert!(console.bytes().is_ascii());
}

#[test]
fn a_stopped_console_gives_the_terminal_back_and_takes_it_again() {
    let mut console = Console::demo(&[]);
    console.wait_for("Step 1 of 7");
    console.keys(CTRL_Z);
    console.wait("the stop", |console| console.state() == 'T');
    console.wait("the ordinary screen", |console| !console.alternate());
    assert!(!console.is_raw());
    console.signal(Signal::CONT);
    console.wait("the console", |console| console.alternate() && console.screen().contains("Step 1 of 7"));
    assert!(console.is_raw());
    console.signal(Signal::TSTP);
    console.wait("the stop", |console| console.state() == 'T');
    console.signal(Signal::CONT);
    console.wait("the console", |console| console.alternate() && console.screen().contains("Step 1 of 7"));
    console.go(DOWN, "ldifde, ldapsearch or csvde");
    console.keys(CTRL_L);
    console.keys(CTRL_C);
    assert_eq!(console.end(), 0);
}

#[test]
fn killed_session_resumes_step_and_draft() {
    for signal in [Signal::HUP, Signal::TERM] {
        let state = State::new();
        let mut console = state.console();
        console.wait_for("Step 1 of 7");
        console.keys("corp-");
        console.go("north", "corp-north");
        console.signal(signal);
        assert_ne!(console.end(), 0);
        console.wait("the ordinary screen", |console| !console.alternate());
        assert!(!console.is_raw());
        let console = state.console();
        console.wait_for("corp-north");
        assert!(console.screen().contains("Step 1 of 7"));
    }
}

#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_the_console() {
    let state = State::new();
    let pair = native_pty_system().openpty(PtySize::default()).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_imd"));
    command.args(["--state", state.path().to_str().expect("plain")]);
    command.env("TERM", "xterm");
    // Behind sudo, the console is not in the session that gets the hang-up signal.
    command.set_controlling_tty(false);
    let mut child = pair.slave.spawn_command(command).expect("the binary starts");
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().expect("a reader");
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&bytes).contains("Step 1 of 7") {
        let count = output.read(&mut buffer).expect("the console draws");
        assert!(count > 0, "it ended before it drew");
        bytes.extend_from_slice(&buffer[..count]);
    }
    drop((output, pair.master));
    let end = Instant::now() + patience();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        assert!(Instant::now() < end, "it never ended");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.exit_code(), 1);
}

#[test]
fn a_panic_gives_the_terminal_back_and_keeps_what_was_typed() {
    let state = State::new();
    let path = state.path();
    let arguments = ["--state", path.to_str().expect("plain")];
    let mut console = Console::start(&arguments, &[("IMD_TEST_PANIC_AT_KEY", "10")], (80, 24));
    console.wait_for("Step 1 of 7");
    console.keys("corp-north");
    assert_eq!(console.end(), 1);
    console.wait("the ordinary screen", |console| !console.alternate() && console.screen().contains("help:"));
    assert!(!console.is_raw() && console.screen().contains("unsaved answers are kept"), "{}", console.screen());
    let console = state.console();
    console.wait_for("corp-north");
}

#[test]
fn every_terminal_starts_walks_and_is_given_back() {
    for term in ["xterm-256color", "xterm", "screen", "tmux-256color", "linux", "vt100"] {
        for (no_color, locale) in [("", "C"), ("", "C.UTF-8"), ("1", "C"), ("1", "C.UTF-8")] {
            let which = format!("TERM={term} NO_COLOR={no_color} LANG={locale}");
            let environment = [("TERM", term), ("NO_COLOR", no_color), ("LANG", locale)];
            let mut console = Console::demo(&environment);
            console.wait_for("Step 1 of 7");
            assert!(console.alternate() && console.is_raw(), "{which}");
            console.go(CTRL_T, "users are visible");
            console.go(CTRL_N, "Step 2 of 7");
            console.go(ESCAPE, "Device map");
            console.keys(CTRL_C);
            assert_eq!(console.end(), 0, "{which}");
            console.wait("the ordinary screen", |console| !console.alternate());
            assert!(!console.is_raw(), "{which}");
            let bytes = console.bytes();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let colored = text.contains("\x1b[38;5;");
            assert_eq!(colored, no_color.is_empty() && term != "vt100", "{which}");
            let ascii = locale == "C" || matches!(term, "linux" | "vt100");
            assert_eq!(bytes.is_ascii(), ascii, "{which}");
            assert!(!text.contains("\x1b[38;2;"), "{which}: no color that the terminal may not have");
            let shown = !console.terminal.look(vt100::Screen::hide_cursor);
            assert!(shown && text.contains("\x1b[?2004l"), "{which}: the cursor and pastes are as they were");
        }
    }
}
