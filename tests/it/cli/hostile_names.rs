//! A directory with names that contain terminal control sequences and misleading characters: no command and no screen
//! prints them raw, and all of them are visible as escaped text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::company::{ANSWERS, BASE};
use crate::support::console::Console;
use crate::support::installation::{Installation, Run};
use crate::support::prompts::Prompts;
use crate::support::terminal::key;

/// Colors, a title, a cleared screen, an 8-bit CSI, a bell, bidi, zero width, a tag, a byte order mark, a line break.
const HOSTILE: &str =
    "a\u{1b}[31mb\u{1b}]0;t\u{7}c\u{9b}2Jd\u{202e}e\u{2066}f\u{200b}g\u{e0041}h\u{feff}i\u{7f}j\nk\u{61c}l";

/// The part of it that may stand in the middle of a DN.
fn line(attribute: &str, value: &str) -> String {
    format!("{attribute}:: {}\n", STANDARD.encode(value))
}

fn ldif() -> String {
    let unit = format!("OU={HOSTILE},{BASE}");
    let mut text =
        format!("version: 1\n\ndn: {BASE}\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n\n");
    let _ = write!(
        text,
        "{}objectClass: top\nobjectClass: organizationalUnit\n{}\n",
        line("dn", &unit),
        line("ou", HOSTILE)
    );
    let mut members = String::new();
    for number in 0..6_u8 {
        let name = format!("User {number} {HOSTILE}");
        let dn = format!("CN={name},{unit}");
        members += &line("member", &dn);
        text += &line("dn", &dn);
        text += "objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\n";
        let _ = writeln!(text, "objectCategory: CN=Person,CN=Schema,CN=Configuration,{BASE}");
        let _ = writeln!(text, "objectGUID:: {}", STANDARD.encode([[7; 15].as_slice(), &[number]].concat()));
        for attribute in ["cn", "displayName", "title", "company"] {
            text += &line(attribute, &name);
        }
        text += &line("department", HOSTILE);
        let _ = writeln!(text, "sAMAccountName: user{number}\nuserAccountControl: 512");
        text += &line("userPrincipalName", &format!("user{number}{HOSTILE}@corp.example.com"));
        if number > 1 {
            text += &line("mail", &format!("user{number}{HOSTILE}@corp.example.com"));
        }
        text.push('\n');
    }
    text += &line("dn", &format!("CN=All {HOSTILE},{unit}"));
    let _ = write!(text, "objectClass: top\nobjectClass: group\n{}{members}\n", line("cn", &format!("All {HOSTILE}")));
    text
}

/// Escape sequences of the console's own are taken out: CSI (ECMA-48, 5.4) with parameters, nothing else.
fn without_own_sequences(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let parameters = &rest[at + 2..];
        let end = parameters.find(|c: char| !c.is_ascii_digit() && !matches!(c, ';' | '?'));
        let end = end.filter(|end| parameters[*end..].starts_with(|c: char| c.is_ascii_alphabetic()));
        let end = end.unwrap_or_else(|| panic!("no sequence of the console's own: {:?}", parameters.get(..20)));
        rest = &parameters[end + 1..];
    }
    out + rest
}

/// Nothing of [`HOSTILE`] but its letters and brackets, and no other control, is in what was written.
#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let is_own = |c: &char| matches!(c, '\n' | '\r');
    let found: Vec<char> =
        text.chars().filter(|c| !is_own(c) && (c.is_control() || (!c.is_ascii() && HOSTILE.contains(*c)))).collect();
    assert!(found.is_empty(), "{what}: {found:?} left the program in {text}");
}

/// The mapping takes everybody of the hostile department.
fn company() -> Installation {
    let imd = Installation::new();
    imd.write("users.ldif", ldif());
    let escaped: String = HOSTILE.chars().fold(String::new(), |mut out, c| {
        let _ = write!(out, "\\U{:08x}", u32::from(c));
        out
    });
    imd.write("answers.toml", ANSWERS.replace("department = \"Sales\"", &format!("department = \"{escaped}\"")));
    imd
}

fn judged(imd: &Installation, arguments: &[&str]) -> Run {
    let mut command = imd.command();
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
    let run = Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert_harmless(&format!("{arguments:?} on stdout"), &run.stdout);
    assert_harmless(&format!("{arguments:?} on stderr"), &run.stderr);
    run
}

