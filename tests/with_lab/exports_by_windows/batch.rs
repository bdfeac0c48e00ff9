//! `cmd.exe`, as Wine has it, on whole batch files, on their lines, and on what is pasted into a prompt.
//!
//! The programs that they start are replaced by one that records its command line.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use imd::export::{Deployment, Rendered, TokenDelivery};
use imd::model::installer::Proxy;
use imd::secrets::Secret;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{compiled, often, utf16_lines};
use crate::support::deployments::{TOKEN, ascii, cases, hostile, insync, ours, render, server, text};
use crate::support::wine::{Ran, Wine};

const MSIEXEC: &str = r#""C:\windows\System32\msiexec.exe""#;
const END: &str = r#"/qn /norestart /l*v "C:\windows\Temp\imd-install.log""#;

/// No line of the test's own is longer, in characters; `cmd.exe` reads 8191.
const LINE: usize = 7_000;
const MARK: &str = " /mark ";

/// A deployment, the installer's name, and the properties that the installer must get, in the syntax of Windows
/// Installer: a quote in a value is doubled and no other character is special.
struct Case {
    deployment: Deployment,
    installer: String,
    properties: String,
}

/// Hostile cases, half of them with a token that was issued elsewhere and may hold anything.
fn hostile_cases(count: usize) -> Vec<Case> {
    let mut runner = TestRunner::new(cases(1));
    let values = (
        proptest::collection::vec(ascii(server()), 1..3),
        ascii(hostile()),
        "[A-Za-z0-9][A-Za-z0-9 ._()-]{0,20}\\.msi",
    );
    let one = |at: usize| {
        let (servers, other, installer) = values.new_tree(&mut runner).unwrap().current();
        let (mut deployment, reported) = if at.is_multiple_of(2) {
            let by = if at.is_multiple_of(4) { TokenDelivery::Inline } else { TokenDelivery::File };
            let token = match by {
                TokenDelivery::File => ("IMD_TOKEN_FILE", "token.txt".to_owned()),
                TokenDelivery::Inline => ("IMD_TOKEN", TOKEN.to_owned()),
            };
            let proxy = Proxy::Url(other.clone());
            let reported = vec![token, ("IMD_SERVERS", servers.join(";")), ("IMD_PROXY", other)];
            (Deployment { servers, proxy, token_delivery: by, ..ours() }, reported)
        } else {
            let mut deployment = Deployment { token: Secret::new(other.clone()), ..insync() };
            deployment.properties.insert("servers".to_owned(), servers.join(","));
            (deployment, vec![("TOK_X", other), ("SRV_X", servers.join(","))])
        };
        deployment.properties.insert("windows-installer".to_owned(), installer.clone());
        let reported = reported.iter().map(|(name, value)| format!("{name}=\"{}\"", value.replace('"', "\"\"")));
        Case { deployment, installer, properties: reported.collect::<Vec<_>>().join(" ") }
    };
    (0..count).map(one).collect()
}

/// Names the first case that is not.
#[track_caller]
fn same(read: &[String], wanted: &[String]) {
    for (read, wanted) in read.iter().zip(wanted) {
        assert_eq!(read, wanted);
    }
    assert_eq!(read.len(), wanted.len());
}

/// A Windows in which msiexec and icacls are the recorder.
fn windows() -> Wine {
    let wine = Wine::new();
    for program in ["msiexec.exe", "icacls.exe"] {
        compiled("record.c", &wine.drive("windows/system32").join(program), &["-municode"]);
        let key = r"HKEY_CURRENT_USER\Software\Wine\DllOverrides";
        wine.run(Path::new("/"), &["reg", "add", key, "/v", program, "/d", "native"]).succeeded();
    }
    wine
}

/// Runs lines as a batch file in the root of `C:`.
fn run(wine: &Wine, lines: &str) -> Ran {
    let _ = fs::remove_file(wine.drive("record.txt"));
    let ran =
        wine.batch(&wine.drive(""), &format!("setlocal EnableExtensions DisableDelayedExpansion\n{lines}\nexit /b 0"));
    ran.succeeded();
    ran
}

fn put(rendered: &Rendered, folder: &Path, installer: &str) {
    fs::create_dir_all(folder).unwrap();
    for file in &rendered.files {
        fs::write(folder.join(&file.name), &*file.bytes).unwrap();
    }
    fs::write(folder.join(installer), "").unwrap();
}

#[test]
fn cmd_passes_values_unchanged() {
    let wine = windows();
    whole_files(&wine);
    exit_codes(&wine);
    values_of_files(&wine);
    pasted_lines(&wine);
    a_token_that_is_placed(&wine);
}

