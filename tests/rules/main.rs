//! Keeps the house: its floors, who may name SQL and LDAP, the length of a file, and the documents beside the code.
//!
//! The rules are those of `ARCHITECTURE.md`. The sources are read as tokens, so a comment or a string that mentions a
//! path is no import; `super::` is followed as far as it leads. The checker is itself checked on made-up trees.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Highest floor first. Rooms on one floor do not import each other.
const FLOORS: [&[&str]; 7] = [
    &["tui", "cli", "plain", "service", "laptop"],
    &["wizard"],
    &["engine"],
    &["sync", "activation", "export"],
    &["token", "directory", "store"],
    &["filter", "secrets", "protocol", "kerberos"],
    &["model"],
];

/// Crates that only one room may name, because that room is the wall between them and everybody else.
const WALLS: [(&str, &str); 5] = [
    ("ldap3", "directory"),
    ("rusqlite", "store"),
    ("refinery", "store"),
    ("windows_registry", "laptop"),
    ("libgssapi", "kerberos"),
];

/// The only rooms that print: everywhere else a `print` would tear the screen or pollute `--json`.
const PRINTS: [&str; 2] = ["cli", "main"];

/// A file may be longer when its module doc says why, with these words.
const LINES: usize = 600;
const REASON: &str = "more than 600 lines because";

/// Names that say nothing of what is inside.
const DRAWERS: [&str; 6] = ["utils", "util", "helpers", "common", "manager", "misc"];

