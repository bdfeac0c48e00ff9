//! The alarms: what of an [`Overview`] needs the administrator. These rules are the only ones; `imd status`, `imd doctor`,
//! the overview of the console and the report show what they find.
//!
//! The most urgent come first: what keeps laptops out or may do damage now, then what soon will, then what is good to know.

use jiff::{SignedDuration, Timestamp};

use super::overview::{Carried, Failed, Overview, Password, Promised, Stopped};
use super::text::Untrusted;
use super::token::State;

/// How many days before its expiry a token is an alarm.
pub const TOKEN_DAYS: i64 = 14;
/// The share of its maximum activations from which on a token is an alarm, in percent.
pub const TOKEN_SHARE: u64 = 90;
/// The share of its capacity from which on a storage is an alarm, in percent.
pub const STORAGE_SHARE: u64 = 90;
/// How many days before its expiry a certificate is an alarm.
pub const CERTIFICATE_DAYS: i64 = 30;
/// After how many days a laptop that waits for a log-on is an alarm.
pub const WAITING_DAYS: i64 = 7;
/// After how many hours an overdue sync is an alarm.
pub const LATE_HOURS: i64 = 1;
/// For how many days after its last use a replaced token counts as still in use.
pub const STILL_USED_DAYS: i64 = 7;

/// How soon the administrator has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Laptops are kept out, or something may be damaged.
    Now,
    Soon,
    /// Good to know.
    Note,
}

impl Urgency {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Note => "note",
        }
    }
}

/// The kind of an alarm: a stable word for programs, in the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    AuditBroken,
    ServiceDown,
    Paused,
    CertificateEnds,
    NoToken,
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

/// An alarm: how urgent it is, and the facts that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm<'a> {
    pub urgency: Urgency,
    pub cause: Cause<'a>,
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause<'a> {
    /// The audit log was changed outside imd.
    AuditBroken {
        fault: &'a str,
    },
    ServiceDown(Down),
    Paused {
        until: Option<Timestamp>,
        by: &'a Untrusted,
    },
    /// The certificate of the service, or of the authority that signs it.
    CertificateEnds {
        at: Timestamp,
    },
    /// Tokens were created, and none is valid.
    NoToken,
    /// Exports carry a token that is no longer valid. `replacement`: a valid token has the same name.
    TokenDead {
        token: &'a Carried,
        replacement: bool,
    },
    /// A token has reached its maximum activations, or nearly.
    TokenUsedUp(&'a Carried),
    TokenEnds {
        token: &'a Carried,
        at: Timestamp,
    },
    /// A token was replaced, and laptops still use it.
    TokenStillUsed(&'a Carried),
    SyncFailed(&'a Failed),
    /// The safeguard stopped a plan. `approvable`: it is recent enough to be approved.
    PlanStopped {
        plan: &'a Stopped,
        approvable: bool,
    },
    /// `due`: when the sync should have run; absent when the directories were never read.
    SyncLate {
        due: Option<Timestamp>,
    },
    PasswordEnds(&'a Password),
    /// The quotas of a storage add up to its capacity, or nearly.
    StorageFull(&'a Promised),
    /// Laptops that wait because their users have reached their limit.
    OverLimit {
        laptops: u64,
    },
    /// Laptops that wait after a refused log-on; `reason` is the most frequent code.
    Refused {
        laptops: u64,
        reason: Option<&'a str>,
    },
    WaitingLong {
        laptops: u64,
    },
    BeyondLimit {
        users: u64,
    },
    AccountsDue {
        accounts: u64,
    },
}

/// Since when the service does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    Stopped {
        at: Timestamp,
    },
    /// It ended without being stopped.
    Ended {
        started_at: Timestamp,
    },
    NeverStarted,
}

impl Cause<'_> {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::AuditBroken { .. } => Kind::AuditBroken,
            Self::ServiceDown(_) => Kind::ServiceDown,
            Self::Paused { .. } => Kind::Paused,
            Self::CertificateEnds { .. } => Kind::CertificateEnds,
            Self::NoToken => Kind::NoToken,
            Self::TokenDead { .. } => Kind::TokenDead,
            Self::TokenUsedUp(_) => Kind::TokenUsedUp,
            Self::TokenEnds { .. } => Kind::TokenEnds,
            Self::TokenStillUsed(_) => Kind::TokenStillUsed,
            Self::SyncFailed(_) => Kind::SyncFailed,
            Self::PlanStopped { .. } => Kind::PlanStopped,
            Self::SyncLate { .. } => Kind::SyncLate,
            Self::PasswordEnds(_) => Kind::PasswordEnds,
            Self::StorageFull(_) => Kind::StorageFull,
            Self::OverLimit { .. } => Kind::OverLimit,
            Self::Refused { .. } => Kind::Refused,
            Self::WaitingLong { .. } => Kind::WaitingLong,
            Self::BeyondLimit { .. } => Kind::BeyondLimit,
            Self::AccountsDue { .. } => Kind::AccountsDue,
        }
    }
}

