//! A running console in a terminal of its own, and how to wait for what it shows.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

use super::terminal::Terminal;

/// A running console.
pub struct Console {
    pub terminal: Terminal,
}

pub fn patience() -> Duration {
    let seconds = std::env::var("IMD_TEST_PATIENCE").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(30))
}

impl Console {
    pub fn start(arguments: &[&str], environment: &[(&str, &str)], size: (u16, u16)) -> Self {
        Self::start_in(None, arguments, environment, size)
    }

    /// The same in a folder of the test's own.
    pub fn start_in(
        folder: Option<&Path>,
        arguments: &[&str],
        environment: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_imd"));
        command.args(arguments);
        if let Some(folder) = folder {
            command.cwd(folder);
        }
        for name in ["NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "IMD_STATE"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in environment {
            command.env(name, value);
        }
        Self { terminal: Terminal::run(command, columns, rows) }
    }

    pub fn demo(environment: &[(&str, &str)]) -> Self {
        Self::start(&["demo"], environment, (80, 24))
    }

    pub fn screen(&self) -> String {
        self.terminal.screen()
    }

    pub fn cursor_row(&self) -> usize {
        usize::from(self.terminal.look(vt100::Screen::cursor_position).0)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.terminal.bytes()
    }

    pub fn keys(&mut self, keys: &str) {
        self.terminal.press(keys);
    }

    pub fn wait(&self, what: &str, until: impl Fn(&Self) -> bool) {
        let end = Instant::now() + patience();
        while !until(self) {
            assert!(Instant::now() < end, "{what} never came; the screen is\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |console| console.screen().contains(text));
    }

    /// Presses keys and waits for what they lead to.
    pub fn go(&mut self, keys: &str, text: &str) {
        self.keys(keys);
        self.wait_for(text);
    }

    /// Presses what leads to something on the screen, and waits until it begins to.
    pub fn key_that_shows(&mut self, keys: &str) {
        let before = self.terminal.written();
        self.keys(keys);
        self.wait("anything", |console| console.terminal.written() > before);
    }

    /// The screen once it has come to rest.
    pub fn at_rest(&self) -> String {
        let end = Instant::now() + patience();
        loop {
            let (before, screen) = (self.terminal.written(), self.screen());
            std::thread::sleep(Duration::from_millis(40));
            // What is still at work says so.
            if self.terminal.written() == before && !screen.contains("Ctrl-X cancel") {
                return screen;
            }
            assert!(Instant::now() < end, "the screen never came to rest:\n{screen}");
        }
    }

    pub fn pid(&self) -> Pid {
        let id = i32::try_from(self.terminal.process_id()).expect("a process id");
        Pid::from_raw(id).expect("not zero")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it takes signals");
    }

    /// Waits for the end; gives the exit code.
    pub fn end(&mut self) -> u32 {
        let end = Instant::now() + patience();
        loop {
            if let Some(code) = self.terminal.exit_code() {
                return code;
            }
            assert!(Instant::now() < end, "it never ended; the screen is\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The state letter of /proc: `S` sleeps, `T` is stopped.
    pub fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).expect("it runs");
        stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).expect("a state")
    }

    pub fn is_raw(&self) -> bool {
        self.terminal.is_raw()
    }

    pub fn alternate(&self) -> bool {
        self.terminal.look(vt100::Screen::alternate_screen)
    }
}

/// Whether the two rows at the bottom of the screen offer a key.
pub fn is_offered(screen: &str, name: &str) -> bool {
    let rows: Vec<&str> = screen.lines().collect();
    let bar = rows.iter().rev().take(2).flat_map(|row| row.trim().split("  "));
    let mut entries = bar.filter_map(|entry| entry.trim().split_once(' '));
    entries.any(|(keys, _)| keys == name || keys.split('/').any(|key| key == name))
}

/// A state directory of its own.
pub struct State(tempfile::TempDir);

impl State {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("state")
    }

    /// Where the console is started.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn console(&self) -> Console {
        let state: &Path = &self.path();
        Console::start_in(Some(self.folder()), &["--state", state.to_str().expect("plain")], &[], (80, 24))
    }
}
