//! A sync: who comes, changes, leaves and is excluded, and what a suspicious or failed one does: nothing.

use std::process::Command;

use imd::directory::{Read, ldif};
use imd::model::directory::Directory;
use imd::model::found::Sort;
use imd::model::job::Job;
use imd::model::mapping::{Kind, Mapping};
use imd::model::name::Name;
use imd::model::plan::{Asked, Change, Counts, Excluded, Line, PlannedChange, Removal, State};
use imd::model::profile::Profile;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, User};
use imd::store::UserState;
use imd::sync::{self, Error, Unopened};

use crate::support::corp::{Corp, House, guid, mapping, name, now};

#[test]
fn applying_does_exactly_what_the_plan_says() {
    let house = House::with_staff();
    let before = Corp::of(&["anna", "bert", "cleo", "dora", "eva"]);
    let plan = house.plan(&before).expect("a plan");
    assert_eq!(house.lines(&plan), ["+anna Staff", "+bert Staff", "+cleo Staff", "+dora Staff", "+eva Staff"]);
    assert_eq!((plan.state.clone(), plan.counts.matched, plan.counts.added), (State::Made, 5, 5));
    assert_eq!(house.store.user_counts().expect("counts").active, 0, "a plan alone changes nobody");
    let applied = house.apply(&plan, None).expect("applies");
    assert_eq!(applied.state, State::Applied { at: now() });
    assert_eq!(house.sqlite3("SELECT group_concat(sam_account_name) FROM user"), "anna,bert,cleo,dora,eva");

    let after = before
        .without("bert")
        .with("cleo", &[("department", "Legal"), ("title", "Counsel"), ("displayName", "")])
        .with("dora", &[("proxyAddresses", "smtp:d@corp.example|SMTP:dora@corp.example")])
        .with("fay", &[]);
    let plan = house.plan(&after).expect("a plan");
    assert_eq!(
        house.lines(&plan),
        [
            "+fay Staff",
            "-bert Staff",
            "~cleo Staff displayName=User cleo-> department=Sales->Legal title=->Counsel",
            "~dora Staff proxyAddresses=->SMTP:dora@corp.example|smtp:d@corp.example",
        ]
    );
    let counts = &plan.per_mapping[0].1;
    assert_eq!((counts.added, counts.updated, counts.removed, counts.unchanged), (1, 2, 1, 2));
    house.apply(&plan, None).expect("applies");
    let cleo = &house.find("cleo")[0];
    assert_eq!(cleo.user.first(Attribute::Department).map(Untrusted::raw), Some("Legal"));
    assert_eq!(cleo.user.first(Attribute::DisplayName), None);
    assert_eq!(house.find("d@corp.example")[0].user.guid, guid("dora"));
    let bert = &house.find("bert")[0];
    assert_eq!(bert.state, UserState::Removed { at: now(), why: Removal::Gone });
    assert!(matches!(house.store.verify_audit(), Ok(imd::store::Verdict::Whole { rows: 6, .. })));
}

#[test]
fn excluded_users_have_a_reason() {
    let house = House::with_staff();
    // 2026-02-28 and 2026-03-02 as FILETIMEs: (days since 1601-01-01) * 86,400 * 10^7.
    let corp = Corp::of(&["ok", "never"])
        .with("nomail", &[("mail", "")])
        .with("disabled", &[("userAccountControl", "514")])
        .with("expired", &[("accountExpires", "134167104000000000")])
        .with("expires", &[("accountExpires", "134168832000000000")])
        .with("never", &[("accountExpires", "9223372036854775807")])
        .with("twin1", &[("mail", "Twin@corp.example")])
        .with("twin2", &[("mail", "twin@CORP.example")])
        .with("old", &[("mail", "ok@corp.example"), ("userAccountControl", "514")]);
    let plan = house.plan(&corp).expect("a plan");
    let (one, two) = (guid("twin1"), guid("twin2"));
    assert_eq!(
        house.lines(&plan),
        [
            "!disabled Staff: is disabled".to_owned(),
            "!expired Staff: expired on 2026-02-28".to_owned(),
            "!nomail Staff: has no mail".to_owned(),
            "!old Staff: is disabled".to_owned(),
            format!("!twin1 Staff: shares the mail Twin@corp.example with {two}"),
            format!("!twin2 Staff: shares the mail twin@CORP.example with {one}"),
            "+expires Staff".to_owned(),
            "+never Staff".to_owned(),
            "+ok Staff".to_owned(),
        ]
    );
    assert_eq!((plan.counts.matched, plan.counts.excluded, plan.counts.added), (9, 6, 3));
}

