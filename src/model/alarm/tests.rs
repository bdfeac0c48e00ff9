use super::*;
use crate::model::account::Kept;
use crate::model::name::Name;
use crate::model::overview::{Bytes, Chain, Failed, Password, Paused, Service, ServiceSeen, Stages, Stopped, Syncs};
use crate::model::size::Size;
use crate::model::token::TokenId;

const NOW: &str = "2026-11-24T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn seen() -> ServiceSeen {
    let started_at = at("2026-11-01T08:00:00Z");
    ServiceSeen { started_at, address: "0.0.0.0:7443".to_owned(), certificate_ends: None, stopped_at: None }
}

/// A deployment in which nothing needs anybody.
fn well() -> Overview {
    Overview {
        at: at(NOW),
        stages: Stages { matched: 900, cached: 880, excluded: 20, waiting: 10, activated: 700, ..Stages::default() },
        days: Vec::new(),
        refused_for: Vec::new(),
        directories: Vec::new(),
        sync: Syncs {
            last: Some(at("2026-11-24T02:00:00Z")),
            next: Some(at("2026-11-25T02:00:00Z")),
            failed: None,
            stopped: None,
        },
        tokens: vec![token()],
        storages: vec![storage(89, Some(100))],
        service: Service { running: true, seen: Some(seen()) },
        pause: None,
        passwords: Vec::new(),
        certificate_ends: Some(at("2026-12-24T12:00:00Z")),
        accounts: Kept { preserved: 3, due: 0 },
        audit: Chain { rows: 100, checked: Some((at("2026-11-24T02:00:00Z"), 90)), broken: None },
        alarms: Vec::new(),
    }
}

fn token() -> Carried {
    Carried {
        id: TokenId::from_bytes([7; 8]),
        name: name("rollout"),
        state: State::Valid,
        ends_at: Some(at("2026-12-08T12:00:00Z")),
        uses: 899,
        max: 1000,
        replaced_at: None,
        last_use: Some(at("2026-11-24T11:00:00Z")),
        exports: 2,
    }
}

fn storage(promised: u64, capacity: Option<u64>) -> Promised {
    let capacity = capacity.map(|tib| Size::bytes(tib << 40));
    Promised { name: name("eu-1"), capacity, promised: Bytes(promised << 40), users: 880, unlimited: 0 }
}

/// What becomes of a deployment in which nothing else is wrong.
fn of(change: impl FnOnce(&mut Overview)) -> Vec<Alarm> {
    let mut overview = well();
    change(&mut overview);
    alarms(&overview)
}

type Change = fn(&mut Overview);

#[test]
fn a_deployment_that_is_well_needs_nobody() {
    assert_eq!(of(|_| {}), []);
}

