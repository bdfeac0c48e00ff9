//! Lists and the overview over a real state, in words.

use super::*;
use crate::engine::Options;
use crate::model::token::{Request, Scope};
use crate::tui::run::overview;

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn engine(folder: &std::path::Path) -> Engine {
    Engine::open(Options::of_host(folder.join("state"))).expect("a state")
}

fn facts(detail: &Detail, label: &str) -> Vec<String> {
    detail.lines.iter().filter(|fact| fact.label == label).map(|fact| fact.text.clone()).collect()
}

#[test]
fn where_nothing_is_set_up_nothing_is_said_to_be_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let view = overview::overview(&engine(folder.path())).expect("an overview");
    assert_eq!((view.says.as_str(), view.tone), ("Setup is not finished: 9 opens it.", Tone::Warning));
}

#[test]
fn the_overlap_of_a_revoked_token_is_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let request = Request {
        name: name("rollout"),
        expires: None,
        max_activations: 0,
        servers: vec!["https://imd.example.com".to_owned()],
        scope: Scope::default(),
        note: None,
    };
    let old = engine.mint(&request).expect("minted").record.id;
    engine.rotate_token(&old, crate::engine::OVERLAP).expect("rotated");
    let replacement = || facts(&detail(&engine, Kind::Tokens, old.as_str()).expect("it is there"), "Replaced by");
    assert!(replacement()[0].starts_with("rollout; the overlap ends 20"), "{:?}", replacement());
    engine.revoke_token(&old).expect("revoked");
    assert_eq!(replacement(), ["rollout"]);
}

#[test]
fn a_read_only_console_offers_no_change() {
    let folder = tempfile::tempdir().expect("a folder");
    engine(folder.path()).pause(None).expect("paused");
    let asked = Asked { kind: Kind::Devices, search: String::new(), order: 0 };
    assert_eq!(rows(&engine(folder.path()), &asked, 0, 10).expect("rows").acts, [Act::Resume]);
    let options = Options { read_only: true, ..Options::of_host(folder.path().join("state")) };
    let reader = Engine::open(options).expect("a state");
    assert_eq!(rows(&reader, &asked, 0, 10).expect("rows").acts, []);
}

#[test]
fn the_audit_is_searched_by_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    engine.pause(None).expect("paused");
    let found = |search: &str| {
        let asked = Asked { kind: Kind::Audit, search: search.to_owned(), order: 0 };
        rows(&engine, &asked, 0, 10).expect("rows").total
    };
    let today = engine.now().strftime("%Y-%m-%d").to_string();
    assert_eq!((found(""), found(&today), found(&format!("{today} pause"))), (2, 2, 1));
    assert_eq!((found("2020-02-29"), found("2999-12-31")), (0, 0), "neither before nor after");
}

#[test]
fn question_and_help_say_the_same_of_a_mapping_that_is_off() {
    const SAID: [&str; 3] =
        ["t the next sync", "later mapping matches move to that mapping", "no new laptop is activated for them"];
    let help = include_str!("../../../../assets/help/mappings.txt");
    let folder = tempfile::tempdir().expect("a folder");
    let question = mappings::effect_of_off(&engine(folder.path()), &name("Staff")).expect("it is known");
    for part in SAID {
        assert!(help.contains(part) && question.contains(part), "{part}: {question}");
    }
}
