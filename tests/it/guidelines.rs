//! Each guideline of the workflow is a check that can fail: the wizard refuses what mass deployment cannot use.

use std::path::Path;
use std::sync::Arc;

use imd::engine::{Engine, Options};
use imd::model::audit::Actor;
use imd::model::check::{Check, Outcome};
use imd::model::job::Job;
use imd::model::mapping::{AccountName, Kind, Mapping};
use imd::model::name::Name;
use imd::wizard::form::{Form, Pick, Value};
use imd::wizard::{self, Saved, State, Step};

fn engine_as(state: &Path, who: &str) -> Engine {
    let now = "2026-01-01T12:00:00Z".parse().expect("a timestamp");
    let clock = Arc::new(move || now);
    let options = Options { actor: Actor::new(who), clock, ..Options::of_host(state.join("state")) };
    Engine::open(options).expect("a new state")
}

fn engine(state: &Path) -> Engine {
    engine_as(state, "anna")
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

/// Saves a step with these answers.
fn save(engine: &Engine, step: Step, answers: &[(&str, &str)]) -> (Saved, Form) {
    let mut form = wizard::open(engine, step).expect("a form");
    fill(&mut form, answers);
    let saved = wizard::save(engine, &mut form).expect("no failure but a problem in the form");
    (saved, form)
}

const DIRECTORY: [(&str, &str); 3] =
    [("directory.name", "corp"), ("directory.source", "file"), ("directory.file", "/nonexistent/users.ldif")];
const PROFILE: [(&str, &str); 4] = [
    ("profile.name", "Laptops"),
    ("profile.login_directory", "corp"),
    ("storage.name", "eu-1"),
    ("storage.location", "s3://eu-1"),
];

fn problem<'a>(form: &'a Form, key: &str) -> &'a str {
    form.field(key).and_then(|field| field.problem.as_ref()).map_or("", |problem| problem.message.as_str())
}

fn checks(engine: &Engine, form: &Form) -> Vec<Check> {
    let mut checks = Vec::new();
    wizard::check(engine, form, &Job::unwatched(), &mut |check| checks.push(check)).expect("the checks run");
    checks
}

fn outcome(checks: &[Check], name: &str) -> Outcome {
    checks.iter().rfind(|check| check.name == name).unwrap_or_else(|| panic!("no check {name:?} in {checks:?}")).outcome
}

#[test]
fn a_profile_with_users_added_by_csv_is_refused() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    assert_eq!(save(&engine, Step::Directory, &DIRECTORY).0, Saved::Kept);
    let (saved, form) = save(&engine, Step::Profile, &PROFILE);
    assert_eq!(saved, Saved::Kept);
    assert_eq!(outcome(&checks(&engine, &form), "no users added by CSV"), Outcome::Ok);

    let csv = state.path().join("users.csv");
    std::fs::write(&csv, "mail,name\nkari@example.com,Kari\nola@example.com,Ola\n").expect("a file");
    assert_eq!(engine.import_profile_users(&name("Laptops"), &csv).expect("imported"), 2);

    let (saved, form) = save(&engine, Step::Profile, &PROFILE);
    assert_eq!(saved, Saved::Problems);
    assert!(problem(&form, "profile.name").contains("2 users were added"), "{}", problem(&form, "profile.name"));
    let form = wizard::open(&engine, Step::Profile).expect("a form");
    assert_eq!(outcome(&checks(&engine, &form), "no users added by CSV"), Outcome::Failed);
    let standing = wizard::standing(&engine).expect("the list of steps");
    assert_eq!(standing[1].state, State::Refused, "a step that was done is no longer good");

    let mapping = wizard::open(&engine, Step::Mapping).expect("a form");
    let choice = mapping.field("mapping.profile").expect("a field").choices()[0].clone();
    assert!(choice.refused.is_some(), "step 3 does not offer it either");
}

#[test]
fn csv_file_with_a_bad_line_adds_no_users() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    save(&engine, Step::Directory, &DIRECTORY);
    save(&engine, Step::Profile, &PROFILE);
    let csv = state.path().join("users.csv");
    std::fs::write(&csv, "mail,name\nkari@example.com,Kari\nola@example.com,Ola,one,too,many\n").expect("a file");
    let error = engine.import_profile_users(&name("Laptops"), &csv).expect_err("a bad line");
    assert!(error.to_string().contains("users.csv") && !error.help().is_empty());
    assert_eq!(engine.users_by_csv(&name("Laptops")).expect("a count"), 0);
}

