//! The day after setup: what the overview, the report, the audit and the list of exports say is what `sqlite3` counts, and
//! what somebody else's reader makes of it.

mod alarms;
mod audit;
mod counts;
mod exports;
mod overview;
mod report;
