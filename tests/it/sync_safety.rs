//! What keeps a sync from removing users by mistake: removed users are searched by objectGUID, the safeguard names the
//! probable cause, and an applied plan can be undone. `with_lab/sync_safety.rs` tests the same on a domain controller.

use imd::directory::{Read, ldif};
use imd::model::job::Job;
use imd::model::mapping::Mapping;
use imd::model::name::Name;
use imd::model::plan::{Asked, Cause, Change, Line, LineKind, Loss, Removal, State, Summary, Tripped};
use imd::model::text::Untrusted;
use imd::model::user::Attribute;
use imd::store::PlanLines;
use imd::sync::{self, Error, Unopened};
use proptest::prelude::*;

use crate::support::corp::{Corp, House, guid, mapping, name, now};

const OU: &str = "OU=Staff,DC=corp,DC=example";

/// The directory's LDIF with the OU itself, which has a GUID too.
fn with_ou(corp: &Corp, ou: &str, id: &str) -> String {
    // A contact, so that an OU without users does not look like an incomplete export.
    let text =
        corp.ldif().replace(OU, ou).replace("CN=Press,", &format!("CN=Press,{}", ou.replace("DC=corp,DC=example", "")));
    format!("{text}dn: {ou}\nobjectClass: organizationalUnit\nobjectGUID: {}\n\n", guid(id))
}

fn plan_of(house: &House, ldif: &str) -> Result<Summary, Error> {
    let mut open =
        |_: &Name| Ok::<_, Unopened>(Box::new(ldif::File::of_bytes(ldif.to_owned().into_bytes())) as Box<dyn Read>);
    sync::plan(&house.store, &mut open, &house.by(), &Job::unwatched())
}

fn sync_of(house: &House, ldif: &str) -> Summary {
    let plan = plan_of(house, ldif).expect("a plan");
    house.apply(&plan, Some(&plan.hash)).expect("applies")
}

fn confirm(house: &House, corp: &Corp, plan: &Summary) -> Result<(), Error> {
    let mut open = |_: &Name| Ok::<_, Unopened>(corp.open());
    sync::confirm(&house.store, &mut open, plan, house.at, &Job::unwatched())
}

#[track_caller]
fn tripped(plan: &Summary) -> Vec<Tripped> {
    match &plan.state {
        State::Stopped { reasons } => reasons.clone(),
        other => panic!("the fuse did not stop it: {other:?}"),
    }
}

fn leavers(house: &House, plan: &Summary) -> Vec<(String, Removal)> {
    let all = house.store.plan_removals(plan.id, 0, 1_000).expect("removals");
    all.into_iter().map(|leaver| (leaver.label.shown().replace("User ", ""), leaver.why)).collect()
}

/// An installation with a mapping of only the OU, which has 40 users.
fn forty() -> (House, Corp) {
    let house = House::new();
    let staff = Mapping { ou: Some(OU.to_owned()), ..mapping("Staff", None) };
    house.store.save(&staff, None, &house.by()).expect("a mapping");
    let corp = Corp::many(40);
    sync_of(&house, &with_ou(&corp, OU, "ou"));
    (house, corp)
}

#[test]
fn removals_are_confirmed_by_guid_with_a_reason() {
    let house = House::new();
    let staff = Mapping { ou: Some(OU.to_owned()), ..mapping("Staff", Some("(title=Staff)")) };
    house.store.save(&staff, None, &house.by()).expect("a mapping");
    let mut corp = Corp::many(30);
    for n in 0..30 {
        corp = corp.with(&format!("u{n:05}"), &[("title", "Staff")]);
    }
    sync_of(&house, &with_ou(&corp, OU, "ou"));
    let now = corp
        .clone()
        .without("u00000")
        .with("u00001", &[("title", "Guest")])
        .with("u00003", &[("userAccountControl", "514")]);
    let now = with_ou(&now, OU, "ou").replace("CN=u00002,OU=Staff", "CN=u00002,OU=Gone");
    let plan = plan_of(&house, &now).expect("a plan");
    let moved = Untrusted::new("CN=u00002,OU=Gone,DC=corp,DC=example");
    let mut found = leavers(&house, &plan);
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(
        found,
        [
            ("u00000".to_owned(), Removal::Gone),
            ("u00001".to_owned(), Removal::NoLongerMatches),
            ("u00002".to_owned(), Removal::MovedOut { to: moved }),
            ("u00003".to_owned(), Removal::Excluded(imd::model::plan::Excluded::Disabled)),
        ]
    );
}

