use jiff::SignedDuration;

use super::made::{at, name, seen, storage, token, well};
use super::*;
use crate::model::overview::{Failed, Password, Paused, Service, ServiceSeen, Stopped, Syncs};
use crate::model::text::Untrusted;

const NOW: &str = "2026-11-24T12:00:00Z";

/// The alarms of a deployment in which nothing else is wrong.
fn of(change: impl FnOnce(&mut Overview)) -> Vec<Shown> {
    let mut overview = well();
    change(&mut overview);
    all(&overview)
}

type Change = fn(&mut Overview);
/// A change, and of its alarm the urgency, the kind, a part of the message and a part of the next step.
type Row = (Change, Urgency, Of, &'static str, &'static str);

#[test]
fn a_deployment_without_trouble_has_no_alarm() {
    assert_eq!(of(|_| {}), []);
}

#[test]
fn each_trouble_is_one_alarm_with_a_next_step() {
    let table: [Row; 27] = [
        (|o| o.audit.broken = Some("entry 7 was changed".into()), Urgency::Now, Of::AuditBroken, "entry 7", "backup"),
        (|o| o.service.running = false, Urgency::Now, Of::ServiceDown, "ended unexpectedly", "imd serve"),
        (|o| stop(o, "2026-11-24T11:00:00Z"), Urgency::Now, Of::ServiceDown, "was stopped at", "imd serve"),
        (|o| o.service = Service::default(), Urgency::Soon, Of::ServiceDown, "was never started", "imd serve"),
        (
            |o| o.pause = Some(pause(None)),
            Urgency::Now,
            Of::Paused,
            "until an administrator resumes them, by anna",
            "imd resume",
        ),
        (|o| o.pause = Some(pause(Some("2026-11-24T14:00:00Z"))), Urgency::Note, Of::Paused, "by anna", "imd resume"),
        (
            |o| certificate_until(o, NOW),
            Urgency::Now,
            Of::CertificateEnds,
            "within a day",
            "replace the certificate file",
        ),
        (
            |o| certificate_until(o, "2026-11-24T11:59:59Z"),
            Urgency::Now,
            Of::CertificateEnds,
            "expired on",
            "replace the certificate file",
        ),
        (
            |o| certificate_until(o, "2026-12-24T11:59:59Z"),
            Urgency::Soon,
            Of::CertificateEnds,
            "in 29 days",
            "replace the certificate file",
        ),
        (|o| o.tokens[0].state = State::Revoked, Urgency::Now, Of::TokenDead, "2 exports carry it", "token create"),
        (
            |o| o.tokens[0].state = State::Expired,
            Urgency::Now,
            Of::TokenDead,
            "has expired",
            "token rotate \"rollout\"",
        ),
        (
            |o| o.tokens[0].state = State::Overused,
            Urgency::Now,
            Of::TokenUsedUp,
            "its maximum of 1,000 activations",
            "token rotate",
        ),
        (|o| o.tokens.clear(), Urgency::Now, Of::NoToken, "no laptop can enroll", "imd token create NAME"),
        (|o| o.tokens[0].uses = 900, Urgency::Soon, Of::TokenUsedUp, "900 of 1,000", "token rotate"),
        (
            |o| ends(o, "2026-12-08T11:59:59Z"),
            Urgency::Soon,
            Of::TokenEnds,
            "expires on 2026-12-08, in 13 days",
            "rotate",
        ),
        (|o| ends(o, "2026-11-25T11:59:59Z"), Urgency::Now, Of::TokenEnds, "within a day", "token rotate"),
        (|o| replaced(o, "2026-12-01T00:00:00Z"), Urgency::Soon, Of::TokenStillUsed, "laptops still use it", "written"),
        (
            |o| replaced(o, "2026-11-24T00:00:00Z"),
            Urgency::Now,
            Of::TokenDead,
            "its overlap has ended",
            "export rewrite 3",
        ),
        (|o| fail(o), Urgency::Now, Of::SyncFailed, "no answer\\u{1b}", "call the directory's people"),
        (
            |o| stopped(o, "2026-11-24T11:30:00Z"),
            Urgency::Now,
            Of::PlanStopped,
            "which removes 60 users",
            "sync show 7",
        ),
        (
            |o| stopped(o, "2026-11-24T10:00:00Z"),
            Urgency::Now,
            Of::PlanStopped,
            "could be approved until",
            "sync --plan",
        ),
        (|o| o.sync.next = Some(at("2026-11-24T11:00:00Z")), Urgency::Now, Of::SyncLate, "that was due at", "imd sync"),
        (|o| o.sync.last = None, Urgency::Soon, Of::SyncLate, "never read", "imd sync"),
        (|o| o.storages = vec![storage(101, Some(100))], Urgency::Soon, Of::StorageFull, "add up to 101 TiB", "quota"),
        (|o| o.storages = vec![storage(90, Some(100))], Urgency::Note, Of::StorageFull, "of 100 TiB", "quota"),
        (|o| o.stages.waiting_long = 1, Urgency::Note, Of::WaitingLong, "1 laptop is waiting", "devices pending"),
        (|o| o.accounts.due = 2, Urgency::Note, Of::AccountsDue, "2 preserved accounts", "accounts --due"),
    ];
    for (change, urgency, kind, happened, to_do) in table {
        let found = of(change);
        let [alarm] = &found[..] else { panic!("{kind:?}: {found:#?}") };
        assert_eq!((alarm.urgency, alarm.kind), (urgency, kind), "{alarm:#?}");
        assert!(alarm.message.contains(happened), "{happened}: {alarm:#?}");
        assert!(alarm.to_do.with_commands().contains(to_do), "{to_do}: {alarm:#?}");
        assert!(!alarm.about.is_empty(), "{alarm:#?}");
    }
}