#[test]
fn a_login_that_is_not_active_directory_is_refused() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    save(&engine, Step::Directory, &DIRECTORY);
    let mut answers = PROFILE.to_vec();
    answers.push(("profile.login", "local"));
    let (saved, form) = save(&engine, Step::Profile, &answers);
    assert_eq!(saved, Saved::Problems);
    assert!(problem(&form, "profile.login").contains("Active Directory"));
    assert!(engine.profiles().expect("profiles").is_empty(), "nothing was half saved");
}

#[test]
fn import_mapping_is_never_reused() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    save(&engine, Step::Directory, &DIRECTORY);
    save(&engine, Step::Profile, &PROFILE);
    let import = Mapping {
        name: name("Import"),
        kind: Kind::Import,
        directory: name("corp"),
        base_dn: None,
        ou: None,
        group: None,
        department: None,
        country: None,
        filter: None,
        account_name: AccountName::Upn,
        profile: name("Laptops"),
        storage: name("eu-1"),
        quota: None,
        auto_import: true,
        interval: None,
        enabled: true,
    };
    engine.save_mapping(&import, None).expect("made by another tool");

    let mut form = wizard::open_named(&engine, Step::Mapping, &name("Import")).expect("a form");
    assert_eq!(wizard::save(&engine, &mut form).expect("no failure"), Saved::Problems);
    assert!(problem(&form, "mapping.kind").contains("made for importing"));
    // Nor by saying that it is something else now.
    fill(&mut form, &[("mapping.kind", "imd"), ("mapping.auto_import", "false")]);
    assert_eq!(wizard::save(&engine, &mut form).expect("no failure"), Saved::Problems);
    assert!(problem(&form, "mapping.name").contains("made for importing"));
    assert_eq!(engine.mapping(&name("Import")).expect("it is there").map(|kept| kept.value), Some(import));

    let mapping = [("mapping.name", "Staff"), ("mapping.auto_import", "true")];
    let (saved, form) = save(&engine, Step::Mapping, &mapping);
    assert_eq!(saved, Saved::Problems);
    assert!(problem(&form, "mapping.auto_import").contains("On"));

    let picked = wizard::pick(&engine, &form, Pick::Existing, None, &Job::unwatched()).expect("the mappings");
    assert!(picked[0].detail.contains("cannot be used"));
}

#[test]
fn invalid_filter_is_shown_at_its_column() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    save(&engine, Step::Directory, &DIRECTORY);
    save(&engine, Step::Profile, &PROFILE);
    let (saved, form) =
        save(&engine, Step::Mapping, &[("mapping.name", "Staff"), ("mapping.filter", r"(&(mail=*)(sn=a\zz))")]);
    assert_eq!(saved, Saved::Problems);
    let problem = form.field("mapping.filter").and_then(|field| field.problem.clone()).expect("a problem");
    assert_eq!(problem.column, Some(16), "the escape that is none is where it stands: {problem:?}");
}

#[test]
fn draft_survives_the_session_without_passwords() {
    let state = tempfile::tempdir().expect("a folder");
    {
        let engine = engine(state.path());
        let mut form = wizard::open(&engine, Step::Directory).expect("a form");
        fill(&mut form, &[("directory.name", "corp"), ("directory.bind", "svc@corp.example.com")]);
        form.set("directory.password", Value::Secret(imd::secrets::Secret::new("c4nary-p4ssword")));
        wizard::keep_draft(&engine, &form).expect("kept");
        wizard::set_at(&engine, Step::Directory).expect("kept");
    }
    let engine = engine(state.path());
    assert_eq!(wizard::at(&engine).expect("a step"), Some(Step::Directory));
    let form = wizard::open(&engine, Step::Directory).expect("a form");
    assert_eq!(form.text("directory.bind"), Some("svc@corp.example.com"));
    for file in std::fs::read_dir(engine.state()).expect("the state") {
        let path = file.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        assert!(!bytes.windows(15).any(|window| window == b"c4nary-p4ssword"), "{}", path.display());
    }
}

