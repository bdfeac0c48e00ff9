//! What of an [`Overview`] needs somebody, and what that somebody is to do: one thing.
//!
//! The rules are here and nowhere else. The most pressing stand first: what keeps laptops out or may be damage now, then
//! what will, then what is good to know.

use jiff::{SignedDuration, Timestamp};

use super::moment;
use super::overview::{Carried, Overview, Promised};
use super::refusal;
use super::text::{Untrusted, shown};
use super::token::State;

/// How many days before its end a token is worth a word.
pub const TOKEN_DAYS: i64 = 14;
/// How much of what it may let in a token has let in when that is worth a word, in percent.
pub const TOKEN_SHARE: u64 = 90;
/// How much of a storage is promised when that is worth a word, in percent.
pub const STORAGE_SHARE: u64 = 90;
/// How many days before its end a certificate is worth a word.
pub const CERTIFICATE_DAYS: i64 = 30;
/// After how many days a laptop that waits for a log-on is worth a word.
pub const WAITING_DAYS: i64 = 7;
/// How many hours late a sync is worth a word.
pub const LATE_HOURS: i64 = 1;
/// A token that is replaced and was used in as many days is still in somebody's hands.
pub const STILL_USED_DAYS: i64 = 7;

/// How soon it needs somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Laptops are kept out, or something may be damaged.
    Now,
    Soon,
    /// Good to know.
    Known,
}

impl Urgency {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Known => "note",
        }
    }
}

/// What an alarm is of, in the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    AuditBroken,
    ServiceDown,
    Paused,
    CertificateEnds,
    TokenDead,
    TokenUsedUp,
    SyncFailed,
    PlanStopped,
    SyncLate,
    PasswordEnds,
    TokenEnds,
    TokenStillUsed,
    StorageFull,
    OverLimit,
    Refused,
    WaitingLong,
    BeyondLimit,
    AccountsDue,
}

/// Where the console shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    Directories,
    Storages,
    Syncs,
    Settings,
    Tokens,
    Exports,
    Accounts,
    Devices,
    Audit,
    Service,
}

/// Something that needs somebody. Every text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Alarm {
    pub urgency: Urgency,
    pub kind: Kind,
    /// What happened, a sentence.
    pub happened: String,
    /// To what: `token rollout-2026`.
    pub about: String,
    /// The one thing to do, in a word: `resume`.
    pub verb: &'static str,
    /// The same in a sentence, with the command.
    pub to_do: String,
    pub place: Place,
}

/// What needs somebody, the most pressing first.
pub fn alarms(overview: &Overview) -> Vec<Alarm> {
    let now = overview.at;
    let mut all = Vec::new();
    all.extend(audit(overview));
    all.extend(service(overview));
    all.extend(paused(overview));
    all.extend(overview.certificate_ends.and_then(|ends| certificate(ends, now)));
    all.extend(overview.tokens.iter().filter_map(|one| token(one, now)));
    all.extend(syncs(overview));
    all.extend(passwords(overview));
    all.extend(overview.storages.iter().filter_map(storage));
    all.extend(laptops(overview));
    all.sort_by(|one, other| (one.urgency, one.kind, &one.about).cmp(&(other.urgency, other.kind, &other.about)));
    all
}

fn audit(overview: &Overview) -> Option<Alarm> {
    let broken = overview.audit.broken.as_deref()?;
    Some(Alarm {
        urgency: Urgency::Now,
        kind: Kind::AuditBroken,
        happened: format!("the record of changes is not whole: {}", shown(broken)),
        about: "audit".to_owned(),
        verb: "compare",
        to_do: "compare it with a backup: somebody has edited the database by hand; `imd audit verify` looks again"
            .to_owned(),
        place: Place::Audit,
    })
}

fn service(overview: &Overview) -> Option<Alarm> {
    if overview.service.running {
        return None;
    }
    let awaited = overview.tokens.iter().any(|token| matches!(token.state, State::Valid | State::Replaced));
    let (urgency, happened) = match &overview.service.seen {
        Some(seen) => match seen.stopped_at {
            Some(at) => {
                (Urgency::Now, format!("no laptop is answered: the service was stopped at {}", moment::minute(at)))
            }
            None => (
                Urgency::Now,
                format!("no laptop is answered: the service of {} ended by itself", moment::minute(seen.started_at)),
            ),
        },
        None if awaited => (Urgency::Soon, "laptops may come, and no service has run here yet".to_owned()),
        None => return None,
    };
    Some(Alarm {
        urgency,
        kind: Kind::ServiceDown,
        happened,
        about: "service".to_owned(),
        verb: "start",
        to_do: "start it: `imd serve`".to_owned(),
        place: Place::Service,
    })
}

fn paused(overview: &Overview) -> Option<Alarm> {
    let pause = overview.pause.as_ref()?;
    let by = pause.by.shown();
    let (urgency, happened) = match pause.until {
        None => (Urgency::Now, format!("activations are paused until somebody resumes, by {by}")),
        Some(until) => (Urgency::Known, format!("activations are paused until {}, by {by}", moment::minute(until))),
    };
    Some(Alarm {
        urgency,
        kind: Kind::Paused,
        happened,
        about: "activations".to_owned(),
        verb: "resume",
        to_do: "let laptops in again: `imd resume`".to_owned(),
        place: Place::Service,
    })
}

