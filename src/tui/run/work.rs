//! What the effects do: one call of the wizard or the engine each, and its answer in words that can be drawn.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::mpsc::{SendError, Sender};
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;

use super::{Event, lists, order, overview, plans};
use crate::engine::{Engine, Error, Explained, Minted, Written};
use crate::filter::Verdict;
use crate::model::count::grouped;
use crate::model::job::{Job, Progress};
use crate::model::name::Name;
use crate::model::plan::{Excluded, PlannedExcluded, State, Summary};
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, User};
use crate::sync;
use crate::tui::listing::{Doing, Kind};
use crate::tui::message::{
    Came, Effect, FileView, JobId, Message, MintedToken, PickedItem, Preview, Reason, Report, Sampled, SaveOutcome,
    Tone, Trouble,
};
use crate::tui::terminal;
use crate::wizard::form::Form;
use crate::wizard::{self, Saved, Step};

type Sent = Result<(), SendError<Event>>;

fn say(events: &Sender<Event>, came: Came) -> Sent {
    events.send(Event::Message(Message::Came(came)))
}

pub(super) fn failed(events: &Sender<Event>, job: Option<JobId>, message: &str, help: &str) {
    let trouble = Trouble { message: message.to_owned(), help: help.to_owned(), needs_you: false };
    let _ = say(events, Came::Failed(job, trouble));
}

fn trouble(error: &Error) -> Trouble {
    let help = if error.is_outdated() {
        "Ctrl-Y shows what they saved, and drops what you entered here".to_owned()
    } else {
        shown(&error.help())
    };
    Trouble { message: shown(&error.to_string()), help, needs_you: error.needs_you() }
}

/// The number of the job that an effect starts; `None` for what the desk does.
pub(super) fn job_of(effect: &Effect) -> Option<JobId> {
    match effect {
        Effect::Check(job, _)
        | Effect::Preview(job, _)
        | Effect::Explain(job, _, _)
        | Effect::Pick { job, .. }
        | Effect::Sync(job)
        | Effect::Approve(job, _)
        | Effect::ReadInOrder(job, _)
        | Effect::Mint(job, _)
        | Effect::Files(job, _)
        | Effect::Write(job, _)
        | Effect::Report(job)
        | Effect::WriteReport(job)
        | Effect::Do(Doing { job, .. }) => Some(*job),
        _ => None,
    }
}

/// What a job does now, since when, and when that was told last.
#[derive(Debug, Clone, Copy)]
struct Told {
    what: &'static str,
    since: Instant,
    at: Instant,
}

/// A job whose progress is told ten times a second at most, with the rate at which it goes on.
pub(super) fn job(id: JobId, events: &Sender<Event>) -> Job {
    let events = events.clone();
    let told: Mutex<Option<Told>> = Mutex::new(None);
    Job::new(move |mut progress: Progress| {
        let Ok(mut told) = told.lock() else { return };
        let now = Instant::now();
        let before = told.filter(|told| told.what == progress.what);
        let is_last = progress.of == Some(progress.done);
        if is_last || before.is_none_or(|told| now.duration_since(told.at) >= Duration::from_millis(100)) {
            let since = before.map_or(now, |told| told.since);
            let seconds = now.duration_since(since).as_secs_f64();
            #[allow(clippy::cast_precision_loss, reason = "a rate is read, not counted with")]
            let rate = (seconds >= 1.0).then(|| progress.done as f64 / seconds);
            progress.rate = progress.rate.or(rate);
            *told = Some(Told { what: progress.what, since, at: now });
            let _ = say(&events, Came::Progress(id, progress));
        }
    })
}

