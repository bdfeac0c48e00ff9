//! Switches off the echo of a terminal while a secret is typed.
//!
//! `rpassword` is used on Windows only. On Unix it cannot do what is needed here: it restores the echo only when its own
//! read returns, so a signal would leave the terminal without echo, and it reads the line itself, while the prompts
//! read in a thread next to the one that takes signals.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// The keys that send signals, where [`NoEcho::without_signals`] makes them characters: Ctrl-C, Ctrl-Z and Ctrl-\.
pub const SIGNAL_KEYS: [u8; 3] = [0x03, 0x1a, 0x1c];

/// A terminal without echo. The terminal's own modes come back when this is dropped.
#[derive(Debug)]
pub struct NoEcho {
    terminal: File,
    /// The modes to restore.
    own: Termios,
    signals: bool,
}

impl NoEcho {
    /// Switches the echo off. Keys that send signals still do: the caller has to take those signals.
    ///
    /// # Errors
    /// When `terminal` is not a terminal.
    pub fn begin(terminal: impl AsFd) -> io::Result<Self> {
        Self::start(terminal, true)
    }

    /// Switches the echo off and discards what was typed before. The keys that send signals end the line instead.
    ///
    /// # Errors
    /// When `terminal` is not a terminal.
    pub fn without_signals(terminal: impl AsFd) -> io::Result<Self> {
        Self::start(terminal, false)
    }

    fn start(terminal: impl AsFd, signals: bool) -> io::Result<Self> {
        let terminal = File::from(terminal.as_fd().try_clone_to_owned()?);
        let own = tcgetattr(&terminal)?;
        let echo = Self { terminal, own, signals };
        echo.off()?;
        Ok(echo)
    }

    fn off(&self) -> io::Result<()> {
        let mut modes = self.own.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        // The end of the line is still echoed, so that the next output begins on a new line.
        modes.local_modes.insert(LocalModes::ECHONL);
        if !self.signals {
            let [interrupt, _, quit] = SIGNAL_KEYS;
            modes.local_modes.remove(LocalModes::ISIG);
            modes.local_modes.insert(LocalModes::ICANON);
            // They end a line as Enter does, so that the read returns at once.
            modes.special_codes[SpecialCodeIndex::VEOL] = interrupt;
            modes.special_codes[SpecialCodeIndex::VEOL2] = quit;
        }
        Ok(tcsetattr(&self.terminal, self.when(), &modes)?)
    }

    const fn when(&self) -> OptionalActions {
        if self.signals { OptionalActions::Now } else { OptionalActions::Flush }
    }

    /// Restores the terminal's own modes for as long as the program is stopped.
    pub fn suspend(&self) {
        let _ = tcsetattr(&self.terminal, self.when(), &self.own);
    }

    /// Switches the echo off again. The modes to restore are those of now: the shell may have changed them.
    pub fn resume(&mut self) {
        if let Ok(now) = tcgetattr(&self.terminal) {
            self.own = now;
            let _ = self.off();
        }
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        self.suspend();
    }
}
