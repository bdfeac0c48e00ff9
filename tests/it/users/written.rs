//! What is written of users is read back by Python's csv module, by `ldapadd -n` and by our own reader of LDIF.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::company::{ANSWERS, BASE, ldif, set_up};
use crate::support::installation::Installation;

/// Reads a table as Python does, and gives it back as JSON.
fn python(csv: &str) -> serde_json::Value {
    let program = "import csv,io,json,sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')
print(json.dumps(list(csv.reader(text, strict=True))))";
    let mut child = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    child.stdin.take().unwrap().write_all(csv.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A company in which names hold what spreadsheets, tables and LDIF are sensitive to.
fn hostile() -> Installation {
    let names = [
        "=1+1",
        "+46 70",
        "-1",
        "@SUM(A1)",
        "a,b",
        "a\"b",
        " leading",
        "trailing ",
        ":colon",
        "<less",
        "Åsa Öberg",
        "山田 太郎",
        "\t=1",
        "\r=1",
        "line\nbreak",
        "nul\u{1}",
        "'quoted",
        "x; y",
    ];
    let mut text = ldif(names.len().try_into().unwrap());
    for (number, name) in names.iter().enumerate() {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(name);
        let mut line = String::new();
        write!(line, "cn: User {number}\ndisplayName:: {encoded}\ntitle:: {encoded}\n").unwrap();
        text = text.replacen(&format!("cn: User {number}\n"), &line, 1);
    }
    let imd = Installation::new();
    imd.write("users.ldif", text);
    imd.write("answers.toml", ANSWERS);
    imd.imd(["setup", "--answers", "answers.toml"]).succeeded();
    imd
}

#[test]
fn csv_reads_back_in_python_without_a_formula() {
    let imd = hostile();
    let run = imd.imd(["users", "--csv", "--columns", "sAMAccountName,title,mail,state"]);
    assert!(run.stdout.lines().count() > 18 && run.stdout.contains("\r\n"), "{run:#?}");
    let rows = python(&run.stdout);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows[0], serde_json::json!(["sAMAccountName", "title", "mail", "state"]));
    assert_eq!(rows.len(), 19, "a header and a row each");
    let title = |number: usize| {
        let name = format!("user{number}");
        rows.iter().find(|row| row[0] == name.as_str()).map(|row| row[1].as_str().unwrap().to_owned()).unwrap()
    };
    for (number, wanted) in [
        (0, "'=1+1"),
        (1, "'+46 70"),
        (2, "'-1"),
        (3, "'@SUM(A1)"),
        (4, "a,b"),
        (5, "a\"b"),
        (6, " leading"),
        (10, "Åsa Öberg"),
        (12, "\\u{9}=1"),
        (13, "\\u{d}=1"),
        (14, "line\\u{a}break"),
        (16, "'quoted"),
        (17, "x; y"),
    ] {
        assert_eq!(title(number), wanted);
    }
    for cell in rows.iter().flat_map(|row| row.as_array().unwrap()) {
        let cell = cell.as_str().unwrap();
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?} is a formula");
    }
    let one = python(&imd.imd(["users", "user4", "--csv"]).stdout);
    assert_eq!(one.as_array().unwrap().len(), 2, "who is named is written, and nobody else");
}

#[test]
fn ldif_export_reads_back_in_openldap_and_here() {
    let imd = hostile();
    let run = imd.imd(["users", "--ldif"]);
    assert!(run.stdout.starts_with("version: 1\n\ndn: CN=User "), "{}", run.stdout);
    assert!(run.stdout.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "only what is safe");
    assert!(run.stdout.lines().all(|line| line.len() <= 76));
    imd.write("out.ldif", &run.stdout);
    // What OpenLDAP reads of it, without a server: -n does not connect for the entries, it only shows them.
    let output = Command::new("ldapadd").args(["-n", "-v", "-x", "-f"]).arg(imd.path("out.ldif")).output();
    let output = output.expect("ldap-utils are installed");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches("adding new entry").count(), 18, "{told}");

    // The same users, from the file that was written: nothing changes.
    let head = ldif(0).replacen("version: 1\n\n", "", 1);
    let category = format!("objectCategory: CN=Person,CN=Schema,CN=Configuration,{BASE}\nobjectClass: top\n");
    let again = run.stdout.replacen("version: 1\n\n", &format!("version: 1\n\n{head}"), 1);
    imd.write(
        "users.ldif",
        again.replace("objectClass: top\nobjectClass: person\n", &(category + "objectClass: person\n")),
    );
    let before = imd.rows("SELECT hex(guid), hex(hash), state FROM cached_user ORDER BY guid");
    imd.imd(["sync"]).succeeded();
    assert_eq!(imd.rows("SELECT hex(guid), hex(hash), state FROM cached_user ORDER BY guid"), before);
}

#[test]
fn everybody_is_written_unless_somebody_says_how_many() {
    let imd = set_up(250);
    assert_eq!(imd.imd(["users", "--csv"]).stdout.lines().count(), 251);
    assert_eq!(imd.imd(["users", "--csv", "--limit", "7"]).stdout.lines().count(), 8);
    assert_eq!(imd.imd(["users", "staff user1", "--csv"]).stdout.lines().count(), 112, "user1, user10-19, user100-199");
    let columns = imd.imd(["users", "user7", "--ldif", "--columns", "mail"]);
    assert!(columns.stdout.contains("\nmail: user7@") && !columns.stdout.contains("userPrincipalName"), "{columns:#?}");
}
