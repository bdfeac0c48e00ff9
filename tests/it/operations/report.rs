//! The report: its sums are those of `sqlite3`, and other readers parse it as intended.

use std::process::Command;

use serde_json::Value;

use super::counts::a_busy_day;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};

/// Reads Markdown's tables as GitHub does, and says them as JSON: `[[title, [[cell, ...], ...]], ...]`. It knows nothing
/// else, and fails at a row with another number of cells than its heading.
const TABLES: &str = r"
import json, re, sys
def cells(line):
    assert line.startswith('| ') and line.endswith(' |'), line
    parts = re.split(r'(?<!\\)((?:\\\\)*)\|', line[1:-1])
    joined, at = [], ''
    for n, part in enumerate(parts):
        at += part
        if n % 2 == 1: joined.append(at); at = ''
    joined.append(at)
    return [re.sub(r'\\([!-/:-@\[-`{-~])', r'\1', cell.strip()) for cell in joined]
tables, title, rows = [], None, None
for line in sys.stdin.read().split('\n'):
    assert not re.search(r'[\x00-\x1f\x7f-\x9f]', line), repr(line)
    if line.startswith('## '): title = line[3:]
    if line.startswith('|'):
        row = cells(line)
        if rows is None: rows = [row]; tables.append([title, rows])
        else:
            assert len(row) == len(rows[0]), (title, row)
            if len(rows) == 1 and all(re.fullmatch('-+:?', cell) for cell in row): rows.append(None)
            else: rows.append(row)
    else: rows = None
for _, rows in tables:
    assert rows[1] is None; del rows[1]
print(json.dumps(tables))
";

