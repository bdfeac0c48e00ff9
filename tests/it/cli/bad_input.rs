//! Bad answers, unreadable files, bad filters: one clear error, the right exit code, and nothing is lost.

use crate::support::company::{ANSWERS, ldif, prepared, set_up};
use crate::support::installation::{Installation, Run};

/// Applies the answers with `from` replaced; nothing that is there may change.
fn applied_with(imd: &Installation, from: &str, to: &str) -> Run {
    assert!(ANSWERS.contains(from), "{from}");
    let before = imd.dump();
    imd.write("answers.toml", ANSWERS.replace(from, to));
    let run = imd.imd(["setup", "--answers", "answers.toml", "--yes"]);
    assert!(before == imd.dump(), "the state changed: {run:#?}");
    run
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let imd = set_up(5);
    applied_with(&imd, "devices_per_user", "device_per_user").failed_with(1, ["device_per_user", "devices_per_user"]);
    applied_with(&imd, "login_directory", "login_directry").failed_with(1, ["login_directry", "login_directory"]);
    applied_with(&imd, "[frequency]", "[frequence]").failed_with(1, ["frequence", "frequency"]);
}

#[test]
fn a_value_that_is_none_says_what_would_be() {
    let imd = set_up(5);
    for (from, to, words) in [
        ("\"50 GiB\"", "\"fifty\"", ["profile.quota", "fifty", "GiB"]),
        ("\"24h\"", "\"soon\"", ["frequency.interval", "soon", "h"]),
        ("\"10%\"", "\"110%\"", ["settings.safeguard", "110%", "100%"]),
        ("\"refuse\"", "\"shrug\"", ["settings.at_limit", "shrug", "refuse"]),
        ("[\"kerberos\", \"password\"]", "[\"unverified\", \"password\"]", ["settings.auth", "unverified", "combined"]),
        ("\"https://imd", "\"http://imd", ["token.servers", "http://imd", "https"]),
        ("\"imd-activate\"", "\"imd-deactivate\"", ["installer.agent", "imd-deactivate", "imd-activate"]),
        ("\"msiexec\"", "\"msiexe\"", ["installer.targets", "msiexe", "msiexec"]),
        ("\"active-directory\"", "\"local\"", ["profile.login", "Local password", "Active Directory"]),
        ("department = \"Sales\"", "country = \"Norway\"", ["mapping.country", "two letters", "ISO 3166"]),
    ] {
        applied_with(&imd, from, to).failed_with(1, words);
    }
}

#[test]
fn a_bad_filter_is_refused_at_its_column() {
    let imd = set_up(5);
    // The value ends where a closing parenthesis is missing.
    let run = applied_with(&imd, "department = \"Sales\"", "filter = \"(&(department=Sales)(mail=*)\"");
    run.failed_with(1, ["mapping.filter", "column"]);
    let run = applied_with(&imd, "department = \"Sales\"", "filter = \"(departmentSales)\"");
    run.failed_with(1, ["mapping.filter", "column"]);
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let imd = set_up(5);
    let to = "urls = [\"ldaps://dc1.corp.example.com\"]\nbind = \"svc@corp.example.com\"\npassword = \"Canary-3141\"";
    let run = applied_with(&imd, "file = \"users.ldif\"", to);
    run.failed_with(1, ["directory.password", "password_file"]);
    assert!(!format!("{run:?}").contains("Canary-3141"), "{run:#?}");
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let imd = set_up(5);
    imd.write("bind.pw", "Canary-2718");
    std::fs::set_permissions(imd.path("bind.pw"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let to = "urls = [\"ldaps://dc1.corp.example.com\"]\nbind = \"svc@corp.example.com\"\npassword_file = \"bind.pw\"";
    let run = applied_with(&imd, "file = \"users.ldif\"", to);
    run.failed_with(1, ["bind.pw", "chmod"]);
    assert!(!format!("{run:?}").contains("Canary-2718"), "{run:#?}");
}

#[test]
fn a_file_that_is_not_toml_is_refused_at_its_line() {
    let imd = set_up(5);
    applied_with(&imd, "name = \"corp\"", "name = corp").failed_with(1, ["TOML", "line 3"]);
}

#[test]
fn an_answers_file_that_is_not_there_is_named() {
    let imd = set_up(5);
    imd.imd(["setup", "--answers", "nowhere.toml"]).failed_with(1, ["nowhere.toml"]);
}

#[test]
fn an_ldif_that_cannot_be_read_changes_nothing() {
    let imd = set_up(5);
    let good = ldif(5);
    let before = users_of(&imd);
    for (what, text) in [
        ("a line that is none", good.replace("department: Sales", "department Sales")),
        ("base64 that is none", good.replace("objectGUID:: ", "objectGUID:: !!")),
        ("a GUID that is too short", good.replace("objectGUID:: BwcHBwcHBwcHBwcHAAAAAg==", "objectGUID:: BwcH")),
        ("an entry without a DN", good.replace("dn: CN=User 3", "cn: CN=User 3")),
        ("changes instead of entries", good.replace("objectClass: top", "changetype: modify")),
        ("something else entirely", "PK\u{3}\u{4} this is a zip file".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_ne!(text, good, "{what}");
        imd.write("users.ldif", text);
        let run = imd.imd(["sync"]);
        run.failed_with(1, ["users.ldif"]);
        assert_eq!(before, users_of(&imd), "{what}: {run:#?}");
    }
    std::fs::remove_file(imd.path("users.ldif")).unwrap();
    imd.imd(["sync"]).failed_with(1, ["users.ldif"]);
    std::fs::create_dir(imd.path("users.ldif")).unwrap();
    imd.imd(["sync"]).failed_with(1, ["users.ldif"]);
    assert_eq!(before, users_of(&imd));
}

#[test]
fn an_ldif_that_ends_in_the_middle_is_not_a_smaller_company() {
    let imd = set_up(50);
    let whole = ldif(50);
    // In the middle of a name, so that what is left is no entry.
    imd.write("users.ldif", &whole[..whole.rfind("objectCategory").unwrap() + 5]);
    let before = users_of(&imd);
    imd.imd(["sync"]).failed_with(1, ["users.ldif"]);
    assert_eq!(before, users_of(&imd));
}

#[test]
fn a_file_with_hardly_anybody_left_needs_an_approval() {
    let imd = set_up(50);
    imd.write("users.ldif", ldif(10));
    let before = users_of(&imd);
    let run = imd.imd(["sync"]);
    run.failed_with(3, ["40 of 50", "Staff", "--approve"]);
    assert_eq!(before, users_of(&imd));

    let hash = run.stderr.split("--approve ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    imd.imd(["sync", "--approve", &hash]).succeeded();
    assert_eq!(imd.json(["status"])["users"], 10);
}

#[test]
fn applied_to_nothing_a_bad_file_leaves_nothing() {
    let imd = prepared(5);
    imd.write("answers.toml", ANSWERS.replace("department = \"Sales\"", "filter = \"(\""));
    imd.imd(["setup", "--answers", "answers.toml"]).failed_with(1, ["mapping.filter"]);
    for table in ["directory", "profile", "storage", "mapping", "document", "token"] {
        assert!(imd.rows(&format!("SELECT 1 FROM {table}")).is_empty(), "{table}");
    }
}

/// What is cached.
fn users_of(imd: &Installation) -> Vec<serde_json::Value> {
    let users = imd.rows("SELECT hex(guid), state, version, hex(hash), attributes FROM user ORDER BY guid");
    assert!(users.len() >= 5, "no users are cached: {users:?}");
    users
}
