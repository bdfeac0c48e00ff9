//! The numbers of the report on the rollout.

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

    /// Writes a report to two new files named after today, in the working directory and readable only by their owner:
    /// both or none. Returns their names.
    pub fn write_report(&self, markdown: &str, csv: &str) -> Result<String, Error> {
        let name = format!("imd-report-{}", self.now().strftime("%Y-%m-%d"));
        let (of_markdown, of_csv) = (format!("{name}.md"), format!("{name}.csv"));
        private_file::write(of_markdown.as_ref(), markdown.as_bytes(), b"")?;
        let written = private_file::write(of_csv.as_ref(), csv.as_bytes(), b"");
        private_file::or_remove(of_markdown.as_ref(), written)?;
        Ok(format!("{of_markdown} and {of_csv}"))
    }
}