#[test]
fn an_empty_answer_is_named_as_such() {
    let (house, _) = forty();
    let plan = plan_of(&house, &with_ou(&Corp::default(), OU, "ou")).expect("a plan");
    let [reason] = &tripped(&plan)[..] else { panic!("one reason: {plan:?}") };
    assert_eq!((reason.loss, reason.users, &reason.cause), (Loss::Everybody, 40, &Cause::AnswerEmpty));
}

#[test]
fn renamed_ou_is_recognized_and_makes_no_plan() {
    let (house, corp) = forty();
    let before = house.dump();
    let renamed = "OU=People,DC=corp,DC=example";
    let error = plan_of(&house, &with_ou(&corp, renamed, "ou")).expect_err("the OU is gone");
    let Error::Base { cause, .. } = &error else { panic!("{error}") };
    assert_eq!(**cause, Cause::BaseRenamed { from: Untrusted::new(OU), to: Untrusted::new(renamed) });
    assert!(error.needs_you() && error.help().contains(renamed), "{}", error.help());
    let error = plan_of(&house, &with_ou(&corp, renamed, "other")).expect_err("the OU is gone");
    assert!(matches!(&error, Error::Base { cause, .. } if matches!(**cause, Cause::BaseGone { .. })));
    assert_eq!(house.dump(), before);
}

#[test]
fn another_ou_of_the_same_name_is_detected() {
    let (house, corp) = forty();
    let renamed = with_ou(&corp, "OU=People,DC=corp,DC=example", "ou");
    let plan = plan_of(&house, &format!("{renamed}{}", with_ou(&Corp::of(&["new"]), OU, "new-ou")));
    let plan = plan.expect("a plan");
    let [reason] = &tripped(&plan)[..] else { panic!("one reason: {plan:?}") };
    assert!(matches!(&reason.cause, Cause::BaseRenamed { to, .. } if to.raw().starts_with("OU=People")));
}

#[test]
fn attribute_that_no_user_has_is_named() {
    let (house, corp) = forty();
    let without = |attribute: &'static str| {
        (0..40).fold(corp.clone(), |corp, n| corp.with(&format!("u{n:05}"), &[(attribute, "")]))
    };
    let plan = plan_of(&house, &with_ou(&without("mail"), OU, "ou")).expect("a plan");
    let reason = tripped(&plan).remove(0);
    assert_eq!((reason.loss, reason.cause), (Loss::Everybody, Cause::AttributeMissing { attribute: Attribute::Mail }));
    let plan = plan_of(&house, &with_ou(&without("department"), OU, "ou")).expect("a plan");
    let reason = tripped(&plan).remove(0);
    let missing = Cause::AttributeMissing { attribute: Attribute::Department };
    assert_eq!((reason.loss, reason.users, reason.cause), (Loss::Attribute(Attribute::Department), 40, missing));

    // A mapping with a condition on an attribute that became unreadable loses its users and names the cause.
    let narrow = Mapping {
        department: Some("Sales".into()),
        ..house.store.get::<Mapping>(&name("Staff")).unwrap().unwrap().value
    };
    house.store.save(&narrow, Some(1), &house.by()).expect("saved");
    sync_of(&house, &with_ou(&corp, OU, "ou"));
    let plan = plan_of(&house, &with_ou(&without("department"), OU, "ou")).expect("a plan");
    let reason = tripped(&plan).remove(0);
    assert_eq!(reason.cause, Cause::AttributeMissing { attribute: Attribute::Department });
}

