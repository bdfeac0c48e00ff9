//! Alarms as people read them: the message, and the next step with the command or the keys that take it.

use crate::model::alarm::{self, Alarm, Cause, Down, Kind as Of, Urgency, WAITING_DAYS, days_until};
use crate::model::check::{Check, Outcome};
use crate::model::count::{counted, grouped};
use crate::model::moment::{day, minute};
use crate::model::overview::{Bytes, Carried, Overview};
use crate::model::refusal;
use crate::model::text::shown;
use crate::model::token::State;
use crate::wizard::Step;

use super::{Act, Kind, Place, Tone};

/// An alarm, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    pub urgency: Urgency,
    pub kind: Of,
    /// What it is about: `token rollout-2026`.
    pub about: String,
    /// What happened, a sentence.
    pub message: String,
    /// The next step. In JSON with commands.
    pub to_do: Advice,
    /// The list or step that shows what it is about.
    #[serde(skip)]
    pub leads: Place,
}

/// The next step: words, and between them the ways to take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Way(Way),
}

/// A way to do something: a command, and the place in the console where a key does the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// `imd token rotate "rollout-2026"`
    pub command: String,
    /// Absent where only the command line can do it.
    pub place: Option<Place>,
    pub press: Press,
}

/// What is pressed at that place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Nothing: the place itself shows it.
    Nothing,
    /// The selected entry is opened.
    Open,
    Act(Act),
}

impl Advice {
    /// With commands: "resume activations: `imd resume`".
    pub fn with_commands(&self) -> String {
        self.with(|_| None)
    }

    /// With the keys that `keys` knows for a way, and the command for the others.
    pub fn with(&self, keys: impl Fn(&Way) -> Option<String>) -> String {
        let part = |part: &Part| match part {
            Part::Words(words) => words.clone(),
            Part::Way(way) => keys(way).unwrap_or_else(|| format!("`{}`", way.command)),
        };
        self.0.iter().map(part).collect()
    }

    pub fn ways(&self) -> impl Iterator<Item = &Way> {
        self.0.iter().filter_map(|part| match part {
            Part::Way(way) => Some(way),
            Part::Words(_) => None,
        })
    }

    fn words(words: impl Into<String>) -> Self {
        Self(vec![Part::Words(words.into())])
    }

    fn and(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    fn by(mut self, way: Way) -> Self {
        self.0.push(Part::Way(way));
        self
    }
}

impl serde::Serialize for Advice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.with_commands())
    }
}

fn act(command: impl Into<String>, kind: Kind, act: Act) -> Way {
    Way { command: command.into(), place: Some(Place::List(kind)), press: Press::Act(act) }
}

fn look(command: impl Into<String>, place: Place) -> Way {
    Way { command: command.into(), place: Some(place), press: Press::Nothing }
}

fn open(command: impl Into<String>, kind: Kind) -> Way {
    Way { command: command.into(), place: Some(Place::List(kind)), press: Press::Open }
}

/// The alarms of an overview, the most urgent first.
pub fn all(overview: &Overview) -> Vec<Shown> {
    alarm::alarms(overview).into_iter().map(|alarm| one(alarm, overview)).collect()
}

/// What the alarms come to: `2 alarms, 1 note.`
pub fn summary(alarms: &[Shown]) -> (String, Tone) {
    let notes = alarms.iter().filter(|alarm| alarm.urgency == Urgency::Note).count();
    let urgent = alarms.len() - notes;
    let count = |number: usize, one, many| counted(number as u64, one, many);
    match (urgent, notes) {
        (0, 0) => ("No alarms.".to_owned(), Tone::Good),
        (0, notes) => (format!("No alarms, {}.", count(notes, "note", "notes")), Tone::Good),
        (urgent, 0) => (format!("{}.", count(urgent, "alarm", "alarms")), Tone::Warning),
        (urgent, notes) => {
            let text = format!("{}, {}.", count(urgent, "alarm", "alarms"), count(notes, "note", "notes"));
            (text, Tone::Warning)
        }
    }
}

