//! Made deployments, for tests.

#![allow(clippy::missing_panics_doc, reason = "a test that is given nonsense has failed")]

use jiff::{SignedDuration, Timestamp};

use crate::model::account::Kept;
use crate::model::name::Name;
use crate::model::overview::{
    Bytes, Carried, Carrier, Chain, Failed, Overview, Password, Paused, Promised, Service, ServiceSeen, Stages,
    Stopped, Syncs,
};
use crate::model::size::Size;
use crate::model::text::Untrusted;
use crate::model::token::{State, TokenId};

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

pub fn seen() -> ServiceSeen {
    let started_at = at("2026-11-01T08:00:00Z");
    ServiceSeen { started_at, address: "0.0.0.0:7443".to_owned(), certificate_ends: None, stopped_at: None }
}

pub fn token() -> Carried {
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
        export: Some(Carrier { number: 3, folder: Untrusted::new("rollout/intune") }),
    }
}

pub fn storage(promised: u64, capacity: Option<u64>) -> Promised {
    let capacity = capacity.map(|tib| Size::bytes(tib << 40));
    Promised { name: name("eu-1"), capacity, promised: Bytes(promised << 40), users: 880, unlimited: 0 }
}

/// A deployment without alarms.
pub fn well() -> Overview {
    Overview {
        at: at("2026-11-24T12:00:00Z"),
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
        tokens_created: 1,
        storages: vec![storage(89, Some(100))],
        service: Service { running: true, seen: Some(seen()) },
        pause: None,
        passwords: Vec::new(),
        certificate_ends: Some(at("2026-12-24T12:00:00Z")),
        accounts: Kept { preserved: 3, due: 0 },
        audit: Chain { rows: 100, checked: Some((at("2026-11-24T02:00:00Z"), 90)), broken: None },
    }
}

/// A deployment with an alarm of each kind, except those of a valid token and of a late sync.
pub fn everything_wrong() -> Overview {
    let mut overview = well();
    let (now, hour) = (overview.at, SignedDuration::from_hours(1));
    overview.audit.broken = Some("entry 3 was changed".to_owned());
    overview.service = Service { running: false, seen: Some(ServiceSeen { stopped_at: Some(now), ..seen() }) };
    overview.pause = Some(Paused { since: now, until: None, by: Untrusted::new("anna") });
    overview.certificate_ends = Some(now + hour);
    let revoked = Carried { state: State::Revoked, name: name("first"), ..token() };
    let replaced = Carried { state: State::Replaced, ends_at: Some(now - hour), ..token() };
    overview.tokens = vec![revoked, replaced];
    overview.tokens_created = 2;
    overview.sync.failed = Some(Failed::new(now, "no answer", "check the network"));
    overview.sync.stopped = Some(Stopped { plan: 7, made_at: now, removed: 60, until: now + hour });
    let says = "expires soon".to_owned();
    overview.passwords = vec![Password { directory: name("corp"), bind: Untrusted::new("svc"), days: 3, says }];
    overview.storages = vec![storage(200, Some(100))];
    (overview.stages.refused, overview.stages.over_limit) = (5, 2);
    (overview.stages.waiting_long, overview.stages.beyond_limit) = (1, 1);
    overview.accounts.due = 2;
    overview
}