/// Effects that are short, and done in their order.
pub(super) fn at_the_desk(engine: &Engine, effect: Effect, events: &Sender<Event>) -> Sent {
    // A console that may change nothing keeps no drafts and no place either: that is no error.
    let keeps_place = matches!(effect, Effect::At(_) | Effect::KeepDraft(_));
    // What could not be looked at will be told when it matters.
    let only_looks = matches!(effect, Effect::Look(_) | Effect::OverviewAgain);
    let done = match effect {
        Effect::Start => start(engine),
        Effect::Standing => wizard::standing(engine).map(Came::Standing).map(Some),
        Effect::Open(step) => wizard::open(engine, step).map(opened).map(Some),
        Effect::OpenNew(kind) => open_new(engine, kind),
        Effect::OpenStorage(name) => wizard::open_storage(engine, Name::new(&name).ok().as_ref()).map(opened).map(Some),
        Effect::Reload(form) => wizard::reload(engine, &form).map(opened).map(Some),
        Effect::Look(form) => wizard::since(engine, &form).map(|since| Some(Came::Since(Box::new(since)))),
        Effect::OpenNamed(step, name) => open_named(engine, step, &name),
        Effect::OverviewAgain => overview::overview(engine).map(|view| Some(Came::OverviewAgain(Box::new(view)))),
        Effect::At(step) => wizard::set_at(engine, step).map(|()| None),
        Effect::KeepDraft(form) => wizard::keep_draft(engine, &form).map(|()| None),
        Effect::Save(form) => save(engine, *form),
        Effect::Overview => overview::overview(engine).map(|view| Some(Came::Overview(Box::new(view)))),
        Effect::Rows { asked, offset, limit } => {
            lists::rows(engine, &asked, offset, limit).map(|rows| Some(Came::Rows(Box::new(asked), rows)))
        }
        Effect::Detail(kind, id) => {
            lists::detail(engine, kind, &id).map(|found| Some(Came::Detail(kind, id, Box::new(found))))
        }
        Effect::Question(wanted) => {
            lists::question(engine, *wanted).map(|wanted| Some(Came::Question(Box::new(wanted))))
        }
        Effect::Find(typed) => lists::find(engine, &typed).map(|found| Some(Came::Found(typed, found))),
        Effect::OpenPlan(plan) => plans::open(engine, plan),
        Effect::Lines { plan, asked, offset, limit } => plans::lines(engine, plan, asked, offset, limit),
        Effect::Undo(plan) => plans::undo(engine, plan),
        Effect::Mappings => order::mappings(engine).map(Came::Mappings).map(Some),
        Effect::InOrder(names) => order::as_read(engine, names),
        Effect::SaveOrder { from, to } => order::save(engine, &from, &to),
        Effect::WriteToken(path, token) => {
            engine.write_token_file(&path, &token).map(|()| Some(Came::TokenWritten(path)))
        }
        Effect::Copy(token) => {
            let mut bytes = Vec::new();
            let sent = crossterm::queue!(bytes, CopyToClipboard::to_clipboard_from(token.expose()));
            let sent = sent.and_then(|()| std::io::Write::write_all(&mut terminal::output()?, &bytes));
            match sent {
                Ok(()) => Ok(Some(Came::Copied)),
                Err(why) => {
                    failed(events, None, &why.to_string(), "write the token to a file instead");
                    Ok(None)
                }
            }
        }
        _ => Ok(None),
    };
    match done {
        Ok(Some(came)) => say(events, came),
        Ok(None) => Ok(()),
        Err(Error::ReadOnly) if keeps_place => Ok(()),
        Err(_) if only_looks => Ok(()),
        Err(error) => say(events, Came::Failed(None, trouble(&error))),
    }
}

fn opened(form: Form) -> Came {
    Came::Opened(Box::new(form))
}

fn start(engine: &Engine) -> Result<Option<Came>, Error> {
    let (at, standing) = (wizard::at(engine)?, wizard::standing(engine)?);
    Ok(Some(Came::Started { at, standing }))
}

fn open_named(engine: &Engine, step: Step, name: &str) -> Result<Option<Came>, Error> {
    match Name::new(name) {
        Ok(name) => wizard::open_entry(engine, step, &name).map(opened).map(Some),
        // It came from a list of names, so this is only what the type wants.
        Err(_) => wizard::open(engine, step).map(opened).map(Some),
    }
}

fn open_new(engine: &Engine, kind: Kind) -> Result<Option<Came>, Error> {
    let form = match (kind, kind.step()) {
        (Kind::Storages, _) => wizard::open_storage(engine, None)?,
        (_, Some(step)) => wizard::open_new(engine, step)?,
        (_, None) => return Ok(None),
    };
    Ok(Some(opened(form)))
}