fn python(script: &str, input: &str) -> String {
    let mut command = Command::new("python3");
    command.args(["-c", script]);
    let output = assert_cmd::Command::from_std(command).write_stdin(input).output().unwrap();
    assert!(output.status.success(), "{}\n{input}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The rows below a title, without the heading.
fn table(markdown: &str, title: &str) -> Vec<Vec<String>> {
    let tables: Vec<(String, Vec<Vec<String>>)> = serde_json::from_str(&python(TABLES, markdown)).unwrap();
    let found = tables.into_iter().find(|(name, _)| name.starts_with(title));
    found.map(|(_, rows)| rows[1..].to_vec()).unwrap_or_default()
}

fn number(cell: &str) -> u64 {
    cell.parse().unwrap_or_else(|_| panic!("{cell:?} is no number"))
}

/// The sum of a column, without the row that says it.
fn sum(rows: &[Vec<String>], column: usize) -> u64 {
    rows.iter().filter(|row| row[0] != "Total").map(|row| number(&row[column])).sum()
}

fn counted(imd: &Installation, query: &str) -> u64 {
    imd.row(&format!("SELECT ({query}) AS n"))["n"].as_u64().unwrap()
}

#[test]
fn the_report_adds_up_to_the_state() {
    let (imd, service, token) = served(12, |answers| answers);
    a_busy_day(&imd, &service, &token);
    // One excluded user, and one user with a laptop whom no mapping matches any more.
    let ldif = crate::support::company::ldif(12).replace(
        "userAccountControl: 512\ndepartment: Sales\n\ndn: CN=User 6",
        "userAccountControl: 514\ndepartment: Sales\n\ndn: CN=User 6",
    );
    imd.write(
        "users.ldif",
        ldif.replace("mail: user7@corp.example.com\n", "").replace("CN=User 3,OU=Staff", "CN=User 3,OU=Away"),
    );
    imd.imd(["sync"]).succeeded();
    let markdown = imd.imd(["report"]).succeeded().stdout.clone();
    let mappings = table(&markdown, "By mapping");
    let in_all = mappings.last().unwrap();
    for (column, cell) in in_all.iter().enumerate().skip(1) {
        assert_eq!(number(cell), sum(&mappings, column), "{mappings:?}");
    }
    let activated = counted(&imd, "SELECT count(*) FROM device WHERE state = 'activated'");
    let cached = counted(&imd, "SELECT count(*) FROM cached_user WHERE state = 'active'");
    let started = counted(
        &imd,
        "SELECT count(DISTINCT a.id) FROM account a JOIN device d ON d.account_id = a.id
        AND d.state = 'activated' JOIN cached_user u USING (directory_id, guid) WHERE u.state = 'active'",
    );
    assert_eq!(number(&in_all[1]), cached);
    assert_eq!((number(&in_all[2]), number(&in_all[3])), (started, cached - started));
    assert_eq!(number(&in_all[4]), activated, "every activated laptop is somebody's");
    let days = table(&markdown, "By day");
    assert_eq!(days.len(), 8, "seven days and their sum");
    let in_all = days.last().unwrap();
    for (column, query) in [(4, "SELECT count(*) FROM device"), (6, "SELECT count(*) FROM refusal")] {
        assert_eq!((number(&in_all[column]), sum(&days, column)), (counted(&imd, query), counted(&imd, query)));
    }
    assert_eq!(number(&in_all[2]) - number(&in_all[3]), cached, "who came and has not left is there");
    assert_eq!(number(&days[6][1]), cached);
    let waiting = table(&markdown, "Waiting laptops");
    assert_eq!(sum(&waiting, 0), counted(&imd, "SELECT count(*) FROM device WHERE state = 'pending'"), "{waiting:?}");
    let refused = table(&markdown, "Refused requests");
    assert_eq!(sum(&refused, 0), counted(&imd, "SELECT count(*) FROM refusal"));
    let excluded = table(&markdown, "Excluded users");
    let reasons = imd.rows(
        "SELECT why, count(*) AS n FROM plan_excluded
        WHERE plan_id = (SELECT max(id) FROM plan) GROUP BY why ORDER BY why",
    );
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert_eq!(excluded.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["are disabled", "have no mail"]);
    assert_eq!(sum(&excluded, 0), reasons.iter().map(|row| row["n"].as_u64().unwrap()).sum::<u64>());
    // Who is disabled is meant to be; the others can be helped.
    let first = markdown.split("## Quick wins").nth(1).unwrap();
    assert!(first.contains("have no mail") && !first.contains("are disabled"), "{first}");
    assert!(markdown.contains(&format!("{started} of {cached} users")), "{markdown}");
    the_spreadsheet_has_the_same_numbers(&imd, &markdown);
}

fn the_spreadsheet_has_the_same_numbers(imd: &Installation, markdown: &str) {
    let csv = imd.imd(["report", "--csv"]).succeeded().stdout.clone();
    let script = "import csv, json, sys\nprint(json.dumps(list(csv.DictReader(sys.stdin))))";
    let rows: Vec<Value> = serde_json::from_str(&python(script, &csv)).unwrap();
    let count = |section: &str, what: &str| -> u64 {
        let of = rows.iter().filter(|row| row["section"] == section && row["what"] == what);
        of.map(|row| number(row["count"].as_str().unwrap())).sum()
    };
    let days = table(markdown, "By day");
    let in_all = days.last().unwrap();
    for (column, what) in [(2, "added"), (3, "removed"), (4, "enrolled"), (5, "activated"), (6, "refused")] {
        assert_eq!(count("day", what), number(&in_all[column]), "{what}");
    }
    assert_eq!(count("mapping", "laptops") + count("no mapping", "laptops"), count("to date", "activated"));
    assert_eq!(count("mapping", "cached"), count("to date", "cached"));
    let report = imd.json(["report"]);
    assert_eq!(report["stages"]["cached"], count("to date", "cached"));
}

/// What Markdown, HTML, a spreadsheet and a terminal would each act on.
const HOSTILE: &str = "=1+1|`x`\n<b>\u{1b}[2J*_[a](b)\\";

#[test]
fn a_hostile_host_name_is_harmless_in_the_report() {
    let (imd, service, token) = served(4, |answers| answers);
    for (number, host) in [(1, HOSTILE), (2, "@SUM(A1)"), (3, "-2+3|cmd"), (4, "\ttab"), (5, "\u{9b}31m")] {
        Laptop { host: host.to_owned(), ..Laptop::new(number) }.enroll(&service, &token).granted();
    }
    imd.sqlite(&[], "UPDATE device SET enrolled_at = '2026-01-02T03:04:05Z'");
    let markdown = imd.imd(["report"]).succeeded().stdout.clone();
    let hosts: Vec<_> =
        table(&markdown, "Laptops waiting for more than").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(
        hosts,
        ["=1+1|`x`\\u{a}<b>\\u{1b}[2J*_[a](b)\\", "@SUM(A1)", "-2+3|cmd", "\\u{9}tab", "\\u{9b}31m"],
        "as they are, the hidden written out"
    );
    let csv = imd.imd(["report", "--csv"]).succeeded().stdout.clone();
    let script = "import csv, json, re, sys\nrows = list(csv.DictReader(sys.stdin))\n\
                  for row in rows:\n    for cell in row.values():\n        \
                  assert not cell.startswith(tuple('=+-@\\t\\r\\n')), cell\n        \
                  assert not re.search('[\\x00-\\x1f\\x7f-\\x9f]', cell), cell\n\
                  print(json.dumps([row['name'] for row in rows if row['section'] == 'waiting long']))";
    let hosts: Vec<String> = serde_json::from_str(&python(script, &csv)).unwrap();
    assert_eq!(hosts, ["'=1+1|`x`\\u{a}<b>\\u{1b}[2J*_[a](b)\\", "'@SUM(A1)", "'-2+3|cmd", "\\u{9}tab", "\\u{9b}31m"]);
}

#[test]
fn since_sets_the_first_day() {
    let imd = crate::support::laptops::company(3, |answers| answers);
    imd.imd(["sync"]).succeeded();
    let days = |since: &str| imd.json(["report", "--since", since])["days"].as_array().unwrap().len();
    assert_eq!((days("1d"), days("30d")), (1, 30));
    let today = imd.row("SELECT date('now') AS day")["day"].as_str().unwrap().to_owned();
    assert_eq!(days(&today), 1);
    imd.imd(["report", "--since", "soon"]).failed_with(2, ["7d"]);
    imd.imd(["report", "--csv", "--markdown"]).failed_with(2, ["cannot be used with"]);
    let empty = crate::support::installation::Installation::new();
    let markdown = empty.imd(["report"]).succeeded().stdout.clone();
    assert!(markdown.contains("0 of 0 users (0 %)"), "{markdown}");
}