/// The alarms of an overview, the most urgent first.
pub fn alarms(overview: &Overview) -> Vec<Alarm<'_>> {
    let now = overview.at;
    let mut all = Vec::new();
    if let Some(fault) = overview.audit.broken.as_deref() {
        all.push(Alarm { urgency: Urgency::Now, cause: Cause::AuditBroken { fault } });
    }
    all.extend(service(overview));
    if let Some(pause) = &overview.pause {
        let urgency = if pause.until.is_none() { Urgency::Now } else { Urgency::Note };
        all.push(Alarm { urgency, cause: Cause::Paused { until: pause.until, by: &pause.by } });
    }
    if let Some(at) = overview.certificate_ends.filter(|at| days_until(*at, now) < CERTIFICATE_DAYS) {
        let urgency = if at <= now { Urgency::Now } else { Urgency::Soon };
        all.push(Alarm { urgency, cause: Cause::CertificateEnds { at } });
    }
    all.extend(tokens(overview));
    all.extend(syncs(overview));
    all.extend(overview.passwords.iter().map(|password| Alarm {
        urgency: if password.days < 0 { Urgency::Now } else { Urgency::Soon },
        cause: Cause::PasswordEnds(password),
    }));
    all.extend(overview.storages.iter().filter_map(storage));
    all.extend(laptops(overview));
    // A stable sort: what is alike keeps the order of the overview.
    all.sort_by_key(|alarm| (alarm.urgency, alarm.cause.kind()));
    all
}

fn service(overview: &Overview) -> Option<Alarm<'_>> {
    if overview.service.running {
        return None;
    }
    let (urgency, down) = match &overview.service.seen {
        Some(seen) => match seen.stopped_at {
            Some(at) => (Urgency::Now, Down::Stopped { at }),
            None => (Urgency::Now, Down::Ended { started_at: seen.started_at }),
        },
        // Laptops may come as soon as a token is valid.
        None if overview.tokens.iter().any(|token| lets_in(token, overview.at)) => (Urgency::Soon, Down::NeverStarted),
        None => return None,
    };
    Some(Alarm { urgency, cause: Cause::ServiceDown(down) })
}

/// True when laptops can enroll with it now.
fn lets_in(token: &Carried, now: Timestamp) -> bool {
    match token.state {
        State::Valid => true,
        State::Replaced => token.ends_at.is_none_or(|end| end > now),
        _ => false,
    }
}

fn tokens(overview: &Overview) -> Vec<Alarm<'_>> {
    let mut all: Vec<_> = overview.tokens.iter().filter_map(|one| token(one, overview)).collect();
    let none_valid = !overview.tokens.iter().any(|token| lets_in(token, overview.at));
    // The alarm of a dead or used-up token has the same remedy.
    if overview.tokens_created > 0 && none_valid && all.is_empty() {
        all.push(Alarm { urgency: Urgency::Now, cause: Cause::NoToken });
    }
    all
}

/// True when the remedy is to replace the token.
pub fn is_replaced_by_rotation(cause: &Cause<'_>) -> bool {
    match cause {
        Cause::TokenDead { token, replacement } => token.state == State::Expired && !replacement,
        Cause::TokenUsedUp(_) | Cause::TokenEnds { .. } => true,
        _ => false,
    }
}

