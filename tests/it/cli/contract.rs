//! Every verb that ends answers `--json` with one document: the tree of verbs is walked as `--help` prints it, and each
//! leaf of it is called.

use std::collections::BTreeSet;

use crate::support::company::set_up;
use crate::support::installation::{Installation, Run};

/// Commands that do not end by themselves, or that open a screen.
const FACES: [&str; 2] = ["demo", "serve"];

/// Each verb with words that it can be called with, in an order in which they work: `verb | words | exit code`. What needs
/// laptops or a name server fails here, and says so in a document as well.
const CALLS: &str = "
setup | --answers answers.toml | 0
setup | --export again.toml | 0
directory list | | 0
directory show | corp | 0
directory edit | corp file=users.ldif | 0
directory add | lab file=users.ldif | 0
directory browse | corp | 0
directory test | corp | 0
directory discover | corp.invalid --dns-server 127.0.0.1:9 | 1
directory remove | lab | 0
storage list | | 0
storage show | eu-1 | 0
storage edit | eu-1 capacity= | 0
storage add | eu-2 location=s3://two | 0
storage remove | eu-2 | 0
profile list | | 0
profile show | Laptops | 0
profile edit | Laptops quota=40GiB | 0
profile add | Kiosks login_directory=corp | 0
profile users import | users.csv --profile Kiosks | 0
profile remove | Kiosks | 0
mapping list | | 0
mapping show | Staff | 0
mapping preview | Staff | 0
mapping explain | user1 | 0
mapping edit | Staff quota=10GiB | 0
mapping add | More directory=corp profile=Laptops storage=eu-1 | 0
mapping duplicate | Staff Copy | 0
mapping order | More Staff --yes | 0
mapping order | Staff More --yes | 0
mapping disable | More | 0
mapping enable | More | 0
mapping remove | More | 0
mapping remove | Copy | 0
frequency | | 0
frequency show | | 0
frequency set | interval=12h | 0
settings | | 0
settings show | | 0
settings set | auth=password | 0
sync | | 0
sync list | | 0
sync show | 1 | 0
sync undo | | 3
sync discard | 1 | 1
users | user1 | 0
users show | user1 | 0
users forget | user1 --yes | 1
explain | user1 | 0
token list | | 0
token list | rollout-2026 | 0
token create | other --server https://imd.example.com | 0
token show | other --out other.token | 0
token verify | other.token | 0
token rotate | rollout-2026 | 0
token revoke | other | 0
keys | | 0
keys list | | 0
keys rotate | | 0
keys export | key --sign-only --passphrase-file phrase | 0
keys import | key --passphrase-file phrase --state elsewhere | 0
keys revoke | k4.pid.nobody | 1
bundle out | bundle | 0
bundle in | bundle | 0
export | json --token rollout-2026 --out out | 0
export list | | 0
export written | | 0
export check | out --offline | 0
export rewrite | 1 | 0
pause | --until 2h | 0
resume | | 0
devices | | 0
devices revoke | 0000000000000000 | 1
devices release | 0000000000000000 | 1
devices import | map.csv | 0
devices map | | 0
devices unmap | SN000001 | 0
accounts | | 0
accounts preserve | nobody | 1
accounts restore | nobody | 1
accounts delete | nobody --yes | 1
doctor | --offline | 3
completions | bash | 0
man | pages | 0
help | token create | 0
status | | 0
backup | saved --passphrase-file phrase | 0
restore | saved --passphrase-file phrase --state anew | 0
audit | | 0
audit verify | | 0
audit export | audit.csv | 0
report | | 0
";

pub fn run(imd: &Installation, words: &str) -> Run {
    let mut command = imd.command();
    command.args(words.split_whitespace());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Why that is no answer of one document: on standard output what was done or found, on standard error why not.
fn objection(ran: &Run, code: &str) -> Option<&'static str> {
    let document =
        |text: &str| serde_json::from_str::<serde_json::Value>(text).ok().filter(serde_json::Value::is_object);
    let help =
        document(&ran.stderr).is_some_and(|error| error["error"]["help"].as_str().is_some_and(|help| help.len() > 5));
    if ran.code.to_string() != code {
        Some("another exit code")
    } else if ran.code != 1 && document(&ran.stdout).is_none() {
        Some("no document on standard output")
    } else if (ran.code != 0 && !help) || (ran.code == 0 && !ran.stderr.is_empty()) {
        Some("something else on standard error")
    } else {
        None
    }
}

/// The verbs below `path`, by the list that its help prints; those that end there.
pub fn leaves(imd: &Installation, path: &str, found: &mut BTreeSet<String>) {
    let help = run(imd, &format!("{path} --help")).stdout;
    // Commands are the indented words before the options: those of imd itself stand in groups.
    let (list, _) = help.split_once("\nOptions:\n").unwrap_or_default();
    let below: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    // One with verbs below it that can also be called alone says so in its usage.
    let usage = help.lines().find(|line| line.starts_with("Usage:")).unwrap();
    if below.is_empty() || !usage.ends_with("<COMMAND>") {
        found.insert(path.trim().to_owned());
    }
    for verb in below {
        leaves(imd, &format!("{path} {verb}"), found);
    }
}

#[test]
fn every_verb_that_ends_answers_with_one_json_document() {
    let imd = set_up(5);
    imd.write("users.csv", "mail,name\nanna@corp.example.com,Anna\n");
    imd.write(
        "map.csv",
        "e-mail,host name,device id,id type,user name,old device,restore\nuser1@corp.example.com,pc-1,SN000001,serial,,,yes\n",
    );
    imd.write_secret("phrase", "a long passphrase of eight words or so");
    let (mut called, mut wrong) = (BTreeSet::new(), Vec::new());
    for line in CALLS.trim().lines() {
        let [verb, words, code] = line.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
        let ran = run(&imd, &format!("{verb} {words} --json"));
        if let Some(why) = objection(&ran, code) {
            wrong.push(format!("{line}: {why}: {ran:#?}"));
        }
        called.insert(verb.to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut all = BTreeSet::new();
    leaves(&imd, "", &mut all);
    assert!(all.remove(""), "imd alone opens the console");
    for face in FACES {
        assert!(all.remove(face), "{face}");
    }
    assert_eq!(called, all, "a verb is missing in this list, or stands in it and is none");
}