#[test]
fn higher_priority_mapping_takes_the_user() {
    let house = House::new();
    house.map("Board", Some("(title=Board)"));
    house.map("All", None);
    let corp = Corp::of(&["anna", "bert", "cleo"])
        .with("boss", &[("title", "Board")])
        .with("gone", &[("title", "Board"), ("userAccountControl", "514")]);
    let plan = house.plan(&corp).expect("a plan");
    assert_eq!(
        house.lines(&plan),
        [
            "!boss All: belongs to the mapping \"Board\"",
            "!gone All: is disabled",
            "!gone Board: is disabled",
            "+anna All",
            "+bert All",
            "+boss Board",
            "+cleo All",
        ]
    );
    let of = |counts: Counts| [counts.matched, counts.added, counts.excluded, counts.taken];
    assert_eq!((of(plan.counts), of(plan.per_mapping[1].1)), ([5, 4, 1, 2], [5, 3, 0, 2]), "in all, each counts once");
    house.apply(&plan, None).expect("applies");
    assert_eq!(house.find("boss")[0].mapping, name("Board"));

    house.store.order_mappings(&[name("All"), name("Board")], &house.by()).expect("ordered");
    let plan = house.plan(&corp).expect("a plan");
    assert_eq!(house.lines(&plan)[3..], ["~boss All from Board"]);
    let State::Stopped { reasons } = &plan.state else { panic!("Board would have nobody: {:?}", plan.state) };
    assert_eq!(reasons[0].to_string(), "all users of mapping \"Board\" would be removed (1)");
    house.apply(&plan, Some(&plan.hash)).expect("applies");
    assert_eq!(house.find("boss")[0].mapping, name("All"));
}

#[test]
fn removed_user_comes_back_with_the_same_id() {
    let mut house = House::with_staff();
    let corp = Corp::of(&["anna", "bert", "cleo", "dora"]);
    house.sync(&corp);
    let first = house.find("anna")[0].clone();
    house.at += jiff::SignedDuration::from_hours(24);

    let disabled = corp.clone().with("anna", &[("userAccountControl", "514")]);
    let plan = house.plan(&disabled).expect("a plan");
    assert_eq!(house.lines(&plan)[1..], ["-anna Staff: is disabled"]);
    house.apply(&plan, None).expect("one of four may leave");
    let left = house.find("anna");
    assert_eq!(left[0].state, UserState::Removed { at: house.at, why: Removal::Excluded(Excluded::Disabled) });
    assert_eq!(left[0].id, first.id);
    let plan = house.sync(&disabled);
    assert_eq!((plan.counts.removed, plan.counts.excluded), (0, 1), "who has left does not leave again");

    let plan = house.plan(&corp.with("anna", &[("mail", "anna.new@corp.example")])).expect("a plan");
    assert_eq!(house.lines(&plan), ["+anna Staff"]);
    house.apply(&plan, None).expect("applies");
    let back = house.find("anna.new@corp.example");
    assert_eq!((back[0].id, &back[0].state, back[0].added_at), (first.id, &UserState::Active, first.added_at));
}

