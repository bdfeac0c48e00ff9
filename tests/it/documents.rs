//! The documents are true: their commands run, their generated parts equal the program, their links lead somewhere, and
//! the picture in README.md is the screen.
//!
//! `UPDATE_DOCS=1 cargo nextest run --test it documents` writes the generated parts and the picture again.

mod commands;
mod picture;
mod reference;

use std::path::{Path, PathBuf};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file that people read, relative to the tree.
fn pages() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["README.md", "SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "STYLE.md"]
        .iter()
        .map(PathBuf::from)
        .collect();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(top().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if top().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(page: &Path) -> String {
    let path = top().join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares a file with what it should hold; with `UPDATE_DOCS` set, writes it instead.
#[track_caller]
fn is_up_to_date(path: &str, wanted: &str) {
    let place = top().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&place, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&place).unwrap_or_default();
    let differs = found.lines().zip(wanted.lines()).position(|(one, other)| one != other);
    assert!(
        found == wanted,
        "{path} is not what the program says (first difference in line {}); \
         UPDATE_DOCS=1 cargo nextest run --test it documents writes it again",
        differs.map_or(found.lines().count().min(wanted.lines().count()), |line| line) + 1
    );
}

/// The targets of the links of a page, without those to other sites.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.starts_with("http")).collect()
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for link in links(&text) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() {
                continue;
            }
            let path = top().join(page.parent().unwrap()).join(target);
            assert!(path.exists(), "{}: {link} leads nowhere", page.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} links were found");
}

#[test]
fn the_book_lists_every_page_once() {
    let summary = read(Path::new("docs/SUMMARY.md"));
    let mut listed = links(&summary);
    listed.sort_unstable();
    let mut pages: Vec<String> = pages()
        .iter()
        .filter_map(|page| page.strip_prefix("docs").ok())
        .map(|page| page.display().to_string())
        .filter(|page| page != "SUMMARY.md")
        .collect();
    pages.sort_unstable();
    assert_eq!(listed, pages);
}

#[test]
fn readme_fits_on_a_page() {
    let readme = read(Path::new("README.md"));
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
    assert!(readme.contains("(docs/console.svg)"));
}

/// Every function name of the sources, as the tests are named in SECURITY.md.
#[test]
fn security_md_names_a_test_for_each_promise() {
    let text = read(Path::new("SECURITY.md"));
    let promises: Vec<&str> = text.split("\n### ").skip(1).collect();
    assert_eq!(promises.len(), 10);
    let mut sources = String::new();
    let mut folders = vec![top().join("src"), top().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    for promise in promises {
        let title = promise.lines().next().unwrap();
        let names: Vec<&str> = promise.lines().filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`')).collect();
        assert!(!names.is_empty(), "{title} names no test");
        for name in names {
            assert!(
                sources.contains(&format!("#[test]\nfn {name}()"))
                    || sources.contains(&format!("#[test]\n    fn {name}()")),
                "{title}: {name} is no test"
            );
        }
    }
}