#[test]
fn each_trouble_is_one_alarm_with_one_thing_to_do() {
    let table: [(Change, Urgency, Kind, &str, &str); 26] = [
        (|o| o.audit.broken = Some("entry 7 was changed".into()), Urgency::Now, Kind::AuditBroken, "entry 7", "backup"),
        (|o| o.service.running = false, Urgency::Now, Kind::ServiceDown, "ended by itself", "imd serve"),
        (|o| stop(o, "2026-11-24T11:00:00Z"), Urgency::Now, Kind::ServiceDown, "was stopped at", "imd serve"),
        (|o| o.service = Service::default(), Urgency::Soon, Kind::ServiceDown, "no service has run", "imd serve"),
        (|o| o.pause = Some(pause(None)), Urgency::Now, Kind::Paused, "until somebody resumes, by anna", "imd resume"),
        (
            |o| o.pause = Some(pause(Some("2026-11-24T14:00:00Z"))),
            Urgency::Known,
            Kind::Paused,
            "by anna",
            "imd resume",
        ),
        (|o| certificate_until(o, NOW), Urgency::Now, Kind::CertificateEnds, "within a day", "new one"),
        (|o| certificate_until(o, "2026-11-24T11:59:59Z"), Urgency::Now, Kind::CertificateEnds, "ended on", "new one"),
        (
            |o| certificate_until(o, "2026-12-24T11:59:59Z"),
            Urgency::Soon,
            Kind::CertificateEnds,
            "in 29 days",
            "new one",
        ),
        (|o| o.tokens[0].state = State::Revoked, Urgency::Now, Kind::TokenDead, "2 exports carry it", "export written"),
        (
            |o| o.tokens[0].state = State::Expired,
            Urgency::Now,
            Kind::TokenDead,
            "has expired",
            "token rotate \"rollout\"",
        ),
        (|o| o.tokens[0].state = State::Overused, Urgency::Now, Kind::TokenUsedUp, "as it may (1000)", "token rotate"),
        (|o| o.tokens[0].uses = 900, Urgency::Soon, Kind::TokenUsedUp, "900 of 1000", "token rotate"),
        (
            |o| ends(o, "2026-12-08T11:59:59Z"),
            Urgency::Soon,
            Kind::TokenEnds,
            "ends on 2026-12-08, in 13 days",
            "rotate",
        ),
        (|o| ends(o, "2026-11-25T11:59:59Z"), Urgency::Now, Kind::TokenEnds, "within a day", "token rotate"),
        (|o| replaced(o, "2026-12-01T00:00:00Z"), Urgency::Soon, Kind::TokenStillUsed, "still come with it", "written"),
        (|o| replaced(o, "2026-11-24T00:00:00Z"), Urgency::Now, Kind::TokenDead, "lets in nobody", "export written"),
        (|o| fail(o), Urgency::Now, Kind::SyncFailed, "no answer\\u{1b}", "call the directory's people"),
        (
            |o| stopped(o, "2026-11-24T11:30:00Z"),
            Urgency::Now,
            Kind::PlanStopped,
            "60 users would leave",
            "sync show 7",
        ),
        (|o| stopped(o, "2026-11-24T10:00:00Z"), Urgency::Now, Kind::PlanStopped, "the plan 7", "sync --plan"),
        (
            |o| o.sync.next = Some(at("2026-11-24T11:00:00Z")),
            Urgency::Now,
            Kind::SyncLate,
            "should have been",
            "imd sync",
        ),
        (|o| o.sync.last = None, Urgency::Soon, Kind::SyncLate, "never read", "imd sync"),
        (
            |o| o.storages = vec![storage(101, Some(100))],
            Urgency::Soon,
            Kind::StorageFull,
            "101 TiB are promised",
            "quota",
        ),
        (|o| o.storages = vec![storage(90, Some(100))], Urgency::Known, Kind::StorageFull, "of the 100 TiB", "quota"),
        (|o| o.stages.waiting_long = 1, Urgency::Known, Kind::WaitingLong, "1 laptop is waiting", "devices pending"),
        (|o| o.accounts.due = 2, Urgency::Known, Kind::AccountsDue, "2 preserved accounts", "accounts --due"),
    ];
    for (change, urgency, kind, happened, to_do) in table {
        let found = of(change);
        let [alarm] = &found[..] else { panic!("{kind:?}: {found:#?}") };
        assert_eq!((alarm.urgency, alarm.kind), (urgency, kind), "{alarm:#?}");
        assert!(alarm.happened.contains(happened), "{happened}: {alarm:#?}");
        assert!(alarm.to_do.contains(to_do), "{to_do}: {alarm:#?}");
        assert!(!alarm.verb.contains(' ') && !alarm.about.is_empty(), "{alarm:#?}");
    }
}

#[test]
fn what_is_near_the_line_and_not_beyond_it_is_no_alarm() {
    let quiet: [Change; 9] = [
        |o| certificate_until(o, "2026-12-24T12:00:00Z"),
        |o| ends(o, "2026-12-08T12:00:00Z"),
        |o| o.tokens[0].max = 0,
        |o| (o.tokens[0].state, o.tokens[0].exports) = (State::Revoked, 0),
        // Its successor is there, and nobody has come with it since; or not for a week.
        |o| {
            replaced(o, "2026-12-01T00:00:00Z");
            o.tokens[0].last_use = Some(at("2026-11-22T23:00:00Z"));
        },
        |o| o.sync.next = Some(at("2026-11-24T11:00:01Z")),
        |o| o.sync = Syncs::default(),
        |o| o.storages = vec![storage(1_000, None)],
        |o| (o.service, o.tokens) = (Service::default(), Vec::new()),
    ];
    for (at, change) in quiet.into_iter().enumerate() {
        assert_eq!(of(change), [], "number {at}");
    }
}

#[test]
fn laptops_that_wait_are_told_apart_by_what_keeps_them() {
    let found = of(|o| {
        (o.stages.refused, o.stages.over_limit, o.stages.beyond_limit) = (9, 4, 2);
        o.refused_for = vec![("device-limit".to_owned(), 40), ("user-unknown".to_owned(), 30)];
    });
    let kinds: Vec<_> = found.iter().map(|alarm| (alarm.kind, alarm.happened.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (Kind::OverLimit, "4 laptops are waiting: their users have as many as they may"),
            (Kind::Refused, "5 laptops are waiting after a log-on that was refused"),
            (Kind::BeyondLimit, "2 users have more laptops than the limit allows now"),
        ]
    );
    assert!(found[1].to_do.contains("imd explain USER"), "the most frequent reason but the limit: {found:#?}");
}

#[test]
fn the_most_pressing_stands_first() {
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
            (Urgency::Now, "audit"),
            (Urgency::Now, "activations"),
            (Urgency::Now, "token rollout"),
            (Urgency::Now, "sync"),
            (Urgency::Now, "directory a"),
            (Urgency::Soon, "directory b"),
            (Urgency::Known, "accounts"),
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
