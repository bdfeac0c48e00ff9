//! The filters of `.config/nextest.toml` name suites that exist: a filter that matches nothing is silent.

use std::path::Path;

use crate::{read, top};

/// The suites in each `test(/^(a|b::c)::/)` that `binary` is combined with, as paths below `tests/BINARY`.
fn suites(config: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in config.split("binary(").skip(1) {
        let Some((binary, rest)) = part.split_once(')') else { continue };
        let Some((_, pattern)) = rest.split_once("test(/^") else { continue };
        let pattern = pattern.split("::/)").next().unwrap_or_default();
        let names = pattern.trim_start_matches('(').trim_end_matches(')').split('|');
        found.extend(names.map(|name| format!("{binary}/{}.rs", name.replace("::", "/"))));
    }
    found
}

fn missing(top: &Path) -> Vec<String> {
    let config = read(&top.join(".config/nextest.toml"));
    suites(&config).into_iter().filter(|file| !top.join("tests").join(file).exists()).collect()
}

#[test]
fn suites_that_nextest_filters_name_exist() {
    assert!(suites(&read(&top().join(".config/nextest.toml"))).len() > 5, "the filters were not read");
    assert_eq!(missing(&top()), [""; 0]);
}

#[test]
fn a_suite_that_does_not_exist_is_found() {
    let config = "filter = 'binary(it) & test(/^(sync|a::b)::/)'\nx = 'not (binary(with_lab) and test(/^gone::/))'";
    let tree =
        crate::made::tree(&[(".config/nextest.toml", config), ("tests/it/sync.rs", ""), ("tests/it/a/b.rs", "")]);
    assert_eq!(missing(tree.path()), ["with_lab/gone.rs"]);
}
