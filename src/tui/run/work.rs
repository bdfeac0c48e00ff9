//! What the effects do: one call of the wizard or the engine each, and its answer in words that can be drawn.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;

use super::{lists, order, overview, plans};
use crate::engine::{Engine, Error, Explained, Minted, Written};
use crate::filter::Verdict;
use crate::model::count::grouped;
use crate::model::job::{Job, Progress};
use crate::model::name::Name;
use crate::model::plan::{Excluded, PlannedExcluded, State, Summary};
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, User};
use crate::present::Tone;
use crate::sync;
use crate::tui::event::Event;
use crate::tui::listing::Kind;
use crate::tui::message::{Answer, JobEvent, Message, Reply, Request, SaveOutcome, Work};
use crate::tui::terminal;
use crate::tui::view::{FileView, JobId, MintedToken, PickedItem, Preview, Reason, Report, Sampled, Trouble};
use crate::wizard::form::Form;
use crate::wizard::{self, Saved, Step};

/// Sends an answer to the loop. After the loop has ended, answers are dropped.
pub(super) fn send(events: &Sender<Event>, answer: Answer) {
    let _ = events.send(Event::Message(Message::Answer(answer)));
}

pub(super) fn failed(events: &Sender<Event>, job: JobId, message: &str, help: &str) {
    let trouble = Trouble { message: message.to_owned(), help: help.to_owned(), needs_you: false };
    send(events, Answer::Job(job, JobEvent::Failed(trouble)));
}

fn trouble(error: &Error) -> Trouble {
    let help = if error.is_outdated() {
        "press Ctrl-Y to see what was saved; this drops your unsaved answers".to_owned()
    } else {
        shown(&error.help())
    };
    Trouble { message: shown(&error.to_string()), help, needs_you: error.needs_you() }
}

/// What a job does now, since when, and when that was reported last.
#[derive(Debug, Clone, Copy)]
struct Reported {
    what: &'static str,
    since: Instant,
    at: Instant,
}

/// A job that reports its progress, with its rate, at most ten times a second.
pub(super) fn job(id: JobId, events: &Sender<Event>) -> Job {
    let events = events.clone();
    let reported: Mutex<Option<Reported>> = Mutex::new(None);
    Job::new(move |mut progress: Progress| {
        let Ok(mut reported) = reported.lock() else { return };
        let now = Instant::now();
        let before = reported.filter(|reported| reported.what == progress.what);
        let is_last = progress.of == Some(progress.done);
        if is_last || before.is_none_or(|reported| now.duration_since(reported.at) >= Duration::from_millis(100)) {
            let since = before.map_or(now, |reported| reported.since);
            let seconds = now.duration_since(since).as_secs_f64();
            #[allow(clippy::cast_precision_loss, reason = "a rate is read, not counted with")]
            let rate = (seconds >= 1.0).then(|| progress.done as f64 / seconds);
            progress.rate = progress.rate.or(rate);
            *reported = Some(Reported { what: progress.what, since, at: now });
            send(&events, Answer::Job(id, JobEvent::Progress(progress)));
        }
    })
}

/// Carries out a request. `None`: it has no answer.
pub(super) fn reply(engine: &Engine, request: Request) -> Option<Reply> {
    // A read-only console keeps neither drafts nor its place: that is no error.
    let keeps_place = matches!(request, Request::At(_) | Request::KeepDraft(_));
    // A failed look is reported when it matters: when the form is saved.
    let only_looks = matches!(request, Request::Look(_) | Request::OverviewAgain);
    match carry_out(engine, request) {
        Ok(reply) => reply,
        Err(Error::ReadOnly) if keeps_place => None,
        Err(_) if only_looks => None,
        Err(error) => Some(Reply::Failed(trouble(&error))),
    }
}