#[test]
fn just_before_a_threshold_there_is_no_alarm() {
    let quiet: [Change; 10] = [
        |o| certificate_until(o, "2026-12-24T12:00:00Z"),
        |o| ends(o, "2026-12-08T12:00:00Z"),
        |o| o.tokens[0].max = 0,
        // A dead token that no export carries, next to a valid one.
        |o| o.tokens.push(Carried { state: State::Revoked, exports: 0, name: name("old"), ..token() }),
        |o| o.tokens[0].last_use = None,
        // It was replaced, and no laptop has used it since.
        |o| {
            replaced(o, "2026-12-01T00:00:00Z");
            o.tokens[0].last_use = Some(at("2026-11-22T23:00:00Z"));
        },
        |o| o.sync.next = Some(at("2026-11-24T11:00:01Z")),
        |o| o.sync = Syncs::default(),
        |o| o.storages = vec![storage(1_000, None)],
        |o| (o.service, o.tokens, o.tokens_created) = (Service::default(), Vec::new(), 0),
    ];
    for (at, change) in quiet.into_iter().enumerate() {
        assert_eq!(of(change), [], "number {at}");
    }
}

#[test]
fn waiting_laptops_are_counted_by_reason() {
    let found = of(|o| {
        (o.stages.refused, o.stages.over_limit, o.stages.beyond_limit) = (9, 4, 2);
        o.refused_for = vec![("device-limit".to_owned(), 40), ("user-unknown".to_owned(), 30)];
    });
    let kinds: Vec<_> = found.iter().map(|alarm| (alarm.kind, alarm.message.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (Of::OverLimit, "4 laptops are waiting because the users have reached their limit"),
            (Of::Refused, "5 laptops are waiting after a refused log-on"),
            (Of::BeyondLimit, "2 users have more laptops than the limit allows"),
        ]
    );
    assert!(
        found[1].to_do.with_commands().contains("imd explain USER"),
        "the most frequent reason but the limit: {found:#?}"
    );
}

#[test]
fn the_most_urgent_comes_first() {
    let found = of(|o| {
        o.accounts.due = 2;
        o.passwords = vec![
            Password { directory: name("b"), bind: "svc".into(), days: 3, says: "expires soon".into() },
            Password { directory: name("a"), bind: "svc".into(), days: -1, says: "expired".into() },
        ];
        fail(o);
        o.pause = Some(pause(None));
        o.audit.broken = Some("cut".into());
        o.tokens[0].state = State::Overused;
    });
    let order: Vec<_> = found.iter().map(|alarm| (alarm.urgency, alarm.about.as_str())).collect();
    assert_eq!(
        order,
        [
            (Urgency::Now, "audit log"),
            (Urgency::Now, "activations"),
            (Urgency::Now, "token rollout"),
            (Urgency::Now, "sync"),
            (Urgency::Now, "password of a"),
            (Urgency::Soon, "password of b"),
            (Urgency::Note, "accounts"),
        ]
    );
}

fn stop(overview: &mut Overview, when: &str) {
    let seen = ServiceSeen { stopped_at: Some(at(when)), ..seen() };
    overview.service = Service { running: false, seen: Some(seen) };
}

fn pause(until: Option<&str>) -> Paused {
    Paused { since: at("2026-11-24T10:00:00Z"), until: until.map(at), by: Untrusted::new("anna") }
}

fn certificate_until(overview: &mut Overview, when: &str) {
    overview.certificate_ends = Some(at(when));
}

fn ends(overview: &mut Overview, when: &str) {
    overview.tokens[0].ends_at = Some(at(when));
}

fn replaced(overview: &mut Overview, until: &str) {
    let token = &mut overview.tokens[0];
    token.state = State::Replaced;
    (token.replaced_at, token.ends_at) = (Some(at("2026-11-23T00:00:00Z")), Some(at(until)));
}

fn fail(overview: &mut Overview) {
    overview.sync.failed =
        Some(Failed::new(at("2026-11-24T03:00:00Z"), "no answer\u{1b}", "call the directory's people"));
}

fn stopped(overview: &mut Overview, made_at: &str) {
    let made_at = at(made_at);
    let until = made_at + SignedDuration::from_hours(1);
    overview.sync.stopped = Some(Stopped { plan: 7, made_at, removed: 60, until });
}
