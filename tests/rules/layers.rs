//! Layers: which module may import which, which crates it may name, and what it may do.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{ident, is_punct};

/// Highest layer first. Modules of one layer do not import each other.
const LAYERS: [&[&str]; 8] = [
    &["tui", "cli", "plain", "service", "laptop"],
    &["present"],
    &["wizard"],
    &["engine"],
    &["sync", "activation", "export"],
    &["token", "directory", "store"],
    &["filter", "secrets", "protocol", "kerberos"],
    &["model"],
];

/// What the laptop's program is built from: neither SQLite, nor LDAP, nor a screen.
const OF_THE_LAPTOP: [&str; 5] = ["token", "secrets", "protocol", "kerberos", "model"];

/// Crates that only one module may name.
const OWNERS: [(&str, &str); 5] = [
    ("ldap3", "directory"),
    ("rusqlite", "store"),
    ("refinery", "store"),
    ("windows_registry", "laptop"),
    ("libgssapi", "kerberos"),
];

/// The modules that print: elsewhere a `print` would break the screen or the JSON.
const PRINTS: [&str; 2] = ["cli", "main"];

/// Clocks and I/O, none of which `model` uses: time, randomness and contents come in as arguments.
const IMPURE: [&str; 13] = [
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "net::TcpListener",
    "net::TcpStream",
    "net::ToSocketAddrs",
    "net::UdpSocket",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
];

/// The one exception: a time is shown in the host's own zone, and one place knows how.
const ZONE: (&[&str], &str) = (&["model", "moment"], "TimeZone::system");

/// A file of `src`, as far as layers are concerned.
pub struct Source {
    /// `["directory", "ldap"]` for `src/directory/ldap.rs`; empty for the crate's root.
    module: Vec<String>,
    /// Modules that are imported, `(module, as written)`.
    imports: BTreeSet<(String, String)>,
    /// Every identifier, and with a `!` each macro that is called.
    names: BTreeSet<String>,
    /// Every two names of a path that follow each other, `std::fs`, outside unit tests.
    pairs: BTreeSet<String>,
}

impl Source {
    pub fn read(src: &Path, path: &Path, text: &str) -> Self {
        let below = path.strip_prefix(src).unwrap().with_extension("");
        let mut module: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module == ["lib"] {
            module.clear();
        }
        let in_tests = module.iter().any(|part| part == "tests");
        let mut source = Self { module, imports: BTreeSet::new(), names: BTreeSet::new(), pairs: BTreeSet::new() };
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let depth = source.module.len();
        if !in_tests {
            source.pairs(&tokens, None);
        }
        source.walk(tokens, depth);
        source
    }

    /// Reads tokens that are `depth` modules below the crate's root.
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

    /// Follows `super::super::...` to where it leaves the own module: only at the crate's root is a module named.
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

    /// Notes the modules named by what follows `crate`: `::module...` or `::{module::..., module}`.
    fn path(&mut self, tokens: &[TokenTree], from: &str) {
        if !tokens.get(..2).is_some_and(is_path_separator) {
            return;
        }
        match tokens.get(2) {
            Some(TokenTree::Ident(module)) => {
                self.imports.insert((module.to_string(), format!("{from}::{module}")));
            }
            Some(TokenTree::Group(group)) => {
                let mut first = true;
                for token in group.stream() {
                    if let (true, Some(module)) = (first, ident(&token)) {
                        self.imports.insert((module.clone(), format!("{from}::{{{module}, ...}}")));
                    }
                    first = is_punct(&token, ',');
                }
            }
            _ => {}
        }
    }

    /// Notes the pairs of names in each path, through the braces of a `use`; `before` is the name in front of the braces.
    fn pairs(&mut self, tokens: &TokenStream, before: Option<&str>) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let follows = at >= 2 && is_path_separator(&tokens[at - 2..at]);
            let left = match at {
                _ if follows => at.checked_sub(3).and_then(|at| ident(&tokens[at])),
                0 => before.map(str::to_owned),
                _ if is_punct(&tokens[at - 1], ',') => before.map(str::to_owned),
                _ => None,
            };
            match token {
                TokenTree::Ident(name) => {
                    if let Some(left) = left {
                        self.pairs.insert(format!("{left}::{name}"));
                    }
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && is_of_unit_tests(&tokens[..at]) => {
                }
                TokenTree::Group(group) => self.pairs(&group.stream(), left.filter(|_| follows).as_deref()),
                _ => {}
            }
        }
    }

    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let Some(module) = self.module.first() else {
            return found; // lib.rs names every module
        };
        let binary = module == "main" || module == "bin";
        let layer = layer_of(module);
        if layer.is_none() && !binary {
            found.push(format!("\"{module}\" is in no layer; give it one here and in ARCHITECTURE.md"));
        }
        for (other, written) in &self.imports {
            if other == module || binary {
                continue;
            }
            match (layer, layer_of(other)) {
                (Some(own), Some(theirs)) if theirs == own => {
                    found.push(format!("{written}: {other} is in the same layer as {module}"));
                }
                (Some(own), Some(theirs)) if theirs < own => {
                    found.push(format!("{written}: {other} is above {module}"));
                }
                (_, Some(_)) if module == "laptop" && !OF_THE_LAPTOP.contains(&other.as_str()) => {
                    found.push(format!("{written}: the laptop's program is built without {other}"));
                }
                _ => {}
            }
        }
        for (name, owner) in OWNERS {
            if self.names.contains(name) && module != owner {
                found.push(format!("names {name}; only {owner} does"));
            }
        }
        for name in ["print!", "println!", "eprint!", "eprintln!"] {
            if self.names.contains(name) && !PRINTS.contains(&module.as_str()) && !binary {
                found.push(format!("calls {name}; only the command line prints"));
            }
        }
        for pair in IMPURE {
            if module == "model" && self.pairs.contains(pair) && !(self.module == ZONE.0 && pair == ZONE.1) {
                found.push(format!("uses {pair}; model reads no clock and does no I/O"));
            }
        }
        found
    }
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    tokens.len() == 2 && tokens.iter().all(|token| is_punct(token, ':'))
}