fn certificate(ends: Timestamp, now: Timestamp) -> Option<Alarm> {
    let days = days_until(ends, now);
    if days >= CERTIFICATE_DAYS {
        return None;
    }
    Some(Alarm {
        urgency: if ends <= now { Urgency::Now } else { Urgency::Soon },
        kind: Kind::CertificateEnds,
        happened: format!("the certificate that laptops are shown {}", ending(ends, now)),
        about: "certificate".to_owned(),
        verb: "renew",
        to_do: "put a new one in the place of its file; `imd serve` reads it anew by itself".to_owned(),
        place: Place::Service,
    })
}

fn token(token: &Carried, now: Timestamp) -> Option<Alarm> {
    let Carried { name, state, ends_at, uses, max, exports, .. } = token;
    let carried = match exports {
        0 => String::new(),
        1 => ", and 1 export carries it".to_owned(),
        many => format!(", and {many} exports carry it"),
    };
    let rotate = || format!("make its successor: `imd token rotate \"{name}\"`");
    let again = || "write them with another one: `imd export written` says which".to_owned();
    let (urgency, kind, happened, verb, to_do) = match state {
        State::Revoked if *exports > 0 => {
            (Urgency::Now, Kind::TokenDead, format!("was revoked{carried}"), "write", again())
        }
        State::Expired if *exports > 0 => {
            (Urgency::Now, Kind::TokenDead, format!("has expired{carried}"), "replace", rotate())
        }
        State::Overused => (
            Urgency::Now,
            Kind::TokenUsedUp,
            format!("has let in as many laptops as it may ({max})"),
            "replace",
            rotate(),
        ),
        State::Replaced if ends_at.is_some_and(|end| end <= now) && *exports > 0 => {
            (Urgency::Now, Kind::TokenDead, format!("has a successor and lets in nobody{carried}"), "write", again())
        }
        State::Replaced if still_used(token, now) => {
            let until = ends_at.map(|end| format!(" until {}", moment::minute(end))).unwrap_or_default();
            let happened = format!("has a successor, and laptops still come with it: it is good{until}");
            (Urgency::Soon, Kind::TokenStillUsed, happened, "write", again())
        }
        State::Valid => match ends_at.filter(|end| days_until(*end, now) < TOKEN_DAYS) {
            Some(end) => {
                let urgency = if days_until(end, now) < 1 { Urgency::Now } else { Urgency::Soon };
                (urgency, Kind::TokenEnds, format!("{}{carried}", ending(end, now)), "replace", rotate())
            }
            None if *max > 0 && u128::from(*uses) * 100 >= u128::from(*max) * u128::from(TOKEN_SHARE) => {
                let happened = format!("has let in {uses} of {max} laptops");
                (Urgency::Soon, Kind::TokenUsedUp, happened, "replace", rotate())
            }
            None => return None,
        },
        _ => return None,
    };
    let happened = format!("the token {name} {happened}");
    Some(Alarm { urgency, kind, happened, about: format!("token {name}"), verb, to_do, place: Place::Tokens })
}

fn still_used(token: &Carried, now: Timestamp) -> bool {
    let since = token.replaced_at.max(now.checked_sub(SignedDuration::from_hours(24 * STILL_USED_DAYS)).ok());
    matches!((token.last_use, since), (Some(used), Some(since)) if used > since)
}

fn syncs(overview: &Overview) -> Vec<Alarm> {
    let (now, sync) = (overview.at, &overview.sync);
    let mut all = Vec::new();
    let mut alarm = |urgency, kind, happened, about: String, verb, to_do| {
        all.push(Alarm { urgency, kind, happened, about, verb, to_do, place: Place::Syncs });
    };
    if let Some(failed) = &sync.failed {
        let happened = format!("the sync of {} failed: {}", moment::minute(failed.at), failed.why.shown());
        alarm(Urgency::Now, Kind::SyncFailed, happened, "sync".to_owned(), "mend", failed.help.shown());
    }
    if let Some(stopped) = &sync.stopped {
        let happened =
            format!("the plan {} was stopped and waits: {} users would leave", stopped.plan, stopped.removed);
        let to_do = if stopped.until > now {
            format!("look at it with `imd sync show {}`; approve it if it is right, or discard it", stopped.plan)
        } else {
            "it is too old to be approved; look again: `imd sync --plan`".to_owned()
        };
        alarm(Urgency::Now, Kind::PlanStopped, happened, format!("plan {}", stopped.plan), "decide", to_do);
    }
    let late = sync.next.filter(|due| now.duration_since(*due) >= SignedDuration::from_hours(LATE_HOURS));
    let never = sync.last.is_none() && sync.next.is_some();
    // What failed or was stopped says more.
    if sync.failed.is_none() && sync.stopped.is_none() && (late.is_some() || never) {
        let happened = match (sync.last, late) {
            (Some(_), Some(due)) => format!("the directories should have been read at {}", moment::minute(due)),
            _ => "the directories were never read".to_owned(),
        };
        let urgency = if never { Urgency::Soon } else { Urgency::Now };
        let to_do = "read them: `imd sync`; `imd serve` does it when it is time".to_owned();
        alarm(urgency, Kind::SyncLate, happened, "sync".to_owned(), "sync", to_do);
    }
    all
}