#[test]
fn a_renamed_and_moved_user_stays_the_same_user() {
    let house = House::with_staff();
    house.sync(&Corp::of(&["anna", "bert"]));
    let id = house.find("anna")[0].id;
    let mut corp = Corp::of(&["anna", "bert"]).with("anna", &[("userPrincipalName", "anna.berg@corp.example")]);
    let values = corp.users.remove("anna").expect("is there");
    corp.users.insert("anna".into(), values);
    let moved = corp
        .ldif()
        .replace("CN=anna,OU=Staff", "CN=Anna Berg,OU=Legal")
        .replace("sAMAccountName: anna", "sAMAccountName: aberg");
    let mut open =
        |_: &Name| Ok::<_, Unopened>(Box::new(ldif::File::of_bytes(moved.clone().into_bytes())) as Box<dyn Read>);
    let plan = sync::plan(&house.store, &mut open, &house.by(), &Job::unwatched()).expect("a plan");
    assert_eq!((plan.counts.updated, plan.counts.added, plan.counts.removed), (1, 0, 0));
    house.apply(&plan, None).expect("applies");
    for gone in ["anna", "CN=anna,OU=Staff,DC=corp,DC=example"] {
        assert!(house.find(gone).is_empty(), "{gone}");
    }
    for now in ["aberg", r"corp\ABERG", "anna.berg@corp.example", "cn=anna berg, ou=legal, dc=corp, dc=example"] {
        assert_eq!(house.find(now).iter().map(|user| user.id).collect::<Vec<_>>(), [id], "{now}");
    }
}

#[test]
fn a_sync_repeated_changes_nothing() {
    let house = House::with_staff();
    let corp = Corp::many(50).with("u00007", &[("mail", "")]);
    house.sync(&corp);
    let users = || {
        [".dump cached_user", ".dump user_values", ".dump user_name", ".dump audit"].map(|table| house.sqlite3(table))
    };
    let before = users();
    let plan = house.sync(&corp);
    assert_eq!((plan.counts.added, plan.counts.updated, plan.counts.removed, plan.counts.unchanged), (0, 0, 0, 49));
    assert_eq!(users(), before);
}

#[test]
fn operational_attributes_are_kept_but_are_no_change() {
    let house = House::with_staff();
    let corp = Corp::of(&["anna", "bert"]);
    house.sync(&corp);
    let later = corp.with(
        "anna",
        &[("uSNChanged", "2000"), ("lastLogonTimestamp", "134169000000000000"), ("pwdLastSet", "134169000000000000")],
    );
    let plan = house.plan(&later).expect("a plan");
    assert_eq!(house.lines(&plan), [""; 0]);
    assert_eq!((plan.counts.updated, plan.counts.unchanged), (0, 2));
    let audit = house.store.audit(1, None).expect("audit");
    house.apply(&plan, None).expect("applies");
    assert_eq!(house.find("anna")[0].user.first(Attribute::UsnChanged).map(Untrusted::raw), Some("2000"));
    assert_eq!(house.store.audit(1, None).expect("audit"), audit);
}

#[test]
fn failed_or_canceled_reading_changes_nothing() {
    let house = House::with_staff();
    house.sync(&Corp::many(2_500));
    let before = house.dump();
    for after in [0, 1, 1_000, 2_500] {
        let broken = Corp { breaks_after: Some(after), ..Corp::many(2_500) };
        let error = house.plan(&broken).expect_err("the reading failed");
        assert!(matches!(&error, Error::Read { directory, .. } if *directory == name("corp")), "{error}");
        assert_eq!(house.dump(), before, "after {after} users");
    }
    let mut closed = |_: &Name| Err(Unopened { why: "no route".into(), help: "plug it in".into() });
    let error = sync::plan(&house.store, &mut closed, &house.by(), &Job::unwatched()).expect_err("is closed");
    assert_eq!(error.to_string(), "the directory \"corp\" could not be opened: no route");
    assert_eq!(error.help(), "plug it in");

    let job = Job::new(|_| {});
    job.cancel();
    let corp = Corp::many(10);
    let mut open = |_: &Name| Ok::<_, Unopened>(corp.open());
    assert!(matches!(sync::plan(&house.store, &mut open, &house.by(), &job), Err(Error::Canceled)));
    assert_eq!(house.dump(), before);

    let plan = house.plan(&Corp::many(3)).expect("a plan");
    let before = house.dump();
    let error = sync::apply(&house.store, plan.id, Some(&plan.hash), &house.by(), &job).expect_err("is canceled");
    assert!(matches!(error, Error::Canceled));
    assert_eq!(house.dump(), before);
}

