//! `CommandLineToArgvW` and the C runtime: how a deployment tool, or a program that it starts, parts a command line.
//!
//! Windows Installer has rules of its own, which the exported lines follow: a quote in a value is doubled, and a backslash
//! is no more than that. The other two parsers agree with it but for what is named here, and there they are not asked.

use std::fs;
use std::path::Path;

use imd::export::{Deployment, TokenDelivery};
use imd::model::installer::Proxy;
use imd::secrets::Secret;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{compiled, configmgr_command, often, utf16, utf16_lines};
use crate::support::deployments::{TOKEN, cases, hostile, insync, ours, render, server, text};
use crate::support::wine::Wine;

/// A command line, and what it is made of.
struct Line {
    command: String,
    arguments: Vec<String>,
}

impl Line {
    fn new(command: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        Self { command: command.trim_end().to_owned(), arguments }
    }

    /// A backslash before a quote, which to them makes it part of the value.
    fn is_installers_alone(&self) -> bool {
        self.arguments.iter().any(|one| one.contains("\\\"") || one.ends_with('\\'))
    }

    /// `CommandLineToArgvW` takes a doubled quote for the end of what is quoted, too.
    fn has_quote(&self) -> bool {
        self.arguments.iter().any(|one| one.contains('"'))
    }
}

fn installing(program: &str, installer: &str, properties: &[(&str, String)]) -> Vec<String> {
    let properties = properties.iter().map(|(name, value)| format!("{name}={value}"));
    let start = [program, "/i", installer].map(str::to_owned);
    start.into_iter().chain(properties).chain(["/qn", "/norestart"].map(str::to_owned)).collect()
}

#[test]
fn windows_argument_parser_finds_the_values() {
    let mut runner = TestRunner::new(cases(1));
    let values =
        (proptest::collection::vec(server(), 1..3), hostile(), hostile(), "[A-Za-z0-9][A-Za-z0-9 ._()-]{0,20}");
    let mut lines: Vec<Line> = Vec::new();
    for at in 0..often(1_200) {
        let (servers, proxy, pasted, file) = values.new_tree(&mut runner).unwrap().current();
        let by = if at % 3 == 0 { TokenDelivery::Inline } else { TokenDelivery::File };
        let mut ours =
            Deployment { servers: servers.clone(), proxy: Proxy::Url(proxy.clone()), token_delivery: by, ..ours() };
        let installer = format!("{file}.msi");
        ours.properties.insert("windows-installer".to_owned(), installer.clone());
        let mut theirs = Deployment { token: Secret::new(pasted.clone()), ..insync() };
        theirs.properties.insert("windows-installer".to_owned(), installer.clone());
        theirs.properties.insert("servers".to_owned(), servers.join(", "));
        let token = match by {
            TokenDelivery::File => ("IMD_TOKEN_FILE", "token.txt".to_owned()),
            TokenDelivery::Inline => ("IMD_TOKEN", TOKEN.to_owned()),
        };
        let reported = [
            (&ours, vec![token, ("IMD_SERVERS", servers.join(";")), ("IMD_PROXY", proxy)]),
            (&theirs, vec![("TOK_X", pasted), ("SRV_X", servers.join(", "))]),
        ];
        // What a target cannot carry it refuses; `exports_read_back` sees to that.
        for (deployment, properties) in reported {
            let wanted = installing("msiexec.exe", &installer, &properties);
            let mut installs = |command: &str| {
                lines.push(Line { command: command.trim_end().to_owned(), arguments: wanted.clone() });
            };
            if let Ok(rendered) = render(deployment, "msiexec") {
                installs(text(&rendered, "command-line.txt"));
            }
            if let Ok(rendered) = render(deployment, "configmgr") {
                installs(&configmgr_command(text(&rendered, "create-application.ps1"), "install"));
            }
        }
        if let Ok(rendered) = render(&ours, "configmgr") {
            let command = configmgr_command(text(&rendered, "create-application.ps1"), "uninstall");
            lines.push(Line::new(&command, &["msiexec.exe", "/x", &installer, "/qn", "/norestart"]));
        }
        if let Ok(rendered) = render(&ours, "intune") {
            let app: serde_json::Value = serde_json::from_str(text(&rendered, "app.json")).unwrap();
            let command = |name: &str| app[name].as_str().unwrap().to_owned();
            lines.push(Line::new(
                &command("uninstallCommandLine"),
                &["msiexec.exe", "/x", &installer, "/qn", "/norestart"],
            ));
            let powershell = r"%SystemRoot%\Sysnative\WindowsPowerShell\v1.0\powershell.exe";
            let rest = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", "install.ps1"];
            lines.push(Line::new(&command("installCommandLine"), &[&[powershell][..], &rest].concat()));
        }
    }
    lines.retain(|line| !line.is_installers_alone());
    assert!(lines.len() > often(3_000), "most are carried: {}", lines.len());

    let wine = Wine::new();
    compiled("argv.c", &wine.drive("argv.exe"), &["-municode", "-lshell32"]);
    let all: String = lines.iter().map(|line| line.command.clone() + "\n").collect();
    fs::write(wine.drive("lines.txt"), utf16(&all)).unwrap();
    wine.run(Path::new("/"), &[r"C:\argv.exe"]).succeeded();
    let shell = utf16_lines(&wine.drive("shell.txt"));
    let runtime = utf16_lines(&wine.drive("runtime.txt"));
    assert_eq!((shell.len(), runtime.len()), (lines.len(), lines.len()), "each line ends where it ends");
    let mut compared = 0;
    for (line, (shell, runtime)) in lines.iter().zip(shell.iter().zip(&runtime)) {
        let wanted = line.arguments.iter().fold(String::new(), |text, one| text + one + "\t");
        assert_eq!(*runtime, wanted, "{}", line.command);
        if !line.has_quote() {
            assert_eq!(*shell, wanted, "{}", line.command);
            compared += 1;
        }
    }
    assert!(compared > often(2_000), "{compared}");
}
