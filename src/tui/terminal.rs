//! The terminal's modes and the signals of job control: all of it, and only here.
//!
//! The terminal is put back exactly once, whatever ends the console: leaving, an error, a panic of the thread that
//! draws, SIGTERM, SIGHUP, or a stop by SIGTSTP. A panic of any other thread leaves the screen alone; its job is
//! reported as failed.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::event::Event;

/// True while the terminal is ours.
static OURS: AtomicBool = AtomicBool::new(false);

/// Holds the terminal in raw mode, on the alternate screen, with bracketed paste; puts it back when dropped.
#[derive(Debug)]
pub(super) struct Terminal(());

impl Terminal {
    /// Takes the terminal, and sees to it that a panic of this thread gives it back.
    pub(super) fn take() -> io::Result<Self> {
        enter()?;
        let terminal = Self(());
        let ui = std::thread::current().id();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == ui {
                give_back();
                before(panic);
            } else if !OURS.load(Ordering::SeqCst) {
                before(panic);
            }
        }));
        Ok(terminal)
    }

    /// Gives the terminal back for a while and stops the program until the shell continues it. The signal that
    /// continues it comes back as [`Event::Continued`].
    #[allow(clippy::unused_self, reason = "only the holder of the terminal may stop")]
    pub(super) fn stop(&mut self) -> io::Result<()> {
        give_back();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)
    }

    /// True while frames may be drawn.
    #[allow(clippy::unused_self, reason = "only the holder of the terminal may ask")]
    pub(super) fn is_ours(&self) -> bool {
        OURS.load(Ordering::SeqCst)
    }

    /// Takes the terminal again, whatever the shell did to it meanwhile.
    #[allow(clippy::unused_self, reason = "only the holder may take it again")]
    pub(super) fn take_again(&mut self) -> io::Result<()> {
        give_back();
        enter()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, cursor::Show)?;
    output()?.write_all(&bytes)
}

fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    // Nothing can be done about a terminal that does not even take its own modes back.
    let mut bytes = Vec::new();
    let _ = queue!(bytes, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = output().and_then(|mut output| output.write_all(&bytes));
    let _ = disable_raw_mode();
}

/// Standard output without a buffer of its own: one frame is one write.
pub(super) fn output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Passes signals on as events.
pub(super) fn watch_signals(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGTSTP => Event::Stop,
                SIGCONT => Event::Continued,
                signal => Event::Ended(signal),
            };
            if events.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Notices a terminal that went away without SIGHUP, as it does behind sudo: crossterm would read it for ever.
pub(super) fn watch_input(events: Sender<Event>) -> io::Result<()> {
    std::thread::Builder::new().name("watchdog".into()).spawn(move || {
        while io::stdin().is_terminal() {
            std::thread::sleep(Duration::from_secs(2));
        }
        let _ = events.send(Event::Gone);
    })?;
    Ok(())
}
