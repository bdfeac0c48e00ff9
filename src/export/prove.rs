//! Reads an exported file back with an independent reader: Python's `json`, `plistlib`, `shlex` and YAML.
//!
//! The manifest lists the SHA-256 of each value in a file. Files for Windows programs are reported as not read back.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::Grammar;
use super::manifest::ManifestFile;

/// The reader, which runs in the Python of this host.
const READER: &str = include_str!("../../assets/readers/values.py");

/// Longer than any reader needs for a file of an export.
const DEADLINE: Duration = Duration::from_secs(30);

/// Whether an independent reader finds the values in a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReadBack {
    pub file: String,
    /// The program that reads such files.
    pub reader: String,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The reader found every value.
    Identical,
    /// The reader did not find these values.
    Lost(Vec<String>),
    /// The reader cannot parse the file.
    Unreadable,
    /// This host lacks the reader.
    NoReader,
}

/// Absent for a file without values.
pub(super) fn prove(folder: &Path, file: &ManifestFile) -> Option<ReadBack> {
    if file.carries.is_empty() {
        return None;
    }
    let (kind, reader) = match file.grammar {
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
    Some(ReadBack { file: file.name.clone(), reader: reader.to_owned(), verdict })
}

fn verdict(kind: &str, path: &Path, file: &ManifestFile) -> Verdict {
    // Isolated: neither the environment nor the folder can change what it imports.
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

/// The output of the reader; after the deadline it is killed.
fn output(child: &mut Child) -> Option<String> {
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.read_to_string(&mut text).map(|_| text);
        // After the deadline the receiver is gone.
        let _ = sender.send(read.ok());
    });
    let read = receiver.recv_timeout(DEADLINE).ok().flatten();
    if read.is_none() {
        let _ = child.kill();
    }
    read
}
