//! The real binary in a pseudo-terminal over 1,000,000 cached users: until its first frame, and from a key to the frame
//! that it leads to. A frame is there when nothing more comes for 10 ms, and that time is not counted.
//!
//! `IMD_BENCH_USERS` makes another size.

#![allow(clippy::print_stdout, reason = "a benchmark is there to print")]

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

#[path = "made/company.rs"]
mod made;

/// A frame is over when nothing came for so long.
const REST: Duration = Duration::from_millis(10);

struct Console {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn std::io::Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    _terminal: Box<dyn portable_pty::MasterPty + Send>,
}

impl Console {
    fn start(state: &Path) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_imd"));
        command.args(["--read-only", "--state"]);
        command.arg(state);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8_192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let keyboard = pair.master.take_writer().expect("a writer");
        Self { child, keyboard, output, _terminal: pair.master }
    }

    /// When the text stood on the screen, or without one when the frame was over; and how many bytes came.
    fn frame(&self, text: &str) -> (Instant, usize) {
        let (mut seen, mut last, mut bytes) = (String::new(), None, 0);
        loop {
            let wait = if last.is_some() && seen.contains(text) { REST } else { Duration::from_secs(20) };
            match self.output.recv_timeout(wait) {
                Ok((at, chunk)) => {
                    bytes += chunk.len();
                    seen.push_str(&String::from_utf8_lossy(&chunk));
                    last = Some(at);
                }
                Err(_) => return (last.expect("a frame came"), bytes),
            }
        }
    }

    fn press(&mut self, keys: &str, text: &str) -> (Duration, usize) {
        let begin = Instant::now();
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).expect("it takes keys");
        let (at, bytes) = self.frame(text);
        (at - begin, bytes)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn row(what: &str, mut took: Vec<(Duration, usize)>) {
    took.sort_unstable();
    let times = took.len();
    let at = |part: usize| took[(times * part / 100).min(times - 1)].0;
    let mut bytes: Vec<usize> = took.iter().map(|(_, bytes)| *bytes).collect();
    bytes.sort_unstable();
    println!(
        "{what:34} median {:<9.2?} p99 {:<9.2?} slowest {:<9.2?} bytes {}",
        at(50),
        at(99),
        took[times - 1].0,
        bytes[times / 2]
    );
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let users = std::env::var("IMD_BENCH_USERS").ok().and_then(|users| users.parse().ok()).unwrap_or(1_000_000);
    let state = made::state(users);
    // The first command fills the index; a read-only console cannot do it.
    let mut filling = std::process::Command::new(env!("CARGO_BIN_EXE_imd"));
    let status = filling.arg("--state").arg(&state).args(["users", "nobody-at-all"]).status();
    assert!(status.expect("the binary starts").success());
    let first = (0..21).map(|_| {
        let begin = Instant::now();
        let console = Console::start(&state);
        let (at, bytes) = console.frame("Mass deployment in seven steps");
        (at - begin, bytes)
    });
    row("from the start to the first screen", first.collect());
    let mut console = Console::start(&state);
    console.frame("Mass deployment in seven steps");
    row("the overview", vec![console.press("1", "From the directory")]);
    row("the list of users", vec![console.press("2", "by name")]);
    let mut repeated = |what: &str, keys: &[&str], times: usize| {
        let keys = keys.iter().cycle().take(keys.len() * times);
        row(what, keys.map(|key| console.press(key, "")).collect());
    };
    repeated("a line down", &["\x1b[B"], 200);
    repeated("a page down", &["\x1b[6~"], 100);
    repeated("the last one, the first one", &["\x1b[F", "\x1b[H"], 20);
    repeated("another order", &["s"], 5);
    repeated("/", &["/"], 1);
    repeated("a letter of a search, or one less", &["j", "a", "n", "e", "\x7f", "\x7f", "\x7f", "\x7f"], 10);
}