fn token<'a>(token: &'a Carried, overview: &'a Overview) -> Option<Alarm<'a>> {
    let now = overview.at;
    let same_name = |other: &&Carried| other.state == State::Valid && other.name.is_same(&token.name);
    let dead = || Cause::TokenDead { token, replacement: overview.tokens.iter().any(|other| same_name(&other)) };
    let (urgency, cause) = match token.state {
        State::Revoked | State::Expired if token.exports > 0 => (Urgency::Now, dead()),
        State::Overused => (Urgency::Now, Cause::TokenUsedUp(token)),
        State::Replaced if !lets_in(token, now) && token.exports > 0 => (Urgency::Now, dead()),
        State::Replaced if still_used(token, now) => (Urgency::Soon, Cause::TokenStillUsed(token)),
        State::Valid => match token.ends_at.filter(|end| days_until(*end, now) < TOKEN_DAYS) {
            Some(at) => {
                let urgency = if days_until(at, now) < 1 { Urgency::Now } else { Urgency::Soon };
                (urgency, Cause::TokenEnds { token, at })
            }
            None if is_nearly_used_up(token) => (Urgency::Soon, Cause::TokenUsedUp(token)),
            None => return None,
        },
        _ => return None,
    };
    Some(Alarm { urgency, cause })
}

fn is_nearly_used_up(token: &Carried) -> bool {
    token.max > 0 && u128::from(token.uses) * 100 >= u128::from(token.max) * u128::from(TOKEN_SHARE)
}

fn still_used(token: &Carried, now: Timestamp) -> bool {
    let since = token.replaced_at.max(now.checked_sub(SignedDuration::from_hours(24 * STILL_USED_DAYS)).ok());
    matches!((token.last_use, since), (Some(used), Some(since)) if used > since)
}

fn syncs(overview: &Overview) -> Vec<Alarm<'_>> {
    let (now, sync) = (overview.at, &overview.sync);
    let mut all = Vec::new();
    if let Some(failed) = &sync.failed {
        all.push(Alarm { urgency: Urgency::Now, cause: Cause::SyncFailed(failed) });
    }
    if let Some(plan) = &sync.stopped {
        let cause = Cause::PlanStopped { plan, approvable: plan.until > now };
        all.push(Alarm { urgency: Urgency::Now, cause });
    }
    // A sync that failed or was stopped is reported as such.
    if all.is_empty() {
        let late = sync.next.filter(|due| now.duration_since(*due) >= SignedDuration::from_hours(LATE_HOURS));
        match (sync.last, sync.next, late) {
            (None, Some(_), _) => all.push(Alarm { urgency: Urgency::Soon, cause: Cause::SyncLate { due: None } }),
            (Some(_), _, Some(_)) => all.push(Alarm { urgency: Urgency::Now, cause: Cause::SyncLate { due: late } }),
            _ => {}
        }
    }
    all
}

fn storage(storage: &Promised) -> Option<Alarm<'_>> {
    let share = storage.share()?;
    let urgency = if share > 100 { Urgency::Soon } else { Urgency::Note };
    (share >= u128::from(STORAGE_SHARE)).then_some(Alarm { urgency, cause: Cause::StorageFull(storage) })
}

fn laptops(overview: &Overview) -> Vec<Alarm<'_>> {
    let stages = &overview.stages;
    let refused = stages.refused.saturating_sub(stages.over_limit);
    let reason = overview.refused_for.iter().map(|(code, _)| code.as_str()).find(|code| *code != "device-limit");
    let accounts = overview.accounts.due;
    [
        (stages.over_limit, Urgency::Soon, Cause::OverLimit { laptops: stages.over_limit }),
        (refused, Urgency::Soon, Cause::Refused { laptops: refused, reason }),
        (stages.waiting_long, Urgency::Note, Cause::WaitingLong { laptops: stages.waiting_long }),
        (stages.beyond_limit, Urgency::Note, Cause::BeyondLimit { users: stages.beyond_limit }),
        (accounts, Urgency::Note, Cause::AccountsDue { accounts }),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(_, urgency, cause)| Alarm { urgency, cause })
    .collect()
}

/// Whole days until then; negative after it.
pub fn days_until(at: Timestamp, now: Timestamp) -> i64 {
    at.duration_since(now).as_secs().div_euclid(24 * 60 * 60)
}