#[test]
fn edited_and_overtaken_mappings_are_named() {
    let (house, corp) = forty();
    let narrow = Mapping { ou: Some(OU.to_owned()), ..mapping("Staff", Some("(department=Legal)")) };
    house.store.save(&narrow, Some(1), &house.by()).expect("saved");
    let plan = plan_of(&house, &with_ou(&corp, OU, "ou")).expect("a plan");
    let reason = tripped(&plan).remove(0);
    assert!(matches!(&reason.cause, Cause::MappingEdited { by, .. } if by.0.raw() == "anna"), "{reason:?}");

    let house = House::new();
    house.map("Board", Some("(title=Board)"));
    house.map("All", None);
    let corp = Corp::of(&["a", "b"]).with("boss", &[("title", "Board")]);
    house.sync(&corp);
    house.store.order_mappings(&[name("All"), name("Board")], &house.by()).expect("ordered");
    let plan = house.plan(&corp).expect("a plan");
    let reason = tripped(&plan).remove(0);
    assert_eq!(reason.cause, Cause::TakenOver { mapping: name("All") });
}

#[test]
fn six_of_forty_disabled_stop_the_plan() {
    let (house, corp) = forty();
    let disabled = |count: u32| {
        let corp =
            (0..count).fold(corp.clone(), |corp, n| corp.with(&format!("u{n:05}"), &[("userAccountControl", "514")]));
        plan_of(&house, &with_ou(&corp, OU, "ou")).expect("a plan")
    };
    assert_eq!(disabled(4).state, State::Made);
    let plan = disabled(6);
    let [reason] = &tripped(&plan)[..] else { panic!("one reason: {plan:?}") };
    assert_eq!((reason.loss, reason.users, reason.allowed, &reason.cause), (Loss::Disabled, 6, 4, &Cause::Disabled));
    assert_eq!(
        reason.to_string(),
        "6 of 40 users of mapping \"Staff\" are disabled and would be removed; the safeguard allows 4"
    );
}

#[test]
fn returned_user_stops_the_removal() {
    let house = House::with_staff();
    let corp = Corp::of(&["anna", "bert", "cleo", "dora"]);
    house.sync(&corp);
    let without = corp.clone().without("anna").with("bert", &[("userAccountControl", "514")]);
    let plan = house.plan(&without).expect("a plan");
    confirm(&house, &without, &plan).expect("nobody is back");
    let error = confirm(&house, &without.clone().with("anna", &[]), &plan).expect_err("anna is back");
    assert!(error.needs_you() && error.to_string().starts_with("User anna is in the directory again"), "{error}");
    let enabled = without.clone().with("bert", &[("userAccountControl", "512")]);
    assert!(matches!(confirm(&house, &enabled, &plan), Err(Error::Back { .. })));
    // The user is back, but the mapping still does not match.
    confirm(&house, &without.with("anna", &[("mail", "")]), &plan).expect("anna has no mail");
}

/// Every active user with the mapping, the values and the names that they have, as SQLite prints them.
fn active(house: &House) -> String {
    house.sqlite3(
        "SELECT hex(guid), mapping, label, hex(hash), attributes,
             (SELECT group_concat(form || key) FROM user_name WHERE user_id = user.id)
         FROM user WHERE state = 'active' ORDER BY guid",
    )
}

fn undo(house: &House, plan: &Summary) -> Result<Summary, Error> {
    sync::undo(&house.store, plan.id, &house.by())
}

