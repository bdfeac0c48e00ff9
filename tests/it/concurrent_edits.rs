//! An administrator can change only the version that they have seen, and a failed save changes nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use imd::engine::{Engine, Options};
use imd::model::job::Job;
use imd::model::name::Name;
use imd::model::profile::Storage;
use imd::model::token::{Request, Scope, State};
use imd::secrets::Secret;
use imd::wizard::answers::{Answers, Error};
use imd::wizard::form::{Form, Value};
use imd::wizard::{self, Saved, Step};

/// An engine with a clock that advances by a second at each reading.
fn engine(state: &Path) -> Engine {
    let seconds = AtomicI64::new(1_767_225_600);
    let clock = Arc::new(move || {
        jiff::Timestamp::from_second(seconds.fetch_add(1, Ordering::Relaxed)).expect("a second of this century")
    });
    Engine::open(Options { clock, ..Options::of_host(state.join("state")) }).expect("a new state")
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn fill(form: &mut Form, answers: &[(&str, &str)]) {
    for (key, text) in answers {
        assert!(form.field(key).is_some(), "{key} is no field");
        form.set(key, Value::Text((*text).to_owned()));
    }
}

/// Answers over the sample directory, which is written into the same folder.
fn answers(engine: &Engine, folder: &Path, text: &str) -> Answers {
    engine.write_sample(folder).expect("the sample");
    Answers::parse(text, folder).expect("answers")
}

fn apply(engine: &Engine, answers: &Answers, yes: bool) -> Result<bool, Error> {
    answers.apply(engine, yes, &Job::unwatched(), &mut |_| {})
}

const FIRST: &str = "
[directory]
name = 'corp'
file = 'sample.ldif'
[profile]
name = 'Laptops'
login_directory = 'corp'
[storage]
name = 'eu-1'
location = 's3://eu-1'
[mapping]
name = 'Staff'
directory = 'corp'
profile = 'Laptops'
storage = 'eu-1'
";

fn location(engine: &Engine, storage: &str) -> String {
    engine.storage(&name(storage)).expect("storages").expect("it is there").value.location
}

#[test]
fn new_profile_in_answers_keeps_the_storage() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    apply(&engine, &answers(&engine, folder.path(), FIRST), false).expect("set up");
    let other = FIRST.replace("Laptops", "Desktops").replace("s3://eu-1", "s3://elsewhere").replace("Staff", "Desks");
    let error = apply(&engine, &answers(&engine, folder.path(), &other), false).expect_err("it would change eu-1");
    assert!(matches!(&error, Error::WouldChange(lines) if lines.iter().any(|line| line.contains("s3://elsewhere"))));
    assert_eq!(location(&engine, "eu-1"), "s3://eu-1");
    // A new storage with an existing profile changes no existing object.
    let another = FIRST.replace("eu-1", "us-1").replace("Staff", "Others");
    let added = apply(&engine, &answers(&engine, folder.path(), &another), false).err().map(|error| error.to_string());
    assert!(!added.is_some_and(|error| error.contains("would change")));
}

#[test]
fn the_same_answers_are_read_again_when_the_reading_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let answers = answers(&engine, folder.path(), FIRST);
    apply(&engine, &answers, false).expect("set up");
    let everybody = engine.user_count().expect("users");
    let narrowed = FIRST.replace("storage = 'eu-1'\n", "storage = 'eu-1'\nfilter = '(department=Sales)'\n");
    let narrowed = Answers::parse(&narrowed, folder.path()).expect("answers");
    let stopped = apply(&engine, &narrowed, true).expect_err("most users would leave");
    assert!(stopped.needs_you(), "{stopped}");
    assert_eq!(engine.user_count().expect("users"), everybody);
    // The mapping is saved by now, but the cache is not what it says: to claim success would be wrong.
    let again = apply(&engine, &narrowed, true).expect_err("still nobody approved");
    assert!(again.needs_you(), "{again}");
}

#[test]
fn a_plan_that_was_not_applied_is_no_sync() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let mut form = wizard::open(&engine, Step::Directory).expect("a form");
    let file = engine.write_sample(folder.path()).expect("the sample").display().to_string();
    fill(&mut form, &[("directory.name", "corp"), ("directory.source", "file"), ("directory.file", &file)]);
    wizard::save(&engine, &mut form).expect("saved");
    save_profile_and_mapping(&engine);
    let plan = engine.plan(&Job::unwatched()).expect("a plan");
    assert_eq!(engine.last_sync().expect("read"), None);
    let applied = engine.apply(plan.id, None, &Job::unwatched()).expect("applied");
    assert_eq!(engine.last_sync().expect("read"), Some(applied.made_at));
}

