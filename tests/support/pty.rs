//! A running console, and the terminal that it writes to.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// A running console.
pub struct Console {
    pub terminal: Box<dyn MasterPty + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    pub seen: Arc<Mutex<Seen>>,
}

pub struct Seen {
    pub screen: vt100::Parser,
    pub bytes: Vec<u8>,
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
        (cols, rows): (u16, u16),
    ) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
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
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        let seen = Arc::new(Mutex::new(Seen { screen: vt100::Parser::new(rows, cols, 0), bytes: Vec::new() }));
        let (mut output, watched) = (pair.master.try_clone_reader().expect("a reader"), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut seen = watched.lock().expect("not poisoned");
                seen.screen.process(&buffer[..count]);
                seen.bytes.extend_from_slice(&buffer[..count]);
            }
        });
        let keyboard = pair.master.take_writer().expect("a writer");
        Self { terminal: pair.master, child, keyboard, seen }
    }

    pub fn demo(environment: &[(&str, &str)]) -> Self {
        Self::start(&["demo"], environment, (80, 24))
    }

    pub fn screen(&self) -> String {
        self.seen.lock().expect("not poisoned").screen.screen().contents()
    }

    pub fn cursor_row(&self) -> usize {
        let (row, _) = self.seen.lock().expect("not poisoned").screen.screen().cursor_position();
        usize::from(row)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().expect("not poisoned").bytes.clone()
    }

    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).expect("the terminal takes keys");
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
        let before = self.bytes().len();
        self.keys(keys);
        self.wait("anything", |console| console.bytes().len() > before);
    }

    /// The screen once it has come to rest.
    pub fn at_rest(&self) -> String {
        let end = Instant::now() + patience();
        loop {
            let (before, screen) = (self.bytes().len(), self.screen());
            std::thread::sleep(Duration::from_millis(40));
            // What is still at work says so.
            if self.bytes().len() == before && !screen.contains("Ctrl-X cancel") {
                return screen;
            }
            assert!(Instant::now() < end, "the screen never came to rest:\n{screen}");
        }
    }

    pub fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("it runs");
        Pid::from_raw(i32::try_from(id).expect("a process id")).expect("not zero")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it takes signals");
    }

    /// Waits for the end; gives the exit code.
    pub fn end(&mut self) -> u32 {
        let end = Instant::now() + patience();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status.exit_code();
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
        let modes = self.terminal.get_termios().expect("the terminal has modes");
        // ICANON of Linux: lines are put together by the terminal.
        modes.local_flags.bits() & 0o2 == 0
    }

    pub fn alternate(&self) -> bool {
        self.seen.lock().expect("not poisoned").screen.screen().alternate_screen()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
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