#[test]
fn safeguard_stops_too_many_removals() {
    // The larger of two, and the smaller of a tenth and fifty, may leave without asking; all may never.
    for (had, leaving, stops) in [
        (3_u64, 1_u64, false),
        (3, 2, false),
        (3, 3, true),
        (40, 4, false),
        (40, 5, true),
        (1_000, 50, false),
        (1_000, 51, true),
        (1, 1, true),
    ] {
        let house = House::with_staff();
        house.sync(&Corp::many(had));
        let mut corp = Corp::many(had);
        for n in 0..leaving {
            // Half are gone, half are disabled: both count.
            let sam = format!("u{n:05}");
            corp = if n % 2 == 0 { corp.without(&sam) } else { corp.with(&sam, &[("userAccountControl", "514")]) };
        }
        let plan = house.plan(&corp).expect("a plan");
        assert_eq!(plan.counts.removed, leaving);
        assert_eq!(matches!(plan.state, State::Stopped { .. }), stops, "{leaving} of {had}");
        if let State::Stopped { reasons } = &plan.state {
            assert_eq!((reasons.len(), reasons[0].had, reasons[0].users), (1, had, leaving));
        }
    }
}

#[test]
fn each_mapping_has_a_fuse_of_its_own() {
    let house = House::new();
    house.map("Board", Some("(title=Board)"));
    house.map("All", None);
    let mut corp = Corp::many(300);
    for n in 0..3 {
        corp = corp.with(&format!("b{n}"), &[("title", "Board")]);
    }
    house.sync(&corp);
    let plan = house.plan(&corp.without("b0").without("b1").without("b2")).expect("a plan");
    let State::Stopped { reasons } = plan.state else { panic!("three of 303, but all of the board") };
    assert_eq!(reasons.iter().map(|reason| reason.mapping.to_string()).collect::<Vec<_>>(), ["Board"]);
}

#[test]
fn an_empty_answer_of_a_directory_is_stopped() {
    let house = House::with_staff();
    house.sync(&Corp::of(&["anna"]));
    let plan = house.plan(&Corp::default()).expect("a plan");
    let error = house.apply(&plan, None).expect_err("everybody would be gone");
    assert!(error.needs_you() && matches!(error, Error::NeedsApproval { .. }));
    assert_eq!(house.find("anna")[0].state, UserState::Active);
}

#[test]
fn stopped_plan_needs_its_own_hash() {
    let house = House::with_staff();
    house.sync(&Corp::many(5));
    let plan = house.plan(&Corp::many(2)).expect("a plan");
    let before = house.dump();
    let error = house.apply(&plan, None).expect_err("is stopped");
    assert!(matches!(&error, Error::NeedsApproval { hash, .. } if *hash == plan.hash));
    assert!(error.help().contains(&plan.hash));
    let error = house.apply(&plan, Some(&"0".repeat(64))).expect_err("of another plan");
    assert!(error.needs_you() && matches!(error, Error::OtherPlan { .. }));
    assert_eq!(house.dump(), before);

    let other = house.plan(&Corp::many(1)).expect("a plan");
    assert_ne!(other.hash, plan.hash);
    assert!(matches!(house.apply(&plan, Some(&other.hash)), Err(Error::OtherPlan { .. })));
    house.apply(&plan, Some(&plan.hash)).expect("is approved");
    assert_eq!(house.store.user_counts().expect("counts").removed, 3);
    assert!(matches!(house.apply(&plan, Some(&plan.hash)), Err(Error::Applied { .. })));
}

#[test]
fn a_plan_is_good_for_an_hour() {
    let mut house = House::with_staff();
    let plan = house.plan(&Corp::many(3)).expect("a plan");
    house.at = now() + jiff::SignedDuration::from_secs(3_601);
    assert!(matches!(house.apply(&plan, None), Err(Error::Expired { .. })));
    house.at = now() + jiff::SignedDuration::from_secs(3_600);
    house.apply(&plan, None).expect("within the hour");
}