/// Whether these tokens end with `#[cfg(test)] mod NAME`.
fn is_of_unit_tests(tokens: &[TokenTree]) -> bool {
    let [.., hash, TokenTree::Group(attribute), keyword, _name] = tokens else { return false };
    is_punct(hash, '#')
        && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
        && ident(keyword).is_some_and(|keyword| keyword == "mod")
}

mod tests {
    use crate::made::{assert_accepted, assert_found, found_in};

    #[test]
    fn a_tree_in_order_is_accepted() {
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
    fn an_import_from_above_is_found() {
        assert_found("src/model/user.rs", "use crate::store::Row;", "store is above model");
        assert_found("src/store.rs", "use crate::engine;", "engine is above store");
        assert_found("src/engine.rs", "use crate::tui::App;", "tui is above engine");
        assert_found("src/engine.rs", "use crate::present::user;", "present is above engine");
        assert_found("src/wizard/form.rs", "use crate::cli::Args;", "cli is above wizard");
    }

    #[test]
    fn an_import_is_found_however_it_is_written() {
        assert_found("src/filter.rs", "use crate::{model::user, directory::Query};", "directory is above filter");
        assert_found("src/filter.rs", "fn f(q: &crate::directory::Query) {}", "directory is above filter");
        assert_found("src/filter.rs", "use super::directory::Query;", "directory is above filter");
        assert_found("src/filter/parse.rs", "use super::super::directory::Query;", "directory is above filter");
        assert_found("src/filter.rs", "mod tests { use super::super::directory::Query; }", "directory is above filter");
        assert_found("src/filter.rs", "fn f() { g(|| imd::directory::read()); }", "directory is above filter");
    }

    #[test]
    fn an_import_from_the_same_layer_is_found() {
        assert_found("src/token.rs", "use crate::store::Row;", "store is in the same layer as token");
        assert_found("src/sync/plan.rs", "use crate::export::Folder;", "export is in the same layer as sync");
        assert_found("src/tui/app.rs", "use crate::cli::Args;", "cli is in the same layer as tui");
        assert_found("src/filter.rs", "use crate::secrets::Secret;", "secrets is in the same layer as filter");
    }

    #[test]
    fn a_module_without_a_layer_is_found() {
        assert_found("src/cellar.rs", "", "is in no layer");
    }

    #[test]
    fn what_the_laptop_is_built_without_is_found() {
        assert_found("src/laptop.rs", "use crate::engine::Engine;", "built without engine");
        assert_found("src/laptop/claim.rs", "fn f() { crate::filter::g(); }", "built without filter");
        assert_accepted("src/laptop.rs", "use crate::{model::name::Name, protocol, secrets::Secret, kerberos, token};");
    }

    #[test]
    fn sql_and_ldap_outside_their_modules_are_found() {
        assert_found("src/engine.rs", "use rusqlite::Connection;", "names rusqlite; only store does");
        assert_found("src/sync.rs", "fn f(_: ldap3::Scope) {}", "names ldap3; only directory does");
        assert_found("src/cli.rs", "use refinery::Runner;", "names refinery; only store does");
    }

    #[test]
    fn printing_outside_the_command_line_is_found() {
        assert_found("src/tui.rs", "fn f() { println!(\"x\"); }", "calls println!");
        assert_found("src/engine.rs", "fn f() { if true { eprintln!(\"x\"); } }", "calls eprintln!");
    }

    #[test]
    fn a_clock_or_io_in_model_is_found() {
        assert_found("src/model/a.rs", "use std::fs;", "uses std::fs");
        assert_found("src/model/a.rs", "use std::{fmt, fs::File};", "uses std::fs");
        assert_found("src/model/a.rs", "use std::{net::{IpAddr, TcpStream}};", "uses net::TcpStream");
        assert_found("src/model/a.rs", "fn f() -> T { jiff::Timestamp::now() }", "uses Timestamp::now");
        assert_found("src/model/a.rs", "fn f() { g(|| std::env::var(\"A\")); }", "uses std::env");
        assert_found("src/model/a.rs", "fn f() { TimeZone::system(); }", "uses TimeZone::system");
        assert_accepted("src/model/moment.rs", "fn f() { TimeZone::system(); }");
        assert_accepted("src/model/a.rs", "use std::{fmt, net::IpAddr}; #[cfg(test)] mod tests { use std::fs; }");
        assert_accepted("src/engine.rs", "use std::fs; fn f() { Timestamp::now(); }");
    }
}
