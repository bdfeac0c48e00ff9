//! The terminal: prints lines, and reads answers with or without echo.
//!
//! The terminal stays in line mode, so its editing keys and flow control work as usual. Only the echo is switched off
//! while a secret is typed, and restored in every case: an answer, Ctrl-C, a stop by Ctrl-Z, a signal, a panic.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use zeroize::Zeroizing;

use super::Error;
use crate::model::job::{Job, Progress};
use crate::model::text::{self, shown};
use crate::secrets::{NoEcho, Secret};

/// The longest line, in bytes: more than a terminal in line mode passes on (termios(3), `MAX_CANON`).
const LONGEST: usize = 64 << 10;

/// Why the dialogue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Ctrl-C, or Ctrl-D on an empty line.
    Left,
    Gone,
    Signal(i32),
}

/// An event while waiting for an answer. A line may be a secret, so it is stored as one.
enum Event {
    Line(Secret),
    /// A line that is not UTF-8.
    Unreadable,
    /// The program was stopped and continued: the question is printed again.
    Continued,
    End(Ended),
}

pub(super) struct Dialogue {
    events: Receiver<Event>,
    output: File,
    shared: Arc<Mutex<Shared>>,
}

/// Shared with the thread that handles signals.
#[derive(Default)]
struct Shared {
    /// Present while the echo is off.
    echo: Option<NoEcho>,
    /// The running job, which Ctrl-C cancels.
    job: Option<Job>,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Dialogue {
    /// Starts the threads that read lines and signals.
    ///
    /// # Errors
    /// [`Error::NoTerminal`] when input or output is not a terminal.
    pub(super) fn open() -> Result<Self, Error> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Error::NoTerminal);
        }
        let (sender, events) = mpsc::channel();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let output = io::stdout().as_fd().try_clone_to_owned().map(File::from);
        let started = watch_signals(sender.clone(), Arc::clone(&shared)).and_then(|()| read_lines(sender));
        match (started, output) {
            (Ok(()), Ok(output)) => Ok(Self { events, output, shared }),
            _ => Err(Error::Gone),
        }
    }

    /// Prints a line, escaped for display.
    pub(super) fn say(&mut self, line: &str) -> Result<(), Ended> {
        self.write(&format!("{}\n", shown(line)))
    }

    /// Prints an error and its remedy, one line each.
    pub(super) fn wrong(&mut self, message: &str, help: &str) -> Result<(), Ended> {
        self.say(&format!("Error: {message}"))?;
        if help.is_empty() { Ok(()) } else { self.say(&format!("To do: {help}")) }
    }

    fn write(&mut self, text: &str) -> Result<(), Ended> {
        self.output.write_all(text.as_bytes()).map_err(|_| Ended::Gone)
    }

    /// Asks on one line; returns the answer without surrounding spaces. Asks again if it contains hidden characters.
    pub(super) fn ask(&mut self, prompt: &str) -> Result<String, Ended> {
        loop {
            let line = self.line(prompt)?;
            match line.expose().chars().find(|c| text::is_hidden(*c)) {
                None => return Ok(line.expose().trim().to_owned()),
                Some(c) => {
                    self.say(&format!(
                        "Error: the answer contains the hidden character {}. Type it again without it.",
                        shown(&c.to_string())
                    ))?;
                }
            }
        }
    }

    /// The same without echo. Spaces are kept: they may be part of a password.
    pub(super) fn ask_hidden(&mut self, prompt: &str) -> Result<Secret, Ended> {
        let quiet = Quiet::begin(&self.shared).map_err(|_| Ended::Gone)?;
        let line = self.line(prompt);
        drop(quiet);
        line
    }

    fn line(&mut self, prompt: &str) -> Result<Secret, Ended> {
        let prompt = format!("{}: ", shown(prompt));
        self.write(&prompt)?;
        loop {
            match self.events.recv() {
                Ok(Event::Line(line)) => return Ok(line),
                Ok(Event::Unreadable) => {
                    self.say("Error: the answer is not UTF-8. Type it again.")?;
                    self.write(&prompt)?;
                }
                Ok(Event::Continued) => self.write(&prompt)?,
                Ok(Event::End(ended)) => {
                    // The next output begins on a new line.
                    let _ = self.write("\n");
                    return Err(ended);
                }
                Err(_) => return Err(Ended::Gone),
            }
        }
    }

    /// Runs `work` as a job that Ctrl-C cancels. Its progress is printed at most once a second.
    pub(super) fn while_working<T>(&mut self, work: impl FnOnce(&mut Self, &Job) -> T) -> T {
        let told = Mutex::new(Instant::now());
        let output = self.output.try_clone();
        let job = Job::new(move |progress: Progress| {
            let (Ok(mut told), Ok(output)) = (told.lock(), &output) else { return };
            if told.elapsed() >= Duration::from_secs(1) {
                *told = Instant::now();
                let of = progress.of.map(|of| format!(" of {of}")).unwrap_or_default();
                let mut output: &File = output;
                let _ = output.write_all(format!("{}: {}{of}\n", progress.what, progress.done).as_bytes());
            }
        });
        lock(&self.shared).job = Some(job.clone());
        let result = work(self, &job);
        lock(&self.shared).job = None;
        result
    }
}

/// Switches the echo on again when it is dropped.
struct Quiet(Arc<Mutex<Shared>>);

impl Quiet {
    fn begin(shared: &Arc<Mutex<Shared>>) -> io::Result<Self> {
        lock(shared).echo = Some(NoEcho::begin(io::stdin())?);
        Ok(Self(Arc::clone(shared)))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        lock(&self.0).echo = None;
    }
}

fn watch_signals(events: Sender<Event>, shared: Arc<Mutex<Shared>>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGTSTP => {
                    stop(&shared);
                    Event::Continued
                }
                SIGINT => match &lock(&shared).job {
                    Some(job) => {
                        job.cancel();
                        continue;
                    }
                    None => Event::End(Ended::Left),
                },
                signal => {
                    if let Some(job) = &lock(&shared).job {
                        job.cancel();
                    }
                    Event::End(Ended::Signal(signal))
                }
            };
            if events.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Stops the program with the echo restored, until the shell continues it.
fn stop(shared: &Mutex<Shared>) {
    let mut shared = lock(shared);
    if let Some(echo) = &shared.echo {
        echo.suspend();
    }
    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
    if let Some(echo) = &mut shared.echo {
        echo.resume();
    }
}

/// Reads lines in a thread that ends with the program: a thread that waits for a line cannot be stopped.
fn read_lines(events: Sender<Event>) -> io::Result<()> {
    // Not through the buffer of std, in which a password would remain.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    thread::Builder::new().name("lines".into()).spawn(move || {
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
        let mut buffer = Zeroizing::new([0_u8; 4096]);
        loop {
            let count = match input.read(&mut buffer[..]) {
                Ok(0) | Err(_) => {
                    let ended = if io::stdin().is_terminal() { Ended::Left } else { Ended::Gone };
                    let _ = events.send(Event::End(ended));
                    return;
                }
                Ok(count) => count,
            };
            for byte in &buffer[..count] {
                // A terminal in raw mode ends lines with a carriage return.
                if *byte != b'\n' && *byte != b'\r' {
                    if line.len() < LONGEST {
                        line.push(*byte);
                    }
                    continue;
                }
                let event = match std::str::from_utf8(&line) {
                    Ok(text) => Event::Line(Secret::new(text)),
                    Err(_) => Event::Unreadable,
                };
                line.iter_mut().for_each(|byte| *byte = 0);
                line.clear();
                if events.send(event).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(())
}