#[test]
fn plan_is_refused_after_a_change() {
    let house = House::with_staff();
    house.sync(&Corp::many(5));
    let change = |department: &str| Corp::many(5).with("u00001", &[("department", department)]);
    let (one, other) = (house.plan(&change("A")).expect("a plan"), house.plan(&change("B")).expect("a plan"));
    house.apply(&other, None).expect("applies");
    let before = house.dump();
    let error = house.apply(&one, None).expect_err("the user has changed");
    assert!(error.needs_you());
    assert_eq!(error.to_string(), "the user \"User u00001\" changed after the plan was made; nothing was applied");
    assert_eq!(house.dump(), before);

    let (one, other) = (house.plan(&Corp::many(7)).expect("a plan"), house.plan(&Corp::many(6)).expect("a plan"));
    house.apply(&other, None).expect("applies");
    let before = house.dump();
    assert!(house.apply(&one, None).expect_err("u00005 is there already").needs_you());
    assert_eq!(house.dump(), before);

    let plan = house.plan(&Corp::many(8)).expect("a plan");
    let narrower = mapping("Staff", Some("(title=None)"));
    house.store.save(&narrower, Some(1), &house.by()).expect("saved");
    assert!(house.apply(&plan, None).expect_err("the mapping has changed").needs_you());
}

#[test]
fn a_disabled_mapping_changes_nobody() {
    let house = House::new();
    house.map("Board", Some("(title=Board)"));
    house.map("All", Some("(!(title=Board))"));
    let corp = Corp::of(&["anna", "bert"]).with("boss", &[("title", "Board")]);
    house.sync(&corp);
    let disabled = Mapping { enabled: false, ..mapping("Board", Some("(title=Board)")) };
    house.store.save(&disabled, Some(1), &house.by()).expect("saved");
    let plan = house.plan(&corp.without("boss")).expect("a plan");
    assert_eq!((plan.state.clone(), house.lines(&plan)), (State::Made, vec![]));
    let import = Mapping { kind: Kind::Import, ..mapping("All", None) };
    house.store.save(&import, Some(1), &house.by()).expect("saved");
    assert!(matches!(house.plan(&Corp::of(&["x"])), Err(Error::NothingToRead)));
}

#[test]
fn removing_users_of_a_removed_mapping_needs_approval() {
    let house = House::new();
    house.map("Board", Some("(title=Board)"));
    house.map("All", Some("(!(title=Board))"));
    let corp = Corp::of(&["anna", "bert"]).with("boss", &[("title", "Board")]);
    house.sync(&corp);
    house.store.remove::<Mapping>(&name("Board"), &house.by()).expect("removed");
    let plan = house.plan(&corp).expect("a plan");
    assert_eq!(house.lines(&plan), ["-boss Board"]);
    assert!(house.apply(&plan, None).expect_err("all of Board's").needs_you());

    house.map("Board", Some("(title=Board)"));
    assert!(house.apply(&plan, Some(&plan.hash)).expect_err("Board is back").needs_you());
    let plan = house.plan(&corp).expect("a plan");
    assert_eq!(house.lines(&plan), [""; 0], "whoever comes back to the same name keeps its users");

    house.store.remove::<Mapping>(&name("Board"), &house.by()).expect("removed");
    house.sync(&corp);
    assert!(matches!(house.find("boss")[0].state, UserState::Removed { .. }));
    house.store.remove::<Profile>(&name("Laptops"), &house.by()).expect_err("All needs it");
    house.store.remove::<Mapping>(&name("All"), &house.by()).expect("removed");
    house.sync(&corp);
    house.store.remove::<Profile>(&name("Laptops"), &house.by()).expect("no mapping needs it");
    house.store.remove::<Directory>(&name("corp"), &house.by()).expect("nobody is active in it");
    assert_eq!(house.sqlite3("SELECT (SELECT count(*) FROM cached_user) + (SELECT count(*) FROM user_name)"), "0");
}

