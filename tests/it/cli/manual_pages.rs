//! `imd completions` and `imd man`, as shells and as readers of manuals take them.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::installation::Installation;

/// True when `program` is on this host. Where nothing may be skipped (`IMD_REQUIRE_LAB`) it has to be.
fn is_there(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$1\"", "sh", program]).stdout(Stdio::null()).status();
    let found = found.unwrap().success();
    assert!(found || std::env::var_os("IMD_REQUIRE_LAB").is_none_or(|set| set.is_empty()), "{program} is missing");
    found
}

#[test]
fn each_shell_takes_its_completions() {
    let imd = Installation::new();
    let mut read = Vec::new();
    for (shell, checks) in
        [("bash", Some("-n")), ("zsh", Some("-n")), ("fish", Some("-n")), ("elvish", None), ("powershell", None)]
    {
        let run = imd.imd(["completions", shell]);
        let script = &run.succeeded().stdout;
        assert!(script.contains("imd") && script.contains("bundle"), "{shell}");
        let file = imd.write(shell, script);
        if let Some(flag) = checks.filter(|_| is_there(shell)) {
            let ran = Command::new(shell).arg(flag).arg(&file).output().unwrap();
            assert!(ran.status.success() && ran.stderr.is_empty(), "{shell}: {ran:?}");
            read.push(shell);
        }
    }
    assert!(read.contains(&"bash"));
    assert!(!imd.state().exists(), "it needs no state");
    imd.imd(["completions", "tcsh"]).failed_with(2, ["tcsh"]);
}

#[test]
fn bash_completes_verbs_and_options_by_them() {
    let imd = Installation::new();
    imd.write("imd.bash", &imd.imd(["completions", "bash"]).succeeded().stdout);
    for (words, wanted) in
        [("imd dire", "directory"), ("imd mapping dup", "duplicate"), ("imd token create x --not", "--not-before")]
    {
        let words: Vec<&str> = words.split(' ').collect();
        let script = r#"
            . ./imd.bash
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _imd imd "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"
        "#;
        let ran =
            Command::new("bash").args(["-c", script, "bash"]).args(&words).current_dir(imd.folder()).output().unwrap();
        let offered = String::from_utf8(ran.stdout).unwrap();
        assert!(offered.lines().any(|line| line == wanted), "{words:?}: {offered}");
    }
}

#[test]
fn each_verb_has_a_page_that_the_readers_of_manuals_take() {
    let imd = Installation::new();
    imd.imd(["man", "pages"]).succeeded();
    let mut pages: Vec<_> = fs::read_dir(imd.path("pages")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() > 60, "{}", pages.len());
    assert!(!imd.state().exists(), "it needs no state");
    for page in &pages {
        let name = page.file_stem().unwrap().to_str().unwrap();
        if is_there("lexgrog") {
            let ran = Command::new("lexgrog").arg(page).output().unwrap();
            let said = String::from_utf8(ran.stdout).unwrap();
            assert!(ran.status.success() && said.contains(&format!("\"{name} - ")), "{name}: {said}");
        }
        if is_there("groff") {
            let ran = Command::new("groff").args(["-ww", "-man", "-Tutf8", "-P-cbou"]).arg(page).output().unwrap();
            assert!(ran.status.success() && ran.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
            let text = String::from_utf8(ran.stdout).unwrap();
            assert!(text.contains("SYNOPSIS"), "{name}");
        }
    }
    // The first page leads to the others, and each is there.
    let first = fs::read_to_string(imd.path("pages/imd.1")).unwrap();
    for named in first.lines().filter(|line| line.starts_with("imd\\-")) {
        let file = named.split('(').next().unwrap().replace('\\', "") + ".1";
        assert!(imd.path("pages").join(&file).exists(), "{file}");
    }
    // Over those of an earlier version.
    imd.imd(["man", "pages"]).succeeded();
    imd.write("file", "");
    imd.imd(["man", "file"]).failed_with(1, ["file", "cannot be written"]);
}
