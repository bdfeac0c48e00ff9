//! The length of a file, its name, and its first lines.

use std::path::Path;

/// A file may be longer when its module doc says why, with these words.
const LINES: usize = 600;
const REASON: &str = "more than 600 lines because";

/// The longest name of a test, in characters (STYLE.md, rule 10).
const TEST_NAME: usize = 60;

/// Names that say nothing of what is inside.
const VAGUE: [&str; 6] = ["utils", "util", "helpers", "common", "manager", "misc"];

pub fn violations(path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let doc: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    // foo/tests.rs holds the unit tests of foo, which has a doc of its own.
    if doc.is_empty() && stem != "tests" {
        found.push("does not open with a module doc that says what it is for".to_owned());
    }
    let lines = text.lines().count();
    if lines > LINES && !doc.contains(REASON) {
        found.push(format!("{lines} lines; divide it, or say in its module doc that it has {REASON} ..."));
    }
    if stem == "mod" {
        found.push("is a mod.rs; write foo.rs next to foo/".to_owned());
    }
    if VAGUE.contains(&stem) {
        found.push(format!("\"{stem}\" does not say what is inside"));
    }
    for name in test_names(text).filter(|name| name.len() > TEST_NAME) {
        found.push(format!("the name of the test {name} is longer than {TEST_NAME} characters"));
    }
    found
}

/// The functions below a `#[test]`, whatever other attributes stand between.
fn test_names(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("#[test]\n").skip(1);
    after.filter_map(|rest| {
        let line = rest.lines().map(str::trim).find(|line| !line.starts_with("#["))?;
        line.strip_prefix("fn ")?.split('(').next()
    })
}

mod tests {
    use super::{LINES, REASON};
    use crate::made::{assert_found, found_in, tree};
    use crate::violations;

    #[test]
    fn a_file_that_is_too_long_is_found_unless_it_says_why() {
        let long = "\n".repeat(LINES);
        assert_found("src/model.rs", &long, "601 lines");
        assert_found("tests/story.rs", &long, "601 lines");
        let excused = format!("//! It has {REASON} it is one table.\n{long}");
        assert!(found_in(&[("src/model.rs", &excused)]).is_empty());
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        assert_found("src/model/mod.rs", "", "mod.rs");
        assert_found("src/model/utils.rs", "", "does not say what is inside");
    }

    #[test]
    fn a_test_name_that_is_too_long_is_found() {
        let test = |name: &str| format!("//! Doc.\n#[test]\n#[cfg(unix)]\nfn {name}() {{}}\n");
        assert!(found_in(&[("src/model.rs", &test(&"a".repeat(60)))]).is_empty());
        assert_found("src/model.rs", &test(&"a".repeat(61)), "longer than 60");
    }

    #[test]
    fn a_file_without_a_module_doc_is_found() {
        let tree = tree(&[("src/model.rs", "pub struct A;\n")]);
        assert_eq!(violations(tree.path()), ["src/model.rs: does not open with a module doc that says what it is for"]);
    }
}
