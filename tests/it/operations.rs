//! The day after setup: the overview, the report, the audit and the list of exports agree with the counts of `sqlite3`
//! and with independent readers.

mod alarms;
mod audit;
mod counts;
mod exports;
mod overview;
mod report;
