//! What happens in a domain, and what a sync makes of it: each test has an OU of its own with forty people, changes it
//! as an administrator would, and looks at the plan, at the exit code, and at who is still there.
//!
//! `tests/lab/up` starts the controller, which is Samba. The service account is an ordinary user, as an installation's
//! would be: it may not see what was deleted.

mod office;

use imd::directory::Finding;
use office::{Office, PEOPLE};
use serde_json::Value;

use crate::support::installation::Run;

/// What the plan that was made last says about the safeguard: loss, users, cause.
fn reasons(office: &Office) -> Vec<(Value, u64, Value)> {
    let plan = &office.imd.json(["sync", "list"])["items"][0];
    let reasons = plan["state"]["stopped"]["reasons"].as_array().cloned().unwrap_or_default();
    let one = |tripped: Value| (tripped["loss"].clone(), tripped["users"].as_u64().unwrap(), tripped["cause"].clone());
    reasons.into_iter().map(one).collect()
}

fn last_hash(office: &Office) -> String {
    office.imd.json(["sync", "list"])["items"][0]["hash"].as_str().unwrap().to_owned()
}

/// The sync stopped: exit code 3, one error with these words, and everybody is still there.
#[track_caller]
fn stopped<const N: usize>(office: &Office, words: [&str; N]) -> Run {
    let run = office.imd.imd(["sync"]);
    run.failed_with(3, words);
    assert_eq!(office.active(), PEOPLE, "no user may be removed");
    run
}

/// How each user of the last plan is changed, by name: `leave: gone`, `change: mail`.
fn changes(office: &Office) -> Vec<String> {
    let id = office.imd.json(["sync", "list"])["items"][0]["id"].to_string();
    let shown = office.imd.json(["sync", "show", &id]);
    let mut lines: Vec<String> = shown["changes"].as_array().unwrap().iter().map(office::in_short).collect();
    lines.sort();
    lines
}

#[test]
fn emptied_ou_removes_no_users() {
    let office = Office::new("Emptied");
    for n in 0..PEOPLE {
        office.delete(&office.dn(n));
    }
    stopped(&office, ["all users of mapping", "returned no users", "List Contents"]);
    assert_eq!(reasons(&office), [("everybody".into(), PEOPLE, "answer-empty".into())]);
    // An account that may not look among the deleted cannot tell that they were.
    assert_eq!(changes(&office)[0], "removed person00: gone");
    // An account with that permission sees them.
    assert_eq!(office.found_by_the_administrator(), Finding::Deleted);
    // It was meant: approved, all of them leave.
    office.imd.imd(["sync", "--approve", &last_hash(&office)]).succeeded();
    assert_eq!(office.active(), 0);
}

#[test]
fn renamed_ou_is_recognized() {
    let office = Office::new("Renamed");
    let renamed = office.ou.replace("OU=Renamed", "OU=Renamed and moved");
    let plans = || office.imd.json(["sync", "list"])["items"].as_array().unwrap().len();
    let before = plans();
    office.rename(&office.ou, "OU=Renamed and moved");
    let run = stopped(&office, ["was renamed or moved", &renamed]);
    assert!(run.stderr.contains(&format!("set the OU of the mapping (step 3) to \"{renamed}\"")), "{run:#?}");
    assert_eq!(plans(), before, "no plan is made of that");
    office.delete_tree(&renamed);
    stopped(&office, ["no longer exists"]);
}

#[test]
fn lost_read_access_removes_no_users() {
    let office = Office::new("Hidden");
    // Deny List Contents on the OU: its people are there, and the account sees none of them.
    office.deny_on_ou("(D;;LC;;;{sid})");
    stopped(&office, ["all users of mapping", "the bind account cannot read its content"]);
    assert_eq!(reasons(&office)[0].2, Value::from("answer-empty"));
}

#[test]
fn lost_attribute_access_is_reported() {
    let office = Office::new("Unread");
    // Deny Read Property on mail (its schemaIDGUID, [MS-ADA2]).
    office.deny_on_people("(OD;;RP;bf967961-0de6-11d0-a285-00aa003049e2;;{sid})");
    stopped(&office, ["all users of mapping", "no longer have a mail", "read access to mail"]);
    assert_eq!(reasons(&office)[0].2["attribute-missing"]["attribute"], "mail");

    let office = Office::new("Unread too");
    // The same for department: everybody stays, but loses it.
    office.deny_on_people("(OD;;RP;bf96794f-0de6-11d0-a285-00aa003049e2;;{sid})");
    stopped(&office, ["would lose their department", "lost the right to read it"]);
    assert_eq!(
        reasons(&office),
        [(
            serde_json::json!({ "attribute": "department" }),
            PEOPLE,
            serde_json::json!({ "attribute-missing": { "attribute": "department" } }),
        )]
    );
}