/// How the word of an urgency is meant.
pub const fn tone(urgency: Urgency) -> Tone {
    match urgency {
        Urgency::Now => Tone::Problem,
        Urgency::Soon => Tone::Warning,
        Urgency::Note => Tone::Plain,
    }
}

impl Shown {
    /// As a line of `imd doctor`.
    pub fn to_check(&self) -> Check {
        let outcome = if self.urgency == Urgency::Now { Outcome::Failed } else { Outcome::Warning };
        Check {
            help: Some(self.to_do.with_commands()),
            ..Check::new(self.about.clone(), outcome, self.message.clone())
        }
    }
}

#[allow(clippy::too_many_lines, reason = "one row for each cause")]
fn one(alarm: Alarm<'_>, overview: &Overview) -> Shown {
    let (about, message, to_do, leads) = match alarm.cause {
        Cause::AuditBroken { fault } => (
            "audit log".to_owned(),
            format!("the audit log was changed outside imd: {}", shown(fault)),
            Advice::words("compare the database with a backup; ")
                .by(act("imd audit verify", Kind::Audit, Act::Verify))
                .and(" checks every entry again"),
            Place::List(Kind::Audit),
        ),
        Cause::ServiceDown(down) => (
            "service".to_owned(),
            match down {
                Down::Stopped { at } => format!("the service was stopped at {}: laptops get no answer", minute(at)),
                Down::Ended { started_at } => {
                    format!(
                        "the service that started at {} ended unexpectedly: laptops get no answer",
                        minute(started_at)
                    )
                }
                Down::NeverStarted => "the service was never started: laptops get no answer".to_owned(),
            },
            Advice::words("start the service: ").by(Way {
                command: "imd serve".to_owned(),
                place: None,
                press: Press::Nothing,
            }),
            Place::List(Kind::Devices),
        ),
        Cause::Paused { until, by } => {
            let until = until.map_or_else(|| "an administrator resumes them".to_owned(), minute);
            (
                "activations".to_owned(),
                format!("activations are paused until {until}, by {}", by.shown()),
                Advice::words("resume activations: ").by(act("imd resume", Kind::Devices, Act::Resume)),
                Place::List(Kind::Devices),
            )
        }
        Cause::CertificateEnds { at } => (
            "certificate".to_owned(),
            format!("the certificate of the service {}", expiry(at, overview.at)),
            Advice::words("replace the certificate file; the running service loads it by itself"),
            Place::List(Kind::Devices),
        ),
        Cause::NoToken => (
            "tokens".to_owned(),
            "no token is valid: no laptop can enroll".to_owned(),
            Advice::words("create a token: ").by(act("imd token create NAME", Kind::Tokens, Act::New)),
            Place::List(Kind::Tokens),
        ),
        Cause::TokenDead { token, .. }
        | Cause::TokenUsedUp(token)
        | Cause::TokenEnds { token, .. }
        | Cause::TokenStillUsed(token) => {
            let message = format!("the token {} {}", token.name, token_message(alarm.cause, token, overview));
            (
                format!("token {}", token.name),
                message,
                token_advice(alarm.cause, token, overview),
                Place::List(Kind::Tokens),
            )
        }
        Cause::SyncFailed(failed) => (
            "sync".to_owned(),
            format!("the sync at {} failed: {}", minute(failed.at), failed.why.shown()),
            Advice::words(failed.help.shown()),
            Place::List(Kind::Syncs),
        ),
        Cause::PlanStopped { plan, approvable } => {
            let users = counted(plan.removed, "user", "users");
            let stopped = format!("the safeguard stopped plan {}, which removes {users}", plan.plan);
            let (message, to_do) = if approvable {
                let show = open(format!("imd sync show {}", plan.plan), Kind::Syncs);
                (stopped, Advice::words("review the plan, then approve or discard it: ").by(show))
            } else {
                let again = act("imd sync --plan", Kind::Syncs, Act::Sync);
                let message = format!("{stopped}; it could be approved until {}", minute(plan.until));
                (message, Advice::words("read the directories again for a new plan: ").by(again))
            };
            (format!("plan {}", plan.plan), message, to_do, Place::List(Kind::Syncs))
        }
        Cause::SyncLate { due } => (
            "sync".to_owned(),
            due.map_or_else(
                || "the directories were never read".to_owned(),
                |due| format!("the sync that was due at {} did not run", minute(due)),
            ),
            Advice::words("sync now: ")
                .by(act("imd sync", Kind::Syncs, Act::Sync))
                .and("; `imd serve` syncs on schedule"),
            Place::List(Kind::Syncs),
        ),
        Cause::PasswordEnds(password) => (
            format!("password of {}", password.directory),
            format!("the password of {} {}", password.bind.shown(), shown(&password.says)),
            Advice::words("set a new password in the directory, then enter it in imd: ").by(act(
                format!("imd directory edit \"{}\" password_file=FILE", password.directory),
                Kind::Directories,
                Act::Edit,
            )),
            Place::List(Kind::Directories),
        ),
        Cause::StorageFull(storage) => {
            let capacity = Bytes(storage.capacity.map_or(0, crate::model::size::Size::as_bytes));
            let edit = format!("imd storage edit \"{}\"", storage.name);
            (
                format!("storage {}", storage.name),
                format!("the quotas on the storage {} add up to {} of {capacity}", storage.name, storage.promised),
                Advice::words("enlarge the storage (")
                    .by(act(edit, Kind::Storages, Act::Edit))
                    .and(") or lower the quota of a mapping (")
                    .by(act("imd mapping edit", Kind::Mappings, Act::Edit))
                    .and(")"),
                Place::List(Kind::Storages),
            )
        }
        Cause::OverLimit { laptops } => (
            "waiting laptops".to_owned(),
            format!("{} because the users have reached their limit", waiting(laptops)),
            Advice::words("release a laptop that is no longer in use (")
                .by(act("imd devices release", Kind::Devices, Act::Release))
                .and("), or raise the limit in step 5 (")
                .by(look("imd settings set", Place::Step(Step::Settings)))
                .and(")"),
            Place::Found(Kind::Devices, OVER_LIMIT),
        ),
        Cause::Refused { laptops, reason } => (
            "waiting laptops".to_owned(),
            format!("{} after a refused log-on", waiting(laptops)),
            match reason {
                Some(code) => Advice::words(refusal::remedy(code)),
                None => Advice::words("see the reasons: ").by(look("imd report", Place::Report)),
            },
            Place::Found(Kind::Devices, "refused"),
        ),
        Cause::WaitingLong { laptops } => (
            "waiting laptops".to_owned(),
            format!("{} for a log-on since more than {WAITING_DAYS} days", waiting(laptops)),
            Advice::words("ask the users to log on; ")
                .by(look("imd devices pending", Place::Found(Kind::Devices, "pending")))
                .and(" lists the laptops"),
            Place::Found(Kind::Devices, "pending"),
        ),
        Cause::BeyondLimit { users } => (
            "accounts".to_owned(),
            if users == 1 {
                "1 user has more laptops than the limit allows".to_owned()
            } else {
                format!("{} users have more laptops than the limit allows", grouped(users))
            },
            Advice::words("release laptops that are no longer in use (")
                .by(act("imd devices release", Kind::Devices, Act::Release))
                .and("); ")
                .by(look("imd report", Place::Report))
                .and(" names the users"),
            Place::List(Kind::Accounts),
        ),
        Cause::AccountsDue { accounts } => (
            "accounts".to_owned(),
            format!("the retention of {} has ended", counted(accounts, "preserved account", "preserved accounts")),
            Advice::words("delete the accounts (")
                .by(act("imd accounts delete", Kind::Accounts, Act::Delete))
                .and(") or keep them; ")
                .by(look("imd accounts --due", Place::Found(Kind::Accounts, "due now")))
                .and(" lists them"),
            Place::Found(Kind::Accounts, "due now"),
        ),
    };
    Shown { urgency: alarm.urgency, kind: alarm.cause.kind(), about, message, to_do, leads }
}

