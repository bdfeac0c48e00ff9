//! What Windows itself reads in the exported command lines and batch files is what went in.
//!
//! The readers are those that Wine has: Windows Installer, `CommandLineToArgvW`, the C runtime, `cmd.exe`. A start of Wine
//! costs seconds, so each of them gets all cases in one start.

mod argv;
mod batch;
mod installer;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/with_lab/exports_by_windows").join(name)
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The command to `install` or `uninstall` that Configuration Manager is given, as PowerShell reads the string: any
/// doubled quote is one.
fn configmgr_command(script: &str, to: &str) -> String {
    let start = format!("${to}Command = '");
    let line = script.lines().find_map(|line| line.strip_prefix(start.as_str())).unwrap();
    let mut text = line.trim_end().strip_suffix('\'').unwrap().to_owned();
    for quote in ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'] {
        text = text.replace(&format!("{quote}{quote}"), &quote.to_string());
    }
    text
}

/// A program of `exports_by_windows/`, compiled for Windows.
fn compiled(source: &str, program: &Path, more: &[&str]) {
    let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
    succeeds(compiler.arg("-o").arg(program).arg(asset(source)).args(more));
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The lines of a file that a program of Windows wrote.
fn utf16_lines(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap();
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).unwrap();
    text.strip_suffix('\n').unwrap().split('\n').map(str::to_owned).collect()
}

/// More cases where time does not count.
fn often(count: usize) -> usize {
    count * if std::env::var_os("IMD_LONG").is_some() { 10 } else { 1 }
}