#[test]
fn two_directories_may_share_a_name_and_a_mail() {
    let house = House::with_staff();
    house.directory("lab");
    let lab = Mapping { directory: name("lab"), ..mapping("Lab", None) };
    house.store.save(&lab, None, &house.by()).expect("a mapping");
    let corp = Corp::of(&["jdoe"]);
    let other = corp.ldif().replace("DC=corp,DC=example", "DC=lab,DC=example");
    let other = other.replace(&guid("jdoe").to_string(), &guid("lab-jdoe").to_string());
    let mut open = |name: &Name| {
        let lab = Box::new(ldif::File::of_bytes(other.clone().into_bytes())) as Box<dyn Read>;
        Ok::<_, Unopened>(if name.as_str() == "lab" { lab } else { corp.open() })
    };
    let plan = sync::plan(&house.store, &mut open, &house.by(), &Job::unwatched()).expect("a plan");
    assert_eq!((plan.counts.added, plan.counts.excluded), (2, 0));
    house.apply(&plan, None).expect("applies");
    let directories =
        |text: &str| -> Vec<String> { house.find(text).iter().map(|user| user.directory.to_string()).collect() };
    assert_eq!(directories("JDOE"), ["corp", "lab"]);
    assert_eq!(directories(r"LAB\jdoe"), ["lab"]);
    assert_eq!(directories(r"CORP\jdoe"), ["corp"]);
    assert_eq!(directories(r"OTHER\jdoe"), [""; 0]);
    assert_eq!(directories(&guid("lab-jdoe").to_string()), ["lab"]);
}

#[test]
fn a_preview_is_what_the_plan_will_be() {
    let house = House::new();
    house.map("Board", Some("(title=Board)"));
    house.map("All", None);
    let corp = Corp::of(&["anna", "bert"])
        .with("boss", &[("title", "Board")])
        .with("chair", &[("title", "Board"), ("mail", "shared@corp.example")])
        .with("desk", &[("mail", "Shared@corp.example")])
        .with("gone", &[("userAccountControl", "514")])
        .with("nomail", &[("mail", "")])
        .with("twin1", &[("mail", "twin@corp.example")])
        .with("twin2", &[("mail", "twin@corp.example")])
        .with("twin3", &[("mail", "twin@corp.example")]);
    let before = house.dump();
    let earlier = [mapping("Board", Some("(title=Board)")), Mapping { kind: Kind::Import, ..mapping("X", None) }];
    let mut read = corp.open();
    let job = Job::unwatched();
    let preview = sync::preview(&mut *read, &mapping("All", None), &earlier, now(), 100, &job).expect("a preview");
    assert_eq!(house.dump(), before);

    let plan = house.plan(&corp).expect("a plan");
    let planned = &plan.per_mapping[1].1;
    assert_eq!((preview.matched, preview.takes), (planned.matched, planned.added));
    let sample: Vec<_> = preview.sample.iter().map(User::label).collect();
    assert_eq!(sample, ["User anna", "User bert"]);
    let lines = |mut lines: Vec<(String, String)>| {
        lines.sort();
        lines
    };
    // With three who share a mail, which two are named to each other is no matter.
    let about = |label: &Untrusted, why: &Excluded| (label.shown(), why.code().to_owned());
    let previewed = lines(preview.excluded.iter().map(|line| about(&line.label, &line.why)).collect());
    let excluded = house.excluded(&plan);
    let all = excluded.iter().filter(|line| line.mapping == name("All"));
    assert_eq!(previewed, lines(all.map(|line| about(&line.label, &line.why)).collect()));
    let reasons: Vec<_> = preview.reasons.into_iter().collect();
    assert_eq!(reasons, [("disabled", 1), ("duplicate-mail", 5), ("no-mail", 1), ("taken-by", 1)]);

    let few = sync::preview(&mut *read, &mapping("All", None), &earlier, now(), 1, &job).expect("a preview");
    assert_eq!((few.sample.len(), few.excluded.len(), few.takes), (1, 1, preview.takes));
    job.cancel();
    let canceled = sync::preview(&mut *read, &mapping("All", None), &earlier, now(), 1, &job);
    assert!(matches!(canceled, Err(Error::Canceled)));
}

