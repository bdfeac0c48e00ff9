//! Runs the console: keys in, frames out, effects on threads of their own.
//!
//! Requests (opening a form, saving it, keeping a draft) are short and done one after another by one thread, so that
//! they never overtake each other; jobs (checks, previews, a sync) have a thread each and can be canceled. All of
//! them answer over one channel, and a frame is drawn when the channel is empty: nothing ticks.

pub(super) mod lists;
mod order;
mod overview;
mod plans;
mod work;

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use super::app::App;
use super::event::Event;
use super::look::{Color, Look};
use super::message::{Answer, Effect, Message, Request, Work};
use super::surface::Surface;
use super::terminal::{self, Terminal};
use super::view::JobId;
use super::{Error, input};
use crate::engine::Engine;
use crate::model::job::Job;

/// Runs until the user leaves. Gives what is to be said afterwards.
pub(super) fn run(engine: &Engine, color: Color) -> Result<String, Error> {
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let look = Look::of(&environment, color);
    crossterm::style::force_color_output(look.color);
    let size = crossterm::terminal::size().map_err(Error::Terminal)?;
    let terminal = Terminal::take().map_err(Error::Terminal)?;
    let (sender, events) = mpsc::channel();
    terminal::watch_signals(sender.clone()).map_err(Error::Terminal)?;
    terminal::watch_input(sender.clone()).map_err(Error::Terminal)?;
    input::start(sender.clone()).map_err(Error::Terminal)?;
    watch_state(engine, sender.clone()).map_err(Error::Terminal)?;
    let (mut app, effects) = App::new(look, size);
    app.context.read_only = engine.is_read_only();
    let surface = Surface::new(terminal::output().map_err(Error::Terminal)?);
    let runner = Runner::new(engine.clone(), sender).map_err(Error::Terminal)?;
    let mut console = Console { app, surface, terminal, runner };
    // A panic has given the terminal back by now; what was entered is kept before anything else.
    let ended = catch_unwind(AssertUnwindSafe(|| console.run(&events, effects)))
        .or_else(|_| catch_unwind(AssertUnwindSafe(|| console.end(Error::Panicked))))
        .unwrap_or(Err(Error::Panicked));
    let Console { app, terminal, runner, .. } = console;
    // What was entered is kept before anything else is said or done.
    runner.finish();
    drop(terminal);
    ended.map(|()| app.farewell())
}

/// Carries an effect out at once, for the tests of what the screens show.
#[cfg(test)]
pub(super) fn answers(engine: &Engine, effect: Effect) -> Vec<Answer> {
    match effect {
        Effect::Request(request) => work::reply(engine, request).map(Answer::Reply).into_iter().collect(),
        Effect::Job(id, work) => {
            let (events, sent) = mpsc::channel();
            work::run(engine, id, work, &work::job(id, &events), &events);
            let answer = |event| match event {
                Event::Message(Message::Answer(answer)) => Some(answer),
                _ => None,
            };
            sent.try_iter().filter_map(answer).collect()
        }
        Effect::Cancel(_) | Effect::Redraw | Effect::Suspend | Effect::Leave => Vec::new(),
    }
}

/// How often the state is checked for changes: what others do is seen within a second.
const LOOK: Duration = Duration::from_millis(800);
/// After how many looks what only time changes is looked at again: every 20 seconds.
const LOOKS: u32 = 25;

