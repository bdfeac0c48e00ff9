//! The generated parts of `docs/reference`, worked out from the program itself.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::{is_up_to_date, read, top};
use crate::support::installation::Installation;
use crate::support::laptops::served;

/// Replaces the generated part of the page, which is between two comments.
#[track_caller]
fn with_generated(page: &str, name: &str, generated: &str) -> String {
    let text = read(Path::new(page));
    let start = format!("<!-- generated: {name} -->\n");
    let (before, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no {start}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{page} has no end"));
    format!("{before}{start}\n{}\n\n<!-- end -->{after}", generated.trim())
}

/// What `program words... --help` prints, at a fixed width.
fn help(program: &str, words: &[String]) -> String {
    let output = Command::new(program).args(words).arg("--help").env_clear().env("COLUMNS", "100").output().unwrap();
    assert!(output.status.success(), "{program} {words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The verbs that a help text lists, between the usage and the arguments or options.
fn verbs(help: &str) -> Vec<String> {
    let lines = help.split("\nUsage:").nth(1).unwrap_or_default().lines().skip(1);
    let lines = lines.take_while(|line| !["Arguments:", "Options:"].contains(line));
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The help of a program and of every verb of it, one after another.
fn every_help(name: &str, program: &str, words: &[String], out: &mut String) {
    let text = help(program, words);
    let title = [&[name.to_owned()][..], words].concat().join(" ");
    let _ = writeln!(out, "## {title}\n\n```text\n{}\n```\n", text.trim_end());
    for verb in verbs(&text) {
        every_help(name, program, &[words, &[verb]].concat(), out);
    }
}

#[test]
fn the_command_line_page_is_what_help_prints() {
    let mut generated = String::new();
    every_help("imd", env!("CARGO_BIN_EXE_imd"), &[], &mut generated);
    every_help("imd-activate", env!("CARGO_BIN_EXE_imd-activate"), &[], &mut generated);
    for verb in ["## imd sync\n", "## imd token rotate\n", "## imd-activate claim\n"] {
        assert!(generated.contains(verb), "{verb}");
    }
    let page = "docs/reference/command-line.md";
    is_up_to_date(page, &with_generated(page, "command-line", &generated));
}

#[test]
fn the_metrics_page_has_every_metric_of_the_service() {
    let (imd, service, token) = served(2, |answers| answers);
    imd.imd(["sync"]).succeeded();
    let _ = service.get("/v1/health");
    drop(token);
    let text = service.get("/metrics").body;
    let mut generated = "| metric | type | meaning |\n|---|---|---|\n".to_owned();
    let mut names = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, meaning) = line.split_once(' ').unwrap();
        let kind = text.lines().find_map(|line| line.strip_prefix(&format!("# TYPE {name} "))).unwrap();
        let sample = text.lines().find(|line| line.starts_with(&format!("{name}{{")));
        let labels: Vec<&str> = sample
            .and_then(|line| line.split(['{', '}']).nth(1))
            .map(|labels| labels.split(',').filter_map(|label| label.split('=').next()).collect())
            .unwrap_or_default();
        let labels = if labels.is_empty() { String::new() } else { format!("; by `{}`", labels.join("`, `")) };
        let _ = writeln!(generated, "| `{name}` | {kind} | {}{labels} |", meaning.trim_end_matches('.'));
        names.push(name.to_owned());
    }
    assert!(names.len() >= 6, "{names:?}");
    let page = "docs/reference/metrics.md";
    // The alert rules may only name what there is.
    let rules = read(Path::new(page));
    for word in rules.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("imd_"))
    {
        assert!(names.iter().any(|name| name == word), "{word} is no metric");
    }
    is_up_to_date(page, &with_generated(page, "metrics", &generated));
}

#[test]
fn the_targets_page_has_every_target_and_agent() {
    let imd = Installation::new();
    let listed = imd.json(["export", "list"]);
    let mut generated = "## Targets\n\n| target | tool | laptops | files |\n|---|---|---|---|\n".to_owned();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    for target in listed["items"].as_array().unwrap() {
        let id = text(&target["target"]);
        let definition: toml::Table = read(&Path::new("assets/targets").join(&id).join("target.toml")).parse().unwrap();
        let files: Vec<&str> =
            definition["file"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
        let _ = writeln!(
            generated,
            "| `{id}` | {} | {} | `{}` |",
            text(&target["title"]),
            definition.get("platform").and_then(toml::Value::as_str).unwrap_or("any"),
            files.join("`, `")
        );
    }
    generated.push_str("\n## Agents\n\n| agent | title |\n|---|---|\n");
    let mut agents: Vec<_> =
        std::fs::read_dir(top().join("assets/agents")).unwrap().map(|entry| entry.unwrap().path()).collect();
    agents.sort();
    for agent in agents {
        let definition: toml::Table = std::fs::read_to_string(&agent).unwrap().parse().unwrap();
        let id = agent.file_stem().unwrap().to_str().unwrap();
        let title = definition.get("title").and_then(toml::Value::as_str).unwrap_or(id);
        let _ = writeln!(generated, "| `{id}` | {title} |");
    }
    let page = "docs/reference/targets.md";
    is_up_to_date(page, &with_generated(page, "targets", &generated));
}

#[test]
fn the_codes_page_has_every_reason_for_refusing_a_laptop() {
    use imd::model::refusal;
    let mut generated = "| code | the laptop | what to do |\n|---|---|---|\n".to_owned();
    let codes: Vec<_> = refusal::codes().collect();
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        let _ = writeln!(generated, "| `{code}` | {} | {} |", refusal::brief(code), refusal::remedy(code));
    }
    let page = "docs/reference/codes.md";
    is_up_to_date(page, &with_generated(page, "refusals", &generated));
}

#[test]
fn the_answers_page_and_its_schema_have_every_key() {
    let mut generated = String::new();
    for table in ["directory", "storage", "profile", "mapping", "frequency", "settings", "token", "installer"] {
        let _ = write!(generated, "\n## [{table}]\n\n| key | values | meaning |\n|---|---|---|\n");
        for field in imd::wizard::answers::keys(table) {
            let key = field.file_key();
            let values: Vec<_> = field.choices().iter().filter(|choice| choice.refused.is_none()).collect();
            let values: Vec<_> = values.iter().map(|choice| format!("`{}`", choice.value)).collect();
            let key = key.split_once('.').unwrap().1;
            let _ = writeln!(generated, "| `{key}` | {} | {} |", values.join(", "), field.file_help());
        }
    }
    let page = "docs/reference/answers-file.md";
    is_up_to_date(page, &with_generated(page, "answers-file", &generated));
    let imd = Installation::new();
    let schema = imd.imd(["setup", "--schema"]).succeeded().stdout.clone();
    is_up_to_date("docs/reference/answers.schema.json", &schema);
}

/// The deployment tools that have a page of their own.
const TOOLS: [(&str, &str); 10] = [
    ("configmgr", "Configuration Manager (SCCM)"),
    ("intune", "Intune"),
    ("gpo-startup", "Group Policy"),
    ("ivanti-windows", "Ivanti (LANDesk) for Windows"),
    ("ivanti-mac", "Ivanti (LANDesk) for Mac"),
    ("jamf", "Jamf Pro"),
    ("kandji", "Kandji"),
    ("munki", "Munki"),
    ("mobileconfig", "Any MDM for Mac"),
    ("ansible", "Ansible"),
];

#[test]
fn deployment_pages_are_the_readmes_of_exports() {
    let (imd, _service, _) = served(1, |answers| answers);
    imd.imd([
        "token",
        "create",
        "docs",
        "--server",
        "https://imd.corp.example.com:7443",
        "--expires",
        "never",
        "--never-expires",
        "--out",
        "docs.token",
    ])
    .succeeded();
    let tokens = imd.json(["token", "list"]);
    let token = tokens["items"].as_array().unwrap().iter().find(|token| token["name"] == "docs").unwrap();
    let id = token["id"].as_str().unwrap();
    let summary = read(Path::new("docs/SUMMARY.md"));
    for (target, title) in TOOLS {
        imd.imd(["export", target, "--token", "docs", "--out", "out"]).succeeded();
        let readme = imd.read(&format!("out/{target}/README.md")).replace(id, "ID");
        let page = format!(
            "<!-- The README.md that `imd export {target}` writes; made by a test, see tests/it/documents. -->\n\n{readme}"
        );
        is_up_to_date(&format!("docs/how-to/deploy/{target}.md"), &page);
        assert!(summary.contains(&format!("[{title}](how-to/deploy/{target}.md)")), "{target}");
    }
}