#[test]
fn directory_values_are_stored_unchanged() {
    let house = House::with_staff();
    let evil = "x'); DROP TABLE user;-- \u{1b}]0;owned\u{7} \u{202e}\"\\";
    let corp = Corp::of(&["anna"]).with("anna", &[("title", "T")]);
    let encoded = corp.ldif().replace("title: T", &format!("title:: {}", base64(evil.as_bytes())));
    let mut open =
        |_: &Name| Ok::<_, Unopened>(Box::new(ldif::File::of_bytes(encoded.clone().into_bytes())) as Box<dyn Read>);
    let plan = sync::plan(&house.store, &mut open, &house.by(), &Job::unwatched()).expect("a plan");
    house.apply(&plan, None).expect("applies");
    assert_eq!(house.find("anna")[0].user.first(Attribute::Title).map(Untrusted::raw), Some(evil));
    assert_eq!(house.sqlite3("SELECT title FROM user"), evil);
}

fn base64(bytes: &[u8]) -> String {
    use std::io::Write;
    let mut child = Command::new("base64")
        .arg("-w0")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("base64 runs");
    child.stdin.take().expect("piped").write_all(bytes).expect("written");
    String::from_utf8(child.wait_with_output().expect("ends").stdout).expect("ASCII")
}

#[test]
fn users_are_sorted_by_label_and_found_by_prefix() {
    let house = House::with_staff();
    let corp = Corp::of(&["zoe", "bert", "anna"])
        .with("zoe", &[("displayName", "Åsa Berg"), ("proxyAddresses", "smtp:helpdesk@corp.example|X400:c=NO")])
        .with("anna", &[("displayName", "Anna Berg")]);
    house.sync(&corp);
    let users = |query: Option<&str>, offset, limit| -> Vec<String> {
        let page = house.store.users(query, Sort::default(), offset, limit).expect("users");
        page.users.iter().map(|cached| cached.user.label()).collect()
    };
    assert_eq!(users(None, 0, 10), ["Anna Berg", "User bert", "Åsa Berg"]);
    assert_eq!(users(None, 1, 1), ["User bert"]);
    assert_eq!(users(Some("bERG"), 0, 10), ["Anna Berg", "Åsa Berg"]);
    assert_eq!(users(Some("åSA"), 0, 10), ["Åsa Berg"]);
    assert_eq!(users(Some("helpdesk@"), 0, 10), ["Åsa Berg"]);
    assert_eq!(users(Some(r"corp\bert"), 0, 10), ["User bert"]);
    assert_eq!(users(Some("c=no"), 0, 10), [""; 0]);
    let counts = house.store.user_counts().expect("counts");
    assert_eq!((counts.active, counts.removed, counts.per_mapping), (3, 0, vec![(name("Staff"), 3)]));
}

#[test]
fn shared_address_finds_both_users() {
    let house = House::with_staff();
    let corp = Corp::of(&["anna", "bert"])
        .with("anna", &[("proxyAddresses", "smtp:bert@corp.example")])
        .with("bert", &[("mail", "bert.b@corp.example")]);
    house.sync(&corp);
    let found: Vec<_> = house.find("BERT@corp.example").iter().map(|user| user.user.label()).collect();
    assert_eq!(found, ["User bert", "User anna"], "UPN before alias");
}

