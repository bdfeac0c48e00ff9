//! The audit: read page by page, and verified by an independent program.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::company::set_up;
use crate::support::installation::Installation;

/// What the verifier says, and whether it was content.
fn verifier(imd: &Installation, arguments: &[&str]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/audit/verify.py");
    let mut command = Command::new("python3");
    let output = command.arg(script).args(arguments).current_dir(imd.folder()).output().expect("python3 runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Names that a spreadsheet, a terminal, a CSV reader and the escaping itself would stumble over.
const HOSTILE: [&str; 8] = [
    "=HYPERLINK(\"http://x\")",
    "+1|cmd",
    "'quoted",
    "\\u{1b} is no escape",
    "a\u{1b}[2Jb\u{202e}c",
    "a,b;\"c\"",
    "back\\slash",
    "Åsa 山田",
];

/// An installation with them in its audit, written by the program itself.
fn hostile() -> Installation {
    let imd = set_up(3);
    for (at, name) in HOSTILE.iter().enumerate() {
        imd.imd(["token", "create", &format!("t{at}"), "--server", "https://imd.example.com", "--note", name])
            .succeeded();
        // A subject that begins as each of them, with a chain that is whole.
        let mut command = imd.command();
        let ran = command.args(["storage", "remove", name]).output().unwrap();
        assert!(!ran.status.success());
    }
    imd
}

#[test]
fn other_program_finds_edits_in_the_exported_audit() {
    let imd = hostile();
    // Only the program can append with a good hash, so what is hostile comes in as a storage's name and location.
    for (at, name) in HOSTILE.iter().enumerate() {
        let answers = crate::support::company::ANSWERS;
        let text = toml::Value::String((*name).to_owned()).to_string();
        let answers =
            answers.replace("\"s3://backup-eu-1\"", &text).replace("\"200 TiB\"", &format!("\"{} TiB\"", at + 1));
        imd.write("answers.toml", answers);
        imd.imd(["setup", "--answers", "answers.toml", "--yes"]).succeeded();
    }
    let whole = imd.json(["audit", "verify"])["whole"].clone();
    let (rows, head) = (whole["rows"].to_string(), whole["head"].as_str().unwrap().to_owned());
    for (file, csv) in [("audit.json", false), ("audit.csv", true)] {
        let written =
            if csv { imd.json(["audit", "export", file, "--csv"]) } else { imd.json(["audit", "export", file]) };
        assert_eq!((written["rows"].to_string(), &written["head"]), (rows.clone(), &whole["head"]));
        let (good, said) = verifier(&imd, &[file, &head]);
        assert!(good && said.contains(&format!("{rows} entries, unbroken; head {head}")), "{said}");
        let text = imd.read(file);
        let hidden: Vec<char> = text.chars().filter(|c| *c != '\n' && imd::model::text::is_hidden(*c)).collect();
        assert!(hidden.is_empty(), "{hidden:?}");
        // A word is changed; an entry is taken out; the last is cut off.
        let (from, to) = ("token create", "token revoke");
        imd.write("changed", text.replacen(from, to, 1));
        assert!(!verifier(&imd, &["changed", &head]).0);
        let lines: Vec<&str> = text.lines().collect();
        let entries: Vec<usize> =
            (0..lines.len()).filter(|at| lines[*at].contains('T') && lines[*at].contains("2026-")).collect();
        for at in [entries[entries.len() / 2], entries[entries.len() - 1]] {
            let mut less = lines.clone();
            less.remove(at);
            let less = less.join("\n").replace("},\n  ]", "}\n  ]");
            imd.write("less", less);
            assert!(!verifier(&imd, &["less", &head]).0, "line {at}");
        }
        imd.imd(["audit", "export", file]).failed_with(1, ["already exists"]);
    }
    // No cell of the CSV is a formula.
    let script = "import csv, sys\nfor row in csv.reader(open(sys.argv[1], newline='')):\n    for cell in row:\n        \
                  assert not cell.startswith(tuple('=+-@\\t\\r\\n')), cell\nprint('harmless')";
    let read = Command::new("python3").args(["-c", script]).arg(imd.path("audit.csv")).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

#[test]
fn the_audit_is_looked_through_by_who_what_and_when() {
    let imd = set_up(3);
    imd.imd(["sync"]).succeeded();
    imd.imd(["token", "create", "other", "--server", "https://imd.example.com"]).succeeded();
    imd.imd(["token", "revoke", "other"]).succeeded();
    let numbers = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|entry| entry["number"].clone()).collect()
    };
    let counted = |condition: &str| -> Vec<Value> {
        let rows = imd.rows(&format!("SELECT number FROM audit WHERE {condition} ORDER BY number DESC"));
        rows.into_iter().map(|row| row["number"].clone()).collect()
    };
    let actor = imd.row("SELECT actor FROM audit LIMIT 1")["actor"].as_str().unwrap().to_owned();
    let cases: [(&[&str], &str); 8] = [
        (&["--verb", "token"], "verb LIKE 'token%'"),
        (&["--verb", "TOKEN revoke"], "verb = 'token revoke'"),
        (&["--subject", "mapping"], "subject LIKE 'mapping%'"),
        (&["--subject", "staff"], "subject = 'mapping \"Staff\"'"),
        (&["--subject", "token \"oth"], "subject LIKE 'token \"oth%'"),
        (&["--actor", &actor], "1"),
        (&["--actor", "nobody"], "0"),
        (
            &["--verb", "token", "--subject", "other", "--since", "1d"],
            "verb LIKE 'token%' AND subject LIKE 'token \"other%'",
        ),
    ];
    for (arguments, condition) in cases {
        let mut command = imd.command();
        let output = command.args(["audit", "--json"]).args(arguments).output().unwrap();
        let page: Value = serde_json::from_slice(&output.stdout).unwrap();
        let wanted = counted(condition);
        assert_eq!(numbers(&page), wanted, "{arguments:?}");
        assert_eq!(page["total"], wanted.len(), "{arguments:?}");
    }
    let all = counted("1");
    let page = imd.json(["audit", "--limit", "2", "--offset", "3"]);
    assert_eq!((numbers(&page), &page["total"]), (all[3..5].to_vec(), &all.len().into()));
    for (arguments, wanted) in [
        (["--until", "2026-01-01"], 0),
        (["--since", "2026-01-01"], all.len()),
        (["--since", "2099-01-01T00:00:00Z"], 0),
        (["--until", "2099-01-01"], all.len()),
    ] {
        let page = imd.json(["audit", arguments[0], arguments[1]]);
        assert_eq!(page["total"], wanted, "{arguments:?}");
    }
    imd.imd(["audit", "--since", "last week"]).failed_with(2, ["2026-11-24"]);
}