#[test]
fn stored_password_is_bound_to_server_and_account() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    let answers = [
        ("directory.name", "corp"),
        ("directory.source", "ldaps"),
        ("directory.urls", "ldaps://dc1.example.com ldaps://dc2.example.com"),
        ("directory.bind", "svc@corp.example.com"),
    ];
    let mut form = wizard::open(&engine, Step::Directory).expect("a form");
    fill(&mut form, &answers);
    form.set("directory.password", Value::Secret(imd::secrets::Secret::new("c4nary-p4ssword")));
    assert_eq!(wizard::save(&engine, &mut form).expect("no failure"), Saved::Kept);

    let (saved, _) = save(&engine, Step::Directory, &[("directory.urls", "ldaps://dc2.example.com")]);
    assert_eq!(saved, Saved::Kept, "one of the same servers needs no password again");
    for other in [("directory.urls", "ldaps://elsewhere.example.org"), ("directory.bind", "other@corp.example.com")] {
        let (saved, form) = save(&engine, Step::Directory, &[other]);
        assert_eq!(saved, Saved::Problems, "{other:?}");
        assert!(problem(&form, "directory.password").contains("another account or server"));
        let kept = engine.directory(&name("corp")).expect("read").expect("kept").value.source;
        let text = serde_json::to_string(&kept).expect("JSON");
        assert!(text.contains("dc2.example.com") && text.contains("svc@corp.example.com"), "{text}");
    }
}

#[test]
fn form_does_not_overwrite_concurrent_changes() {
    let state = tempfile::tempdir().expect("a folder");
    let anna = engine(state.path());
    let bjorn = engine_as(state.path(), "bjorn");
    save(&anna, Step::Settings, &[("settings.devices_per_user", "2")]);
    let mut outdated = wizard::open(&anna, Step::Settings).expect("a form");
    save(&bjorn, Step::Settings, &[("settings.devices_per_user", "3")]);
    fill(&mut outdated, &[("settings.devices_per_user", "5")]);
    let error = wizard::save(&anna, &mut outdated).expect_err("bjorn was first");
    assert!(error.to_string().contains("changed by bjorn"), "{error}");
    let kept = anna.settings().expect("settings").expect("saved");
    assert_eq!(kept.value.devices_per_user, 3);
}

#[test]
fn drafts_are_kept_per_item() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    save(&engine, Step::Directory, &DIRECTORY);
    save(&engine, Step::Profile, &PROFILE);
    for mapping in ["Sales", "Staff"] {
        let mut form = wizard::open_new(&engine, Step::Mapping).expect("a form");
        assert_eq!(form.name(), None, "it is for another one");
        fill(&mut form, &[("mapping.name", mapping), ("mapping.profile", "Laptops"), ("mapping.storage", "eu-1")]);
        assert_eq!(wizard::save(&engine, &mut form).expect("saved"), wizard::Saved::Kept);
    }
    let typed = |name: &str, department: &str| {
        let mut form = wizard::open_entry(&engine, Step::Mapping, &self::name(name)).expect("a form");
        fill(&mut form, &[("mapping.department", department)]);
        wizard::keep_draft(&engine, &form).expect("kept");
    };
    let department = |form: &wizard::form::Form| form.text("mapping.department").map(str::to_owned);
    typed("Sales", "Retail");
    typed("Staff", "People");
    let mut new = wizard::open_new(&engine, Step::Mapping).expect("a form");
    assert_eq!(department(&new), None);
    fill(&mut new, &[("mapping.name", "Kiosks")]);
    wizard::keep_draft(&engine, &new).expect("kept");
    // Each comes back to what was typed into it, and the step to what was typed last.
    let open = |name: &str| wizard::open_entry(&engine, Step::Mapping, &self::name(name)).expect("a form");
    assert_eq!(
        (department(&open("Sales")), department(&open("Staff"))),
        (Some("Retail".into()), Some("People".into()))
    );
    assert_eq!(wizard::open_new(&engine, Step::Mapping).expect("a form").name(), Some("Kiosks"));
    assert_eq!(wizard::open(&engine, Step::Mapping).expect("a form").name(), Some("Kiosks"));
    // The unsaved step is reported; reloading discards only its draft, and saving the other step keeps its own.
    let entered = |step: Step| wizard::standing(&engine).expect("standing")[step as usize].entered;
    assert!(entered(Step::Mapping) && !entered(Step::Profile));
    let sales = wizard::reload(&engine, &open("Sales")).expect("as it is saved");
    assert_eq!((sales.name(), department(&sales)), (Some("Sales"), None));
    let mut staff = open("Staff");
    assert_eq!(wizard::save(&engine, &mut staff).expect("saved"), wizard::Saved::Kept);
    assert_eq!(department(&open("Staff")), Some("People".into()));
    assert!(entered(Step::Mapping), "another one was typed, and is still there");
    let new = wizard::reload(&engine, &wizard::open_new(&engine, Step::Mapping).expect("a form")).expect("blank");
    assert_eq!(new.name(), None);
    assert!(!entered(Step::Mapping));
}

