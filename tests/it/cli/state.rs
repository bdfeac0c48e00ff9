//! The state when things go wrong around it: a full disk, a newer program, a file of another user, wide permissions.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::company::{ldif, set_up};

#[test]
fn database_of_a_newer_imd_is_refused() {
    let imd = set_up(5);
    imd.sqlite(
        &[],
        "INSERT INTO refinery_schema_history SELECT version + 90, name, applied_on, checksum
                     FROM refinery_schema_history ORDER BY version DESC LIMIT 1",
    );
    let before = imd.dump();
    for verb in [["status", "--quiet"], ["token", "list"], ["setup", "--answers=answers.toml"]] {
        imd.imd(verb).failed_with(1, ["newer", "imd.db"]);
    }
    assert!(before == imd.dump(), "it was changed");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let imd = set_up(5);
    fs::remove_dir_all(imd.state()).unwrap();
    fs::create_dir(imd.state()).unwrap();
    fs::set_permissions(imd.state(), fs::Permissions::from_mode(0o700)).unwrap();
    imd.sqlite(&[], "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    fs::set_permissions(imd.state().join("imd.db"), fs::Permissions::from_mode(0o600)).unwrap();
    let before = imd.dump();
    imd.imd(["status"]).failed_with(1, ["imd.db", "not a database of imd"]);
    assert!(before == imd.dump(), "it was changed");

    fs::write(imd.state().join("imd.db"), "this is a letter, not a database").unwrap();
    imd.imd(["status"]).failed_with(1, ["imd.db"]);
    assert_eq!(fs::read_to_string(imd.state().join("imd.db")).unwrap(), "this is a letter, not a database");
}

#[test]
fn a_state_that_others_can_read_is_refused_until_it_is_narrowed() {
    let imd = set_up(5);
    for (path, wide, narrow) in [(imd.state(), 0o755, 0o700), (imd.state().join("imd.db"), 0o644, 0o600)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(wide)).unwrap();
        imd.imd(["status"]).failed_with(1, [path.to_str().unwrap(), "chmod"]);
        fs::set_permissions(&path, fs::Permissions::from_mode(narrow)).unwrap();
        imd.imd(["status"]).succeeded();
    }
}

#[test]
fn a_full_disk_loses_nothing_and_says_so() {
    // A file system of our own with few pages, in a mount namespace that ends with the shell.
    let imd = set_up(5);
    imd.write("more.ldif", ldif(6_000));
    let script = r#"
        set -eu
        mount -t tmpfs -o size=1500k,mode=0700 tmpfs small
        cp -p state/* small/
        whole() { sqlite3 small/imd.db ".dump cached_user user_values user_name directory mapping profile token settings sealed audit"; }
        whole >before
        cp users.ldif fewer.ldif && cp more.ldif users.ldif
        code=0; "$IMD" --state small sync >out 2>err || code=$?
        echo "$code" >code
        whole >after
        "$IMD" --state small audit verify >verified 2>&1
        # With room again, the same succeeds.
        mount -o remount,size=200m small
        "$IMD" --state small sync >again 2>&1
        "$IMD" --state small status --json >status
    "#;
    fs::create_dir(imd.path("small")).unwrap();
    let mut shell = Command::new("unshare");
    shell.args(if rustix::process::geteuid().is_root() { &["-m"][..] } else { &["-Urm"] });
    shell.args(["timeout", "100", "sh", "-c", script]).env("IMD", env!("CARGO_BIN_EXE_imd")).current_dir(imd.folder());
    let output = shell.env("HOME", imd.folder()).output().unwrap();
    let said = |name: &str| fs::read_to_string(imd.path(name)).unwrap_or_default();
    assert!(output.status.success(), "{output:?} {} {} {}", said("err"), said("verified"), said("again"));
    assert_eq!(said("code"), "1\n", "{}", said("err"));
    let err = said("err");
    assert!(err.contains("error: the disk that holds"), "{err}");
    assert_eq!(err.lines().filter(|line| line.starts_with("help: ")).count(), 1, "{err}");
    assert!(said("before") == said("after"), "something was lost or half done");
    let status: serde_json::Value = serde_json::from_str(&said("status")).unwrap();
    assert_eq!(status["users"], 6_000);
}