fn passwords(overview: &Overview) -> impl Iterator<Item = Alarm> {
    overview.passwords.iter().map(|password| Alarm {
        urgency: if password.days < 0 { Urgency::Now } else { Urgency::Soon },
        kind: Kind::PasswordEnds,
        happened: format!("the password of {} {}", password.bind.shown(), shown(&password.says)),
        about: format!("directory {}", password.directory),
        verb: "change",
        to_do: "set a new one there, and give it in step 1: `imd setup`".to_owned(),
        place: Place::Directories,
    })
}

fn storage(storage: &Promised) -> Option<Alarm> {
    let capacity = storage.capacity?.as_bytes();
    let share = u128::from(storage.promised.0) * 100 / u128::from(capacity.max(1));
    if share < u128::from(STORAGE_SHARE) {
        return None;
    }
    let capacity = super::overview::Bytes(capacity);
    Some(Alarm {
        urgency: if share > 100 { Urgency::Soon } else { Urgency::Known },
        kind: Kind::StorageFull,
        happened: format!("{} are promised of the {capacity} of {}", storage.promised, storage.name),
        about: format!("storage {}", storage.name),
        verb: "enlarge",
        to_do: "enlarge it, or lower the quota of a mapping: `imd mapping list` says who gets what".to_owned(),
        place: Place::Storages,
    })
}

fn laptops(overview: &Overview) -> Vec<Alarm> {
    let mut all = Vec::new();
    let stages = &overview.stages;
    let mut alarm = |urgency, kind, happened, about: &str, verb, to_do: String, place| {
        all.push(Alarm { urgency, kind, happened, about: about.to_owned(), verb, to_do, place });
    };
    if stages.over_limit > 0 {
        let happened = format!("{} waiting: their users have as many as they may", laptops_are(stages.over_limit));
        let to_do = "release one that is no longer used (`imd devices release`), or allow more in step 5".to_owned();
        alarm(Urgency::Soon, Kind::OverLimit, happened, "devices pending", "free", to_do, Place::Devices);
    }
    let refused = stages.refused.saturating_sub(stages.over_limit);
    if refused > 0 {
        let happened = format!("{} waiting after a log-on that was refused", laptops_are(refused));
        let reason = overview.refused_for.iter().find(|(code, _)| code != "device-limit");
        let help = reason.map_or("`imd report` says why", |(code, _)| refusal::remedy(code));
        alarm(Urgency::Soon, Kind::Refused, happened, "devices pending", "explain", help.to_owned(), Place::Devices);
    }
    if stages.waiting_long > 0 {
        let happened =
            format!("{} waiting for a log-on for more than {WAITING_DAYS} days", laptops_are(stages.waiting_long));
        let to_do = "ask whoever has them to log on; `imd devices pending` lists them".to_owned();
        alarm(Urgency::Known, Kind::WaitingLong, happened, "devices pending", "ask", to_do, Place::Devices);
    }
    if stages.beyond_limit > 0 {
        let happened = format!("{} users have more laptops than the limit allows now", stages.beyond_limit);
        let to_do =
            "release those that are no longer used (`imd devices release`); `imd report` names the users".to_owned();
        alarm(Urgency::Known, Kind::BeyondLimit, happened, "accounts", "free", to_do, Place::Accounts);
    }
    if overview.accounts.due > 0 {
        let happened = format!("the days of {} preserved accounts are over", overview.accounts.due);
        let to_do = "delete them or leave them: `imd accounts --due` lists them".to_owned();
        alarm(Urgency::Known, Kind::AccountsDue, happened, "accounts", "delete", to_do, Place::Accounts);
    }
    all
}

fn laptops_are(count: u64) -> String {
    if count == 1 { "1 laptop is".to_owned() } else { format!("{count} laptops are") }
}

/// Whole days until then; negative after it.
fn days_until(at: Timestamp, now: Timestamp) -> i64 {
    at.duration_since(now).as_secs().div_euclid(24 * 60 * 60)
}

/// `ends on 2026-12-01, in 7 days`
fn ending(at: Timestamp, now: Timestamp) -> String {
    let day = crate::model::moment::day(at);
    match days_until(at, now) {
        ..0 => format!("ended on {day}"),
        0 => format!("ends on {day}, within a day"),
        1 => format!("ends on {day}, in 1 day"),
        days => format!("ends on {day}, in {days} days"),
    }
}

/// What failed, as it is kept.
impl super::overview::Failed {
    pub fn new(at: Timestamp, why: &str, help: &str) -> Self {
        Self { at, why: Untrusted::new(why), help: Untrusted::new(help) }
    }
}

#[cfg(test)]
mod tests;
