//! The overview: its numbers, and its alarms.

use serde_json::{Value, json};

use super::counts::a_busy_day;
use crate::support::company;
use crate::support::installation::{Installation, eventually};
use crate::support::laptops::{Laptop, company as set_up, served};

fn overview(imd: &Installation) -> Value {
    imd.json(["status"])["overview"].clone()
}

fn alarms(imd: &Installation) -> Value {
    imd.json(["status"])["alarms"].clone()
}

fn kinds(imd: &Installation) -> Vec<String> {
    let alarms = alarms(imd);
    let alarms = alarms.as_array().unwrap().iter();
    alarms.map(|alarm| alarm["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_overview_counts_what_the_state_holds() {
    let (imd, service, token) = served(12, |answers| answers);
    a_busy_day(&imd, &service, &token);
    let overview = overview(&imd);
    let counted = imd.row(
        "SELECT (SELECT count(*) FROM cached_user WHERE state = 'active') AS cached,
             (SELECT count(*) FROM account) AS accounts,
             (SELECT count(*) FROM device WHERE state = 'pending') AS waiting,
             (SELECT count(*) FROM device WHERE state = 'activated') AS activated,
             (SELECT count(DISTINCT device) FROM refusal JOIN device ON device.id = refusal.device
                  WHERE state = 'pending') AS refused,
             (SELECT count(DISTINCT device) FROM refusal JOIN device ON device.id = refusal.device
                  WHERE state = 'pending' AND reason = 'device-limit') AS over_limit",
    );
    for (what, count) in counted.as_object().unwrap() {
        assert_eq!(overview["stages"][what], *count, "{what}");
    }
    let days = overview["days"].as_array().unwrap();
    assert_eq!(days.len(), 14);
    let today = &days[13];
    assert_eq!((&today["added"], &today["removed"], &today["cached"]), (&12.into(), &1.into(), &counted["cached"]));
    let yesterday = &days[12];
    assert_eq!((&yesterday["cached"], &yesterday["activated"]), (&0.into(), &0.into()), "the cache was empty then");
    let refused = imd.row("SELECT count(*) AS n FROM refusal")["n"].clone();
    assert_eq!(today["refused"], refused);
    // 11 cached users with 50 GiB, and no preserved account.
    let gib = |count: u64| json!(count << 30);
    assert_eq!(overview["storages"][0]["promised"], gib(11 * 50), "{overview}");
    assert_eq!(overview["directories"][0]["users"], 11);
    let read_at = imd.row("SELECT at FROM directory_read")["at"].clone();
    assert_eq!(overview["directories"][0]["at"], read_at);
    assert_eq!(overview["service"]["running"], true);
    assert_eq!(overview["tokens"][0]["uses"], imd.row("SELECT count(*) AS n FROM token_use")["n"]);
    assert_eq!(overview["tokens"][0]["exports"], 3);
    assert!(kinds(&imd).contains(&"over-limit".to_owned()), "{overview}");
}

#[test]
fn a_user_whom_several_mappings_match_counts_once() {
    let imd = set_up(12, |answers| answers);
    // One who is disabled, and one without a mail.
    let ldif = company::ldif(12).replace(
        "userAccountControl: 512\ndepartment: Sales\n\ndn: CN=User 6",
        "userAccountControl: 514\ndepartment: Sales\n\ndn: CN=User 6",
    );
    imd.write("users.ldif", ldif.replace("mail: user7@corp.example.com\n", ""));
    imd.imd(["mapping", "add", "Rest", "directory=corp", "profile=Laptops", "storage=eu-1"]).succeeded();
    imd.imd(["sync"]).succeeded();
    let stages = overview(&imd)["stages"].clone();
    assert_eq!((&stages["matched"], &stages["excluded"], &stages["cached"]), (&12.into(), &2.into(), &10.into()));
    let report = imd.json(["report"]);
    let stuck = report["excluded"].as_array().unwrap().iter();
    let stuck: Vec<_> =
        stuck.map(|stuck| (stuck["reason"].as_str().unwrap(), stuck["count"].as_u64().unwrap())).collect();
    assert_eq!(stuck, [("disabled", 1), ("no-mail", 1)], "and whom an earlier mapping takes is not stuck");
}

#[test]
fn laptops_are_found_by_reason_and_accounts_by_state() {
    let (imd, service, token) = served(12, |answers| answers);
    a_busy_day(&imd, &service, &token);
    let found = |verb: [&str; 2]| imd.json(verb)["items"].as_array().unwrap().len();
    let stages = overview(&imd)["stages"].clone();
    for (query, stage) in
        [("pend", "waiting"), ("refused", "refused"), ("OVER the limit", "over_limit"), ("activ", "activated")]
    {
        assert_eq!(Value::from(found(["devices", query])), stages[stage], "{query}");
    }
    assert_eq!(found(["devices", "no user by that name"]), 0, "that laptop was activated since");
    imd.imd(["accounts", "preserve", "user1"]).succeeded();
    let accounts = imd.row("SELECT count(*) AS n FROM account")["n"].as_u64().unwrap();
    let accounts = usize::try_from(accounts).unwrap();
    assert_eq!((found(["accounts", "pres"]), found(["accounts", "in use"])), (1, accounts - 1));
    assert_eq!((found(["accounts", "due"]), found(["accounts", "due now"])), (1, 0));
    imd.sqlite(&[], "UPDATE account SET preserved_at = '2026-01-02T03:04:05Z' WHERE preserved_at IS NOT NULL");
    assert_eq!(found(["accounts", "due now"]), 1);
}

#[test]
fn the_service_is_seen_to_end_however_it_ended() {
    let (imd, service, _) = served(3, |answers| answers);
    assert_eq!(overview(&imd)["service"]["running"], true);
    service.kill();
    let killed = overview(&imd);
    assert_eq!(
        (&killed["service"]["running"], &killed["service"]["seen"]["stopped_at"]),
        (&false.into(), &Value::Null)
    );
    assert!(alarms(&imd)[0]["message"].as_str().unwrap().contains("ended unexpectedly"), "{killed}");
    let address = crate::support::service::free_address();
    let service = crate::support::service::Service::start(&imd, address);
    assert_eq!(kinds(&imd), [""; 0]);
    service.signal("-TERM");
    assert_eq!(service.ended(), Some(0));
    let stopped = overview(&imd);
    assert_eq!(stopped["service"]["seen"]["address"], address.to_string());
    assert!(alarms(&imd)[0]["message"].as_str().unwrap().contains("was stopped at"), "{stopped}");
}

#[test]
fn alarms_come_and_go_with_their_causes() {
    let imd = set_up(40, |answers| answers);
    imd.imd(["sync"]).succeeded();
    assert_eq!(kinds(&imd), ["service-down"]);
    imd.imd(["pause"]).succeeded();
    // Most users are missing from the file: the safeguard stops the plan.
    imd.write("users.ldif", company::ldif(4));
    imd.imd(["sync"]).failed_with(3, ["36"]);
    assert_eq!(kinds(&imd), ["paused", "plan-stopped", "service-down"]);
    let stopped = imd.row("SELECT id, hash FROM plan WHERE state = 'stopped'");
    let plan = &stopped["id"];
    let status = imd.imd(["status"]).succeeded().stdout.clone();
    for words in [
        "now: activations are paused until an administrator resumes them",
        "to do: resume activations: `imd resume`",
        &format!("now: the safeguard stopped plan {plan}, which removes 36 users"),
        &format!("`imd sync show {plan}`"),
    ] {
        assert!(status.contains(words), "{words}: {status}");
    }
    imd.imd(["resume"]).succeeded();
    imd.imd(["sync", "--approve", stopped["hash"].as_str().unwrap()]).succeeded();
    // Quotas beyond the capacity, a token that expires soon, an edited audit log.
    imd.sqlite(&[], "UPDATE storage SET capacity = 1024");
    imd.sqlite(&[], "UPDATE token SET expires_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+3 days')");
    imd.sqlite(&[], "DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'x' WHERE number = 3");
    imd.imd(["audit", "verify"]).failed_with(3, ["entry 3"]);
    assert_eq!(kinds(&imd), ["audit-broken", "service-down", "token-ends", "storage-full"]);
}

#[test]
fn a_discarded_plan_leaves_nothing_behind() {
    let imd = set_up(40, |answers| answers);
    imd.imd(["sync"]).succeeded();
    let values = || imd.row("SELECT count(*) AS n FROM user_values")["n"].as_u64().unwrap();
    let (before, users) = (values(), imd.rows("SELECT id, state, version, label, hex(hash) AS hash FROM cached_user"));
    imd.write("users.ldif", company::ldif(4).replace("mail: user1@", "mail: other@"));
    imd.imd(["sync"]).failed_with(3, ["36"]);
    let plan = imd.row("SELECT id FROM plan WHERE state = 'stopped'")["id"].to_string();
    assert_eq!(values(), before + 1, "whose mail is another");
    imd.imd(["sync", "discard", &plan]).succeeded();
    assert_eq!((kinds(&imd), values()), (vec!["service-down".to_owned()], before));
    assert_eq!(imd.rows("SELECT id, state, version, label, hex(hash) AS hash FROM cached_user"), users);
    imd.imd(["sync", "show", &plan]).failed_with(1, ["no plan"]);
    imd.imd(["sync", "discard", &plan]).failed_with(1, ["no plan"]);
    // One that was applied is history.
    imd.imd(["sync", "discard", "1"]).failed_with(1, ["already applied"]);
    let told = imd.rows("SELECT subject, detail FROM audit WHERE verb = 'sync discard'");
    assert_eq!(told, [json!({ "subject": format!("plan {plan}"), "detail": "discarded" })]);
}

#[test]
fn a_cut_or_changed_audit_log_is_noticed_at_a_glance() {
    let imd = set_up(3, |answers| answers);
    imd.imd(["audit", "verify"]).succeeded();
    assert_eq!(overview(&imd)["audit"]["broken"], Value::Null);
    let rows = imd.row("SELECT count(*) AS n FROM audit")["n"].as_u64().unwrap();
    assert_eq!(overview(&imd)["audit"]["checked"][1], rows);
    let whole = std::fs::read(imd.state().join("imd.db")).unwrap();
    for (edit, says) in [
        (format!("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE number = {rows}"), "had"),
        (
            format!("DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'x' WHERE number = {}", rows - 1),
            "was changed",
        ),
        // The whole chain was rewritten: it is consistent, and differs from the chain that was verified.
        ("UPDATE audit_check SET hash = zeroblob(32)".to_owned(), "was changed"),
    ] {
        imd.sqlite(&[], "PRAGMA wal_checkpoint(TRUNCATE)");
        imd.sqlite(&[], &edit);
        let broken = overview(&imd)["audit"]["broken"].clone();
        assert!(broken.as_str().unwrap_or_default().contains(says), "{edit}: {broken}");
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(imd.state().join(format!("imd.db{suffix}")));
        }
        std::fs::write(imd.state().join("imd.db"), &whole).unwrap();
    }
}

#[test]
fn a_failed_sync_is_an_alarm_until_one_succeeds() {
    let (imd, service, _) = served(3, |answers| answers);
    // Due at once, and the file is gone.
    std::fs::remove_file(imd.path("users.ldif")).unwrap();
    imd.sqlite(&[], "UPDATE plan SET made_at = '2026-01-01T00:00:00Z'");
    eventually("the failed sync", || overview(&imd)["sync"]["failed"] != Value::Null);
    let failed = overview(&imd);
    assert!(failed["sync"]["failed"]["why"].as_str().unwrap().contains("users.ldif"), "{failed}");
    assert_eq!(kinds(&imd), ["sync-failed"]);
    imd.write("users.ldif", company::ldif(3));
    imd.imd(["sync"]).succeeded();
    assert_eq!(overview(&imd)["sync"]["failed"], Value::Null);
    drop(service);
}

#[test]
fn a_long_wait_and_a_user_beyond_the_limit_are_alarms() {
    let (imd, service, token) = served(4, |answers| answers);
    for (number, user) in [(1, "user1"), (2, "user1"), (3, "")] {
        let laptop = Laptop::new(number);
        laptop.enroll(&service, &token).granted();
        if !user.is_empty() {
            laptop.claim(&service, user).granted();
        }
    }
    assert_eq!(kinds(&imd), [""; 0]);
    imd.sqlite(&[], "UPDATE device SET enrolled_at = '2026-01-02T03:04:05Z' WHERE state = 'pending'");
    imd.sqlite(&[], "UPDATE document SET value = json_set(value, '$.devices_per_user', 1) WHERE name = 'settings'");
    assert_eq!(kinds(&imd), ["waiting-long", "beyond-limit"]);
}