fn save(engine: &Engine, mut form: Form) -> Result<Option<Came>, Error> {
    let outcome = match wizard::save(engine, &mut form)? {
        Saved::Kept => SaveOutcome::Kept,
        Saved::Unchanged => SaveOutcome::Unchanged,
        Saved::Problems => SaveOutcome::Problems,
    };
    Ok(Some(Came::Saved { form: Box::new(form), outcome }))
}

/// A job: it answers once, whatever happens to it.
pub(super) fn long(engine: &Engine, id: JobId, effect: Effect, job: &Job, events: &Sender<Event>) {
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| carry_out(engine, id, effect, job, events)));
    let came = match done {
        Ok(Ok(came)) => came,
        Ok(Err(error)) => Came::Failed(Some(id), trouble(&error)),
        Err(_) => {
            failed(
                events,
                Some(id),
                "this part of imd failed; nothing was changed",
                "report it, with what you did before",
            );
            return;
        }
    };
    let _ = say(events, came);
}

fn carry_out(engine: &Engine, id: JobId, effect: Effect, job: &Job, events: &Sender<Event>) -> Result<Came, Error> {
    Ok(match effect {
        Effect::Check(_, form) => {
            wizard::check(engine, &form, job, &mut |check| {
                let _ = say(events, Came::Check(id, check));
            })?;
            Came::Checked(id)
        }
        Effect::Preview(_, mut form) => match wizard::preview(engine, &mut form, job)? {
            Some(found) => Came::Previewed(id, preview(&found)),
            None => Came::Refused(id, form),
        },
        Effect::Explain(_, mut form, name) => match wizard::explain(engine, &mut form, &name, job)? {
            Some(explained) => Came::Explained(id, explanation(&explained)),
            None => Came::Refused(id, form),
        },
        Effect::Pick { form, pick, under, .. } => {
            let items = wizard::pick(engine, &form, pick, under.as_deref(), job)?;
            let item = |picked: wizard::Picked| PickedItem {
                value: picked.value.raw().to_owned(),
                label: picked.label.shown(),
                detail: shown(&picked.detail),
                has_children: picked.has_children,
            };
            Came::Picked { job: id, under, items: items.into_iter().map(item).collect() }
        }
        Effect::Sync(_) => {
            let plan = engine.plan(job)?;
            match plan.state {
                State::Stopped { .. } => Came::Stopped(id, plan.id),
                _ => Came::Synced(id, synced(&engine.apply(plan.id, None, job)?)),
            }
        }
        // With a million laptops it takes some seconds.
        Effect::Report(_) => Came::Report(overview::report(engine)?),
        Effect::WriteReport(_) => Came::Done(id, overview::write_report(engine)?),
        Effect::Do(doing) => lists::act(engine, &doing, job)?,
        Effect::ReadInOrder(_, names) => order::read(engine, id, names, job)?,
        Effect::Approve(_, hash) => Came::Applied(id, Box::new(plans::view(&engine.approve(&hash, job)?))),
        Effect::Mint(_, form) => mint(engine, id, *form)?,
        Effect::Files(_, mut form) => {
            let files = wizard::files(engine, &mut form)?;
            if form.has_problems() {
                return Ok(Came::Refused(id, form));
            }
            let view = |file: wizard::PreviewFile| FileView {
                target: file.target,
                name: file.name,
                text: file.text,
                exposure: file.exposure,
            };
            Came::Files(id, files.into_iter().map(view).collect())
        }
        Effect::Write(_, form) => write(engine, id, *form)?,
        _ => Came::Checked(id),
    })
}

fn preview(found: &sync::Preview) -> Preview {
    let row = |user: &User| {
        let name = user.first(Attribute::DisplayName).or(user.first(Attribute::CommonName));
        let account = user.first(Attribute::UserPrincipalName).or(user.first(Attribute::SamAccountName));
        let cells = [name, account, user.first(Attribute::Mail)];
        let cells = cells.map(|value| value.map(Untrusted::shown).unwrap_or_default()).into();
        Sampled { guid: user.guid.to_string(), cells }
    };
    Preview {
        takes: found.takes,
        excluded: found.reasons.values().sum(),
        columns: vec!["Name", "Account", "Mail"],
        sample: found.sample.iter().map(row).collect(),
        reasons: reasons(&found.reasons, &found.excluded),
        also: found.also.iter().map(|(name, users)| (name.to_string(), *users)).collect(),
    }
}