/// What finds the laptops of users at their limit: part of [`refusal::brief`].
pub const OVER_LIMIT: &str = "over the limit";

fn waiting(laptops: u64) -> String {
    if laptops == 1 { "1 laptop is waiting".to_owned() } else { format!("{} laptops are waiting", grouped(laptops)) }
}

fn token_message(cause: Cause<'_>, token: &Carried, overview: &Overview) -> String {
    let carried = match token.exports {
        0 => String::new(),
        1 => ", and 1 export carries it".to_owned(),
        many => format!(", and {} exports carry it", grouped(many)),
    };
    match (cause, token.state) {
        (Cause::TokenEnds { at, .. }, _) => format!("{}{carried}", expiry(at, overview.at)),
        (Cause::TokenUsedUp(_), State::Overused) => {
            format!("has reached its maximum of {}", counted(token.max, "activation", "activations"))
        }
        (Cause::TokenUsedUp(_), _) => {
            format!("has been used for {} of {} activations", grouped(token.uses), grouped(token.max))
        }
        (Cause::TokenStillUsed(_), _) => {
            let until = token.ends_at.map(|end| format!(" until {}", minute(end))).unwrap_or_default();
            format!("was replaced, and laptops still use it; it is valid{until}")
        }
        (_, State::Revoked) => format!("was revoked{carried}"),
        (_, State::Replaced) => format!("was replaced and its overlap has ended{carried}"),
        _ => format!("has expired{carried}"),
    }
}