#[test]
fn old_plans_are_deleted_with_their_values() {
    let mut house = House::with_staff();
    let corp = |n: u32| Corp::many(3).with("u00001", &[("title", &format!("Title {n}"))]);
    for n in 0..40 {
        house.sync(&corp(n));
        house.at += jiff::SignedDuration::from_mins(1);
    }
    let forgotten = house.plan(&corp(99)).expect("a plan");
    assert_eq!(house.store.plans(100).expect("plans").len(), 31, "thirty that were applied, and one that was not");
    // Three users as they are, what thirty plans superseded, and what the last plan would bring.
    assert_eq!(house.sqlite3("SELECT count(*) FROM user_values"), (3 + 30 + 1).to_string());
    let oldest = house.store.plans(100).expect("plans").last().expect("a plan").id;
    let line = house.store.plan_lines(oldest, &Asked::default(), 0, 1).expect("lines").lines.remove(0);
    let Line::Change(PlannedChange { change: Change::Updated(all), .. }) = line else { panic!("the title changed") };
    assert_eq!((all[0].before[0].raw(), all[0].after[0].raw()), ("Title 9", "Title 10"));

    house.at += jiff::SignedDuration::from_hours(25);
    assert_eq!(house.store.last_read().expect("read"), Some(now() + jiff::SignedDuration::from_mins(39)));
    house.sync(&corp(39));
    assert!(house.store.plan(forgotten.id).expect("read").is_none());
    assert_eq!(house.find("u00001")[0].user.first(Attribute::Title).map(Untrusted::raw), Some("Title 39"));
}

/// Counts people of an LDIF file, not by our reader: unfolded by awk, then one entry a record.
const COUNT: &str = r#"
    { sub(/\r$/, "") }
    /^ / { line = line substr($0, 2); next }
    { take(); line = $0 }
    END { take(); entry(); print matched, nomail, disabled, expired + 0, shared, matched - nomail - disabled - expired - shared }
    function take() { if (line == "") entry(); else lines[++n] = line }
    function entry(    i, at, name, value, user, person, mail, uac, expires) {
        for (i = 1; i <= n; i++) {
            at = index(lines[i], ": "); name = tolower(substr(lines[i], 1, at - 1)); value = substr(lines[i], at + 2)
            if (name == "objectclass" && value == "user") user = 1
            if (name == "objectcategory") person = (value ~ /^CN=Person,/)
            if (name == "mail") mail = tolower(value)
            if (name == "useraccountcontrol") uac = value + 0
            if (name == "accountexpires") expires = value + 0
        }
        n = 0
        if (!user || !person) return
        matched++
        if (mail == "") nomail++
        else if (int(uac / 2) % 2) disabled++
        else if (expires > 0 && expires < 9000000000000000000 && expires <= 134168400000000000) expired++
        else if (++with[mail] == 2) shared += 2
        else if (with[mail] > 2) shared++
    }"#;

#[test]
fn the_sample_directory_is_sorted_as_awk_sorts_it() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.ldif");
    let awk = Command::new("awk").arg(COUNT).arg(file).output().expect("awk is installed");
    let expected = String::from_utf8(awk.stdout).expect("ASCII");
    let expected: Vec<u64> = expected.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    assert!(expected.len() == 6 && expected.iter().all(|count| *count > 0), "{expected:?}");

    let house = House::with_staff();
    let open = || Box::new(ldif::File::open(file.as_ref()).expect("opens")) as Box<dyn Read>;
    let job = Job::unwatched();
    let plan = sync::plan(&house.store, &mut |_| Ok(open()), &house.by(), &job).expect("a plan");
    let excluded = house.excluded(&plan);
    let count = |code: &str| excluded.iter().filter(|line| line.why.code() == code).count() as u64;
    let reasons = ["no-mail", "disabled", "expired", "duplicate-mail"].map(count);
    assert_eq!([&[plan.counts.matched][..], &reasons, &[plan.counts.added]].concat(), expected);
    house.apply(&plan, None).expect("applies");
    assert_eq!(house.store.user_counts().expect("counts").active, expected[5]);
    let preview = sync::preview(&mut *open(), &mapping("Staff", None), &[], now(), 20, &job).expect("a preview");
    assert_eq!((preview.matched, preview.takes), (expected[0], expected[5]));
    let again = sync::plan(&house.store, &mut |_| Ok(open()), &house.by(), &job).expect("a plan");
    assert_eq!((again.counts.added, again.counts.updated, again.counts.removed), (0, 0, 0));
}