/// Reports changes of the state. The loop that draws sleeps until then.
fn watch_state(engine: &Engine, events: Sender<Event>) -> io::Result<()> {
    let engine = engine.clone();
    std::thread::Builder::new().name("watch".into()).spawn(move || {
        // Without it, others' changes are noticed when something is saved: what it protects does not hang on this.
        let Ok(mut watch) = engine.watch() else { return };
        for look in 1u32.. {
            std::thread::sleep(LOOK);
            if look.is_multiple_of(LOOKS) && events.send(Event::Message(Message::Tick)).is_err() {
                return;
            }
            if watch.changed().unwrap_or(false) && events.send(Event::Message(Message::Changed)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// For the tests of what a panic leaves behind: a build with debug assertions panics at the key of that number.
#[cfg(debug_assertions)]
fn panic_when_rigged() {
    static KEYS: AtomicUsize = AtomicUsize::new(0);
    let count = KEYS.fetch_add(1, Ordering::Relaxed) + 1;
    let rigged = std::env::var("IMD_TEST_PANIC_AT_KEY").ok().and_then(|number| number.parse().ok());
    assert!(rigged != Some(count), "rigged to panic at key {count}");
}

struct Console {
    app: App,
    surface: Surface<std::fs::File>,
    terminal: Terminal,
    runner: Runner,
}

impl Console {
    fn run(&mut self, events: &Receiver<Event>, effects: Vec<Effect>) -> Result<(), Error> {
        let mut left = self.carry_out(effects)?;
        while !left {
            if self.terminal.is_ours() && self.surface.show(&self.app).is_err() {
                return self.end(Error::Gone);
            }
            let Ok(event) = events.recv() else { return self.end(Error::Gone) };
            left = self.take(event)?;
            // A burst of events, such as a paste or a hundred checks, is one frame.
            while let (false, Ok(event)) = (left, events.try_recv()) {
                left = self.take(event)?;
            }
        }
        Ok(())
    }

    /// True when the user has left.
    fn take(&mut self, event: Event) -> Result<bool, Error> {
        match event {
            Event::Message(message) => {
                #[cfg(debug_assertions)]
                let is_key = matches!(message, Message::Key(_));
                let effects = self.app.update(message);
                #[cfg(debug_assertions)]
                if is_key {
                    panic_when_rigged();
                }
                self.carry_out(effects)
            }
            Event::Stop => self.stop(),
            Event::Continued => {
                self.terminal.take_again().map_err(Error::Terminal)?;
                if let Ok((width, height)) = crossterm::terminal::size() {
                    self.app.update(Message::Resize(width, height));
                }
                self.surface.forget();
                Ok(false)
            }
            Event::Ended(signal) => self.end(Error::Signal(signal)).map(|()| true),
            Event::Gone => self.end(Error::Gone).map(|()| true),
        }
    }

    fn stop(&mut self) -> Result<bool, Error> {
        self.terminal.stop().map_err(Error::Terminal).map(|()| false)
    }

    /// Keeps what was entered, then fails.
    fn end(&mut self, error: Error) -> Result<(), Error> {
        let effects = self.app.update(Message::Ending);
        self.carry_out(effects)?;
        Err(error)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<bool, Error> {
        let mut left = false;
        for effect in effects {
            match effect {
                Effect::Leave => left = true,
                Effect::Redraw => self.surface.forget(),
                Effect::Suspend => {
                    self.stop()?;
                }
                Effect::Request(request) => self.runner.request(request),
                Effect::Job(id, work) => self.runner.start(id, work),
                Effect::Cancel(id) => self.runner.cancel(id),
            }
        }
        Ok(left)
    }
}

/// Carries requests and jobs out.
struct Runner {
    engine: Engine,
    events: Sender<Event>,
    /// `None` once no more is taken.
    requests: Option<Sender<Request>>,
    request_thread: std::thread::JoinHandle<()>,
    jobs: BTreeMap<JobId, Job>,
}

impl Runner {
    fn new(engine: Engine, events: Sender<Event>) -> io::Result<Self> {
        let (requests, waiting) = mpsc::channel::<Request>();
        let (worker, answers) = (engine.clone(), events.clone());
        let request_thread = std::thread::Builder::new().name("requests".into()).spawn(move || {
            for request in waiting {
                if let Some(reply) = work::reply(&worker, request) {
                    work::send(&answers, Answer::Reply(reply));
                }
            }
        })?;
        Ok(Self { engine, events, requests: Some(requests), request_thread, jobs: BTreeMap::new() })
    }

    fn request(&self, request: Request) {
        if let Some(requests) = &self.requests {
            let _ = requests.send(request);
        }
    }

    fn start(&mut self, id: JobId, work: Work) {
        let job = work::job(id, &self.events);
        self.jobs.insert(id, job.clone());
        let (engine, events) = (self.engine.clone(), self.events.clone());
        let started = std::thread::Builder::new()
            .name(format!("job {id}"))
            .spawn(move || work::run(&engine, id, work, &job, &events));
        if let Err(error) = started {
            work::failed(&self.events, id, &error.to_string(), "end other programs, then try again");
        }
    }

    fn cancel(&mut self, id: JobId) {
        if let Some(job) = self.jobs.remove(&id) {
            job.cancel();
        }
    }

    /// Waits until every request is answered. Jobs are canceled and not waited for: a canceled job changes
    /// nothing.
    fn finish(mut self) {
        self.jobs.values().for_each(Job::cancel);
        drop(self.requests.take());
        let _ = self.request_thread.join();
    }
}
