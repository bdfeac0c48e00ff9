//! The overview in words: the stages from the directory to the laptop, and what is known of directories, service, tokens
//! and storages.

use jiff::Timestamp;

use crate::model::alarm::STORAGE_SHARE;
use crate::model::count::{counted, grouped};
use crate::model::moment::{day, minute, span};
use crate::model::overview::{Bytes, Carried, DAYS, Day, Overview, Promised, Read};
use crate::model::text::shown;
use crate::model::token::State;
use crate::wizard::Step;

use super::{Fact, Kind, Place, Tone};

/// How many users or laptops are at one stage, and what happened there day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub label: &'static str,
    pub count: u64,
    /// The count of a full bar.
    pub of: u64,
    /// By day; the last is today. Empty for a stage without daily counts.
    pub days: Vec<u64>,
    /// What the days count: `enrolled`.
    pub today: &'static str,
    pub leads: Place,
}

/// The stages in their order.
pub fn stages(overview: &Overview) -> Vec<Stage> {
    let of = &overview.stages;
    let days = |what: fn(&Day) -> u64| overview.days.iter().map(what).collect();
    let people = of.matched.max(of.cached);
    let laptops = (of.activated + of.waiting).max(people);
    let stage = |label, count, all, (days, today), leads| Stage { label, count, of: all, days, today, leads };
    let none = || (Vec::new(), "");
    let laptops_that = |are| Place::Found(Kind::Devices, are);
    vec![
        stage("Matched", of.matched, people, none(), Place::List(Kind::Syncs)),
        stage("Excluded", of.excluded, people, none(), Place::List(Kind::Syncs)),
        stage("Cached", of.cached, people, (days(|day| day.added), "added"), Place::List(Kind::Users)),
        stage("Waiting", of.waiting, laptops, (days(|day| day.enrolled), "enrolled"), laptops_that("pending")),
        stage("Refused", of.refused, laptops, (days(|day| day.refused), "refused"), laptops_that("refused")),
        stage("Over limit", of.over_limit, laptops, none(), laptops_that(super::alarm::OVER_LIMIT)),
        stage("Activated", of.activated, laptops, (days(|day| day.activated), "activated"), laptops_that("activated")),
    ]
}

impl Stage {
    /// `12 enrolled`; empty where nothing is counted by the day.
    pub fn of_today(&self) -> String {
        self.days.last().map(|count| format!("{} {}", grouped(*count), self.today)).unwrap_or_default()
    }
}

/// A group of facts with its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub heading: &'static str,
    pub facts: Vec<Fact>,
}

/// Groups the facts about directories and service, tokens, and storages. A group without facts is omitted.
pub fn groups(overview: &Overview) -> Vec<Group> {
    let directories = overview.directories.iter().map(|read| directory(read, overview));
    let mut groups = vec![
        Group { heading: "Directories and service", facts: directories.chain([service(overview)]).collect() },
        Group { heading: "Tokens", facts: overview.tokens.iter().map(|one| token(one, overview.at)).collect() },
        Group { heading: "Storages, sum of quotas", facts: overview.storages.iter().map(storage).collect() },
    ];
    groups.push(Group { heading: "Accounts and requests", facts: accounts(overview) });
    groups.retain(|group| !group.facts.is_empty());
    groups
}

/// The accounts, the preserved ones, and the reasons of refusals; nothing before there are any.
fn accounts(overview: &Overview) -> Vec<Fact> {
    let mut facts = Vec::new();
    let (accounts, kept) = (overview.stages.accounts, overview.accounts);
    if accounts > 0 {
        let preserved = if kept.preserved > 0 {
            format!(
                ", of which {} preserved; the retention of {} has ended",
                grouped(kept.preserved),
                grouped(kept.due)
            )
        } else {
            String::new()
        };
        let text = format!("{}{preserved}", counted(accounts, "account", "accounts"));
        facts.push(Fact::new("Accounts", text).leading(Place::List(Kind::Accounts)));
    }
    let refused = overview.refused_for.iter().map(|(code, count)| format!("{code} {}", grouped(*count)));
    let refused: Vec<_> = refused.collect();
    if !refused.is_empty() {
        let text = format!("{} in {DAYS} days", refused.join(", "));
        facts.push(Fact::new("Refused", text).leading(Place::Found(Kind::Devices, "refused")));
    }
    facts
}

fn directory(read: &Read, overview: &Overview) -> Fact {
    let next = overview.sync.next.map(|next| {
        if next <= overview.at { "; next sync is due now".to_owned() } else { format!("; next sync {}", minute(next)) }
    });
    let next = next.unwrap_or_default();
    let (text, tone) = match read.at {
        None => (format!("never read{next}"), Tone::Warning),
        Some(at) => {
            let age = span(at, overview.at);
            (format!("{}, read {age} ago{next}", counted(read.users, "user", "users")), Tone::Plain)
        }
    };
    Fact::new(read.name.as_str(), text).toned(tone).leading(Place::List(Kind::Syncs))
}

fn service(overview: &Overview) -> Fact {
    let service = &overview.service;
    let fact = match (&service.seen, service.running) {
        (Some(seen), true) => {
            let text = format!("running since {}, at {}", minute(seen.started_at), shown(&seen.address));
            Fact::new("Service", text).toned(Tone::Good)
        }
        (None, true) => Fact::new("Service", "running").toned(Tone::Good),
        (Some(_), false) => Fact::new("Service", "not running").toned(Tone::Problem),
        (None, false) => Fact::new("Service", "never started"),
    };
    fact.leading(Place::List(Kind::Devices))
}

fn token(token: &Carried, now: Timestamp) -> Fact {
    let Carried { name, state, ends_at, uses, max, exports, .. } = token;
    let laptops = if *max == 0 && *uses == 1 { "laptop" } else { "laptops" };
    let uses = if *max == 0 { grouped(*uses) } else { format!("{} of {}", grouped(*uses), grouped(*max)) };
    let ends =
        |end: Timestamp| if end > now { format!("{} left", span(now, end)) } else { format!("ended {}", day(end)) };
    let ends = ends_at.map_or_else(|| "no expiry".to_owned(), ends);
    let tone = if *state == State::Valid { Tone::Plain } else { Tone::Warning };
    let text = format!("{}, {uses} {laptops}, {ends}, {}", state.word(), counted(*exports, "export", "exports"));
    Fact::new(name.as_str(), text).toned(tone).leading(Place::Entry(Kind::Tokens, token.id.to_string()))
}

fn storage(storage: &Promised) -> Fact {
    let Promised { name, capacity, promised, users, unlimited } = storage;
    let (of, tone) = match (capacity, storage.share()) {
        (Some(capacity), Some(share)) => {
            let tone = if share >= u128::from(STORAGE_SHARE) { Tone::Warning } else { Tone::Plain };
            (format!(" of {}, {share} %", Bytes(capacity.as_bytes())), tone)
        }
        _ => (String::new(), Tone::Plain),
    };
    let unlimited = if *unlimited == 0 { String::new() } else { format!("; {} without a quota", grouped(*unlimited)) };
    let text = format!("{promised}{of}, for {}{unlimited}", counted(*users, "user", "users"));
    Fact::new(name.as_str(), text).toned(tone).leading(Place::Step(Step::Profile))
}
