//! The rules of the tree: layers, who may name SQL and LDAP, names and lengths of files, words.
//!
//! The rules are those of `ARCHITECTURE.md`. Sources are read as tokens, so that a comment or a string that mentions a path
//! is not an import; `super::` is followed as far as it leads. The checkers are themselves checked on made-up trees.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "modules share their items with each other")]

mod layers;
mod layout;
mod nextest;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenTree;

/// The top of the tree. Read when the test runs, so that its binary can check another tree.
fn top() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

#[test]
fn this_tree_keeps_its_rules() {
    let found = violations(&top());
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// What breaks a rule below `top`, a line each, in the order of the files.
fn violations(top: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["src", "tests", "benches"] {
        for path in sources(&top.join(part)) {
            let shown = path.strip_prefix(top).unwrap().display().to_string();
            let text = read(&path);
            found.extend(layout::violations(&path, &text).into_iter().map(|what| format!("{shown}: {what}")));
            if part == "src" {
                let source = layers::Source::read(&top.join("src"), &path, &text);
                found.extend(source.violations().into_iter().map(|what| format!("{shown}: {what}")));
            }
        }
    }
    found
}

fn ident(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every `.rs` file below a folder, in order; none when the folder is absent.
fn sources(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Every file below a folder, in order; none when the folder is absent.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Trees made for a test of the checkers.
mod made {
    use std::fs;

    /// A folder with these files.
    pub(crate) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        tree
    }

    /// What is found in a tree of these Rust files, each with a module doc in front.
    pub(crate) fn found_in(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, format!("//! What it is for.\n{text}"))).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        super::violations(tree(&files).path())
    }

    #[track_caller]
    pub(crate) fn assert_found(path: &str, text: &str, expected: &str) {
        let found = found_in(&[(path, text)]);
        assert!(
            found.len() == 1 && found[0].starts_with(path) && found[0].contains(expected),
            "{path} with {text:?}: {found:?}"
        );
    }

    #[track_caller]
    pub(crate) fn assert_accepted(path: &str, text: &str) {
        let found = found_in(&[(path, text)]);
        assert!(found.is_empty(), "{path} with {text:?}: {found:?}");
    }
}
