//! The real binary in a pseudo-terminal: keys go in, and a terminal emulator reads the screen.
//!
//! Nothing here sleeps: every wait is for a text on the screen, or for the end of the program, under a deadline.

use std::io::{Read as _, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::installation::Installation;

/// Long enough for a busy machine; whatever takes longer will not come.
const DEADLINE: Duration = Duration::from_mins(1);

/// How long nothing may come before a frame counts as whole.
const SETTLED: Duration = Duration::from_millis(5);

pub struct Terminal {
    keyboard: Box<dyn Write + Send>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

struct Shown {
    parser: vt100::Parser,
    /// Every byte that the program wrote.
    bytes: Vec<u8>,
    ended: bool,
}

/// Keys as a terminal sends them.
pub mod key {
    pub const ENTER: &str = "\r";
    pub const TAB: &str = "\t";
    pub const ESC: &str = "\x1b";
    pub const LEFT: &str = "\x1b[D";
    pub const RIGHT: &str = "\x1b[C";
    pub const UP: &str = "\x1b[A";
    pub const DOWN: &str = "\x1b[B";
    pub const SPACE: &str = " ";

    /// Ctrl with a lower-case letter.
    pub fn ctrl(letter: char) -> String {
        char::from(letter as u8 & 0x1f).to_string()
    }
}

impl Terminal {
    /// Starts the binary with `arguments` in a terminal of this size.
    pub fn start(imd: &Installation, arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(imd, arguments, &[], columns, rows)
    }

    /// The same with these environment variables besides.
    pub fn start_with(
        imd: &Installation,
        arguments: &[&str],
        environment: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_imd"));
        command.args(arguments);
        command.env_clear();
        let folder = imd.folder().display().to_string();
        for (name, value) in [
            ("PATH", "/usr/bin:/bin"),
            ("HOME", &folder),
            ("IMD_STATE", &imd.state().display().to_string()),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("LC_ALL", "C.UTF-8"),
            ("TMPDIR", &folder),
        ] {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(imd.folder());
        Self::run(command, columns, rows)
    }

    /// Runs any program in a terminal of this size.
    pub fn run(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Shown { parser: vt100::Parser::new(rows, columns, 0), bytes: Vec::new(), ended: false };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&shown);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                // The end of the program is an error of the master's side, EIO.
                let count = output.read(&mut buffer).unwrap_or(0);
                // A test that failed while it looked needs no more.
                let Ok(mut shown) = seen.0.lock() else { return };
                shown.parser.process(&buffer[..count]);
                shown.bytes.extend_from_slice(&buffer[..count]);
                shown.ended = count == 0;
                seen.1.notify_all();
                if shown.ended {
                    return;
                }
            }
        });
        Self { keyboard: pair.master.take_writer().unwrap(), shown, child, master: pair.master }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Types a text and waits until it is before the cursor; only the end of a long text, which may have scrolled.
    #[track_caller]
    pub fn type_text(&mut self, text: &str) {
        self.press(text);
        let tail: String = text.chars().skip(text.chars().count().saturating_sub(16)).collect();
        self.wait_for_screen(&format!("{tail:?} before the cursor"), |screen| {
            let (row, column) = screen.cursor_position();
            screen.contents_between(row, 0, row, column).ends_with(&tail)
        });
    }

    /// Waits until `text` is on the screen; returns the whole screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contains(text))
    }

    /// Waits until `text` is gone from the screen.
    #[track_caller]
    pub fn wait_while(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} gone from the screen"), |screen| !screen.contains(text))
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.wait_for_screen(what, |screen| fits(&screen.contents()))
    }

    #[track_caller]
    fn wait_for_screen(&self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) -> String {
        let until = Instant::now() + DEADLINE;
        let (shown, changed) = &*self.shown;
        let mut shown = shown.lock().unwrap();
        loop {
            let (seen, screen) = (shown.bytes.len(), shown.parser.screen());
            if fits(screen) {
                // A frame may come in pieces: what fits has to be the end of one.
                shown = changed.wait_timeout(shown, SETTLED).unwrap().0;
                if shown.bytes.len() == seen {
                    return shown.parser.screen().contents();
                }
                continue;
            }
            let screen = screen.contents();
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.ended, "{what} never came; the last screen:\n{screen}");
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until what was written from the byte `from` on fits; gives it.
    #[track_caller]
    pub fn wait_for_bytes(&self, from: usize, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + DEADLINE;
        let (shown, changed) = &*self.shown;
        let mut shown = shown.lock().unwrap();
        loop {
            let text = String::from_utf8_lossy(&shown.bytes[from..]).into_owned();
            if fits(&text) {
                return text;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.ended, "{what} never came; what came is:\n{text}");
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Presses a key and waits until the cursor moved, or the text around it changed.
    #[track_caller]
    pub fn press_and_move(&mut self, keys: &str) {
        let place = |screen: &vt100::Screen| (screen.cursor_position(), line_of_the_cursor(screen));
        let before = place(self.shown.0.lock().unwrap().parser.screen());
        self.press(keys);
        self.wait_for_screen("the cursor elsewhere", |screen| place(screen) != before);
    }

    pub fn screen(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// What `look` finds on the screen.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.shown.0.lock().unwrap().parser.screen())
    }

    /// The screen with its colors.
    pub fn screen_cells(&self) -> vt100::Screen {
        self.shown.0.lock().unwrap().parser.screen().clone()
    }

    /// The line of the cursor.
    pub fn line_of_the_cursor(&self) -> String {
        line_of_the_cursor(self.shown.0.lock().unwrap().parser.screen())
    }

    /// Every byte that the program wrote to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        self.shown.0.lock().unwrap().bytes.clone()
    }

    /// How many bytes that is.
    pub fn written(&self) -> usize {
        self.shown.0.lock().unwrap().bytes.len()
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.shown.0.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Whether what is typed is echoed, as the terminal itself says.
    pub fn echoes(&self) -> bool {
        // ECHO of Linux.
        self.has_mode(0o10)
    }

    /// Whether keys arrive one by one, as the terminal itself says, and not a line at a time.
    pub fn is_raw(&self) -> bool {
        // ICANON of Linux.
        !self.has_mode(0o2)
    }

    fn has_mode(&self, mode: u32) -> bool {
        self.master.get_termios().unwrap().local_flags.bits() & mode != 0
    }

    pub fn process_id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits for the end of the program; its exit code.
    #[track_caller]
    pub fn wait_for_end(mut self) -> u32 {
        let until = Instant::now() + DEADLINE;
        let (shown, changed) = &*self.shown;
        let mut shown = shown.lock().unwrap();
        while !shown.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end; the last screen:\n{}", shown.parser.screen().contents());
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
        drop(shown);
        self.child.wait().unwrap().exit_code()
    }

    /// The exit code, once the program has ended.
    pub fn exit_code(&mut self) -> Option<u32> {
        self.child.try_wait().unwrap().map(|status| status.exit_code())
    }

    /// Ends the program as a lost connection does, without a chance to say anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn line_of_the_cursor(screen: &vt100::Screen) -> String {
    let (row, _) = screen.cursor_position();
    let (_, columns) = screen.size();
    screen.rows(0, columns).nth(row.into()).unwrap_or_default()
}

impl Drop for Terminal {
    /// A test that failed leaves no program behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