fn token_advice(cause: Cause<'_>, token: &Carried, overview: &Overview) -> Advice {
    // A name means its valid token, else the newest: an older one is named by its id.
    let is_unique = overview.tokens.iter().filter(|other| other.name.is_same(&token.name)).count() == 1;
    let named = if is_unique { format!("\"{}\"", token.name) } else { token.id.to_string() };
    if alarm::is_replaced_by_rotation(&cause) {
        let rotate = act(format!("imd token rotate {named}"), Kind::Tokens, Act::Replace);
        return Advice::words("replace the token: ").by(rotate);
    }
    if let Cause::TokenStillUsed(_) = cause {
        return Advice::words("deploy the exports that carry the new token; ")
            .by(look("imd export written", Place::List(Kind::Exports)))
            .and(" lists them");
    }
    let number = token.export.as_ref().map_or(0, |export| export.number);
    let again = act(format!("imd export rewrite {number}"), Kind::Exports, Act::WriteAgain);
    let advice = if let Cause::TokenDead { replacement: false, .. } = cause {
        let create = act(format!("imd token create \"{}\"", token.name), Kind::Tokens, Act::New);
        Advice::words("create a token of the same name (")
            .by(create)
            .and("), then rewrite the export (")
            .by(again)
            .and(")")
    } else {
        Advice::words("rewrite the export with the new token: ").by(again)
    };
    if token.exports < 2 {
        return advice;
    }
    advice.and("; ").by(look("imd export written", Place::List(Kind::Exports))).and(" lists all of them")
}

/// `expires on 2026-12-01, in 7 days`
fn expiry(at: jiff::Timestamp, now: jiff::Timestamp) -> String {
    let on = day(at);
    match days_until(at, now) {
        ..0 => format!("expired on {on}"),
        0 => format!("expires on {on}, within a day"),
        1 => format!("expires on {on}, in 1 day"),
        days => format!("expires on {on}, in {days} days"),
    }
}

#[cfg(test)]
pub mod made;
#[cfg(test)]
mod tests;