fn carry_out(engine: &Engine, request: Request) -> Result<Option<Reply>, Error> {
    Ok(Some(match request {
        Request::Start => Reply::Started { at: wizard::at(engine)?, standing: wizard::standing(engine)? },
        Request::Standing => Reply::Standing(wizard::standing(engine)?),
        Request::Open(step) => opened(wizard::open(engine, step)?),
        Request::OpenNew(kind) => match open_new(engine, kind)? {
            Some(form) => opened(form),
            None => return Ok(None),
        },
        Request::OpenStorage(name) => opened(wizard::open_storage(engine, Name::new(&name).ok().as_ref())?),
        Request::OpenNamed(step, name) => opened(open_named(engine, step, &name)?),
        Request::Reload(form) => opened(wizard::reload(engine, &form)?),
        Request::Look(form) => Reply::Since(Box::new(wizard::since(engine, &form)?)),
        Request::At(step) => {
            wizard::set_at(engine, step)?;
            return Ok(None);
        }
        Request::KeepDraft(form) => {
            wizard::keep_draft(engine, &form)?;
            return Ok(None);
        }
        Request::Save(form) => save(engine, *form)?,
        Request::Overview => Reply::Overview(Box::new(overview::overview(engine)?)),
        Request::OverviewAgain => Reply::OverviewAgain(Box::new(overview::overview(engine)?)),
        Request::Rows { asked, offset, limit } => {
            let rows = lists::rows(engine, &asked, offset, limit)?;
            Reply::Rows(Box::new(asked), rows)
        }
        Request::Detail(kind, id) => {
            let detail = lists::detail(engine, kind, &id)?;
            Reply::Detail(kind, id, Box::new(detail))
        }
        Request::Question(wanted) => Reply::Question(Box::new(lists::question(engine, *wanted)?)),
        Request::Find(typed) => {
            let found = lists::find(engine, &typed)?;
            Reply::Found(typed, found)
        }
        Request::OpenPlan(plan) => plans::open(engine, plan)?,
        Request::Lines { plan, asked, offset, limit } => plans::lines(engine, plan, asked, offset, limit)?,
        Request::Undo(plan) => plans::undo(engine, plan)?,
        Request::Mappings => Reply::Mappings(order::mappings(engine)?),
        Request::InOrder(names) => order::as_read(engine, names)?,
        Request::SaveOrder { from, to } => order::save(engine, &from, &to)?,
        Request::WriteToken(path, token) => {
            engine.write_token_file(&path, &token)?;
            Reply::TokenWritten(path)
        }
        Request::Copy(token) => copy(token.expose()),
    }))
}

/// Sends the token to the terminal's clipboard (OSC 52).
fn copy(token: &str) -> Reply {
    let mut bytes = Vec::new();
    let sent = crossterm::queue!(bytes, CopyToClipboard::to_clipboard_from(token));
    match sent.and_then(|()| std::io::Write::write_all(&mut terminal::output()?, &bytes)) {
        Ok(()) => Reply::Copied,
        Err(why) => Reply::Failed(Trouble {
            message: why.to_string(),
            help: "write the token to a file instead".to_owned(),
            needs_you: false,
        }),
    }
}

fn opened(form: Form) -> Reply {
    Reply::Opened(Box::new(form))
}

fn open_named(engine: &Engine, step: Step, name: &str) -> Result<Form, Error> {
    match Name::new(name) {
        Ok(name) => wizard::open_entry(engine, step, &name),
        // The name was chosen from a list of names: this case exists for the type only.
        Err(_) => wizard::open(engine, step),
    }
}

fn open_new(engine: &Engine, kind: Kind) -> Result<Option<Form>, Error> {
    match (kind, kind.step()) {
        (Kind::Storages, _) => wizard::open_storage(engine, None).map(Some),
        (_, Some(step)) => wizard::open_new(engine, step).map(Some),
        (_, None) => Ok(None),
    }
}

fn save(engine: &Engine, mut form: Form) -> Result<Reply, Error> {
    let outcome = match wizard::save(engine, &mut form)? {
        Saved::Kept => SaveOutcome::Kept,
        Saved::Unchanged => SaveOutcome::Unchanged,
        Saved::Problems => SaveOutcome::Problems,
    };
    Ok(Reply::Saved { form: Box::new(form), outcome })
}