/// In folders as they may be named on a share.
fn whole_files(wine: &Wine) {
    let (mut driver, mut wanted) = (String::new(), Vec::new());
    for (at, case) in hostile_cases(often(30)).iter().enumerate() {
        for target in ["msiexec", "ivanti-windows"] {
            // What a target cannot carry it refuses; `exports_read_back` sees to that.
            let Ok(rendered) = render(&case.deployment, target) else { continue };
            let folder = format!("{at} & ({target})");
            put(&rendered, &wine.drive(&folder), &case.installer);
            writeln!(driver, "call \"C:\\{folder}\\install.cmd\"").unwrap();
            wanted.push(format!(r#"{MSIEXEC} /i "C:\{folder}\{}" {} {END}"#, case.installer, case.properties));
        }
    }
    assert!(wanted.len() > often(25), "most are carried: {}", wanted.len());
    run(wine, &driver);
    same(&utf16_lines(&wine.drive("record.txt")), &wanted);
}

/// The exit code that each tool gets: Ivanti treats every code except 0 as a failure. (Wine's `call` turns every code
/// except 0 into 1, so each script is started as its tool starts it.)
fn exit_codes(wine: &Wine) {
    let (mut driver, mut codes) = (String::new(), Vec::new());
    for target in ["msiexec", "ivanti-windows"] {
        put(&render(&ours(), target).unwrap(), &wine.drive(target), "imd-activate.msi");
        for code in [0, 3010, 1641, 1618, 1603] {
            writeln!(driver, "set RECORD_CODE={code}\ncmd /c C:\\{target}\\install.cmd\necho %ERRORLEVEL%").unwrap();
            codes.push(if target != "msiexec" && [3010, 1641].contains(&code) { 0 } else { code }.to_string());
        }
    }
    let answered = codes.len();
    // Without the files that belong next to it, the script starts nothing.
    for absent in ["token.txt", "imd-activate.msi"] {
        writeln!(driver, "del C:\\msiexec\\{absent}\ncmd /c C:\\msiexec\\install.cmd\necho %ERRORLEVEL%").unwrap();
        codes.extend([format!("\"{absent}\" is missing in this folder. "), "1612".to_owned()]);
    }
    let ran = run(wine, &driver);
    assert_eq!(ran.text.lines().collect::<Vec<_>>(), codes);
    assert_eq!(utf16_lines(&wine.drive("record.txt")).len(), answered);
}

/// What carries the values, of many files in one line: a start costs more than a thousand of them.
fn values_of_files(wine: &Wine) {
    let (mut lines, mut wanted, mut length) = (String::new(), Vec::new(), LINE);
    for case in hostile_cases(often(2_000)) {
        let Ok(rendered) = render(&case.deployment, "ivanti-windows") else { continue };
        let line = text(&rendered, "install.cmd").lines().find(|line| line.contains("msiexec.exe")).unwrap();
        let (_, properties) = line.split_once(&format!("{}\" ", case.installer)).unwrap();
        let (properties, _) = properties.split_once(" /qn /norestart").unwrap();
        length += properties.len() + MARK.len();
        if length > LINE {
            length = properties.len();
            lines += "\nmsiexec.exe";
        }
        write!(lines, "{MARK}{properties}").unwrap();
        wanted.push(case.properties);
    }
    assert!(wanted.len() > often(900), "most are carried: {}", wanted.len());
    run(wine, &lines);
    let read = utf16_lines(&wine.drive("record.txt"));
    let read: Vec<String> = read.iter().flat_map(|line| line.split(MARK).skip(1)).map(str::to_owned).collect();
    same(&read, &wanted);
}

/// Where a percent sign is no more than that.
fn pasted_lines(wine: &Wine) {
    let (mut pasted, mut wanted) = (String::new(), Vec::new());
    for case in hostile_cases(often(60)) {
        let Ok(rendered) = render(&case.deployment, "msiexec") else { continue };
        pasted += text(&rendered, "command-line.txt");
        let Case { installer, properties, .. } = &case;
        wanted.push(format!(r#"msiexec.exe /i "{installer}" {properties} /qn /norestart"#));
    }
    fs::write(wine.drive("pasted.txt"), pasted + "exit\r\n").unwrap();
    run(wine, "cmd < C:\\pasted.txt > nul");
    let read = utf16_lines(&wine.drive("record.txt"));
    same(&read, &wanted);
}

/// Replaces an older token, too; sets the permissions before it writes the token. (Wine 8 always runs the command after
/// `||`.)
fn a_token_that_is_placed(wine: &Wine) {
    put(&render(&ours(), "registry").unwrap(), &wine.drive("place & (it)"), "unused");
    let script = wine.drive("place & (it)/place-token.cmd");
    let lines = fs::read_to_string(&script).unwrap();
    assert_eq!(lines.matches(" || exit /b 1").count(), 5);
    fs::write(script, lines.replace(" || exit /b 1", "")).unwrap();
    let place = "call \"C:\\place & (it)\\place-token.cmd\"";
    fs::create_dir(wine.drive("data (x)")).unwrap();
    run(wine, &format!("set \"ProgramData=C:\\data (x)\"\n{place}\n{place}"));
    let placed = fs::read_to_string(wine.drive("data (x)/imd-activate/token")).unwrap();
    assert_eq!(placed, format!("{TOKEN}\n"));
    let icacls = r#""C:\windows\System32\icacls.exe" "C:\data (x)\imd-activate\token""#;
    let once = [
        format!(r#"{icacls} /setowner "*S-1-5-32-544""#),
        format!(r#"{icacls} /inheritance:r /grant:r "*S-1-5-18:F" "*S-1-5-32-544:F""#),
    ];
    let read: Vec<String> =
        utf16_lines(&wine.drive("record.txt")).iter().map(|line| line.trim_end().to_owned()).collect();
    same(&read, &[once.clone(), once].concat());
}
