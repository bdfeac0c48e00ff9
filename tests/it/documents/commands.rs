//! Runs the commands of the documents, each page in a throw-away state of its own.
//!
//! A block that is marked `sh` is run, line after line, by one shell for the whole page; `sh,norun` marks what needs a
//! domain controller, root, systemd or a value that only the reader knows, and `text` what is no command of this host.
//! Pages other than the tutorial begin with what the tutorial has set up.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{pages, read, top};
use crate::support::installation::Installation;

/// The blocks that are marked `mark`, without the indentation of the list they are in.
fn blocks(text: &str, mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim() == format!("```{mark}") {
            let body = lines.by_ref().take_while(|line| line.trim() != "```");
            let body: Vec<&str> = body.map(|line| line.get(indent..).unwrap_or("")).collect();
            found.push(body.join("\n"));
        }
    }
    found
}

/// Runs a script to its end, with both programs on the path; what it printed.
#[track_caller]
fn run(page: &str, imd: &Installation, script: &str) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_imd")).parent().unwrap();
    let mut command = Command::new("bash");
    // What a page starts in the background ends with it.
    let script = format!("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}\n");
    command.env_clear().args(["-c", &script]).current_dir(imd.folder());
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    command.env("HOME", imd.folder()).env("IMD_STATE", imd.state()).env("SAMPLES", top().join("assets"));
    command.env("USER", "nskogtun").env("LC_ALL", "C.UTF-8");
    let mut command = assert_cmd::Command::from_std(command);
    let output = command.timeout(Duration::from_mins(2)).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{page}: {}\n{script}\n{said}", output.status);
    said
}

/// What the tutorial sets up, as far as its first sync.
fn set_up() -> Installation {
    let imd = Installation::new();
    let tutorial = read(Path::new("docs/tutorial.md"));
    let before_the_service = tutorial.split("\n## 5.").next().unwrap();
    run("docs/tutorial.md", &imd, &blocks(before_the_service, "sh").join("\n"));
    imd
}

#[test]
fn the_tutorial_ends_with_an_activated_laptop() {
    let imd = Installation::new();
    let said = run("docs/tutorial.md", &imd, &blocks(&read(Path::new("docs/tutorial.md")), "sh").join("\n"));
    assert!(said.contains("is activated") || said.contains("activated for"), "{said}");
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 1);
    assert!(!imd.path("token.txt").exists(), "the laptop deletes the token");
}

#[test]
fn the_commands_of_every_page_run() {
    let mut ran = 0;
    for page in pages() {
        let blocks = blocks(&read(&page), "sh");
        if blocks.is_empty() || page.ends_with("tutorial.md") {
            continue;
        }
        run(&page.display().to_string(), &set_up(), &blocks.join("\n"));
        ran += 1;
    }
    assert!(ran >= 12, "only {ran} pages have commands that run");
}

#[test]
fn every_block_says_what_it_is() {
    let known = ["sh", "sh,norun", "text", "toml", "yaml", "json", "rust"];
    for page in pages().iter().filter(|page| page.starts_with("docs")) {
        let text = read(page);
        let fences: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("```")).collect();
        assert!(fences.len().is_multiple_of(2), "{}: a block is not closed", page.display());
        for fence in fences.iter().step_by(2) {
            let mark = fence.trim_start_matches('`');
            assert!(known.contains(&mark), "{}: ```{mark}", page.display());
        }
    }
}

#[test]
fn a_command_that_fails_is_found() {
    let imd = Installation::new();
    let failed = std::panic::catch_unwind(|| run("made", &imd, "imd no-such-verb"));
    assert!(failed.is_err());
    assert_eq!(blocks("1. x\n\n   ```sh\n   imd status\n     deep\n   ```\n", "sh"), ["imd status\n  deep"]);
}