/// Users as a directory might have them: who is there, whether enabled, and in what department.
fn any_corp() -> impl Strategy<Value = Corp> {
    let user = (any::<bool>(), prop::sample::select(vec!["512", "514"]), 0..3_u8, 0..2_u8);
    prop::collection::vec(user, 8).prop_map(|users| {
        let mut corp = Corp::of(&["always"]);
        for (n, (there, flags, department, usn)) in users.into_iter().enumerate() {
            if there {
                let (department, usn) = (format!("D{department}"), usn.to_string());
                let title = if n % 2 == 0 { "Board" } else { "" };
                let values = [
                    ("userAccountControl", flags),
                    ("department", &*department),
                    ("uSNChanged", &*usn),
                    ("title", title),
                ];
                corp = corp.with(&format!("u{n}"), &values);
            }
        }
        corp
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn undo_restores_every_user(before in any_corp(), after in any_corp(), swap: bool) {
        let house = House::new();
        house.map("Board", Some("(title=Board)"));
        house.map("All", None);
        house.sync(&before);
        if swap {
            house.store.order_mappings(&[name("All"), name("Board")], &house.by()).expect("ordered");
        }
        let (was, was_left) = (active(&house), house.store.user_counts().expect("counts").removed);
        let applied = house.sync(&after);
        let back = undo(&house, &applied).expect("a plan");
        prop_assert_eq!(back.undoes, Some(applied.id));
        prop_assert_eq!((back.counts.removed, back.counts.added), (applied.counts.added, applied.counts.removed));
        house.apply(&back, Some(&back.hash)).expect("applies");
        prop_assert_eq!(active(&house), was);
        let brought = house.store.user_counts().expect("counts").removed - was_left;
        prop_assert!(brought <= applied.counts.added, "whoever was brought is kept as one who left");
        // And forth again: taking back is taken back.
        let forth = undo(&house, &back).expect("a plan");
        house.apply(&forth, Some(&forth.hash)).expect("applies");
        let again = house.plan(&after).expect("a plan");
        prop_assert_eq!((again.counts.added, again.counts.updated, again.counts.removed), (0, 0, 0));
    }
}

#[test]
fn undo_fails_when_a_user_changed_since() {
    let house = House::with_staff();
    let corp = Corp::of(&["anna", "bert", "cleo"]);
    house.sync(&corp);
    let first = house.sync(&corp.clone().with("anna", &[("title", "A")]).with("bert", &[("title", "A")]));
    house.sync(&corp.clone().with("anna", &[("title", "B")]).with("bert", &[("title", "A")]));
    let before = house.dump();
    let error = undo(&house, &first).expect_err("anna has changed");
    assert!(error.to_string().starts_with("the user \"User anna\" changed after plan"), "{error}");
    assert_eq!(house.dump(), before);
    let unapplied = house.plan(&corp).expect("a plan");
    assert!(matches!(undo(&house, &unapplied), Err(Error::NotApplied { .. })));
    // A newer reading of what is no change does not stand in the way.
    let house = House::with_staff();
    house.sync(&corp);
    let first = house.sync(&corp.clone().with("anna", &[("title", "A")]));
    house.sync(&corp.with("anna", &[("title", "A"), ("uSNChanged", "3000")]));
    let back = undo(&house, &first).expect("nobody has changed");
    house.apply(&back, None).expect("applies");
    assert_eq!(house.find("anna")[0].user.first(Attribute::Title), None);
}

#[test]
fn undo_needs_approval_like_any_plan() {
    let house = House::with_staff();
    house.sync(&Corp::many(10));
    let applied = house.sync(&Corp::many(20));
    let back = undo(&house, &applied).expect("a plan");
    let [reason] = &tripped(&back)[..] else { panic!("one reason: {back:?}") };
    assert_eq!((reason.loss, reason.users, &reason.cause), (Loss::Leaving, 10, &Cause::Undone { plan: applied.id }));
    assert!(matches!(house.apply(&back, None), Err(Error::NeedsApproval { .. })));
    // The users that an undo removes exist, so the directory is not asked.
    confirm(&house, &Corp::many(20), &back).expect("they are meant to be there");
    house.sync(&Corp::many(20).with("u00015", &[("title", "New")]));
    assert!(house.apply(&back, Some(&back.hash)).expect_err("u00015 has changed").needs_you());
    // The undone plan can be deleted: the plan that undoes it has its own copy of the values.
    let mut house = House::with_staff();
    house.sync(&Corp::many(3));
    let applied = house.sync(&Corp::many(3).with("u00001", &[("title", "New")]));
    let back = undo(&house, &applied).expect("a plan");
    house.apply(&back, None).expect("applies");
    house.at += jiff::SignedDuration::from_hours(30);
    for n in 0..35 {
        house.sync(&Corp::many(3).with("u00002", &[("title", &format!("T{n}"))]));
    }
    assert_eq!(house.sqlite3("PRAGMA foreign_key_check; SELECT count(*) FROM user WHERE title IS NULL"), "2");
}

#[test]
fn plan_lines_are_paged_and_searched() {
    let house = House::with_staff();
    house.sync(&Corp::many(30));
    let corp = (0..8).fold(Corp::many(28), |corp, n| corp.with(&format!("u{n:05}"), &[("department", "Øst & Vest")]));
    let corp = corp.with("new", &[]).with("u00020", &[("mail", "")]).with("nomail", &[("mail", "")]);
    let plan = house.plan(&corp).expect("a plan");
    let lines = |kind, search: &str, offset, limit| -> PlanLines {
        let asked = Asked { kind, search: search.to_owned() };
        house.store.plan_lines(plan.id, &asked, offset, limit).expect("lines")
    };
    let all = lines(None, "", 0, 1_000);
    let kinds: Vec<u64> = LineKind::ALL.iter().map(|kind| lines(Some(*kind), "", 0, 0).total).collect();
    assert_eq!((kinds, all.total), (vec![3, 8, 1, 2], 14));
    assert_eq!(LineKind::ALL.map(|kind| plan.counts.of(kind)), [3, 8, 1, 2]);
    assert!(
        matches!(&all.lines[0], Line::Change(line) if matches!(line.change, Change::Removed(_))),
        "leavers come first"
    );
    let Line::Change(leaver) = &all.lines[0] else { unreachable!() };
    assert!(leaver.names.len() > 1, "namesakes who leave are told apart: {leaver:?}");
    for (search, found) in [
        ("", 14),
        ("ØST", 8),
        ("department", 8),
        ("NEW@corp", 1),
        ("U00029@CORP", 1),
        ("u0000", 8),
        ("nomail", 1),
        ("xyz", 0),
    ] {
        for size in [1, 3, 1_000] {
            let mut pages = Vec::new();
            while (pages.len() as u64) < found {
                let page = lines(None, search, pages.len() as u64, size);
                assert_eq!(page.total, found, "{search}");
                assert!(!page.lines.is_empty() && page.lines.len() as u64 <= size);
                pages.extend(page.lines);
            }
            assert_eq!(pages, lines(None, search, 0, 1_000).lines, "{search}");
        }
    }
}

#[test]
fn cache_age_counts_from_the_reading() {
    let mut house = House::with_staff();
    let minutes = |minutes| now() + jiff::SignedDuration::from_mins(minutes);
    let first = house.sync(&Corp::many(5));
    house.at = minutes(10);
    let plan = house.plan(&Corp::many(2)).expect("a plan");
    house.at = minutes(50);
    assert_eq!(house.store.last_read().expect("read"), Some(first.made_at), "a plan that waits is no reading");
    house.apply(&plan, Some(&plan.hash)).expect("is approved");
    let told = |house: &House| {
        let numbers = house.store.numbers(house.at, 1, imd::sync::GOOD_FOR).expect("numbers");
        (house.store.last_read().expect("read"), numbers.last_sync)
    };
    assert_eq!(told(&house), (Some(minutes(10)), Some(minutes(10))));
    house.at = minutes(55);
    let back = sync::undo(&house.store, plan.id, &house.by()).expect("a plan");
    house.apply(&back, Some(&back.hash)).expect("is approved");
    assert_eq!(house.store.user_counts().expect("counts").removed, 0, "it was taken back");
    assert_eq!(told(&house), (Some(minutes(10)), Some(minutes(10))), "and no directory was asked");
}
