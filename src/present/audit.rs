//! Entries of the audit.

use super::{Column, Fact};
use crate::engine::Engine;
use crate::model::audit::Entry;
use crate::model::moment::minute;
use crate::model::text::Untrusted;

/// An entry, with the host names of the laptops that it names by their ids.
#[derive(Debug, Clone)]
pub struct Row {
    pub entry: Entry,
    actor: Named,
    subject: Named,
}

#[derive(Debug, Clone)]
struct Named {
    /// `device PC-1`
    brief: String,
    /// `device PC-1 (device 0011223344556677)`
    whole: String,
}

pub const COLUMNS: &[Column<Row>; 6] = &[
    Column::fixed("time", "Time", 23, |row| minute(row.entry.at)),
    Column::growing("actor", "Actor", 10, |row| row.actor.brief.clone()),
    Column::growing("verb", "Verb", 18, |row| row.entry.verb.clone()),
    Column::growing("subject", "Subject", 20, |row| row.subject.brief.clone()),
    Column::growing("detail", "Detail", 24, |row| detail(&row.entry)),
    Column::listed("number", "Number", 6, |row| row.entry.number.to_string()),
];

impl Row {
    /// Looks up the laptops that an entry names.
    pub fn new(engine: &Engine, entry: Entry) -> Self {
        let (actor, subject) = (named(engine, &entry.actor.0), named(engine, &entry.subject));
        Self { entry, actor, subject }
    }
}

/// What an entry says, with its times as people read them: the entry itself has them in RFC 3339.
pub fn detail(entry: &Entry) -> String {
    let word = |word: &str| {
        let text = word.trim_end_matches([',', ';', '.', ')']);
        match text.parse::<jiff::Timestamp>() {
            Ok(at) => format!("{}{}", minute(at), &word[text.len()..]),
            Err(_) => word.to_owned(),
        }
    };
    entry.detail.shown().split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn named(engine: &Engine, text: &Untrusted) -> Named {
    let whole = text.shown();
    for word in ["device ", "laptop "] {
        if let Some(device) = text.raw().strip_prefix(word).and_then(|id| engine.device(id).ok()) {
            let brief = format!("{word}{}", device.host_name.shown());
            return Named { whole: format!("{brief} ({whole})"), brief };
        }
    }
    Named { brief: whole.clone(), whole }
}

/// All of an entry.
pub fn facts(row: &Row) -> Vec<Fact> {
    vec![
        Fact::new("Time", minute(row.entry.at)),
        Fact::new("Actor", row.actor.whole.clone()),
        Fact::new("Verb", row.entry.verb.clone()),
        Fact::new("Subject", row.subject.whole.clone()),
        Fact::new("Detail", detail(&row.entry)),
    ]
}
