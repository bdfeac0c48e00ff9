//! Windows Installer.
//!
//! The reader is `MsiInstallProductW`, by an installer that records its properties. (Wine's `msiexec.exe` drops doubled
//! quotes before it calls that function, as Windows' does not. And Wine loses its way where a value has a quote at an end
//! or two of them side by side, so that three or four are in a row: `exports_read_back`, which implements
//! Microsoft's rules, and the runtime in `argv` test those.)

use std::fs;
use std::path::Path;
use std::process::Command;

use imd::export::{Deployment, TokenDelivery};
use imd::model::installer::Proxy;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::{asset, compiled, configmgr_command, succeeds, utf16, utf16_lines};
use crate::support::deployments::{TOKEN, ascii, cases, hostile, ours, render, server, text};
use crate::support::wine::Wine;

/// The text between the installer and the switches.
fn properties(command: &str) -> &str {
    let rest = command.strip_prefix("msiexec.exe /i \"imd-activate.msi\" ").unwrap();
    rest.strip_suffix(" /qn /norestart").unwrap()
}

#[test]
fn windows_installer_reads_exported_values() {
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
        let by = if at % 3 == 0 { TokenDelivery::Inline } else { TokenDelivery::File };
        let deployment =
            Deployment { servers: servers.clone(), proxy: Proxy::Url(proxy.clone()), token_delivery: by, ..ours() };
        // What a target cannot carry it refuses; `exports_read_back` sees to that.
        let Ok(rendered) = render(&deployment, target) else { continue };
        let command = match target {
            "msiexec" => text(&rendered, "command-line.txt").trim_end().to_owned(),
            _ => configmgr_command(text(&rendered, "create-application.ps1"), "install"),
        };
        lines += properties(&command);
        lines.push('\n');
        let (file, token) = if by == TokenDelivery::File { ("token.txt", "") } else { ("", TOKEN) };
        wanted.push(format!("{file}\t{token}\t{}\t{proxy}\t", servers.join(";")));
    }
    assert!(wanted.len() > 60, "most are carried: {}", wanted.len());

    let wine = Wine::new();
    succeeds(Command::new("wixl").args(["--arch", "x64", "-o"]).arg(wine.drive("probe.msi")).arg(asset("probe.wxs")));
    for action in ["RegisterUser", "RegisterProduct", "PublishFeatures", "PublishProduct", "ProcessComponents"] {
        let query = format!("DELETE FROM InstallExecuteSequence WHERE Action = '{action}'");
        succeeds(Command::new("msibuild").arg(wine.drive("probe.msi")).args(["-q", &query]));
    }
    compiled("probe.c", &wine.drive("probe.exe"), &["-lmsi"]);
    fs::write(wine.drive("lines.txt"), utf16(&lines)).unwrap();
    wine.run(Path::new("/"), &[r"C:\probe.exe"]).succeeded();
    let read = utf16_lines(&wine.drive("read.txt"));
    assert_eq!(read.len(), wanted.len());
    for (at, line) in lines.lines().enumerate() {
        assert_eq!(read[at], wanted[at], "{line}");
    }
}
