//! A removed user is refused at once; the account is preserved, returns with the user, and is deleted only on request.

use std::sync::Arc;

use imd::engine::{Engine, Options};
use serde_json::Value;

use crate::support::company;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};

/// The company's file with `user1` as they are now, synced.
fn now(imd: &Installation, change: impl Fn(&str) -> String) {
    let ldif = company::ldif(6);
    let at = ldif.find("dn: CN=User 1,").unwrap();
    let end = at + ldif[at..].find("\n\n").unwrap() + 2;
    imd.write("users.ldif", format!("{}{}{}", &ldif[..at], change(&ldif[at..end]), &ldif[end..]));
    imd.imd(["sync"]).succeeded();
}

fn account(imd: &Installation) -> Value {
    imd.row("SELECT a.*, (SELECT state FROM device WHERE account_id = a.id) AS device FROM account a")
}

/// The days between two columns of the one account.
fn preserved_for(imd: &Installation) -> i64 {
    let listed = imd.json(["accounts"])["items"][0]["preserved"].clone();
    let time = |name: &str| listed[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    (time("until").duration_since(time("at"))).as_hours() / 24
}

/// What becomes of a user's entry in the file.
type Leaves = fn(&str) -> String;

#[test]
fn returning_user_gets_the_same_account_and_laptop() {
    let (imd, service, token) = served(6, |answers| answers.replace("[mapping]", "preserve_for = \"45d\"\n[mapping]"));
    let (laptop, second) = (Laptop::new(1), Laptop::new(2));
    laptop.enroll(&service, &token).granted();
    second.enroll(&service, &token).granted();
    laptop.claim(&service, "user1").granted();
    let before = account(&imd);
    let disabled = |user: &str| user.replace("userAccountControl: 512", "userAccountControl: 514");
    let elsewhere = |user: &str| user.replace("OU=Staff", "OU=Gone").replace("Sales", "Legal");
    let deleted = |_: &str| String::new();
    let ways: [(&str, Leaves); 3] =
        [("is disabled", disabled), ("no longer matches a mapping", elsewhere), ("is not found", deleted)];
    for (why, leaves) in ways {
        now(&imd, leaves);
        assert_eq!(second.claim(&service, "user1").error(), "refused", "{why}");
        assert_eq!(laptop.claim(&service, "user1").error(), "refused", "{why}");
        assert_eq!(laptop.check_in(&service).granted()["state"], "preserved", "{why}");
        let kept = account(&imd);
        assert_eq!(
            (&kept["id"], &kept["preserved_why"], &kept["device"]),
            (&before["id"], &"removed".into(), &"activated".into())
        );
        assert_eq!(preserved_for(&imd), 45, "the days of the profile");
        let reported = imd.row("SELECT subject, detail FROM audit ORDER BY number DESC LIMIT 1");
        assert_eq!(reported["subject"], "account user1@corp.example.com");
        let detail = reported["detail"].as_str().unwrap();
        assert!(detail.starts_with("preserved") && detail.contains(why), "{detail}");
        let run = imd.imd(["accounts", "restore", "user1"]);
        run.failed_with(1, ["stays preserved", why]);

        now(&imd, str::to_owned);
        let detail = imd.row("SELECT detail FROM audit ORDER BY number DESC LIMIT 1");
        assert_eq!(detail["detail"], "restored: the user was added again");
        assert_eq!(laptop.check_in(&service).granted()["state"], "activated");
        laptop.claim(&service, "user1").granted();
        let after = account(&imd);
        assert_eq!(
            (&after["id"], &after["created_at"], &after["preserved_at"]),
            (&before["id"], &before["created_at"], &Value::Null)
        );
    }
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'activated'")["n"], 1);
}

#[test]
fn suspended_account_is_refused_until_restored() {
    let (imd, service, token) = served(6, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    imd.imd(["accounts", "preserve", "user1"]).failed_with(1, ["no user named user1 has an account"]);
    laptop.claim(&service, "user1").granted();
    let held = imd.json(["accounts", "preserve", r"user1@corp.example.com"]);
    assert_eq!(held["preserved"]["why"], "requested", "{held}");
    assert_eq!(laptop.claim(&service, "user1").error(), "refused");
    assert_eq!(imd.row("SELECT reason FROM refusal ORDER BY number DESC LIMIT 1")["reason"], "account-preserved");
    let listed = imd.imd(["accounts"]).succeeded().stdout.clone();
    assert!(listed.contains("preserved, due "), "{listed}");
    let explained = imd.imd(["explain", "user1"]);
    assert_eq!(explained.code, 3);
    assert!(explained.stderr.contains("imd accounts restore user1@corp.example.com"), "{explained:#?}");

    // It does not come back by itself when the user leaves and is back.
    now(&imd, |_| String::new());
    now(&imd, str::to_owned);
    assert_eq!(laptop.claim(&service, "user1").error(), "refused");
    // Given back while the user is away, it waits for the user alone.
    now(&imd, |_| String::new());
    let waits = imd.json(["accounts", "restore", "user1"]);
    assert_eq!(waits["preserved"]["why"], "removed", "{waits}");
    now(&imd, str::to_owned);
    laptop.claim(&service, "user1").granted();

    imd.imd(["accounts", "preserve", "user1"]).succeeded();
    assert!(imd.json(["accounts", "restore", "user1"])["preserved"].is_null());
    laptop.claim(&service, "user1").granted();
    let verbs = imd.rows("SELECT verb, count(*) AS n FROM audit WHERE verb LIKE 'accounts %' GROUP BY verb");
    assert_eq!(
        verbs,
        [
            serde_json::json!({ "verb": "accounts preserve", "n": 2 }),
            serde_json::json!({ "verb": "accounts restore", "n": 2 }),
        ]
    );
}

#[test]
fn expired_account_is_due_and_deleted_on_request_only() {
    let (imd, service, token) = served(6, |answers| answers);
    let (laptop, other) = (Laptop::new(1), Laptop::new(2));
    for (laptop, user) in [(&laptop, "user1"), (&other, "user2")] {
        laptop.enroll(&service, &token).granted();
        laptop.claim(&service, user).granted();
    }
    imd.imd(["accounts", "delete", "user1", "--yes"]).failed_with(1, ["cannot delete the account", "in use"]);
    now(&imd, |_| String::new());
    imd.imd(["accounts", "delete", "user1", "--yes"]).failed_with(1, ["cannot delete the account", "preserved until"]);
    assert_eq!(imd.json(["status"])["activations"]["accounts"], serde_json::json!({ "preserved": 1, "due": 0 }));
    assert_eq!(imd.json(["accounts", "--due"])["items"], serde_json::json!([]));

    // 91 days later.
    imd.sqlite(&[], "UPDATE account SET preserved_at = '2026-01-02T03:04:05Z' WHERE preserved_at IS NOT NULL");
    let status = imd.imd(["status"]).succeeded().stdout.clone();
    assert!(status.contains("of which 1 preserved; the retention of 1 has ended"), "{status}");
    let due = imd.json(["accounts", "--due"]);
    assert_eq!(due["items"].as_array().unwrap().len(), 1, "{due}");
    assert_eq!(due["items"][0]["name"], "user1@corp.example.com", "{due}");
    imd.imd(["sync"]).succeeded();
    assert_eq!(imd.row("SELECT count(*) AS n FROM account")["n"], 2, "no sync deletes anything");
    imd.imd(["accounts", "delete", "user1"]).failed_with(3, ["deleted permanently"]);
    imd.imd(["accounts", "delete", "user1", "--yes"]).succeeded();
    assert_eq!(imd.row("SELECT label FROM account")["label"], "User 2");
    assert_eq!(laptop.claim(&service, "user1").error(), "device-refused");
    assert_eq!(other.check_in(&service).granted()["state"], "activated");
    let reported = imd.row("SELECT verb, detail FROM audit ORDER BY number DESC LIMIT 1");
    assert_eq!(reported["verb"], "accounts delete");
    assert_eq!(imd.json(["audit", "verify"])["whole"]["rows"], imd.row("SELECT count(*) AS n FROM audit")["n"]);
}

#[test]
fn account_of_removed_user_stays_preserved() {
    let (imd, service, token) = served(6, |answers| answers);
    let laptop = Laptop::new(1);
    laptop.enroll(&service, &token).granted();
    laptop.claim(&service, "user1").granted();
    imd.imd(["accounts", "preserve", "user1"]).succeeded();
    // The clock is looked at after the account was found and before it is given back: then the sync comes that lets its
    // user go.
    let leaves = {
        let (folder, state) = (imd.folder().to_owned(), imd.state());
        move || {
            let ldif = company::ldif(6);
            let at = ldif.find("dn: CN=User 1,").unwrap();
            let end = at + ldif[at..].find("\n\n").unwrap() + 2;
            std::fs::write(folder.join("users.ldif"), format!("{}{}", &ldif[..at], &ldif[end..])).unwrap();
            let other = Engine::open(Options::of_host(state.clone())).unwrap();
            other.sync(&imd::model::job::Job::unwatched()).unwrap();
        }
    };
    let left = std::sync::Once::new();
    let clock = Arc::new(move || {
        left.call_once(&leaves);
        jiff::Timestamp::now()
    });
    let engine = Engine::open(Options { clock, ..Options::of_host(imd.state()) }).unwrap();
    let account = engine.restore_account("user1").unwrap();
    assert_eq!(account.preserved.map(|preserved| preserved.why), Some(imd::model::account::Why::Removed));
    assert_eq!(laptop.claim(&service, "user1").error(), "refused");
    drop(service);
}
