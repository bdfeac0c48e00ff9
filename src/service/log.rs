//! The service's log: one line on standard error per event, for the journal or a file.
//!
//! `2026-11-24T10:00:00Z warn scheduled sync failed error="..."`. For systemd's journal the line has no time and starts with
//! the level as the journal expects it (`<4>`, sd-daemon(3)). Values are escaped, so one event is one line; types with
//! secrets cannot be formatted. Events of other crates are not logged, because their content was not reviewed.

use std::fmt::Write as _;
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::engine::Engine;
use crate::model::text::shown;

/// The log level.
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
    /// Provides the clock.
    engine: Engine,
    journal: bool,
}

/// Starts logging. With several services in one process, the first call counts.
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
        let line = line(start, |visitor| event.record(visitor));
        // If standard error is closed, the service continues without a log.
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

/// The minimum verbosity for a level, its word, and its number (syslog(3)).
const fn of(level: Level) -> (Verbosity, &'static str, u8) {
    match level {
        Level::ERROR => (Verbosity::Error, "error", 3),
        Level::WARN => (Verbosity::Warn, "warn", 4),
        Level::INFO => (Verbosity::Info, "info", 6),
        _ => (Verbosity::Debug, "debug", 7),
    }
}

/// The text of an event: its message, then its fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
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
    let mut text = Text::default();
    record(&mut text);
    start + &text.message + &text.fields + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Collects the lines of one thread.
    struct Collector(Arc<Mutex<String>>);

    impl Subscriber for Collector {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn event(&self, event: &Event<'_>) {
            self.0.lock().expect("a lock").push_str(&line("<4>".to_owned(), |visitor| event.record(visitor)));
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
    fn event_with_hostile_values_is_one_line() {
        let lines = Arc::new(Mutex::new(String::new()));
        tracing::subscriber::with_default(Collector(Arc::clone(&lines)), || {
            let hostile = "a\u{1b}[2J\n<0>forged \"b\" c=d";
            tracing::warn!(user = hostile, plan = 7, shown = %hostile, "it \n went");
        });
        let lines = lines.lock().expect("a lock").clone();
        let value = r#""a\u{1b}[2J\u{a}<0>forged 'b' c=d""#;
        assert_eq!(lines, format!("<4>it \\u{{a}} went user={value} plan=7 shown={value}\n"));
    }
}
