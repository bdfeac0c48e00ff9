//! The report for whoever pays: the numbers from the store, and the same as Markdown or as a table for a spreadsheet.
//!
//! Both are written here, so that every face hands out the same text.

mod markdown;
mod table;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::report::{Report, Since, Stuck, fixes};
use crate::store::Rollout;

use super::{Engine, Error, private_file};

impl Engine {
    /// The rollout to date, and day by day since then.
    pub fn report(&self, since: Since) -> Result<Report, Error> {
        let now = self.now();
        let Rollout { stages, mappings, others, days, excluded, waiting, refused, longest, beyond } =
            self.store().rollout(now, since.days(now))?;
        let first = days.first().and_then(|first| first.day.to_zoned(TimeZone::UTC).ok());
        let excluded: Vec<_> = excluded.into_iter().map(Stuck::excluded).collect();
        let waiting: Vec<_> = waiting.into_iter().map(Stuck::waiting).collect();
        Ok(Report {
            at: now,
            since: first.map_or(now, |first| -> Timestamp { first.timestamp() }),
            installation: self.installation().to_owned(),
            first: fixes(&excluded, &waiting),
            stages,
            mappings,
            others,
            days,
            excluded,
            waiting,
            refused: refused.into_iter().map(Stuck::refused).collect(),
            longest,
            beyond,
        })
    }

    /// Writes a report as Markdown and as a table, to new files of its day where the program was started, that only their
    /// owner can read: both or none. Gives their names.
    pub fn write_report(&self, report: &Report) -> Result<String, Error> {
        let name = format!("imd-report-{}", self.now().strftime("%Y-%m-%d"));
        let (markdown, table) = (format!("{name}.md"), format!("{name}.csv"));
        private_file::write(markdown.as_ref(), report.to_markdown().as_bytes(), b"")?;
        let written = private_file::write(table.as_ref(), report.to_csv().as_bytes(), b"");
        private_file::or_remove(markdown.as_ref(), written)?;
        Ok(format!("{markdown} and {table}"))
    }
}

impl Report {
    /// As Markdown (GitHub's tables), safe to show on a terminal.
    pub fn to_markdown(&self) -> String {
        markdown::of(self)
    }

    /// As one table of a row a number: section, name, what, value; harmless to a spreadsheet and to a terminal.
    pub fn to_csv(&self) -> String {
        table::of(self)
    }
}
