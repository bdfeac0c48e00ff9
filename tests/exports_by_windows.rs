//! What Windows Installer itself reads in the exported command lines is what went in.
//!
//! The reader is `MsiInstallProductW`, as Wine has it, by an installer that writes down what it is told. (Wine's
//! `msiexec.exe` drops doubled quotes before it calls that function, as Windows' does not. And Wine loses its way where a
//! value has a quote at an end or two of them side by side, so that three or four stand together: those are left to
//! `exports_read_back`, whose reader follows Microsoft's words.)

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

#[path = "exports_read_back/deployments.rs"]
mod deployments;
#[path = "activation_on_samba/wine.rs"]
mod wine;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use deployments::{TOKEN, ascii, cases, hostile, ours, render, server, text};
use imd::export::{Deployment, TokenBy};
use imd::model::installer::Proxy;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use wine::Wine;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports_by_windows").join(name)
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The command that Configuration Manager is given, as PowerShell reads the string: any doubled quote is one.
fn configmgr_command(script: &str) -> String {
    let line = script.lines().find_map(|line| line.strip_prefix("$installCommand = '")).unwrap();
    let mut text = line.trim_end().strip_suffix('\'').unwrap().to_owned();
    for quote in ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'] {
        text = text.replace(&format!("{quote}{quote}"), &quote.to_string());
    }
    text
}

/// What stands between the installer and the switches.
fn properties(command: &str) -> &str {
    let rest = command.strip_prefix("msiexec.exe /i \"imd-activate.msi\" ").unwrap();
    rest.strip_suffix(" /qn /norestart").unwrap()
}

#[test]
fn windows_installer_reads_in_the_exported_lines_what_went_in() {
    let mut runner = TestRunner::new(cases(1));
    let simple = (proptest::collection::vec(ascii(server()), 1..3), ascii(hostile()));
    let any = (proptest::collection::vec(server(), 1..3), hostile());
    let (mut lines, mut wanted) = (String::new(), Vec::new());
    for at in 0..120 {
        let (target, (servers, proxy)) = match at % 2 {
            0 => ("msiexec", simple.new_tree(&mut runner).unwrap().current()),
            _ => ("configmgr", any.new_tree(&mut runner).unwrap().current()),
        };
        let loses = |text: &String| text.starts_with('"') || text.ends_with('"') || text.contains("\"\"");
        if servers.iter().chain([&proxy]).any(loses) {
            continue;
        }
        let by = if at % 3 == 0 { TokenBy::Inline } else { TokenBy::File };
        let deployment =
            Deployment { servers: servers.clone(), proxy: Proxy::Url(proxy.clone()), token_by: by, ..ours() };
        // What a target cannot carry it refuses; `exports_read_back` sees to that.
        let Ok(rendered) = render(&deployment, target) else { continue };
        let command = match target {
            "msiexec" => text(&rendered, "command-line.txt").trim_end().to_owned(),
            _ => configmgr_command(text(&rendered, "create-application.ps1")),
        };
        lines += properties(&command);
        lines.push('\n');
        let (file, token) = if by == TokenBy::File { ("token.txt", "") } else { ("", TOKEN) };
        wanted.push(format!("{file}\t{token}\t{}\t{proxy}\t", servers.join(";")));
    }
    assert!(wanted.len() > 60, "most are carried: {}", wanted.len());

    let wine = Wine::new();
    succeeds(Command::new("wixl").args(["--arch", "x64", "-o"]).arg(wine.drive("probe.msi")).arg(asset("probe.wxs")));
    for action in ["RegisterUser", "RegisterProduct", "PublishFeatures", "PublishProduct", "ProcessComponents"] {
        let query = format!("DELETE FROM InstallExecuteSequence WHERE Action = '{action}'");
        succeeds(Command::new("msibuild").arg(wine.drive("probe.msi")).args(["-q", &query]));
    }
    let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
    succeeds(compiler.arg("-o").arg(wine.drive("probe.exe")).arg(asset("probe.c")).arg("-lmsi"));
    let utf16: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(wine.drive("lines.txt"), utf16).unwrap();
    wine.run(Path::new("/"), &[r"C:\probe.exe"]).succeeded();
    let bytes = fs::read(wine.drive("read.txt")).unwrap();
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let read = String::from_utf16(&units).unwrap();
    let read: Vec<&str> = read.strip_suffix('\n').unwrap().split('\n').collect();
    assert_eq!(read.len(), wanted.len());
    for (at, line) in lines.lines().enumerate() {
        assert_eq!(read[at], wanted[at], "{line}");
    }
}
