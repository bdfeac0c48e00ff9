//! The service's log: a line on standard error for each event of this program, for the journal or a file.
//!
//! `2026-11-24T10:00:00Z warn the sync that was due did not run to its end error="..."`; to systemd's journal, the time
//! is the journal's, and the level stands in front as it reads it (`<4>`, sd-daemon(3)). Whatever a value holds is made
//! safe to show, so one event is one line; what holds a secret has no form that could be written at all. Events of other
//! crates are excluded: nobody here has looked at what they say.

use std::fmt::Write as _;
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::engine::Engine;
use crate::model::text::shown;

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

struct Log {
    verbosity: Verbosity,
    /// Whose clock it is.
    engine: Engine,
    journal: bool,
}

/// Writes from now on what happens. Of several services in one process, the first one's word counts.
pub(super) fn start(engine: &Engine, verbosity: Verbosity) {
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let log = Log { verbosity, engine: engine.clone(), journal };
    let _ = tracing::subscriber::set_global_default(log);
}

impl Subscriber for Log {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target() == "imd" || metadata.target().starts_with("imd::");
        ours && metadata.is_event() && of(*metadata.level()).0 <= self.verbosity
    }

    fn event(&self, event: &Event<'_>) {
        let (_, word, number) = of(*event.metadata().level());
        let start = if self.journal {
            format!("<{number}>")
        } else {
            format!("{} {word} ", self.engine.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        };
        let line = line(start, |said| event.record(said));
        // Whoever read it may be gone: the service goes on without.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The least verbosity that writes it, its word, and its number (syslog(3)).
const fn of(level: Level) -> (Verbosity, &'static str, u8) {
    match level {
        Level::ERROR => (Verbosity::Error, "error", 3),
        Level::WARN => (Verbosity::Warn, "warn", 4),
        Level::INFO => (Verbosity::Info, "info", 6),
        _ => (Verbosity::Debug, "debug", 7),
    }
}

/// What an event says: its message, then its fields.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = shown(&format!("{value:?}"));
        if field.name() == "message" {
            self.message = text;
        } else if text.contains([' ', '"', '=']) {
            let _ = write!(self.fields, " {}=\"{}\"", field.name(), text.replace('"', "'"));
        } else {
            let _ = write!(self.fields, " {}={text}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

fn line(start: String, record: impl FnOnce(&mut dyn Visit)) -> String {
    let mut said = Said::default();
    record(&mut said);
    start + &said.message + &said.fields + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Keeps the lines of one thread.
    struct Kept(Arc<Mutex<String>>);

    impl Subscriber for Kept {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn event(&self, event: &Event<'_>) {
            self.0.lock().expect("a lock").push_str(&line("<4>".to_owned(), |said| event.record(said)));
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn an_event_is_one_line_whatever_its_values_hold() {
        let lines = Arc::new(Mutex::new(String::new()));
        tracing::subscriber::with_default(Kept(Arc::clone(&lines)), || {
            let hostile = "a\u{1b}[2J\n<0>forged \"b\" c=d";
            tracing::warn!(user = hostile, plan = 7, shown = %hostile, "it \n went");
        });
        let lines = lines.lock().expect("a lock").clone();
        let value = r#""a\u{1b}[2J\u{a}<0>forged 'b' c=d""#;
        assert_eq!(lines, format!("<4>it \\u{{a}} went user={value} plan=7 shown={value}\n"));
    }
}