#[test]
fn no_verb_lets_a_hostile_name_out_raw() {
    let imd = company();
    judged(&imd, &["setup", "--answers", "answers.toml"]).succeeded();
    let mut visible = 0;
    for verb in [
        &["status"][..],
        &["directory", "list"],
        &["directory", "test", "corp"],
        &["profile", "list"],
        &["storage", "list"],
        &["mapping", "list"],
        &["mapping", "preview", "Staff"],
        &["mapping", "explain", "user3"],
        &["mapping", "explain", "user1"],
        &["explain", "user3"],
        &["explain", "user1"],
        &["frequency"],
        &["settings"],
        &["users"],
        &["users", "user3"],
        &["sync"],
        &["sync", "list"],
        &["sync", "show", "1"],
        &["token", "list"],
        &["audit"],
        &["audit", "verify"],
        &["audit", "--verb", "mapping"],
        &["report"],
        &["report", "--csv"],
        &["export", "written"],
        &["sync", "undo"],
        &["sync", "show", "2"],
        &["setup", "--export", "out.toml", "--yes"],
    ] {
        let run = judged(&imd, verb);
        assert!(run.code == 0 || run.code == 3, "{verb:?}: {run:#?}");
        visible += usize::from(run.stdout.contains("\\u{202e}"));
        judged(&imd, &[verb, &["--json"]].concat());
    }
    assert!(visible >= 6, "only {visible} verbs showed what the names hold");
    assert_harmless("the exported file", &imd.read("out.toml"));
    for wrong in [
        &["users", HOSTILE][..],
        &["explain", HOSTILE],
        &["mapping", "remove", HOSTILE],
        &["sync", "--approve", HOSTILE],
        &["setup", "--answers", HOSTILE],
        &[HOSTILE],
    ] {
        judged(&imd, wrong);
        judged(&imd, &[wrong, &["--json"]].concat());
    }
}

#[test]
fn the_console_shows_hostile_names_as_text() {
    let imd = company();
    judged(&imd, &["setup", "--answers", "answers.toml"]).succeeded();
    let mut console = Console { terminal: crate::support::terminal::Terminal::start(&imd, &[], 96, 60) };
    console.terminal.wait_for("From the directory to the laptop");
    // Each list, an entry of it where there is one, and what the palette finds.
    for (number, listed) in [("2", "User 2"), ("3", "Staff"), ("6", "valid"), ("7", "rollout"), ("8", "mapping add")] {
        console.terminal.press(number);
        console.terminal.wait_for(listed);
        console.terminal.press(key::ENTER);
        console.terminal.wait_for("Esc back");
        console.terminal.press(key::ESC);
        console.terminal.wait_for("/ search");
    }
    console.terminal.press(&key::ctrl('p'));
    console.terminal.press("us");
    console.terminal.wait_for("user  ");
    console.terminal.press(key::ESC);
    console.terminal.press("4");
    console.terminal.wait_for("Each sync is a plan first");
    console.terminal.press(key::ENTER);
    console.terminal.wait_for("new in mapping");
    console.terminal.press(key::ENTER);
    console.terminal.wait_for("mapping: Staff");
    assert!(console.terminal.screen().contains("\\u{1b}"), "{}", console.terminal.screen());
    console.terminal.press(key::ESC);
    console.terminal.wait_while("mapping: Staff");
    console.terminal.press(key::ESC);
    console.terminal.wait_for("Each sync is a plan first");
    console.terminal.press("9");
    console.terminal.wait_for("Device map");
    console.select("3 Mapping");
    console.terminal.press(key::ENTER);
    console.is_at(3, "Mapping");
    for label in ["OU", "Group", "Department"] {
        console.go_to(label);
        console.terminal.press(&key::ctrl('o'));
        console.terminal.wait_for("close");
        console.terminal.press(key::ESC);
        console.terminal.wait_while("close");
    }
    console.terminal.press(&key::ctrl('t'));
    console.terminal.wait_for("excluded users");
    console.terminal.press(&key::ctrl('r'));
    console.terminal.wait_for("without a mail");
    let written = String::from_utf8(console.terminal.bytes()).unwrap();
    assert_harmless("the console", &without_own_sequences(&written));
    assert!(console.terminal.screen().contains("\\u{202e}"), "{}", console.terminal.screen());
    console.leave();
}

#[test]
fn the_prompts_say_hostile_names_as_text() {
    let imd = company();
    judged(&imd, &["setup", "--answers", "answers.toml"]).succeeded();
    let mut prompts = Prompts::start(&imd, &["setup", "--plain"]);
    prompts.answer("Step to open", "3");
    prompts.answer("Mapping", "");
    prompts.answer("Base DN", "");
    for (label, next) in [("OU", "OU"), ("Group", "Group"), ("Department", "Department")] {
        prompts.answer(label, "*");
        let said = prompts.answer(next, "");
        assert!(said.contains("\\u{202e}"), "{label}: {said}");
    }
    prompts.answer("Country", ">");
    prompts.answer("Next", "Check");
    prompts.answer("Next", "Preview");
    prompts.answer("Next", "Explain");
    prompts.answer("User", "user1");
    prompts.wait_for("Next");
    let written = String::from_utf8(prompts.terminal.bytes()).unwrap();
    assert_harmless("the prompts", &written);
}