fn save_profile_and_mapping(engine: &Engine) {
    let mut form = wizard::open(engine, Step::Profile).expect("a form");
    fill(&mut form, &[("profile.name", "Laptops"), ("storage.name", "eu-1"), ("storage.location", "s3://eu-1")]);
    assert_eq!(wizard::save(engine, &mut form).expect("saved"), Saved::Kept);
    let mut form = wizard::open(engine, Step::Mapping).expect("a form");
    fill(&mut form, &[("mapping.name", "Staff")]);
    assert_eq!(wizard::save(engine, &mut form).expect("saved"), Saved::Kept);
}

fn with_directory(folder: &Path) -> Engine {
    let engine = engine(folder);
    let mut form = wizard::open(&engine, Step::Directory).expect("a form");
    fill(&mut form, &[("directory.name", "corp"), ("directory.source", "file"), ("directory.file", "/x.ldif")]);
    wizard::save(&engine, &mut form).expect("saved");
    save_profile_and_mapping(&engine);
    engine
}

#[test]
fn form_with_another_name_adds_and_never_overwrites() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_directory(folder.path());
    let mut form = wizard::open(&engine, Step::Mapping).expect("a form");
    fill(&mut form, &[("mapping.name", "Guests"), ("mapping.department", "Guests")]);
    assert_eq!(wizard::save(&engine, &mut form).expect("a second mapping"), Saved::Kept);
    fill(&mut form, &[("mapping.name", "Staff")]);
    let error = wizard::save(&engine, &mut form).expect_err("Staff was never looked at");
    assert!(error.to_string().contains("already a mapping \"Staff\""), "{error}");
    let staff = engine.mapping(&name("Staff")).expect("mappings").expect("it is there");
    assert_eq!(staff.value.department, None);
}

#[test]
fn naming_a_storage_does_not_move_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_directory(folder.path());
    let us = Storage { name: name("us-1"), location: "s3://us-1".to_owned(), capacity: None };
    let profile = engine.profile(&name("Laptops")).expect("profiles").expect("it is there");
    engine.save_profile(&profile.value, Some(profile.version), &us, None).expect("saved");
    let mut form = wizard::open(&engine, Step::Profile).expect("a form");
    assert_eq!(form.text("storage.name"), Some("eu-1"));
    fill(&mut form, &[("storage.name", "us-1")]);
    assert_eq!(wizard::save(&engine, &mut form).expect("no failure"), Saved::Problems);
    assert_eq!(location(&engine, "us-1"), "s3://us-1");
    fill(&mut form, &[("storage.location", "s3://us-1")]);
    assert_eq!(wizard::save(&engine, &mut form).expect("it is the one that exists"), Saved::Unchanged);
}

#[test]
fn draft_of_a_new_object_stays_one_in_the_next_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_directory(folder.path());
    let mut form = wizard::open(&engine, Step::Mapping).expect("a form");
    fill(&mut form, &[("mapping.name", "Guests"), ("mapping.department", "Guests")]);
    wizard::keep_draft(&engine, &form).expect("kept");
    let mut form = wizard::open(&engine, Step::Mapping).expect("a form");
    assert_eq!(form.text("mapping.name"), Some("Guests"));
    assert_eq!(wizard::save(&engine, &mut form).expect("a new mapping"), Saved::Kept);
    let staff = engine.mapping(&name("Staff")).expect("mappings").expect("it is there");
    assert_eq!(staff.value.department, None);
}

#[test]
fn a_profile_that_cannot_be_saved_leaves_its_storage_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_directory(folder.path());
    let profile = engine.profile(&name("Laptops")).expect("profiles").expect("it is there");
    let us = Storage { name: name("us-1"), location: "s3://us-1".to_owned(), capacity: None };
    let outdated = imd::model::profile::Profile { max_users: 7, ..profile.value };
    engine.save_profile(&outdated, Some(profile.version + 1), &us, None).expect_err("another version is there");
    assert_eq!(engine.storage(&us.name).expect("storages"), None);
}

#[test]
fn the_password_of_a_removed_directory_is_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let mut form = wizard::open(&engine, Step::Directory).expect("a form");
    let answers = [
        ("directory.name", "Corp"),
        ("directory.urls", "ldaps://dc1.corp.example.com"),
        ("directory.bind", "svc@corp.example.com"),
    ];
    fill(&mut form, &answers);
    form.set("directory.password", Value::Secret(Secret::new("c4nary-p4ssword")));
    assert_eq!(wizard::save(&engine, &mut form).expect("saved"), Saved::Kept);
    assert!(engine.has_password(&name("corp")).expect("read"), "a name is the same in any case");
    engine.remove_directory(&name("Corp")).expect("removed");
    assert!(!engine.has_password(&name("Corp")).expect("read"));
}