/// Runs a job to its last event, which is sent whatever happens.
pub(super) fn run(engine: &Engine, id: JobId, work: Work, job: &Job, events: &Sender<Event>) {
    match std::panic::catch_unwind(AssertUnwindSafe(|| work_on(engine, id, work, job, events))) {
        Ok(Ok(event)) => send(events, Answer::Job(id, event)),
        Ok(Err(error)) => send(events, Answer::Job(id, JobEvent::Failed(trouble(&error)))),
        Err(_) => {
            let message = "this part of imd failed; nothing was changed";
            failed(events, id, message, "report it, with what you did before");
        }
    }
}

fn work_on(engine: &Engine, id: JobId, work: Work, job: &Job, events: &Sender<Event>) -> Result<JobEvent, Error> {
    Ok(match work {
        Work::Check(form) => {
            wizard::check(engine, &form, job, &mut |check| send(events, Answer::Job(id, JobEvent::Check(check))))?;
            JobEvent::Checked
        }
        Work::Preview(mut form) => match wizard::preview(engine, &mut form, job)? {
            Some(found) => JobEvent::Previewed(preview(&found)),
            None => JobEvent::Refused(form),
        },
        Work::Explain(mut form, name) => match wizard::explain(engine, &mut form, &name, job)? {
            Some(explained) => JobEvent::Explained(explanation(&explained)),
            None => JobEvent::Refused(form),
        },
        Work::Pick { form, pick, under } => {
            let items = wizard::pick(engine, &form, pick, under.as_deref(), job)?;
            let item = |picked: wizard::Picked| PickedItem {
                value: picked.value.raw().to_owned(),
                label: picked.label.shown(),
                detail: shown(&picked.detail),
                has_children: picked.has_children,
            };
            JobEvent::Picked { under, items: items.into_iter().map(item).collect() }
        }
        Work::Sync => {
            let plan = engine.plan(job)?;
            match plan.state {
                State::Stopped { .. } => JobEvent::Stopped(plan.id),
                State::Made | State::Applied { .. } => JobEvent::Synced(synced(&engine.apply(plan.id, None, job)?)),
            }
        }
        // With a million laptops it takes some seconds.
        Work::Report => JobEvent::Report(overview::report(engine)?),
        Work::WriteReport => JobEvent::Done(overview::write_report(engine)?),
        Work::Do(doing) => lists::act(engine, &doing, job)?,
        Work::ReadInOrder(names) => order::read(engine, names, job)?,
        Work::Approve(hash) => JobEvent::Applied(Box::new(plans::view(&engine.approve(&hash, job)?))),
        Work::Mint(form) => mint(engine, *form)?,
        Work::Files(mut form) => {
            let files = wizard::files(engine, &mut form)?;
            if form.has_problems() {
                return Ok(JobEvent::Refused(form));
            }
            JobEvent::Files(files.into_iter().map(file).collect())
        }
        Work::Write(form) => write(engine, *form)?,
    })
}

fn file(file: wizard::PreviewFile) -> FileView {
    FileView { target: file.target, name: file.name, text: file.text, exposure: file.exposure }
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
    Report { title: "Sync".to_owned(), lines }
}

fn mint(engine: &Engine, mut form: Form) -> Result<JobEvent, Error> {
    Ok(match wizard::mint(engine, &mut form)? {
        None => JobEvent::Refused(Box::new(form)),
        Some(Minted { record, token }) => {
            let minted = MintedToken { token, name: record.name.to_string(), facts: wizard::facts(&record) };
            JobEvent::Minted { form: Box::new(form), minted }
        }
    })
}

fn write(engine: &Engine, mut form: Form) -> Result<JobEvent, Error> {
    Ok(match wizard::write(engine, &mut form)? {
        None => JobEvent::Refused(Box::new(form)),
        Some(written) => JobEvent::Written { form: Box::new(form), report: report(&written) },
    })
}

fn report(written: &[Written]) -> Report {
    let mut lines = vec![(Tone::Good, "Written, each with a README and checksums:".to_owned())];
    for export in written {
        let folder = shown(&export.folder.display().to_string());
        lines.push((Tone::Plain, format!("{}: {folder} ({} files)", shown(&export.target), export.files.len())));
    }
    lines.push((Tone::Help, "give each folder to its deployment tool; its README says how".to_owned()));
    Report { title: "Written".to_owned(), lines }
}