#[test]
fn this_house_keeps_its_rules() {
    let found = violations(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// What breaks a rule below `top`, a line each, in the order of the files.
fn violations(top: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["src", "tests", "benches"] {
        for path in sources(&top.join(part)) {
            let shown = path.strip_prefix(top).unwrap().display().to_string();
            let text = read(&path);
            found.extend(of_layout(&path, &text).into_iter().map(|what| format!("{shown}: {what}")));
            if part == "src" {
                let source = Source::read(&top.join("src"), &path, &text);
                found.extend(source.violations().into_iter().map(|what| format!("{shown}: {what}")));
            }
        }
    }
    found
}

/// Rules for any Rust file: its name, its length, its first lines.
fn of_layout(path: &Path, text: &str) -> Vec<String> {
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
        found.push("is a mod.rs; write foo.rs beside foo/".to_owned());
    }
    if DRAWERS.contains(&stem) {
        found.push(format!("\"{stem}\" does not say what is inside"));
    }
    found
}

/// A file of `src`, as far as the floors are concerned.
struct Source {
    /// `["directory", "ldap"]` for `src/directory/ldap.rs`; empty for the crate's root.
    module: Vec<String>,
    /// Rooms that are imported, `(room, as written)`.
    imports: BTreeSet<(String, String)>,
    /// Every identifier, and with a `!` each macro that is called.
    names: BTreeSet<String>,
}

impl Source {
    fn read(src: &Path, path: &Path, text: &str) -> Self {
        let below = path.strip_prefix(src).unwrap().with_extension("");
        let mut module: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module == ["lib"] {
            module.clear();
        }
        let mut source = Self { module, imports: BTreeSet::new(), names: BTreeSet::new() };
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let depth = source.module.len();
        source.walk(tokens, depth);
        source
    }

    /// Reads tokens that stand `depth` modules below the crate's root.
    fn walk(&mut self, tokens: TokenStream, depth: usize) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => {
                    let is_module = group.delimiter() == Delimiter::Brace
                        && at >= 2
                        && ident(&tokens[at - 2]).is_some_and(|name| name == "mod");
                    self.walk(group.stream(), depth + usize::from(is_module));
                }
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    if tokens.get(at + 1).is_some_and(|next| is_punct(next, '!')) {
                        self.names.insert(format!("{name}!"));
                    }
                    let starts_a_path = at < 2 || !is_path_separator(&tokens[at - 2..at]);
                    if starts_a_path && (name == "crate" || name == "imd") {
                        self.path(&tokens[at + 1..], "crate");
                    } else if starts_a_path && name == "super" {
                        self.climb(&tokens[at..], depth);
                    }
                    self.names.insert(name);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Follows `super::super::...` to where it leaves the own module: only at the crate's root is a room named.
    fn climb(&mut self, tokens: &[TokenTree], mut depth: usize) {
        let mut at = 0;
        while tokens.get(at).and_then(ident).is_some_and(|name| name == "super") && depth > 0 {
            depth -= 1;
            at += 1;
            if depth == 0 {
                return self.path(&tokens[at..], "super");
            }
            if !tokens.get(at..at + 2).is_some_and(is_path_separator) {
                return;
            }
            at += 2;
        }
    }

    /// Notes the rooms named by what follows `crate`: `::room...` or `::{room::..., room}`.
    fn path(&mut self, tokens: &[TokenTree], from: &str) {
        if !tokens.get(..2).is_some_and(is_path_separator) {
            return;
        }
        match tokens.get(2) {
            Some(TokenTree::Ident(room)) => {
                self.imports.insert((room.to_string(), format!("{from}::{room}")));
            }
            Some(TokenTree::Group(group)) => {
                let mut first = true;
                for token in group.stream() {
                    if let (true, Some(room)) = (first, ident(&token)) {
                        self.imports.insert((room.clone(), format!("{from}::{{{room}, ...}}")));
                    }
                    first = is_punct(&token, ',');
                }
            }
            _ => {}
        }
    }

    fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let Some(room) = self.module.first() else {
            return found; // lib.rs names every room
        };
        let binary = room == "main" || room == "bin";
        let floor = floor_of(room);
        if floor.is_none() && !binary {
            found.push(format!("\"{room}\" stands on no floor; give it one here and in ARCHITECTURE.md"));
        }
        for (other, written) in &self.imports {
            if other == room || binary {
                continue;
            }
            match (floor, floor_of(other)) {
                (Some(own), Some(theirs)) if theirs == own => {
                    found.push(format!("{written}: {other} is on the same floor as {room}"));
                }
                (Some(own), Some(theirs)) if theirs < own => found.push(format!("{written}: {other} is above {room}")),
                _ => {}
            }
        }
        for (name, owner) in WALLS {
            if self.names.contains(name) && room != owner {
                found.push(format!("names {name}; only {owner} does"));
            }
        }
        for name in ["print!", "println!", "eprint!", "eprintln!"] {
            if self.names.contains(name) && !PRINTS.contains(&room.as_str()) && !binary {
                found.push(format!("calls {name}; only the command line prints"));
            }
        }
        found
    }
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
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

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    tokens.len() == 2 && tokens.iter().all(|token| is_punct(token, ':'))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every `.rs` file below a folder, in order; none when the folder is absent.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

mod the_checker {
    use super::{LINES, REASON, fs, violations};

    /// What is found in a house of these files.
    fn found_in(files: &[(&str, &str)]) -> Vec<String> {
        let house = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = house.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("//! What it is for.\n{text}")).unwrap();
        }
        violations(house.path())
    }

    #[track_caller]
    fn assert_found(path: &str, text: &str, expected: &str) {
        let found = found_in(&[(path, text)]);
        assert!(
            found.len() == 1 && found[0].starts_with(path) && found[0].contains(expected),
            "{path} with {text:?}: {found:?}"
        );
    }

    #[test]
    fn accepts_a_house_in_order() {
        let found = found_in(&[
            ("src/lib.rs", "pub mod engine; pub mod model; pub use crate::engine::Engine;"),
            ("src/main.rs", "use imd::cli; use imd::tui; fn main() { println!(\"done\"); }"),
            ("src/cli.rs", "use crate::engine::Engine; fn f() { println!(\"{}\", crate::wizard::x()); }"),
            (
                "src/engine.rs",
                "mod clock; use crate::{store, model::{user, name}, sync::Plan}; use self::clock::Clock;",
            ),
            ("src/engine/clock.rs", "use super::Engine; use super::super::store::Row;"),
            ("src/store.rs", "use rusqlite::Connection; use crate::secrets::Secret;"),
            ("src/directory/ldap.rs", "use ldap3::Ldap; mod tests { use super::super::Error; use super::*; }"),
            (
                "src/model/user.rs",
                "// use crate::store::Row;\n/// See `crate::store`.\nconst A: &str = \"crate::store\";",
            ),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn finds_an_import_from_above() {
        assert_found("src/model/user.rs", "use crate::store::Row;", "store is above model");
        assert_found("src/store.rs", "use crate::engine;", "engine is above store");
        assert_found("src/engine.rs", "use crate::tui::App;", "tui is above engine");
        assert_found("src/wizard/form.rs", "use crate::cli::Args;", "cli is above wizard");
    }

    #[test]
    fn finds_an_import_however_it_is_written() {
        assert_found("src/filter.rs", "use crate::{model::user, directory::Query};", "directory is above filter");
        assert_found("src/filter.rs", "fn f(q: &crate::directory::Query) {}", "directory is above filter");
        assert_found("src/filter.rs", "use super::directory::Query;", "directory is above filter");
        assert_found("src/filter/parse.rs", "use super::super::directory::Query;", "directory is above filter");
        assert_found("src/filter.rs", "mod tests { use super::super::directory::Query; }", "directory is above filter");
        assert_found("src/filter.rs", "fn f() { g(|| imd::directory::read()); }", "directory is above filter");
    }

    #[test]
    fn finds_an_import_from_the_same_floor() {
        assert_found("src/token.rs", "use crate::store::Row;", "store is on the same floor as token");
        assert_found("src/sync/plan.rs", "use crate::export::Folder;", "export is on the same floor as sync");
        assert_found("src/tui/app.rs", "use crate::cli::Args;", "cli is on the same floor as tui");
        assert_found("src/filter.rs", "use crate::secrets::Secret;", "secrets is on the same floor as filter");
    }

    #[test]
    fn finds_a_room_without_a_floor() {
        assert_found("src/cellar.rs", "", "stands on no floor");
    }

    #[test]
    fn finds_sql_and_ldap_outside_their_rooms() {
        assert_found("src/engine.rs", "use rusqlite::Connection;", "names rusqlite; only store does");
        assert_found("src/sync.rs", "fn f(_: ldap3::Scope) {}", "names ldap3; only directory does");
        assert_found("src/cli.rs", "use refinery::Runner;", "names refinery; only store does");
    }

    #[test]
    fn finds_printing_outside_the_command_line() {
        assert_found("src/tui.rs", "fn f() { println!(\"x\"); }", "calls println!");
        assert_found("src/engine.rs", "fn f() { if true { eprintln!(\"x\"); } }", "calls eprintln!");
    }

    #[test]
    fn finds_a_file_that_is_too_long_unless_it_says_why() {
        let long = "\n".repeat(LINES);
        assert_found("src/model.rs", &long, "601 lines");
        assert_found("tests/story.rs", &long, "601 lines");
        let excused = format!("//! It has {REASON} it is one table.\n{long}");
        assert!(found_in(&[("src/model.rs", &excused)]).is_empty());
    }

    #[test]
    fn finds_names_that_say_nothing() {
        assert_found("src/model/mod.rs", "", "mod.rs");
        assert_found("src/model/utils.rs", "", "does not say what is inside");
    }

    #[test]
    fn finds_a_file_without_a_module_doc() {
        let house = tempfile::tempdir().unwrap();
        fs::create_dir_all(house.path().join("src")).unwrap();
        fs::write(house.path().join("src/model.rs"), "pub struct A;\n").unwrap();
        assert_eq!(
            violations(house.path()),
            ["src/model.rs: does not open with a module doc that says what it is for"]
        );
    }
}
