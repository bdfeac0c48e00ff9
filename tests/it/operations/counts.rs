//! Counts that are kept are those that counting gives, whatever happened.

use serde_json::{Value, json};

use crate::support::company;
use crate::support::installation::Installation;
use crate::support::laptops::{Laptop, served};
use crate::support::service::Service;

/// Compares the stored counts with a new count of everything.
#[track_caller]
pub fn assert_counted(imd: &Installation) {
    for (kept, counted) in [
        (
            "SELECT mapping_id, state, users AS n FROM user_count WHERE users > 0 ORDER BY 1, 2",
            "SELECT mapping_id, state, count(*) AS n FROM cached_user GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        (
            "SELECT label, count AS n FROM counter WHERE metric = 'device' AND count > 0 ORDER BY 1",
            "SELECT state AS label, count(*) AS n FROM device GROUP BY 1 ORDER BY 1",
        ),
        (
            "SELECT label, count AS n FROM counter WHERE metric = 'waiting' AND count > 0 ORDER BY 1",
            "SELECT coalesce((SELECT reason FROM refusal r WHERE r.device = d.id ORDER BY number DESC LIMIT 1), '') AS label,
                 count(*) AS n FROM device d WHERE state = 'pending' GROUP BY 1 ORDER BY 1",
        ),
        (
            "SELECT coalesce(sum(count), 0) AS n FROM counter WHERE metric = 'account'",
            "SELECT count(*) AS n FROM account",
        ),
        ("SELECT id, laptops AS n FROM account ORDER BY 1", "SELECT a.id, count(d.id) AS n FROM account a
             LEFT JOIN device d ON d.account_id = a.id AND d.state = 'activated' GROUP BY a.id ORDER BY 1"),
        ("SELECT id, uses AS n FROM token ORDER BY 1", "SELECT t.id, count(u.at) AS n FROM token t
             LEFT JOIN token_use u ON u.token_id = t.id GROUP BY t.id ORDER BY 1"),
        (
            "SELECT day, count AS n FROM day WHERE metric = 'enrolled' ORDER BY 1",
            "SELECT date(enrolled_at) AS day, count(*) AS n FROM device GROUP BY 1 ORDER BY 1",
        ),
        (
            "SELECT day, label, count AS n FROM day WHERE metric = 'refused' ORDER BY 1, 2",
            "SELECT date(at) AS day, reason AS label, count(*) AS n FROM refusal GROUP BY 1, 2 ORDER BY 1, 2",
        ),
    ] {
        assert_eq!(imd.rows(kept), imd.rows(counted), "{kept}");
    }
}

/// Enrolls, activates, refuses, replaces, revokes, frees, preserves, deletes; and one is found by a look-up.
pub fn a_busy_day(imd: &Installation, service: &Service, token: &str) {
    let laptops: Vec<_> = (1..=9).map(Laptop::new).collect();
    for laptop in &laptops {
        laptop.enroll(service, token).granted();
    }
    for (laptop, user) in laptops.iter().zip(["user1", "user1", "user2", "user3"]) {
        laptop.claim(service, user).granted();
    }
    // A third laptop of one user, twice; an unknown user; an invalid token.
    laptops[4].claim(service, "user1").error();
    laptops[4].claim(service, "user1").error();
    laptops[5].claim(service, "nobody").error();
    Laptop::new(20).enroll(service, "imd1.no-token").error();
    // Imaged again: the earlier device is replaced when its user logs on.
    laptops[3].imaged_anew().enroll(service, token).granted();
    laptops[3].imaged_anew().claim(service, "user3").granted();
    let ids = imd.rows("SELECT id, state FROM device ORDER BY number");
    let id = |at: usize| ids[at]["id"].as_str().unwrap();
    imd.imd(["devices", "revoke", id(0)]).succeeded();
    imd.imd(["devices", "release", id(6)]).succeeded();
    // Refused before, activated now.
    laptops[5].claim(service, "user2").granted();
    // A removed user is deleted after the retention period.
    let ldif = company::ldif(12);
    imd.write("users.ldif", ldif.replace("OU=Staff", "OU=Gone").replacen("OU=Gone", "OU=Staff", 0));
    imd.write("users.ldif", without(&ldif, 2));
    imd.imd(["sync"]).succeeded();
    imd.sqlite(&[], "UPDATE account SET preserved_at = '2026-01-02T03:04:05Z' WHERE preserved_at IS NOT NULL");
    imd.imd(["accounts", "delete", "user2", "--yes"]).succeeded();
}

/// The company without one of its users.
fn without(ldif: &str, user: u32) -> String {
    let at = ldif.find(&format!("dn: CN=User {user},")).unwrap();
    let end = at + ldif[at..].find("\n\n").unwrap() + 2;
    format!("{}{}", &ldif[..at], &ldif[end..])
}

#[test]
fn what_is_kept_is_what_counting_gives_whatever_happened() {
    let (imd, service, token) = served(12, |answers| answers);
    assert_counted(&imd);
    a_busy_day(&imd, &service, &token);
    assert_counted(&imd);
    let days = imd
        .rows("SELECT metric, label, count AS n FROM day WHERE metric IN ('added', 'removed', 'activated') ORDER BY 1");
    assert_eq!(
        days,
        [
            // Five laptops, one of them twice: it was imaged again.
            json!({ "metric": "activated", "label": "", "n": 6 }),
            json!({ "metric": "added", "label": "", "n": 12 }),
            json!({ "metric": "removed", "label": "", "n": 1 }),
        ]
    );
    // A backup is that state, and a later one of the same installation restores it with what was revoked since.
    imd.write_secret("passphrase", "correct horse battery staple\n");
    imd.imd(["backup", "state.backup", "--passphrase-file", "passphrase"]).succeeded();
    let device = imd.row("SELECT id FROM device WHERE state = 'activated' ORDER BY number LIMIT 1")["id"].clone();
    imd.imd(["devices", "revoke", device.as_str().unwrap()]).succeeded();
    Laptop::new(30).enroll(&service, &token).granted();
    drop(service);
    imd.imd(["restore", "state.backup", "--passphrase-file", "passphrase", "--yes"]).succeeded();
    assert_eq!(imd.row("SELECT count(*) AS n FROM device WHERE state = 'revoked'")["n"], 2);
    let uses = imd.row("SELECT uses, (SELECT count(*) FROM token_use) AS n FROM token");
    assert_eq!(uses["uses"], uses["n"]);
    assert_counted_without_days(&imd);
}

/// The days of a backup are those of its time: a laptop that enrolled since is in its place only as a use of the token.
#[track_caller]
fn assert_counted_without_days(imd: &Installation) {
    let kept = imd.rows("SELECT label, count AS n FROM counter WHERE metric = 'device' AND count > 0 ORDER BY 1");
    let counted: Vec<Value> = imd.rows("SELECT state AS label, count(*) AS n FROM device GROUP BY 1 ORDER BY 1");
    assert_eq!(kept, counted);
}
