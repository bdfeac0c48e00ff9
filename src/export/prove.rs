//! Reading an exported file back with a reader that is none of ours: Python's `json`, `plistlib`, `shlex` and YAML.
//!
//! The manifest says by its SHA-256 what each file carries. What Windows alone reads is named as not proved here.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::Grammar;
use super::write::ManifestFile;

/// What runs on the host's Python.
const READER: &str = include_str!("../../assets/readers/values.py");

/// No file of an export takes a reader longer.
const DEADLINE: Duration = Duration::from_secs(30);

/// Whether a file says what went into it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuthMethod {
    pub file: String,
    /// What read it, or would have.
    pub reader: String,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every value that went in was found.
    Identical,
    /// These were not.
    Lost(Vec<String>),
    /// The reader does not take the file for one of its own.
    Unreadable,
    /// This host lacks the reader.
    NoReader,
}

/// Absent for a file that carries no value.
pub(super) fn prove(folder: &Path, file: &ManifestFile) -> Option<AuthMethod> {
    if file.carries.is_empty() {
        return None;
    }
    let (kind, reader) = match file.grammar? {
        Grammar::Json => ("json", "Python json"),
        Grammar::Xml => ("plist", "Python plistlib"),
        Grammar::Yaml => ("yaml", "Python yaml"),
        Grammar::Sh => ("sh", "Python shlex"),
        Grammar::Plain => ("plain", "Python"),
        Grammar::Ps => ("", "PowerShell"),
        Grammar::Cmd => ("", "cmd.exe"),
        Grammar::Msi => ("", "Windows Installer"),
        Grammar::Reg => ("", "reg.exe"),
        Grammar::Py | Grammar::Md | Grammar::Name => return None,
    };
    let verdict = if kind.is_empty() { Verdict::NoReader } else { verdict(kind, &folder.join(&file.name), file) };
    Some(AuthMethod { file: file.name.clone(), reader: reader.to_owned(), verdict })
}

fn verdict(kind: &str, path: &Path, file: &ManifestFile) -> Verdict {
    // Isolated: neither the environment nor the folder decides what it imports.
    let started = Command::new("python3")
        .args(["-I", "-c", READER, kind])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else { return Verdict::NoReader };
    let read = output(&mut child);
    let status = child.wait().ok().and_then(|status| status.code());
    match (read, status) {
        (_, Some(69)) => Verdict::NoReader,
        (Some(read), Some(0)) => {
            let lost = file.carries.iter().filter(|value| !read.lines().any(|line| line == value.sha256));
            let lost: Vec<String> = lost.map(|value| value.what.clone()).collect();
            if lost.is_empty() { Verdict::Identical } else { Verdict::Lost(lost) }
        }
        _ => Verdict::Unreadable,
    }
}

/// What it prints until it ends; a reader that does not end is stopped.
fn output(child: &mut Child) -> Option<String> {
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.read_to_string(&mut text).map(|_| text);
        // Nobody waits any more after the deadline.
        let _ = sender.send(read.ok());
    });
    let read = receiver.recv_timeout(DEADLINE).ok().flatten();
    if read.is_none() {
        let _ = child.kill();
    }
    read
}