#[test]
fn safeguard_holds_six_disabled_users_of_forty() {
    let office = Office::new("Disabled");
    for n in 0..6 {
        office.disable(n);
    }
    stopped(&office, ["6 of 40 users", "are disabled", "the safeguard allows 4"]);
    assert_eq!(reasons(&office), [("disabled".into(), 6, "disabled".into())]);
    assert_eq!(changes(&office)[5], "removed person05: disabled");
    let hash = last_hash(&office);
    // One of them is enabled again before it is approved: that plan is no longer what is meant.
    office.enable(3);
    office.imd.imd(["sync", "--approve", &hash]).failed_with(3, ["Person 03 is in the directory again"]);
    assert_eq!(office.active(), PEOPLE);
    stopped(&office, ["5 of 40 users"]);
    office.imd.imd(["sync", "--approve", &hash]).failed_with(3, ["is in the directory again"]);
    office.imd.imd(["sync", "--approve", &last_hash(&office)]).succeeded();
    assert_eq!(office.active(), PEOPLE - 5);
    // Enabled again, they come back as the same users; and that is taken back like anything else.
    (0..6).filter(|n| *n != 3).for_each(|n| office.enable(n));
    office.imd.imd(["sync"]).succeeded();
    assert_eq!(office.active(), PEOPLE);
    office.imd.imd(["sync", "undo"]).failed_with(3, ["5 of 40 users of mapping", "is undone"]);
    office.imd.imd(["sync", "--approve", &last_hash(&office)]).succeeded();
    assert_eq!(office.active(), PEOPLE - 5);
}

#[test]
fn renamed_user_stays_and_moved_user_is_removed() {
    let office = Office::new("Moved");
    office.rename(&office.dn(0), "CN=Another Name");
    let elsewhere = office.another_ou("Elsewhere");
    office.move_to(&office.dn(1), &elsewhere);
    office.imd.imd(["sync"]).succeeded();
    let lines = changes(&office);
    assert_eq!(lines, ["removed person01: moved-out", "updated person00: distinguishedName cn"]);
    assert_eq!(office.active(), PEOPLE - 1);
    let found = office.imd.json(["users", "ONE\\moved-person00"]);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    // Moved back, they are the same user again.
    office.move_to(&office.dn(1).replace(&office.ou, &elsewhere), &office.ou);
    office.imd.imd(["sync"]).succeeded();
    assert_eq!(office.active(), PEOPLE);
    assert_eq!(office.imd.row("SELECT count(*) AS users FROM cached_user")["users"], PEOPLE);
}

#[test]
fn recreated_user_is_another_user() {
    let office = Office::new("Remade");
    let before = office.imd.json(["users", "remade-person00@one.test"])["items"][0].clone();
    office.delete(&office.dn(0));
    office.add(0);
    office.imd.imd(["sync"]).succeeded();
    assert_eq!(changes(&office), ["added person00", "removed person00: gone"]);
    let found = office.imd.json(["users", "remade-person00@one.test"]);
    let state: Vec<_> = found["items"].as_array().unwrap().iter().map(|user| user["state"].to_string()).collect();
    assert_eq!(state.len(), 2, "who left is kept beside who came: {found}");
    let active = found["items"].as_array().unwrap().iter().find(|user| user["state"] == "active").unwrap();
    assert_ne!(active["user"]["objectGUID"], before["user"]["objectGUID"]);
    assert_ne!(active["id"], before["id"]);
    assert_eq!(office.active(), PEOPLE);
}

#[test]
fn swapped_mail_updates_both_users() {
    let office = Office::new("Swapped");
    let (one, other) = (office.mail(0), office.mail(1));
    office.replace(0, "mail", &other);
    office.replace(1, "mail", &one);
    office.imd.imd(["sync"]).succeeded();
    assert_eq!(changes(&office), ["updated person00: mail", "updated person01: mail"]);
    for (mail, account) in [(one, "swapped-person01"), (other, "swapped-person00")] {
        let found = office.imd.json(["users", &mail])["items"].clone();
        let mut accounts: Vec<_> =
            found.as_array().unwrap().iter().map(|user| user["user"]["sAMAccountName"].clone()).collect();
        accounts.sort_by_key(ToString::to_string);
        assert!(accounts.contains(&account.into()), "{mail}: {accounts:?}");
    }
    assert_eq!(office.active(), PEOPLE);
}

#[test]
fn changed_filter_is_shown_with_its_editor() {
    let office = Office::new("Edited");
    office.write_answers("filter = \"(title=Nobody)\"");
    let run = office.imd.imd(["setup", "--answers", "answers.toml", "--yes"]);
    assert!(run.code == 0 || run.code == 1, "{run:#?}");
    if run.code == 0 {
        stopped(&office, ["all users of mapping", "the mapping was edited by"]);
        assert!(reasons(&office)[0].2["mapping-edited"]["by"].is_string());
    }
}
