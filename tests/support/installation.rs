//! A throw-away installation: an empty state, a folder for files, the real binary, and the state as `sqlite3` reads it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Long enough for any run on a busy machine; a run that takes longer hangs.
const DEADLINE: Duration = Duration::from_mins(2);

pub struct Installation {
    folder: TempDir,
}

/// What a run of the binary left behind.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Installation {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Where the answers file and what it names lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn state(&self) -> PathBuf {
        self.folder().join("state")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A file that only its owner reads.
    pub fn write_secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path).unwrap();
        file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The binary on this state, in an environment that holds nothing else.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imd"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.folder()).env("IMD_STATE", self.state());
        command.current_dir(self.folder());
        command
    }

    /// Runs the binary to its end.
    pub fn imd<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.imd_with_input(arguments, "")
    }

    pub fn imd_with_input<const N: usize>(&self, arguments: [&str; N], input: &str) -> Run {
        let mut command = self.command();
        command.args(arguments);
        let output = assert_cmd::Command::from_std(command).write_stdin(input).timeout(DEADLINE).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
        Run {
            code: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {output:?}")),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs a verb that has to succeed and reads its JSON.
    #[track_caller]
    pub fn json<const N: usize>(&self, arguments: [&str; N]) -> Value {
        let mut command = self.command();
        command.args(arguments).arg("--json");
        let output = assert_cmd::Command::from_std(command).timeout(DEADLINE).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
    }

    /// The rows of a query, as SQLite's own shell reads the state.
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let text = self.sqlite(&["-json", "-readonly"], query);
        if text.trim().is_empty() {
            return Vec::new();
        }
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{query}: {error}: {text}"))
    }

    /// The one row of a query.
    #[track_caller]
    pub fn row(&self, query: &str) -> Value {
        let mut rows = self.rows(query);
        assert_eq!(rows.len(), 1, "{query}: {rows:?}");
        rows.remove(0)
    }

    /// Everything in the state.
    pub fn dump(&self) -> String {
        self.sqlite(&["-readonly"], ".dump")
    }

    #[track_caller]
    pub fn sqlite(&self, options: &[&str], query: &str) -> String {
        let database = self.state().join("imd.db");
        // A service that runs may be writing: the shell waits for its turn.
        let mut command = Command::new("sqlite3");
        let output = command.args(["-cmd", ".timeout 15000"]).args(options).arg(&database).arg(query).output();
        let output = output.expect("sqlite3 runs");
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every file below the folder, the state included, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut left = vec![self.folder().to_owned()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    left.push(path);
                } else {
                    found.push((path.clone(), fs::read(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

/// Looks again and again until it is so; for what no event tells of.
#[track_caller]
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < until, "{what} never came");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Run {
    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// It ended with this code and one clear error: what happened (with each of these words) and a `help:` line.
    #[track_caller]
    pub fn failed_with<const N: usize>(&self, code: i32, words: [&str; N]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        let errors: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        let helps = self.stderr.lines().filter(|line| line.starts_with("help: ") && line.len() > 10).count();
        assert_eq!((errors.len(), helps), (1, 1), "one error and one help line are wanted: {self:#?}");
        let from = self.stderr.find("error: ").unwrap_or_default();
        for word in words {
            assert!(self.stderr[from..].contains(word), "the error does not say {word:?}: {self:#?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }
}