/// A token of that name, which never expires.
fn endless(of: &str) -> Request {
    let servers = vec!["https://imd.example.com".to_owned()];
    Request { name: name(of), expires: None, max_activations: 0, servers, scope: Scope::default(), note: None }
}

#[test]
fn a_name_means_the_token_that_is_still_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let old = engine.mint(&endless("rollout")).expect("minted").record;
    engine.revoke_token(&old.id).expect("revoked");
    let new = engine.mint(&endless("rollout")).expect("minted").record;
    let named = engine.token_named(&name("ROLLOUT")).expect("read").expect("it is there");
    assert_eq!((&named.id, named.state(engine.now())), (&new.id, State::Valid));
    let other = engine.mint(&endless("other")).expect("minted").record;
    let order: Vec<_> = engine.tokens().expect("read").into_iter().map(|token| token.id).collect();
    assert_eq!(order, [old.id, new.id, other.id], "the newest last");
}

#[test]
fn rotated_token_with_a_first_day_keeps_its_duration() {
    const DAY: i64 = 86_400;
    let folder = tempfile::tempdir().expect("a folder");
    let days = Arc::new(AtomicI64::new(0));
    let clock = {
        let days = days.clone();
        move || jiff::Timestamp::from_second(1_767_225_600 + days.load(Ordering::Relaxed) * DAY).expect("a day")
    };
    let options = Options::of_host(folder.path().join("state"));
    let engine = Engine::open(Options { clock: Arc::new(clock), ..options }).expect("a new state");
    let at = |day: i64| jiff::Timestamp::from_second(1_767_225_600 + day * DAY).expect("a day");
    let scope = Scope { not_before: Some(at(30)), ..Scope::default() };
    let expires = Some("10d".parse().expect("a length"));
    let first = engine.mint(&Request { expires, scope, ..endless("rollout") }).expect("minted").record;
    assert_eq!(first.expires_at, Some(at(40)));
    // Before its first day: the replacement begins on that day, too.
    let second = engine.rotate_token(&first.id, imd::engine::OVERLAP).expect("rotated").new.record;
    assert_eq!((second.scope.not_before, second.expires_at), (Some(at(30)), Some(at(40))));
    // Afterwards: now.
    days.store(35, Ordering::Relaxed);
    let third = engine.rotate_token(&second.id, imd::engine::OVERLAP).expect("rotated").new.record;
    assert_eq!((third.scope.not_before, third.expires_at), (None, Some(at(45))));
}

#[test]
fn a_syntax_error_does_not_repeat_the_line_it_is_in() {
    let error = Answers::parse("[directory]\nname = \"corp\"\npassword = \"hunter2\nx = 1", Path::new("/"))
        .expect_err("a string without its end");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(error.to_string().contains("line 3"), "{error}");
}

#[test]
fn a_target_that_is_named_twice_is_written_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let request = endless("rollout");
    engine.mint(&request).expect("minted");
    let installer = imd::model::installer::Installer {
        agent: "imd-activate".to_owned(),
        targets: vec!["msiexec".to_owned(), "msiexec".to_owned()],
        token: Some(name("rollout")),
        folder: folder.path().join("rollout"),
        ..imd::model::installer::Installer::default()
    };
    assert_eq!(engine.write_exports(&installer).expect("written").len(), 1);
    assert_eq!(engine.exported_targets().expect("read"), ["msiexec"]);
}

#[test]
fn rewritten_folder_drops_the_old_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path());
    let request = endless("rollout");
    let old = engine.mint(&request).expect("minted").record;
    let installer = imd::model::installer::Installer {
        agent: "imd-activate".to_owned(),
        targets: vec!["msiexec".to_owned(), "shell".to_owned()],
        token: Some(name("rollout")),
        folder: folder.path().join("rollout"),
        ..imd::model::installer::Installer::default()
    };
    engine.write_exports(&installer).expect("written");
    assert_eq!(engine.exports_with(&old.id).expect("read").len(), 2);
    let rotated = engine.rotate_token(&old.id, imd::engine::OVERLAP).expect("rotated");
    let written = engine.rewrite_exports(&rotated.old, &rotated.new.record).expect("looked up");
    assert!(written.len() == 2 && written.iter().all(|one| one.outcome.is_ok()), "{written:?}");
    assert_eq!(engine.exports_with(&old.id).expect("read"), []);
    assert_eq!(engine.exports_with(&rotated.new.record.id).expect("read").len(), 2);
    // A replaced token cannot be replaced again.
    assert!(engine.rotate_token(&old.id, imd::engine::OVERLAP).is_err());
}