#[test]
fn new_storage_form_is_empty_and_adds_a_profile() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    save(&engine, Step::Directory, &DIRECTORY);
    save(&engine, Step::Profile, &PROFILE);
    let mut form = wizard::open_storage(&engine, None).expect("a form");
    assert_eq!((form.text("storage.name"), form.text("storage.location"), form.name()), (None, None, Some("Laptops")));
    assert!(form.named_otherwise().is_empty());
    fill(&mut form, &[("storage.name", "eu-2"), ("storage.location", "s3://backup-eu-2")]);
    assert_eq!(wizard::save(&engine, &mut form).expect("saved"), wizard::Saved::Kept);
    let form = wizard::open_storage(&engine, Some(&name("eu-2"))).expect("a form");
    assert_eq!(form.text("storage.location"), Some("s3://backup-eu-2"));
    assert_eq!(engine.storages().expect("read").len(), 2, "the one before is still there");
}

#[test]
fn old_draft_does_not_overwrite_newer_values() {
    let state = tempfile::tempdir().expect("a folder");
    let anna = engine(state.path());
    let bjorn = engine_as(state.path(), "bjorn");
    save(&anna, Step::Settings, &[("settings.devices_per_user", "2")]);
    let mut form = wizard::open(&anna, Step::Settings).expect("a form");
    fill(&mut form, &[("settings.devices_per_user", "5")]);
    wizard::keep_draft(&anna, &form).expect("kept");
    save_fresh(&bjorn, "3");
    let mut form = wizard::open(&anna, Step::Settings).expect("the form again, in another session");
    assert_eq!(form.text("settings.devices_per_user"), Some("5"), "what was typed is not lost");
    let error = wizard::save(&anna, &mut form).expect_err("bjorn was first");
    assert!(error.to_string().contains("changed by bjorn") && error.is_outdated(), "{error}");
    let form = wizard::reload(&anna, &form).expect("the form as it is saved");
    assert_eq!(form.text("settings.devices_per_user"), Some("3"));
}

/// Bjorn's own save, past anna's draft.
fn save_fresh(engine: &Engine, devices: &str) {
    let kept = engine.settings().expect("settings").expect("saved");
    let settings =
        imd::model::settings::Settings { devices_per_user: devices.parse().expect("a number"), ..kept.value };
    engine.save_settings(&settings, Some(kept.version)).expect("saved");
}

#[test]
fn token_is_derived_again_and_never_stored() {
    let state = tempfile::tempdir().expect("a folder");
    let engine = engine(state.path());
    let answers = [
        ("token.name", "rollout"),
        ("token.expires", "90d"),
        ("token.max_activations", "10"),
        ("token.servers", "https://imd.example.com:7443"),
    ];
    assert_eq!(save(&engine, Step::Token, &answers).0, Saved::Kept);
    assert_eq!(save(&engine, Step::Token, &answers).0, Saved::Unchanged, "the same answers mint nothing");
    let record = engine.valid_token(&name("rollout")).expect("tokens").expect("minted");
    let token = engine.token_text(&record).expect("derived");
    let claims = engine.verify_token(token.expose()).expect("verified").expect("good");
    assert_eq!((claims.id, claims.max_activations), (record.id.clone(), 10));
    for file in std::fs::read_dir(engine.state()).expect("the state") {
        let bytes = std::fs::read(file.expect("an entry").path()).expect("a file");
        let token = token.expose().as_bytes();
        assert!(!bytes.windows(token.len()).any(|window| window == token), "the token is kept nowhere");
    }
    let mut other = answers;
    other[2].1 = "20";
    let (saved, form) = save(&engine, Step::Token, &other);
    assert_eq!(saved, Saved::Problems, "laptops may already hold it");
    assert!(problem(&form, "token.name").contains("has other values"));
}