fn explanation(explained: &Explained) -> Report {
    let mut lines = Vec::new();
    for one in &explained.mappings {
        let (takes, outcome) = (one.remedy.is_none(), shown(&one.outcome.to_string()));
        let tone = if takes { Tone::Good } else { Tone::Warning };
        lines.push((tone, format!("\"{}\" {outcome}", one.mapping)));
        lines.extend(one.remedy.iter().map(|remedy| (Tone::Help, remedy.to_string())));
        lines.extend(one.lines().into_iter().map(|line| {
            let (tone, verdict) = match line.verdict {
                Some(Verdict::True) => (Tone::Plain, "true   "),
                Some(Verdict::False) => (Tone::Problem, "false  "),
                Some(Verdict::Undefined) => (Tone::Warning, "unknown"),
                None => (Tone::Plain, ""),
            };
            (tone, format!("{}{verdict} {}", "  ".repeat(line.depth), line.text))
        }));
    }
    Report { title: explained.found.shown(), lines }
}

/// The users who are excluded, by reason, the most frequent first.
fn reasons(counts: &BTreeMap<&'static str, u64>, excluded: &[PlannedExcluded]) -> Vec<Reason> {
    let reason = |(code, count): (&&'static str, &u64)| {
        let of = excluded.iter().filter(|excluded| excluded.why.code() == *code);
        // Where the reason is the same for everybody, the name is enough.
        let who = of.clone().map(|excluded| {
            let text = match excluded.why {
                Excluded::NoMail | Excluded::Disabled => excluded.label.shown(),
                _ => format!("{} {}", excluded.label.shown(), shown(&excluded.why.to_string())),
            };
            Sampled { guid: excluded.guid.to_string(), cells: vec![text] }
        });
        Reason {
            why: in_words(code).to_owned(),
            count: *count,
            remedy: of.clone().next().map_or("", |excluded| excluded.why.remedy()).to_owned(),
            who: who.collect(),
        }
    };
    let mut reasons: Vec<Reason> = counts.iter().map(reason).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons
}

/// What [`LeftOut::code`] says of several users.
fn in_words(code: &'static str) -> &'static str {
    match code {
        "no-mail" => "without a mail",
        "disabled" => "disabled",
        "expired" => "expired",
        "duplicate-mail" => "with a mail that another user has too",
        "taken-by" => "taken by an earlier mapping",
        code => code,
    }
}

pub(super) fn synced(summary: &Summary) -> Report {
    let mut lines = Vec::new();
    lines.push((Tone::Good, "The users are stored.".to_owned()));
    let counts = summary.counts.in_words().into_iter();
    lines.extend(counts.map(|(count, what)| (Tone::Plain, format!("{:>9} {what}", grouped(count)))));
    Report { title: "Run now".to_owned(), lines }
}

fn mint(engine: &Engine, id: JobId, mut form: Form) -> Result<Came, Error> {
    Ok(match wizard::mint(engine, &mut form)? {
        None => Came::Refused(id, Box::new(form)),
        Some(Minted { record, token }) => {
            let minted = MintedToken { token, name: record.name.to_string(), facts: wizard::facts(&record) };
            Came::Minted { job: id, form: Box::new(form), minted }
        }
    })
}

fn write(engine: &Engine, id: JobId, mut form: Form) -> Result<Came, Error> {
    Ok(match wizard::write(engine, &mut form)? {
        None => Came::Refused(id, Box::new(form)),
        Some(written) => Came::Written { job: id, form: Box::new(form), report: report(&written) },
    })
}

fn report(written: &[Written]) -> Report {
    let mut lines = vec![(Tone::Good, "Written, each with a README and checksums:".to_owned())];
    for export in written {
        let folder = shown(&export.folder.display().to_string());
        lines.push((Tone::Plain, format!("{}: {folder} ({} files)", shown(&export.target), export.files.len())));
    }
    lines.push((Tone::Help, "hand each folder to its deployment tool; its README says how".to_owned()));
    Report { title: "Written".to_owned(), lines }
}
